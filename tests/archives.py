"""Vectors shaped like those of an archive: videos of scenes of clips that resemble each other.

Two clips of one scene are about .85 alike (some nearly the same), of one video .6, any two .45, as
in real footage; some scenes come back in other videos with little change, as trailers do.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

import twlab as tw

CLIPS_OF_SCENE, SCENES_OF_VIDEO = 12, 20
SHARED, COPIED = 0.7, 0.05
"""Weight of what all vectors share, and share of scenes that copy another one."""


def archive(n: int, *, d: int = 512, seed: int = 0) -> np.ndarray:
    """Unit vectors of shape (n, d), float32, in order of video and time."""
    rng = np.random.default_rng(seed)
    # Few directions carry most of the spread, as in real embeddings.
    weight = ((1 + np.arange(d)) ** -0.5).astype(np.float32)
    weight /= np.sqrt((weight**2).sum())
    scene = np.repeat(np.arange(n), rng.geometric(1 / CLIPS_OF_SCENE, size=n))[:n]
    video = scene // SCENES_OF_VIDEO
    n_scenes = int(scene[-1]) + 1
    scenes = rng.standard_normal((n_scenes, d), np.float32) * weight
    spread = rng.uniform(0.15, 0.75, n_scenes).astype(np.float32)
    copied = np.flatnonzero(rng.random(n_scenes) < COPIED)
    videos = rng.standard_normal((int(video[-1]) + 1, d), np.float32) * weight * 0.6
    scenes = scenes * 0.8 + videos[np.arange(n_scenes) // SCENES_OF_VIDEO]
    scenes[copied] = scenes[rng.integers(0, n_scenes, len(copied))]
    common = (rng.standard_normal(d) / np.sqrt(d)).astype(np.float32)
    out = np.empty((n, d), np.float32)
    for first in range(0, n, 50_000):  # a million rows need no second copy
        at = scene[first : first + 50_000]
        noise = rng.standard_normal((len(at), d), np.float32) * weight
        rows = scenes[at] + noise * spread[at, None] + common * SHARED
        out[first : first + 50_000] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return out


def table_of(matrix: np.ndarray, *, clips_of_video: int = 240) -> pd.DataFrame:
    """The vectors as segments of 6 s of videos of equal length."""
    at = np.arange(len(matrix))
    rows = pd.DataFrame({"video_id": [f"v{k:05}" for k in at // clips_of_video]})
    rows["start_sec"] = (at % clips_of_video) * 6.0
    rows["end_sec"] = rows["start_sec"] + 6.0
    rows["embedding_option"], rows["embedding_scope"] = "visual", "clip"
    rows["model_name"] = "generated"
    return tw.with_vectors(rows, matrix)
