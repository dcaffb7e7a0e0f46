"""The functions users call: each takes a table and, where it says so, a store or its path.

Analyses and pictures know tables only. Here, and nowhere else, it is written which of them also
take stores, and which have a form that works on a store piece by piece (:mod:`twlab.distributed`).
What is not wired to one reads the store into one table.

* :data:`WIRES`, :func:`find_public` - every public name, its home, and what it takes
* :func:`takes_stores` - a function of tables that takes stores as well
"""

from __future__ import annotations

import functools
import importlib
import os
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar

from twlab.archive.sources import Source
from twlab.errors import InputError, warn
from twlab.wording import FILTERED, brief

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["WIRES", "find_public", "takes_stores"]

P = ParamSpec("P")
R = TypeVar("R")

ROOM = 5
"""How often vectors must fit into free memory to be read whole: analyses hold copies of them."""


class Wire(NamedTuple):
    """Where a public name lives, and which of its arguments may be a store or its path."""

    home: str
    stores: tuple[str, ...] = ()
    pieces: str | None = None
    """The room of its form in pieces, if there is one."""
    holds: bool = False
    """Whether that form also serves what fits into memory, as it reads it once."""


_SEGMENTS = ("segments",)

WIRES: dict[str, Wire] = {
    # table and loading
    "check": Wire("loading.load"),
    "load": Wire("loading.load"),
    "save": Wire("loading.load"),
    "to_arrow": Wire("loading.saved"),
    "from_vectors": Wire("loading.matrices"),
    "sample": Wire("loading.samples"),
    "sample_video": Wire("loading.samples"),
    "check_segments": Wire("table.segments"),
    "clips": Wire("table.clips", _SEGMENTS),
    "vectors": Wire("table.segments"),
    "with_vectors": Wire("table.segments"),
    # labelling
    "annotate": Wire("analysis.labelling.annotating", _SEGMENTS),
    "Probe": Wire("analysis.labelling.probing"),
    "probe": Wire("analysis.labelling.probing", _SEGMENTS),
    "to_spans": Wire("analysis.labelling.annotating", _SEGMENTS),
    "load_spans": Wire("handover.span_files"),
    "save_spans": Wire("handover.span_files"),
    # to other programs
    "cut": Wire("handover.film_cuts"),
    "export": Wire("handover.exporting"),
    # measuring
    "evaluate": Wire("analysis.measuring.evaluating"),
    "knn_accuracy": Wire("analysis.measuring.knn", _SEGMENTS),
    "modality_gap": Wire("analysis.measuring.modality", _SEGMENTS),
    "option_worth": Wire("analysis.measuring.evaluating"),
    "load_moments": Wire("loading.moment_files"),
    # media
    "encode": Wire("media.encoding"),
    "frames": Wire("media.frames"),
    # display
    "ShownTable": Wire("display.showing"),
    "show": Wire("display.showing"),
    # neighbors
    "cosine_similarity": Wire(
        "analysis.neighbors.similarity", ("a", "b"), "archive.in_pieces.pairs"
    ),
    "near_duplicates": Wire(
        "analysis.neighbors.nearest", _SEGMENTS, "archive.in_pieces.duplicates"
    ),
    "nearest": Wire("analysis.neighbors.nearest", ("segments", "to"), "archive.in_pieces.pairs"),
    # scenes
    "boundary_scores": Wire("analysis.scenes.scoring"),
    "novelty": Wire("analysis.scenes.segmentation", _SEGMENTS, "archive.in_pieces.per_video"),
    "scene_counts": Wire("analysis.scenes.segmentation", _SEGMENTS, "archive.in_pieces.per_video"),
    "scene_labels": Wire("analysis.scenes.segmentation", _SEGMENTS),
    "scenes": Wire("analysis.scenes.segmentation", _SEGMENTS, "archive.in_pieces.per_video"),
    # copies
    "align": Wire("analysis.copies.aligning", ("a", "b")),
    "diff": Wire("analysis.copies.diffing", ("a", "b")),
    "find": Wire("analysis.copies.aligning", ("clip", "corpus")),
    "leaks": Wire("analysis.copies.leaking", ("train", "test")),
    "repeats": Wire("analysis.copies.aligning", _SEGMENTS),
    # groups
    "cluster": Wire(
        "analysis.groups.clustering", _SEGMENTS, "archive.in_pieces.kmeans", holds=True
    ),
    "cluster_counts": Wire("analysis.groups.clustering", _SEGMENTS),
    "cluster_summary": Wire("analysis.groups.summary", _SEGMENTS),
    "deduplicate": Wire("analysis.groups.selection", _SEGMENTS),
    "outliers": Wire("analysis.groups.selection", _SEGMENTS),
    "summarize": Wire("analysis.groups.selection", _SEGMENTS),
    "video_vectors": Wire("analysis.groups.summary", _SEGMENTS, "archive.in_pieces.per_video"),
    # maps
    "project": Wire("analysis.maps.projection", _SEGMENTS),
    "trustworthiness": Wire("analysis.maps.projection", _SEGMENTS),
    # judging
    "compare_options": Wire("analysis.judging.agreement", _SEGMENTS),
    "diagnose": Wire("analysis.judging.diagnosis", _SEGMENTS, "archive.in_pieces.per_video"),
    "compose_query": Wire("analysis.judging.composing"),
    "merge_hits": Wire("analysis.judging.retrieval"),
    "moments": Wire("analysis.judging.locating", _SEGMENTS),
    "name_clusters": Wire("analysis.judging.cluster_names", _SEGMENTS),
    "search": Wire("analysis.judging.retrieval", _SEGMENTS),
    "similarity_pairs": Wire("analysis.judging.thresholds", _SEGMENTS),
    "threshold": Wire("analysis.judging.thresholds", _SEGMENTS),
    # models
    "ModelComparison": Wire("analysis.models.comparing"),
    "Translation": Wire("analysis.models.translation"),
    "compare_models": Wire("analysis.models.comparing", ("a", "b")),
    "fit_translation": Wire("analysis.models.translation", ("a", "b")),
    # figures
    "save_figure": Wire("figures.figure_files"),
    # widgets
    "Explorer": Wire("widgets.explorer"),
    "explore": Wire("widgets.opening", _SEGMENTS),
    "player": Wire("widgets.opening", _SEGMENTS),
    "save_html": Wire("widgets.saving", _SEGMENTS),
    "timeline_widget": Wire("widgets.opening", _SEGMENTS),
    # service and archive
    "AsyncClient": Wire("service.client"),
    "Client": Wire("service.client"),
    "Part": Wire("archive.store"),
    "Settings": Wire("service.http.transport"),
    "Store": Wire("archive.store"),
    "open": Wire("archive.store"),
    # errors
    "ApiError": Wire("errors"),
    "InputError": Wire("errors"),
    "LedgerError": Wire("errors"),
    "LoadError": Wire("errors"),
    "MissingExtraError": Wire("errors"),
    "TwlabError": Wire("errors"),
    "TwlabWarning": Wire("errors"),
}


def find_public(name: str) -> Any:
    """The public thing of that name, its room loaded and its stores wired."""
    wire = WIRES[name]
    thing = getattr(importlib.import_module(f"twlab.{wire.home}"), name)
    pieces = wire.pieces and f"{wire.pieces}.{name}"
    if not wire.stores:
        return thing
    return takes_stores(thing, *wire.stores, pieces=pieces, holds=wire.holds)


def takes_stores(
    function: Callable[P, R], *names: str, pieces: str | None = None, holds: bool = False
) -> Callable[P, R]:
    """A function of tables whose arguments of these names may also be a store, a path or a URI.

    Where there is a form in pieces, a store with an executor, or one that is too large for
    memory, is worked on piece by piece; any other store is read into one table, unless that form
    holds what fits itself.
    """
    import inspect  # here, as in what follows: ``import twlab`` pays for what few calls need

    signature = inspect.signature(function)
    places = [list(signature.parameters).index(name) for name in names]

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        # A path elsewhere, such as that of a film, is no store and needs no archive.
        values = [args[place] for place in places if place < len(args)]
        values += [kwargs[name] for name in names if name in kwargs]
        if not any(isinstance(value, _LARGE) or _has_no_rows(value) for value in values):
            return function(*args, **kwargs)
        # What the signature does not name is a keyword of the last release, or none at all.
        former = {name: kwargs[name] for name in kwargs.keys() - signature.parameters.keys()}
        known = {name: kwargs[name] for name in kwargs.keys() - former.keys()}
        given = signature.bind(*args, **known).arguments | former
        from twlab.archive.store import open_source

        for name in names:
            _refuse_misplaced(name, given, function.__name__)
        large = {name: open_source(given[name]) for name in names if name in given}
        if any(isinstance(value, Source) for value in large.values()):
            result: R = _call_with_stores(function, given | large, pieces, holds=holds)
        else:
            result = function(*args, **kwargs)
        _warn_of_empty(large)
        return result

    return call


def _refuse_misplaced(name: str, given: dict[str, Any], function: str) -> None:
    """Refuse a film or words where a table or a store belongs, saying where they belong."""
    value = given.get(name)
    if not isinstance(value, str | os.PathLike) or "://" in os.fsdecode(value):
        return
    text = os.fsdecode(value)
    tables = [other for other, one in given.items() if hasattr(one, "iloc")]
    from twlab.endings import MEDIA, family_of

    if family_of(text) in MEDIA and not os.path.isdir(text):  # noqa: PTH112
        swap = (
            f"change the two over: {function}({tables[0]}={text!r}, {name}=table)"
            if tables and tables[0] in ("video", "videos")
            else "load the answer of its embedding with tw.load"
        )
        raise InputError(
            f"{name} is {brief(text)}, a file of media; a table of segments or the path of a "
            f"store was expected; {swap}"
        )
    words = bool(tables) or (" " in text and not {"/", os.sep} & set(text))
    if words and isinstance(value, str) and not _path_exists(text):
        raise InputError(
            f"{name} is {brief(text)}, and there is no store at such a path; a table of segments, "
            "vectors or the path of a store was expected; if these are words to look for, give "
            f"tw.search(segments, text={brief(text)}, client=tw.Client())"
        )


def _path_exists(path: str) -> bool:
    """Whether something is at a path, which may be no path at all."""
    from twlab.paths import user_path

    try:
        return os.path.exists(user_path(path))  # noqa: PTH110 - pathlib raises for a long text
    except ValueError:
        return False


def _call_with_stores(
    function: Any, given: dict[str, Any], pieces: str | None, *, holds: bool
) -> Any:
    """The result of a function some of whose arguments are stores."""
    sources = [value for value in given.values() if isinstance(value, Source)]
    if pieces and (holds or not all(map(_is_small, sources))):
        room, _, name = pieces.rpartition(".")
        return getattr(importlib.import_module(f"twlab.{room}"), name)(**given)
    return function(**{k: v.to_table() if isinstance(v, Source) else v for k, v in given.items()})


def _is_small(source: Source) -> bool:
    """Whether a source is better read whole: one process works sooner on what it holds."""
    from twlab.memory import free_bytes

    n_bytes = None if source.executor is not None else source.n_bytes()
    free = free_bytes()
    return n_bytes is not None and free is not None and n_bytes * ROOM <= free


def _has_no_rows(value: Any) -> bool:
    """Whether a value is a table, or a part of a store, without rows."""
    if isinstance(value, Source):
        return not any(piece.n_rows for piece in value.fragments())
    return hasattr(value, "columns") and hasattr(value, "iloc") and not len(value)


def _warn_of_empty(given: dict[str, Any]) -> None:
    """Warn of tables without rows: their results are empty, as after a filter for a wrong word."""
    for name, value in given.items():
        if _has_no_rows(value):
            options = value.options() if isinstance(value, Source) else []
            remedy = (
                "if a filter left none, filter for an option that is there: the whole store has "
                f"the options {', '.join(map(repr, options))}"
                if options
                else FILTERED
            )
            warn(f"{name} has no rows, so there is nothing to find; {remedy}")


_LARGE = (Source, str, os.PathLike)
