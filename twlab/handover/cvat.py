"""CVAT's annotations (XML 1.1): tracks that are seen for some frames, or tags of single frames.

CVAT has no intervals of its own; people draw a track for as long as something lasts, or tag frames.
A track is a span from a frame where it is seen until the next where it is ``outside``, or until the
end of its task; consecutive frames with the same tag are one. Frames are counted from 0. How many a
second has is not in the file. Where a shape lies in the picture is not read.

Reference: CVAT documentation, "XML annotation format", version 1.1, for videos and for images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from twlab.endings import family_of
from twlab.errors import LoadError
from twlab.handover.gathering import Gathered, as_number, check_rate, on_frames
from twlab.handover.plain_xml import check_xml_texts, parse_xml, xml_bytes
from twlab.wording import brief

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_cvat", "write_cvat"]

_TOOL = "CVAT"
CORNER = {"xtl": "0.00", "ytl": "0.00", "xbr": "16.00", "ybr": "16.00", "z_order": "0"}
"""The box of a written track: a span lies nowhere in the picture, and CVAT wants a place."""

PICTURE_SIDE = "16"
"""Width and height of the picture that is told, which the box fills: Datumaro reads no file of
CVAT that tells none."""


def read_cvat(content: bytes, source: str, frame_rate: float | None) -> Gathered:
    """The spans of all tracks and tags of one task or of a project."""
    root = parse_xml(content, source)
    if root.tag != "annotations":
        raise LoadError(
            f"its root is <{brief(root.tag)}>; CVAT's <annotations> was expected; say which form "
            "it has with form=",
            source=source,
        )
    rate = check_rate(frame_rate, _TOOL)
    gathered = Gathered(source)
    tasks = {task.findtext("id", ""): task for task in root.iter("task")}
    first = next(iter(tasks.values()), ET.Element("task"))
    for track in root.iterfind("track"):
        task = tasks.get(track.get("task_id", ""), first)
        for start, end in _seen_frames(track, task):
            label = track.get("label", "")
            gathered.add(_video_of(task, root), start / rate, end / rate, label)
    _read_tags(root, tasks, rate, gathered)
    return gathered


def _video_of(task: ET.Element, root: ET.Element) -> str:
    """The file of a task where it says one of video, else what the task is called."""
    file = task.findtext("source") or root.findtext("meta/source") or ""
    return file if family_of(file) == "video" else task.findtext("name") or file


def _seen_frames(track: ET.Element, task: ET.Element) -> list[tuple[float, float]]:
    """From which frame to before which frame a track is seen, each time that it is."""
    shapes = [(as_number(shape.get("frame")), shape.get("outside") == "1") for shape in track]
    known = sorted((frame, outside) for frame, outside in shapes if frame is not None)
    found, since = [], None
    for frame, outside in known:
        if outside and since is not None:
            found.append((since, frame))
            since = None
        elif not outside and since is None:
            since = frame
    if since is not None:
        found.append((since, max(_last_frame(task), known[-1][0]) + 1))
    return found


def _last_frame(task: ET.Element) -> float:
    """The last frame of a task, -1 where it does not say."""
    stop, size = as_number(task.findtext("stop_frame")), as_number(task.findtext("size"))
    return stop if stop is not None else (size if size is not None else 0) - 1


def _read_tags(
    root: ET.Element, tasks: dict[str, ET.Element], rate: float, gathered: Gathered
) -> None:
    """Consecutive frames with the same tag as one span."""
    frames: dict[tuple[str, str], list[float]] = {}
    for image in root.iterfind("image"):
        number = as_number(image.get("id"))
        gathered.left_out["shapes in single frames"] += len(image) - len(image.findall("tag"))
        for tag in image.iterfind("tag"):
            if number is not None:
                key = (image.get("task_id", ""), tag.get("label", ""))
                frames.setdefault(key, []).append(number)
    gathered.left_out += {}  # counts of nothing are gone
    first = next(iter(tasks.values()), ET.Element("task"))
    for (task_id, label), numbers in frames.items():
        task = tasks.get(task_id, first)
        step = as_number((task.findtext("frame_filter") or "").rpartition("step=")[2]) or 1.0
        video = _video_of(task, root)
        since = before = min(numbers)
        for number in [*sorted(set(numbers))[1:], float("inf")]:
            if number > before + step:
                gathered.add(video, since / rate, (before + step) / rate, label)
                since = number
            before = number


def write_cvat(spans: pd.DataFrame, frame_rate: float | None) -> bytes:
    """The spans of one video as tracks of a task of that name, in the form for videos."""
    rate = check_rate(frame_rate, _TOOL)
    (video,) = spans["video_id"].unique()
    check_xml_texts("label", spans["label"])
    check_xml_texts("video_id", [video])
    first, after = on_frames(spans, rate, _TOOL)
    root = ET.Element("annotations")
    ET.SubElement(root, "version").text = "1.1"
    task = ET.SubElement(ET.SubElement(root, "meta"), "task")
    for name, value in (("name", video), ("size", after.max() + 1), ("mode", "interpolation")):
        ET.SubElement(task, name).text = str(value)
    size = ET.SubElement(task, "original_size")
    for name in ("width", "height"):
        ET.SubElement(size, name).text = PICTURE_SIDE
    labels = ET.SubElement(task, "labels")
    for label in sorted(spans["label"].unique()):
        ET.SubElement(ET.SubElement(labels, "label"), "name").text = label
    for k, (label, start, end) in enumerate(zip(spans["label"], first, after, strict=True)):
        track = ET.SubElement(root, "track", id=str(k), label=label, source="manual")
        for frame, outside in ((start, "0"), (end, "1")):
            seen = {"frame": str(frame), "outside": outside, "occluded": "0", "keyframe": "1"}
            ET.SubElement(track, "box", seen | CORNER)
    return xml_bytes(root)
