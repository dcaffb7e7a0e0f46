"""A source of several tables in memory, whose fragments can count and kill their readers."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import engines
import pandas as pd

import twlab as tw
from twlab.sources import Fragment, Source

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np


@dataclass
class Part(Fragment):
    rows: pd.DataFrame
    first: int
    key: str
    deadly: Path | None = None
    log: Path | None = None

    @property
    def n_rows(self) -> int:  # type: ignore[override]
        return len(self.rows)

    def matrix(self) -> np.ndarray:
        if self.deadly is not None:
            engines.die_once(self.deadly)
        if self.log is not None:
            with self.log.open("a") as log:
                log.write(f"{self.key}\n")
        return tw.vectors(self.rows)

    def table(self, *, embedding: bool = True) -> pd.DataFrame:
        if not embedding:
            return self.rows.drop(columns="embedding")
        self.matrix()
        return self.rows


class Parts(Source):
    """A table cut at some rows."""

    def __init__(self, table: pd.DataFrame, cuts: list[int], executor: Any = None, **more: Any):
        self.executor, self.work = executor, more.pop("work", None)
        self._table = table.reset_index(drop=True)
        edges = [0, *cuts, len(table)]
        self._parts = [
            Part(self._table.iloc[a:b], a, _key(self._table.iloc[a:b]), **more)
            for a, b in itertools.pairwise(edges)
            if b > a
        ]

    def fragments(self) -> list[Part]:
        return self._parts

    def to_table(self) -> pd.DataFrame:
        return self._table


def _key(rows: pd.DataFrame) -> str:
    places = pd.util.hash_pandas_object(rows.drop(columns="embedding")).to_numpy()
    content = hashlib.sha256(places.tobytes())
    for cell in rows["embedding"]:
        content.update(cell.tobytes())
    return content.hexdigest()
