"""Spans to files of annotation tools and back: the same times, and no file is followed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

FOUR = ["video_id", "start_sec", "end_sec", "label"]
FORMS = {
    "csv": "x.csv",
    "elan": "x.eaf",
    "via": "v.json",
    "label-studio": "l.json",
    "cvat": "x.xml",
}
COUNTING = ("label-studio", "cvat")


def spans_of(*rows: tuple[str, float, float, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=FOUR)


def in_order(spans: pd.DataFrame) -> list[list[Any]]:
    table = spans[FOUR].sort_values(FOUR)
    return table.assign(
        start_sec=(table["start_sec"] * 1000).round(), end_sec=(table["end_sec"] * 1000).round()
    ).to_numpy().tolist()  # fmt: skip


LABELS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    lambda text: text.strip()
)
NAMES = st.sampled_from(["film", "a film.mp4", "Übung/1 (ü).mov", "65f0c", "http://a.b/c?x=1"])


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_times_labels_and_videos_come_back(form: str, data: st.DataObject, tmp_path: Path) -> None:
    tick = 40 if form in COUNTING else 1  # milliseconds: of a frame at 25 a second
    times = st.tuples(st.integers(0, 90_000), st.integers(1, 9_000))
    drawn = data.draw(st.lists(st.tuples(times, LABELS), min_size=1, max_size=6))
    video = data.draw(NAMES)
    spans = spans_of(
        *((video, a * tick / 1000, (a + n) * tick / 1000, label) for (a, n), label in drawn)
    )
    path = tw.save_spans(spans, tmp_path / FORMS[form], form=form, frame_rate=25)  # type: ignore[arg-type]
    assert in_order(tw.load_spans(path, frame_rate=25)) == in_order(spans)


@pytest.mark.parametrize("form", ["csv", "via", "label-studio"])
def test_several_videos_stay_apart(form: Any, tmp_path: Path) -> None:
    spans = spans_of(("a", 0, 4, "x"), ("b.mp4", 0, 4, "x"), ("a", 8, 12, "y"))
    path = tw.save_spans(spans, tmp_path / FORMS[form], form=form, frame_rate=25)
    assert in_order(tw.load_spans(path, frame_rate=25)) == in_order(spans)


@pytest.mark.parametrize("form", ["elan", "cvat"])
def test_a_file_of_one_video_takes_one(form: Any, tmp_path: Path) -> None:
    spans = spans_of(("a", 0, 4, "x"), ("b", 0, 4, "x"))
    with pytest.raises(tw.InputError, match=r"are of 2 videos.*groupby\('video_id'\)"):
        tw.save_spans(spans, tmp_path / FORMS[form], form=form, frame_rate=25)
    for video, part in spans.groupby("video_id"):
        tw.save_spans(part, tmp_path / f"{video}-{FORMS[form]}", form=form, frame_rate=25)


@pytest.mark.parametrize("form", COUNTING)
def test_times_between_frames_are_told(form: Any, tmp_path: Path) -> None:
    spans = spans_of(("a", 0.01, 4, "x"))
    with pytest.warns(tw.TwlabWarning, match="1 of 2 starts and ends were moved .* up to 10 ms"):
        path = tw.save_spans(spans, tmp_path / FORMS[form], form=form, frame_rate=25)
    for wrong in (None, 0, "25", True, float("nan")):
        with pytest.raises(tw.InputError, match="frame"):
            tw.load_spans(path, frame_rate=wrong)


ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2020-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0">
<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/my%20films/film.mpg" MIME_TYPE="video/mpeg"/></HEADER>
<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1110"/>
<TIME_SLOT TIME_SLOT_ID="ts2"/><TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="2080"/></TIME_ORDER>
<TIER TIER_ID="shot" LINGUISTIC_TYPE_REF="t">
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts3">
<ANNOTATION_VALUE>wide</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
<ANNOTATION_VALUE>open</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER TIER_ID="who" LINGUISTIC_TYPE_REF="r" PARENT_REF="shot">
<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a3" ANNOTATION_REF="a1">
<ANNOTATION_VALUE>Ann</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER>
<TIER TIER_ID="mark" LINGUISTIC_TYPE_REF="t">
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a4" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts3">
<ANNOTATION_VALUE/></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
</ANNOTATION_DOCUMENT>"""


def test_elan_as_people_write_it(tmp_path: Path) -> None:
    path = tmp_path / "x.eaf"
    path.write_text(ELAN, encoding="utf-8")
    with pytest.warns(tw.TwlabWarning, match="left out: 1 annotations without a time"):
        spans = tw.load_spans(path)
    assert spans["video_id"].unique().tolist() == ["film.mpg"]
    assert spans[["tier", "label"]].to_numpy().tolist() == [
        ["shot", "wide"],
        ["who", "Ann"],
        ["mark", "mark"],
    ]
    assert spans[["start_sec", "end_sec"]].drop_duplicates().to_numpy().tolist() == [[1.11, 2.08]]


def test_what_overlaps_lies_on_tiers_of_its_own(tmp_path: Path) -> None:
    spans = spans_of(("a", 0, 4, "x"), ("a", 2, 6, "x"), ("a", 4, 8, "x"))
    read = tw.load_spans(tw.save_spans(spans, tmp_path / "x.eaf"))
    assert in_order(read) == in_order(spans)
    for _, tier in read.groupby("tier"):
        tier = tier.sort_values("start_sec")
        assert (tier["end_sec"].iloc[:-1].to_numpy() <= tier["start_sec"].iloc[1:].to_numpy()).all()


VIA = {
    "project": {"vid_list": ["1"]},
    "attribute": {
        "1": {"aname": "act", "anchor_id": "FILE1_Z2_XY0", "type": 4, "options": {"1": "Break"}},
        "2": {"aname": "who", "type": 2, "options": {"1": "A", "2": "B"}},
        "3": {"aname": "note", "anchor_id": "FILE1_Z2_XY0", "type": 1, "options": {}},
    },
    "file": {"1": {"fid": 1, "fname": "egg.ogv", "type": 4, "loc": 3, "src": "/etc/passwd"}},
    "view": {"1": {"fid_list": [1]}},
    "metadata": {
        "a": {"vid": "1", "flg": 0, "z": [2, 6.5], "xy": [], "av": {"1": "1", "2": "1,2"}},
        "b": {"vid": "1", "flg": 0, "z": [7, 8], "xy": [], "av": {"3": "by hand"}},
        "c": {"vid": "1", "flg": 0, "z": [0.917], "xy": [2, 1, 1, 2, 2], "av": {"2": "1"}},
        "d": {"vid": "1", "flg": 0, "z": [9, 10], "xy": [], "av": {}},
    },
}  # fmt: skip


def test_via_as_people_write_it(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    path.write_text(json.dumps(VIA), encoding="utf-8")
    with pytest.warns(tw.TwlabWarning, match="1 marks of frames or regions, 1 spans without"):
        spans = tw.load_spans(path)
    assert spans[[*FOUR, "tier"]].to_numpy().tolist() == [
        ["egg.ogv", 2.0, 6.5, "Break", "act"],
        ["egg.ogv", 2.0, 6.5, "A", "who"],
        ["egg.ogv", 2.0, 6.5, "B", "who"],
        ["egg.ogv", 7.0, 8.0, "by hand", "note"],
    ]


def range_of(start: int, end: int, *labels: str) -> dict[str, Any]:
    value = {"ranges": [{"start": start, "end": end}], "timelinelabels": list(labels)}
    return {"type": "timelinelabels", "value": value}


def test_label_studio_as_people_write_it(tmp_path: Path) -> None:
    box = {"type": "videorectangle", "value": {"labels": ["Hand"], "sequence": []}}
    sound = {"type": "labels", "value": {"start": 0.25, "end": 1.5, "labels": ["Speech"]}}
    tasks = [
        {
            "id": 7,
            "data": {"video": "/data/local-files/?d=films/a%20b.mp4"},
            "annotations": [
                {"completed_by": 3, "result": [range_of(1, 25, "x", "y"), box, sound]},
                {"completed_by": {"email": "a@b"}, "result": [range_of(26, 50, "x")]},
                {"was_cancelled": True, "result": [range_of(1, 99, "no")]},
            ],
            "predictions": [{"result": [range_of(1, 99, "no")]}],
        }
    ]
    path = tmp_path / "l.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    with pytest.warns(tw.TwlabWarning, match="1 cancelled annotations, 1 predictions, 1 regions"):
        spans = tw.load_spans(path, frame_rate=25)
    assert spans[[*FOUR, "annotator"]].to_numpy().tolist() == [
        ["a b.mp4", 0.0, 1.0, "x", "3"],
        ["a b.mp4", 0.0, 1.0, "y", "3"],
        ["a b.mp4", 0.25, 1.5, "Speech", "3"],
        ["a b.mp4", 1.0, 2.0, "x", "a@b"],
    ]


def test_label_studio_in_its_small_form(tmp_path: Path) -> None:
    regions = [range_of(51, 75, "x")["value"]]
    path = tmp_path / "l.json"
    task = {"id": 1, "video": "a.mp4", "videoLabels": regions, "annotator": 4}
    path.write_text(json.dumps([task]), "utf-8")
    spans = tw.load_spans(path, frame_rate=25)
    assert spans[[*FOUR, "annotator"]].to_numpy().tolist() == [["a.mp4", 2.0, 3.0, "x", "4"]]


CVAT = """<?xml version="1.0" encoding="utf-8"?><annotations><version>1.1</version>
<meta><task><id>5</id><name>my task</name><size>200</size><mode>interpolation</mode>
<source>film.mp4</source></task></meta>
<track id="0" label="walk"><box frame="25" outside="0" keyframe="1" xtl="1" ytl="1"/>
<box frame="26" outside="0" keyframe="0"/><box frame="50" outside="1" keyframe="1"/>
<polygon frame="100" outside="0" keyframe="1"/></track>
<image id="10" name="frame_000010"><tag label="rain"/></image>
<image id="11" name="frame_000011"><tag label="rain"/><box label="dog"/></image>
<image id="20" name="frame_000020"><tag label="rain"/></image></annotations>"""


def test_cvat_as_people_write_it(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text(CVAT, encoding="utf-8")
    with pytest.warns(tw.TwlabWarning, match="1 shapes in single frames"):
        spans = tw.load_spans(path, frame_rate=25)
    assert in_order(spans) == [
        ["film.mp4", 400.0, 480.0, "rain"],
        ["film.mp4", 800.0, 840.0, "rain"],
        ["film.mp4", 1000.0, 2000.0, "walk"],
        ["film.mp4", 4000.0, 8000.0, "walk"],
    ]


CSVS = [
    "video;start;end;label\nfilm;0,5;2,25;a\n",
    "\ufeffvideo,start,end,label\nfilm,0:00.5,00:00:02.25,a\n",
    "filename\tonset\toffset\ttag\nfilm\t0.5\t2.25\ta\n",
    "sep=|\rvideo|start|end|label\rfilm|0.5|2.25|a\r",
    "sep=;\nvideo;start;end;label\nfilm;0,5;2,25;a\n",
    "\ufeffsep=,\r\nvideo,start,end,label\r\nfilm,0.5,2.25,a\r\n",
    'video,start,end,label\nfilm,"0,5","2,25",a\n',
    "Video ID,Start Time,End Time,Label\nfilm,0.5,2.25,a\n",
    "Name\tVideo\tIn\tOut\na\tfilm\t0:00.5\t00:00:02.25\n",
]


@pytest.mark.parametrize("text", CSVS)
def test_csv_as_people_write_it(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    for encoding in ("utf-8", "utf-16"):
        path.write_bytes(text.encode(encoding))
        assert tw.load_spans(path)[FOUR].to_numpy().tolist() == [["film", 0.5, 2.25, "a"]]
    path.write_bytes(text.encode("utf-16")[:-1])
    with pytest.raises(tw.LoadError, match="it is no CSV that can be read"):
        tw.load_spans(path)


def test_labels_that_look_like_nothing_are_labels(tmp_path: Path) -> None:
    path = tmp_path / "film.csv"
    path.write_text("start,end,label,sure\n0,1,NA,\n1,2,null,yes\n", encoding="utf-8")
    spans = tw.load_spans(path)
    assert spans["label"].tolist() == ["NA", "null"]
    assert spans["video_id"].unique().tolist() == ["film"]
    assert spans["sure"].tolist() == ["", "yes"]


def test_a_video_is_called_as_the_caller_says(tmp_path: Path) -> None:
    path = tw.save_spans(spans_of(("theirs.mp4", 0, 1, "a")), tmp_path / "x.eaf")
    assert tw.load_spans(path, video_id="mine")["video_id"].tolist() == ["mine"]
    known = {"theirs.mp4": "ours"}
    assert tw.load_spans(path, video_id=known)["video_id"].tolist() == ["ours"]


HEAD = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(("name", "text"), [("x.eaf", ELAN), ("x.xml", CVAT)])
def test_no_file_names_another(name: str, text: str, tmp_path: Path) -> None:
    head, _, rest = text.partition("?>")
    path = tmp_path / name
    for doctype in (HEAD, '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'):
        path.write_text(f"{head}?>{doctype}{rest.replace('wide', '&a;')}", encoding="utf-8")
        with pytest.raises(tw.LoadError, match="it has a document type"):
            tw.load_spans(path, frame_rate=25)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.eaf", "<a/>", "its root is <'a'>"),
        ("x.eaf", "<ANNOTATION_DOCUMENT>", "it is no XML that can be read"),
        ("x.eaf", ELAN.replace("milliseconds", "PAL-frames"), "its times are 'PAL-frames'"),
        ("x.xml", "not xml", "it is no XML that can be read"),
        ("x.json", "{", "it is no JSON that can be read"),
        ("x.json", "[" * 5000, "it is no JSON that can be read"),
        ("x.json", '{"data": []}', "is not a project of VIA 3, nor tasks of Label Studio"),
        ("x.json", '[{"data": {"x": 1}, "annotations": []}]', "task 0 does not say its video"),
        ("x.csv", "", "it is empty; a CSV"),
        ("x.csv", "\ufeffsep=;\n\n", "it is empty; a CSV"),
        ("x.csv", 'start,end,label\n0,1,"a\n', "it is no CSV that can be read"),
        ("x.csv", "a,b\n1,2\n", "no column 'start_sec'"),
        ("x.csv", "start,end,label\nsoon,1,a\n", "start_sec of span 0 is 'soon'"),
        ("x.csv", 'start,end,label\n"1,500",2000,a\n', "is one second to some"),
        ("x.txt", "", "has no ending of a form of spans"),
    ],
)
def test_what_is_wrong_is_said(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(tw.InputError, match=message):
        tw.load_spans(tmp_path / name, frame_rate=25)


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    spans = spans_of(("a", 0, 1, "x\x01"))
    for name in ("x.eaf", "x.xml"):
        with pytest.raises(tw.InputError, match="has a control character"):
            tw.save_spans(spans, tmp_path / name, frame_rate=25)
    with pytest.raises(tw.InputError, match=r"form='via' or form='label-studio'"):
        tw.save_spans(spans, tmp_path / "x.json")
    with pytest.raises(tw.InputError, match="form is 'praat'"):
        tw.save_spans(spans, tmp_path / "x.csv", form="praat")  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="shorter than a millisecond"):
        tw.save_spans(spans_of(("a", 0, 0.0004, "x")), tmp_path / "x.eaf")
    with pytest.raises(tw.InputError, match="there is no file"):
        tw.load_spans(tmp_path / "none.csv")
    assert not list(tmp_path.iterdir())


def test_a_label_by_hand_reaches_the_segments(tmp_path: Path) -> None:
    clips = tw.clips(tw.sample())
    marks = spans_of(("big_buck_bunny.mp4", 12, 30, "meadow"))
    flags = tw.annotate(clips, tw.load_spans(tw.save_spans(marks, tmp_path / "x.eaf")))
    assert tw.to_spans(clips, flags)[["start_sec", "end_sec"]].to_numpy().tolist() == [[12.0, 30.0]]


def test_one_name_is_not_for_several_videos(tmp_path: Path) -> None:
    path = tw.save_spans(spans_of(("a", 0, 1, "x"), ("b", 0, 1, "y")), tmp_path / "x.csv")
    with pytest.raises(tw.InputError, match="and the file has spans of 'a' and 'b'"):
        tw.load_spans(path, video_id="film")
    assert tw.load_spans(path, video_id={"a": "film"})["video_id"].tolist() == ["film", "b"]
    with pytest.raises(tw.InputError, match="video_id is 5; a text was expected"):
        tw.load_spans(path, video_id=5)  # type: ignore[arg-type]


def test_characters_of_a_text_are_no_seconds(tmp_path: Path) -> None:
    named = {"start": 10, "end": 20, "text": "Berlin", "labels": ["Place"]}
    sound = {"start": 0.25, "end": 1.5, "labels": ["Speech"]}
    result = [{"type": "labels", "value": value} for value in (named, sound)]
    tasks = [{"data": {"audio": "a.wav"}, "annotations": [{"result": result}]}]
    path = tmp_path / "l.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    with pytest.warns(tw.TwlabWarning, match="1 spans were read; left out: 1 regions of a text"):
        assert tw.load_spans(path)["label"].tolist() == ["Speech"]


@pytest.mark.parametrize("rows", ["film,0,1,a\n", "0,1,a,\n", "film,0,1,a\nfilm,1,2,b\n"])
def test_rows_longer_than_the_head_are_refused(rows: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"start,end,label\n{rows}", encoding="utf-8")
    with pytest.raises(tw.LoadError, match="its rows have more cells than its head, which has 3"):
        tw.load_spans(path)


def test_files_of_one_name_stay_apart_in_label_studio(tmp_path: Path) -> None:
    said = {"start": 0, "end": 1, "labels": ["x"]}
    paths = ["s3://b/day1/cam.wav", "s3://b/day2/cam.wav", "s3://b/day1/cam.wav", "s3://b/o.wav"]
    tasks = [
        {"data": {"audio": one}, "annotations": [{"result": [{"value": said}]}]} for one in paths
    ]
    path = tmp_path / "l.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    want = ["day1/cam.wav", "day2/cam.wav", "day1/cam.wav", "o.wav"]
    assert tw.load_spans(path)["video_id"].tolist() == want
    tasks[0]["data"] = {"video_id": "o.wav"}
    path.write_text(json.dumps(tasks[::3]), encoding="utf-8")
    assert tw.load_spans(path)["video_id"].tolist() == ["o.wav", "s3://b/o.wav"]
    pages = [{"video": f"https://h.example/watch?v={n}"} for n in "ab"]
    signed = {"video": "https://h.example/c.mp4?Signature=1"}
    for task, data in zip(tasks, [*pages, signed], strict=False):
        task["data"] = data
    path.write_text(json.dumps(tasks[:3]), encoding="utf-8")
    assert tw.load_spans(path)["video_id"].tolist() == ["watch?v=a", "watch?v=b", "c.mp4"]


def via_of(*places: tuple[str, str]) -> str:
    marks = {
        str(k): {"vid": str(k), "z": [0, 1], "xy": [], "av": {"1": "1"}} for k in range(len(places))
    }
    files = {str(k): {"fid": k, "fname": name, "src": src} for k, (name, src) in enumerate(places)}
    views = {str(k): {"fid_list": [k]} for k in range(len(places))}
    return json.dumps({**VIA, "file": files, "view": views, "metadata": marks})


def test_files_of_one_name_stay_apart_in_via(tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    path.write_text(via_of(("a.mp4", "/1/a.mp4"), ("a.mp4", "/2/a.mp4"), ("b.mp4", "/1/b.mp4")))
    assert tw.load_spans(path)["video_id"].tolist() == ["1/a.mp4", "2/a.mp4", "b.mp4"]
    path.write_text(via_of(("a.mp4", "/1/a.mp4"), ("a.mp4", "blob:5")))
    with pytest.raises(tw.LoadError, match="2 of its files are called"):
        tw.load_spans(path)


@pytest.mark.parametrize("files", [[], None, "x", {"1": None}])
def test_a_project_without_files_is_of_no_named_video(files: Any, tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    path.write_text(json.dumps({**VIA, "file": files}), encoding="utf-8")
    with pytest.warns(tw.TwlabWarning, match="left out"):
        assert tw.load_spans(path)["video_id"].unique().tolist() == ["v"]


@pytest.mark.parametrize(("form", "want"), [("elan", "x"), ("via", "label")])
def test_a_span_without_a_tier_is_written(form: Any, want: str, tmp_path: Path) -> None:
    spans = spans_of(("a", 0, 1, "x"), ("a", 1, 2, "y"), ("a", 2, 3, "x"))
    spans["tier"] = [None, "t", ""]
    read = tw.load_spans(tw.save_spans(spans, tmp_path / FORMS[form], form=form))
    assert in_order(read) == in_order(spans)
    assert read.sort_values("start_sec")["tier"].tolist() == [want, "t", want]


def test_timecodes_of_frames_in_csv_take_a_rate(tmp_path: Path) -> None:
    path = tmp_path / "film.csv"
    path.write_text("start,end,label\n00:00:01:12,00:01:00;02,a\n", encoding="utf-8")
    with pytest.raises(
        tw.InputError, match=r"the time '00:00:01:12' counts frames.*frame_rate= was"
    ):
        tw.load_spans(path)
    path.write_text("start,end,label\n00:00:01:12,00:00:02:00,a\n", encoding="utf-8")
    assert tw.load_spans(path, frame_rate=24)[FOUR].to_numpy().tolist() == [["film", 1.5, 2, "a"]]


@pytest.mark.parametrize("label", ["x\ry", "x\r\ny", "x\ny", 'a\rb,"c"'])
def test_breaks_in_labels_come_back_from_csv(label: str, tmp_path: Path) -> None:
    spans = spans_of(("a", 0, 1, label), ("a", 1, 2, "plain"))
    assert in_order(tw.load_spans(tw.save_spans(spans, tmp_path / "x.csv"))) == in_order(spans)


@pytest.mark.parametrize("form", FORMS)
def test_no_spans_come_back_or_are_refused(form: Any, tmp_path: Path) -> None:
    path = tmp_path / FORMS[form]
    if form in ("elan", "cvat"):
        with pytest.raises(tw.InputError, match="there are no spans"):
            tw.save_spans(spans_of(), path, form=form, frame_rate=25)
        return
    saved = tw.save_spans(spans_of(), path, form=form, frame_rate=25)
    assert len(tw.load_spans(saved, frame_rate=25)) == 0


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_what_a_sheet_would_calculate_comes_back(ending: str, tmp_path: Path) -> None:
    names = ["=1", "'=1", "''=1", "-x", "@y", "+", "\t=q", "'t is", "'"]
    rows = [("'-AbC" if k % 2 else "-AbC", 1.0 * k, k + 1.0, name) for k, name in enumerate(names)]
    spans = spans_of(*rows).assign(**{"'=note": "=n"})
    assert tw.load_spans(tw.save_spans(spans, tmp_path / f"x.{ending}")).equals(spans)
    page = tmp_path / "page.csv"
    page.write_text("video_id,start_sec,end_sec,label\r\n'-AbC,0,1,'=1\r\n''=v,1,2,''=1\r\n")
    assert in_order(tw.load_spans(page)) == [["'=v", 1000, 2000, "'=1"], ["-AbC", 0, 1000, "=1"]]


def test_segments_as_a_page_saves_them_are_spans(tmp_path: Path) -> None:
    place = {"video_id": "=v", "start_sec": 0, "end_sec": 2.5, "novelty": 0.5}
    rows = [
        place | {"label": ["a; b", "c"]},
        place | {"label": []},
        place | {"start_sec": None, "end_sec": None, "label": ["d"]},
    ]
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows))
    told = "2 spans were read; left out: 1 segments without a time"
    with pytest.warns(tw.TwlabWarning, match=told):
        spans = tw.load_spans(path)
    assert in_order(spans) == [["=v", 0, 2500, "a; b"], ["=v", 0, 2500, "c"]]
    assert spans["novelty"].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("form", ["csv", "via", "elan"])
def test_files_whose_names_are_no_utf8(form: Any, tmp_path: Path) -> None:
    spans = pd.DataFrame({"video_id": "f", "start_sec": [0.0], "end_sec": [1.0], "label": "a"})
    path = tw.save_spans(spans, tmp_path / "caf\udce9", form=form)
    assert tw.load_spans(path, form=form)["video_id"].tolist() == ["f"]
    path.write_text("start,end,label\n0,1,a\n")
    assert tw.load_spans(path, form="csv")["video_id"].tolist() == ["caf\\xe9"]
