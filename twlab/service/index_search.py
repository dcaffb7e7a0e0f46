"""The service's own search of an index: what is asked, and its hits as a table.

* :func:`search_form` - the form of a search, checked
* :func:`all_hits` - the first hits, over as many pages as they take
* :func:`index_hits` - hits as rows, those that come by video as well
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from twlab.errors import InputError
from twlab.service.http.fields import entries_at, text_at
from twlab.service.http.file_bodies import FilePart
from twlab.service.indexes import entry_table, with_metadata
from twlab.service.jobs.embedding_options import as_names
from twlab.service.jobs.inputs import find_sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from twlab.service.http.endpoints import Params, Service

__all__ = ["all_hits", "index_hits", "search_form"]

_PAGE = 50
"""The most that the service gives in one answer."""
_NEXT = "next_page_token"
_MOST_IMAGES = 10
"""The most that the service takes in one search."""
_WORDS = {
    "transcription_options": ("lexical", "semantic"),
    "group_by": ("clip", "video"),
    "operator": ("or", "and"),
}


@dataclass(frozen=True)
class Search:
    """A search as it is sent: the form, its pictures, and what every page is asked for."""

    form: Params
    files: tuple[FilePart, ...] = ()
    of_pages: Params = ()


def search_form(
    index_id: str,
    text: str,
    image: Any,
    options: Sequence[str],
    *,
    narrowed: Mapping[str, Any],
    k: int,
) -> Search:
    """A search, checked.

    Parameters
    ----------
    index_id, text, image
        Where, and what to look for.
    options : sequence of str
        In which vectors.
    narrowed : mapping
        ``transcription_options``, ``group_by``, ``operator``, ``filter`` and
        ``include_user_metadata``; None leaves each to the service.
    k : int
        How many hits.

    Raises
    ------
    InputError
        If there is nothing to search for, too much, or an option is not possible.
    """
    if not text and image is None:
        raise InputError("neither text nor image; one was expected; say what to look for")
    pictures = [] if image is None else find_sources(image)
    if len(pictures) > _MOST_IMAGES:
        raise InputError(
            f"{len(pictures)} pictures for one search; at most {_MOST_IMAGES} were expected; leave "
            "some out"
        )
    form = [("index_id", index_id), *(("search_options", name) for name in options)]
    form += _narrowing(narrowed, options)
    form.append(("page_limit", str(min(_PAGE, k))))
    form += [("query_text", text)] if text else []
    form += [("query_media_type", "image")] if pictures else []
    form += [("query_media_url", one.url) for one in pictures if one.path is None]
    paths = [one.path for one in pictures if one.path is not None]
    files = [FilePart(p, 0, p.stat().st_size, "query_media_file", p.name) for p in paths]
    named = bool(narrowed["include_user_metadata"])
    of_pages = (("include_user_metadata", "true"),) if named else ()
    return Search((*form, *of_pages), tuple(files), of_pages)


def _narrowing(asked: Mapping[str, Any], options: Sequence[str]) -> list[tuple[str, str]]:
    """The fields of a form that say how, in the service's words."""
    form = []
    for name, known in _WORDS.items():
        words = as_names(asked[name])
        wrong = next((word for word in words or () if word not in known), None)
        several = name != "transcription_options" and len(words or ()) > 1
        if words == () or wrong is not None or several:
            raise InputError(
                f"{name} is {asked[name]!r}; {' or '.join(map(repr, known))} was expected; leave "
                f"it out for the service's default"
            )
        form += [(name, word) for word in words or ()]
    if asked["transcription_options"] is not None and "transcription" not in options:
        raise InputError(
            f"transcription_options is {asked['transcription_options']!r}, but what is spoken is "
            f"not searched; 'transcription' among the options was expected, which are "
            f"{', '.join(map(repr, options))}; add it with search_option=, or leave it out"
        )
    if asked["filter"] is not None:
        form.append(("filter", _filter(asked["filter"])))
    return form


def _filter(given: Any) -> str:
    """A filter as the text that the service takes."""
    text = ""
    with contextlib.suppress(TypeError, ValueError):  # said below, with what was given
        box = orjson.loads(given) if isinstance(given, str) else given
        if isinstance(box, Mapping) and box:
            text = orjson.dumps(dict(box), option=orjson.OPT_SERIALIZE_NUMPY).decode()
    if text:
        return text
    raise InputError(
        f"filter is {str(given)[:80]!r}; fields with values or bounds were expected, such as "
        "filter={'duration': {'gte': 600}}; leave it out for all videos"
    )


async def all_hits(service: Service, search: Search, k: int) -> list[dict[str, Any]]:
    """The first hits, over as many pages as they take."""
    page = await service.search(search.form, search.files)
    hits = found = entries_at(page, "data")
    # A page without hits is the last one, whatever it says.
    while len(hits) < k and found and (token := text_at(page, "page_info", _NEXT)):
        page = await service.search_page(token, search.of_pages)
        found = entries_at(page, "data")
        hits = hits + found
    return hits[:k]


def index_hits(items: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """One row per hit, best first; of hits by video one per clip, those of a video together."""
    renamed = {"start": "start_sec", "end": "end_sec"}
    clips = [clip for item in items for clip in _clips(item)]
    rows = [{renamed.get(name, name): value for name, value in item.items()} for item in clips]
    words = ("video_id", "confidence", "transcription", "thumbnail_url")
    table = entry_table(rows, words, ("rank", "start_sec", "end_sec", "score"), id_name="")
    if table["rank"].isna().all():
        table["rank"] = range(1, len(table) + 1)
    first = ["rank", "video_id", "start_sec", "end_sec", "score", "confidence"]
    shown = table[[*first, *(name for name in table.columns if name not in first)]]
    return with_metadata(shown, rows)


def _clips(item: dict[str, Any]) -> list[dict[str, Any]]:
    """The clips of a hit: those of a video with what is said of the video, or the hit itself."""
    if not isinstance(item.get("clips"), list):
        return [item]
    of_video = {"video_id": item.get("id"), "user_metadata": item.get("user_metadata")}
    return [{**of_video, **clip} for clip in entries_at(item, "clips")]
