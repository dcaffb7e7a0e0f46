"""Copies that ffmpeg made, embedded anew, traced back: mirrored, cropped, faster, slower, re-cut.

Two steps, since vectors of pictures need an environment of their own (``data/rebuild_sample.py``
says how to make it; about a minute per edit on two cores):

    python tests/benchmarks/bench_align_video.py --embed FOLDER     # there: ffmpeg and torch
    python tests/benchmarks/bench_align_video.py --score FOLDER     # here

Scored is the F of precision and recall over the seconds of the edit, right within one clip of the
true place, at clips of 2 s and 6 s. No setting is changed per case.

Measured: at 2 s 1.000 for all nine; at 6 s mirrored, cropped, faster (1.25 x, 2 x) and 0.8 x 1.000,
0.5 x .987, re-cut .993, re-cut and mirrored .983, and nothing found (.000) of the grey one, whose
pictures lie so far from the film's (mean centred similarity .34) that it counts as chance.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
FILM = ROOT / "data" / "sample" / "big_buck_bunny_240p.mp4"
CLIPS = (2.0, 6.0)

# Name -> pieces of the film (from, to) in seconds, how fast they run, and what ffmpeg does to them.
EDITS: dict[str, tuple[list[tuple[float, float]], float, str]] = {
    "mirrored": ([(61.3, 181.3)], 1.0, "hflip"),
    "cropped and brighter": ([(61.3, 181.3)], 1.0, "crop=iw*0.85:ih*0.85,eq=brightness=0.08"),
    "grey, small, packed hard": ([(201.7, 321.7)], 1.0, "hue=s=0,scale=160:-2"),
    "1.25 x faster": ([(120.5, 270.5)], 1.25, "null"),
    "2 x faster": ([(120.5, 270.5)], 2.0, "null"),
    "0.8 x slower": ([(120.5, 220.5)], 0.8, "null"),
    "0.5 x slower": ([(120.5, 190.5)], 0.5, "null"),
    "re-cut": ([(403.3, 431.9), (55.1, 90.7), (300.2, 317.6), (150.0, 188.3)], 1.0, "null"),
    "re-cut and mirrored": ([(403.3, 431.9), (55.1, 90.7), (300.2, 317.6)], 1.0, "hflip"),
}


def make(name: str, path: Path) -> None:
    """The edit as a video."""
    pieces, speed, what = EDITS[name]
    inputs: list[str] = []
    for a, b in pieces:
        inputs += ["-ss", str(a), "-to", str(b), "-i", str(FILM)]
    cuts = "".join(f"[{k}:v]setpts=(PTS-STARTPTS)/{speed}[p{k}];" for k in range(len(pieces)))
    joined = "".join(f"[p{k}]" for k in range(len(pieces)))
    graph = f"{cuts}{joined}concat=n={len(pieces)}:v=1:a=0,{what},fps=24[v]"
    command = ["ffmpeg", "-v", "error", "-y", *inputs, "-filter_complex", graph]
    subprocess.run([*command, "-map", "[v]", "-crf", "32", str(path)], check=True)


def embed(folder: Path) -> None:
    sys.path.insert(0, str(ROOT / "data"))
    from rebuild_sample import frame_features, frames, visual_vectors

    folder.mkdir(parents=True, exist_ok=True)
    for name in ("film", *EDITS):
        target = folder / f"{name}.npz"
        if target.exists():
            continue
        video = FILM if name == "film" else folder / "edit.mp4"
        if name != "film":
            make(name, video)
        features = frame_features(frames(video))
        seconds = len(features) / 2
        vectors = {}
        for clip in CLIPS:
            starts = np.arange(0, seconds - clip / 3, clip)
            spans = [(float(at), min(float(at) + clip, seconds)) for at in starts]
            vectors[f"spans_{clip:g}"] = np.array(spans)
            vectors[f"vectors_{clip:g}"] = visual_vectors(features, spans)
        np.savez(target, **vectors)
        print(name, f"{seconds:.1f} s", flush=True)


def table(file: Path, clip: float, video: str):  # type: ignore[no-untyped-def]
    import pandas as pd

    import twlab as tw

    with np.load(file) as stored:
        spans, matrix = stored[f"spans_{clip:g}"], stored[f"vectors_{clip:g}"]
    rows = pd.DataFrame({"video_id": video, "start_sec": spans[:, 0], "end_sec": spans[:, 1]})
    return tw.with_vectors(rows, matrix)


def true_boxes(name: str) -> list[tuple[float, float, float, float]]:
    pieces, speed, _ = EDITS[name]
    boxes, at = [], 0.0
    for a, b in pieces:
        boxes.append((at, a, at + (b - a) / speed, b))
        at = boxes[-1][2]
    return boxes


def score(folder: Path) -> None:
    from bench_align import agreement

    import twlab as tw

    scores: dict[float, list[float]] = {clip: [] for clip in CLIPS}
    for name in EDITS:
        line = f"{name:26}"
        for clip in CLIPS:
            edit = table(folder / f"{name}.npz", clip, "edit")
            found = tw.align(edit, table(folder / "film.npz", clip, "film"))
            scores[clip].append(agreement(found, true_boxes(name), clip))
            line += f"  {scores[clip][-1]:.3f} ({len(found)} boxes)"
        print(line)
    print(f"{'mean':26}" + "".join(f"  {np.mean(scores[clip]):.3f}          " for clip in CLIPS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--embed", type=Path, metavar="FOLDER")
    parser.add_argument("--score", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    if args.embed:
        embed(args.embed)
    elif args.score:
        score(args.score)
    else:
        parser.error("--embed or --score with a folder was expected")


if __name__ == "__main__":
    main()
