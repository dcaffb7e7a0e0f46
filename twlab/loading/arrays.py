"""Arrays beside one another in one file, NumPy's ``.npz`` and HDF5 -> a document of columns.

A file of arrays says nothing of rows. They are there if a matrix stands under a name of vectors
(or is the only one) and beside it, in the same group, times or names of equal length. Pickled
objects are never read.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.checks import require
from twlab.errors import LoadError
from twlab.loading.bounds import size_error
from twlab.loading.responses.names import ALIASES, VECTOR_KEYS, snake_case
from twlab.loading.responses.othernames import (
    FILE_NAMES,
    GROUPING_NAMES,
    VIDEO_NAMES,
    time_name,
)
from twlab.loading.responses.splitting import vector_like

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["hdf5_document", "npz_document", "of_group"]

_PAIR_ARRAYS = frozenset(
    ("times", "segments", "intervals", "timestamps", "spans", "boundaries", "bounds", "periods")
)
"""Names of arrays of shape (n, 2) that hold a start and an end in each row."""

_PLACES = frozenset(
    name
    for column in ("start_sec", "end_sec", "video_id", "video_name", "filename", "input_url")
    for name in ALIASES[column]
)
_NAMES = frozenset((*VIDEO_NAMES, *FILE_NAMES, *GROUPING_NAMES))
_DEEPEST_GROUP = 12
"""Groups within groups; a group may hold itself, and files of models and tables have three or four
levels."""
_BROKEN = (
    *(ValueError, EOFError, OSError, MemoryError, zlib.error, zipfile.BadZipFile),
    *(NotImplementedError, RuntimeError),  # of ways of packing, and of passwords
)


def npz_document(data: bytes, source: str, columns: Mapping[str, str], most: int) -> dict[str, Any]:
    """The arrays of an ``.npz`` file by their names.

    Raises
    ------
    LoadError
        If it is another kind of ZIP, unpacks to more than ``most`` bytes, or holds no rows.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
        if not infos or not all(info.filename.endswith(".npy") for info in infos):
            raise LoadError(
                "is a ZIP archive, but none of NumPy's (.npz); JSON, Parquet, CSV or arrays were "
                "expected; unpack it, or save the vectors with tw.save",
                source=source,
            )
        if sum(info.file_size for info in infos) > most:
            raise size_error(most, source)
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            document = {name: _as_python(arrays[name]) for name in arrays.files}
    except LoadError:
        raise
    except _BROKEN as error:
        raise LoadError(
            f"is not a complete .npz file of plain arrays ({str(error)[:100]}); numbers and "
            "texts were expected; save it again without objects",
            source=source,
        ) from None
    _refuse_no_rows(document, source, columns)
    return _split_pairs(document)


def hdf5_document(
    data: bytes, source: str, columns: Mapping[str, str], most: int
) -> dict[str, Any]:
    """The arrays of an HDF5 file, groups as objects.

    Raises
    ------
    LoadError
        If the file is broken or its arrays are no rows.
    MissingExtraError
        If h5py is not installed.
    """
    h5py = require("h5py", extra="hdf5")
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            if _count_bytes(file) > most:
                raise size_error(most, source)
            document = of_group(file)
    except LoadError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, UnicodeError) as error:
        raise LoadError(
            f"is not a complete HDF5 file ({str(error)[:100]}); copy or write it again",
            source=source,
        ) from None
    _refuse_no_rows(document, source, columns)
    return _split_pairs(document)


def of_group(group: Any, depth: int = 0) -> dict[str, Any]:
    """The arrays and groups of a group of HDF5, its attributes among them; links are left."""
    h5py = require("h5py", extra="hdf5")
    out: dict[str, Any] = {}
    for name, value in group.attrs.items():
        if isinstance(value, str | int | float | np.number):
            out[str(name)] = value.item() if isinstance(value, np.number) else value
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            continue  # a link may lead out of the file
        item = group[name]
        if hasattr(item, "keys"):
            out[str(name)] = of_group(item, depth + 1) if depth < _DEEPEST_GROUP else {}
        elif item.external is None and not getattr(item, "is_virtual", False):
            text = h5py.check_string_dtype(item.dtype) is not None
            out[str(name)] = _as_python(np.asarray(item.asstr()[()] if text else item[()]))
    return out


def _count_bytes(group: Any, depth: int = 0) -> int:
    """The bytes of all arrays of a group of HDF5 once unpacked."""
    h5py = require("h5py", extra="hdf5")
    total = 0
    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.HardLink) and depth < _DEEPEST_GROUP:
            item = group[name]
            total += _count_bytes(item, depth + 1) if hasattr(item, "keys") else int(item.nbytes)
    return total


def _as_python(array: Any) -> Any:
    """An array of numbers as it is; texts as a list, a single value as that."""
    if array.dtype.kind in "fiu" and array.ndim:
        return array
    values = array.tolist()
    if isinstance(values, list):
        return [one.decode("utf-8", "replace") if isinstance(one, bytes) else one for one in values]
    return values.decode("utf-8", "replace") if isinstance(values, bytes) else values


def _matrices(document: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays of a group that may hold vectors."""
    found = {
        name: value
        for name, value in document.items()
        if isinstance(value, np.ndarray)
        and value.ndim == 2
        and snake_case(name) not in _PAIR_ARRAYS
    }
    likely = {n: v for n, v in found.items() if snake_case(n) in VECTOR_KEYS or vector_like(n)}
    return likely or found


def _refuse_no_rows(document: Mapping[str, Any], source: str, columns: Mapping[str, str]) -> None:
    """Refuse arrays that are no rows: no matrix, or nothing that says when or whose they are."""
    groups = list(_walk_groups(document, ""))
    with_matrix = [(path, group) for path, group in groups if _matrices(group)]
    if not with_matrix:
        shown = ", ".join(_describe_arrays(document)) or "none"
        raise LoadError(
            f"holds no array of vectors (arrays: {shown}); numbers of shape (n, d) were expected; "
            "look into the file, and use tw.from_vectors",
            source=source,
        )
    for path, group in with_matrix:
        name, matrix = next(iter(_matrices(group).items()))
        if any(_is_place(key, value, len(matrix), columns) for key, value in group.items()):
            continue
        shown = ", ".join(_describe_arrays(document))
        raise LoadError(
            f"holds vectors ({path + name!r}) without times or videos of equal length beside them "
            f"(arrays: {shown}); {len(matrix)} starts and ends were expected; name them with "
            "columns={'start_sec': ...}, or read the arrays and use tw.from_vectors(matrix, "
            "start_sec=..., end_sec=...)",
            source=source,
        )


def _walk_groups(document: Mapping[str, Any], path: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Each group of arrays with its path."""
    yield path, document
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _walk_groups(value, f"{path}{name}/")


def _describe_arrays(document: Mapping[str, Any]) -> list[str]:
    """The first arrays with their shapes."""
    return [
        f"{path}{name} {np.shape(value)}"
        for path, group in _walk_groups(document, "")
        for name, value in group.items()
        if isinstance(value, np.ndarray | list)
    ][:8]


def _is_place(name: str, value: Any, length: int, columns: Mapping[str, str]) -> bool:
    """Whether an array says when or whose each vector is."""
    if not isinstance(value, np.ndarray | list) or len(value) != length:
        return False
    if np.ndim(value) == 2:
        return snake_case(name) in _PAIR_ARRAYS and np.shape(value)[1] == 2
    key = snake_case(name)
    return name in columns or key in _PLACES or key in _NAMES or time_name(name) is not None


def _split_pairs(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the matrix of each group under its name, and pairs of times as two."""
    out: dict[str, Any] = {}
    matrices = _matrices(document)
    only = next(iter(matrices)) if len(matrices) == 1 else None
    for name, value in document.items():
        is_matrix = isinstance(value, np.ndarray) and value.ndim == 2
        if isinstance(value, dict):
            out[name] = _split_pairs(value)
        elif is_matrix and snake_case(name) in _PAIR_ARRAYS and value.shape[1] == 2:
            out["start_sec"], out["end_sec"] = value[:, 0], value[:, 1]
        elif name == only and snake_case(name) not in VECTOR_KEYS and not vector_like(name):
            out["embedding"] = value
        else:
            out[name] = value
    return out
