"""What a row of a store is: a table checked before it is written, and a key for each segment.

The key is a hash of the identity (see :mod:`twlab.table.rows`), because the identity itself may be
missing in places (NA, NaN) where a key must not be. Pieces of a document have no time; which piece
each is belongs to its key.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.table.rows import IDENTITY, name_pieces
from twlab.table.segments import check_segments, models_of, str_column

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KEY", "describe", "keys_of", "plain_keys", "prepare_table"]

KEY = "twlab_key"
_WORDS = IDENTITY[3:]
# Names by which Lance answers, and ours; a user's column of that name would be lost in a result.
_TAKEN = (KEY, "_distance", "_score", "_relevance", "_row", "__action", "__merge_source")


def prepare_table(segments: Any) -> pd.DataFrame:
    """The table with every column of an identity, checked; no segment in it twice."""
    check_segments(segments)
    names = [str(name) for name in segments.columns]
    for name in names:
        unfit = name in ("", "*") or any(sign in name for sign in ".`\0")
        unfit = unfit or name.startswith(_TAKEN)
        if unfit or names.count(name) > 1:
            raise InputError(
                f"a column named {name!r} cannot be stored (it is there twice, empty, a star, "
                "holds a dot or backtick, or is the store's own); single plain names were "
                "expected; rename it"
            )
    table: pd.DataFrame = segments.set_axis(names, axis=1).reset_index(drop=True)
    for name in ("start_sec", "end_sec"):
        table[name] = table[name].to_numpy(np.float64, na_value=np.nan)
    for name in IDENTITY:
        if name not in names:
            table[name] = str_column([None] * len(table))
        elif name not in ("start_sec", "end_sec"):
            table[name] = _as_words(table[name])
    return table


def _as_words(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column of names as strings, missing where missing."""
    missing = column.isna().to_numpy()
    cells = column.astype(object)
    words = [None if gone else str(cell) for cell, gone in zip(cells, missing, strict=True)]
    broken = next((word for word in words if word and ("\x00" in word or "\x1f" in word)), None)
    if broken is not None:  # these signs stand between the parts of a key
        raise InputError(
            f"{broken[:40]!r} in {column.name!r} holds a control character (\\x00 or \\x1f); a "
            "name was expected; replace it"
        )
    try:
        return str_column(words)
    except UnicodeEncodeError as error:
        raise InputError(
            f"{error.object[:40]!r} in {column.name!r} is not text (half of a character); a name "
            "was expected; replace it"
        ) from None


def keys_of(table: pd.DataFrame) -> list[str]:
    """A key for each row, the same for the same identity; missing equals missing.

    Raises
    ------
    InputError
        If a segment is there twice.
    """
    keys = plain_keys(table, name_pieces(table))
    if len(set(keys)) < len(keys):
        row = int(np.argmax(pd.Series(keys).duplicated()))
        raise InputError(
            f"{describe(table.iloc[row])} is there twice (again at row {row}); one row for each "
            f"segment was expected; {_remedy(table.iloc[row])}"
        )
    return keys


def plain_keys(table: pd.DataFrame, parts: Iterable[str]) -> list[str]:
    """The keys of rows that are these parts of a document, empty for whole ones."""
    times = (
        table[["start_sec", "end_sec"]].to_numpy(np.float64, na_value=np.nan) + 0.0
    )  # 0 and -0 are one time
    times[np.isnan(times)] = np.nan  # and so are all NaN
    columns = {name: table[name] for name in ("video_id", *_WORDS)} | {
        "model_name": models_of(table)  # the same film by two models that no answer names
    }
    words = [column.fillna("\x00").tolist() for column in columns.values()]
    texts = map("\x1f".join, zip(*words, strict=True))
    whole = (f"{text}\x1f{part}" if part else text for text, part in zip(texts, parts, strict=True))
    return [
        blake2b(span.tobytes() + text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        for span, text in zip(np.ascontiguousarray(times, "<f8"), whole, strict=True)
    ]


def _remedy(row: Any) -> str:
    """What to do about a segment that is there twice."""
    if pd.isna(row["start_sec"]):
        return (
            "pieces of a document are told apart by chunk_index, page, start_page_number, "
            "end_page_number or quadrant: number them with segments.assign(chunk_index="
            "segments.groupby('video_id').cumcount())"
        )
    return f"drop one, for example with drop_duplicates({list(IDENTITY)})"


def describe(row: Any) -> str:
    """A segment in words."""
    known = [str(row[name]) for name in _WORDS if not pd.isna(row[name])]
    words = f" ({', '.join(known)})" if known else ""
    if pd.isna(row["start_sec"]):
        part = name_pieces(row.to_frame().T)[0]
        return f"the segment {row['video_id']!r} without time{part and ' ' + part}{words}"
    return f"the segment {row['video_id']!r} {row['start_sec']:g}-{row['end_sec']:g} s{words}"
