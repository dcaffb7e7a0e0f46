"""Where two models differ, drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_compare_models import add_noise, film, films

import twlab as tw

pytestmark = pytest.mark.numbers


@pytest.fixture(scope="module")
def changed() -> tuple[tw.ModelComparison, list[float]]:
    """Two videos; of one five moments are others for the second model."""
    seen = films(np.random.default_rng(1), [40, 50])
    other = add_noise(seen, np.random.default_rng(2), 0.1)
    matrix = tw.vectors(other).copy()
    matrix[60:65] = np.random.default_rng(3).normal(size=(5, 12))
    return tw.compare_models(seen, tw.with_vectors(other, matrix)), [120.0, 150.0]


def test_the_video_and_the_moments_in_dispute_are_drawn(
    changed: tuple[tw.ModelComparison, list[float]],
) -> None:
    comparison, (first, last) = changed
    figure = tw.plot.models(comparison)
    assert "film 1" in figure.layout.title.text
    heats = [trace for trace in figure.data if trace.type == "heatmap"]
    assert all(trace.z.shape == (50, 50) for trace in heats)
    np.testing.assert_allclose(heats[0].z - heats[1].z, heats[2].z, atol=2e-3)
    assert heats[0].z.max() == 1
    assert heats[0].z.min() == 0
    seconds = (figure.data[4].x - np.datetime64(0, "ms")) / np.timedelta64(1, "s")
    assert len(seconds) == 3
    assert first <= seconds[0] <= last
    assert "film 0" in tw.plot.models(comparison, video_id="film 0").layout.title.text


def test_frames_are_those_of_the_moments() -> None:
    both = pd.concat([tw.sample(), tw.sample(embedding_option="audio")], ignore_index=True)
    found = tw.compare_models(both)
    assert not tw.plot.models(found).layout.images
    figure = tw.plot.models(found, video=tw.sample_video())
    assert len(figure.layout.images) == 9
    lowest = found.clips.loc[found.clips["agreement"].idxmin()]
    stamps = [note.text for note in figure.layout.annotations]
    for time, mark in ((lowest["start_sec"], "1 · "), (lowest["like_a_sec"], "")):
        assert f"{mark}{tw.intervals.format_timecode(time + 3)}" in stamps


def test_names_begin_where_they_differ() -> None:
    rng = np.random.default_rng(5)
    names = [f"efficientnet-lite{size} (not Marengo)" for size in (0, 2)]
    sides = [film(rng.normal(size=(20, 4))).assign(model_name=name) for name in names]

    def heads(names: list[str]) -> list[str]:
        named = [side.assign(model_name=name) for side, name in zip(sides, names, strict=True)]
        notes = tw.plot.models(tw.compare_models(*named)).layout.annotations
        return [note.text.removeprefix("<b>").removesuffix("</b>") for note in notes[:2]]

    assert heads(names) == ["…lite0 (not Marengo)", "…lite2 (not Marengo)"]
    assert heads(["old", "new"]) == ["old", "new"]
    alike = ["visual · marengo-2.7-as-served", "visual · marengo-3.0-as-served"]
    assert heads(alike) == ["marengo-2.7-as-served", "marengo-3.0-as-served"]
    strangers = [names[0], "colours"]  # nothing in common to leave out
    assert heads(strangers) == ["efficientnet-lite0 (not…", "colours"]


def test_long_videos_are_drawn_in_blocks() -> None:
    rng = np.random.default_rng(4)
    found = tw.compare_models(film(rng.normal(size=(300, 4))), film(rng.normal(size=(300, 5))))
    assert tw.plot.models(found).data[0].z.shape == (150, 150)


def test_what_is_no_comparison_is_refused(
    changed: tuple[tw.ModelComparison, list[float]],
) -> None:
    with pytest.raises(tw.InputError, match="comparison is 3; what"):
        tw.plot.models(3)  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="video_id is 'x'; one of both tables was expected"):
        tw.plot.models(changed[0], video_id="x")
