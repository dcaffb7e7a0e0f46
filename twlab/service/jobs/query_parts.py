"""What is embedded at once: a text, pictures, videos, sounds, documents, checked before it is sent.

Marengo 3.0 takes one kind of input under its own name, and several pictures with a text as
``multi_input``; Marengo 3.5 takes ``multi_input`` alone (:mod:`twlab.service.models`). Callers name
what they have; the form that the model takes is chosen here.

* :func:`make_query` - a query of what was given, or one sentence why the model does not take it
* :class:`ServiceQuery`, :class:`QueryPart` - the query, and one picture, video, sound or
  document of it
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from twlab.endings import family_of
from twlab.errors import InputError
from twlab.service.jobs.embedding_options import count_of
from twlab.service.jobs.inputs import Media, find_sources
from twlab.service.jobs.kinds import kind_of_name
from twlab.service.models import check_query, check_settings, model_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.service.models import Model

__all__ = ["QueryPart", "ServiceQuery", "make_query"]

MediaType = Literal["image", "video", "audio", "document"]
_ARGUMENTS: dict[MediaType, str] = {
    "image": "images",
    "video": "videos",
    "audio": "audios",
    "document": "documents",
}
_ASSET = "asset:"
_DIMENSION = "embedding_dimension"
_REFERENCE = re.compile(r"<@([^<>\s]+)>")
# A vector of the whole, where a model of one input would give one for each option and clip.
_WHOLE = {
    "audio": (("embedding_option", ["audio"]), ("embedding_scope", ["asset"])),
    "video": (("embedding_option", ["visual"]), ("embedding_scope", ["asset"])),
}


@dataclass(frozen=True)
class QueryPart:
    """One file, address or asset of a query; `name` is what the text calls it, if anything."""

    media_type: MediaType
    source: Media
    asset_id: str = ""
    name: str = ""

    @property
    def is_pdf(self) -> bool:
        """Whether it is known to have pages."""
        return self.source.kind.form == "pdf"


@dataclass(frozen=True)
class ServiceQuery:
    """What to embed at once, in the form that the model takes."""

    kind: str
    model: Model
    text: str = ""
    parts: tuple[QueryPart, ...] = ()
    extra: tuple[tuple[str, Any], ...] = ()
    """What is said of the input beside its content."""
    settings: tuple[tuple[str, Any], ...] = ()
    """What is said of the whole request."""

    @property
    def shown(self) -> str:
        """The query in one line."""
        return " + ".join(filter(None, [self.text, *(part.source.shown for part in self.parts)]))


def make_query(
    model_name: str,
    *,
    text: str | None = None,
    media: Mapping[MediaType, Any] | None = None,
    embedding_dimension: int | None = None,
    embedding_uncertainty: bool = False,
    auto_truncate: bool | None = None,
) -> ServiceQuery:
    """A query, checked.

    Parameters
    ----------
    model_name : str
        Which embeds it.
    text : str, optional
        Words; ``<@name>`` in them stands for the file of that name.
    media : mapping
        By kind: a path, an address or ``asset:`` with the id of an asset, a list of these, or a
        mapping from names to them.
    embedding_dimension, embedding_uncertainty, auto_truncate
        What is said of the whole request.

    Raises
    ------
    InputError
        If there is nothing to embed, or the model does not take it.
    """
    model = model_of(model_name)
    parts = [part for kind, given in (media or {}).items() for part in _parts(kind, given)]
    if text is not None and (not isinstance(text, str) or not text.strip()):
        raise InputError(f"text is {text!r}; a few words were expected; say what to look for")
    if text is None and not parts:
        raise InputError("neither text nor a file; one of them was expected; say what to look for")
    words = text or ""
    kind = _input_type(model, words, parts)
    joint = kind == "multi_input"
    check_query(model, kind, [part.media_type for part in parts] if joint else ())
    if joint:
        _check_joint(words, parts)
    if model.api == "v1" and any(part.asset_id for part in parts):
        raise InputError(
            f"an asset for model {model.name!r}, which takes files and addresses; leave 'asset:' "
            "out and give the file, or choose a later model_name="
        )
    if embedding_uncertainty:
        _check_uncertainty(words, parts)
    settings = {
        _DIMENSION: count_of(_DIMENSION, embedding_dimension),
        "embedding_uncertainty": embedding_uncertainty,
        "auto_truncate": auto_truncate,
    }
    told = _leave_usual_unsaid(model, settings)
    return ServiceQuery(kind, model, words, tuple(parts), _WHOLE.get(kind, ()), told)


def _leave_usual_unsaid(model: Model, settings: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """What is said of the whole request: the usual number of dimensions goes without saying."""
    usual = {_DIMENSION: model.dimensions[0], "embedding_uncertainty": False}
    asked = {name: value for name, value in settings.items() if value != usual.get(name)}
    check_settings(model, **asked)
    given = {name: value for name, value in asked.items() if value is not None}
    return tuple((name, int(v) if name == _DIMENSION else bool(v)) for name, v in given.items())


def _parts(kind: MediaType, given: Any) -> list[QueryPart]:
    """The files of one kind, in the order in which they were given."""
    if given is None:
        return []
    if not isinstance(given, Mapping):
        return [_part(kind, source, "") for source in _sources(kind, given)]
    parts = []
    for name, one in given.items():
        if not isinstance(name, str) or not _REFERENCE.fullmatch(f"<@{name}>"):
            raise InputError(
                f"{_ARGUMENTS[kind]} names a file {name!r}; a word without spaces or brackets was "
                f"expected, which the text calls <@{name}>; choose another name"
            )
        found = _sources(kind, one)
        if len(found) != 1:
            raise InputError(
                f"{len(found)} files under the name {name!r}; one was expected; give each its own"
            )
        parts.append(_part(kind, found[0], name))
    return parts


def _sources(kind: MediaType, given: Any) -> list[Media]:
    """What was given, assets among it."""
    listed = given if isinstance(given, list | tuple) else [given]
    assets = [one for one in listed if isinstance(one, str) and one.startswith(_ASSET)]
    if not assets:
        return find_sources(given)
    for one in assets:
        if not re.fullmatch(r"[\w-]+", one.removeprefix(_ASSET)):
            raise InputError(
                f"{one[:80]!r} in {_ARGUMENTS[kind]} names no asset; 'asset:' and the id of one "
                "were expected; client.assets() lists those that there are"
            )
    return [found for one in listed for found in _with_asset(one)]


def _with_asset(one: Any) -> list[Media]:
    if isinstance(one, str) and one.startswith(_ASSET):
        return [Media(one, one)]
    return find_sources(one)


def _part(kind: MediaType, source: Media, name: str) -> QueryPart:
    """A file as a part, unless its first bytes or its name say that it is of another kind."""
    if source.path is None and not source.url:
        return QueryPart(kind, source, source.shown.removeprefix(_ASSET), name)
    found = _kind_of(source)
    if found is None or (found == kind and not source.kind.unusable):
        return QueryPart(kind, source, name=name)
    remedy = f"{_ARGUMENTS[found]}= was expected; give it there"
    if source.kind.unusable:
        remedy = "an image, video, audio file, text or PDF was expected; save it as one of these"
    raise InputError(f"{source.shown} in {_ARGUMENTS[kind]} is {source.kind.name}; {remedy}")


def _kind_of(source: Media) -> MediaType | None:
    """The kind of a file or address; None where nothing says it, for which `Media` has a video."""
    named = family_of(source.name) == "video" or kind_of_name(source.name).input_type != "video"
    found = source.kind.input_type
    return found if named or found != "video" else None


def _input_type(model: Model, text: str, parts: Sequence[QueryPart]) -> str:
    """The form in which a model takes this."""
    if model.queries.input_types == ("multi_input",) or len(parts) > 1:
        return "multi_input"
    if not parts:
        return "text"
    kind, named = parts[0].media_type, bool(_REFERENCE.search(text))
    if text:
        return "text_image" if kind == "image" and not named else "multi_input"
    return kind if kind in ("image", "audio", "video") else "multi_input"


def _check_joint(text: str, parts: Sequence[QueryPart]) -> None:
    """Refuse what cannot be joined to one vector, whatever the model."""
    names = [part.name for part in parts if part.name]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"two files are named {twice!r}; one was expected; name them apart")
    unknown = next((name for name in _REFERENCE.findall(text) if name not in names), None)
    if unknown is not None:
        there = f"the names are {', '.join(map(repr, names))}" if names else "no file has a name"
        raise InputError(
            f"the text speaks of <@{unknown}>, but {there}; a file of that name was expected; give "
            f"it as in images={{{unknown!r}: 'picture.jpg'}}"
        )
    kinds = {part.media_type for part in parts}
    if len(kinds) > 1 and not text:
        raise InputError(
            f"{' and '.join(sorted(kinds))} without a text; files of one kind, or a text that "
            "joins them, were expected; say with text= what they have to do with one another"
        )
    pdf = next((part for part in parts if part.is_pdf), None)
    if pdf is not None and (len(parts) > 1 or text):
        raise InputError(
            f"{pdf.source.shown} together with something else; a PDF is embedded alone; leave the "
            "rest out, or give its words as a .txt file"
        )
    if kinds == {"document"} and len(parts) + bool(text) > 1:
        raise InputError(
            "texts alone, more than one; one text, or a picture, video or sound with it, was "
            "expected; join them to one text"
        )


def _check_uncertainty(text: str, parts: Sequence[QueryPart]) -> None:
    """Refuse the uncertainty of what the service gives none for."""
    documents = any(part.media_type == "document" for part in parts)
    if documents or (text and parts):
        what = "a document" if documents else "a text together with files"
        raise InputError(
            f"embedding_uncertainty= for {what}, which the service gives none for; a text alone, "
            "or pictures, videos and sounds alone, were expected; leave it out"
        )
