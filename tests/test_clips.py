"""The clips of one option: the only one, the first by the rule, or the one asked for."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.numbers


def of(segments: pd.DataFrame, *options: str | None) -> pd.DataFrame:
    """The same rows once for each option."""
    parts = [segments.assign(embedding_option=option) for option in options]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("option", ["visual", "visual-text", "audio", "house-made", None])
def test_the_only_option_is_taken_in_silence(segments: pd.DataFrame, option: str | None) -> None:
    table = segments.assign(embedding_option=option)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pd.testing.assert_frame_equal(tw.clips(table), table)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("audio", "visual", "transcription"), "visual"),
        (("visual-text", "audio"), "visual-text"),
        (("visual-image", "visual-text", "audio"), "visual-text"),
        (("transcription", "fused", "audio"), "fused"),
        (("transcription", "audio"), "audio"),
        ((None, "transcription"), "transcription"),
    ],
)
def test_of_several_the_rule_says_which_and_a_warning_what_is_left_out(
    segments: pd.DataFrame, options: tuple[str | None, ...], expected: str
) -> None:
    table = of(segments, *options)
    with pytest.warns(tw.TwlabWarning, match=f"clips of '{expected}' were taken") as told:
        found = tw.clips(table)
    assert found["embedding_option"].unique().tolist() == [expected]
    assert len(found) == len(segments)
    assert f"option={expected!r} to keep these without" in str(told[0].message)
    left_out = {option or "name no option" for option in options} - {expected}
    assert all(option in str(told[0].message) for option in left_out)
    assert tw.clips(table, option=expected).index.equals(found.index)  # as the warning advises


def test_the_order_of_rows_changes_nothing(segments: pd.DataFrame) -> None:
    table = of(segments, "audio", "visual").sample(frac=1, random_state=0)
    with pytest.warns(tw.TwlabWarning, match="'visual' were taken"):
        found = tw.clips(table)
    assert found.index.equals(table.index[table["embedding_option"] == "visual"])


def test_whole_videos_stay_only_where_there_is_nothing_else(segments: pd.DataFrame) -> None:
    whole = segments.assign(embedding_scope=["video"] * 5 + ["asset"] * 10)
    assert tw.clips(whole).equals(whole)
    some = segments.assign(embedding_scope=["asset", *["clip"] * 14])
    assert tw.clips(some).index.tolist() == list(range(1, 15))
    apart = pd.concat([some, of(whole, "audio")])
    assert len(tw.clips(apart, option="audio")) == 15


def test_columns_that_are_not_there(segments: pd.DataFrame) -> None:
    bare = segments.drop(columns=["embedding_option", "embedding_scope"])
    assert tw.clips(bare).equals(bare)
    with pytest.raises(tw.InputError, match="no column 'embedding_option'"):
        tw.clips(bare, option="visual")


@pytest.mark.parametrize("option", ["visual-text", "", 3, ["visual"]])
def test_an_option_that_is_not_there_is_refused(segments: pd.DataFrame, option: object) -> None:
    with pytest.raises(tw.InputError, match=r"which has 'visual'; choose one"):
        tw.clips(segments, option=option)  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="rows without an option"):
        tw.clips(segments.assign(embedding_option=None), option=option)  # type: ignore[arg-type]


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(tw.InputError, match="no column 'embedding'"):
        tw.clips(pd.DataFrame({"x": [1]}))


@pytest.mark.parametrize("dtype", [object, "string", "category"])
def test_any_column_of_text(segments: pd.DataFrame, dtype: object) -> None:
    table = of(segments, "audio", "visual", None)
    table["embedding_option"] = table["embedding_option"].astype(dtype)
    assert tw.clips(table, option="audio").index.tolist() == list(range(15))


def test_a_store_and_its_path(segments: pd.DataFrame, tmp_path: Path) -> None:
    pytest.importorskip("lancedb")
    store = tw.open(tmp_path / "archive")
    store.add(of(segments, "audio", "visual"))
    whole = tw.clips(str(tmp_path / "archive"), option="audio")
    part = tw.clips(store.where("embedding_option = 'audio'"))
    for clips in (whole, part):
        assert clips["embedding_option"].tolist() == ["audio"] * len(segments)
        assert clips["start_sec"].tolist() == segments["start_sec"].tolist()
