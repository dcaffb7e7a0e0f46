"""Ingests killed (-9) at random moments, and pairs of writers of the same segments.

Run by hand::

    python tests/benchmarks/soak_store.py --runs 50
    python tests/benchmarks/soak_store.py --runs 10 --pairs

Every run is a store of its own, a process that writes batches of 5,000 x 128 one commit each and
is killed up to two seconds after its first commit. After reopening, every batch that the process
said it had committed must be there, every batch that is there must be whole, no row may be put
together from two, none there twice; then the next ingest of the same must succeed. With
``--pairs`` two processes write the same batches at once, one of which is killed; the other must
end well, and then nothing may be missing. One line per run that fails, and the sums at the end.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import store_writers  # noqa: E402

import twlab as tw  # noqa: E402

if TYPE_CHECKING:
    import subprocess

ROWS, WIDTH, LONGEST_SEC, PAIR_BATCHES = 5_000, 128, 2.0, 8


def ready(folder: str, writer: int, n_batches: int) -> subprocess.Popen[str]:
    """A process that waits to write."""
    return store_writers.ready(folder, writer, n_batches, ROWS, WIDTH)


def kill_later(process: subprocess.Popen[str], dice: random.Random) -> int:
    """How many batches a process said were committed before it was killed."""
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(dice.uniform(0, LONGEST_SEC))
    process.kill()
    rest, _ = process.communicate()
    return len((first + rest).split())


def check(folder: str, n_said: int) -> int:
    """How many batches the store holds, having checked them."""
    table = tw.open(folder).to_table()
    store_writers.check_whole(table, ROWS)
    n_there = len(table) // ROWS
    assert n_there >= n_said, f"{n_said} batches were committed, {n_there} are there"
    again = tw.open(folder)
    again.upsert(store_writers.batch(0, writer=9, n_rows=ROWS, width=WIDTH))
    store_writers.check_whole(again.to_table(), ROWS)
    return n_there


def killed(folder: str, dice: random.Random) -> tuple[int, int]:
    """Batches said and there after one killed ingest."""
    writer = ready(folder, 1, 10_000)
    store_writers.begin(writer)
    n_said = kill_later(writer, dice)
    return n_said, check(folder, n_said)


def raced(folder: str, dice: random.Random) -> tuple[int, int]:
    """Batches said and there after two writers, one of which was killed."""
    survivor, victim = (ready(folder, writer, PAIR_BATCHES) for writer in (1, 2))
    store_writers.begin(survivor, victim)
    kill_later(victim, dice)
    said, _ = survivor.communicate()
    assert survivor.returncode == 0, "the writer that was not killed failed"
    return len(said.split()), check(folder, PAIR_BATCHES)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pairs", action="store_true")
    args = parser.parse_args()
    dice, failed, said, there = random.Random(args.seed), 0, 0, 0
    for run in range(args.runs):
        with tempfile.TemporaryDirectory() as folder:
            try:
                counts = (raced if args.pairs else killed)(folder, dice)
            except (AssertionError, tw.TwlabError) as error:
                failed += 1
                print(f"run {run}: {error}", flush=True)
                continue
        said, there = said + counts[0], there + counts[1]
    print(f"{args.runs} runs, {failed} failed; {said} batches committed and said, {there} there")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
