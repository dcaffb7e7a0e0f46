"""Results too large for memory: folders of Parquet files, whole or not at all.

* :func:`new_folder` - a folder that gets its name when all is written
* :func:`write_tables` - tables as the files of such a folder
"""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from twlab.errors import InputError
from twlab.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pandas as pd

__all__ = ["new_folder", "write_tables"]


@contextmanager
def new_folder(folder: str | os.PathLike[str]) -> Iterator[tuple[Path, Path]]:
    """Where to write, and where that lies once the ``with`` block is left without an error.

    Raises
    ------
    InputError
        If the folder is there already or cannot be written.
    """
    target = _new(folder)
    aside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        aside.mkdir()
        yield aside, target
        aside.rename(target)
    except OSError as error:
        raise InputError(f"{str(target)!r} cannot be written ({error.strerror or error})") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _new(folder: Any) -> Path:
    """The path of a folder that can be there but is not."""
    path = isinstance(folder, str | os.PathLike) and os.fspath(folder)
    if not path or "\0" in path:
        raise InputError(f"folder is {folder!r}; the path of a new folder was expected")
    if "://" in path:
        raise InputError(
            f"{path!r} is an address; the path of a new folder on this computer was expected; "
            "write it here, and copy it there"
        )
    target = user_path(path)
    try:
        there = target.exists() or target.is_symlink()
    except OSError as error:
        raise InputError(f"{path[:40]!r}… cannot be written ({error.strerror})") from None
    if there or not target.absolute().parent.is_dir():
        what = "is there already" if there else "lies in a folder that does not exist"
        raise InputError(
            f"{str(target)!r} {what}; the name of a new folder was expected; choose another"
        )
    return target


def write_tables(tables: Iterable[pd.DataFrame], folder: str | os.PathLike[str]) -> Path:
    """The new folder in which each of the tables is a Parquet file."""
    with new_folder(folder) as (aside, target):
        for number, table in enumerate(tables):
            _write(table, aside / f"part-{number:06}.parquet")
    return target


def _write(table: pd.DataFrame, file: Path) -> None:
    """Write a table whose cells are of one kind in each column."""
    import pyarrow as pa

    try:
        table.to_parquet(file, index=False, write_page_checksum=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise InputError(
            f"a table cannot be written as Parquet ({' '.join(map(str, error.args))[:150]}); row "
            "labels of one kind were expected; use segments.reset_index(drop=True)"
        ) from None
