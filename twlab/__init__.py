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
    "twlab.agreement": ("compare_options",),
    "twlab.alignment": ("align", "find", "repeats"),
    "twlab.client": ("AsyncClient", "Client"),
    "twlab.clustering": ("cluster", "cluster_counts"),
    "twlab.diagnosis": ("diagnose",),
    "twlab.errors": (
        "ApiError",
        "InputError",
        "LedgerError",
        "LoadError",
        "MissingExtraError",
        "TwlabError",
        "TwlabWarning",
    ),
    "twlab.io": ("check", "load", "save"),
    "twlab.matrices": ("from_vectors",),
    "twlab.neighbors": ("near_duplicates", "nearest"),
    "twlab.projection": ("project", "trustworthiness"),
    "twlab.retrieval": ("merge_hits", "search"),
    "twlab.samples": ("sample", "sample_video"),
    "twlab.scoring": ("boundary_scores",),
    "twlab.segmentation": ("novelty", "scene_counts", "scene_labels", "scenes"),
    "twlab.selection": ("deduplicate", "outliers", "summarize"),
    "twlab.segments": ("check_segments", "vectors", "with_vectors"),
    "twlab.store": ("Store", "open"),
    "twlab.similarity": ("cosine_similarity",),
    "twlab.thresholds": ("similarity_pairs", "threshold"),
    "twlab.summary": ("cluster_summary", "video_vectors"),
    "twlab.widgets.explorer": ("Explorer",),
    "twlab.widgets.html": ("save_html",),
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
