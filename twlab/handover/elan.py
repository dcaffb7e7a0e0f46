"""ELAN's annotation documents (``.eaf``): tiers of annotations over the times of one video.

Times are whole milliseconds, kept once in TIME_ORDER and pointed to by annotations. Annotations of
one tier may not overlap, so spans that do are written to a further tier. The video a document is of
is the first media file that it names; our own documents also say the ``video_id``.

Reference: H. Brugman and A. Russel, "Annotating multi-media/multi-modal resources with ELAN", LREC
2004; EAF schema 3.0.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET

from twlab.endings import media_type
from twlab.errors import InputError, LoadError, warn
from twlab.handover.gathering import Gathered, as_number, tiers_of
from twlab.handover.plain_xml import check_xml_texts, parse_xml, xml_bytes
from twlab.wording import brief

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_elan", "write_elan"]

OWN_NAME = "video_id"
"""The property of the header in which our own documents say whose spans they are."""

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"


def read_elan(content: bytes, source: str) -> Gathered:
    """The annotations of a document, each with its ``tier``, which names those without text."""
    root = parse_xml(content, source)
    if root.tag != "ANNOTATION_DOCUMENT":
        raise LoadError(
            f"its root is <{brief(root.tag)}>; ELAN's <ANNOTATION_DOCUMENT> was expected; say "
            "which form it has with form=",
            source=source,
        )
    header = root.find("HEADER")
    units = "milliseconds" if header is None else header.get("TIME_UNITS", "milliseconds")
    if units != "milliseconds":
        raise LoadError(
            f"its times are {brief(units)}; milliseconds were expected; save it with a newer ELAN",
            source=source,
        )
    gathered = Gathered(source)
    video, origin = _video_of(root)
    if origin:
        warn(f"{source}: the video begins {origin:g} s before its document; that was added")
    slots = {
        slot.get("TIME_SLOT_ID", ""): as_number(slot.get("TIME_VALUE"))
        for slot in root.iterfind("TIME_ORDER/TIME_SLOT")
    }
    times: dict[str, tuple[float, float]] = {}
    for one in root.iter("ALIGNABLE_ANNOTATION"):
        start, end = (slots.get(one.get(f"TIME_SLOT_REF{k}", "")) for k in (1, 2))
        if start is not None and end is not None:
            times[one.get("ANNOTATION_ID", "")] = (start / 1000 + origin, end / 1000 + origin)
    for tier in root.iterfind("TIER"):
        _read_tier(tier, video, times, gathered)
    return gathered


def _video_of(root: ET.Element) -> tuple[str, float]:
    """The name of the video, empty where none is told, and where in it the document begins."""
    media = root.find("HEADER/MEDIA_DESCRIPTOR")
    origin = 0.0 if media is None else (as_number(media.get("TIME_ORIGIN")) or 0.0) / 1000
    for one in root.iterfind("HEADER/PROPERTY"):
        if one.get("NAME") == OWN_NAME and one.text:
            return one.text, origin
    told = ("MEDIA_URL", "RELATIVE_MEDIA_URL")
    url = "" if media is None else next((u for n in told if (u := media.get(n))), "")
    return unquote(url.replace("\\", "/").rpartition("/")[2]), origin


def _read_tier(
    tier: ET.Element, video: str, times: dict[str, tuple[float, float]], gathered: Gathered
) -> None:
    """Every annotation of a tier; one that hangs on another has the time of that."""
    name = tier.get("TIER_ID", "")
    referring = tier.findall("ANNOTATION/REF_ANNOTATION")
    divides = any(one.get("PREVIOUS_ANNOTATION") for one in referring)
    if divides:
        gathered.left_out[f"annotations of tier {brief(name)}, which have no time"] += len(
            referring
        )
    for one in [*tier.findall("ANNOTATION/ALIGNABLE_ANNOTATION"), *([] if divides else referring)]:
        own = one.get("ANNOTATION_ID", "")
        place = times.get(own) or times.get(one.get("ANNOTATION_REF", ""))
        if place is None:
            gathered.left_out["annotations without a time"] += 1
            continue
        times[own] = place
        label = one.findtext("ANNOTATION_VALUE") or name
        gathered.add(video, *place, label, tier=name)


def write_elan(spans: pd.DataFrame) -> bytes:
    """A document of the spans of one video: a tier per label, or those of a column ``tier``."""
    (video,) = spans["video_id"].unique()
    tiers = tiers_of(spans, spans["label"])
    check_xml_texts("label", spans["label"])
    check_xml_texts("tier", tiers)
    check_xml_texts("video_id", [video])
    table = spans.assign(
        tier=tiers,
        start=(spans["start_sec"] * 1000).round().astype("int64"),
        end=(spans["end_sec"] * 1000).round().astype("int64"),
    )
    short = table[table["end"] <= table["start"]]
    if len(short):
        raise InputError(
            f"the span {brief(short['label'].iloc[0])} at {short['start_sec'].iloc[0]:g} s is "
            "shorter than a millisecond, ELAN's unit; longer spans were expected; drop it"
        )
    root = _begin_document(video)
    values = sorted({*table["start"], *table["end"]})
    slots = {value: f"ts{k}" for k, value in enumerate(values, 1)}
    order = ET.SubElement(root, "TIME_ORDER")
    for value, slot in slots.items():
        ET.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=slot, TIME_VALUE=str(value))
    n_written = 0
    for name, rows in _lay_on_tiers(table):
        tier = ET.SubElement(root, "TIER", LINGUISTIC_TYPE_REF="default-lt", TIER_ID=name)
        for start, end, label in rows:
            n_written += 1
            places = {"TIME_SLOT_REF1": slots[start], "TIME_SLOT_REF2": slots[end]}
            wrapped = ET.SubElement(tier, "ANNOTATION")
            own = {"ANNOTATION_ID": f"a{n_written}", **places}
            one = ET.SubElement(wrapped, "ALIGNABLE_ANNOTATION", own)
            ET.SubElement(one, "ANNOTATION_VALUE").text = label
    kind = {"LINGUISTIC_TYPE_ID": "default-lt", "TIME_ALIGNABLE": "true"}
    ET.SubElement(root, "LINGUISTIC_TYPE", kind)
    return xml_bytes(root)


def _begin_document(video: str) -> ET.Element:
    """The root with its header."""
    made = datetime.now(UTC).isoformat(timespec="seconds")
    known = {"AUTHOR": "", "DATE": made, "FORMAT": "3.0", "VERSION": "3.0"}
    root = ET.Element("ANNOTATION_DOCUMENT", known)
    root.set(_XSI, "http://www.mpi.nl/tools/elan/EAFv3.0.xsd")
    header = ET.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    place = f"./{quote(video)}"
    ET.SubElement(
        header,
        "MEDIA_DESCRIPTOR",
        MEDIA_URL=f"file:///{place}",
        RELATIVE_MEDIA_URL=place,
        MIME_TYPE=media_type(video) or "video/mp4",
    )
    ET.SubElement(header, "PROPERTY", NAME=OWN_NAME).text = video
    return root


def _lay_on_tiers(table: pd.DataFrame) -> list[tuple[str, list[tuple[int, int, str]]]]:
    """Names of tiers and the annotations on each, none of which overlap."""
    taken = set(table["tier"])
    laid = []
    for name, part in table.groupby("tier"):
        lanes: list[list[tuple[int, int, str]]] = []
        rows = sorted(part[["start", "end", "label"]].itertuples(index=False, name=None))
        for start, end, label in rows:
            free = next((lane for lane in lanes if lane[-1][1] <= start), None)
            if free is None:
                free = []
                lanes.append(free)
            free.append((int(start), int(end), str(label)))
        for k, lane in enumerate(lanes):
            laid.append((_name_lane(str(name), k, taken), lane))
    return laid


def _name_lane(name: str, number: int, taken: set[str]) -> str:
    """The name of a further tier, which no other has."""
    if not number:
        return name
    called = next(c for k in range(2, 10**6) if (c := f"{name} ({k})") not in taken)
    taken.add(called)
    return called
