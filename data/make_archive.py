"""Make a store of generated segments, real-shaped, to try things at a size that no film has.

    python data/make_archive.py FOLDER [--segments 1000000] [--dims 512] [--seed 0]

Videos of 20 to 400 clips of 6 s; each video has a look of its own, each scene (2 to 12 clips) a
place in one of 200 themes that videos share, each clip a little of its own. One video in fifty is
a copy of an earlier one, cut at both ends and with some noise, as re-uploads are. The numbers
are drawn, not seen: they are no embeddings of anything.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Iterator

THEMES, CLIP_SEC, COPY_SHARE = 200, 6.0, 0.02
BATCH_ROWS = 50_000


def videos(n_segments: int, dims: int, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Name and vectors of each video, until there are enough segments."""
    rng = np.random.default_rng(seed)
    themes = rng.normal(size=(THEMES, dims)).astype(np.float32)
    earlier: list[np.ndarray] = []
    left, number = n_segments, 0
    while left > 0:
        length = min(int(rng.integers(20, 400)), left)
        if earlier and rng.random() < COPY_SHARE:
            matrix = copy_of(earlier[rng.integers(len(earlier))], rng)[:left]
        else:
            matrix = one_video(length, themes, rng)
        if len(earlier) < 200:
            earlier.append(matrix)
        yield f"video-{number:06}", matrix
        left, number = left - len(matrix), number + 1


def one_video(length: int, themes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scenes of a video that lie near a few themes."""
    dims = themes.shape[1]
    look = 0.8 * rng.standard_normal(dims, np.float32)
    own = rng.choice(THEMES, 6, replace=False)
    ends = np.cumsum(rng.integers(2, 13, length))
    scene = np.searchsorted(ends, np.arange(length), side="right")
    places = themes[rng.choice(own, scene[-1] + 1)]
    places = places + 0.7 * rng.standard_normal(places.shape, np.float32)
    return scaled(look + places[scene] + 0.5 * rng.standard_normal((length, dims), np.float32))


def copy_of(matrix: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A video again, shorter at both ends and not quite the same."""
    cut = len(matrix) // 10
    kept = matrix[cut : len(matrix) - cut]
    noise = rng.standard_normal(kept.shape, np.float32) / np.sqrt(kept.shape[1])
    return scaled(kept + 0.1 * noise)


def scaled(matrix: np.ndarray) -> np.ndarray:
    return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True), np.float32)


def tables(n_segments: int, dims: int = 512, seed: int = 0) -> Iterator[pd.DataFrame]:
    """The segments in tables of whole videos, none much larger than a batch of the store."""
    names: list[str] = []
    parts: list[np.ndarray] = []
    for name, matrix in videos(n_segments, dims, seed):
        names.append(name)
        parts.append(matrix)
        if sum(map(len, parts)) >= BATCH_ROWS:
            yield table_of(names, parts)
            names, parts = [], []
    if parts:
        yield table_of(names, parts)


def table_of(names: list[str], parts: list[np.ndarray]) -> pd.DataFrame:
    lengths = [len(part) for part in parts]
    rows = pd.DataFrame({"video_id": np.repeat(names, lengths)})
    rows["start_sec"] = np.concatenate([np.arange(n) for n in lengths]) * CLIP_SEC
    rows["end_sec"] = rows["start_sec"] + CLIP_SEC
    rows["embedding_option"], rows["embedding_scope"] = "visual", "clip"
    rows["model_name"] = "generated"
    return tw.with_vectors(rows, np.concatenate(parts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--segments", type=int, default=1_000_000)
    parser.add_argument("--dims", type=int, default=512)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    store = tw.open(args.folder)
    for table in tables(args.segments, args.dims, args.seed):
        store.add(table)
        print(f"{store.count_rows():,} of {args.segments:,} segments", flush=True)


if __name__ == "__main__":
    main()
