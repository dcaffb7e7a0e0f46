"""Stretches of one film as chapters, captions and turns: WebVTT, SRT, ffmetadata and others.

All count seconds from the start of the file. Texts are escaped as each form wants it, so that none
ends a cue or begins a key.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from twlab.errors import warn
from twlab.handover.plain_xml import check_xml_texts, xml_bytes
from twlab.timecodes import format_timecode
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

__all__ = [
    "write_ffmetadata",
    "write_matroska",
    "write_rttm",
    "write_srt",
    "write_webvtt",
    "write_youtube",
]

LEAST_CHAPTERS = 3
"""Fewer are not shown as chapters by YouTube, as its help says."""

LEAST_CHAPTER_SEC = 10
"""Nor is a list with a shorter one."""

LEAST_SEC = 1e-3
"""Of a chapter or caption: players leave out what ends when it begins."""

_ANGLES, _ROUND = str.maketrans("<>", "‹›"), str.maketrans("{}", "()")


def write_webvtt(stretches: pd.DataFrame) -> bytes:
    """Cues of WebVTT, which players take as chapters too."""
    cues = [f"{n}\n{times}\n{text}\n" for n, times, text in _cues(stretches, ".")]
    return "\n".join(["WEBVTT\n", *cues]).encode()


def write_srt(stretches: pd.DataFrame) -> bytes:
    """Captions of SubRip, which has no escapes: players leave out what stands in angle brackets."""
    cues = [f"{n}\n{times}\n{text}\n" for n, times, text in _cues(stretches, ",")]
    return "\n".join(cues).encode()


def _cues(stretches: pd.DataFrame, point: str) -> list[tuple[int, str, str]]:
    """Number, times and text of each cue."""
    cues = []
    for number, (start, end, label) in enumerate(_rows(stretches), 1):
        times = f"{_clock(start, point)} --> {_clock(end, point)}"
        text = _without_tags(label).translate(_ROUND) if point == "," else _escape_cue(label)
        cues.append((number, times, text))
    return cues


def _without_tags(text: str) -> str:
    """Text in which nothing is taken for a tag or for the arrow between times."""
    return text.replace("-->", "→").translate(_ANGLES)


def _escape_cue(text: str) -> str:
    """Text of a cue of WebVTT, where < begins a tag and --> a cue."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _rows(stretches: pd.DataFrame) -> list[tuple[float, float, str]]:
    """Start, end and label on one line, in the order of time."""
    ordered = stretches.sort_values(["start_sec", "end_sec"], kind="stable")
    labels = [" ".join(label.split()) for label in ordered["label"]]
    ends = ordered["end_sec"].clip(lower=ordered["start_sec"] + LEAST_SEC)
    return list(zip(ordered["start_sec"], ends, labels, strict=True))


def _clock(seconds: float, point: str) -> str:
    """Hours, minutes, seconds and thousandths."""
    whole, rest = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{point}{rest:03d}"


def write_ffmetadata(stretches: pd.DataFrame) -> bytes:
    """Chapters as ffmpeg reads them: ``ffmpeg -i film.mp4 -i chapters.ffmeta -map_metadata 1``."""
    lines = [";FFMETADATA1"]
    for start, end, label in _rows(stretches):
        title = re.sub(r"([=;#\\])", r"\\\1", label)
        # ffmpeg takes the end of a line for a part of the title after any backslash.
        title += " " if title.endswith("\\") else ""
        times = [f"START={round(start * 1000)}", f"END={round(end * 1000)}"]
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", *times, f"title={title}"]
    return "\n".join([*lines, ""]).encode()


def write_youtube(stretches: pd.DataFrame) -> bytes:
    """Lines for the description of a film: a time and a title.

    A description may not hold < or >, as the reference of YouTube's Data API says.

    Warns
    -----
    TwlabWarning
        If YouTube would not take them as chapters.
    """
    rows = _rows(stretches)
    starts = [start for start, _, _ in rows]
    gaps = [after - before for before, after in itertools.pairwise(starts)]
    near = min(gaps, default=LEAST_CHAPTER_SEC) < LEAST_CHAPTER_SEC
    if near or len(rows) < LEAST_CHAPTERS or round(starts[0]) > 0:
        warn(
            f"YouTube shows chapters where there are {LEAST_CHAPTERS} or more, the first at 0:00 "
            f"and each of {LEAST_CHAPTER_SEC} s or more; these are written as they are, and are "
            "links there, not chapters"
        )
    lines = [f"{format_timecode(s)} {_without_tags(label)}" for s, _, label in rows]
    return "\n".join([*lines, ""]).encode()


def write_matroska(stretches: pd.DataFrame) -> bytes:
    """Chapters as mkvmerge takes them: ``mkvmerge -o out.mkv --chapters chapters.xml film.mp4``."""
    rows = _rows(stretches)
    check_xml_texts("label", (label for _, _, label in rows))
    root = ET.Element("Chapters")
    edition = ET.SubElement(root, "EditionEntry") if rows else root  # an edition has chapters
    for start, end, label in rows:
        atom = ET.SubElement(edition, "ChapterAtom")
        for name, seconds in (("ChapterTimeStart", start), ("ChapterTimeEnd", end)):
            ET.SubElement(atom, name).text = f"{_clock(seconds, '.')}000000"
        shown = ET.SubElement(atom, "ChapterDisplay")
        ET.SubElement(shown, "ChapterString").text = label
        ET.SubElement(shown, "ChapterLanguage").text = "und"
    return xml_bytes(root)


def write_rttm(stretches: pd.DataFrame) -> bytes:
    """Turns of diarization: a line each; blanks, which part its fields, become underscores."""
    for name in ("video_id", "label"):
        _warn_of_one_name(stretches[name].unique())
    lines = []
    for video, start, end, label in stretches.itertuples(index=False):
        named = [_without_blanks(text) for text in (video, label)]
        length = max(round(end * 1000) - round(start * 1000), 1)
        times = f"{round(start * 1000) / 1000:.3f} {length / 1000:.3f}"
        lines.append(f"SPEAKER {named[0]} 1 {times} <NA> <NA> {named[1]} <NA> <NA>\n")
    return "".join(lines).encode()


def _without_blanks(text: str) -> str:
    return "_".join(text.split())


def _warn_of_one_name(names: Iterable[str]) -> None:
    """Warn of two names that RTTM cannot tell apart."""
    first: dict[str, str] = {}
    for name in names:
        before = first.setdefault(_without_blanks(name), name)
        if before.strip() != name.strip():
            warn(
                f"RTTM has no blanks in names, so that {brief(before)} and {brief(name)} are one; "
                "rename one to tell them apart"
            )
            return
