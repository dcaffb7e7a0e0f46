"""How long ``import twlab`` takes beside ``import numpy, pandas``; run it as a script.

``import twlab`` puts off even numpy and pandas; the first use of a name loads them, so that is
measured as well.

Fresh processes in turn; medians of the seconds and of the ratios of neighbouring runs, wall clock
and CPU (user and system), because other work on the machine disturbs the first.

    python tests/benchmarks/bench_import.py [--rounds 15]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

import numpy as np

CODES = {
    "numpy, pandas": "import numpy, pandas",
    "twlab": "import twlab",
    "twlab, first use": "import twlab; twlab.vectors",
}


def seconds(code: str) -> tuple[float, float]:
    """Wall clock and CPU of a fresh process."""
    wall, before = time.perf_counter(), os.times()
    subprocess.run([sys.executable, "-c", code], check=True)
    after = os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return time.perf_counter() - wall, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    found = [[seconds(code) for code in CODES.values()] for _ in range(rounds + 1)][1:]
    table = np.array(found)
    for name, (wall, cpu) in zip(CODES, np.median(table, axis=0), strict=True):
        print(f"import {name:18} {wall:.3f} s wall {cpu:.3f} s CPU")
    for k, name in enumerate(CODES):
        wall, cpu = np.median(table[:, k] / table[:, 0], axis=0)
        print(f"{name:25} x{wall:.2f} wall x{cpu:.2f} CPU")


if __name__ == "__main__":
    main()
