"""A table of clips of 6 s with given vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import twlab as tw


def table(matrix: Any, option: str = "visual", video: str = "a") -> pd.DataFrame:
    """One video in one option."""
    start = 6.0 * np.arange(len(matrix))
    rows = pd.DataFrame({"video_id": video, "start_sec": start, "end_sec": start + 6})
    rows = rows.assign(embedding_option=option, embedding_scope="clip", model_name="test")
    return tw.with_vectors(rows, np.asarray(matrix, np.float32))
