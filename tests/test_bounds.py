"""Small files that unpack to more than memory holds."""

from __future__ import annotations

import gzip
import json
import resource
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

import twlab as tw
from twlab.loading import bounds_of
from twlab.memory import free_bytes

if TYPE_CHECKING:
    from pathlib import Path

MOST = 5_000_000
MEGABYTE = 1 << 20


def packed(path: Path, head: bytes, part: bytes, n_parts: int, end: bytes = b"") -> Path:
    """A packed file of one part again and again."""
    opened: Any = gzip.open if path.suffix == ".gz" else zstandard.open
    with opened(path, "wb") as file:
        file.write(head)
        for _ in range(n_parts):
            file.write(part)
        file.write(end)
    return path


BOMBS: dict[str, tuple[bytes, bytes, bytes]] = {
    "blanks.json.gz": (b"", b" " * MEGABYTE, b""),
    "blanks.json.zst": (b"", b" " * MEGABYTE, b""),
    "brackets.json.gz": (b"", b"[ " * (MEGABYTE // 2), b""),
    "numbers.json.gz": (b"[", b"0," * (MEGABYTE // 2), b'"x"]'),
    "rows.json.zst": (b"[0", b',{"embedding":[1,2]}' * (MEGABYTE // 20), b"]"),
    "commas.csv.gz": (b"embedding,start_sec\n", (b"x" * 1020 + b",1\n") * 1024, b""),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_unpacks_too_far_is_refused(name: str, tmp_path: Path) -> None:
    head, part, end = BOMBS[name]
    path = packed(tmp_path / name, head, part, 8, end)
    for source in (path, path.read_bytes()):
        with pytest.raises(tw.LoadError, match=r"more than 5,000,000 bytes.*max_bytes="):
            tw.load(source, max_bytes=MOST)
    assert "max_bytes=" in tw.check(path, max_bytes=MOST)["problem"].iloc[0]
    with pytest.raises(tw.LoadError) as caught:  # the remedy reads on, to what is wrong then
        tw.load(path, max_bytes=10**9)
    assert "max_bytes" not in str(caught.value)


def test_the_remedy_loads_a_good_file(tmp_path: Path) -> None:
    row = json.dumps({"embedding": [0.5] * 512, "start_sec": 0, "end_sec": 6}).encode()
    path = packed(tmp_path / "a.json.gz", b"[" + row, b"," + row, 3000, b"]")
    with pytest.raises(tw.LoadError, match="max_bytes="):
        tw.load(path, max_bytes=MOST)
    with pytest.warns(tw.TwlabWarning, match="repeat"):
        assert len(tw.load(path, max_bytes=4 * MOST)) == 3001
    with pytest.warns(tw.TwlabWarning, match="repeat"):
        assert len(tw.load(path)) == 3001
    plain = tmp_path / "a.json"
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    with pytest.raises(tw.LoadError, match="max_bytes="):
        tw.load(plain, max_bytes=MOST)


def test_parquet_says_how_large_it_is(tmp_path: Path) -> None:
    block = np.zeros(4_000_000, np.float32)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(block), 1000)
    pq.write_table(pa.table({"embedding": lists}), tmp_path / "a.parquet", compression="zstd")
    assert (tmp_path / "a.parquet").stat().st_size < MOST / 100
    with pytest.raises(tw.LoadError, match="max_bytes="):
        tw.load(tmp_path / "a.parquet", max_bytes=MOST)
    assert len(tw.load(tmp_path / "a.parquet", max_bytes=4 * MOST)) == 4000


def test_a_bomb_in_a_folder_is_left_out_and_told(tmp_path: Path) -> None:
    packed(tmp_path / "a.json.zst", b"", b" " * MEGABYTE, 8)
    (tmp_path / "b.json").write_text('[{"embedding": [1, 2]}]')
    with pytest.warns(tw.TwlabWarning, match=r"a\.json\.zst: holds more than"):
        assert len(tw.load(tmp_path, max_bytes=MOST)) == 1


def test_packed_parquet_loads(tmp_path: Path) -> None:
    content = tw.save(tw.sample(), tmp_path / "a.parquet").read_bytes()
    for name, text in (
        ("b.parquet.zst", zstandard.compress(content)),
        ("b.parquet.gz", gzip.compress(content)),
    ):
        (tmp_path / name).write_bytes(text)
        pd.testing.assert_frame_equal(tw.load(tmp_path / name), tw.load(tmp_path / "a.parquet"))


@pytest.mark.parametrize("value", [0, -1, True, 1e9, "1GB"])
def test_bounds_are_whole_numbers(value: Any) -> None:
    for function in (tw.load, tw.check):
        with pytest.raises(tw.InputError, match="max_bytes is"):
            function([{"embedding": [1.0]}], max_bytes=value)


def test_memory_holds_four_times_what_is_allowed() -> None:
    free = free_bytes()
    assert free is not None
    assert bounds_of(None).total == pytest.approx(free / 4, rel=0.2)


PROGRAM = """
import resource, sys, twlab as tw
from pathlib import Path
tw.load([{"embedding": [1.0]}])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
try:
    tw.load(sys.argv[1])
except tw.LoadError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.once
@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
@pytest.mark.parametrize("name", ["blanks.json.zst", "brackets.json.gz"])
def test_a_bomb_takes_little_memory(name: str, tmp_path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY
    head, part, end = BOMBS[name]
    path = packed(tmp_path / name, head, part, 300, end)
    command = [sys.executable, "-c", PROGRAM, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    message, grown = done.stdout.splitlines()
    assert "max_bytes=" in message
    assert int(grown) < 700_000
