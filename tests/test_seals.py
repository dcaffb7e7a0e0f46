"""Saved tables that rot are refused, and what was saved comes back."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import twlab as tw
from twlab.loading import SEAL_KEY

sys.path.insert(0, str(Path(__file__).parent / "fuzz"))
from flip_bits import ENDINGS, flips, same

pytestmark = pytest.mark.filterwarnings("ignore::twlab.TwlabWarning")


@pytest.fixture(scope="module")
def mixed() -> pd.DataFrame:
    """Two answers of other dimensions, neither of which names its model."""
    rng = np.random.default_rng(0)
    answers = [
        {
            "data": [
                {
                    "embedding": rng.normal(size=size).tolist(),
                    "embedding_option": "visual",
                    "start_sec": 6 * k,
                    "end_sec": 6 * k + 6,
                }
                for k in range(3)
            ],
            "metadata": {"input_filename": f"{size}.mp4"},
        }
        for size in (512, 1024, 3)
    ]
    return tw.load(answers)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_flipped_bit_is_refused_or_harmless(ending: str, tmp_path: Path) -> None:
    counts = flips(ending, 150, 1, tmp_path)
    assert counts["WRONG"] == 0
    assert counts["refused"] > 100


def test_every_bit_behind_the_description(tmp_path: Path) -> None:
    film = tw.sample().head(3)
    path = tw.save(film, tmp_path / "a.parquet")
    content = path.read_bytes()
    for bit in range(8 * 8):
        flipped = bytearray(content)
        flipped[len(content) - 1 - bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        with pytest.raises(tw.LoadError):
            tw.load(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_two_dimensions_come_back(ending: str, mixed: pd.DataFrame, tmp_path: Path) -> None:
    path = tw.save(mixed, tmp_path / f"a.{ending}")
    again = tw.load(path)
    assert same(again[mixed.columns], mixed)
    assert tw.check(path).empty


@pytest.mark.parametrize("ending", ENDINGS)
def test_check_finds_nothing_in_what_was_saved(ending: str, tmp_path: Path) -> None:
    assert tw.check(tw.save(tw.sample(), tmp_path / f"a.{ending}")).empty


def test_files_without_a_checksum_load(mixed: pd.DataFrame, tmp_path: Path) -> None:
    film = tw.sample().head(5)
    document = json.loads(tw.save(film, tmp_path / "a.json").read_text())
    assert document.pop(SEAL_KEY)
    (tmp_path / "a.json").write_text(json.dumps(document))
    assert same(tw.load(tmp_path / "a.json")[["embedding"]], film[["embedding"]])
    lines = tw.save(film, tmp_path / "a.jsonl").read_text().splitlines()
    (tmp_path / "a.jsonl").write_text("\n".join(lines[:-1]))
    assert same(tw.load(tmp_path / "a.jsonl")[["embedding"]], film[["embedding"]])
    pq.write_table(pq.read_table(tw.save(mixed, tmp_path / "a.parquet")), tmp_path / "b.parquet")
    assert same(tw.load(tmp_path / "b.parquet"), mixed)


def test_other_readers_and_other_layouts(tmp_path: Path) -> None:
    film = (
        tw.sample().head(20).assign(tags=[[0.1 * k] * 30 for k in range(20)], day=pd.Timestamp(0))
    )
    path = tw.save(film, tmp_path / "a.parquet")
    assert len(pd.read_parquet(path)) == 20
    path = tw.save(film, tmp_path / "a.json")
    path.write_text(json.dumps(json.loads(path.read_text()), indent=2))
    assert same(tw.load(path)[["embedding"]], film[["embedding"]])
    assert len(tw.load(json.loads(path.read_text()))) == 20
    a, b = (tw.save(film.iloc[half], tmp_path / f"{half.start}.jsonl") for half in HALVES)
    a.write_text(a.read_text() + b.read_text())
    assert len(tw.load(a)) == 20
    assert len(tw.load([json.loads(line) for line in a.read_text().splitlines()])) == 20


HALVES = (slice(0, 10), slice(10, 20))


@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_a_file_that_was_changed_and_the_remedy(ending: str, tmp_path: Path) -> None:
    path = tw.save(tw.sample().head(2), tmp_path / f"a.{ending}")
    text = path.read_text()
    path.write_text(text.replace('"start_sec":0.0', '"start_sec":1.0', 1))
    with pytest.raises(tw.LoadError, match=f"checksum does not fit.*remove '{SEAL_KEY}'"):
        tw.load(path)
    assert len(tw.check(path)) == 1
    mended = path.read_text().replace(SEAL_KEY, "x") if ending == "json" else path.read_text()
    path.write_text(mended if ending == "json" else mended.rpartition('{"twlab')[0])
    assert tw.load(path)["start_sec"].iloc[0] == 1


@pytest.mark.parametrize(
    "document",
    [
        {SEAL_KEY: 1},
        {SEAL_KEY: None, "segments": 5},
        {SEAL_KEY: "0", "segments": [1]},
        {SEAL_KEY: "0", "segments": [{"embedding": [1, "a"]}]},
        {SEAL_KEY: "0", "segments": [{"embedding": [1.0], "x": [[10**400]]}]},
        {SEAL_KEY: "0", "segments": [{"embedding": [10**400]}]},
        [{SEAL_KEY: {}}],
        [{"embedding": None}, {SEAL_KEY: "0"}],
    ],
)
def test_checksums_of_others(document: Any) -> None:
    with pytest.raises(tw.LoadError, match="checksum"):
        tw.load(json.dumps(document).encode())
