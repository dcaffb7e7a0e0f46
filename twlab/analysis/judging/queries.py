"""What is looked for, recognised: words, a picture or a sound, or vectors.

Words go to the service and are paid for. A text that may be meant as a file or an address is
therefore never sent as words: it is taken as the picture or the sound that it names, or refused.
``text=`` says that words are meant, whatever they look like.

Vectors of different models mean nothing to one another, so the model is that of what is searched,
or the one that the caller names; no model is ever guessed.

* :func:`embed_query` - a query as vectors, through a client where need be
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from twlab.endings import family_of
from twlab.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from twlab.table.types import FilePath, Query

__all__ = ["Embedder", "embed_query", "is_existing_file", "is_words", "query_kind"]

_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*://|www\.|data:\w+/|asset:[\w-]+$)", re.IGNORECASE)
_PATH = re.compile(r"(?:[/~\\]|\.{1,2}[/\\]|[a-z]:[/\\])", re.IGNORECASE)

_SHORTER = {"marengo3.5": (128, 256)}
"""Sizes of vectors that the service makes on request; a query is to have that of the table."""


class Embedder(Protocol):
    """What turns words, pictures and sounds into vectors: a :class:`twlab.Client`, or one's own."""

    def embed_text(self, text: str, /, *, model_name: str) -> pd.DataFrame:
        """One row with the vector of words."""

    def embed_image(self, image: FilePath, /, *, model_name: str) -> pd.DataFrame:
        """One row with the vector of a picture."""

    def embed_audio(self, audio: FilePath, /, *, model_name: str) -> pd.DataFrame:
        """One row with the vector of a sound."""

    def embed_query(
        self,
        text: str | None = None,
        *,
        images: FilePath | None = None,
        audios: FilePath | None = None,
        model_name: str,
        embedding_dimension: int,
    ) -> pd.DataFrame:
        """The same for one of these, with as many numbers as are asked for."""


_ARGUMENTS = {"text": "text", "image": "images", "audio": "audios"}


def embed_query(
    query: Query | None,
    text: str | None,
    *,
    models: pd.DataFrame,
    model_name: str | None,
    width: int,
    client: Embedder | None,
) -> Any:
    """Rows or vectors of what is looked for; what needs no client comes back as it is.

    Parameters
    ----------
    query : table, vectors, str, Path or None
        Of a text or a path, words are embedded as text, pictures and sounds as what they are.
    text : str or None
        Words that are sent as they stand.
    models : DataFrame
        What says the models of what is searched, ``model_name`` and ``model_by_fields``; if it is
        one, that one embeds the query.
    model_name : str or None
        The model that embeds the query where what is searched names none.
    width : int
        How many numbers the vectors of what is searched have.
    client : Client or None
        Embeds words, pictures and sounds.

    Raises
    ------
    InputError
        If there is nothing or more than one thing to look for, no client, a text that is no words,
        or a model that is not known for certain.
    """
    if (query is None) == (text is None):
        what = "no query" if query is None else "query and text= at once"
        raise InputError(
            f"{what}; one thing to look for was expected; give vectors, words or text="
        )
    if text is not None:
        return _embed("text", text, models, model_name, width, client)
    if not isinstance(query, str | Path):
        if model_name is not None:
            raise InputError(
                f"model_name is {model_name!r} for a query of vectors; it says which model embeds "
                "words, a picture or a sound; leave it out"
            )
        return query
    kind = query_kind(str(query))
    if kind == "text" and isinstance(query, Path):
        raise InputError(
            f"the query is the path {str(query)!r}; the path of a picture or a sound was expected; "
            "load embeddings with tw.load, and pass text as str"
        )
    if kind == "text" and not is_words(str(query)):
        raise InputError(
            f"the query {str(query)[:80]!r} names a file or an address, and only words are sent to "
            "the service; words, a picture or a sound were expected; load embeddings with tw.load, "
            "embed videos with client.embed, or say with text= that these are words"
        )
    return _embed(kind, query, models, model_name, width, client)


def _embed(
    kind: str,
    query: FilePath,
    models: pd.DataFrame,
    model_name: str | None,
    width: int,
    client: Embedder | None,
) -> Any:
    """What the client makes of words, a picture or a sound."""
    if client is None:
        raise InputError(
            f"the query is the {kind} {str(query)[:40]!r}; {kind} needs a client to be embedded; "
            "pass client=tw.Client()"
        )
    from twlab.table.segments import BY_FIELDS, infer_models  # for the sake of help, as below

    there = set(infer_models(models))
    column = "model_name" if models["model_name"].notna().any() else BY_FIELDS
    model = _model_for(there, model_name, column)
    if width in _SHORTER.get(model, ()):
        asked: dict[str, Any] = {_ARGUMENTS[kind]: query}
        row = client.embed_query(**asked, model_name=model, embedding_dimension=width)
    else:
        row = getattr(client, f"embed_{kind}")(query, model_name=model)
    # Where the model is the caller's word, there is none to compare it with.
    return row if there - {None} else row.drop(columns="model_name", errors="ignore")


def _model_for(there: set[str | None], asked: str | None, column: str) -> str:
    """The model that embeds a query: the one of what is searched, or the one that is asked for.

    The column is the one that says it: the name, or what the fields of the answers tell.
    """
    named = sorted(name for name in there if name is not None)
    if len(named) > 1 or (named and None in there):
        from twlab.table.conditions import quote  # the command line's help waits for no pandas

        listed = ", ".join(map(repr, named)) + (", or not named," if None in there else "")
        raise InputError(
            f"{column} is {listed} in what is searched; one was expected, as words are embedded "
            f'with the model that they are compared with; pass where="{column} = '
            f'{quote(named[0])}"'
        )
    if asked is not None and (
        not isinstance(asked, str) or not asked or named not in ([], [asked])
    ):
        expected = f"{named[0]!r}, the model of what is searched," if named else "the name of one"
        remedy = "leave it out" if named else "such as model_name='marengo3.0'"
        raise InputError(f"model_name is {asked!r}; {expected} was expected; {remedy}")
    if asked is None and not named:
        raise InputError(
            "what is searched names no model; the one that its vectors are of was expected, as "
            "words embedded with another mean nothing to them; pass model_name=, such as "
            "model_name='marengo3.0'"
        )
    return asked or named[0]


def is_words(text: str) -> bool:
    """Whether a text can only be meant as words: it names no file, no address, and has no ending.

    >>> is_words("a rabbit yawns, 3.5 s long"), is_words("lecture1.mp4"), is_words("www.a.org")
    (True, False, False)
    """
    bare = text.strip().strip("'\"`<>").strip()
    if _ADDRESS.match(bare) or _PATH.match(bare) or is_existing_file(bare):
        return False
    return family_of(bare) is None


def is_existing_file(text: str) -> bool:
    """Whether a file has this name; a text may be too long for one, or hold what no name may."""
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def query_kind(query: str) -> Literal["text", "image", "audio"]:
    """Picture or sound by its ending; everything else is text, if it is anything.

    >>> query_kind("a.png"), query_kind("https://a.org/b.wav"), query_kind("a rabbit")
    ('image', 'audio', 'text')
    """
    family = family_of(query)
    return "image" if family == "image" else "audio" if family == "audio" else "text"
