"""Which video a row belongs to, so that identities never collide.

A row that names its video is believed. Otherwise the name of the film (file name or address in
the answer), or else the name of the source, stands for the video, and *units* - the rows of one
answer about one input - share it only if they can be the same film: in one folder, with the same
address and duration as far as known, and without two rows of one start, option and scope
(so a visual and an audio answer of one film come together). All others are told apart by their
folder, their file, or a number.
"""

from __future__ import annotations

import itertools
import math
import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twlab.loading.files import Input, stem_of
from twlab.table.tracks import SAME_SEC
from twlab.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from twlab.loading.responses import Rows

__all__ = ["split_address", "video_ids"]

_NOWHERE = sys.maxsize
_ANY = ...  # in place of an address or of a second
_UNIT_COLUMNS = ("video_id", "input_url", "video_name", "filename", "duration_sec", "task_id")
_SEGMENT_COLUMNS = (
    *("start_sec", "embedding_option", "embedding_scope", "model_name"),
    *("start_page_number", "quadrant", "chunk_index"),
)


class _Unit(NamedTuple):
    """The rows of one answer about one input; ``kind`` says what gave it its name."""

    source: int
    kind: str
    name: str
    url: str
    duration: Any
    origin: Any


_Segments = set[tuple[Any, ...]]


def video_ids(
    parts: Sequence[tuple[int, Rows]], sources: Sequence[Input]
) -> tuple[list[str], set[str]]:
    """The video of each row, and the names of those that were named by their answer.

    ``parts`` are rows with the position of their source.
    """
    of_row: list[_Unit] = []
    for position, rows in parts:
        of_row += _units_of(position, rows, sources[position])
    units = list(dict.fromkeys(of_row))
    names = {unit: unit.name for unit in units if unit.kind == "id"}
    taken = set(names.values())
    by_name: dict[str, list[_Unit]] = {}
    for unit in units:
        if unit.kind != "id":
            by_name.setdefault(unit.name, []).append(unit)
    doubled = {unit for group in by_name.values() if len(group) > 1 for unit in group}
    segments = _group_segments(parts, of_row, doubled) if doubled else {}
    for name, group in by_name.items():
        videos = _sort_into_videos(group, segments, sources)
        labels = _label_videos(name, [video[0] for video in videos], sources, taken)
        taken.update(labels)
        names.update({u: label for video, label in zip(videos, labels, strict=True) for u in video})
    named = {name for unit, name in names.items() if unit.kind != "source"}
    return [names[unit] for unit in of_row], named


def _units_of(position: int, rows: Rows, source: Input) -> list[_Unit]:
    """The unit of each row."""
    size = len(rows.vectors)
    if not any(name in rows.columns for name in _UNIT_COLUMNS):
        values = [rows.facts.get(name) for name in _UNIT_COLUMNS]
        return [_unit_of(position, values, source, rows.answer)] * size
    cells = zip(*(rows.cells(name) for name in _UNIT_COLUMNS), strict=True)
    return [_unit_of(position, values, source, rows.answer) for values in cells]


def _unit_of(position: int, values: Sequence[Any], source: Input, answer: int) -> _Unit:
    """The unit of a row with these values for the columns that name a video."""
    own, address, video_name, filename, duration, task = values
    if own:
        return _Unit(position, "id", own, "", None, None)
    url, page = split_address(str(address or ""))
    name = video_name or filename or page
    if name:
        return _Unit(position, "name", name, url, duration, task or answer)
    stem = (_stem(source.path) if source.path else source.name) or "video"
    return _Unit(position, "source", stem, "", duration, task or answer)


def _stem(path: Path) -> str:
    """What a file says of its video; of Bedrock's answers, all of one name, the folder does."""
    stem = stem_of(printable(path.name))
    return (printable(path.absolute().parent.name) if stem == "output" else "") or stem


def split_address(address: str) -> tuple[str, str]:
    """What tells one address from another, and the name of the film or page there.

    The part after ``?`` is left out where the path names a file (``film.mp4?X-Amz-...`` is signed
    anew at each call) and kept where it is the page (``watch?v=...``).

    Examples
    --------
    >>> split_address("https://x.org/a/film.mp4?Signature=1")
    ('https://x.org/a/film.mp4', 'film.mp4')
    >>> split_address("https://x.org/watch?v=1")
    ('https://x.org/watch?v=1', 'watch?v=1')
    """
    bare, _, query = address.partition("#")[0].partition("?")
    name = Path(bare.replace("\\", "/")).name
    if not query or Path(name).suffix:
        return bare, name
    return f"{bare}?{query}", f"{name}?{query}"


def _group_segments(
    parts: Sequence[tuple[int, Rows]], of_row: list[_Unit], wanted: set[_Unit]
) -> dict[_Unit, _Segments]:
    """What two rows of one video never share, for each unit: start, option, scope and model."""
    segments: dict[_Unit, _Segments] = {unit: set() for unit in wanted}
    row = 0
    for _, rows in parts:
        for cells in zip(*(rows.cells(name) for name in _SEGMENT_COLUMNS), strict=True):
            if of_row[row] in segments:
                # NaN is unequal to itself and would make every row without time unique
                segments[of_row[row]].add(tuple(None if c != c else c for c in cells))
            row += 1
    return segments


def _sort_into_videos(
    group: list[_Unit], segments: dict[_Unit, _Segments], sources: Sequence[Input]
) -> list[list[_Unit]]:
    """Units of one name, sorted into the videos that they can belong to: each into the first."""
    if len(group) == 1:
        return [group]
    common = Counter(cell for unit in group for cell in segments[unit])
    shelves: dict[str, _Shelf] = {}
    videos: list[list[_Unit]] = []
    for unit in group:
        if unit.kind != "name":
            videos.append([unit])
            continue
        folder = _folder(sources[unit.source])
        shelves.setdefault(folder, _Shelf(videos, common)).put(unit, segments[unit])
    return videos


class _Shelf:
    """The videos of one name in one folder, and where a further unit of them belongs.

    What a unit is refused for - a segment that is taken, another duration - stays so, as videos
    only grow. So each list of videos remembers from where on it is worth looking, and thousands of
    answers of one name cost as much each as a few.

    Parameters
    ----------
    videos : list
        All videos of the name, of which those of this folder are kept here; new ones are added.
    common : Counter
        How many units have each segment: the commonest one of a unit tells most videos apart.
    """

    def __init__(self, videos: list[list[_Unit]], common: Counter[tuple[Any, ...]]) -> None:
        self.videos, self.common = videos, common
        self.taken: dict[int, _Segments] = {}
        self.lists: dict[tuple[Any, Any], list[int]] = {}
        self.begin: dict[tuple[Any, ...], int] = {}

    def put(self, unit: _Unit, segments: _Segments) -> None:
        """Put a unit into the first video that it can belong to, or into a new one."""
        witness = max(segments, key=self.common.__getitem__)
        first = min(self._first(key, unit, segments, witness) for key in _find_fitting(unit))
        if first < _NOWHERE:
            self.videos[first].append(unit)
            self.taken[first] |= segments
            return
        for key in itertools.product((unit.url, _ANY), (_whole_second(unit), _ANY)):
            self.lists.setdefault(key, []).append(len(self.videos))
        self.taken[len(self.videos)] = set(segments)
        self.videos.append([unit])

    def _first(
        self, key: tuple[Any, Any], unit: _Unit, segments: _Segments, witness: tuple[Any, ...]
    ) -> int:
        """The first video of a list that takes the unit; beyond all where none does."""
        numbers = self.lists.get(key, [])
        k = self.begin.get((key, witness), 0)
        while k < len(numbers) and witness in self.taken[numbers[k]]:
            k += 1
        self.begin[key, witness] = k
        refused = (key, witness, unit.url, unit.duration)
        k = max(k, self.begin.get(refused, 0))
        while k < len(numbers) and not self._can_take(numbers[k], unit, witness):
            k += 1
        self.begin[refused] = k
        for place in range(k, len(numbers)):
            number = numbers[place]
            if self._can_take(number, unit, witness) and self.taken[number].isdisjoint(segments):
                return number
        return _NOWHERE

    def _can_take(self, number: int, unit: _Unit, witness: tuple[Any, ...]) -> bool:
        """Whether a video may be the unit's film, as far as one segment tells."""
        return witness not in self.taken[number] and _can_be_one(self.videos[number][0], unit)


def _whole_second(unit: _Unit) -> int | None:
    """The whole second of the duration, None where it is not known.

    Durations that may be of one film lie in the same second or in neighbours.
    """
    return math.floor(unit.duration) if isinstance(unit.duration, int | float) else None


def _find_fitting(unit: _Unit) -> Iterable[tuple[Any, Any]]:
    """The lists of videos that together hold all that may be the unit's film."""
    second = _whole_second(unit)
    urls = (unit.url, "") if unit.url else (_ANY,)
    near = (_ANY,) if second is None else (second - 1, second, second + 1, None)
    return itertools.product(urls, near)


def _can_be_one(a: _Unit, b: _Unit) -> bool:
    """Whether two units of one name and folder may be the same film."""
    if a.url and b.url and a.url != b.url:
        return False
    known = [d for d in (a.duration, b.duration) if isinstance(d, int | float)]
    return len(known) < 2 or abs(known[0] - known[1]) <= SAME_SEC


def _folder(source: Input) -> str:
    """The folder of a source; empty for what is no file."""
    return str(source.path.parent.absolute()) if source.path else ""


def _label_videos(
    name: str, firsts: list[_Unit], sources: Sequence[Input], taken: set[str]
) -> list[str]:
    """A name for each of several videos that are called the same."""
    labels = [name]
    if len(firsts) > 1:
        labels = _label_by_folder(name, [sources[unit.source] for unit in firsts])
    if len(set(labels)) < len(labels) and len({unit.source for unit in firsts}) > 1:
        counts = Counter(labels)
        labels = [
            _label_by_file(label, name, unit, sources[unit.source]) if counts[label] > 1 else label
            for label, unit in zip(labels, firsts, strict=True)
        ]
    return _number_equal([printable(label) for label in labels], taken)


def _number_equal(labels: list[str], taken: set[str]) -> list[str]:
    """The labels, with a number behind those that are not unique."""
    used = {label for label, n in Counter(labels).items() if n > 1}
    unique: list[str] = []
    counts: dict[str, int] = {}
    for label in labels:
        chosen = label
        while chosen in used or chosen in taken:
            counts[label] = counts.get(label, 0) + 1
            chosen = f"{label}#{counts[label]}"
        used.add(chosen)
        unique.append(chosen)
    return unique


def _label_by_folder(name: str, sources: list[Input]) -> list[str]:
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


def _label_by_file(label: str, name: str, unit: _Unit, source: Input) -> str:
    """The name behind the file that the answer came from."""
    if source.path is None:
        return label
    folder = label.removesuffix(name)
    if unit.kind == "source":
        return f"{folder}{printable(source.path.name)}"
    return f"{folder}{stem_of(source.path.name)}/{name}"
