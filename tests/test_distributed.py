"""Jobs over a source give what the same call gives on its table, wherever they run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from pieces import Parts

import twlab as tw
from twlab.distributed import pieces

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import engines as work

N, D = 260, 24
CUTS = [40, 41, 100, 190]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
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


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE_ROWS", 60)


@pytest.fixture(params=["none", "local", "ray", "dask"])
def executor(request: pytest.FixtureRequest) -> Any:
    if request.param == "none":
        return None
    return request.getfixturevalue("engines")[request.param]


Job = "Callable[[Any], Any]"

JOBS: dict[str, Callable[[Any], Any]] = {
    "nearest": lambda s: tw.nearest(s, k=4),
    "near_duplicates": lambda s: tw.near_duplicates(s, threshold=0.9, min_gap_sec=12),
}


def same(found: Any, expected: Any) -> None:
    if isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(found, expected)
    else:
        pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("job", JOBS)
def test_a_source_gives_what_its_table_gives(job: str, table: pd.DataFrame, executor: Any) -> None:
    same(JOBS[job](Parts(table, CUTS, executor)), JOBS[job](table))


@pytest.mark.parametrize("engine", ["ray", "dask"])
@pytest.mark.parametrize("job", JOBS)
def test_a_killed_worker_changes_nothing(
    job: str, engine: str, table: pd.DataFrame, engines: work.Engines, tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    marker.write_text(str(os.getpid()))
    source = Parts(table, CUTS, engines[engine], deadly=marker)
    same(JOBS[job](source), JOBS[job](table))
    assert not marker.exists()


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


@pytest.mark.parametrize("job", JOBS)
def test_an_interrupted_job_goes_on(job: str, table: pd.DataFrame, tmp_path: Path) -> None:
    folder = tmp_path / "store.work"
    whole = Interrupting(after=-1)
    expected = JOBS[job](Parts(table, CUTS, whole))
    first = Interrupting(after=whole.done - 2)
    with pytest.raises(Interrupted):
        JOBS[job](Parts(table, CUTS, first, work=folder))
    assert folder.exists()
    second = Interrupting(after=-1)
    same(JOBS[job](Parts(table, CUTS, second, work=folder)), expected)
    assert first.done == whole.done - 2
    assert second.done == 2
    assert not folder.exists()
