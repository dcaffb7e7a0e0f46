"""Names that the caller gives to groups: in the explorer, and on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw
from twlab.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def test_names_are_given_to_the_labels_that_colour(segments: pd.DataFrame) -> None:
    labels = pd.Series([k % 4 for k in range(len(segments))], index=segments.index, name="cluster")
    names = {0: "sea", np.int64(1): "unnamed", 3.0: "unnamed"}

    def told(given: Any, **more: Any) -> Any:
        return tw.explore(segments, names=given, **more)._spec["columns"]

    expected = ["sea", "unnamed (1)", "2", "unnamed (3)"]
    for some in (names, pd.Series(names, dtype=object), {**names, 2: None}):
        assert told(some, labels=labels)[0]["names"] == expected
    bare = told(None, labels=labels)
    assert bare[0]["names"] == ["0", "1", "2", "3"]
    assert told(names, labels=labels)[1:] == bare[1:]
    table = segments.assign(place=np.where(labels < 2, "forest", "Berlin"))
    explorer = tw.explore(table, labels=labels, color="place", names={"Berlin": "city"})
    by_name = {column["name"]: column for column in explorer._spec["columns"]}
    assert by_name["place"]["names"] == ["city", "forest"]
    assert by_name["cluster"]["names"] == ["0", "1", "2", "3"]


def test_names_of_nothing_are_refused(segments: pd.DataFrame, tmp_path: Path) -> None:
    labels = [k % 2 for k in range(len(segments))]
    for some, match in (
        ({7: "sea"}, "'7', which is no label"),
        ({0: " "}, "name of '0' is ' '"),
        (["sea", "wood"], "names is a list"),
    ):
        with pytest.raises(InputError, match=match):
            tw.explore(segments, labels=labels, names=some)
    with pytest.raises(InputError, match="'time' gives the colours"):
        tw.explore(segments[segments["video_id"] == "alpha"], names={0: "sea"})
    explorer = tw.explore(segments)
    for more in ({"names": {0: "sea"}}, {"labels": pd.Series(labels, index=segments.index)}):
        with pytest.raises(InputError, match=f"{next(iter(more))} is given for an explorer"):
            tw.save_html(explorer, tmp_path / "page.html", **more)
    page = tw.save_html(segments, tmp_path / "page.html", labels=labels, names={0: "deep sea"})
    assert "deep sea" in page.read_text(encoding="utf-8")
