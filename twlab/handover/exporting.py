"""Results out to where people work on: editing programs, players, annotation tools.

* :func:`export` - a file of any result that has times; the ending says which form
* :func:`form_of`, :data:`OF_ONE` - which it says, and the forms whose files are of one video
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, get_args

from twlab.errors import InputError, warn
from twlab.handover.chapters import (
    write_ffmetadata,
    write_matroska,
    write_rttm,
    write_srt,
    write_webvtt,
    write_youtube,
)
from twlab.handover.edits import Edit, write_edl, write_fcpxml, write_markers, write_otio
from twlab.handover.found_stretches import gather_stretches, one_side_of
from twlab.handover.frame_clock import ANY_RATE, check_fps, make_clock, nearest_frames
from twlab.handover.span_files import save_spans
from twlab.media.named import films_of
from twlab.paths import is_path, replace_file, user_path
from twlab.table.labelled_spans import SPAN_NAMES
from twlab.wording import brief, printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from twlab.table.types import Video

__all__ = ["OF_ONE", "export", "form_of"]

ExportForm = Literal[
    "edl",
    "resolve-markers",
    "fcpxml",
    "otio",
    "webvtt",
    "srt",
    "ffmetadata",
    "youtube",
    "matroska",
    "rttm",
    "csv",
    "elan",
    "via",
    "label-studio",
    "cvat",
]

_ENDINGS: dict[str, ExportForm] = {
    ".edl": "edl",
    ".fcpxml": "fcpxml",
    ".otio": "otio",
    ".vtt": "webvtt",
    ".srt": "srt",
    ".ffmeta": "ffmetadata",
    ".txt": "youtube",
    ".rttm": "rttm",
    ".csv": "csv",
    ".tsv": "csv",
    ".eaf": "elan",
}

_UNSAID = {".xml": ("matroska", "cvat"), ".json": ("via", "label-studio")}
"""Endings of several forms."""

_EDITS: dict[str, Callable[[Edit], bytes]] = {
    "edl": write_edl,
    "resolve-markers": write_markers,
    "fcpxml": write_fcpxml,
    "otio": write_otio,
}
"""Forms that count frames."""

_CHAPTERS: dict[str, Callable[[pd.DataFrame], bytes]] = {
    "webvtt": write_webvtt,
    "srt": write_srt,
    "ffmetadata": write_ffmetadata,
    "youtube": write_youtube,
    "matroska": write_matroska,
    "rttm": write_rttm,
}
"""Forms that count seconds."""

_FRAMES = ("label-studio", "cvat")
"""Forms of spans that count frames."""

_NAME_FILMS = ("edl", "fcpxml", "otio")
"""Forms that say what the film is called."""

OF_ONE = ("resolve-markers", "webvtt", "srt", "ffmetadata", "youtube", "matroska", "elan", "cvat")
"""Forms whose lines do not name their video."""

_TIMELINE_START = {False: "01:00:00:00", True: "01:00:00;00"}
"""Where a timeline of DaVinci Resolve begins if nobody says otherwise."""


def export(
    result: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    fps: float | None = None,
    start_timecode: str | None = None,
    video: Video | None = None,
    form: ExportForm | None = None,
) -> Path:
    """The path of a file that editing programs, players or annotation tools read, of any result.

    Parameters
    ----------
    result : DataFrame
        Scenes, hits, moments, spans of labels, summaries, aligned pieces, changes between cuts or
        pairs: any table with ``video_id``, ``start_sec`` and ``end_sec``, or with two of each,
        which are two stretches. ``label`` names a stretch; else it is "Scene 1", "Hit 1",
        "Moved 1" and so on.
    path : path
        The file. Its ending says the form: ``.edl`` (CMX 3600), ``.fcpxml``, ``.otio`` (extra
        ``edit``), ``.vtt`` (WebVTT), ``.srt``, ``.ffmeta`` (chapters for ffmpeg), ``.txt``
        (chapters for YouTube), ``.rttm``, ``.csv``, ``.tsv``, ``.eaf`` (ELAN).
    fps : float, optional
        Frames per second of the film; needed where the form counts frames. 23.976, 29.97 and 59.94
        are read as the 24000/1001, 30000/1001 and 60000/1001 that they mean; a
        ``fractions.Fraction`` is taken as it is. Forms in seconds take the start of the frame, if
        it is given.
    start_timecode : str, optional
        Timecode of the film's first frame. With ``;`` before the frames (``"01:00:00;00"``, at
        29.97 and 59.94) all timecodes are drop-frame. Default: ``"00:00:00:00"``; of markers for
        DaVinci Resolve ``"01:00:00:00"``, where its timelines begin.
    video : path, address, or dict of these by ``video_id``, optional
        What the film is called in the file, so that the editing program finds it; it is not opened.
        Default: its ``video_id``, as which all forms but EDL, FCPXML and OTIO know it.
    form : str, optional
        Where the ending does not say it: ``"resolve-markers"`` (``.edl``), ``"matroska"`` or
        ``"cvat"`` (``.xml``), ``"via"`` or ``"label-studio"`` (``.json``).

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the result has no times, the form is not said or needs ``fps``, or a file of this form is
        of one video and the result is of several.
    MissingExtraError
        If OTIO is asked for and the extra ``edit`` is not installed.

    Warns
    -----
    TwlabWarning
        If ``video`` is given to a form that does not name films, or what is written is not taken
        as it is: more than 999 events of an EDL, too few or too short chapters for YouTube.

    Notes
    -----
    Of forms that count frames a stretch begins at the frame whose start lies nearest to
    ``start_sec`` and ends before the one nearest to ``end_sec``; it has one frame or more. EDL,
    FCPXML and OTIO lay the stretches one after the other, in the order of the table, into a
    sequence that begins at 01:00:00:00.

    SRT and YouTube cannot escape: angle brackets of a label come as ‹ › there, and braces as round
    brackets in SRT, since players leave out what they take for a tag.

    See Also
    --------
    twlab.to_spans : labels of segments as spans
    twlab.save_spans : spans for annotation tools, with all their columns

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> scenes = tw.scenes(tw.sample())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = tw.export(scenes, f"{folder}/scenes.edl", fps=24, video="bbb.mp4")
    ...     print(file.read_text().splitlines()[3])
    001  BBB      V     C        00:00:00:00 00:00:24:00 01:00:00:00 01:00:24:00
    """
    target = user_path(path)
    chosen = form_of(target, form)
    stretches = gather_stretches(result)
    if chosen in OF_ONE:
        _refuse_several(result, stretches)
    if video is not None and chosen not in _NAME_FILMS:
        warn(f"video is left out, as a file of {chosen} does not say where its film is")
    if chosen in _EDITS:
        content = _EDITS[chosen](_edit_of(stretches, target, chosen, fps, start_timecode, video))
    elif chosen in _CHAPTERS:
        _refuse_start(start_timecode, chosen)
        content = _CHAPTERS[chosen](_chapters_of(stretches, fps))
    else:
        _refuse_start(start_timecode, chosen)
        if chosen in _FRAMES:
            check_fps(fps, rates=ANY_RATE)  # which save_spans calls otherwise
        spans = _spans_of(result, stretches, None if chosen in _FRAMES else fps)
        return save_spans(spans, target, form=chosen, frame_rate=fps)  # type: ignore[arg-type]
    with replace_file(target) as aside:
        aside.write_bytes(content)
    return target


def form_of(path: Path, form: Any) -> ExportForm:
    """The form that is said, or that the ending says."""
    known = get_args(ExportForm)
    if form is not None:
        if form not in known:
            raise InputError(
                f"form is {brief(form)}; one of {', '.join(map(repr, known))} was expected; choose "
                "one"
            )
        said: ExportForm = form
        return said
    ending = path.suffix.lower()
    if ending in _UNSAID:
        first, second = _UNSAID[ending]
        raise InputError(
            f"{path.name!r} may be of several forms; one was expected; say form={first!r} or "
            f"form={second!r}"
        )
    if ending not in _ENDINGS:
        raise InputError(
            f"{path.name or str(path)!r} has no ending of a form ({', '.join(_ENDINGS)}); one was "
            "expected; or say which it is with form="
        )
    return _ENDINGS[ending]


def _edit_of(
    stretches: pd.DataFrame,
    path: Path,
    form: str,
    fps: Any,
    start_timecode: str | None,
    video: Video | None,
) -> Edit:
    """The stretches by frames."""
    clock = make_clock(fps, start_timecode)
    if form == "resolve-markers" and start_timecode is None:
        clock = make_clock(fps, _TIMELINE_START[clock.drops])
    first, stop = nearest_frames(stretches, float(clock.rate))
    ids = list(dict.fromkeys(stretches["video_id"]))
    named = films_of(video, ids)
    films = {name: _film_name(named[name]) if name in named else name for name in ids}
    return Edit(printable(path.stem), stretches, first, stop, clock, films)


def _film_name(film: Any) -> str:
    """The path or address of a film as the caller gave it, with its ``~`` spelled out."""
    text = os.fspath(film) if is_path(film) else None
    if not isinstance(text, str):
        raise InputError(
            f"video is {brief(film)}; a path, an address or a dict of them by video_id was "
            "expected; give one as text"
        )
    return os.path.expanduser(text)  # noqa: PTH111 - an address is no path


def _refuse_several(result: pd.DataFrame, stretches: pd.DataFrame) -> None:
    """Refuse stretches of several videos, and say how to write those of one."""
    videos = stretches["video_id"].unique()
    if len(videos) < 2:
        return
    remedy = "write one for each: for video, part in result.groupby('video_id'): ..."
    call = one_side_of(result)
    if call is not None:
        remedy = f"write the stretches of one side: result.{call}"
    raise InputError(
        f"the result is of {len(videos)} videos, and a file of this form is of one; one video was "
        f"expected; {remedy}"
    )


def _chapters_of(stretches: pd.DataFrame, fps: Any) -> pd.DataFrame:
    """The stretches in seconds, on frames where they are counted."""
    table = stretches[[*SPAN_NAMES]]
    if fps is None:
        return table
    clock = make_clock(fps, None)
    # Up to the next thousandth: just before the frame a player shows the one before.
    times = [
        [float(-(-clock.seconds(frame) * 1000 // 1)) / 1000 for frame in frames.tolist()]
        for frames in nearest_frames(stretches, float(clock.rate))
    ]
    return table.assign(start_sec=times[0], end_sec=times[1])


def _spans_of(result: pd.DataFrame, stretches: pd.DataFrame, fps: Any) -> pd.DataFrame:
    """The stretches in seconds, with whatever else a result that has labels says of them."""
    spans = _chapters_of(stretches, fps)
    if "label" not in result.columns or len(spans) != len(result):  # two of a row: a pair
        return spans
    others = [name for name in result.columns if name not in SPAN_NAMES]
    return spans.join(result[others].reset_index(drop=True))


def _refuse_start(start_timecode: str | None, form: str) -> None:
    """Refuse a start where times count from the start of the file."""
    if start_timecode is not None:
        raise InputError(
            f"start_timecode is {brief(start_timecode)}, and times of {form} count from the start "
            "of the file; leave out start_timecode="
        )
