"""Results to editing programs and players: each form read back by a reader that is not ours."""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
import webvtt

import twlab as tw
from twlab.cli import main
from twlab.errors import InputError, TwlabWarning

if TYPE_CHECKING:
    from pathlib import Path

NTSC = {23.976: 24, 29.97: 30, 59.94: 60}
RATES = {number: Fraction(nominal * 1000, 1001) for number, nominal in NTSC.items()}
RATES |= {float(whole): Fraction(whole) for whole in (24, 25, 30, 50)}
STARTS = [(rate, None) for rate in RATES] + [(rate, "01:00:00:00") for rate in RATES]
STARTS += [(29.97, "00:59:59;28"), (59.94, "01:00:00;00"), (29.97, "23:59:00;02")]


def drawn(rate: Fraction, seed: int = 0, n: int = 60) -> tuple[pd.DataFrame, np.ndarray]:
    """Stretches of three hours whose times mean whole frames, and these."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, int(3 * 3600 * rate), n)
    frames = np.stack([first, first + rng.integers(1, 2000, n)], axis=1)
    times = [[round(float(frame / rate), 3) for frame in pair] for pair in frames.tolist()]
    table = pd.DataFrame(times, columns=["start_sec", "end_sec"])
    return table.assign(video_id="film", label=[f"Ünit <{k}> & |x|" for k in range(n)]), frames


def counted(timecode: str, nominal: int) -> int:
    """The number of a drop-frame or other timecode, by walking minute by minute: an oracle."""
    hours, minutes, seconds, frames = (int(part) for part in timecode.replace(";", ":").split(":"))
    dropped = 0
    for minute in range(1, hours * 60 + minutes + 1):
        dropped += nominal // 15 if ";" in timecode and minute % 10 else 0
    return ((hours * 60 + minutes) * 60 + seconds) * nominal + frames - dropped


@pytest.mark.parametrize(("number", "start"), STARTS)
def test_decision_lists_name_the_very_frames(
    number: float, start: str | None, tmp_path: Path
) -> None:
    rate, nominal = RATES[number], round(number)
    table, frames = drawn(rate)
    text = tw.export(table, tmp_path / "a.edl", fps=number, start_timecode=start).read_text()
    assert ("FCM: DROP FRAME" in text) == (";" in (start or ""))
    events = [line.split() for line in text.splitlines() if line[:3].isdigit()]
    base = counted(start, nominal) if start else 0
    day = counted("23:59:59" + (";" if start and ";" in start else ":") + str(nominal - 1), nominal)
    got = np.array([[counted(code, nominal) for code in event[4:6]] for event in events])
    assert ((got - base) % (day + 1) == frames % (day + 1)).all()
    placed = [[counted(code, nominal) for code in event[6:8]] for event in events]
    assert all(before[1] == after[0] for before, after in pairwise(placed))
    assert [b - a for a, b in placed] == (frames[:, 1] - frames[:, 0]).tolist()


@pytest.mark.parametrize("number", RATES)
def test_opentimelineio_reads_the_very_frames(number: float, tmp_path: Path) -> None:
    otio = pytest.importorskip("opentimelineio")
    rate = RATES[number]
    table, frames = drawn(rate, 1)
    for name in ("a.edl", "a.otio"):
        path = tw.export(table, tmp_path / name, fps=number, video="a film.mp4")
        read: Any = {"rate": float(rate)} if name == "a.edl" else {}
        timeline = otio.adapters.read_from_file(str(path), **read)
        clips = list(timeline.find_clips())
        got = [
            (round(clip.source_range.start_time.value), round(clip.source_range.duration.value))
            for clip in clips
        ]
        assert got == [(a, b - a) for a, b in frames.tolist()], name
    assert [clip.name for clip in clips] == table["label"].tolist()
    assert clips[0].media_reference.target_url == "./a%20film.mp4"
    assert clips[0].metadata["twlab"]["video_id"] == "film"


@pytest.mark.parametrize("number", RATES)
def test_final_cut_projects_hold_exact_fractions(number: float, tmp_path: Path) -> None:
    rate = RATES[number]
    table, frames = drawn(rate, 2)
    path = tw.export(table, tmp_path / "a.fcpxml", fps=number, start_timecode="01:00:00:00")
    root = ET.fromstring(path.read_text())
    exact = {"start": [], "duration": [], "offset": []}  # type: dict[str, list[Fraction]]
    for clip in root.iter("asset-clip"):
        for name, moments in exact.items():
            moments.append(Fraction(clip.attrib[name].removesuffix("s")) * rate)
    hour = 3600 * round(number)
    assert exact["start"] == [hour + a for a, _ in frames.tolist()]
    assert exact["duration"] == [b - a for a, b in frames.tolist()]
    assert exact["offset"] == [hour + sum(exact["duration"][:k]) for k in range(len(frames))]
    assert [clip.attrib["name"] for clip in root.iter("asset-clip")] == table["label"].tolist()
    ids = {one.attrib["id"] for one in root.iter("asset")}
    assert {clip.attrib["ref"] for clip in root.iter("asset-clip")} <= ids


def test_markers_of_resolve(tmp_path: Path) -> None:
    table, frames = drawn(RATES[25.0], 3)
    path = tw.export(table, tmp_path / "m.edl", fps=25, form="resolve-markers")
    lines = path.read_text().splitlines()
    marks = [line.split() for line in lines if line[:3].isdigit()]
    assert [counted(mark[4], 25) - 90_000 for mark in marks] == frames[:, 0].tolist()
    notes = [line for line in lines if line.startswith(" |C:")]
    assert [int(note.rpartition("|D:")[2]) for note in notes] == (
        frames[:, 1] - frames[:, 0]
    ).tolist()
    assert all(note.count("|") == 3 for note in notes)
    assert len({note.split()[0] for note in notes}) == 1, "names that all differ are no classes"
    classes = table.assign(label=["a", "b", "c"] * 20)
    text = tw.export(classes, tmp_path / "c.edl", fps=25, form="resolve-markers").read_text()
    assert {line.split()[0] for line in text.splitlines() if line.startswith(" |C:")} == {
        "|C:ResolveColorBlue",
        "|C:ResolveColorCyan",
        "|C:ResolveColorGreen",
    }


@pytest.mark.parametrize("number", [1.0, 5.0, 23.97, *RATES])
def test_annotation_tools_count_the_very_frames_of_ten_hours(number: float, tmp_path: Path) -> None:
    rate = RATES.get(number, RATES[23.976] if number == 23.97 else Fraction(number))
    table, frames = drawn(rate, 6)
    later = int(7 * 3600 * rate)
    table = table.assign(
        start_sec=[float((later + a) / rate) for a in frames[:, 0].tolist()],
        end_sec=[float((later + b) / rate) for b in frames[:, 1].tolist()],
    )
    file = tw.export(table, tmp_path / "a.json", fps=number, form="label-studio")
    (task,) = json.loads(file.read_text())
    ranges = [one["value"]["ranges"][0] for one in task["annotations"][0]["result"]]
    assert [(one["start"] - 1 - later, one["end"] - later) for one in ranges] == [
        *map(tuple, frames.tolist())
    ]
    root = ET.fromstring(tw.export(table, tmp_path / "a.xml", fps=number, form="cvat").read_bytes())
    # The converter of Label Studio and Datumaro's reader of CVAT fail without these.
    assert {"id", "annotations"} < task.keys()
    assert "id" in task["annotations"][0]
    assert root.findtext("meta/task/original_size/width") == "16"
    boxes = [[int(box.attrib["frame"]) - later for box in track] for track in root.iter("track")]
    assert boxes == frames.tolist()
    read = tw.load_spans(file, frame_rate=number)
    np.testing.assert_allclose(read["end_sec"], table["end_sec"], rtol=1e-12)


HARD = ["a --> b", "<b>x</b> & y", "=;#\\ []", "end\\", "two\nlines", "title=x", "Ü …", "1"]


def hard_spans() -> pd.DataFrame:
    starts = np.arange(len(HARD)) * 12.5
    return pd.DataFrame(
        {"video_id": "film", "start_sec": starts, "end_sec": starts + 12.5, "label": HARD}
    )


def test_cues_come_back_through_a_reader_of_webvtt(tmp_path: Path) -> None:
    table = hard_spans()
    path = tw.export(table.iloc[::-1], tmp_path / "a.vtt")
    captions = webvtt.read(str(path)).captions
    assert [caption.start_in_seconds for caption in captions] == [
        int(second) for second in table["start_sec"]
    ]
    raw = [caption.raw_text for caption in captions]
    back = [t.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for t in raw]
    assert back == [" ".join(label.split()) for label in HARD]
    assert webvtt.from_srt(str(tw.export(table, tmp_path / "a.srt"))).captions[1].start == (
        "00:00:12.500"
    )


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg reads them")
def test_a_player_leaves_nothing_of_a_caption_out(tmp_path: Path) -> None:
    """What SubRip would take for markup comes in other brackets."""
    labels = ["Opening <Title>", "<i>it</i> {x}", r"{\b1}loud", "a < b > c", "--> 0:00", "plain"]
    starts = np.arange(len(labels)) * 2.0
    table = pd.DataFrame(
        {"video_id": "film", "start_sec": starts, "end_sec": starts + 2, "label": labels}
    )
    path = tw.export(table, tmp_path / "a.srt")
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "ass", "-"]
    shown = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    events = [line for line in shown.splitlines() if line.startswith("Dialogue:")]
    assert [event.split(",", 9)[9] for event in events] == [
        *("Opening ‹Title›", "‹i›it‹/i› (x)", r"(\b1)loud", "a ‹ b › c", "→ 0:00", "plain")
    ]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg reads them")
def test_chapters_come_back_through_ffprobe(tmp_path: Path) -> None:
    table = hard_spans()
    meta = tw.export(table, tmp_path / "a.ffmeta")
    film, made = tw.sample_video("trailer"), tmp_path / "out.mkv"
    command = ["ffmpeg", "-v", "error", "-i", film, "-i", meta, "-map_metadata", "1", "-map", "0:v"]
    subprocess.run([*map(str, command), "-c", "copy", str(made)], check=True)
    asked = ["ffprobe", "-v", "error", "-show_chapters", "-of", "json", str(made)]
    chapters = json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)["chapters"]
    assert [float(one["start_time"]) for one in chapters] == table["start_sec"].tolist()
    titles = [one["tags"]["title"].rstrip() for one in chapters]
    assert titles == [" ".join(text.split()) for text in HARD]


def test_other_lists_of_chapters(tmp_path: Path) -> None:
    table = hard_spans()
    lines = tw.export(table, tmp_path / "a.txt").read_text().splitlines()
    assert lines[:2] == ["0:00 a → b", "0:13 ‹b›x‹/b› & y"]
    with pytest.warns(TwlabWarning, match="the first at 0:00"):
        tw.export(table.iloc[1:], tmp_path / "a.txt")
    root = ET.fromstring(tw.export(table, tmp_path / "a.xml", form="matroska").read_text())
    assert [atom.findtext("ChapterTimeStart") for atom in root.iter("ChapterAtom")][1] == (
        "00:00:12.500000000"
    )
    turns = tw.export(table, tmp_path / "a.rttm").read_text().splitlines()
    assert all(len(turn.split()) == 10 for turn in turns)
    assert turns[1].split()[3:5] == ["12.500", "12.500"]


def test_on_frames_a_chapter_never_begins_before_its_frame(tmp_path: Path) -> None:
    for number, rate in RATES.items():
        table, frames = drawn(rate, 4)
        path = tw.export(table, tmp_path / "a.rttm", fps=number)
        starts = [float(line.split()[3]) for line in path.read_text().splitlines()]
        for start, frame in zip(starts, frames[:, 0].tolist(), strict=True):
            assert 0 <= Fraction(start).limit_denominator(1000) - frame / rate < Fraction(1, 1000)


def test_every_result_that_has_times_goes_out(tmp_path: Path) -> None:
    clips, trailer = tw.clips(tw.sample()), tw.clips(tw.sample("trailer"))
    pieces = tw.align(trailer, clips)
    results = {
        "scenes": (tw.scenes(clips), "Scene 1"),
        "hits": (tw.search(clips, clips.iloc[[3]], k=4), "Hit 1"),
        "summary": (tw.summarize(clips, n_segments=4), "Pick 1"),
        "spans": (tw.to_spans(clips, tw.cluster(clips, 3)), None),
        "pieces": (pieces, "Piece 1"),
        "clips": (clips, "Segment 1"),
    }
    for name, (result, first) in results.items():
        text = tw.export(result, tmp_path / f"{name}.edl", fps=24).read_text()
        names = [line for line in text.splitlines() if line.startswith("* COMMENT")]
        assert len(names) == len(result) * (2 if name == "pieces" else 1)
        assert first is None or f"* COMMENT: {first}" in names


def test_rows_keep_their_order_and_scale_nothing(tmp_path: Path) -> None:
    table, _ = drawn(RATES[25.0], 5)
    there = tw.export(table, tmp_path / "a.otio", fps=25).read_text()
    moved = table.sample(frac=1, random_state=0)
    back = tw.export(moved, tmp_path / "b.otio", fps=25).read_text()
    assert sorted(there.splitlines()) != back.splitlines()
    assert back.index(moved["label"].iloc[0]) < back.index(moved["label"].iloc[1])


def test_nothing_found_is_an_empty_list(tmp_path: Path) -> None:
    none = drawn(RATES[25.0])[0].head(0)
    for name in ("a.edl", "a.fcpxml", "a.vtt", "a.srt", "a.ffmeta", "a.rttm", "a.csv"):
        assert tw.export(none, tmp_path / name, fps=25).exists()
    chapters = tw.export(none, tmp_path / "a.xml", form="matroska").read_text()
    assert "Edition" not in chapters, "mkvmerge takes none without chapters"
    assert "COMMENT" not in (tmp_path / "a.edl").read_text()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"path": "a.edl"}, "fps=, frames per second, was expected"),
        ({"path": "a.edl", "fps": 0}, "fps is 0"),
        ({"path": "a.edl", "fps": "25"}, "fps is '25'"),
        ({"path": "a.xyz"}, "has no ending of a form"),
        ({"path": "a.xml"}, "form='matroska' or form='cvat'"),
        ({"path": "a.vtt", "form": "word"}, "form is 'word'"),
        ({"path": "a.edl", "fps": 25, "start_timecode": "1h"}, "start_timecode is '1h'"),
        ({"path": "a.edl", "fps": 25, "start_timecode": "01:00:00;00"}, "drop-frame timecode at"),
        ({"path": "a.edl", "fps": 29.97, "start_timecode": "00:01:00;00"}, "write '00:01:00;02'"),
        ({"path": "a.edl", "fps": 25, "video": 5}, "video is 5; a path, an address or a dict"),
        ({"path": "a.edl", "fps": 59.94, "start_timecode": "1:09:00;03"}, "write '1:09:00;04'"),
        ({"path": "a.edl", "fps": 12.5, "start_timecode": "01:00:00:12"}, "has frame 12 at 12"),
        ({"path": "a.vtt", "start_timecode": "01:00:00:00"}, "leave out start_timecode="),
        ({"path": "a.edl", "fps": 25, "start_timecode": "24:00:00:00"}, "hours below 24"),
        ({"path": "a.edl", "fps": 25, "video": ""}, "video is ''; a path"),
        ({"path": "a.edl", "fps": 25, "video": "a\0b"}, "video is 'a.x00b'; a path"),
        ({"path": "a.fcpxml", "fps": 25, "video": "\ud800"}, "video is '.ud800'; a path"),
        ({"path": "a.edl", "fps": 0.5}, "fps is 0.5; frames"),
        ({"path": "a.xml", "form": "cvat"}, "this form counts frames; fps=, frames"),
        ({"path": "a.json", "form": "label-studio", "fps": 0}, "fps is 0; frames"),
    ],
)
def test_what_cannot_be_is_told(given: dict[str, Any], told: str, tmp_path: Path) -> None:
    path = tmp_path / given.pop("path")
    with pytest.raises(InputError, match=told.replace("(", r"\(")):
        tw.export(drawn(RATES[25.0])[0], path, **given)
    assert not path.exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"start_sec": np.nan}, "start_sec of span 0 is nan"),
        ({"start_sec": -1.0}, "span 0 has start_sec -1"),
        ({"end_sec": 0.0, "start_sec": 0.0}, r"span 0 .* runs from 0 s to 0 s"),
        ({"video_id": None}, "span 0 has no video_id"),
        ({"end_sec": None}, r"end_sec of span 0 is None.*: spans.dropna\(subset=\['end_sec'\]\)"),
    ],
)
def test_rows_without_a_stretch_are_told(change: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=told):
        tw.export(drawn(RATES[25.0])[0].assign(**change), tmp_path / "a.vtt")


def test_labels_and_times_of_any_type_are_what_they_say(tmp_path: Path) -> None:
    spans = pd.DataFrame({"video_id": "film", "start_sec": [1.0, 3.0], "end_sec": [2.0, 4.0]})
    lengths = spans.assign(
        start_sec=pd.to_timedelta(spans["start_sec"], unit="s"),
        end_sec=pd.to_timedelta(spans["end_sec"], unit="s"),
    )
    plain = tw.export(spans, tmp_path / "a.vtt").read_text()
    assert tw.export(lengths, tmp_path / "b.vtt").read_text() == plain
    text = tw.export(spans.assign(label=[7, 8]), tmp_path / "c.vtt").read_text()
    assert [line for line in text.splitlines() if line in ("7", "8")] == ["7", "8"]


def test_a_row_without_a_label_has_its_number_in_every_form(tmp_path: Path) -> None:
    clips = tw.clips(tw.sample())
    hits = tw.search(clips, clips.iloc[[3]], k=3).assign(label=["a", None, "c"])
    rows = pd.read_csv(tw.export(hits, tmp_path / "a.csv"))
    assert rows["label"].tolist() == ["a", "Hit 2", "c"]
    assert rows["score"].tolist() == pytest.approx(hits["score"].tolist())
    assert [cue.raw_text for cue in webvtt.read(tw.export(hits, tmp_path / "a.vtt")).captions][
        ::2
    ] == ["a", "c"]
    pieces = tw.align(tw.clips(tw.sample("trailer")), clips).assign(label="x")
    assert len(pd.read_csv(tw.export(pieces, tmp_path / "a.csv"))) == 2 * len(pieces)


def test_no_label_is_lost(tmp_path: Path) -> None:
    spans = pd.DataFrame({"video_id": "f", "start_sec": [1.0, 3.0], "end_sec": [2.0, 4.0]})
    listed = spans.assign(label=[["a", "b"], []])
    with pytest.raises(InputError, match=r"label of span 0 is \['a', 'b'\].*each: result"):
        tw.export(listed, tmp_path / "a.rttm")
    text = tw.export(listed.explode("label"), tmp_path / "a.rttm").read_text()
    assert [line.split()[7] for line in text.splitlines()] == ["a", "b", "Segment_3"]
    named = spans.assign(label="x")
    twice = pd.concat([named, named[["label"]]], axis=1)
    with pytest.raises(InputError, match="result has several columns 'label'; one was expected"):
        tw.export(twice, tmp_path / "a.rttm")
    levels = named.set_axis(pd.MultiIndex.from_tuples([(name, "") for name in named]), axis=1)
    for call, word in ((tw.export, "result"), (tw.save_spans, "spans")):
        with pytest.raises(InputError, match=f"{word} has columns of 2 levels; names of one"):
            call(levels.iloc[:, :0], tmp_path / "b.csv")
        with pytest.raises(InputError, match=f"{word} has columns of 2 levels") as refused:
            call(levels, tmp_path / "b.csv")
        result = spans_ = levels.copy()
        exec(str(refused.value).split("one level: ")[1], {"result": result, "spans": spans_})
        assert call(result, tmp_path / "b.csv").read_text().count("x") == 2


def test_a_film_that_is_not_said_is_told(tmp_path: Path) -> None:
    spans = drawn(RATES[25.0])[0].head(2)
    with pytest.warns(tw.TwlabWarning, match="video is left out, as a file of webvtt does not"):
        tw.export(spans, tmp_path / "a.vtt", video="film.mp4")
    for name in ("a.edl", "a.fcpxml"):
        assert "film" in tw.export(spans, tmp_path / name, fps=25, video="film.mp4").read_text()


def test_a_film_is_called_what_an_editing_program_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    spans = drawn(RATES[25.0])[0].head(1)
    for given, wanted in (
        ("~/a b.mp4", "file:///home/me/a%20b.mp4"),
        ("file:///c/a.mp4", "file:///c/a.mp4"),
        ("s3://films/a.mp4", "s3://films/a.mp4"),
        ("/c/\udce9.mp4", "file:///c/%E9.mp4"),  # a name that is no UTF-8
    ):
        out = tmp_path / "a\udce9.fcpxml"
        assert f'src="{wanted}"' in tw.export(spans, out, fps=25, video=given).read_text()
        tw.export(spans, tmp_path / "a\udce9.edl", fps=25, video=given)
    assert b"FROM CLIP NAME: \\xe9.mp4" in (tmp_path / "a\udce9.edl").read_bytes()


def test_no_vector_goes_into_a_cell(tmp_path: Path) -> None:
    clips = tw.clips(tw.sample()).head(3).assign(label="x")
    for path in (tw.export(clips, tmp_path / "a.csv"), tw.save_spans(clips, tmp_path / "b.csv")):
        assert "embedding" not in pd.read_csv(path).columns
        assert "embedding_option" in pd.read_csv(path).columns


def test_spans_in_seconds_take_frames_too(tmp_path: Path) -> None:
    spans = drawn(RATES[25.0])[0].head(1).assign(start_sec=0.011, end_sec=2.013)
    for name in ("a.csv", "a.eaf"):
        read = tw.load_spans(tw.export(spans, tmp_path / name, fps=25))
        assert read[["start_sec", "end_sec"]].to_numpy().tolist() == [[0, 2]]
        with pytest.raises(InputError, match="fps is 0"):
            tw.export(spans, tmp_path / name, fps=0)


@pytest.mark.parametrize("name", ["a.fcpxml", "a.xml", "a.eaf", "c.xml", "a.edl"])
def test_labels_with_ends_of_lines_of_any_kind_go_out(name: str, tmp_path: Path) -> None:
    label, form = "two\r\nlines\rmore", {"a.xml": "matroska", "c.xml": "cvat"}.get(name)
    spans = drawn(RATES[25.0])[0].head(1).assign(label=label)
    path = tw.export(spans, tmp_path / name, fps=25, form=form)  # type: ignore[arg-type]
    if name in ("a.eaf", "c.xml"):
        assert tw.load_spans(path, frame_rate=25)["label"].tolist() == [label]
    else:
        assert "two lines more" in path.read_text()


def test_halves_of_characters_go_out_as_they_are_shown(tmp_path: Path) -> None:
    spans = drawn(RATES[25.0])[0].head(1)
    for column in ("label", "video_id"):
        half = spans.assign(**{column: pd.Series(["x\ud83d"], dtype=object)})
        assert "ud83d" in tw.export(half, tmp_path / "a.rttm").read_text()


def test_what_is_shorter_than_a_time_can_tell_is_shown(tmp_path: Path) -> None:
    spans = drawn(RATES[25.0])[0].head(1).assign(start_sec=1.0, end_sec=1.00001)
    assert "00:00:01.000 --> 00:00:01.001" in tw.export(spans, tmp_path / "a.vtt").read_text()
    assert "END=1001" in tw.export(spans, tmp_path / "a.ffmeta").read_text()
    assert " 1.000 0.001 " in tw.export(spans, tmp_path / "a.rttm").read_text()


def test_names_that_blanks_tell_apart_are_told(tmp_path: Path) -> None:
    spans = drawn(RATES[25.0])[0].head(2)
    for column in ("label", "video_id"):
        with pytest.warns(TwlabWarning, match="'a b' and 'a_b' are one"):
            tw.export(spans.assign(**{column: ["a b", "a_b"]}), tmp_path / "a.rttm")


def test_names_of_reels_are_all_different_and_no_words_of_the_form(tmp_path: Path) -> None:
    names = ["bl.mp4", "ax.mp4", "日本/a.mp4", "日本/b.mp4", "é.mp4", "漢.mp4", "reel2.mp4"]
    table = drawn(RATES[25.0])[0].head(7).assign(video_id=names)
    events = tw.export(table, tmp_path / "a.edl", fps=25).read_text().splitlines()
    reels = [line.split()[1] for line in events if line[:3].isdigit()]
    assert reels == ["BL2", "AX2", "A", "B", "REEL", "REEL2", "REEL22"]
    many = pd.concat([table.head(1)] * 3000).assign(video_id=[f"{n}/漢" for n in range(3000)])
    with pytest.warns(TwlabWarning, match="999 events"):
        text = tw.export(many, tmp_path / "a.edl", fps=25).read_text()
    assert len({line.split()[1] for line in text.splitlines() if line[:3].isdigit()}) == 3000


def test_a_drive_of_windows_is_an_address_of_a_file(tmp_path: Path) -> None:
    table = drawn(RATES[25.0])[0].head(1)
    film = r"C:\films\a b.mp4"
    text = tw.export(table, tmp_path / "a.fcpxml", fps=25, video=film).read_text()
    assert 'src="file:///C:/films/a%20b.mp4"' in text


def test_several_videos_are_never_mixed(tmp_path: Path) -> None:
    table = drawn(RATES[25.0])[0].assign(video_id=["a/film.mp4", "b/film.mp4"] * 30)
    with pytest.raises(InputError, match="2 videos"):
        tw.export(table, tmp_path / "a.vtt")
    with pytest.raises(InputError, match="2 videos"):
        tw.export(table, tmp_path / "m.edl", fps=25, form="resolve-markers")
    text = tw.export(table, tmp_path / "a.edl", fps=25).read_text()
    assert {line.split()[1] for line in text.splitlines() if line[:3].isdigit()} == {
        "FILM",
        "FILM2",
    }


def test_texts_of_data_begin_no_statement(tmp_path: Path) -> None:
    evil = drawn(RATES[25.0])[0].head(1).assign(label="x\n002  AX V C\r\nFCM: DROP FRAME")
    text = tw.export(evil, tmp_path / "a.edl", fps=25, video="b\nTITLE: y.mp4").read_text()
    assert [line[:4] for line in text.splitlines()] == ["TITL", "FCM:", "", "001 ", "* FR", "* CO"]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg cuts")
@pytest.mark.parametrize("rate", ["24000/1001", "25", "30000/1001", "60"])
def test_cuts_hold_the_very_frames(rate: str, tmp_path: Path) -> None:
    film = tmp_path / "it's 50% a film.mp4"
    source = f"testsrc=rate={rate}:size=64x36:duration=6"
    made = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-f", "lavfi", "-i", "sine"]
    subprocess.run([*made, "-t", "6", "-pix_fmt", "yuv420p", str(film)], check=True)
    frames = np.array([[0, 1], [0, 40], [17, 91], [100, 101], [90, 137]])
    seconds = [[round(float(k / Fraction(rate)), 3) for k in pair] for pair in frames.tolist()]
    spans = pd.DataFrame(seconds, columns=["start_sec", "end_sec"])
    files = tw.cut(film, spans.assign(video_id="x/../y", label="a/b"), folder=tmp_path / "cuts")
    assert {path.parent for path in files["path"]} == {tmp_path / "cuts"}
    whole = list(tw.frames(film, (np.arange(140) + 0.5) / float(Fraction(rate))))
    for path, (first, stop) in zip(files["path"], frames.tolist(), strict=True):
        asked = ["ffprobe", "-v", "error", "-count_frames", "-show_entries"]
        asked += ["stream=codec_type,nb_read_frames", "-of", "json", str(path)]
        done = subprocess.run(asked, capture_output=True, check=True)
        streams = {one["codec_type"]: one for one in json.loads(done.stdout)["streams"]}
        assert int(streams["video"]["nb_read_frames"]) == stop - first
        assert "audio" in streams
        head = tw.frames(path, [0.0])[0].astype(float)
        gaps = [np.abs(head - one.astype(float)).mean() for one in whole]
        assert gaps[first] <= min(gaps) + 0.5


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg cuts")
@pytest.mark.parametrize("kind", ["ts", "flv"])
def test_cuts_hold_the_very_frames_of_films_without_an_index(kind: str, tmp_path: Path) -> None:
    film = tmp_path / f"film.{kind}"
    made = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=rate=25:size=64x36:duration=12"]
    made += ["-f", "lavfi", "-i", "sine=duration=14", "-g", "250", "-sc_threshold", "0"]
    subprocess.run([*made, "-c:v", "libx264", "-pix_fmt", "yuv420p", str(film)], check=True)
    spans = pd.DataFrame({"start_sec": [0.5, 6.0, 9.0], "end_sec": [1.0, 6.4, 11.0]})
    spans = spans.assign(video_id="映画" * 50, label="場面" * 50)
    files = tw.cut(film, spans, folder=tmp_path / "cuts")
    for path, count in zip(files["path"], (12.5, 10, 50), strict=True):
        asked = ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v"]
        asked += ["-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", str(path)]
        done = subprocess.run(asked, capture_output=True, check=True)
        assert abs(int(done.stdout) - count) < 1, path
    with pytest.raises(InputError, match=r"has no frame between 13 and 13.5 s"):
        tw.cut(film, spans.assign(start_sec=13.0, end_sec=13.5), folder=tmp_path / "cuts")


def test_cuts_that_cannot_be_are_told(tmp_path: Path) -> None:
    spans = drawn(RATES[25.0])[0].assign(start_sec=9000.0, end_sec=9001.0).head(1)
    film = tw.sample_video("trailer")
    with pytest.raises(InputError, match="has no frame between 9000 and 9001 s"):
        tw.cut(film, spans, folder=tmp_path)
    with pytest.raises(InputError, match="video names 'other'"):
        tw.cut({"other": film}, spans, folder=tmp_path)
    with pytest.raises(InputError, match=r"'none.mp4'; a file that is there, or for a page"):
        tw.cut("none.mp4", spans, folder=tmp_path)
    with pytest.raises(InputError, match="an address"):
        tw.cut("https://example.com/a.mp4", spans, folder=tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"where no folder can be made \(File exists\)"):
        tw.cut(film, spans, folder=tmp_path / "file")
    (tmp_path / "taken" / "001 film a.mp4").mkdir(parents=True)
    with pytest.raises(InputError, match="is a folder; the name of a file"):
        tw.cut(film, spans.assign(label="a"), folder=tmp_path / "taken")
    assert not list(tmp_path.glob("*.mp4"))
    sound = tmp_path / "sound.m4a"
    made = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=duration=1", str(sound)]
    subprocess.run(made, check=True)
    with pytest.raises(InputError, match="has no pictures; a film was expected"):
        tw.cut(sound, spans.assign(start_sec=0.0, end_sec=1.0), folder=tmp_path)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg cuts")
def test_nothing_but_the_named_film_is_opened_and_it_stays(tmp_path: Path) -> None:
    film = shutil.copyfile(tw.sample_video("trailer"), tmp_path / "001 film a.mp4")
    spans = pd.DataFrame({"video_id": "film", "start_sec": [0.0], "end_sec": [0.2], "label": ["a"]})
    with pytest.raises(InputError, match="would be written over it"):
        tw.cut(film, spans, folder=tmp_path)
    assert film.stat().st_size == tw.sample_video("trailer").stat().st_size
    lists = [
        f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{film.name}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{film.name}'\n",
    ]
    for text in lists:
        (tmp_path / "list.mp4").write_text(text)
        with pytest.raises(InputError, match=r"'list.mp4' is a playlist, or of a rare form"):
            tw.cut(tmp_path / "list.mp4", spans, folder=tmp_path / "cuts")
    assert not list((tmp_path / "cuts").iterdir())
    odd = tmp_path / os.fsdecode(b"caf\xe9\x1b.mp4")
    odd.write_bytes(b"junk" * 99)
    with pytest.raises(
        InputError, match=r"ffmpeg cannot cut 'caf\\udce9\\x1b.mp4' at 0 to"
    ) as told:
        tw.cut(odd, spans, folder=tmp_path / "cuts")
    assert "\x1b" not in str(told.value)


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = tw.save(tw.sample(), tmp_path / "answer.parquet")
    out = tmp_path / "scenes.edl"
    assert main(["export", str(answer), "-o", str(out), "--option", "visual"]) == 1
    assert "--fps, frames per second, was expected" in capsys.readouterr().err
    assert main(["export", str(answer), "-o", str(out), "--option", "visual", "--fps", "24"]) == 0
    assert "stretches in" in capsys.readouterr().err
    hits = tmp_path / "hits.csv"
    clips = tw.clips(tw.sample())
    tw.search(clips, clips.iloc[[3]], k=4).drop(columns="embedding", errors="ignore").to_csv(hits)
    assert main(["export", str(hits), "-o", str(tmp_path / "hits.vtt")]) == 0
    assert len(webvtt.read(str(tmp_path / "hits.vtt")).captions) == 4


@pytest.mark.parametrize(
    "rows",
    [
        "video,start,end,label\nf,0:10,1:20.5,x\n",
        "video;start;end;label\nf;10,0;80,5;x\n",
        "video\tstart\tend\tlabel\nf\t00:00:10:00\t00:01:20:12\tx\n",
        "\ufeffsep=;\r\nstart;end\r\n10,0;80,5\r\n",
        "change,a_video_id,a_start_sec,a_end_sec,b_video_id,b_start_sec,b_end_sec\n"
        "missing,f,0:10,1:20.5,g,,\n",
    ],
)
def test_spreadsheets_of_people_are_read_as_load_spans_does(rows: str, tmp_path: Path) -> None:
    (tmp_path / "marks.csv").write_text(rows)
    out = tmp_path / "marks.rttm"
    assert main(["export", str(tmp_path / "marks.csv"), "-o", str(out), "--fps", "24/1"]) == 0
    assert out.read_text().split()[3:5] == ["10.000", "70.500"]


def test_one_of_several_videos_goes_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "a_video_id,a_start_sec,a_end_sec,b_video_id,b_start_sec,b_end_sec,change\n"
    rows += "long,0,9,short,0,9,matched\nlong,9,20,short,,,missing\n"
    (tmp_path / "changes.csv").write_text(rows)
    call = ["export", str(tmp_path / "changes.csv"), "-o", str(tmp_path / "a.vtt")]
    assert main(call) == 1
    assert "name it with --only: 'long', 'short'" in capsys.readouterr().err
    assert main([*call, "--only", "other"]) == 1
    assert "--only is 'other'; one of 'long', 'short' was" in capsys.readouterr().err
    assert main([*call, "--only", "long"]) == 0
    captions = webvtt.read(str(tmp_path / "a.vtt")).captions
    assert [caption.text for caption in captions] == ["Matched", "Missing"]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("f,,2,a", "start_sec of span 0 is ''; seconds were expected; correct it\n"),
        ("f,soon,2,a", "start_sec of span 0 is 'soon'; seconds were expected; correct it\n"),
        ("f,-1,2,a", "from the start of the video were expected; leave it out\n"),
        (",1,2,a", "span 0 has no video_id; one was expected for each span; drop the rows"),
        ("f,1,2,a,b", "its rows have more cells than its head, which has 4"),
        ("f,0:00:01:02,2,a", "--fps was expected, for example --fps 25"),
    ],
)
def test_what_is_wrong_in_a_spreadsheet_is_told_without_python(
    row: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text(f"video,start,end,label\n{row}\n")
    assert main(["export", str(tmp_path / "a.csv"), "-o", str(tmp_path / "a.vtt")]) == 1
    said = capsys.readouterr().err
    assert told in said
    assert not re.search(r"tw\.|frame_rate|spans\.|result", said)


def test_names_in_a_spreadsheet_stay_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text(
        "video,start,end,label,tier\n007,1,2,01,t\nNA,2,3,None,u\n007,3,4,02,v\n"
    )
    call = ["export", str(tmp_path / "a.csv"), "-o", str(tmp_path / "b.csv")]
    assert main(call) == 0
    assert "3 stretches in" in capsys.readouterr().err
    rows = [line.split(",") for line in (tmp_path / "b.csv").read_text().splitlines()]
    assert [[row[0], *row[3:]] for row in rows[1:]] == [
        ["007", "01", "t"],
        ["NA", "None", "u"],
        ["007", "02", "v"],
    ]
    assert main([*call, "--only", "NA"]) == 0
    assert "1 stretch in" in capsys.readouterr().err
    assert (tmp_path / "b.csv").read_text().splitlines()[1] == "NA,2.0,3.0,None,u"
    assert main([*call, "--option", "audio"]) == 1
    assert "--option is 'audio', and a.csv is a table of results" in capsys.readouterr().err
    edit = ["export", str(tmp_path / "a.csv"), "-o", str(tmp_path / "a.edl"), "--fps", "25"]
    assert main([*edit, "--video", "f.mp4"]) == 1
    assert "and --video is of one; one was expected; name it" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a.eaf", "a.xml", "via.json", "a.json"])
def test_files_of_annotation_tools_go_out(
    name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spans = pd.DataFrame({"video_id": "f", "start_sec": [1.0], "end_sec": [2.0], "label": "a"})
    forms = {"a.eaf": "elan", "a.xml": "cvat", "via.json": "via", "a.json": "label-studio"}
    form: Any = forms[name]
    path = str(tw.save_spans(spans, tmp_path / name, form=form, frame_rate=25))
    call = ["export", path, "-o", str(tmp_path / "a.rttm")]
    assert main([*call, "--fps", "25"]) == 0
    assert (tmp_path / "a.rttm").read_text() == "SPEAKER f 1 1.000 1.000 <NA> <NA> a <NA> <NA>\n"
    assert main([*call, "--option", "audio"]) == 1
    assert f"--option is 'audio', and {name} is a table" in capsys.readouterr().err
    if name in ("a.xml", "a.json"):
        assert main(call) == 1
        assert "--fps was expected, for example --fps 25" in capsys.readouterr().err
    piped = io.TextIOWrapper(io.BytesIO(codecs.BOM_UTF8 + (tmp_path / name).read_bytes()))
    monkeypatch.setattr(sys, "stdin", piped)
    assert main(["export", "-", "-o", str(tmp_path / "b.rttm"), "--fps", "25"]) == 0
    assert (tmp_path / "b.rttm").read_text() == (tmp_path / "a.rttm").read_text()


@pytest.mark.parametrize("rate", [0.5, 2.5])
def test_tools_may_have_had_a_picture_each_few_seconds(rate: float, tmp_path: Path) -> None:
    spans = pd.DataFrame({"video_id": "f", "start_sec": [4.0], "end_sec": [8.0], "label": "a"})
    for form in ("label-studio", "cvat"):
        path = tw.export(spans, tmp_path / "a", form=form, fps=rate)  # type: ignore[arg-type]
        back = tw.load_spans(path, form=form, frame_rate=rate)  # type: ignore[arg-type]
        assert back[["start_sec", "end_sec"]].to_numpy().tolist() == [[4.0, 8.0]]


def test_the_form_of_what_is_read_is_not_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.xml").write_text("<other/>")
    assert main(["export", str(tmp_path / "a.xml"), "-o", str(tmp_path / "a.vtt")]) == 1
    said = capsys.readouterr().err
    assert "CVAT's <annotations> was expected; export it there again" in said
    assert "--form" not in said, "which is that of the file to be written"


def test_one_table_goes_out_at_a_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("video_id,start_sec,end_sec\nfilm,1,2\n")
    names = [str(tmp_path / "a.csv")] * 2
    assert main(["export", *names, "-o", str(tmp_path / "a.vtt")]) == 1
    assert "is a table of results, and 2 files are named; one such" in capsys.readouterr().err


def test_two_stretches_of_a_row_count_as_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "video_id_a,start_sec_a,end_sec_a,video_id_b,start_sec_b,end_sec_b\nf,0,9,f,20,29\n"
    (tmp_path / "pairs.csv").write_text(rows)
    assert main(["export", str(tmp_path / "pairs.csv"), "-o", str(tmp_path / "a.vtt")]) == 0
    assert "2 stretches in" in capsys.readouterr().err


def test_rates_are_taken_as_ffprobe_writes_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text("video_id,start_sec,end_sec\nfilm,3603.6,3604.601\n")
    call = ["export", str(tmp_path / "a.csv"), "-o", str(tmp_path / "a.edl"), "--fps"]
    assert main([*call, "30000/1001"]) == 0
    assert "01:00:00:00 01:00:01:00 01:00:00:00" in (tmp_path / "a.edl").read_text()
    for wrong in ("1/0", "x/2", "x"):
        with pytest.raises(SystemExit, match="2"):
            main([*call, wrong])
        assert f"'{wrong}' is no rate; frames per second were" in capsys.readouterr().err
    assert main([*call, "nan"]) == 1
    assert capsys.readouterr().err.startswith("twlab: --fps is nan; frames per second were")


def test_a_row_of_a_spreadsheet_without_a_label_gets_a_number(tmp_path: Path) -> None:
    rows = "video_id,start_sec,end_sec,label\n007,0,2,meadow\n007,2,4,\n"
    (tmp_path / "marks.csv").write_text(rows)
    out = tmp_path / "marks.edl"
    assert main(["export", str(tmp_path / "marks.csv"), "-o", str(out), "--fps", "25"]) == 0
    text = out.read_text()
    assert "* COMMENT: meadow" in text
    assert "* COMMENT: Segment 2" in text
    assert "* FROM CLIP NAME: 007" in text
