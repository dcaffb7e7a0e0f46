"""Which rows are meant: by a table, a mask or labels in Python, by bits on the wire.

Rows of a result are found by what they are, never by their label alone: the first hit of a search
bears the label 0, and so does the first segment of the film. The index counts only where the rows
are those of the table itself. All else is found by video and time: the very segment where there
is one of that time, otherwise every segment that lies at least half inside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError, warn
from twlab.table.covering import seconds_before
from twlab.table.rows import KNOWN_BY, identities
from twlab.table.segments import clip_mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from twlab.table.types import Floats, Mask


__all__ = ["mask_of", "pack_mask", "row_of", "unpack_mask"]

HALF = 0.5
"""The share of a segment that must lie inside: of two scenes it belongs to the one with more."""

SPAN_COLUMNS = ["video_id", "start_sec", "end_sec"]


def mask_of(segments: pd.DataFrame, rows: Any) -> Mask:
    """Which rows of the table are meant.

    Parameters
    ----------
    segments : DataFrame
        The table.
    rows : DataFrame, Series or array of bool, index labels, or None
        Rows of the table, or of a result with ``video_id``, ``start_sec`` and ``end_sec`` (for
        pieces of an alignment with ``a_`` and ``b_`` before them); a mask; a list of index labels;
        or nothing.

    Raises
    ------
    InputError
        If none of the rows is found, a label is unknown, or a mask is not of this table.
    """
    if rows is None:
        return np.zeros(len(segments), bool)
    if isinstance(rows, pd.DataFrame):
        return _mask_of_rows(segments, rows)
    if isinstance(rows, pd.Series):
        return _mask_of_series(segments, rows)
    given = _as_labels(rows)
    of_truths = pd.api.types.infer_dtype(given, skipna=True) == "boolean"
    return (_mask_in_order if of_truths else _mask_of_labels)(segments, given)


def row_of(segments: pd.DataFrame, label: Any) -> int:
    """The position of the first row that is meant: by its index label, or by a row of a result."""
    if isinstance(label, pd.Series):
        label = label.to_frame().T
    if isinstance(label, pd.DataFrame):
        if len(label) != 1:
            raise InputError(f"focus is a table of {len(label)} rows; one row was expected")
        return int(np.argmax(mask_of(segments, label)))
    known = pd.api.types.is_hashable(label)
    places = np.flatnonzero(segments.index == label) if known else np.zeros(0, int)
    if not len(places):
        raise InputError(
            f"focus is {label!r}; an index label of the segments, or a row, was expected"
        )
    return int(places[0])


def pack_mask(mask: Mask) -> bytes:
    """One bit per row, the first row in the lowest bit."""
    return np.packbits(mask, bitorder="little").tobytes()


def unpack_mask(bits: bytes, n: int) -> Mask:
    """One boolean per row; rows beyond the bits are not selected."""
    flat = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")[:n]
    mask = np.zeros(n, bool)
    mask[: len(flat)] = flat
    return mask


def _mask_of_series(segments: pd.DataFrame, rows: pd.Series[Any]) -> Mask:
    """A mask on the index of the table, in any order; or labels, such as the column ``match``."""
    if not pd.api.types.is_bool_dtype(rows):
        if len(rows) and rows.index.equals(segments.index):
            raise InputError(
                f"the selection is a column of {rows.dtype} for every segment; a mask was "
                "expected, such as segments.start_sec < 60"
            )
        return _mask_of_labels(segments, pd.Index(rows))
    if rows.index.equals(segments.index):
        return _mask_in_order(segments, rows)
    _refuse_ambiguous(segments)
    if not rows.index.is_unique or len(rows.index.symmetric_difference(segments.index)):
        raise InputError(
            f"a mask of {len(rows)} rows with a different index from the {len(segments)} "
            "segments; a mask of this table was expected; pass the rows themselves: table[mask]"
        )
    return _mask_in_order(segments, rows.reindex(segments.index))


def _mask_in_order(segments: pd.DataFrame, mask: Any) -> Mask:
    """A mask in the order of the table; what is missing is not selected."""
    values = pd.array(np.asarray(mask).reshape(-1), dtype="boolean").to_numpy(bool, na_value=False)
    if np.shape(mask) != (len(segments),):
        raise InputError(
            f"a mask of shape {np.shape(mask)} for {len(segments)} segments; one value each was "
            "expected"
        )
    return np.array(values, dtype=bool)


def _as_labels(rows: Any) -> pd.Index:
    """Labels as they were given."""
    try:
        found = rows if isinstance(rows, pd.Index) else pd.Index(list(rows))
    except TypeError:
        raise InputError(
            f"the selection is {rows!r}; rows of a table, a mask, or a list of index labels was "
            "expected"
        ) from None
    return found


def _mask_of_labels(segments: pd.DataFrame, labels: pd.Index) -> Mask:
    """The rows that bear these labels."""
    if not len(labels):
        return np.zeros(len(segments), bool)
    _refuse_ambiguous(segments)
    unknown = labels.difference(segments.index)
    if len(unknown):
        raise InputError(
            f"no row {unknown[0]!r} in the explorer's segments ({len(unknown)} unknown labels); "
            "rows of that table were expected"
        )
    return np.asarray(segments.index.isin(labels), dtype=bool)


def _refuse_ambiguous(segments: pd.DataFrame) -> None:
    """Refuse labels where they do not say which row is meant."""
    if not segments.index.is_unique:
        raise InputError(
            "the index of the segments has duplicates, so labels do not say which rows are meant; "
            "pass rows with their video and time, or a boolean mask in the order of the table"
        )


def _mask_of_rows(segments: pd.DataFrame, rows: pd.DataFrame) -> Mask:
    """The rows of a table: its own by their labels, others by what they are."""
    if not len(rows):
        return np.zeros(len(segments), bool)
    mine = _mask_if_fitting(
        segments, rows, rows.index, [n for n in KNOWN_BY if n in segments.columns]
    )
    if mine is not None:
        return mine
    mask, missed = np.zeros(len(segments), bool), np.ones(len(rows), bool)
    places = _split_sides(segments, rows)
    for part in places:
        found, none = _mask_of_part(segments, part)
        mask |= found
        missed &= none
    if missed.any():
        _tell_missing(places[0].iloc[int(np.argmax(missed))], int(missed.sum()), len(rows))
    return mask


def _mask_of_part(segments: pd.DataFrame, part: pd.DataFrame) -> tuple[Mask, Mask]:
    """Which segments are meant by places, and which places mean none."""
    if "match" in part.columns:
        mine = _mask_if_fitting(segments, part, pd.Index(part["match"]), SPAN_COLUMNS)
        if mine is not None:
            return mine, np.zeros(len(part), bool)
    return _mask_of_spans(segments, part)


def _mask_if_fitting(
    segments: pd.DataFrame, rows: pd.DataFrame, labels: pd.Index, names: Sequence[str]
) -> Mask | None:
    """The rows of these labels, if they are what the labelled rows say; else None."""
    if not segments.index.is_unique or not {*names} <= {*rows.columns}:
        return None
    places = segments.index.get_indexer_for(labels)
    if len(places) != len(rows) or (places < 0).any():
        return None
    known = _shared_columns(segments, rows)
    if identities(rows, known) != identities(segments.iloc[places], known):
        return None
    mask = np.zeros(len(segments), bool)
    mask[places] = True
    return mask


def _shared_columns(segments: pd.DataFrame, rows: pd.DataFrame) -> list[str]:
    """What both tables say of their rows."""
    return [name for name in KNOWN_BY if name in segments.columns and name in rows.columns]


def _split_sides(segments: pd.DataFrame, rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows with video and time; where rows are pairs, one table for each side."""
    if {*SPAN_COLUMNS[1:]} <= {*rows.columns}:
        if "video_id" in rows.columns:
            return [rows]
        if len(segments["video_id"].unique()) == 1:
            return [rows.assign(video_id=segments["video_id"].iloc[0])]
    for form in ("{side}_{name}", "{name}_{side}"):
        sides = [{form.format(side=side, name=n): n for n in SPAN_COLUMNS} for side in ("a", "b")]
        if all({*names} <= {*rows.columns} for names in sides):
            return [
                _take_side(rows, names, side) for names, side in zip(sides, ("a", "b"), strict=True)
            ]
    raise InputError(
        f"the selection is a table with the columns {', '.join(map(str, rows.columns[:8]))}; "
        "video_id, start_sec and end_sec were expected, as rows of segments have them; for rows "
        "of the explorer's own table pass their labels: table.index"
    )


def _take_side(rows: pd.DataFrame, names: dict[str, str], side: str) -> pd.DataFrame:
    """One side of pairs as places; the label of the row too, where that is told."""
    shared = [name for name in KNOWN_BY if name in rows.columns]
    part: pd.DataFrame = rows[[*names, *shared]].rename(columns=names)
    start, end = _start_and_end(part)  # of a piece played backwards the end comes first
    part = part.assign(start_sec=np.fmin(start, end), end_sec=np.fmax(start, end))
    return part.assign(match=rows[side]) if side in rows.columns else part


def _mask_of_spans(segments: pd.DataFrame, spans: pd.DataFrame) -> tuple[Mask, Mask]:
    """Which segments are meant by spans, and which spans mean none."""
    known = _shared_columns(segments, spans)
    names = pd.Index(spans["video_id"].astype(str))
    near = np.flatnonzero(segments["video_id"].astype(str).isin(names))
    mask, missed = np.zeros(len(segments), bool), np.ones(len(spans), bool)
    clips = near[clip_mask(segments)[near]]
    # A scene may have the very time of a whole-video row, or of one segment of several.
    scoped = "embedding_scope" in known
    rows = near if scoped else clips
    one = np.arange(len(spans)) if scoped else np.flatnonzero(~_stand_for_several(spans))
    theirs, ours = identities(spans.iloc[one], known), identities(segments.iloc[rows], known)
    mask[rows] = pd.Index(ours).isin(theirs)
    missed[one[pd.Index(theirs).isin(ours)]] = False
    videos = pd.Series(clips).groupby(segments["video_id"].iloc[clips].astype(str).to_numpy())
    by_video, options = videos.indices, _option_texts(segments).to_numpy(object)
    told = "embedding_option" in known
    for (video, option), rows in _group_spans(spans, missed):
        mine = clips[by_video.get(video, [])]
        of_option = mine[options[mine] == option]
        mine = of_option if told and len(of_option) else mine
        inside, none = _half_inside(segments.iloc[mine], spans.iloc[rows])
        mask[mine[inside]] = True
        missed[rows] = none
    return mask, missed


def _stand_for_several(spans: pd.DataFrame) -> Mask:
    """Which rows say that they stand for several segments, as scenes and merged hits do."""
    if "n_segments" not in spans.columns:
        return np.zeros(len(spans), bool)
    n = pd.to_numeric(spans["n_segments"], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return np.asarray(n > 1, bool)


def _group_spans(
    spans: pd.DataFrame, wanted: Mask
) -> list[tuple[tuple[str, str], NDArray[np.intp]]]:
    """Positions of the wanted spans by video and option, the option empty where it is missing."""
    words = _option_texts(spans)
    keys = pd.DataFrame({"video": spans["video_id"].astype(str).tolist(), "option": list(words)})
    mine = keys[wanted]
    number = mine.groupby(["video", "option"], sort=False).ngroup()
    first = mine[~number.duplicated()]
    rows = [mine.index[places] for places in number.groupby(number, sort=True).indices.values()]
    named = first.itertuples(index=False, name=None)
    return [((str(v), str(o)), at.to_numpy()) for (v, o), at in zip(named, rows, strict=True)]


def _option_texts(table: pd.DataFrame) -> pd.Series[Any]:
    """The option of each row as text, empty where it is missing."""
    if "embedding_option" not in table.columns:
        return pd.Series([""] * len(table))
    option = table["embedding_option"].astype(object)
    return option.where(option.notna(), "").astype(str)


def _half_inside(segments: pd.DataFrame, spans: pd.DataFrame) -> tuple[Mask, Mask]:
    """Which segments lie at least half inside the spans together, and which spans hold none."""
    start, end = _start_and_end(segments)
    left, right = _start_and_end(spans)
    fit = left < right
    edges, covered = seconds_before(left[fit], right[fit])
    share = np.interp(end, edges, covered) - np.interp(start, edges, covered)
    inside = (share >= HALF * (end - start) - 1e-9) & (end > start)
    for point in np.flatnonzero(end == start):
        inside[point] = bool(((left <= start[point]) & (start[point] < right)).any())
    begin, stop = np.sort(start[inside]), np.sort(end[inside])
    # A span holds a segment where more have begun before its end than have ended by its start.
    n_begun = np.searchsorted(begin, right, side="left")
    n_ended = np.searchsorted(stop, left, side="right")
    return inside, ~(fit & (n_begun > n_ended))


def _start_and_end(table: pd.DataFrame) -> tuple[Floats, Floats]:
    """Start and end of the rows, NaN where there is none."""
    pair = [pd.to_numeric(table[name], errors="coerce") for name in SPAN_COLUMNS[1:]]
    start, end = (one.to_numpy(np.float64, na_value=np.nan) for one in pair)
    return start, end


def _tell_missing(row: Any, n_missed: int, n_rows: int) -> None:
    """Refuse a selection of which nothing is there; tell of one of which some is not."""
    time = "without time" if pd.isna(row["start_sec"]) else f"at {row['start_sec']:g} s"
    what = f"{str(row['video_id'])[:60]!r} {time}"
    if n_missed == n_rows:
        raise InputError(
            f"no row of the selection is in the explorer's table (first: {what}); rows or spans "
            "of its videos were expected that hold at least half of a segment"
        )
    warn(
        f"{n_missed} of {n_rows} selected rows are not in the explorer's table (first: {what}); "
        "the others are selected"
    )
