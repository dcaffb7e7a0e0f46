"""Tables of segments in and out of files.

* :func:`load`  - a table from any answer, dump or store, in files of every kind
* :func:`check` - everything wrong in a file or folder, as a table
* :func:`save`  - a table as Parquet or JSON that ``load`` reads back exactly
"""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

import pandas as pd

from twlab.errors import InputError, LoadError, TwlabWarning
from twlab.files import Source, find_files
from twlab.reading import read_source
from twlab.responses import Found
from twlab.segments import str_column
from twlab.tables import table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["check", "load"]


def load(
    source: Any,
    *,
    video_id: str | None = None,
    model_name: str | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """A table of segments from any form in which embeddings are served or stored."""
    for name, value in (("video_id", video_id), ("model_name", model_name)):
        if value is not None and (not isinstance(value, str) or not value):
            raise InputError(f"{name} is {value!r}; a name (str) was expected")
    sources = _sources(source)
    kept: list[tuple[Source, Found]] = []
    troubles: list[LoadError] = []
    for one in _tracked(sources, progress=progress):
        try:
            found = read_source(one)
            _nothing(found)
        except LoadError as error:
            if one.explicit:
                raise
            troubles.append(error)
        else:
            kept.append((one, found))
    _report(kept, troubles)
    return table_of(
        [found for _, found in kept],
        [one for one, _ in kept],
        video_id=video_id,
        model_name=model_name,
    )


def check(source: Any) -> pd.DataFrame:
    """Everything wrong in a source, one problem a row; an empty table where all is well."""
    problems: list[tuple[str, str, str, str]] = []
    for one in _sources(source):
        try:
            found = read_source(one, keep_going=True)
        except LoadError as error:
            problems.append((one.name, error.place, error.field, error.problem))
            continue
        problems += [(one.name, *problem) for problem in (*found.problems, *found.remarks)]
    columns = zip(*problems, strict=True) if problems else [[], [], [], []]
    names = ("source", "place", "field", "problem")
    return pd.DataFrame(
        {name: str_column(cells) for name, cells in zip(names, columns, strict=True)}
    )


def _sources(source: Any) -> list[Source]:
    """What is to be read, each once."""
    if isinstance(source, str | os.PathLike):
        return find_files(source)
    if isinstance(source, list | tuple) and source and _is_list_of_sources(source):
        sources: dict[Any, Source] = {}
        for position, item in enumerate(source):
            for one in _sources(item):
                key = one.path.resolve() if one.path else (position, one.name)
                name = one.name or f"item {position}"
                sources.setdefault(key, one._replace(name=name))
        return list(sources.values())
    return [Source(_name_of(source), None, source, explicit=True)]


def _is_list_of_sources(items: Sequence[Any]) -> bool:
    """Whether a list names sources, rather than being a parsed document itself."""
    return any(
        isinstance(item, str | os.PathLike | bytes) or hasattr(item, "read") for item in items
    )


def _name_of(source: Any) -> str:
    """What a source that is no path is called in messages."""
    name = getattr(source, "name", "")
    return name if isinstance(name, str) and hasattr(source, "read") else ""


def _tracked(sources: Sequence[Source], *, progress: bool) -> Iterable[Source]:
    """The sources, with a progress bar once reading them takes more than a second."""
    if len(sources) < 2 or not progress:
        return sources
    from tqdm.auto import tqdm

    bar: Iterable[Source] = tqdm(sources, desc="Loading", unit="file", delay=1)
    return bar


def _nothing(found: Found) -> None:
    """Refuse a source without a single vector, by the name of what it is."""
    if not found.rows:
        first = found.remarks[0]
        raise LoadError(first.problem, source=found.source, place=first.place, field=first.field)


def _report(kept: Sequence[tuple[Source, Found]], troubles: Sequence[LoadError]) -> None:
    """Raise where nothing was loaded; warn once of everything that was left out."""
    if not kept:
        more = f" (and {len(troubles) - 1} more such files)" if len(troubles) > 1 else ""
        first = troubles[0]
        raise LoadError(
            f"{first.problem}{more}", source=first.source, place=first.place, field=first.field
        )
    lines = [str(error) for error in troubles]
    for one, found in kept:
        for remark in found.remarks:
            lines.append(f"{one.name or 'the source'}, {remark.place}: {remark.problem}")
    if lines:
        warnings.warn(
            f"{len(lines)} parts were left out: {'; '.join(lines[:3])}"
            f"{' …' if len(lines) > 3 else ''}; tw.check lists them all",
            TwlabWarning,
            stacklevel=3,
        )
