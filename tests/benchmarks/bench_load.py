"""How fast and in how much memory an answer loads; run it as a script.

Writes an answer of 10,000 segments of 512 numbers once (as the service prints them: float32,
shortest form), then, each in a fresh process and interleaved, best of several:

* ``orjson + numpy.array`` and ``json + numpy.array``: text -> matrix, and nothing else
* ``parse``: text -> parsed document with the vectors as arrays
* ``tw.load``: file -> table

``cold`` is the first call of a process, as in a fresh notebook; ``warm`` the best later one. CPU
seconds, so that other work on the machine weighs less. Then the peak memory of one load above
what the process held before, over file + matrix; and the time per file of 250 and 1,000 files.

    python tests/benchmarks/bench_load.py [--repeat 5]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import orjson

N_SEGMENTS, N_DIMS = 10_000, 512
WAYS = ("orjson", "json", "parse", "load")


def answer(n_segments: int, seed: int = 0, name: str = "film.mp4") -> bytes:
    """An embed v1 answer of unit vectors, one block of clips of 6 s."""
    matrix = np.random.default_rng(seed).normal(size=(n_segments, N_DIMS)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    segments = [
        {
            "float": vector,
            "start_offset_sec": k * 6,
            "end_offset_sec": k * 6 + 6,
            "embedding_option": "visual",
            "embedding_scope": "clip",
        }
        for k, vector in enumerate(matrix)
    ]
    document = {
        "_id": f"{seed:024x}",
        "model_name": "marengo3.0",
        "status": "ready",
        "video_embedding": {
            "metadata": {"input_filename": name, "duration": n_segments * 6.0},
            "segments": segments,
        },
    }
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)


def run_once(way: str, path: Path) -> object:
    """One reading of the file."""
    import twlab as tw
    from twlab.loading.parsing import parse

    if way == "load":
        return tw.load(path)
    if way == "parse":
        return parse(lambda: path.open("rb"))
    loads = orjson.loads if way == "orjson" else json.loads
    document = loads(path.read_bytes())
    segments = document["video_embedding"]["segments"]
    return np.array([segment["float"] for segment in segments], np.float32)


def peak_bytes() -> int:
    """The most memory that this process has held so far."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def child(way: str, path: Path, repeat: int) -> dict[str, float]:
    """CPU seconds cold and warm, and the growth of the peak in the cold run."""
    small = path.with_name("small.json")
    run_once(way, small)  # imports
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts from here
    before = peak_bytes()
    seconds = []
    grown = 0
    for _ in range(repeat):
        started = time.process_time()
        result = run_once(way, path)
        seconds.append(time.process_time() - started)
        grown = grown or peak_bytes() - before
        del result
    return {"cold": seconds[0], "warm": min(seconds[1:] or seconds), "peak": grown}


def in_fresh_process(way: str, path: Path, repeat: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", way, str(path), "--repeat", str(repeat)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def report_parsing(folder: Path, repeat: int) -> None:
    path = folder / "big.json"
    path.write_bytes(answer(N_SEGMENTS))
    (folder / "small.json").write_bytes(answer(2))
    best: dict[str, dict[str, float]] = {}
    for _ in range(repeat):
        for way in WAYS:
            once = in_fresh_process(way, path, 2 if way == "json" else 4)
            known = best.setdefault(way, once)
            best[way] = {key: min(known[key], once[key]) for key in once}
    size = path.stat().st_size
    whole = size + N_SEGMENTS * N_DIMS * 4
    print(f"{size / 1e6:.0f} MB, {N_SEGMENTS} x {N_DIMS}; CPU seconds, peak over file + matrix")
    for way, one in best.items():
        ratios = [best["orjson"][key] / one[key] for key in ("cold", "warm")]
        print(
            f"{way:>8}  cold {one['cold']:.3f} ({ratios[0]:.2f}x orjson)  "
            f"warm {one['warm']:.3f} ({ratios[1]:.2f}x orjson)  peak {one['peak'] / whole:.2f}"
        )


def report_folders(folder: Path) -> None:
    import twlab as tw

    tw.load(folder / "small.json")  # imports
    for n_files in (250, 1000):
        below = folder / str(n_files)
        below.mkdir()
        for k in range(n_files):
            (below / f"{k}.json").write_bytes(answer(50, seed=k, name=f"{k}.mp4"))
        started = time.process_time()
        table = tw.load(below, progress=False)
        seconds = time.process_time() - started
        size = sum(path.stat().st_size for path in below.iterdir())
        print(
            f"{n_files} files, {len(table)} rows: {seconds / n_files * 1e3:.2f} ms per file, "
            f"{size / seconds / 1e6:.0f} MB/s"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--child", nargs=2)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    if options.child:
        way, path = options.child
        print(json.dumps(child(way, Path(path), options.repeat)))
        return
    with tempfile.TemporaryDirectory() as folder:
        report_parsing(Path(folder), options.repeat)
        report_folders(Path(folder))


if __name__ == "__main__":
    main()
