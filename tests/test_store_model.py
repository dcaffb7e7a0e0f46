"""A store after any changes against a plain dict that went through the same."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from insides import shards

import twlab as tw

D = 4
Key = tuple[str, float, str]
VIDEOS = ("a", "b's", "ü")
NUMBERS = st.lists(st.integers(0, 23), min_size=1, max_size=8, unique=True)


def rows_of(model: dict[Key, int]) -> pd.DataFrame:
    """The table of a model; a vector says by which change its row was written."""
    keys = sorted(model)
    table = pd.DataFrame(
        {
            "video_id": [video for video, _, _ in keys],
            "start_sec": [start for _, start, _ in keys],
            "end_sec": [start + 5 for _, start, _ in keys],
            "embedding_option": [option for *_, option in keys],
            "written": [model[key] for key in keys],
        }
    )
    return tw.with_vectors(table, [vector(key, model[key]) for key in keys])


def vector(key: Key, written: int) -> np.ndarray:
    seed = [VIDEOS.index(key[0]), int(key[1]), len(key[2]), written]
    return np.random.default_rng(seed).normal(size=D).astype(np.float32)


def key_of(number: int) -> Key:
    return VIDEOS[number % 3], float(number // 6 * 5), ("visual", "audio")[number // 3 % 2]


def model_of(table: pd.DataFrame) -> dict[Key, int]:
    """What a table holds; fails where a segment is there twice or its vector is another's."""
    names = ["video_id", "start_sec", "embedding_option", "written"]
    model: dict[Key, int] = {}
    for (*key, written), found in zip(
        table[names].itertuples(index=False), table["embedding"], strict=True
    ):
        assert tuple(key) not in model
        model[tuple(key)] = written  # type: ignore[index]
        assert np.array_equal(found, vector(tuple(key), written))  # type: ignore[arg-type]
    return model


class Changes(RuleBasedStateMachine):
    """Any order of writing, deleting and tidying, by two handles of one store."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.handles = [tw.open(self.folder.name), tw.open(self.folder.name)]
        self.model: dict[Key, int] = {}
        self.seen: dict[int, dict[Key, int]] = {}
        self.change = 0

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(numbers=NUMBERS, by=st.integers(0, 1), replace=st.booleans())
    def write(self, numbers: list[int], by: int, replace: bool) -> None:
        self.change += 1
        new = {key_of(number): self.change for number in numbers}
        store = self.handles[by]
        if not replace and new.keys() & self.model.keys():
            with pytest.raises(tw.InputError, match="is in the store already"):
                store.add(rows_of(new))
            return
        assert (store.upsert if replace else store.add)(rows_of(new)) == len(new)
        self.model |= new
        self.seen[store.version] = dict(self.model)

    @precondition(lambda self: self.seen)
    @rule(start=st.integers(0, 20), video=st.sampled_from(VIDEOS))
    def delete(self, start: int, video: str) -> None:
        quoted = video.replace("'", "''")
        store = tw.open(self.folder.name)
        gone = {key for key in self.model if key[0] == video and key[1] < start}
        assert store.delete(f"video_id = '{quoted}' AND start_sec < {start}") == len(gone)
        self.model = {key: value for key, value in self.model.items() if key not in gone}
        self.seen[store.version] = dict(self.model)

    @precondition(lambda self: self.seen)
    @rule()
    def optimize(self) -> None:
        tw.open(self.folder.name).optimize()

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def go_back(self, data: Any) -> None:
        version = data.draw(st.sampled_from(sorted(self.seen)))
        assert model_of(tw.open(self.folder.name, version=version).to_table()) == self.seen[version]

    @precondition(lambda self: self.model)
    @rule(number=st.integers(0, 23), k=st.integers(1, 30))
    def search(self, number: int, k: int) -> None:
        option = key_of(number)[2]
        mine = {key: value for key, value in self.model.items() if key[2] == option}
        if not mine:
            return
        pool = rows_of(mine)
        query = vector(key_of(number), 99)
        found = tw.open(self.folder.name).search(query, k=k, by=option)
        similar = np.sort(tw.cosine_similarity(query[None], pool)[0])[::-1][:k]
        np.testing.assert_allclose(found[f"{option}_similarity"], similar, atol=1e-6)

    @invariant()
    def holds_what_was_written(self) -> None:
        store = tw.open(self.folder.name)
        assert store.count_rows() == len(self.model)
        if not self.seen:
            return
        assert model_of(store.to_table()) == self.model
        for part in (store, store.where("start_sec >= 10 OR embedding_option = 'audio'")):
            whole = part.to_table()
            read = [fragment.table() for fragment in part.fragments()]
            if read:
                pd.testing.assert_frame_equal(pd.concat(read), whole)
            assert part.count_rows() == len(whole)
        counted = store.videos().set_index(["video_id", "embedding_option"])["n_segments"]
        expected = pd.Series([key[::2] for key in self.model], dtype=object).value_counts()
        assert counted.to_dict() == expected.to_dict()


TestChanges = Changes.TestCase
TestChanges.pytestmark = [pytest.mark.once]
TestChanges.settings = settings(
    max_examples=10,
    stateful_step_count=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_pieces_are_small_enough_to_be_several(monkeypatch: Any) -> None:
    monkeypatch.setattr(shards, "ROWS", 5)
    machine = Changes()
    machine.write(list(range(24)), 0, replace=True)
    machine.delete(10, "a")
    machine.write([1, 2, 3], 1, replace=True)
    assert len(tw.open(machine.folder.name).fragments()) > 3
    machine.holds_what_was_written()
    machine.teardown()
