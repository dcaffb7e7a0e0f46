"""Tables as a notebook shows them: what is read, what is escaped, what stays pandas' own."""

from __future__ import annotations

import base64
import re
import zlib
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

core = pytest.importorskip("IPython.core.formatters")

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</table></div><h1>",
    "<!--",
    "&lt;b&gt;",
    "javascript:alert(1)",
    "line\nbreak\x00\x1b[31m",
    "\u202egnp.exe",
    "\ud83d",
    "' onmouseover='alert(1)",
    "{}%s{0.__class__}",
)
KNOWN = {
    *("div", "style", "table", "thead", "tbody", "tr", "th", "td", "p", "b", "span", "img"),
    *("details", "summary"),
}
ATTRIBUTES = {
    *("class", "dir", "tabindex", "role", "aria-label", "scope", "title", "width", "height"),
    *("alt", "src"),
}


class Read(HTMLParser):
    """The rows of a shown table, and every element and attribute in it."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(markup)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "img":
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.text.append(data)
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    @property
    def images(self) -> list[str]:
        return [str(attrs["src"]) for tag, attrs in self.elements if tag == "img"]


def read(table: pd.DataFrame, **options: Any) -> Read:
    return Read(tw.show(table, **options)._repr_html_())


def column(shown: Read, name: str) -> list[str]:
    place = shown.rows[0].index(name)
    return [row[place] for row in shown.rows[1:]]


def bars(source: str) -> np.ndarray:
    """The signed strengths of a picture of a vector, from the file itself."""
    data = base64.b64decode(source.removeprefix("data:image/png;base64,"))
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width = int.from_bytes(data[16:20], "big")
    start = data.index(b"IDAT")
    size = int.from_bytes(data[start - 4 : start], "big")
    line = zlib.decompress(data[start + 4 : start + 4 + size])
    pixels = np.frombuffer(line[1:], np.uint8).reshape(width, 4).astype(int)
    return np.where(pixels[:, 2] > pixels[:, 0], -1, 1) * pixels[:, 3]


def segments(n: int = 3, d: int = 8, **columns: Any) -> pd.DataFrame:
    start = 6.0 * np.arange(n)
    table = pd.DataFrame({"video_id": "film", "start_sec": start, "end_sec": start + 6})
    matrix = np.random.default_rng(0).normal(size=(n, d))
    return tw.with_vectors(table.assign(**columns), matrix)


def test_seconds_are_timecodes_and_nothing_else_is() -> None:
    table = pd.DataFrame(
        {
            "start_sec": [0.0, 61.25, 3600.0, np.nan, -2.0],
            "seconds": [60.0, 61.0, 62.0, 63.0, 64.0],
            "text_sec": ["61", "62", "63", "64", "65"],
            "start_sec_a": pd.array([1, 2, None, 62, 5], "Int64"),
            "far_sec": [1e300, np.inf, 1e13, 1.0, 2.0],
        }
    )
    shown = read(table)
    assert column(shown, "start_sec") == ["0:00", "1:01.25", "1:00:00", "–", "-0:02"]
    assert column(shown, "seconds")[0] == "60"
    assert column(shown, "text_sec")[0] == "61"
    assert column(shown, "start_sec_a") == ["0:01", "0:02", "–", "1:02", "0:05"]
    assert column(shown, "far_sec") == ["1e+300", "inf", "1e+13", "0:01", "0:02"]
    assert "61.25 s" in [attrs.get("title") for _, attrs in shown.elements]


def test_the_seconds_shown_are_those_of_the_table() -> None:
    table = segments(20).assign(start_sec=lambda t: t["start_sec"] + 0.37)
    read_back = [tw.intervals.parse_timecode(text) for text in column(read(table), "start_sec")]
    np.testing.assert_allclose(read_back, table["start_sec"], atol=0.005)


def test_vectors_are_bars_that_are_alike_where_vectors_are() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, 1024))
    table = segments(4)
    made = [one, 3 * one, -one, other]
    shown = [bars(source) for source in read(tw.with_vectors(table, made)).images]
    assert all(len(picture) == 96 for picture in shown)
    np.testing.assert_array_equal(shown[0], shown[1])  # a cosine knows no length
    np.testing.assert_array_equal(shown[0], -shown[2])
    assert np.corrcoef(shown[0], shown[3])[0, 1] < 0.5
    assert max(abs(shown[0])) == 255


@pytest.mark.parametrize("d", [2, 95, 96, 97, 4096])
def test_each_bar_is_the_mean_of_its_numbers(d: int) -> None:
    vector = np.zeros(d)
    vector[d // 2 :] = -1
    picture = bars(read(tw.with_vectors(segments(1), vector[None])).images[0])
    assert len(picture) == min(d, 96)
    assert set(picture[: len(picture) // 2 - 1]) <= {0}
    assert set(picture[len(picture) // 2 + 1 :]) <= {-255}


def test_vectors_that_say_nothing_are_blank() -> None:
    table = segments(3).assign(embedding=[np.zeros(4), np.full(4, np.nan), np.ones((2, 2))])
    shown = read(table)
    assert [set(bars(source)) for source in shown.images] == [{0}, {0}]
    assert column(shown, "embedding")[2] == "array of shape (2, 2)"


def findings(*verdicts: str) -> pd.DataFrame:
    said = [f"{k}: {'a long sentence of what is so ' * 9}end" for k in range(len(verdicts))]
    return pd.DataFrame(
        {"subject": "film", "check": "gaps", "value": 1.5, "verdict": verdicts, "finding": said}
    )


def test_problems_come_first_whole_and_what_is_fine_is_folded() -> None:
    markup = tw.show(findings("fine", "note", "problem", "fine", "note", "problem"))._repr_html_()
    told, _, folded = markup.partition("<details>")
    assert column(Read(f"{told}</div>"), "verdict") == ["problem", "problem", "note", "note"]
    assert [text[0] for text in column(Read(f"{told}</div>"), "finding")] == list("2514")
    assert all(text.endswith("end") for text in column(Read(f"{told}</div>"), "finding"))
    assert "2 fine" in folded
    assert folded.count("<tr ") == 2
    assert "4 of 6 rows, 2 more folded" in folded


def test_findings_of_the_sample_are_those_of_diagnose() -> None:
    report = tw.diagnose(tw.sample())
    shown = read(report)
    rows = [row for row in shown.rows if len(row) > 1 and row[1] != "subject"]
    assert sorted(row[-1] for row in rows) == sorted(report["finding"])


def test_an_unknown_verdict_is_not_hidden() -> None:
    shown = tw.show(findings("fine", "grave"))._repr_html_()
    assert "grave" in shown.partition("<details>")[0]


def test_what_check_finds_is_shown_whole() -> None:
    bad = [{"embedding": [1, None], "start_sec": 0, "end_sec": 6}]
    report = tw.check(bad)
    assert column(read(report), "problem") == report["problem"].tolist()


@pytest.mark.parametrize(
    ("n", "n_rows", "foot"),
    [
        (0, None, "0 rows"),
        (1, None, "1 row"),
        (20, None, "20 rows"),
        (21, None, "20 of 21 rows"),
        (4312, None, "20 of 4,312 rows"),
        (30, 25, "25 of 30 rows"),
    ],
)
def test_the_foot_counts_what_is_shown(n: int, n_rows: int | None, foot: str) -> None:
    table = pd.DataFrame({"video_id": [f"v{k}" for k in range(n)]})
    shown = read(table, n_rows=n_rows)
    assert shown.text[-1] == foot
    assert max(0, len(shown.rows) - 1) == min(n, n_rows or 20)


def test_what_is_the_same_in_all_rows_is_said_once() -> None:
    table = segments(30, model_name="a <model>", task_id=None)
    table["note"] = ["x"] * 29 + ["y"]
    shown = read(table)
    assert "model_name" not in shown.rows[0]
    assert "".join(shown.text).count("a <model>") == 1
    assert "task_id –" in "".join(shown.text)
    assert column(shown, "note") == ["x"] * 20  # the last row, which is not shown, differs
    assert "model_name" in read(table.head(1)).rows[0]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_cells_labels_and_names_are_text(text: str) -> None:
    table = segments(2)
    table["label"] = pd.Series([text, "b"], dtype=object)
    table["same"] = pd.Series([text, text], dtype=object)
    table.columns = pd.Index(table.columns, dtype=object)
    table[text] = [{text: [text]}, object]
    table.index = pd.Index([text, "row"], dtype=object)
    said = pd.Series([text], dtype=object)
    for one in (table, findings("note").assign(finding=said, verdict=said, subject=said)):
        shown = read(one)
        assert {tag for tag, _ in shown.elements} <= KNOWN
        assert {name for _, attrs in shown.elements for name in attrs} <= ATTRIBUTES
        assert all(source.startswith("data:image/png;base64,") for source in shown.images)
        assert not re.search(r"[\x00-\x09\x0b-\x1f]", "".join(shown.text))
        tw.show(one)._repr_html_().encode()
    assert "alert" not in text or "alert" in "".join(read(table).text)


@given(st.text(max_size=40), st.text(max_size=300))
def test_any_text_is_shown_as_it_is(name: str, cell: str) -> None:
    shown = read(pd.DataFrame({name: [cell, "other"]}))
    visible = shown.rows[1][1]
    if cell.isprintable() and len(cell) <= 120:
        assert visible == cell
    assert len(visible) <= 120 * 10


def test_long_cells_and_wide_tables_stay_small() -> None:
    wide = pd.DataFrame([["<" * 10_000] * 3000] * 30)
    wide["nested"] = [[[["<" * 999] * 99] * 99] * 99] * 30
    wide["whole"] = pd.Series([10**5000] * 30, dtype=object)  # pandas 2.2 takes it for a float
    wide["bytes"] = [b"<" * 10**6] * 30
    markup = tw.show(wide[wide.columns[::-1]])._repr_html_()
    assert len(markup) < 2e6
    assert "40 of 3,003 columns" in markup
    assert "whole number of 16,610 bits" in markup
    assert len(tw.show(findings(*["note"] * 10_000))._repr_html_()) < 2e5


def test_long_tables_are_not_written_out() -> None:
    n = 10**6
    table = pd.DataFrame({"video_id": ["a"] * n, "start_sec": np.arange(n), "end_sec": 1.0})
    assert len(tw.show(table)._repr_html_()) == pytest.approx(
        len(tw.show(table.head(21))._repr_html_()), abs=20
    )


def test_odd_tables() -> None:
    twice = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])
    assert read(twice).rows[1] == ["0", "1", "2"]
    many = segments(2).set_index(["video_id", "start_sec"])
    assert read(many).rows[1][0] == "('film', 0.0)"
    kinds = pd.DataFrame(
        {
            "when": pd.to_datetime(["2026-01-01", None]),
            "group": pd.Categorical(["a", None]),
            "flag": [True, False],
            "mixed": [1 + 2j, np.array(["a"])],
            "same": pd.Categorical(["z", "z"]),
        }
    )
    assert read(kinds).rows[2] == ["1", "–", "–", "False", "array of shape (1,)"]


class TestFrames:
    def test_a_frame_is_that_of_the_middle_of_its_row(self, tmp_path: Path) -> None:
        pytest.importorskip("av")
        film = tw.sample_video()
        scenes = tw.scenes(tw.sample()).head(3)
        middle = scenes[["start_sec", "end_sec"]].mean(axis=1)
        moved = scenes.assign(start_sec=middle - 0.5, end_sec=middle + 0.5)
        pictures = [read(table, video=film).images for table in (scenes, moved)]
        assert pictures[0] == pictures[1]
        assert len(set(pictures[0])) == 3

    def test_pairs_have_two_frames(self) -> None:
        pytest.importorskip("av")
        pairs = tw.near_duplicates(tw.sample()).head(2)
        shown = read(pairs, video=tw.sample_video())
        assert shown.rows[0][1:3] == ["frame_a", "frame_b"]
        assert len(shown.images) == 4

    def test_rows_without_time_or_film_have_none(self) -> None:
        pytest.importorskip("av")
        table = segments(3).drop(columns="embedding")
        table.loc[1, ["start_sec", "end_sec"]] = np.nan
        table.loc[2, "video_id"] = "another"
        shown = read(table, video={"film": tw.sample_video()})
        assert len(shown.images) == 1
        assert column(shown, "frame") == ["", "–", "–"]

    def test_no_column_is_opened(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("twlab.media.frames.Film", None)
        path = str(tw.sample_video())
        table = segments(2, video_url=path, thumbnail_url="https://example.com/a.jpg", source=path)
        assert not [one for one in read(table).images if not one.startswith("data:image/png")]

    def test_a_table_without_times_has_no_frames(self) -> None:
        with pytest.raises(tw.InputError, match="no row has a time in a video"):
            tw.show(pd.DataFrame({"a": [1]}), video=tw.sample_video())
        with pytest.raises(tw.InputError, match="their video_id were expected as keys"):
            tw.show(segments(), video={"other": tw.sample_video()})


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"table": pd.Series([1.0])}, r"table is a Series; .* its \.to_frame"),
        ({"table": segments(), "n_rows": 0}, "n_rows is 0"),
        ({"table": segments(), "n_rows": 201}, "at most 200 were expected"),
    ],
)
def test_wrong_calls(wrong: dict[str, Any], match: str) -> None:
    with pytest.raises(tw.InputError, match=match):
        tw.show(**wrong)


def test_as_text_it_is_what_pandas_prints() -> None:
    table = segments()
    shown = tw.show(table)
    assert isinstance(shown, tw.ShownTable)
    assert repr(shown) == repr(table)


class Shell:
    """What an extension needs of IPython."""

    def __init__(self) -> None:
        self.display_formatter = core.DisplayFormatter()

    def html(self, thing: Any) -> str | None:
        data, _ = self.display_formatter.format(thing, include=["text/html", "text/plain"])
        assert data["text/plain"] == repr(thing)
        found: str | None = data.get("text/html")
        return found


def results() -> dict[str, pd.DataFrame]:
    """Tables of all the functions that give one."""
    clips = tw.clips(tw.sample())
    labels = tw.cluster(clips, 4)
    again = clips.iloc[20:50].assign(video_id="again")
    return {
        "sample": clips,
        "no vectors": clips.drop(columns="embedding"),
        "scenes": tw.scenes(clips),
        "scene_counts": tw.scene_counts(clips),
        "nearest": tw.nearest(clips, k=2),
        "nearest of arrays": tw.nearest(clips, tw.vectors(clips), k=1),
        "near_duplicates": tw.near_duplicates(clips),
        "search": tw.search(clips, tw.vectors(clips)[3]),
        "find": tw.find(again, clips),
        "align": tw.align(again, clips),
        "repeats": tw.repeats(clips),
        "summarize": tw.summarize(clips, n_segments=3),
        "cluster_summary": tw.cluster_summary(clips, labels),
        "video_vectors": tw.video_vectors(clips),
        "diagnose": tw.diagnose(clips),
        "check": tw.check([{"embedding": [1, None], "start_sec": 0, "end_sec": 6}]),
        "threshold": tw.threshold(clips),
    }


def test_with_the_extension_what_twlab_makes_is_shown() -> None:
    shell = Shell()
    tw.load_ipython_extension(shell)
    plain = [name for name, table in results().items() if "tw-show" not in str(shell.html(table))]
    assert not plain


def test_with_the_extension_plain_tables_stay_plain() -> None:
    shell = Shell()
    tw.load_ipython_extension(shell)
    plain = (
        pd.DataFrame({"video_id": ["a"], "start_sec": [1.0], "end_sec": [2.0]}),
        pd.DataFrame({"rank": [1], "score": [0.5]}),
        pd.DataFrame(),
        segments().T,
        pd.concat([segments(), segments()], axis=1),
        segments().describe(),
    )
    for table in plain:
        assert shell.html(table) == table._repr_html_()  # type: ignore[operator]
    assert shell.html(pd.Series([1.0])) is None
    with pd.option_context("display.notebook_repr_html", False):
        assert shell.html(segments()) is None


def test_a_class_of_its_own_shows_itself() -> None:
    class Maps(pd.DataFrame):
        def _repr_html_(self) -> str:
            return "a map"

    shell = Shell()
    tw.load_ipython_extension(shell)
    assert shell.html(Maps(segments())) == "a map"


@pytest.mark.parametrize("before", [None, lambda table: f"{len(table)} rows, by another"])
def test_unloading_brings_back_what_was_before(before: Any) -> None:
    shell, table = Shell(), segments()
    if before is not None:
        shell.display_formatter.formatters["text/html"].for_type(pd.DataFrame, before)
    was = shell.html(table)
    for _ in range(2):
        tw.load_ipython_extension(shell)
        tw.load_ipython_extension(shell)
        assert "tw-show" in str(shell.html(table))
        assert shell.html(pd.DataFrame({"a": [1]})) != shell.html(table)
        tw.unload_ipython_extension(shell)
        tw.unload_ipython_extension(shell)
        assert shell.html(table) == was


def test_an_extension_that_came_later_stays() -> None:
    shell = Shell()
    tw.load_ipython_extension(shell)
    shell.display_formatter.formatters["text/html"].for_type(pd.DataFrame, lambda _: "later")
    tw.unload_ipython_extension(shell)
    assert shell.html(segments()) == "later"
