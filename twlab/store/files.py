"""Segments between a store and files: whatever :func:`twlab.load` reads, and Parquet folders."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twlab.errors import InputError
from twlab.io import load, save
from twlab.reading.files import file_kind, find_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from twlab.store.pieces import StoreFragment

__all__ = ["tables_in", "write_folder"]


def tables_in(source: Any) -> Iterator[pd.DataFrame]:
    """Tables of what is given: each Parquet file on its own, everything else as one table."""
    paths = [source] if isinstance(source, str | os.PathLike) else source
    if not isinstance(paths, list | tuple) or not all(
        isinstance(path, str | os.PathLike) for path in paths
    ):
        yield source
        return
    files = [file for path in paths for file in find_files(path)]
    if len(files) > 1 and all(
        file.path and file_kind(file.path.name) == "parquet" for file in files
    ):
        yield from (load(file.path) for file in files)
        return
    yield load(list(paths))


def write_folder(fragments: Sequence[StoreFragment], folder: str | os.PathLike[str]) -> Path:
    """The folder to which all fragments were written as Parquet, whole or not at all."""
    target = Path(os.path.expanduser(folder))  # noqa: PTH111 - leaves ~nobody alone
    if target.exists() or not target.absolute().parent.is_dir():
        what = "is there already" if target.exists() else "lies in a folder that does not exist"
        raise InputError(
            f"{str(target)!r} {what}; the name of a new folder was expected; choose another"
        )
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        aside.mkdir()
        for fragment in bar(fragments, "Writing"):
            save(fragment.table(), aside / f"segments-{fragment.first:012d}.parquet")
        aside.rename(target)
    except OSError as error:
        raise InputError(f"{str(target)!r} cannot be written ({error.strerror or error})") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def bar(items: Any, what: str) -> Any:
    """The items, with a progress bar once going through them takes more than a second."""
    from tqdm.auto import tqdm

    return tqdm(items, desc=what, delay=1, disable=len(items) < 2)
