"""Names given in the explorer are in a file as they are given, and no killed kernel loses one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import filelock
import lab
import numpy as np
import pandas as pd
import pytest

import twlab as tw

if TYPE_CHECKING:
    from playwright.sync_api import Browser

needs_chromium = pytest.mark.skipif(not lab.CHROMIUM, reason="needs Chromium")


def table(n: int = 6, video: str = "film") -> pd.DataFrame:
    start = np.arange(n) * 6.0
    vectors = np.eye(n, 4, dtype=np.float32) + 1
    return tw.from_vectors(vectors, start_sec=start, end_sec=start + 6, video_id=video)


def test_names_are_in_the_file_as_they_are_given(tmp_path: Path) -> None:
    path, segments = tmp_path / "labels.csv", table()
    explorer = tw.explore(segments, labels=path)
    assert not path.exists()
    explorer.set_state({"_labels": [["sky", [0, 2, 5, 6]]]})  # as a message of the browser does
    assert tw.load_spans(path)["label"].tolist() == ["sky"] * 3
    explorer.set_state({"_labels": [["sky", [0, 1]], ["NA", [3, 4]]]})
    explorer.close()
    again = tw.explore(segments, labels=str(path))
    assert lab.names_of(again) == ["sky", None, None, "NA", None, None]
    again.labels = None
    again.close()
    assert len(pd.read_csv(path)) == 0
    assert tw.explore(segments, labels=path).labels.empty


DIES = """
import os, signal, sys, numpy as np, twlab as tw
start = np.arange(6) * 6.0
segments = tw.from_vectors(
    np.eye(6, 4) + 1, start_sec=start, end_sec=start + 6, video_id="film"
)
explorer = tw.explore(segments, labels=sys.argv[1])
for k in range(1, 6):
    explorer.set_state({"_labels": [["sky", [0, k]]]})
print("named", flush=True)
for k in range(10**6):
    explorer.set_state({"_labels": [["sky", [0, 5]], [f"tree {k}", [5, 6]]]})
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_a_kernel_that_is_killed_loses_none(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    env = os.environ | {"PYTHONPATH": str(Path(tw.__file__).parent.parent)}
    with subprocess.Popen(
        [sys.executable, "-c", DIES, str(path)], stdout=subprocess.PIPE, env=env
    ) as kernel:
        assert kernel.stdout is not None
        assert kernel.stdout.readline() == b"named\n"
        kernel.send_signal(signal.SIGKILL)  # while it writes one name after the other
        assert kernel.wait() == -signal.SIGKILL
    names = lab.names_of(tw.explore(table(), labels=path))
    assert names[:5] == ["sky"] * 5
    assert names[5] is None or names[5].startswith("tree ")


def test_what_is_of_other_films_stays(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    both = pd.concat([table(), table(video="other")], ignore_index=True)
    first = tw.explore(both, labels=path)
    first.labels = ["sky"] * 6 + ["tree"] * 6
    first.close()
    with pytest.warns(tw.TwlabWarning, match=r"labels.csv: 6 of 12 labels are of no segment"):
        one = tw.explore(both[:6], labels=path)
    one.labels = ["sea"] * 6
    one.close()
    assert lab.names_of(tw.explore(both[::-1], labels=path)) == ["tree"] * 6 + ["sea"] * 6


def test_options_of_the_same_time_stay_apart(tmp_path: Path) -> None:
    options = ["visual"] * 3 + ["audio"] * 3
    both = pd.concat([table(3), table(3)], ignore_index=True).assign(embedding_option=options)
    explorer = tw.explore(both, labels=tmp_path / "a.csv")
    explorer.labels = [None, "sky", None, None, None, "tree"]
    explorer.close()
    again = tw.explore(both, labels=tmp_path / "a.csv")
    assert lab.names_of(again) == [None, "sky", None, None, None, "tree"]


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("month,sum\n1,2\n", encoding="utf-8")
    with pytest.raises(tw.LoadError, match="it has no column 'video_id'"):
        tw.explore(table(), labels=path)
    assert path.read_text(encoding="utf-8") == "month,sum\n1,2\n"
    with pytest.raises(tw.InputError, match="in a folder that does not exist"):
        tw.explore(table(), labels=tmp_path / "none" / "a.csv")
    with pytest.raises(tw.InputError, match=r"the path of a .csv was expected"):
        tw.explore(table(), labels=tmp_path / "a.txt")
    with pytest.raises(tw.InputError, match="or the name of a column"):
        tw.explore(table(), labels="nothing")


WIDE = (
    "confidence,video_id,start_sec,end_sec,label,,note,note\n"
    "0.90,film,0,6.0,sky,a,seen twice,b\n"
    "0.50,other,0,6,tree,,kept,\n"
    ",film,6,12,sky,,,\n"
    "0.10,film,12,18,sky,,,\n"
)


def test_further_columns_and_cells_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(WIDE, encoding="utf-8")
    with pytest.warns(tw.TwlabWarning, match="1 of 4 labels are of no segment"):
        explorer = tw.explore(table(), labels=path)
    explorer.labels = ["sea", "sky", "sky", "sun", None, None]
    lines = WIDE.replace("6.0,sky", "6.0,sea").splitlines()
    new = ",film,18.0,24.0,sun,,,"
    assert path.read_text(encoding="utf-8").splitlines() == [*lines, new]
    explorer.labels = None  # of the rows, only what has nothing else of the user's goes
    lines = WIDE.replace(",sky,", ",,").splitlines()
    assert path.read_text(encoding="utf-8").splitlines() == [*lines[:3], lines[4]]


def test_what_others_wrote_since_opening_stays(tmp_path: Path) -> None:
    path, segments = tmp_path / "a.csv", table(12)
    first, second = (tw.explore(part, labels=path) for part in (segments[:6], segments[6:]))
    first.labels = ["sky", *[None] * 5]
    second.labels = ["tree", *[None] * 5]
    first.labels = ["sky", "sea", *[None] * 4]
    assert pd.read_csv(path)["label"].tolist() == ["sky", "tree", "sea"]
    text = path.read_text(encoding="utf-8").replace(",sea", ",lake")
    path.write_text(text, encoding="utf-8")  # by hand, of the same table
    first.labels = ["sun", "sea", *[None] * 4]
    assert pd.read_csv(path)["label"].tolist() == ["sun", "tree", "lake"]
    path.unlink()
    first.labels = ["sun", "sea", "sand", *[None] * 3]
    assert pd.read_csv(path)["label"].tolist() == ["sun", "sea", "sand"]


WRITES = """
import sys, numpy as np, twlab as tw
path, video = sys.argv[1:]
start = np.arange(40) * 6.0
segments = tw.from_vectors(
    np.eye(40, 4) + 1, start_sec=start, end_sec=start + 6, video_id=video
)
explorer = tw.explore(segments, labels=path)
print("ready", flush=True)
sys.stdin.readline()
for k in range(1, 41):
    explorer.set_state({"_labels": [["sky", [0, k]]]})
"""


def test_two_that_write_in_the_same_instant_lose_none(tmp_path: Path) -> None:
    """Two programs and forty changes each, begun together: all eighty labels are there."""
    path = tmp_path / "labels.csv"
    env = os.environ | {"PYTHONPATH": str(Path(tw.__file__).parent.parent)}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITES, str(path), video],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=env,
        )
        for video in ("a", "b")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"\n")
        writer.stdin.close()
    for writer in writers:
        assert writer.wait(120) == 0
        assert writer.stdout is not None
        writer.stdout.close()
    assert tw.load_spans(path)["video_id"].value_counts().to_dict() == {"a": 40, "b": 40}


def test_a_file_that_another_holds_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twlab.widgets.label_file.LOCK_PATIENCE_SEC", 0.1)
    path = tmp_path / "a.csv"
    explorer = tw.explore(table(), labels=path)
    with (
        filelock.FileLock(tmp_path / ".a.csv.lock"),
        pytest.raises(tw.InputError, match="is held by another program"),
    ):
        explorer.labels = ["sky", *[None] * 5]
    explorer.labels = ["sky", "sea", *[None] * 4]
    assert pd.read_csv(path)["label"].tolist() == ["sky", "sea"]


def test_a_file_that_became_something_else_stops_the_writing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    explorer = tw.explore(table(), labels=path)
    for text, match in [
        ("month,sum\n1,2\n", "it has no column 'video_id'"),
        ("video_id,start_sec,end_sec,label\nv,0,6,x,extra\n", "cannot be read as CSV"),
        ("", "cannot be read as CSV"),
    ]:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(tw.LoadError, match=match):
            explorer.labels = [None if len(explorer.labels.columns) > 1 else "sky", *["sea"] * 5]
        assert path.read_text(encoding="utf-8") == text
    path.unlink()
    explorer.labels = ["sun"] * 6
    assert pd.read_csv(path)["label"].tolist() == ["sun"] * 6


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("video_id,start_sec,end_sec,label\nv,0,6,x,extra\n", "Expected 4 fields"),
        ("video_id,start_sec,end_sec,label\nv,0,6,x,extra\nv,6,9,x\n", "Expected 4 fields"),
        ("video_id,start_sec,end_sec,label,label\nv,0,6,x,y\n", "it has 2 columns 'label'"),
    ],
)
def test_cells_without_one_column_are_refused(tmp_path: Path, text: str, match: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(tw.LoadError, match=match):
        tw.explore(table(), labels=path)
    assert path.read_text(encoding="utf-8") == text


def test_an_empty_cell_is_no_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "video_id,start_sec,end_sec,label\nfilm,0,6,\nfilm,6,12,sky\nfilm,12,18\n", encoding="utf-8"
    )
    explorer = tw.explore(table(), labels=path)
    assert lab.names_of(explorer) == [None, "sky", None, None, None, None]


def test_pages_without_time_are_found_again(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    pages = table(3).assign(start_sec=np.nan, end_sec=np.nan, page=[1, 2, 3])
    explorer = tw.explore(pages, labels=path)
    explorer.labels = ["sky", None, "tree"]
    explorer.labels = ["sky", "", "sea"]
    assert pd.read_csv(path)["label"].tolist() == ["sky", "sea"]
    assert lab.names_of(tw.explore(pages, labels=path)) == ["sky", None, "sea"]


def test_a_file_without_options_gets_them_where_they_are_needed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("video_id,start_sec,end_sec,label\nfilm,0,6,sky\n", encoding="utf-8")
    both = pd.concat([table(1), table(1)], ignore_index=True)
    both = both.assign(embedding_option=["visual", "audio"])
    explorer = tw.explore(both, labels=path)
    explorer.labels = ["sky", "tree"]
    assert lab.names_of(tw.explore(both, labels=path)) == ["sky", "tree"]


def test_a_column_of_that_name_is_a_column() -> None:
    named = table().assign(**{"a.csv": list("xxyyzz")})
    assert tw.explore(named, labels="a.csv").labels.empty
    assert not Path("a.csv").exists()


def test_a_segment_keeps_several_names(tmp_path: Path) -> None:
    """One row each in the file, which the rest of the package reads as it is."""
    path, segments = tmp_path / "a.csv", table()
    explorer = tw.explore(segments, labels=path)
    explorer.set_state({"_labels": [["sky", [0, 3]], ["tree", [2, 4]]]})
    explorer.close()
    assert pd.read_csv(path)["label"].tolist() == ["sky", "sky", "sky", "tree", "tree"]
    again = tw.explore(segments, labels=path)
    assert lab.names_of(again) == ["sky", "sky", "sky; tree", "tree", None, None]
    pd.testing.assert_frame_equal(again.labels, explorer.labels)
    flags = tw.annotate(segments, tw.load_spans(path))
    assert flags[:4].equals(again.labels[:4])
    spans = tw.to_spans(segments, again.labels)
    assert spans[["label", "start_sec", "end_sec"]].to_numpy().tolist() == [
        ["sky", 0.0, 18.0],
        ["tree", 12.0, 24.0],
    ]
    with pytest.warns(tw.TwlabWarning, match="3 videos"):
        assert tw.probe(segments, again.labels).labels == ("sky", "tree")
    again.labels = flags[["tree"]]
    assert pd.read_csv(path)["label"].tolist() == ["tree", "tree"]


def test_names_that_two_give_to_one_segment_are_both_kept(tmp_path: Path) -> None:
    path, segments = tmp_path / "a.csv", table(3)
    first, second = (tw.explore(segments, labels=path) for _ in range(2))
    first.labels = ["sky", None, None]
    second.labels = ["tree", "tree", None]
    assert lab.names_of(tw.explore(segments, labels=path)) == ["sky; tree", "tree", None]
    first.labels = None
    assert lab.names_of(tw.explore(segments, labels=path)) == ["tree", "tree", None]


def test_a_name_taken_from_a_row_with_notes_leaves_the_row(tmp_path: Path) -> None:
    """Two annotators agree on sky; what else their rows say stays when it is taken away."""
    path = tmp_path / "a.csv"
    head = "video_id,start_sec,end_sec,label,who"
    path.write_text(f"{head}\nfilm,0,6,sky,a\nfilm,0,6,sky,b\nfilm,0,6,tree,b\n", encoding="utf-8")
    explorer = tw.explore(table(), labels=path)
    assert lab.names_of(explorer)[0] == "sky; tree"
    explorer.labels = ["tree", *[None] * 5]
    assert pd.read_csv(path).fillna("")[["label", "who"]].to_numpy().tolist() == [
        ["", "a"],
        ["", "b"],
        ["tree", "b"],
    ]
    explorer.labels = pd.DataFrame({"tree": [True] * 6, "sea": [True] + [False] * 5})
    assert pd.read_csv(path).fillna("")["label"].tolist() == ["sea", "", *["tree"] * 6]


@pytest.mark.browser
@needs_chromium
def test_keys_give_names_beside_each_other(chromium: Browser, tmp_path: Path) -> None:
    explorer = tw.explore(table())
    explorer.labels = ["sky", "tree", None, None, None, None]
    with lab.offline_pages(chromium) as open_file:
        page = open_file(tw.save_html(explorer, tmp_path / "a.html"))
        page.wait_for_selector(".twx-tag")
        counts = page.locator(".twx-tag .twx-chip i")

        def wait_counts(wanted: str) -> None:
            told = "[...document.querySelectorAll('.twx-tag .twx-chip i')].map((i) => i.innerText)"
            page.wait_for_function(f"{told}.join() === '{wanted}'")

        assert "the key 2 gives it" in str(page.locator(".twx-chip").nth(1).get_attribute("title"))
        page.get_by_label("Colour by").select_option("named here")
        page.locator(".twx-tag .twx-chip").first.click()
        page.locator("canvas[tabindex]").first.focus()
        page.keyboard.press("2")
        wait_counts("1,2")
        assert "1 with several names" in page.inner_text(".twx")
        legend = page.locator(".twx-legend .twx-chip").all_inner_texts()
        told = [["several", "1"], ["sky", "1"], ["tree", "2"], ["missing", "4"]]
        assert [text.split() for text in legend[:4]] == told
        page.locator(".twx-legend .twx-chip").nth(2).click()
        page.wait_for_function("document.querySelector('.twx-status').innerText.startsWith('2 of')")
        page.locator(".twx-tag .twx-chip").first.click()
        page.locator("canvas[tabindex]").first.focus()
        page.screenshot(path=lab.ARTIFACTS / "several-names.png")
        page.keyboard.press("t")
        page.wait_for_selector(".twx-sheet td[title='sky; tree']")
        page.keyboard.press("2")  # what has it all loses it
        wait_counts("1,1")
        page.keyboard.press("1")
        page.wait_for_function("document.querySelectorAll('.twx-tag').length === 1")
        page.keyboard.press("Control+z")
        wait_counts("1,1")
        page.keyboard.press("7")
        assert "No name has the number 7 yet" in page.inner_text(".twx")
        page.locator(".twx-name").fill("sea; tree")
        page.locator(".twx-name").press("Enter")
        wait_counts("1,2,1")
        assert counts.count() == 3
    explorer.close()


PLACES = [0.1 + 0.15 * clip for clip in range(6)]
"""Of clips on the timeline, by its width."""
FIRST = "document.querySelector('.twx-tag .twx-chip i')?.innerText"
INSIDE = "document.querySelector('.twx').contains(document.activeElement)"


@pytest.mark.browser
@needs_chromium
@pytest.mark.parametrize("place", [".twx-sheet tr[data-row] td:last-child", ".twx-shot"])
def test_shift_names_the_stretch_between_two_clicks(
    chromium: Browser, tmp_path: Path, place: str
) -> None:
    """In the table and in the gallery; the next key is for what was selected, without a click."""
    explorer = tw.explore(table())
    explorer.labels = ["sky", *[None] * 5]
    with lab.offline_pages(chromium) as open_file:
        page = open_file(tw.save_html(explorer, tmp_path / "a.html"))
        page.wait_for_selector(".twx-tag")
        page.locator("canvas[tabindex]").first.focus()
        page.keyboard.press("t")
        cards = page.locator(place)
        cards.nth(1).click()
        cards.nth(4).click(modifiers=["Shift"])
        assert page.evaluate(INSIDE)
        page.wait_for_function("document.querySelector('.twx-status').innerText.startsWith('4 of')")
        for key, count in [("1", 5), ("1", 1), ("1", 5), ("Control+z", 1)]:
            page.keyboard.press(key)
            page.wait_for_function(f"{FIRST} === '{count}'")
            assert page.evaluate(INSIDE)
        cards.nth(1).click(modifiers=["Control"])
        page.keyboard.press("1")
        page.wait_for_function(f"{FIRST} === '4'")
    explorer.close()


@pytest.mark.browser
@needs_chromium
def test_on_the_timeline_too_and_a_key_is_for_the_clip_gone_to(
    chromium: Browser, tmp_path: Path
) -> None:
    """Three of six clips are selected; a click on the last goes there, and leaves them."""
    explorer = tw.explore(table(), views=["timeline", "gallery"])
    explorer.labels = ["sky", *[None] * 5]
    with lab.offline_pages(chromium) as open_file:
        page = open_file(tw.save_html(explorer, tmp_path / "a.html"))
        page.wait_for_selector(".twx-tag")

        def click(clip: int, *keys: str) -> None:
            for key in keys:
                page.keyboard.down(key)
            page.mouse.click(*lab.inside(page, ".twx-timeline canvas[tabindex]", PLACES[clip], 32))
            for key in keys:
                page.keyboard.up(key)

        click(1)
        click(3, "Shift")
        for go, count in [((), 4), ((5,), 5), ((), 4), ((2,), 1)]:
            for clip in go:
                click(clip)
            page.keyboard.press("1")
            page.wait_for_function(f"{FIRST} === '{count}'")
        assert page.inner_text(".twx-status").startswith("3 of 6")
    explorer.close()


@pytest.mark.browser
@pytest.mark.notebook
@needs_chromium
def test_a_kernel_killed_while_labelling_in_jupyterlab_loses_none(
    chromium: Browser, jupyterlab: lab.Server
) -> None:
    """Keys give labels, the kernel is killed, and a new one has all that were given."""
    folder = jupyterlab.new_folder()
    tw.save(table(), folder / "film.parquet")
    cell = """import twlab as tw
film = tw.load("film.parquet")
ex = tw.explore(film, labels="labels.csv")
if ex.labels.empty:
    ex.labels = ["sky", "tree", None, None, None, None]
ex"""
    opened = lab.open_book(chromium, jupyterlab, folder, cell, ready=".twx-tag", height=1200)
    with opened as book:
        page = book.page
        page.locator(".twx-tag .twx-chip").first.click()  # selects what is sky
        page.locator(".twx canvas[tabindex]").first.focus()
        page.keyboard.press("2")
        names = "print(ex.labels.sum().to_dict())"
        book.wait_python(names, r"{'sky': 1, 'tree': 2}")
        book.start_python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
        page.wait_for_function(f"!({lab.READY})()")
        page.wait_for_function(lab.READY, timeout=90_000)
        assert pd.read_csv(folder / "labels.csv")["label"].tolist() == ["sky", "tree", "tree"]
        book.run_all()
        book.wait_python(names, r"{'sky': 1, 'tree': 2}")


def test_what_a_sheet_would_calculate_is_kept(tmp_path: Path) -> None:
    """Also by the page, which puts an apostrophe before it."""
    path = tmp_path / "labels.csv"
    path.write_text("video_id,start_sec,end_sec,label\n'-A,0,6,'=x\n''-A,0,6,''=x\n")
    segments = pd.concat([table(2, "-A"), table(2, "'-A")], ignore_index=True)
    explorer = tw.explore(segments, labels=path)
    assert lab.names_of(explorer) == ["=x", None, "'=x", None]
    explorer.labels = ["=x", "'@y", "@y", "'=x"]
    assert path.read_text().startswith("video_id,start_sec,end_sec,label\n'-A,0,6,'=x\n")
    again = tw.explore(segments, labels=path)
    assert lab.names_of(again) == ["=x", "'@y", "@y", "'=x"]
