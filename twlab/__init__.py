"""twlab: the notebook workbench for video embeddings.

>>> import twlab as tw
>>> segments = tw.sample()
>>> list(segments.columns)[:3]
['video_id', 'start_sec', 'end_sec']

Every public name is loaded on first use, so that ``import twlab`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "twlab.analysis.judging.agreement": ("compare_options",),
    "twlab.analysis.copies.aligning": ("align", "find", "repeats"),
    "twlab.service.client": ("AsyncClient", "Client"),
    "twlab.analysis.groups.clustering": ("cluster", "cluster_counts"),
    "twlab.analysis.judging.diagnosis": ("diagnose",),
    "twlab.errors": (
        "ApiError",
        "InputError",
        "LedgerError",
        "LoadError",
        "MissingExtraError",
        "TwlabError",
        "TwlabWarning",
    ),
    "twlab.loading.load": ("check", "load", "save"),
    "twlab.loading.matrices": ("from_vectors",),
    "twlab.analysis.neighbors.nearest": ("near_duplicates", "nearest"),
    "twlab.analysis.maps.projection": ("project", "trustworthiness"),
    "twlab.analysis.judging.retrieval": ("merge_hits", "search"),
    "twlab.loading.samples": ("sample", "sample_video"),
    "twlab.analysis.scenes.scoring": ("boundary_scores",),
    "twlab.analysis.scenes.segmentation": ("novelty", "scene_counts", "scene_labels", "scenes"),
    "twlab.analysis.groups.selection": ("deduplicate", "outliers", "summarize"),
    "twlab.table.segments": ("check_segments", "vectors", "with_vectors"),
    "twlab.archive.store": ("Store", "open"),
    "twlab.analysis.neighbors.similarity": ("cosine_similarity",),
    "twlab.analysis.judging.thresholds": ("similarity_pairs", "threshold"),
    "twlab.analysis.groups.summary": ("cluster_summary", "video_vectors"),
    "twlab.widgets.explorer": ("Explorer",),
    "twlab.widgets.page": ("save_html",),
    "twlab.widgets.opening": ("explore", "player", "timeline_widget"),
}
_MODULES = ("distributed", "errors", "executors", "intervals", "plot")
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted([*_HOME_OF, *_MODULES])  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """The public name, imported from its room on first use."""
    if name in _MODULES:
        return importlib.import_module(f"twlab.{name}")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'twlab' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
