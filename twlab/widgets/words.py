"""What the explorer answers when someone enters words: the places that fit them best.

* :class:`WordSearch` - words to hits and scores, through a client or a function
* :func:`answer_words` - the same as the browser takes it, with a sentence where there is none
* :func:`sentence_of` - that sentence for an error
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.analysis.judging.places import PLACE
from twlab.analysis.judging.queries import embed_query
from twlab.analysis.judging.retrieval import search
from twlab.errors import InputError, TwlabError
from twlab.media.addresses import mask_secrets
from twlab.table.segments import BY_FIELDS, clip_mask, infer_models
from twlab.wording import brief, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from twlab.analysis.judging.queries import Embedder
    from twlab.table.types import Floats, Mask, Positions, Query

__all__ = ["WordSearch", "answer_words", "sentence_of"]

KEPT_HITS = 8
"""Searches whose hits are kept as tables, of which one of a million rows takes 100 MB. What words
mean is kept of all, and nothing is asked twice: an older search is scored again, unpaid."""

LONGEST_ERROR = 160
"""Letters of an error of somebody else that the page shows: it has room for a sentence."""

NO_SEARCH = (
    "to look for words, open it with tw.explore(segments, search=tw.Client()), or with a function "
    "that turns words into a vector"
)


class WordHits(NamedTuple):
    """What was found for some words."""

    table: pd.DataFrame
    """All places, best first, as :func:`twlab.search` gives them."""
    rows: Positions
    """The position of the best row of each."""
    scores: Floats
    """The score of the place of every row of the table; NaN where there is none."""

    @property
    def packed(self) -> bytes:
        """As the browser takes them: scores as float32, then rows as uint32."""
        return self.scores.astype("<f4").tobytes() + self.rows.astype("<u4").tobytes()


class WordSearch:
    """Words to hits; what was asked once is not asked, and not paid, again.

    Parameters
    ----------
    segments : DataFrame
        What is searched.
    by : client or callable
        What has ``embed_text``, or a function that turns words into what :func:`twlab.search`
        takes as a query: a vector, several, or rows with vectors.

    Raises
    ------
    InputError
        If it is neither, has to be awaited, or the table does not say which model a client is to
        embed words with.
    """

    def __init__(self, segments: pd.DataFrame, by: Embedder | Callable[[str], Query]) -> None:
        self._index = segments.index
        self._table = segments.reset_index(drop=True)
        self._by = by
        self._client = hasattr(by, "embed_text")
        self._queries: dict[str, Any] = {}
        self._hits: dict[str, WordHits] = {}
        embeds = getattr(by, "embed_text", by)
        if not callable(embeds) or inspect.iscoroutinefunction(embeds):
            raise InputError(
                f"search is {brief(by)}; a client, or a function that turns words into a vector, "
                "was expected, neither to be awaited; pass search=tw.Client()"
            )
        if self._client:
            _check_model(self._part())

    def knows(self, words: str) -> bool:
        """Whether these words were asked for already."""
        return words in self._queries

    def hits_of(self, words: str) -> WordHits:
        """The places that fit some words best.

        Raises
        ------
        InputError
            If there are no words, or the function gives nothing that can be compared.
        TwlabError
            What the client raises.
        """
        if not words.strip():
            raise InputError("there are no words; something to look for was expected; type it")
        hits = self._hits.pop(words, None) or self._find(words)
        self._hits[words] = hits
        for oldest in [*self._hits][:-KEPT_HITS]:
            del self._hits[oldest]
        return hits

    def _find(self, words: str) -> WordHits:
        """All places by score."""
        table = self._table
        if words not in self._queries:
            self._queries[words] = self._embed(words)
        hits = search(table, self._queries[words], k=max(len(table), 1))
        rows = hits["match"].to_numpy(np.intp)
        scores = _score_rows(table, self._scope(), hits, rows)
        return WordHits(hits.assign(match=self._index.to_flat_index()[rows]), rows, scores)

    def _embed(self, words: str) -> Any:
        """Words as vectors."""
        part = self._part()
        if self._client:
            models = part.reindex(columns=["model_name", BY_FIELDS]).drop_duplicates()
            width = len(part["embedding"].iloc[0])
            by: Any = self._by
            return embed_query(None, words, models=models, model_name=None, width=width, client=by)
        query: Any = self._by(words)  # type: ignore[operator]
        if query is None or isinstance(query, str | Path):
            raise InputError(
                f"search= gives {brief(query)} for words; a vector, or rows with vectors, was "
                "expected; let the function return one"
            )
        if hasattr(query, "columns") and not _models(part):
            # Whoever gives the function says which model it is, as with model_name= of a search.
            return query.drop(columns="model_name", errors="ignore")
        return query

    def _scope(self) -> Mask:
        """The rows that :func:`twlab.search` looks through: clips, or whole videos alone."""
        clips = clip_mask(self._table)
        return clips if clips.any() else np.ones(len(self._table), bool)

    def _part(self) -> pd.DataFrame:
        """These rows."""
        return self._table[self._scope()]


def _models(part: pd.DataFrame) -> list[str]:
    """The models of some rows that are known."""
    return sorted({str(name) for name in infer_models(part).dropna().unique()})


def _check_model(part: pd.DataFrame) -> None:
    """Refuse a table that does not say with which model a client is to embed words."""
    named = _models(part)
    if not named:
        raise InputError(
            "search is a client, and the table names no model; the one that its vectors are of was "
            "expected, as words are compared with them; name it as in search=lambda words: "
            "client.embed_text(words, model_name='marengo3.0')"
        )
    if len(named) > 1 or infer_models(part).isna().any():
        raise InputError(
            f"search is a client, and the table is of {', '.join(map(repr, named))}"
            f"{'' if len(named) > 1 else ' and of rows that name no model'}; one model was "
            "expected, as words are embedded with it; filter with "
            f"segments[segments.model_name == {named[0]!r}]"
        )


def _score_rows(table: pd.DataFrame, searched: Mask, hits: pd.DataFrame, rows: Positions) -> Floats:
    """The score of the place of each row; a row without time is a place of its own."""
    places = table.loc[searched, PLACE]
    theirs = hits.dropna(subset=PLACE[1:])[[*PLACE, "score"]]
    for name in PLACE[1:]:  # as a search tells places apart
        places[name] = places[name].astype("float64").round(3)
    for one in (places, theirs):
        one["video_id"] = one["video_id"].astype(object)
    scores = np.full(len(table), np.nan)
    scores[searched] = places.merge(theirs, on=PLACE, how="left")["score"]
    scores[rows] = hits["score"].to_numpy(np.float64)
    return scores


def answer_words(
    by: WordSearch | None, words: str, *, again: bool
) -> tuple[dict[str, Any], list[bytes]]:
    """What the browser is told: scores of all rows and the best rows in order, or a sentence.

    ``again`` asks for what was found before; what is not known then is not looked for.
    """
    if by is None:
        return {"note": NO_SEARCH}, []
    if again and not by.knows(words):
        return {"note": f"“{words[:40]}” was not looked for here"}, []
    try:
        hits = by.hits_of(words)
    except TwlabError as error:
        return {"note": sentence_of(error)}, []
    return {"note": ""}, [hits.packed]


def sentence_of(error: BaseException | None) -> str:
    """An error as the page shows it: ours are sentences, of others the kind and how it begins."""
    text = mask_secrets(one_line(str(error)))
    if isinstance(error, TwlabError):
        return text
    return f"search= stopped with {type(error).__name__}: {text[:LONGEST_ERROR]}"
