"""A table as searches read it, prepared once for many queries.

* :func:`prepare_search`, :class:`Searched` - the rows and options that queries are compared with
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.analysis.judging.places import (
    UNNAMED,
    Compared,
    number_places,
    queries_for,
    query_rows,
    similar_to,
)
from twlab.analysis.judging.queries import embed_query
from twlab.table.segments import (
    BY_FIELDS,
    check_segments,
    clip_mask,
    infer_models,
    one_model,
    unit_vectors,
    whole_mask,
)

if TYPE_CHECKING:
    import pandas as pd

    from twlab.analysis.judging.places import Asked
    from twlab.table.conditions import Choice
    from twlab.table.types import Mask, Matrix, Positions, Query

__all__ = ["Searched", "prepare_search"]


@dataclass(frozen=True)
class Searched:
    """What is searched: rows that are read, which of them may be hits, and their options."""

    pool: pd.DataFrame
    keep: Mask
    """Which rows of the pool may be hits."""
    names: Any
    """The option of each row, as text."""
    there: list[str]
    wanted: Asked
    _known: dict[str, tuple[Positions, Matrix]] = field(default_factory=dict, repr=False)

    @cached_property
    def places(self) -> Positions:
        """The place of each row of the pool, by its number."""
        return number_places(self.pool)

    @property
    def options(self) -> list[str]:
        """The options that are searched."""
        return self.wanted.options(self.there)

    def embed(
        self, query: Query | None, text: str | None, *, client: Any, model_name: str | None
    ) -> pd.DataFrame:
        """The rows of a query; words, pictures and sounds by the model of what is searched."""
        mine = np.isin(self.names, self.options)
        width = len(self.pool["embedding"][mine].iloc[0])
        models = _models(self.pool, self.keep, mine)
        asked = {"models": models, "model_name": model_name, "width": width, "client": client}
        return query_rows(embed_query(query, text, **asked))

    def compare(self, queries: pd.DataFrame) -> list[Compared]:
        """Every option that the queries are meant for, beside them."""
        meant = queries_for(queries, self.options, self.there)
        self.wanted.check_compared([*meant])
        return [self._beside(name, rows) for name, rows in meant.items()]

    def unit_rows(self, name: str) -> tuple[Positions, Matrix]:
        """The numbers of the rows that an option is read against, and their vectors at length 1."""
        if name not in self._known:
            rows = np.flatnonzero(self._like_hits(name))
            one_model(self.pool.iloc[rows])
            self._known[name] = rows, unit_vectors(self.pool.iloc[rows])
        return self._known[name]

    def beside(self, name: str, similar: Any) -> Compared:
        """An option with the similarities of the rows that it is read against."""
        rows = self.unit_rows(name)[0]
        hits = self.keep[rows]
        return Compared(name, rows[hits], self.places[rows[hits]], similar[hits], similar)

    def _beside(self, name: str, queries: pd.DataFrame) -> Compared:
        rows, unit = self.unit_rows(name)
        pool = self.pool.iloc[rows]
        return self.beside(name, similar_to(name, pool, queries, unit) if len(rows) else rows * 1.0)

    def _like_hits(self, name: str) -> Mask:
        """The rows of an option that are of the models that may be hits."""
        mine = self.names == name
        if not self.keep.any():
            return np.asarray(mine, bool)
        kept = mine & self.keep
        like = kept if kept.any() else self.keep  # an option without hits tells what is ordinary
        models = infer_models(self.pool)
        return np.asarray(mine & models.isin(models[like].unique()).to_numpy(bool))


def prepare_search(segments: pd.DataFrame, wanted: Asked, chosen: Choice) -> Searched:
    """A table, checked, as a search with these arguments reads it.

    Raises
    ------
    InputError
        If it is no table of segments, or has no rows or options that are searched.
    """
    check_segments(segments)
    pool, keep = _take_part(segments, chosen.mask(segments))
    names = _option_names(pool)
    searched = Searched(pool, keep, names, sorted({*names}), wanted)
    wanted.options(searched.there)
    return searched


def _take_part(segments: pd.DataFrame, keep: Mask) -> tuple[pd.DataFrame, Mask]:
    """The clips, or whole videos where nothing else may be a hit; and which may be."""
    pieces = clip_mask(segments)
    if keep.any() and not (keep & pieces).any():
        pieces = whole_mask(segments)
    return segments[pieces], keep[pieces]


def _models(pool: pd.DataFrame, keep: Mask, mine: Mask) -> pd.DataFrame:
    """What says the model of the rows that may be hits, of the options that are searched."""
    may_be = mine & keep if (mine & keep).any() else mine
    return pool.reindex(columns=["model_name", BY_FIELDS])[may_be].drop_duplicates()


def _option_names(pool: pd.DataFrame) -> Any:
    """The option of each row as text."""
    if "embedding_option" not in pool.columns:
        return np.full(len(pool), "similarity", object)
    option = pool["embedding_option"].astype(object)
    return option.where(option.notna(), UNNAMED).map(str).to_numpy(object)
