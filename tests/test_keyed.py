"""Objects whose keys name videos, options, times or segments: what a key says is never lost."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import twlab as tw
from twlab.loading import parse_named_span, parse_span

if TYPE_CHECKING:
    from pathlib import Path

VECTORS = np.random.default_rng(5).normal(size=(4, 16)).astype(np.float32)
A, B, C, D = [list(map(float, map(str, vector))) for vector in VECTORS]


def silently(source: Any) -> list[tuple[Any, ...]]:
    """Video, start and end of each row, loaded without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = tw.load(source)
    return list(table[["video_id", "start_sec", "end_sec"]].itertuples(index=False, name=None))


TRUTH = [("film.mp4", 0, 6), ("film.mp4", 6, 12.5), ("b", 0, 6)]


@pytest.mark.parametrize(
    "span",
    [
        lambda start, end: f"{start}-{end}",
        lambda start, end: f"{float(start)}_{float(end)}",
        lambda start, end: f"[{start}, {end}]",
        lambda start, end: (start, end),
        lambda start, end: f"{start}s - {end}s",
        lambda start, end: f"{int(start * 1000)}-{int(end * 1000)}ms",
        lambda start, end: f"clip_{start}_{end}",
        lambda start, end: f"00:{start:04.1f}-00:{end:04.1f}",
    ],
)
@pytest.mark.parametrize(
    "row",
    [
        lambda vector: vector,
        lambda vector: {"embedding": vector, "caption": "a rabbit"},
        lambda vector: [{"vec": vector}],
        lambda vector: {"visual": vector},
    ],
)
def test_spans(span: Any, row: Any) -> None:
    given = {
        "film.mp4": {span(0, 6): row(A), span(6, 12.5): row(B)},
        "b": {span(0, 6): row(C)},
    }
    assert silently(given) == TRUTH


@pytest.mark.parametrize("key", [lambda *k: "_".join(map(str, k)), lambda *k: k])
def test_a_video_and_its_span_in_one_key(key: Any) -> None:
    assert silently({key(*row): v for row, v in zip(TRUTH, (A, B, C), strict=True)}) == TRUTH


def test_options_between_the_video_and_its_spans() -> None:
    spans = {"0-6": A, "6-12": B}
    table = tw.load({"film.mp4": {"visual": spans, "audio": spans}})
    assert table["video_id"].unique().tolist() == ["film.mp4"]
    assert table["embedding_option"].tolist() == ["visual"] * 2 + ["audio"] * 2
    assert table["end_sec"].tolist() == [6, 12, 6, 12]


def test_moments() -> None:
    times = [("film.mp4", 0, 0), ("film.mp4", 6, 6)]
    assert silently({"film.mp4": {"0.0": A, "6.0": B}}) == times
    assert silently({"film.mp4": {"0:00": A, "0:06": B}}) == times
    assert silently({"video": "film.mp4", "embeddings": {"0.0": A, "6.0": B}}) == times


@pytest.mark.parametrize(
    "around",
    [
        lambda segments: {"film.mp4": segments},
        lambda segments: {"video": "film.mp4", "embeddings": segments},
        lambda segments: {"video_id": "film.mp4", "segments": segments},
        lambda segments: {"filename": "film.mp4", "clips": segments},
    ],
)
@pytest.mark.parametrize("keys", [("0", "1"), ("intro", "chase"), ("0-149", "150-299")])
def test_names_of_segments_never_replace_the_video(around: Any, keys: tuple[str, str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tw.TwlabWarning)  # that no times were read
        table = tw.load(around(dict(zip(keys, (A, B), strict=True))))
    assert table["video_id"].tolist() == ["film.mp4"] * 2
    words = "segment_key" if "segment_key" in table else "embedding_option"
    assert table[words].tolist() == list(keys)
    assert table["start_sec"].isna().all()


def test_keys_that_recur_are_of_segments() -> None:
    table = tw.load({"a": {"intro": A, "chase": B}, "b": {"intro": C, "end": D}})
    assert table["video_id"].tolist() == ["a", "a", "b", "b"]
    assert table["segment_key"].tolist() == ["intro", "chase", "intro", "end"]


def test_two_levels_that_may_both_be_videos_are_kept_and_told() -> None:
    given = {"a": {"intro": A, "chase": B}}
    with pytest.warns(tw.TwlabWarning, match="under 'a' were read as videos.*column 'group'"):
        table = tw.load(given)
    assert table["video_id"].tolist() == ["intro", "chase"]
    assert table["group"].tolist() == ["a", "a"]
    assert tw.load(given["a"], video_id="a")["video_id"].tolist() == ["a", "a"]  # the remedy
    assert silently({"idx": {"a.mp4": A, "b.mp4": B}})[0][0] == "a.mp4"


@pytest.mark.parametrize(
    "names",
    [
        ("1-01", "1-02", "2-01"),
        ("clip_2024-01-15", "clip_2024-01-16", "clip_2024-02-01"),
        ("a.mp4", "b.mp4", "c.mp4"),
        ("10", "20", "30"),
    ],
)
def test_names_that_are_no_times_stay_names(names: tuple[str, ...]) -> None:
    rows = silently(dict(zip(names, (A, B, C), strict=True)))
    assert [video for video, *_ in rows] == list(names)
    assert np.isnan([times for _, *times in rows]).all()


@pytest.mark.parametrize("text", ["", "6", "6-0", "6-6", "film-2", "0-1e9", "9" * 80])
def test_texts_that_are_no_spans(text: str) -> None:
    assert parse_span(text) is None
    assert parse_named_span(text) is None


def test_times_in_the_names_of_files_are_told(tmp_path: Path) -> None:
    for name, vector in (("film_0_6", A), ("film_6_12", B), ("b_0_6", C)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"embedding": vector}))
    with pytest.warns(tw.TwlabWarning, match="names of the files .*look as if they held them"):
        assert len(tw.load(tmp_path)) == 3
    for name in ("film_0_6", "film_6_12", "b_0_6"):
        (tmp_path / f"{name}.json").rename(tmp_path / f"{name}.mp4.json")
    assert len(silently(tmp_path)) == 3


def test_spans_as_a_column_of_pairs() -> None:
    given = {"film.mp4": {"times": [[0, 6], [6, 12.5]], "embeddings": [A, B]}}
    assert silently(given) == TRUTH[:2]
