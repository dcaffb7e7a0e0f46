"""Which video a row belongs to, so that identities never collide.

A row that names its video is believed. Otherwise the name of the film (file name or address in
the answer), or else the name of the source, stands for the video, and *units* - the rows of one
answer about one input - share it only if they can be the same film: in one folder, with the same
address and duration as far as known, and without two rows for the same time, option and scope
(so a visual and an audio answer of one film come together). All others are told apart by their
folder, their file, or a number.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twlab.reading.files import Source, stem_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.responses import Row

__all__ = ["video_ids"]

_SAME_DURATION_SEC = 0.5


class _Unit(NamedTuple):
    """The rows of one answer about one input."""

    source: int
    kind: str
    name: str
    url: str
    duration: Any
    origin: Any


def video_ids(rows: Sequence[tuple[int, Row]], sources: Sequence[Source]) -> list[str]:
    """The video of each row; rows come with the position of their source."""
    units: dict[_Unit, list[Row]] = {}
    of_row: list[_Unit] = []
    for source, row in rows:
        unit = _unit(source, row, sources[source])
        of_row.append(unit)
        units.setdefault(unit, []).append(row)
    by_name: dict[str, list[_Unit]] = {}
    taken = {unit.name for unit in units if unit.kind == "id"}
    names = {unit: unit.name for unit in units if unit.kind == "id"}
    for unit in units:
        if unit.kind != "id":
            by_name.setdefault(unit.name, []).append(unit)
    for name, group in by_name.items():
        videos = _videos(group, units, sources)
        labels = _labels(name, [video[0] for video in videos], sources, taken)
        taken.update(labels)
        names.update({u: label for video, label in zip(videos, labels, strict=True) for u in video})
    return [names[unit] for unit in of_row]


def _unit(source: int, row: Row, where: Source) -> _Unit:
    """The unit that a row belongs to."""
    values = row.values
    own = values.get("video_id")
    if own:
        return _Unit(source, "id", own, "", None, None)
    url = str(values.get("input_url") or "").partition("?")[0]
    name = values.get("video_name") or values.get("filename") or Path(url).name
    duration, task = values.get("duration_sec"), values.get("task_id")
    if name:
        return _Unit(source, "name", name, url, duration, task or row.answer)
    stem = (stem_of(where.path.name) if where.path else where.name) or "video"
    return _Unit(source, "source", stem, "", duration, task or row.answer)


def _videos(
    group: list[_Unit], units: dict[_Unit, list[Row]], sources: Sequence[Source]
) -> list[list[_Unit]]:
    """Units of one name, sorted into the videos that they can belong to."""
    if len(group) == 1:
        return [group]
    videos: list[list[_Unit]] = []
    segments: list[set[Any]] = []
    for unit in group:
        own = {_segment(row) for row in units[unit]}
        for video, seen in zip(videos, segments, strict=True):
            if _can_be_one(video[0], unit, sources) and seen.isdisjoint(own):
                video.append(unit)
                seen |= own
                break
        else:
            videos.append([unit])
            segments.append(own)
    return videos


def _segment(row: Row) -> tuple[Any, ...]:
    """What two rows of one video never share."""
    values = row.values
    start, end = (None if values[k] != values[k] else values[k] for k in ("start_sec", "end_sec"))
    further = (values.get(k) for k in ("embedding_option", "embedding_scope", "model_name"))
    return (start, end, *further)


def _can_be_one(a: _Unit, b: _Unit, sources: Sequence[Source]) -> bool:
    """Whether two units of one name may be the same film."""
    if a.kind != "name" or _folder(sources[a.source]) != _folder(sources[b.source]):
        return False
    if a.kind != b.kind or (a.url != b.url and a.url and b.url):
        return False
    known = [d for d in (a.duration, b.duration) if isinstance(d, int | float)]
    return len(known) < 2 or abs(known[0] - known[1]) <= _SAME_DURATION_SEC


def _folder(source: Source) -> str:
    """The folder of a source; empty for what is no file."""
    return str(source.path.parent.absolute()) if source.path else ""


def _labels(
    name: str, firsts: list[_Unit], sources: Sequence[Source], taken: set[str]
) -> list[str]:
    """A name for each of several videos that are called the same."""
    labels = [name]
    if len(firsts) > 1:
        labels = _by_folder(name, [sources[unit.source] for unit in firsts])
    if len(set(labels)) < len(labels) and len({unit.source for unit in firsts}) > 1:
        doubled = {label for label in labels if labels.count(label) > 1}
        for k, unit in enumerate(firsts):
            if labels[k] in doubled:
                labels[k] = _by_file(labels[k], name, unit, sources[unit.source])
    counts: dict[str, int] = {}
    doubled = {label for label in labels if labels.count(label) > 1} | taken
    for k, label in enumerate(labels):
        while labels[k] in doubled or labels[k] in labels[:k]:
            counts[label] = counts.get(label, 0) + 1
            labels[k] = f"{label}#{counts[label]}"
    return labels


def _by_folder(name: str, sources: list[Source]) -> list[str]:
    """The name behind the part of the folder in which the sources differ."""
    folders = [_folder(source) for source in sources]
    known = [folder for folder in folders if folder]
    if len(set(folders)) < 2 or len(known) < len(folders):
        return [name] * len(folders)
    try:
        root = os.path.commonpath(known)
    except ValueError:  # different drives
        return [f"{Path(folder).as_posix()}/{name}" for folder in folders]
    parts = [Path(folder).relative_to(root).as_posix() for folder in folders]
    return [name if part == "." else f"{part}/{name}" for part in parts]


def _by_file(label: str, name: str, unit: _Unit, source: Source) -> str:
    """The name behind the file that the answer came from."""
    if source.path is None:
        return label
    folder = label.removesuffix(name)
    if unit.kind == "source":
        return f"{folder}{source.path.name}"
    return f"{folder}{stem_of(source.path.name)}/{name}"
