"""Pictures, with their types. Written by tests/stubs.py from the rooms."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from twlab.analysis.models.comparing import ModelComparison as _ModelComparison
from twlab.archive.sources import Source as _Source
from twlab.looks import ThemeName as _ThemeName
from twlab.table.types import NamedQueries as _NamedQueries
from twlab.table.types import Points as _Points
from twlab.table.types import Values as _Values
from twlab.table.types import Video as _Video

_Segments = pd.DataFrame | _Source | str | os.PathLike[str]
"""A table of segments, a store, a part of one or another source, or the path of a store."""
_Vectors = NDArray[Any] | Sequence[Sequence[float]]
"""A plain matrix, one vector in a row."""

def alignment(
    a: _Segments,
    b: _Segments,
    *,
    pieces: pd.DataFrame,
    title: str | None = None,
    theme: _ThemeName = "auto",
    style: Literal["screen", "paper"] = "screen",
    width_mm: float | None = None,
) -> go.Figure:
    """The pieces that two videos share, each a box and a line on their cross-similarity."""

def diff(
    found: pd.DataFrame,
    *,
    title: str | None = None,
    theme: _ThemeName = "auto",
    style: Literal["screen", "paper"] = "screen",
    width_mm: float | None = None,
) -> go.Figure:
    """Versions of a film as tracks below each other, with what became of each stretch."""

def heatmap(
    segments: _Segments,
    to: _Segments | None = None,
    *,
    similarity: _Points | None = None,
    scenes: pd.DataFrame | None = None,
    value_name: str | None = None,
    title: str | None = None,
    theme: _ThemeName = "auto",
    style: Literal["screen", "paper"] = "screen",
    width_mm: float | None = None,
) -> go.Figure:
    """A heatmap of cosine similarity along time; blocks on the diagonal look alike."""

def hits(
    segments: _Segments,
    found: pd.DataFrame,
    *,
    title: str | None = None,
    theme: _ThemeName = "auto",
    style: Literal["screen", "paper"] = "screen",
    width_mm: float | None = None,
) -> go.Figure:
    """Where the hits of a search lie: a lane per video, hits coloured by score, ranks above them."""

def modality_gap(
    gaps: pd.DataFrame,
    *,
    title: str | None = None,
    theme: _ThemeName = "auto",
    style: Literal["screen", "paper"] = "screen",
    width_mm: float | None = None,
) -> go.Figure:
    """The gap between options and what a search finds across it, before and after centring."""

def models(
    comparison: _ModelComparison,
    *,
    video_id: str | None = None,
    video: _Video | None = None,
    title: str | None = None,
    theme: _ThemeName = "auto",
    style: Literal["screen", "paper"] = "screen",
    width_mm: float | None = None,
) -> go.Figure:
    """Where two models differ: both heatmaps, their difference, and the moments in dispute."""

def novelty(
    segments: _Segments,
    values: _Values | None = None,
    *,
    scenes: pd.DataFrame | None = None,
    title: str | None = None,
    theme: _ThemeName = "auto",
    style: Literal["screen", "paper"] = "screen",
    width_mm: float | None = None,
) -> go.Figure:
    """A curve of novelty along time; its peaks are where scenes begin."""

def option_worth(
    worth: pd.DataFrame,
    *,
    title: str | None = None,
    theme: _ThemeName = "auto",
    style: Literal["screen", "paper"] = "screen",
    width_mm: float | None = None,
) -> go.Figure:
    """What an option adds to each measure of a search, with its interval."""

def options(
    agreement: pd.DataFrame,
    *,
    title: str | None = None,
    theme: _ThemeName = "auto",
    style: Literal["screen", "paper"] = "screen",
    width_mm: float | None = None,
) -> go.Figure:
    """The agreement of embedding options, each with the range that chance gives."""

def scatter(
    segments: _Segments,
    coords: pd.DataFrame | None = None,
    *,
    color: _Values | None = None,
    size: _Values | None = None,
    names: Mapping[Any, Any] | pd.Series[Any] | None = None,
    queries: _NamedQueries | None = None,
    title: str | None = None,
    theme: _ThemeName = "auto",
    style: Literal["screen", "paper"] = "screen",
    width_mm: float | None = None,
) -> go.Figure:
    """A scatter plot of a projection, one point per segment."""

def storyboard(
    found: pd.DataFrame | pd.Series[Any],
    segments: _Segments | None = None,
    *,
    video: _Video | None = None,
    n_frames: int = 5,
    title: str | None = None,
    theme: _ThemeName = "auto",
    style: Literal["screen", "paper"] = "screen",
    width_mm: float | None = None,
) -> go.Figure:
    """What was found as pictures: a row of frames, with timecodes, for each scene, cluster or hit."""

def threshold(
    segments: _Segments,
    *,
    title: str | None = None,
    theme: _ThemeName = "auto",
    style: Literal["screen", "paper"] = "screen",
    width_mm: float | None = None,
) -> go.Figure:
    """How alike neighbours and unrelated segments are, with the threshold proposed between them."""

def timeline(
    segments: _Segments,
    *,
    lanes: _Values = "embedding_option",
    color: _Values | None = None,
    scenes: pd.DataFrame | None = None,
    novelty: _Values | None = None,
    title: str | None = None,
    theme: _ThemeName = "auto",
    style: Literal["screen", "paper"] = "screen",
    width_mm: float | None = None,
) -> go.Figure:
    """A timeline of segments as bars, with timecodes below and a lane for each value of a column."""

__all__ = [
    "alignment",
    "diff",
    "heatmap",
    "hits",
    "modality_gap",
    "models",
    "novelty",
    "option_worth",
    "options",
    "scatter",
    "storyboard",
    "threshold",
    "timeline",
]
