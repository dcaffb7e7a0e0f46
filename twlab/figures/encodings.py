"""What a picture shows by lane or colour: a column by name, or one value per row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.figures.theme import as_shown
from twlab.looks import is_continuous, write_category
from twlab.table.group_names import call_groups, check_group_names
from twlab.table.rows import align_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twlab.table.types import Values

__all__ = [
    "by_name",
    "call_values",
    "categories_of",
    "left_out_note",
    "name_of",
    "name_values",
    "number_column",
    "options_of",
    "value_column",
    "with_plain_names",
]

ARGUMENTS = ("lanes", "color")
"""Arguments that give their name to values without one."""


def value_column(segments: pd.DataFrame, chosen: Values, argument: str) -> pd.Series[Any]:
    """The values of a column by name, or those given, on the index of the table.

    Raises
    ------
    InputError
        If there is no such column, or the values do not fit the table.
    """
    values = _find_values(segments, chosen, argument)
    return values.map(_as_key) if values.dtype == object else values


def _as_key(value: Any) -> Any:
    """A value that groups rows: what cannot, such as a list, by how it is written."""
    try:
        hash(value)
    except TypeError:
        return str(value)
    return value


def _find_values(segments: pd.DataFrame, chosen: Values, argument: str) -> pd.Series[Any]:
    """The values of a column by name, or those given, as they are."""
    if isinstance(chosen, str):
        return _find_column(segments, chosen, argument)
    if not isinstance(chosen, Iterable):
        raise InputError(
            f"{argument} is {chosen!r}; the name of a column or one value per row was expected"
        )
    given = chosen if isinstance(chosen, pd.Series) else list(chosen)
    values = align_rows(segments, given, argument)
    if isinstance(values, pd.Series):
        return values if values.name is not None else values.rename(argument)
    return pd.Series(values, index=segments.index, name=argument)


def _find_column(segments: pd.DataFrame, name: str, argument: str) -> pd.Series[Any]:
    """A column of the table."""
    if name == "embedding":
        raise InputError(f"{argument} is 'embedding', a vector per row; one value was expected")
    if name not in segments.columns:
        there = ", ".join(str(column) for column in segments.columns if column != "embedding")
        raise InputError(
            f"{argument} is {name!r}, no column of the table (there are: {there}); name one, or "
            "pass the values"
        )
    column: pd.Series[Any] = segments[name]
    return column


def number_column(segments: pd.DataFrame, chosen: Values, argument: str) -> NDArray[np.float64]:
    """As :func:`value_column`, as numbers; NaN where there is none.

    Raises
    ------
    InputError
        Also if the values are no numbers.
    """
    values = value_column(segments, chosen, argument)
    try:
        return values.to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise InputError(
            f"{argument} holds {values.dtype}; numbers were expected; convert with pd.to_numeric"
        ) from None


def name_of(values: pd.Series[Any]) -> str:
    """The name of a column as people read it; ``value`` where it has none of its own."""
    if values.name in ARGUMENTS:
        return "value"
    return "time" if values.name == "start_sec" else as_shown(values.name).replace("_", " ")


def by_name(values: pd.Series[Any], link: str) -> str:
    """The end of a title: by what a picture is arranged, where that has a name."""
    return "" if values.name in ARGUMENTS else f"{link}{name_of(values)}"


def name_values(values: pd.Series[Any]) -> pd.Series[Any]:
    """``cluster: 3`` for each row, as the hover says it."""
    if pd.api.types.is_float_dtype(values):
        texts = values.map(lambda number: f"{number:.4g}", na_action="ignore")
    else:
        texts = values.astype(object)
    texts = texts.astype(object).where(values.notna(), "none").map(as_shown)
    return f"{name_of(values)}: " + texts.astype(object)


def call_values(values: pd.Series[Any], names: Any) -> pd.Series[Any]:
    """Values of groups, called as the caller says, in the order of the groups.

    Raises
    ------
    InputError
        If ``names`` is no mapping, there are no groups to name, or one has no such label.
    """
    check_group_names(names)
    if is_continuous(values):
        raise InputError(
            f"names are given, but {name_of(values)!r} gives the colours, which has no groups to "
            "name; labels were expected; pass color=tw.cluster(segments), or leave names out"
        )
    codes, labels = categories_of(values)
    if values.isna().any():
        labels = labels[:-1]  # the last is what they are shown as
    called = call_groups(labels, names, of=name_of(values))
    groups = pd.CategoricalDtype(called)
    known = pd.Categorical.from_codes(np.where(codes < len(labels), codes, -1), dtype=groups)
    return pd.Series(known, index=values.index, name=values.name)


def with_plain_names(table: pd.DataFrame) -> pd.DataFrame:
    """The table with a plain index and plain names of videos.

    A user's index may repeat or bear the name of a column, and categories may be unused.
    """
    plain_table = table.reset_index(drop=True)
    return plain_table.assign(video_id=plain_table["video_id"].astype(object))


def options_of(segments: pd.DataFrame, *, missing: str = "") -> pd.Series[Any]:
    """The embedding option of each row as text; ``missing`` where there is none."""
    if "embedding_option" not in segments.columns:
        return pd.Series(missing, index=segments.index, dtype=object)
    options = segments["embedding_option"]
    return options.astype(str).astype(object).where(options.notna(), missing)


def left_out_note(count: int, what: str) -> str:
    """The part of a subtitle that owns up to rows that are not drawn; empty where all are."""
    return f"; {count:,} {what} row{'s' * (count != 1)} left out" if count else ""


def categories_of(values: pd.Series[Any]) -> tuple[NDArray[np.intp], list[str]]:
    """The number of each row's category, and the categories by name; ``none`` comes last."""
    present = values.dropna()
    distinct = list(present.unique())
    if isinstance(values.dtype, pd.CategoricalDtype):
        distinct = [name for name in values.cat.categories if name in set(distinct)]
    else:
        try:  # numbers before words, as for the explorer
            distinct = list(pd.factorize(present, sort=True)[1])
        except TypeError:  # other values of several kinds have no order
            distinct = sorted(distinct, key=str)
    known = pd.Index(distinct, dtype=object)  # there are none of some numbers, such as float16
    codes = pd.Categorical(values.astype(object), categories=known).codes.astype(np.intp)
    names = [write_category(value) for value in distinct]
    if (codes < 0).any():
        codes = np.where(codes < 0, len(names), codes)
        names.append("none")
    return codes, names
