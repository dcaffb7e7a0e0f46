"""Projects of the VGG video annotator, version 3 (JSON): seconds, one list of marks for all videos.

A mark with two times and no place in the picture is a span; its labels are the values of its
attributes, which are texts or the numbers of options. Marks of frames and regions are left out.

Reference: A. Dutta and A. Zisserman, "The VIA Annotation Software for Images, Audio and Video",
ACM Multimedia 2019; the project file is described in VIA's source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from twlab.endings import family_of
from twlab.errors import LoadError
from twlab.handover.gathering import (
    Gathered,
    as_number,
    dicts_in,
    names_apart,
    path_of,
    text_of,
    tiers_of,
)
from twlab.wording import brief

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["is_via", "read_via", "write_via"]

SPAN_ANCHOR = "FILE1_Z2_XY0"
"""VIA's name for what two times of one file have."""
CHECKBOX, SELECT = 2, 4
"""Its numbers for attributes of several options, and of one."""
AUDIO, VIDEO = 8, 4
"""Its numbers for kinds of files."""
LOCAL = 1
"""Its number for a file that the user chooses when the project is opened."""


def is_via(document: Any) -> bool:
    """Whether parsed JSON is a project of VIA 3."""
    return isinstance(document, dict) and {"metadata", "view", "file"} <= document.keys()


def read_via(document: Any, source: str) -> Gathered:
    """The spans of a project, each with the attribute that labels it as its ``tier``."""
    gathered = Gathered(source)
    names, views = _names_of_files(document["file"], source), document["view"]
    attributes = document.get("attribute")
    attributes = attributes if isinstance(attributes, dict) else {}
    for mark in dicts_in(document["metadata"]):
        times = mark.get("z")
        times = [as_number(one) for one in times] if isinstance(times, list) else []
        values = mark.get("av")
        if len(times) != 2 or None in times or mark.get("xy"):
            gathered.left_out["marks of frames or regions"] += 1
            continue
        video = _video_of(text_of(mark.get("vid")), views, names)
        labels = _labels_of(values if isinstance(values, dict) else {}, attributes)
        if not labels:
            gathered.left_out["spans without a label"] += 1
        for tier, label in labels:
            gathered.add(video, times[0] or 0.0, times[1] or 0.0, label, tier=tier)
    return gathered


def _names_of_files(files: Any, source: str) -> dict[str, str]:
    """The name of each file by its number; of several with one name also the folders."""
    files = files if isinstance(files, dict) else {}
    known = {key: one for key, one in files.items() if isinstance(one, dict)}
    names = {key: text_of(one.get("fname")) for key, one in known.items()}
    places = {key: path_of(text_of(one.get("src"))) for key, one in known.items()}
    for name in {name for name in names.values() if name}:
        same = [key for key, its in names.items() if its == name]
        several = sorted({places[key] for key in same})
        if len(several) == 1:
            continue
        unlike = [one for one in several if one and not f"/{one}".endswith(f"/{name}")]
        if unlike:
            raise LoadError(
                f"{len(several)} of its files are called {brief(name)}, and one of them lies at "
                f"{brief(unlike[0])}; names that tell them apart were expected; rename one in VIA",
                source=source,
            )
        short = names_apart(places[key] or name for key in same)
        names |= {key: short[places[key] or name] for key in same}
    return names


def _video_of(view: str, views: Any, names: dict[str, str]) -> str:
    """The name of the file that a view shows; empty where the project does not say."""
    shown = views.get(view) if isinstance(views, dict) else None
    ids = shown.get("fid_list") if isinstance(shown, dict) else None
    return names.get(text_of(ids[0]), "") if isinstance(ids, list) and ids else ""


def _labels_of(values: dict[str, Any], attributes: dict[str, Any]) -> list[tuple[str, str]]:
    """Name of the attribute and label, for each that a mark has."""
    found = []
    for key, value in values.items():
        about = attributes.get(key)
        about = about if isinstance(about, dict) else {}
        options = about.get("options")
        options = options if isinstance(options, dict) else {}
        told = text_of(value)
        parts = told.split(",") if about.get("type") == CHECKBOX else [told]
        for part in parts:
            label = text_of(options.get(part, part))
            if label.strip():
                found.append((text_of(about.get("aname")) or key, label))
    return found


def write_via(spans: pd.DataFrame) -> bytes:
    """A project: a view per video, and a list of options as each tier, or as the label."""
    tiers = tiers_of(spans, "label")
    table = spans.assign(tier=tiers)
    videos = {name: str(k) for k, name in enumerate(spans["video_id"].unique(), 1)}
    numbers = {name: str(k) for k, name in enumerate(sorted(set(tiers)), 1)}
    options = {
        str(tier): {label: str(k) for k, label in enumerate(sorted(part["label"].unique()), 1)}
        for tier, part in table.groupby("tier")
    }
    columns = ["video_id", "start_sec", "end_sec", "label", "tier"]
    marks = {}
    for k, (video, start, end, label, tier) in enumerate(table[columns].to_numpy(object)):
        view, chosen = videos[video], {numbers[tier]: options[tier][label]}
        mark = {"vid": view, "flg": 0, "z": [float(start), float(end)], "xy": [], "av": chosen}
        marks[f"{view}_{k:08d}"] = mark
    document = {
        "project": _project_of(list(videos.values())),
        "config": {"file": {"loc_prefix": dict.fromkeys("1234", "")}, "ui": _UI},
        "attribute": {
            numbers[tier]: _attribute_of(tier, {k: name for name, k in known.items()})
            for tier, known in options.items()
        },
        "file": {number: _file_of(number, name) for name, number in videos.items()},
        "metadata": marks,
        "view": {number: {"fid_list": [number]} for number in videos.values()},
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


_UI = {
    "file_content_align": "center",
    "file_metadata_editor_visible": True,
    "spatial_metadata_editor_visible": True,
    "temporal_segment_metadata_editor_visible": True,
    "spatial_region_label_attribute_id": "",
    "gtimeline_visible_row_count": "4",
}


def _project_of(views: list[str]) -> dict[str, Any]:
    """The head of a project; VIA itself puts numbers in the place of the three marks."""
    marks = {name: f"__VIA_PROJECT_{name.upper()}__" for name in ("rev", "rev_timestamp")}
    marks["rev"] = "__VIA_PROJECT_REV_ID__"
    head = {"pid": "__VIA_PROJECT_ID__", **marks, "pname": "twlab", "creator": "twlab"}
    return {**head, "created": 0, "vid_list": views}


def _attribute_of(name: str, options: dict[str, str]) -> dict[str, Any]:
    kind = {"anchor_id": SPAN_ANCHOR, "type": SELECT, "desc": "", "default_option_id": ""}
    return {"aname": name, **kind, "options": options}


def _file_of(number: str, name: str) -> dict[str, Any]:
    kind = AUDIO if family_of(name) == "audio" else VIDEO
    return {"fid": number, "fname": name, "type": kind, "loc": LOCAL, "src": ""}
