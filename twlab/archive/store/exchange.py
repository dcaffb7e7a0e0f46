"""Segments between a store and files: whatever :func:`twlab.load` reads, and Parquet folders."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from twlab.archive.result_folders import new_folder
from twlab.archive.sources import Source
from twlab.loading.files import file_kind, find_files
from twlab.loading.load import load, save
from twlab.progress import bar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pandas as pd

    from twlab.archive.sources import Fragment

__all__ = ["are_paths", "tables_in", "write_folder"]


def tables_in(source: Any) -> Iterator[pd.DataFrame]:
    """Tables of what is given: each piece of a store and Parquet file on its own, else one."""
    if isinstance(source, Source):
        yield from (fragment.table() for fragment in source.fragments())
        return
    if not are_paths(source):
        yield source
        return
    paths = [source] if isinstance(source, str | os.PathLike) else source
    files = [file for path in paths for file in find_files(path)]
    if len(files) > 1 and all(
        file.path and file_kind(file.path.name) == "parquet" for file in files
    ):
        yield from (load(file.path) for file in files)
        return
    yield load(list(paths))


def are_paths(source: Any) -> bool:
    """Whether files are named: a path, or a list of nothing else."""
    parts = source if isinstance(source, list | tuple) else [source]
    return all(isinstance(part, str | os.PathLike) for part in parts)


def write_folder(fragments: Sequence[Fragment], folder: str | os.PathLike[str]) -> Path:
    """The folder to which all fragments were written as Parquet, whole or not at all."""
    with new_folder(folder) as (aside, target):
        for fragment in bar("Writing", fragments, stays=True):
            save(fragment.table(), aside / f"segments-{fragment.first:012d}.parquet")
    return target
