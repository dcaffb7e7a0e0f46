"""What lies in a store is data: no file outside its folder is touched on its word."""

from __future__ import annotations

import os
import pickle
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from insides import checkpoints

import twlab as tw

pytest.importorskip("lancedb")

if TYPE_CHECKING:
    from pathlib import Path


def clips(n: int = 12, *, video: str = "film") -> pd.DataFrame:
    rows = pd.DataFrame({"video_id": video, "start_sec": np.arange(n) * 6.0})
    rows = rows.assign(end_sec=rows["start_sec"] + 6, embedding_option="visual")
    return tw.with_vectors(rows, np.random.default_rng(n).normal(size=(n, 4)))


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A whole store of somebody else, beside a file."""
    store = tw.open(tmp_path / "victim")
    store.add(clips(video="private"))
    (tmp_path / "victim" / "diary.txt").write_text("dear diary")
    return tmp_path / "victim"


@pytest.mark.parametrize("linked", [".", "data", "_versions", "a file of data", "a version"])
def test_links_out_of_a_store_are_not_followed(linked: str, tmp_path: Path, victim: Path) -> None:
    before = files_of(victim)
    store = tw.open(tmp_path / "s")
    store.add(clips())
    lance, theirs = tmp_path / "s" / "segments.lance", victim / "segments.lance"
    place = {
        "a file of data": next((lance / "data").iterdir()),
        "a version": next((lance / "_versions").glob("*.manifest")),
    }.get(linked, lance / linked)
    target = theirs / place.relative_to(lance)
    if not target.exists():
        target = next(target.parent.iterdir())
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    place.symlink_to(target, target_is_directory=target.is_dir())
    for use in (
        lambda: tw.open(tmp_path / "s"),
        lambda: store.upsert(clips(2)),
        lambda: store.delete("start_sec >= 0"),
        lambda: store.optimize(keep_days=0.0001),
    ):
        with pytest.raises(tw.InputError, match="is a link that leads out of the store"):
            use()
    assert files_of(victim) == before


def test_a_store_that_the_caller_reaches_by_a_link_is_a_store(tmp_path: Path) -> None:
    tw.open(tmp_path / "big disk" / "s").add(clips())
    (tmp_path / "s").symlink_to(tmp_path / "big disk" / "s")
    store = tw.open(tmp_path / "s")
    assert store.upsert(clips()) == store.count_rows() == 12
    lance = tmp_path / "big disk" / "s" / "segments.lance"
    (lance / "data").rename(lance.parent / "data")
    (lance / "data").symlink_to(lance.parent / "data")
    assert len(tw.open(tmp_path / "s").to_table()) == 12, "a link within the store"


class Watched(tw.executors.Local):
    """Writes nothing of its own; says what a job left."""

    def __init__(self, folder: Path) -> None:
        self.seen: list[list[str]] = []
        self.watched = folder

    def map(self, fn: Any, items: Any, *broadcast: Any) -> Any:
        yield from super().map(fn, items, *broadcast)
        self.seen.append(sorted(path.name for path in self.watched.iterdir()))


def test_work_that_leads_out_of_a_store_is_not_used(tmp_path: Path, victim: Path) -> None:
    before = files_of(victim)
    tw.open(tmp_path / "s").add(clips())
    expected = tw.novelty(tw.open(tmp_path / "s"))
    watched = Watched(victim)
    store = tw.open(tmp_path / "s", executor=watched)
    assert store.work is not None
    store.work.symlink_to(victim)
    with pytest.warns(tw.TwlabWarning, match="nothing can be kept in .*links in it lead elsewhere"):
        found = tw.novelty(store)
    pd.testing.assert_series_equal(found, expected, rtol=1e-5)
    assert files_of(victim) == before
    assert watched.seen
    assert all(names == watched.seen[0] for names in watched.seen)


def test_what_another_put_into_the_work_of_a_store_neither_runs_nor_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = clips()
    tw.open(tmp_path / "s").add(table)
    store = tw.open(tmp_path / "s", executor=tw.executors.Local())
    expected = tw.novelty(store)
    ran = tmp_path / "ran"

    class Planted:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(ran),)

    bad = [
        pickle.dumps(Planted()),
        b"",
        b"PK\x03\x04 half of one",
        _archive(np.array([Planted()], dtype=object)),
    ]
    names: list[Path] = []
    write = checkpoints._write

    def watch(file: Path | None, arrays: Any) -> None:
        if file is not None:
            names.append(file)
        write(file, arrays)

    with monkeypatch.context() as watching:
        watching.setattr(checkpoints, "_write", watch)
        tw.novelty(store)
    assert names
    for content in bad:
        for name in names:
            name.parent.mkdir(parents=True, exist_ok=True)
            name.write_bytes(content)
        pd.testing.assert_series_equal(tw.novelty(store), expected)
    assert not ran.exists()


def _archive(array: np.ndarray[Any, Any]) -> bytes:
    import io

    out = io.BytesIO()
    np.savez(out, first=array)
    return out.getvalue()


def test_links_in_kept_work_are_not_followed(tmp_path: Path, victim: Path) -> None:
    kept = tmp_path / "s" / "work" / "job"
    kept.mkdir(parents=True)
    (kept / "step").symlink_to(victim)
    with pytest.raises(OSError, match="links in it lead elsewhere"):
        checkpoints._check_own(kept)
    (kept / "step").unlink()
    checkpoints._check_own(kept)
    (kept / "step.npz").symlink_to(victim / "diary.txt")
    assert checkpoints._read(kept / "step.npz") is None
