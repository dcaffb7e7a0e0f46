"""The linked explorer in a notebook: map, heatmap, timeline and player that move together.

The linking happens in the browser; Python is told of four things, and can set them:
:attr:`Explorer.selection`, :attr:`Explorer.labels`, :attr:`Explorer.focus` and
:attr:`Explorer.current_sec` (with :attr:`Explorer.current_video`, where there are several); and of
:attr:`Explorer.found`, what a search by words gave. All can be observed::

    explorer = tw.explore(segments, video="film.mp4")
    explorer.observe(lambda change: print(len(change.new)), "selection")

It is opened by :func:`twlab.explore`, :func:`twlab.player` and :func:`twlab.timeline_widget`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import pandas as pd
import traitlets

from twlab.errors import InputError
from twlab.hosts import is_unattended
from twlab.widgets.bundle import module_source, style_source
from twlab.widgets.label_file import LabelFile
from twlab.widgets.naming import read_names, tell_names
from twlab.widgets.page import State, iframe_of
from twlab.widgets.picks import (
    mask_of,
    pack_mask,
    row_of,
    unpack_mask,
)
from twlab.widgets.spaces import nearest_rows
from twlab.widgets.video_files import embedded_bytes
from twlab.widgets.words import WordSearch, answer_words, sentence_of
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from twlab.analysis.judging.queries import Embedder
    from twlab.table.types import Mask, Query


__all__ = ["Explorer", "state_of"]

SAVED_BYTES = 1_500_000
"""Explorers up to this size leave a working picture in a saved notebook."""


class _Rows(traitlets.TraitType[pd.DataFrame, Any]):
    """A table; another object is another value, without a comparison of all cells."""

    info_text = "a table of segments, a boolean mask, or index labels"

    def set(self, obj: traitlets.HasTraits, value: Any) -> None:
        new = self._validate(obj, value)
        name = str(self.name)
        old = obj._trait_values.get(name)
        obj._trait_values[name] = new
        if new is not old:
            obj._notify_trait(name, old, new)


class _Names(_Rows):
    """The names of every row."""

    info_text = "a name, or nothing, for each row of the table, or a column of truths per name"


class _Hits(_Rows):
    """What a search found."""

    info_text = "what a search by words found, or nothing"


class Explorer(anywidget.AnyWidget):
    """What :func:`~twlab.explore` returns: a widget, and the state of what it shows.

    Parameters
    ----------
    segments : DataFrame
        The table that is shown.
    spec : dict
        What to draw of it, as made by :func:`twlab.explore`; open explorers with that function.
    data : bytes
        The arrays that the description counts on.
    ids : list of str
        The videos, in order.
    files : dict of int to Path
        Those of the videos that lie on a disk, by their place among them.
    search : client or callable
        What finds words, as for :func:`twlab.explore`.
    label_file : Path
        The CSV that keeps the names given to segments.

    Attributes
    ----------
    segments : DataFrame
        The table it was opened with.
    selection : DataFrame
        Its selected rows, with their index. Set it to rows of the table, to hits, scenes, pieces
        or anything else with ``video_id``, ``start_sec`` and ``end_sec`` (the segments that lie at
        least half inside are selected), to a boolean mask, or to a list of index labels; ``None``
        clears.
    focus : index label or None
        The segment in focus. Set it to a label or to one row, such as ``hits.iloc[0]``. Where the
        index has duplicates, the first row with that label.
    labels : DataFrame of boolean
        The names of the segments on the index of the table, a column of true and false for each
        name, as :func:`twlab.annotate` returns them and :func:`twlab.to_spans` and
        :func:`twlab.probe` take them; missing in rows without any. In the browser one selects
        segments and types a name, or several. Set it to names made before, such as another
        explorer's ``labels``, or one label per row; ``None`` takes all names away.
    found : DataFrame or None
        What the words that are shown found: all places, best first, as :func:`twlab.search` gives
        them. ``None`` before anything is looked for by words, and after that is cleared; set it to
        ``None`` to clear it.
    current_sec : float
        The position in the video, in seconds from its start; set it to seek.
    current_video : str
        The ``video_id`` in the player; set it to change the video.

    Raises
    ------
    InputError
        As :func:`twlab.explore`.

    See Also
    --------
    twlab.explore : opens one
    twlab.save_html : the same as one file

    Examples
    --------
    >>> import twlab as tw
    >>> clips = tw.clips(tw.sample())
    >>> explorer = tw.explore(clips)
    >>> explorer.selection = clips[:3]
    >>> explorer.selection["start_sec"].tolist()
    [0.0, 6.0, 12.0]
    >>> explorer.close()
    """

    _esm = module_source("widget")
    _css = style_source()

    _spec = traitlets.Dict().tag(sync=True)
    _data = traitlets.Bytes().tag(sync=True)
    _selection = traitlets.Bytes().tag(
        sync=True, echo_update=False, from_json=lambda value, _: bytes(value or b"")
    )
    _focus = traitlets.Int(-1).tag(sync=True, echo_update=False)
    _labels: traitlets.List[Any] = traitlets.List().tag(sync=True, echo_update=False)
    _words = traitlets.Unicode("").tag(sync=True, echo_update=False)
    current_sec = traitlets.Float(0.0).tag(sync=True, echo_update=False)
    current_video = traitlets.Unicode("").tag(sync=True, echo_update=False)
    selection = _Rows()
    labels = _Names()
    found = _Hits(None, allow_none=True)
    focus = traitlets.Any(None, allow_none=True)

    def __init__(
        self,
        segments: pd.DataFrame,
        *,
        spec: dict[str, Any] | None = None,
        data: bytes = b"",
        ids: Sequence[str] = (),
        files: Mapping[int, Path] | None = None,
        search: Embedder | Callable[[str], Query] | None = None,
        label_file: Path | None = None,
    ) -> None:
        if spec is None:
            raise InputError(
                "an Explorer is given a table alone; what it draws was expected, which "
                "tw.explore(segments) works out; call that"
            )
        self.segments = segments
        self._files = dict(files or {})
        self._by_words = None if search is None else WordSearch(segments, search)
        self._shown_hits: pd.DataFrame | None = None
        self._choose(np.zeros(len(segments), bool))
        self._named = read_names(segments, [])
        super().__init__(_spec=spec, _data=data, _selection=pack_mask(self._mask))
        self.selection = self._chosen
        self.labels = self._named
        if label_file is not None:
            self._keep_labels(LabelFile(label_file, segments))
        self.current_video = ids[0] if ids else ""
        self.on_msg(self._answer)

    def _keep_labels(self, file: LabelFile) -> None:
        """Take the names in a file, and write each change to it."""
        self.labels = file.read()
        self.observe(lambda change: file.write(change.new), "labels")

    @traitlets.validate("selection")
    def _take_selection(self, proposal: Any) -> pd.DataFrame:
        """Rows from Python, or the table just made of rows from the browser."""
        if proposal.value is not self._chosen:
            self._choose(mask_of(self.segments, proposal.value))
            self._selection = pack_mask(self._mask)
        return self._chosen

    @traitlets.observe("_selection")
    def _take_in_selection(self, change: Any) -> None:
        """Bits from the browser become a table; bits that Python has set already are one."""
        mask = unpack_mask(change.new, len(self.segments))
        if not np.array_equal(mask, self._mask):
            self._choose(mask)
            self.selection = self._chosen

    @traitlets.validate("labels")
    def _take_labels(self, proposal: Any) -> pd.DataFrame:
        """Names from Python, or the columns just made of names from the browser."""
        if proposal.value is not self._named:
            runs = tell_names(self.segments, proposal.value)
            self._named = read_names(self.segments, runs)
            self._labels = runs
        return self._named

    @traitlets.observe("_labels")
    def _labels_came(self, change: Any) -> None:
        """Names from the browser become columns; those that Python has set already are some."""
        named = read_names(self.segments, change.new)
        if not named.equals(self._named):
            self._named = named
            self.labels = named

    @traitlets.observe("_words")
    def _words_came(self, change: Any) -> None:
        """Other words are shown in the browser, or none."""
        by = self._by_words
        known = by is not None and by.knows(change.new)
        self._shown_hits = by.hits_of(change.new).table if by is not None and known else None
        self.found = self._shown_hits

    @traitlets.validate("found")
    def _take_hits(self, proposal: Any) -> Any:
        """The hits of the words that are shown, and no others."""
        if proposal.value is not self._shown_hits:
            raise InputError(
                f"found is set to {brief(proposal.value)}; None was expected, which clears a "
                "search by words; set selection to show rows, or type words into the search box"
            )
        return proposal.value

    @traitlets.observe("found")
    def _clear_words(self, change: Any) -> None:
        """Whoever sets it to None clears the search."""
        if change.new is None:
            self._words = ""

    def _pack_hits(self) -> bytes:
        """What is found, as the browser takes it."""
        by = self._by_words
        return by.hits_of(self._words).packed if by is not None and self._words else b""

    def _choose(self, mask: Mask) -> None:
        """Keep the mask and the table of its rows together."""
        self._mask, self._chosen = mask, self.segments[mask]

    @traitlets.validate("focus")
    def _take_focus(self, proposal: Any) -> Any:
        """An index label of the table, a row of it or of a result, or None."""
        if isinstance(proposal.value, pd.Series | pd.DataFrame):
            return self.segments.index[row_of(self.segments, proposal.value)]
        if proposal.value is not None:
            row_of(self.segments, proposal.value)
        return proposal.value

    @traitlets.validate("current_sec")
    def _take_sec(self, proposal: Any) -> float:
        """A time."""
        if not (np.isfinite(proposal.value) and proposal.value >= 0):
            raise InputError(
                f"current_sec is {proposal.value!r}; seconds from the start of the video were "
                "expected"
            )
        return float(proposal.value)

    @traitlets.observe("focus")
    def _show_focus(self, change: Any) -> None:
        """A label from Python becomes a row, unless it is the label of the row in focus."""
        row = -1 if change.new is None else row_of(self.segments, change.new)
        now = self._focus
        if now < 0 or row < 0 or self.segments.index[now] != change.new:
            self._focus = row

    @traitlets.observe("_focus")
    def _take_in_focus(self, change: Any) -> None:
        """A row from the browser becomes its label."""
        known = 0 <= change.new < len(self.segments)
        self.focus = self.segments.index[change.new] if known else None

    @traitlets.validate("current_video")
    def _take_video(self, proposal: Any) -> str:
        """A video of the table."""
        ids = [video["id"] for video in self._spec["videos"]]
        if proposal.value not in ids and (ids or proposal.value):
            raise InputError(
                f"current_video is {proposal.value!r}; one of {', '.join(map(repr, ids[:8]))} was "
                "expected; use a video_id of the table"
            )
        return str(proposal.value)

    def _answer(self, _: Any, question: Any, __: Any) -> None:
        """Answer what the browser asks: the bytes of a video, neighbours of a row, words."""
        if not isinstance(question, dict) or "id" not in question:
            return
        told = None
        try:
            told = self._answer_to(question)
        finally:  # whoever waits is told of an error too, which then goes to the kernel's log
            answer, buffers = told or ({"note": sentence_of(sys.exc_info()[1])}, [])
            self.send({"id": question["id"], **answer}, buffers)

    def _answer_to(self, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """What is answered, and the bytes beside it."""
        answer: dict[str, Any] = {}
        buffers: list[bytes] = []
        if question.get("kind") == "video":
            answer["note"], buffers = embedded_bytes(self._files.get(question.get("video", -1)))
        if question.get("kind") == "nearest":
            near = nearest_rows(self.segments, int(question["row"]), int(question["count"]))
            answer |= {"rows": list(near), "similarity": list(near.values())}
        if question.get("kind") == "words":
            words, again = str(question.get("text", "")), bool(question.get("again"))
            return answer_words(self._by_words, words, again=again)
        return answer, buffers

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget, and for a saved notebook without a kernel a page that still works.

        Whoever turns a notebook that a program ran into a page would take the widget first, whose
        scripts lie on the network; there it leaves the page alone.
        """
        bundle = super()._repr_mimebundle_(**kwargs)
        alone = is_unattended()
        if bundle is None or (len(self._data) > SAVED_BYTES and not alone):
            return bundle
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        kept = {"text/plain": data["text/plain"]} if alone else data
        return {**kept, "text/html": iframe_of(state_of(self))}, metadata


def state_of(explorer: Explorer) -> State:
    """What the browser has of an explorer, and what is selected and in focus: a page is made of it.

    >>> import twlab as tw
    >>> explorer = tw.explore(tw.sample())
    >>> state_of(explorer).current_video
    'big_buck_bunny'
    >>> explorer.close()
    """
    return State(
        explorer._spec,
        explorer._data,
        explorer._selection,
        explorer._focus,
        explorer.current_sec,
        explorer.current_video,
        explorer._labels,
        explorer._files,
        explorer._words,
        explorer._pack_hits(),
    )
