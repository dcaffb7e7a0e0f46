"""The explorer written to a file that anyone can open.

* :func:`save_html` - a table or an explorer as one HTML file
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from twlab.errors import InputError
from twlab.paths import replace_file, user_path
from twlab.widgets.explorer import Explorer, state_of
from twlab.widgets.explorer_options import ExplorerOptions, View
from twlab.widgets.film_stills import film_stills
from twlab.widgets.opening import explorer_of
from twlab.widgets.page import page_of

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from twlab.table.types import NamedQueries, Points, SceneStarts, Similarity, Values, Video
    from twlab.widgets.page import State

__all__ = ["save_html"]


def save_html(
    segments: pd.DataFrame | Explorer,
    path: str | os.PathLike[str],
    *,
    video: Video | None = None,
    coords: Points | None = None,
    labels: Values | None = None,
    scenes: SceneStarts | None = None,
    similarity: Similarity | None = None,
    views: Sequence[View] = get_args(View),
    color: str | None = None,
    tooltip: Sequence[str] = (),
    title: str | None = None,
    names: Mapping[Any, Any] | pd.Series[Any] | None = None,
    queries: NamedQueries | None = None,
    video_as: Literal["embed", "link"] = "embed",
) -> Path:
    """The path of an HTML file that shows the explorer without a kernel or a network.

    Parameters
    ----------
    segments : DataFrame or Explorer
        A table, shown as :func:`twlab.explore` shows it, or an explorer as it is now, with its
        selection, its focus, and what was found for words.
    path : path
        The file to write, for example ``"film.html"``.
    video, coords, labels, scenes, similarity, views, color, tooltip, title, names, queries
        As for :func:`twlab.explore`; an explorer has its own.
    video_as : {"embed", "link"}
        Write a local video into the page (up to 200 MB), or point to it where it lies relative to
        the page. URLs are always pointed to.

    Returns
    -------
    Path
        Of the file written.

    Raises
    ------
    InputError
        If a video is too large to embed, something is given besides an explorer, or the file
        cannot be written (what was there before then stays as it was).

    Warns
    -----
    TwlabWarning
        If a local film is one that most browsers do not show, such as HEVC: the page then has a
        still of each clip, up to 300 of a film, where PyAV is installed (extra ``media``).

    See Also
    --------
    twlab.explore : map, heatmap, player and timeline, linked
    twlab.save : a table as one file, with a checksum

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> folder = tempfile.mkdtemp()
    >>> tw.save_html(tw.sample(), folder + "/film.html", video=tw.sample_video()).name
    'film.html'
    """
    if video_as not in ("embed", "link"):
        raise InputError(f"video_as is {video_as!r}; 'embed' or 'link' was expected")
    given = ExplorerOptions(
        *(video, coords, labels, scenes, similarity, views, color, tuple(tooltip), title, names),
        queries=queries,
    )
    if isinstance(segments, Explorer):
        _only_explorer(given)
        return _write_page(segments, user_path(path), video_as)
    explorer = explorer_of(segments, given)
    written = _write_page(explorer, user_path(path), video_as)
    explorer.close()
    return written


def _only_explorer(given: ExplorerOptions) -> None:
    """Refuse what would be ignored."""
    for name, value in given._asdict().items():
        usual = ExplorerOptions._field_defaults[name]
        # Tables and Series are compared by what they are: == of them is no truth value.
        same = value is usual or (isinstance(usual, tuple) and tuple(value) == usual)
        if not same:
            raise InputError(
                f"{name} is given for an explorer, which has its own; pass the table instead, or "
                "leave it out"
            )


def _write_page(explorer: Explorer, target: Path, video_as: Literal["embed", "link"]) -> Path:
    """Write the page."""
    page = page_of(_with_stills(state_of(explorer), explorer.segments), target, video_as=video_as)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the folder of {str(target)!r} cannot be made ({error.strerror}); a place that can be "
            "written to was expected; choose another"
        ) from None
    with replace_file(target) as aside:
        aside.write_text(page, encoding="utf-8")
    return target


def _with_stills(state: State, segments: pd.DataFrame) -> State:
    """The same with frames of films that browsers do not show, in views that have pictures."""
    if "stills" not in state.spec or state.spec["stills"]:
        return state
    films = {state.spec["videos"][place]["id"]: path for place, path in state.files.items()}
    return state._replace(spec={**state.spec, "stills": film_stills(segments, films)})
