"""Readers that other packages bring, for forms that are not known here.

A package names them in its ``pyproject.toml``::

    [project.entry-points."twlab.readers"]
    acme = "acme_embeddings:read_answer"

and ``read_answer(document)`` is called with the parsed JSON of each source: a dict, a list, or the
list of the lines of a JSON Lines file. It returns a list of dicts, one for each vector, with the
columns of the table (``embedding``, ``start_sec``, ``end_sec``, ``video_id``, ``embedding_option``,
``model_name``, ...) and further ones as wanted, or None where the document is not of its form.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, NamedTuple

from twlab.errors import LoadError, warn

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["READERS", "read_by_package"]

READERS = "twlab.readers"


class _Reader(NamedTuple):
    """A reader, and its name with the package that brought it."""

    label: str
    read: Callable[[Any], Any]


@lru_cache(maxsize=1)
def _readers() -> tuple[_Reader, ...]:
    """The readers of the packages that are installed, by name; one that is broken is told."""
    readers = []
    for entry in sorted(entry_points(group=READERS), key=lambda entry: entry.name):
        label = f"{entry.name!r} of the package {entry.dist.name if entry.dist else '?'!r}"
        try:
            readers.append(_Reader(label, entry.load()))
        except (ImportError, AttributeError) as error:
            warn(
                f"the reader {label} cannot be imported ({error}); a function {entry.value} was "
                "expected; upgrade that package or uninstall it"
            )
    return tuple(readers)


def read_by_package(document: Any, source: str) -> tuple[list[dict[str, Any]], str] | None:
    """The rows of a document by the first package that knows its form, and who read it.

    Raises
    ------
    LoadError
        If a reader gives something else than rows.
    """
    for reader in _readers():
        rows = reader.read(document)
        if rows is None:
            continue
        if not isinstance(rows, list) or not all(type(row) is dict for row in rows):
            raise LoadError(
                f"the reader {reader.label} gave a {type(rows).__name__}; a list of dicts or None "
                "was expected; tell those who keep that package",
                source=source,
            )
        return rows, f"the reader {reader.label}"
    return None
