"""Moments of videos that answer queries, from the files of two public benchmarks.

Both are read into the table that :func:`twlab.evaluate` takes, truth and answers alike.

* QVHighlights (``.jsonl``): a query per line, with true windows and ratings of clips of two
  seconds by three annotators, or with found windows, their scores and a score of every clip
* Charades-STA (``.txt``): ``video start end##sentence`` per line

* :func:`load_moments` - either of them

References
----------
Lei, Berg and Bansal, "QVHighlights: detecting moments and highlights in videos via natural language
queries", NeurIPS 2021. Gao et al., "TALL: temporal activity localization via language query", ICCV
2017 (Charades-STA).
"""

from __future__ import annotations

import math
import os
import re
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import orjson
import pandas as pd

from twlab.checks import is_number
from twlab.errors import InputError, LoadError
from twlab.paths import read_bounded, user_path
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["load_moments"]

MomentPart = Literal["windows", "clips"]

CLIP_SEC = 2.0
"""Length of a clip of QVHighlights."""

LARGEST_FILE = 2**30
"""Beyond a gigabyte a file is none of these; the largest of QVHighlights has 13 MB."""

LONGEST_RATED_SEC = 86_400
"""Of a video whose every clip gets a row."""

_LINE = re.compile(r"\s*(\S+)\s+(\S+)\s+(\S+)\s*##(.*)")


def load_moments(path: str | os.PathLike[str], *, part: MomentPart = "windows") -> pd.DataFrame:
    """The moments in a file of QVHighlights or Charades-STA, one row per window or clip.

    Parameters
    ----------
    path : path
        A ``.jsonl`` file of QVHighlights, truth or predictions, or a ``.txt`` file of
        Charades-STA.
    part : {"windows", "clips"}
        Windows in time, or of QVHighlights the ratings (in predictions: scores) of every clip.

    Returns
    -------
    DataFrame
        ``query_id``, ``query``, ``video_id``, ``start_sec``, ``end_sec``; of predictions ``score``
        and, of windows, ``rank``, their order in the file; of ratings ``annotator`` and
        ``relevance`` (0 to 4; 0 for clips that nobody marked); ``duration_sec`` where it is said. A
        query without windows has one row without time in a truth, and none in predictions.
        In Charades-STA a query is a sentence of a video: ``query_id`` is ``video##sentence``, and
        several lines of it are several windows, in ``rank`` order.

    Raises
    ------
    LoadError
        If a line is not of that form, or the file holds no windows or no clips.
    InputError
        If the file cannot be read.

    See Also
    --------
    twlab.evaluate : how good the found ones are beside the true ones
    twlab.load_spans : labelled spans from files of annotation tools

    Examples
    --------
    >>> import tempfile, pathlib, twlab as tw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "truth.txt")
    ...     _ = path.write_text("AO8RW 0.0 6.9##a person is putting a book on a shelf.")
    ...     moments = tw.load_moments(path)
    >>> moments[["video_id", "end_sec", "query"]].values.tolist()
    [['AO8RW', 6.9, 'a person is putting a book on a shelf.']]
    """
    if part not in get_args(MomentPart):
        raise InputError(f"part is {brief(part)}; 'windows' or 'clips' was expected; choose one")
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"path is {brief(path)}; the name of a file was expected; give one")
    source = user_path(path)
    lines = _read_lines(source)
    if source.suffix.lower() == ".txt":
        if part == "clips":
            raise LoadError(
                "Charades-STA has no ratings of clips; part='windows' was expected",
                source=source.name,
            )
        rows = [row for k, line in lines for row in _charades_row(line, k, source.name)]
        table = pd.DataFrame(rows)
        table["rank"] = table.groupby("query_id").cumcount() + 1
        return table
    documents = [_parse(line, k, source.name) for k, line in lines]
    wanted = _WANTED[part]
    if not any(name in one for _, one in documents for name in wanted):
        raise LoadError(
            f"no line has {' or '.join(wanted)}; a file of QVHighlights was expected",
            source=source.name,
        )
    rows = [row for k, one in documents for row in _rows_of(one, part, f"line {k}", source.name)]
    return pd.DataFrame(rows) if rows else _no_moments(part, [one for _, one in documents])


_WANTED = {
    "windows": ("relevant_windows", "pred_relevant_windows"),
    "clips": ("saliency_scores", "pred_saliency_scores"),
}


def _no_moments(part: MomentPart, documents: list[dict[str, Any]]) -> pd.DataFrame:
    """No rows, and the columns that there would be."""
    texts, numbers = ["query_id", "query", "video_id"], ["start_sec", "end_sec"]
    if any("duration" in one for one in documents):
        numbers.insert(0, "duration_sec")
    if any(_WANTED[part][1] in one for one in documents):
        numbers += ["score", "rank"] if part == "windows" else ["score"]
    elif part == "clips":
        numbers += ["relevance"]
        texts += ["annotator"]
    columns = {name: pd.Series(dtype=object) for name in texts}
    return pd.DataFrame(columns | {name: pd.Series(dtype=np.float64) for name in numbers})


def _read_lines(path: Any) -> list[tuple[int, str]]:
    """The lines that are not empty, with their numbers from 1."""
    if path.suffix.lower() not in (".jsonl", ".txt"):
        raise InputError(
            f"{path.name!r} has neither of the endings .jsonl (QVHighlights) and .txt "
            "(Charades-STA); one of these was expected; rename the file, or make a table of "
            "query_id, video_id, start_sec and end_sec yourself"
        )
    try:
        text = read_bounded(path, LARGEST_FILE).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LoadError(f"it is no UTF-8 text ({error.reason})", source=path.name) from None
    every = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = [(k, line) for k, line in enumerate(every, 1) if line.strip()]
    if not lines:
        raise LoadError("it is empty; a line per query was expected", source=path.name)
    return lines


def _charades_row(line: str, k: int, source: str) -> Iterator[dict[str, Any]]:
    found = _LINE.fullmatch(line)
    try:
        times = [float(found[2]), float(found[3])] if found else []
    except ValueError:
        times = []
    if not found or not all(map(math.isfinite, times)) or len(times) != 2:
        raise LoadError(
            f"it is {brief(line)}; 'video start end##sentence' was expected",
            source=source,
            place=f"line {k}",
        )
    video, query = found[1], found[4].strip()
    start, end = _check_span(times, f"line {k}", source)
    yield {
        "query_id": f"{video}##{query}",
        "query": query,
        "video_id": video,
        "start_sec": start,
        "end_sec": end,
    }


def _parse(line: str, k: int, source: str) -> tuple[int, dict[str, Any]]:
    """A line of QVHighlights, with its number."""
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise LoadError(f"it is no JSON ({error})", source=source, place=f"line {k}") from None
    if not isinstance(document, dict) or not {"qid", "vid"} <= document.keys():
        raise LoadError(
            f"it is {brief(document)}; an object with qid and vid was expected",
            source=source,
            place=f"line {k}",
        )
    for name in ("qid", "vid"):
        if not isinstance(document[name], str | int | float):
            raise LoadError(
                f"it is {brief(document[name])}; a text or a number was expected",
                source=source,
                place=f"line {k}",
                field=name,
            )
    return k, document


def _rows_of(
    one: dict[str, Any], part: MomentPart, place: str, source: str
) -> list[dict[str, Any]]:
    """The rows of one query of QVHighlights."""
    base = {"query_id": str(one["qid"]), "query": one.get("query"), "video_id": str(one["vid"])}
    if "duration" in one:
        base["duration_sec"] = _number(one["duration"], "duration", place, source)
    name = next((name for name in reversed(_WANTED[part]) if name in one), None)
    if name is None:
        raise LoadError(
            f"it has neither {' nor '.join(_WANTED[part])}; one was expected on every line",
            source=source,
            place=place,
        )
    value = one[name]
    if not isinstance(value, list):
        raise LoadError(
            f"it is {brief(value)}; a list was expected", source=source, place=place, field=name
        )
    give = {
        "relevant_windows": _true_windows,
        "pred_relevant_windows": _found_windows,
        "saliency_scores": _ratings,
        "pred_saliency_scores": _scores,
    }[name]
    return [base | row for row in give(one, value, place, source)]


def _number(value: Any, name: str, place: str, source: str) -> float:
    if not (is_number(value) and math.isfinite(value)):
        raise LoadError(
            f"it is {brief(value)}; a number was expected", source=source, place=place, field=name
        )
    return float(value)


def _check_span(span: Any, place: str, source: str) -> tuple[float, float]:
    if not isinstance(span, list) or len(span) < 2:
        raise LoadError(
            f"a window is {brief(span)}; [start, end] was expected", source=source, place=place
        )
    start, end = (_number(value, "window", place, source) for value in span[:2])
    if end < start:
        raise LoadError(
            f"a window runs from {start:g} s to {end:g} s; an end not before the start was "
            "expected",
            source=source,
            place=place,
        )
    return start, end


def _true_windows(_: Any, value: list[Any], place: str, source: str) -> Iterator[dict[str, Any]]:
    for span in value or [None]:
        start, end = (np.nan, np.nan) if span is None else _check_span(span, place, source)
        yield {"start_sec": start, "end_sec": end}


def _found_windows(_: Any, value: list[Any], place: str, source: str) -> Iterator[dict[str, Any]]:
    for rank, span in enumerate(value, 1):
        start, end = _check_span(span, place, source)
        score = _number(span[2] if len(span) > 2 else None, "score", place, source)
        yield {"start_sec": start, "end_sec": end, "score": score, "rank": rank}


def _scores(_: Any, value: list[Any], place: str, source: str) -> Iterator[dict[str, Any]]:
    for clip, score in enumerate(value):
        number = _number(score, "pred_saliency_scores", place, source)
        yield {"start_sec": clip * CLIP_SEC, "end_sec": (clip + 1) * CLIP_SEC, "score": number}


def _ratings(
    one: dict[str, Any], value: list[Any], place: str, source: str
) -> Iterator[dict[str, Any]]:
    """A row for each clip of the video and each annotator, 0 where nobody marked it."""
    clips = one.get("relevant_clip_ids")
    widths = {len(row) if isinstance(row, list) else -1 for row in value}
    if not isinstance(clips, list) or len(clips) != len(value) or len(widths) > 1 or -1 in widths:
        raise LoadError(
            "saliency_scores and relevant_clip_ids do not fit; a row of ratings for each clip was "
            "expected",
            source=source,
            place=place,
        )
    duration = _number(one.get("duration"), "duration", place, source)
    if not 0 <= duration <= LONGEST_RATED_SEC:
        raise LoadError(
            f"it is {duration:g} s; 0 to {LONGEST_RATED_SEC:,} (a day) were expected; give seconds",
            source=source,
            place=place,
            field="duration",
        )
    whole = [clip for clip in clips if isinstance(clip, int) and 0 <= clip <= duration / CLIP_SEC]
    if len(whole) != len(clips):
        raise LoadError(
            f"relevant_clip_ids holds a clip that is not within {duration:g} s",
            source=source,
            place=place,
        )
    ratings = dict(zip(clips, value, strict=True))
    n_clips = max(int(duration / CLIP_SEC), max(whole, default=-1) + 1)
    n_annotators = max(widths, default=0) or 1
    for clip in range(n_clips):
        row = ratings.get(clip, [0] * n_annotators)
        for annotator, rating in enumerate(row, 1):
            yield {
                "start_sec": clip * CLIP_SEC,
                "end_sec": (clip + 1) * CLIP_SEC,
                "annotator": str(annotator),
                "relevance": _number(rating, "saliency_scores", place, source),
            }
