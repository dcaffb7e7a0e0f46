"""Stretches of films as programs that edit take them: CMX 3600, Resolve's markers, FCPXML, OTIO.

What goes in is an :class:`Edit`, frames all counted. Own writers of EDL and FCPXML, since those at
hand write times that lie a frame off at 25 and 30 frames per second, none at the rates of
television, and leave out which timecode drops frames.

* :class:`Edit` - what is written: the films, the frames, the clock
* :func:`write_edl`, :func:`write_markers`, :func:`write_fcpxml`, :func:`write_otio`
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from twlab.checks import require
from twlab.errors import warn
from twlab.handover.plain_xml import check_xml_texts, xml_bytes
from twlab.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    import pandas as pd

    from twlab.handover.frame_clock import Clock
    from twlab.table.types import Positions

__all__ = ["Edit", "write_edl", "write_fcpxml", "write_markers", "write_otio"]

SEQUENCE_HOUR = 1
"""Where a sequence begins, in hours of timecode: as editing programs begin a new one."""

MOST_EVENTS = 999
"""Events that CMX 3600 can count; most programs read on."""

REEL_LETTERS = 8
"""Letters of the name of a reel in CMX 3600."""

NO_REELS = ("BL", "AX")
"""Black, and a source that has no timecode: names that no film's reel may have."""

MARKER_COLOURS = (
    *("Blue", "Cyan", "Green", "Yellow", "Red", "Pink", "Purple", "Fuchsia"),
    *("Rose", "Lavender", "Sky", "Mint", "Lemon", "Sand", "Cocoa", "Cream"),
)
"""Those of DaVinci Resolve, in the order of its menu."""


@dataclass(frozen=True)
class Edit:
    """Stretches of films by frames."""

    title: str
    stretches: pd.DataFrame
    """``video_id`` and ``label``."""
    first: Positions
    """The first frame of each stretch."""
    stop: Positions
    """The frame after the last."""
    clock: Clock
    films: dict[str, str]
    """The address or path of each video's film, or its id."""

    def rows(self) -> Iterator[tuple[str, str, int, int]]:
        """Video, label, first frame and the one after the last, of each stretch."""
        videos, labels = (self.stretches[name] for name in ("video_id", "label"))
        yield from zip(videos, labels, self.first.tolist(), self.stop.tolist(), strict=True)

    def lengths(self) -> dict[str, int]:
        """The frames of each film that are known of: up to the last that is used."""
        known: dict[str, int] = {}
        for video, _, _, stop in self.rows():
            known[video] = max(stop, known.get(video, 0))
        return known


def write_edl(edit: Edit) -> bytes:
    """A decision list of CMX 3600: the stretches one after the other in a new sequence."""
    if len(edit.first) > MOST_EVENTS:
        warn(
            f"{len(edit.first)} stretches are more than the {MOST_EVENTS} events of CMX 3600; they "
            "are all written, and old programs may stop there"
        )
    reels = _reel_names(edit.films)
    record = edit.clock._replace(first=0)
    at = _first_of_sequence(edit.clock)
    lines = _head(edit)
    for number, (video, label, first, stop) in enumerate(edit.rows(), 1):
        source = f"{edit.clock.timecode(first)} {edit.clock.timecode(stop)}"
        placed = f"{record.timecode(at)} {record.timecode(at + stop - first)}"
        lines += [
            f"{number:03d}  {reels[video]:<8} V     C        {source} {placed}",
            f"* FROM CLIP NAME: {_one_line(printable(_file_name(edit.films[video])))}",
            f"* COMMENT: {_one_line(label)}",
        ]
        at += stop - first
    return "\n".join([*lines, ""]).encode()


def write_markers(edit: Edit) -> bytes:
    """Markers with lengths on a timeline of DaVinci Resolve, one colour a label."""
    colours = {label: k for k, label in enumerate(dict.fromkeys(edit.stretches["label"]))}
    if len(colours) == len(edit.first):  # names that all differ are no classes
        colours = dict.fromkeys(colours, 0)
    lines = _head(edit)
    for number, (_, label, first, stop) in enumerate(edit.rows(), 1):
        place = f"{edit.clock.timecode(first)} {edit.clock.timecode(first + 1)}"
        colour = MARKER_COLOURS[colours[label] % len(MARKER_COLOURS)]
        name = _one_line(label).replace("|", "/")
        lines += [
            f"{number:03d}  {'001':<8} V     C        {place} {place}  ",
            f" |C:ResolveColor{colour} |M:{name} |D:{stop - first}",
            "",
        ]
    return "\n".join([*lines, ""]).encode()


def _head(edit: Edit) -> list[str]:
    counting = "DROP FRAME" if edit.clock.drops else "NON-DROP FRAME"
    return [f"TITLE: {_one_line(edit.title)}", f"FCM: {counting}", ""]


def _first_of_sequence(clock: Clock) -> int:
    """The frame at which the timecode of a new sequence begins."""
    hour = clock.nominal * 3600 * SEQUENCE_HOUR
    return hour - 54 * (clock.nominal // 15) * SEQUENCE_HOUR if clock.drops else hour


def _reel_names(films: dict[str, str]) -> dict[str, str]:
    """A name of capital letters and digits for each video, all different."""
    names: dict[str, str] = {}
    taken, numbers = set(NO_REELS), Counter[str]()
    for video, film in films.items():
        stem = _file_name(film).rpartition(".")[0] or film
        plain = re.sub(r"[^A-Z0-9]", "", stem.upper())[:REEL_LETTERS] or "REEL"
        name, number = plain, numbers[plain] or 1
        while name in taken:
            number += 1
            name = f"{plain[: REEL_LETTERS - len(str(number))]}{number}"
        numbers[plain] = number
        taken.add(name)
        names[video] = name
    return names


def _file_name(film: str) -> str:
    """The last part of a path or address."""
    return film.replace("\\", "/").rstrip("/").rpartition("/")[2].partition("?")[0] or film


def _one_line(text: str) -> str:
    """Text without ends of lines, which would begin another statement."""
    return " ".join(text.split())


def write_fcpxml(edit: Edit) -> bytes:
    """A project of Final Cut Pro, which other programs read too: times as exact fractions."""
    check_xml_texts("label", map(_one_line, edit.stretches["label"]))
    check_xml_texts("video_id", edit.films)
    root = ET.Element("fcpxml", version="1.8")
    resources = ET.SubElement(root, "resources")
    frame = _fraction(1 / edit.clock.rate)
    ET.SubElement(resources, "format", id="r1", frameDuration=frame)
    clock, refs = edit.clock, {}
    begin = _fraction(clock.seconds(clock.first))
    counting = "DF" if clock.drops else "NDF"
    for number, (video, length) in enumerate(edit.lengths().items(), 2):
        refs[video] = f"r{number}"
        ET.SubElement(
            resources,
            "asset",
            {"id": refs[video], "name": _file_name(video), "src": _as_address(edit.films[video])}
            | {"start": begin, "duration": _fraction(clock.seconds(length)), "format": "r1"}
            | {"hasVideo": "1", "hasAudio": "1"},
        )
    start = _first_of_sequence(clock)
    spine = _add_spine(root, edit, start)
    at = start
    for video, label, first, stop in edit.rows():
        times = {"offset": at, "start": clock.first + first, "duration": stop - first}
        moments = {name: _fraction(clock.seconds(frames)) for name, frames in times.items()}
        clip = {"ref": refs[video], "name": _one_line(label), "tcFormat": counting}
        ET.SubElement(spine, "asset-clip", clip | moments)
        at += stop - first
    head, _, rest = xml_bytes(root).partition(b"\n")
    return head + b"\n<!DOCTYPE fcpxml>\n" + rest


def _add_spine(root: ET.Element, edit: Edit, start: int) -> ET.Element:
    """The empty sequence that the clips go into, in a project of its own."""
    event = ET.SubElement(ET.SubElement(root, "library"), "event", name=edit.title)
    project = ET.SubElement(event, "project", name=edit.title)
    times = {"duration": int((edit.stop - edit.first).sum()), "tcStart": start}
    moments = {name: _fraction(edit.clock.seconds(frames)) for name, frames in times.items()}
    kind = {"format": "r1", "tcFormat": "DF" if edit.clock.drops else "NDF"}
    return ET.SubElement(ET.SubElement(project, "sequence", kind | moments), "spine")


def _fraction(seconds: Fraction) -> str:
    """Seconds as FCPXML writes them: a fraction, or whole."""
    return f"{seconds.numerator}/{seconds.denominator}s".replace("/1s", "s")


def _as_address(film: str) -> str:
    """An address: one as it is, of a file as one."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", film):
        return film
    path = quote(os.fsencode(film.replace("\\", "/")), safe="/:")
    if re.match(r"[A-Za-z]:/", path):  # a drive of Windows
        return f"file:///{path}"
    return f"file://{path}" if path.startswith("/") else f"./{path}"


def write_otio(edit: Edit) -> bytes:
    """A timeline of OpenTimelineIO, whose adapters make other forms of it (extra ``edit``)."""
    otio: Any = require("opentimelineio", extra="edit")
    rate, clock = float(edit.clock.rate), edit.clock

    def stretch(first: int, length: int) -> Any:
        times = (otio.opentime.RationalTime(count, rate) for count in (first, length))
        return otio.opentime.TimeRange(*times)

    track = otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video)
    lengths = edit.lengths()
    for video, label, first, stop in edit.rows():
        film = otio.schema.ExternalReference(
            target_url=_as_address(edit.films[video]),
            available_range=stretch(clock.first, lengths[video]),
        )
        clip = otio.schema.Clip(label, film, stretch(clock.first + first, stop - first))
        clip.metadata["twlab"] = {"video_id": video}
        track.append(clip)
    start = otio.opentime.RationalTime(_first_of_sequence(clock), rate)
    timeline = otio.schema.Timeline(edit.title, global_start_time=start)
    timeline.tracks.append(track)
    return str(timeline.to_json_string(indent=2)).encode() + b"\n"
