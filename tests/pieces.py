"""A source of several tables in memory, whose fragments can count and kill their readers."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import engines
import numpy as np
import pandas as pd

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

N, D = 260, 24


@dataclass
class Part(tw.distributed.Fragment):
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
        return tw.vectors(self.rows.drop(columns="model_name", errors="ignore"))

    def table(self, *, embedding: bool = True) -> pd.DataFrame:
        if not embedding:
            return self.rows.drop(columns="embedding")
        self.matrix()
        return self.rows


class Parts(tw.distributed.Source):
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


def drawn_table() -> pd.DataFrame:
    """Eight videos of unlike length in scenes, with copies, one whole-video row and no zeros."""
    rng = np.random.default_rng(5)
    video = np.sort(rng.integers(0, 8, N))
    rows = pd.DataFrame({"video_id": [f"v{k}" for k in video]})
    rows["start_sec"] = rows.groupby("video_id").cumcount() * 6.0
    rows["end_sec"] = rows["start_sec"] + 6
    rows["embedding_option"] = "visual"
    rows["embedding_scope"] = ["video"] + ["clip"] * (N - 1)
    rows["model_name"] = "test"
    scene = np.arange(N) // 7 % 12
    matrix = rng.normal(size=(12, D))[scene] + 0.4 * rng.normal(size=(N, D))
    matrix[150:170] = matrix[20:40]
    return tw.with_vectors(rows, matrix)


class Interrupted(Exception):
    pass


class Interrupting(tw.executors.Local):
    """An executor whose user gives up after so many pieces."""

    def __init__(self, after: int) -> None:
        self.left = after
        self.done = 0

    def map(self, fn: Any, items: Any, *broadcast: Any) -> Any:
        for result in super().map(fn, items, *broadcast):
            if isinstance(result, dict):
                if self.left == 0:
                    raise Interrupted
                self.left -= 1
                self.done += 1
            yield result
