"""Calls of a client against a hostile service, as many as are wanted.

Run by hand::

    python tests/benchmarks/soak_hostile.py --calls 2000 --seed 1

Every call must end in an ``ApiError`` or a table within seconds, in one line without control
characters, and the key must stand nowhere. What was wrong is printed, then how the calls ended.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from hostility import meet  # noqa: E402

AT_ONCE = 50


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    ends, n_wrong, begun = Counter[str](), 0, time.monotonic()
    for number in range(-(-chosen.calls // AT_ONCE)):
        with tempfile.TemporaryDirectory() as folder:
            met, wrong = meet(chosen.seed * 10_000 + number, Path(folder), AT_ONCE)
        ends += met
        n_wrong += len(wrong)
        for line in wrong:
            print("WRONG", number, line[:300], flush=True)
    print(f"{sum(ends.values())} calls in {time.monotonic() - begun:.0f} s, {n_wrong} wrong")
    for name, count in ends.most_common():
        print(f"{count:6} {name}")


if __name__ == "__main__":
    main()
