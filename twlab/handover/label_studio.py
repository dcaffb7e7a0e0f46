"""Label Studio's tasks (JSON): ranges of frames on a video's timeline, or seconds of its sound.

Frames are counted from 1 and the last one belongs to the range, so frames 1 to 25 are the first
second at 25 a second. How many a second has is set in the labelling interface, not in the file.
Results of people are read, of all who annotated a task; predictions and cancelled ones are not.

References: Label Studio documentation, tags TimelineLabels, Video, Labels; the export forms JSON
and JSON_MIN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from twlab.errors import LoadError
from twlab.handover.gathering import (
    Gathered,
    as_number,
    check_rate,
    dicts_in,
    names_apart,
    on_frames,
    path_of,
    text_of,
)
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

__all__ = ["is_label_studio", "read_label_studio", "write_label_studio"]

_TOOL = "Label Studio"
VIDEO_KEYS = ("video_id", "video", "video_url", "url", "audio")
"""Where a task's data name the video; the first is what our own files have."""
TIMELINE, SOUND = "timelinelabels", "labels"


def is_label_studio(document: Any) -> bool:
    """Whether parsed JSON is a list of tasks, be it of none, or one task."""
    tasks = dicts_in([document] if isinstance(document, dict) else document)
    return document == [] or any(_is_task(task) for task in tasks)


def _is_task(task: dict[str, Any]) -> bool:
    lists = {"annotations", "completions", "predictions"} & task.keys()
    small = any(
        TIMELINE in one or SOUND in one for value in task.values() for one in dicts_in(value)
    )
    return ("data" in task and bool(lists)) or small


def read_label_studio(document: Any, source: str, frame_rate: float | None) -> Gathered:
    """The labelled ranges of all tasks, with whose they are as ``annotator`` where that is told."""
    gathered = Gathered(source)
    tasks = dicts_in([document] if isinstance(document, dict) else document)
    told = [_video_of(task, number, source) for number, task in enumerate(tasks)]
    named = {name for name, is_name in told if is_name}
    short = names_apart(path for path, is_name in told if not is_name)
    for task, (path, is_name) in zip(tasks, told, strict=True):
        video = path if is_name or short[path] in named else short[path]
        for value, more in _regions_of(task, gathered):
            _read_region(value, video, more, frame_rate, gathered)
    return gathered


def _video_of(task: dict[str, Any], number: int, source: str) -> tuple[str, bool]:
    """The path of what a task shows, or its name, and whether it is that."""
    data = task.get("data")
    data = data if isinstance(data, dict) else task
    key = next((key for key in VIDEO_KEYS if isinstance(data.get(key), str)), None)
    texts = [name for name, value in data.items() if isinstance(value, str)]
    if key is None and len(texts) != 1:
        raise LoadError(
            f"task {number} does not say its video (its data have {', '.join(map(brief, data))}); "
            f"one of {', '.join(VIDEO_KEYS)} was expected; rename the one that holds it",
            source=source,
        )
    told = str(data[key or texts[0]])
    return (told, True) if key == VIDEO_KEYS[0] else (path_of(told), False)


def _regions_of(
    task: dict[str, Any], gathered: Gathered
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The value of every region, and whose it is."""
    gathered.left_out["predictions"] += len(dicts_in(task.get("predictions")))
    if not ({"annotations", "completions"} & task.keys()):
        by = text_of(task.get("annotator"))
        for name, value in task.items():
            if name not in ("predictions", "data", "meta"):
                yield from ((one, {"annotator": by} if by else {}) for one in dicts_in(value))
    for one in dicts_in(task.get("annotations") or task.get("completions")):
        if one.get("was_cancelled"):
            gathered.left_out["cancelled annotations"] += 1
            continue
        who = one.get("completed_by")
        who = text_of(who.get("email") or who.get("id")) if isinstance(who, dict) else text_of(who)
        for region in dicts_in(one.get("result")):
            value = region.get("value")
            yield value if isinstance(value, dict) else {}, {"annotator": who} if who else {}
    gathered.left_out += {}  # counts of nothing are gone


def _read_region(
    value: dict[str, Any],
    video: str,
    more: dict[str, Any],
    frame_rate: float | None,
    gathered: Gathered,
) -> None:
    """Every label and range of a region."""
    names = value.get(TIMELINE) or value.get(SOUND)
    names = [text_of(name) for name in names] if isinstance(names, list) else []
    places = []
    if isinstance(value.get(TIMELINE), list):
        for one in dicts_in(value.get("ranges")):
            first, last = as_number(one.get("start")), as_number(one.get("end"))
            if first is not None and last is not None:
                rate = check_rate(frame_rate, _TOOL)
                places.append(((first - 1) / rate, last / rate))
    else:
        start, end = as_number(value.get("start")), as_number(value.get("end"))
        places += [(start, end)] if start is not None and end is not None else []
    if isinstance(value.get("text"), str) and TIMELINE not in value:
        gathered.left_out["regions of a text"] += 1
        return
    if not places or not names:
        gathered.left_out["regions that are no labelled stretch of time"] += 1
        return
    for start, end in places:
        for name in names:
            gathered.add(video, start, end, name, **more)


def write_label_studio(spans: pd.DataFrame, frame_rate: float | None) -> bytes:
    """A list of tasks, one per video, each with one annotation of all its spans."""
    rate = check_rate(frame_rate, _TOOL)
    first, after = on_frames(spans, rate, _TOOL)
    table = spans.assign(first=first + 1, last=after)
    tasks: list[dict[str, Any]] = []
    for video, part in table.groupby("video_id", sort=False):
        rows = part[["first", "last", "label"]].to_numpy(object)
        result = [
            {
                "id": f"span{k}",
                "type": TIMELINE,
                "from_name": "labels",
                "to_name": "video",
                "origin": "manual",
                "value": {
                    "ranges": [{"start": int(start), "end": int(end)}],
                    TIMELINE: [str(label)],
                },
            }
            for k, (start, end, label) in enumerate(rows)
        ]
        data = {"video": str(video), "video_id": str(video)}
        number = len(tasks) + 1  # Label Studio's own converter asks for it
        annotation = {"id": number, "result": result}
        tasks.append({"id": number, "data": data, "annotations": [annotation]})
    return orjson.dumps(tasks, option=orjson.OPT_INDENT_2)
