"""The public names, with their types. Written by tests/stubs.py from the rooms."""

import os
from collections.abc import Callable as _Callable
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, overload

import pandas as pd
from numpy.typing import NDArray

from twlab import distributed as distributed
from twlab import errors as errors
from twlab import executors as executors
from twlab import intervals as intervals
from twlab import plot as plot
from twlab.analysis.groups import clustering as _clustering
from twlab.analysis.judging.composing import compose_query as compose_query
from twlab.analysis.judging.places import Fuse as _Fuse
from twlab.analysis.judging.queries import Embedder as _Embedder
from twlab.analysis.judging.retrieval import merge_hits as merge_hits
from twlab.analysis.labelling import probing as _probing
from twlab.analysis.labelling.probing import Probe as Probe
from twlab.analysis.maps import projection as _projection
from twlab.analysis.measuring.evaluating import evaluate as evaluate
from twlab.analysis.measuring.evaluating import option_worth as option_worth
from twlab.analysis.models import comparing as _comparing
from twlab.analysis.models import translation as _translation
from twlab.analysis.models.comparing import ModelComparison as ModelComparison
from twlab.analysis.models.translation import Translation as Translation
from twlab.analysis.scenes import segmentation as _segmentation
from twlab.analysis.scenes.scoring import boundary_scores as boundary_scores
from twlab.archive.store import Part as Part
from twlab.archive.store import Store as Store
from twlab.archive.store import open as open
from twlab.display.showing import ShownTable as ShownTable
from twlab.display.showing import show as show
from twlab.errors import ApiError as ApiError
from twlab.errors import InputError as InputError
from twlab.errors import LedgerError as LedgerError
from twlab.errors import LoadError as LoadError
from twlab.errors import MissingExtraError as MissingExtraError
from twlab.errors import TwlabError as TwlabError
from twlab.errors import TwlabWarning as TwlabWarning
from twlab.figures.figure_files import save_figure as save_figure
from twlab.handover.exporting import export as export
from twlab.handover.film_cuts import cut as cut
from twlab.handover.span_files import load_spans as load_spans
from twlab.handover.span_files import save_spans as save_spans
from twlab.loading.load import check as check
from twlab.loading.load import load as load
from twlab.loading.load import save as save
from twlab.loading.matrices import from_vectors as from_vectors
from twlab.loading.moment_files import load_moments as load_moments
from twlab.loading.samples import sample as sample
from twlab.loading.samples import sample_video as sample_video
from twlab.loading.saved import to_arrow as to_arrow
from twlab.media.encoding import encode as encode
from twlab.media.frames import frames as frames
from twlab.service.client import AsyncClient as AsyncClient
from twlab.service.client import Client as Client
from twlab.service.http.transport import Settings as Settings
from twlab.table.segments import check_segments as check_segments
from twlab.table.segments import vectors as vectors
from twlab.table.segments import with_vectors as with_vectors
from twlab.table.types import Floats as _Floats
from twlab.table.types import ManyQueries as _ManyQueries
from twlab.table.types import Matrix as _Matrix
from twlab.table.types import NamedQueries as _NamedQueries
from twlab.table.types import Neighbors as _Neighbors
from twlab.table.types import Points as _Points
from twlab.table.types import Positions as _Positions
from twlab.table.types import Query as _Query
from twlab.table.types import SceneStarts as _SceneStarts
from twlab.table.types import Similarity as _Similarity
from twlab.table.types import Values as _Values
from twlab.table.types import Video as _Video
from twlab.widgets.explorer import Explorer as Explorer
from twlab.widgets.explorer import Explorer as _Explorer
from twlab.widgets.explorer_options import View as _View

_Segments = pd.DataFrame | distributed.Source | str | os.PathLike[str]
"""A table of segments, a store, a part of one or another source, or the path of a store."""
_Vectors = NDArray[Any] | Sequence[Sequence[float]]
"""A plain matrix, one vector in a row."""

def clips(segments: _Segments, *, option: str | None = None) -> pd.DataFrame:
    """The clips of one embedding option: what analyses and pictures of one matrix take."""

def annotate(segments: _Segments, spans: pd.DataFrame, *, min_share: float = 0.5) -> pd.DataFrame:
    """Which labels each segment has, one column of true and false per label."""

def probe(
    segments: _Segments,
    labels: _Values | pd.DataFrame,
    *,
    words: str | Sequence[str] | Mapping[str, str | _Points] | None = None,
    client: _Embedder | None = None,
    model_name: str | None = None,
    error: float = 0.1,
    groups: _Values = "video_id",
    n_next: int = 20,
    random_state: int = 0,
) -> _probing.Probe:
    """What vectors know of some labels, on videos that were not labelled, and what to label next."""

def to_spans(segments: _Segments, labels: _Values | pd.DataFrame) -> pd.DataFrame:
    """Labels of segments as spans: one row per label and uninterrupted stretch."""

def knn_accuracy(
    segments: _Segments,
    labels: _Values | str,
    *,
    n_neighbors: int = 5,
    groups: _Values | str = "video_id",
) -> pd.DataFrame:
    """The share of segments whose nearest neighbours in other videos have their label, per class."""

def modality_gap(
    segments: _Segments, *, k: int = 10, groups: _Values | str = "video_id"
) -> pd.DataFrame:
    """How far apart the options of one space lie, and what that does to search across them."""

def cosine_similarity(a: _Segments | _Vectors, b: _Segments | _Vectors | None = None) -> _Matrix:
    """The cosine similarity of each row of ``a`` with each row of ``b``."""

@overload
def near_duplicates(
    segments: _Segments,
    *,
    threshold: float = 0.95,
    min_gap_sec: float = 0.0,
    videos: Literal["any", "other", "same"] = "any",
) -> pd.DataFrame:
    """All pairs of rows with a similarity of at least ``threshold``, best first."""

@overload
def near_duplicates(
    segments: _Vectors,
    *,
    threshold: float = 0.95,
    min_gap_sec: float = 0.0,
    videos: Literal["any", "other", "same"] = "any",
) -> _Neighbors:
    """All pairs of rows with a similarity of at least ``threshold``, best first."""

@overload
def nearest(
    segments: _Segments,
    to: _Segments | None = None,
    *,
    k: int = 10,
    exact: bool | None = None,
    videos: Literal["any", "other", "same"] = "any",
) -> pd.DataFrame:
    """The ``k`` most similar rows of ``to`` for each row of ``segments``."""

@overload
def nearest(
    segments: _Vectors,
    to: _Vectors | None = None,
    *,
    k: int = 10,
    exact: bool | None = None,
    videos: Literal["any", "other", "same"] = "any",
) -> _Neighbors:
    """The ``k`` most similar rows of ``to`` for each row of ``segments``."""

def novelty(segments: _Segments, *, kernel_sec: float | None = None) -> pd.Series[float]:
    """How strongly something new begins at the start of each segment."""

def scene_counts(segments: _Segments) -> pd.DataFrame:
    """How many scenes each video has, at three prices of a cut."""

def scene_labels(segments: _Segments, scenes: pd.DataFrame) -> pd.Series[int]:
    """The number of the scene that each segment lies in, counted from 0 in every video."""

def scenes(
    segments: _Segments,
    *,
    n_scenes: _segmentation.Count | Mapping[str, _segmentation.Count] | None = None,
    method: _segmentation.SceneMethod = "linked",
) -> pd.DataFrame:
    """Where scenes begin and how certain that is; one row per scene."""

def align(a: _Segments, b: _Segments) -> pd.DataFrame:
    """Which seconds of ``a`` occur in ``b``, and where; one row per shared piece."""

def diff(a: _Segments, b: _Segments) -> pd.DataFrame:
    """What changed from one version of a film to others; one row per stretch and option."""

def find(clip: _Segments, corpus: _Segments) -> pd.DataFrame:
    """The videos of a corpus that contain part of a clip, the one with most of it first."""

def leaks(train: _Segments, test: _Segments, *, gap_sec: float = 0.0) -> pd.DataFrame:
    """What of ``test`` is already in ``train``: copies, the same films, neighbours in time."""

def repeats(segments: _Segments) -> pd.DataFrame:
    """Which seconds of a video occur in it again later; one row per repeated piece."""

@overload
def cluster(
    segments: _Segments,
    n_clusters: int | None = None,
    *,
    method: _clustering.ClusterMethod | None = None,
    distance_threshold: float | None = None,
    random_state: int = 0,
) -> pd.Series[int]:
    """The cluster of each segment."""

@overload
def cluster(
    segments: _Vectors,
    n_clusters: int | None = None,
    *,
    method: _clustering.ClusterMethod | None = None,
    distance_threshold: float | None = None,
    random_state: int = 0,
) -> _Positions:
    """The cluster of each segment."""

def cluster_counts(
    segments: _Segments | _Vectors,
    *,
    method: _clustering.ClusterMethod = "ward",
    random_state: int = 0,
) -> pd.DataFrame:
    """The modularity of each number of clusters that :func:`cluster` tries."""

def cluster_summary(segments: _Segments, labels: _Values) -> pd.DataFrame:
    """One row per cluster: how large it is, what is typical of it, how well it holds together."""

def deduplicate(segments: _Segments, *, threshold: float = 0.95) -> pd.DataFrame:
    """The table without rows that are nearly the same as a row kept before them."""

def outliers(segments: _Segments, *, k: int = 15) -> pd.Series[float]:
    """How unlike all others each segment is: its mean cosine distance to its nearest neighbours."""

def summarize(
    segments: _Segments,
    *,
    budget_sec: float | None = None,
    n_segments: int | None = None,
    by: Literal["scenes", "coverage"] = "scenes",
) -> pd.DataFrame:
    """The segments that represent the rest best, within a time budget or a number of segments."""

def video_vectors(segments: _Segments, *, scope: Literal["clip", "video"] = "clip") -> pd.DataFrame:
    """One vector for each video, embedding option and model, as a table of segments."""

@overload
def project(
    segments: _Segments,
    *,
    onto: pd.DataFrame | None = None,
    method: _projection.MapMethod = "tsne",
    n_components: Literal[2, 3] = 2,
    random_state: int = 0,
) -> pd.DataFrame:
    """Coordinates of each segment on a map where alike segments lie together."""

@overload
def project(
    segments: _Vectors,
    *,
    onto: pd.DataFrame | None = None,
    method: _projection.MapMethod = "tsne",
    n_components: Literal[2, 3] = 2,
    random_state: int = 0,
) -> _Floats:
    """Coordinates of each segment on a map where alike segments lie together."""

def trustworthiness(
    segments: _Segments | _Vectors, coords: _Points, *, k: int | None = None
) -> float:
    """How far the neighbours on a map are true neighbours, from 0 to 1."""

def compare_options(segments: _Segments) -> pd.DataFrame:
    """How far the embedding options of each video agree, against chance."""

def diagnose(segments: _Segments) -> pd.DataFrame:
    """What is worth knowing about a table before it is analysed, one finding per row."""

def moments(
    query: _Query | Mapping[str, _Query] | None,
    segments: _Segments,
    *,
    text: str | None = None,
    k: int = 10,
    threshold: float | None = None,
    by: str | Sequence[str] | None = None,
    weights: Mapping[str, float] | None = None,
    client: _Embedder | None = None,
    model_name: str | None = None,
    video_id: str | Sequence[str] | None = None,
    start_sec: float | None = None,
    end_sec: float | None = None,
    where: str | None = None,
) -> pd.DataFrame:
    """The spans of time that answer a query, best first; none where nothing rises."""

def name_clusters(
    segments: _Segments,
    labels: _Values,
    *,
    vocabulary: Sequence[str] | Mapping[str, _Points] | None = None,
    client: _Embedder | None = None,
    model_name: str | None = None,
) -> pd.DataFrame:
    """A name for each cluster, from a vocabulary or from what is spoken; or that none fits."""

def search(
    segments: _Segments,
    query: _Query | None = None,
    *,
    queries: _ManyQueries | None = None,
    text: str | None = None,
    k: int = 10,
    by: str | Sequence[str] | None = None,
    weights: Mapping[str, float] | None = None,
    fuse: _Fuse = "standing",
    client: _Embedder | None = None,
    model_name: str | None = None,
    video_id: str | Sequence[str] | None = None,
    start_sec: float | None = None,
    end_sec: float | None = None,
    where: str | None = None,
) -> pd.DataFrame:
    """The ``k`` places that answer a query best, best first."""

def similarity_pairs(segments: _Segments) -> pd.DataFrame:
    """Cosine similarities of neighbours in time and of unrelated segments, one row per pair."""

def threshold(segments: _Segments, *, base_rate: float = ...) -> pd.DataFrame:
    """The cosine similarity that tells neighbours in time from unrelated segments, per option."""

def compare_models(a: _Segments, b: _Segments | None = None) -> _comparing.ModelComparison:
    """How far two models, or two options, see the same films alike, against chance."""

def fit_translation(a: _Segments, b: _Segments | None = None) -> _translation.Translation:
    """A linear translation from one model's vectors to another's, judged on held-out videos."""

def explore(
    segments: _Segments,
    *,
    video: _Video | None = None,
    coords: _Points | None = None,
    labels: _Values | os.PathLike[str] | None = None,
    scenes: _SceneStarts | None = None,
    similarity: _Similarity | None = None,
    views: Sequence[_View] = ...,
    color: str | None = None,
    tooltip: Sequence[str] = ...,
    title: str | None = None,
    names: Mapping[Any, Any] | pd.Series[Any] | None = None,
    search: _Embedder | _Callable[[str], _Query] | None = None,
    queries: _NamedQueries | None = None,
) -> _Explorer:
    """One linked picture of a table of segments: map, heatmap, player, timeline, gallery and table."""

def player(
    video: _Video,
    segments: _Segments | None = None,
    *,
    labels: _Values | None = None,
    scenes: _SceneStarts | None = None,
    color: str | None = None,
    title: str | None = None,
) -> _Explorer:
    """A video to watch, with the timeline of its segments where they are given."""

def save_html(
    segments: _Segments | _Explorer,
    path: str | os.PathLike[str],
    *,
    video: _Video | None = None,
    coords: _Points | None = None,
    labels: _Values | None = None,
    scenes: _SceneStarts | None = None,
    similarity: _Similarity | None = None,
    views: Sequence[_View] = ...,
    color: str | None = None,
    tooltip: Sequence[str] = ...,
    title: str | None = None,
    names: Mapping[Any, Any] | pd.Series[Any] | None = None,
    queries: _NamedQueries | None = None,
    video_as: Literal["embed", "link"] = "embed",
) -> Path:
    """The path of an HTML file that shows the explorer without a kernel or a network."""

def timeline_widget(
    segments: _Segments,
    *,
    labels: _Values | None = None,
    scenes: _SceneStarts | None = None,
    color: str | None = None,
    title: str | None = None,
) -> _Explorer:
    """The timeline of the explorer alone."""

__version__: str
__all__ = [
    "ApiError",
    "AsyncClient",
    "Client",
    "Explorer",
    "InputError",
    "LedgerError",
    "LoadError",
    "MissingExtraError",
    "ModelComparison",
    "Part",
    "Probe",
    "Settings",
    "ShownTable",
    "Store",
    "Translation",
    "TwlabError",
    "TwlabWarning",
    "align",
    "annotate",
    "boundary_scores",
    "check",
    "check_segments",
    "clips",
    "cluster",
    "cluster_counts",
    "cluster_summary",
    "compare_models",
    "compare_options",
    "compose_query",
    "cosine_similarity",
    "cut",
    "deduplicate",
    "diagnose",
    "diff",
    "distributed",
    "encode",
    "errors",
    "evaluate",
    "executors",
    "explore",
    "export",
    "find",
    "fit_translation",
    "frames",
    "from_vectors",
    "intervals",
    "knn_accuracy",
    "leaks",
    "load",
    "load_moments",
    "load_spans",
    "merge_hits",
    "modality_gap",
    "moments",
    "name_clusters",
    "near_duplicates",
    "nearest",
    "novelty",
    "open",
    "option_worth",
    "outliers",
    "player",
    "plot",
    "probe",
    "project",
    "repeats",
    "sample",
    "sample_video",
    "save",
    "save_figure",
    "save_html",
    "save_spans",
    "scene_counts",
    "scene_labels",
    "scenes",
    "search",
    "show",
    "similarity_pairs",
    "summarize",
    "threshold",
    "timeline_widget",
    "to_arrow",
    "to_spans",
    "trustworthiness",
    "vectors",
    "video_vectors",
    "with_vectors",
]
