"""What changed between cuts of a film: nothing where nothing is, planted edits, relations."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw
from twlab.cli import main

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.numbers

TIMES = ["a_start_sec", "a_end_sec", "b_start_sec", "b_end_sec"]
CLIP = 6.0


def version(matrix: Any, name: str, option: str = "visual", clip: float = CLIP) -> pd.DataFrame:
    """Clips of one length as a table."""
    start = np.arange(len(matrix)) * clip
    rows = {"video_id": name, "start_sec": start, "end_sec": start + clip}
    table = pd.DataFrame({**rows, "embedding_option": option, "model_name": "m"})
    return tw.with_vectors(table, np.asarray(matrix, np.float32))


def scenes(rng: np.random.Generator, n: int, d: int = 64) -> NDArray[Any]:
    """A film of scenes, whose clips are alike within and more alike than those of others."""
    base, topics = rng.normal(size=d), rng.normal(size=(n // 5 + 1, d))
    return np.asarray(0.6 * base + topics.repeat(5, axis=0)[:n] + 0.7 * rng.normal(size=(n, d)))


def told(found: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Change and whole clips of each row."""
    clips = (found[TIMES] / CLIP).round().astype(object)
    clips = clips.where(clips.notna(), None)
    return [(change, *row) for change, row in zip(found["change"], clips.to_numpy(), strict=True)]


def mirrored(found: pd.DataFrame) -> pd.DataFrame:
    """As the other direction should say it."""
    other = {name: "ab"["ba".index(name[0])] + name[1:] for name in found if name[1:2] == "_"}
    turned = found.rename(columns=other)
    return turned.replace({"change": {"missing": "added", "added": "missing"}})


def sort_rows(found: pd.DataFrame) -> pd.DataFrame:
    """The rows in an order that both directions share."""
    found = found[sorted(found.columns)].drop(columns=["speed", "offset_sec"])
    return found.sort_values(["embedding_option", *TIMES], ignore_index=True)


@pytest.fixture(scope="module")
def film() -> NDArray[np.float32]:
    mix = np.random.default_rng(0).normal(size=(1280, 160)) / 160**0.5
    return np.asarray(tw.vectors(tw.clips(tw.sample())) @ mix, np.float32)


@pytest.fixture(scope="module")
def edited(film: NDArray[np.float32]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A film, and a cut in which every kind of change is planted."""
    other = scenes(np.random.default_rng(1), 20, film.shape[1])
    parts = [film[:15], film[25:40], other[:6], film[46:60], film[15:20], film[60:80], other[6:12]]
    return version(film, "one"), version(np.concatenate([*parts, film[80:]]), "two")


PLANTED = [
    ("matched", 0, 15, 0, 15),
    ("moved", 15, 20, 50, 55),
    ("missing", 20, 25, None, None),
    ("matched", 25, 40, 15, 30),
    ("changed", 40, 46, 30, 36),
    ("matched", 46, 60, 36, 50),
    ("matched", 60, 80, 55, 75),
    ("added", None, None, 75, 81),
    ("matched", 80, 100, 81, 101),
]


def test_every_kind_of_change_is_found(edited: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    found = tw.diff(*edited)
    assert told(found) == PLANTED
    same = found["change"].isin(["matched", "moved"])
    assert (found["cosine_similarity"][same] > 0.9).all()
    assert found["cosine_similarity"][found["change"] == "changed"].max() < 0.8
    np.testing.assert_allclose(
        found["offset_sec"], found["b_start_sec"] - found["a_start_sec"], equal_nan=True
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_trims_within_clips_and_noise(film: NDArray[np.float32], seed: int) -> None:
    """Cuts anywhere within clips, under noise: every edge within one clip."""
    rng = np.random.default_rng(seed)
    edges = np.array([0, 14, 26, 38, 50, 62, 74, 100]) + np.r_[0, rng.uniform(-0.5, 0.5, 6), 0]
    order = [0, 1, 3, 2, 4, 6]  # one stretch out, two in the other order
    fine = np.concatenate([np.arange(edges[k], edges[k + 1], 0.05) for k in order])
    n = len(fine) // 20
    cut = film[fine[: n * 20].astype(int).clip(0, 99)].reshape(n, 20, -1).mean(axis=1)
    cut = cut + 0.2 * rng.normal(size=cut.shape) / cut.shape[1] ** 0.5
    found = tw.diff(version(film, "one"), version(cut, "two"))
    lengths = np.diff(edges)
    begins = dict(zip(order, np.r_[0, lengths[order].cumsum()[:-1]], strict=True))
    moved = found[found["change"] == "moved"]
    assert len(moved) == 1
    missing = found[(found["change"] == "missing") & (found["a_start_sec"] > 60 * CLIP)]
    np.testing.assert_allclose(
        missing[TIMES[:2]].to_numpy()[0] / CLIP, edges[5:7], atol=1, err_msg="what is left out"
    )
    for row in found[found["change"].isin(["matched", "moved"])].itertuples():
        middle = (row.a_start_sec + row.a_end_sec) / 2 / CLIP
        part = int(np.searchsorted(edges, middle)) - 1
        if row.a_end_sec - row.a_start_sec > 3 * CLIP and row.change == "moved":
            assert row.offset_sec / CLIP == pytest.approx(begins[part] - edges[part], abs=1)


def test_a_film_is_one_stretch_of_itself(film: NDArray[np.float32]) -> None:
    rng = np.random.default_rng(0)
    still = film[[7]].repeat(40, axis=0)
    noise = rng.normal(size=still.shape) / still.shape[1] ** 0.5
    for matrix in (film, film[:1], film[:2], still, still + 0.1 * noise, scenes(rng, 40)):
        found = tw.diff(version(matrix, "one"), version(matrix, "two"))
        n = len(matrix)
        assert told(found) == [("matched", 0, n, 0, n)]
        assert found["cosine_similarity"][0] == pytest.approx(1, abs=1e-6)
    again = still + 0.1 * rng.normal(size=still.shape) / still.shape[1] ** 0.5
    assert told(tw.diff(version(still, "one"), version(again, "two"))) == [
        ("matched", 0, 40, 0, 40)
    ]
    longer = tw.diff(version(still, "one"), version(np.r_[still, still[:20]], "two"))
    assert len(longer) <= 2, "a still film is not cut into stretches"


def test_strangers_share_nothing() -> None:
    rng = np.random.default_rng(5)
    films = [scenes(rng, int(n)) for n in rng.integers(3, 60, 20)]
    named = 0
    for k, one in enumerate(films):
        two = films[(k + 1) % len(films)]
        found = tw.diff(version(one, "one"), version(two, "two"))
        named += told(found) != [
            ("added", None, None, 0, len(two)),
            ("missing", 0, len(one), None, None),
        ]
    assert named <= 1, "one pair in fifty at most, by the chance that align promises"


def test_both_directions_say_the_same(edited: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    one, two = edited
    there, back = tw.diff(one, two), tw.diff(two, one)
    pd.testing.assert_frame_equal(sort_rows(mirrored(back)), sort_rows(there), atol=1e-9)
    equal = two[: len(one)]
    there, back = tw.diff(one, equal), tw.diff(equal, one)
    pd.testing.assert_frame_equal(sort_rows(mirrored(back)), sort_rows(there), atol=1e-9)


def test_what_must_not_matter(edited: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    one, two = edited
    found = tw.diff(one, two)
    pd.testing.assert_frame_equal(tw.diff(one.sample(frac=1, random_state=1), two[::-1]), found)
    loud = tw.with_vectors(two, 8 * tw.vectors(two))
    pd.testing.assert_frame_equal(tw.diff(one, loud), found)
    twice = pd.concat([one, one], ignore_index=True)
    pd.testing.assert_frame_equal(tw.diff(twice, two), found, atol=1e-6)
    later = two.assign(start_sec=two["start_sec"] + 90, end_sec=two["end_sec"] + 90)
    moved = tw.diff(one, later)
    np.testing.assert_allclose(moved[TIMES[2:]] - 90, found[TIMES[2:]], atol=1e-6)
    pd.testing.assert_series_equal(moved["change"], found["change"])


def test_every_second_has_one_row(edited: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    found = tw.diff(*edited)
    for side, table in zip("ab", edited, strict=True):
        spans = found[[f"{side}_start_sec", f"{side}_end_sec"]].dropna().to_numpy()
        spans = spans[np.argsort(spans[:, 0])]
        np.testing.assert_allclose(spans[1:, 0], spans[:-1, 1], atol=1e-6)
        assert spans[0, 0] == 0
        assert spans[-1, 1] == table["end_sec"].max()


def test_what_moved_is_the_least_that_can_have() -> None:
    """The heaviest order of blocks, of all that there are, is what is matched."""
    rng = np.random.default_rng(3)
    lengths = [4, 5, 6, 9]
    blocks = [rng.normal(size=(n, 64)) for n in lengths]
    for order in itertools.permutations(range(4)):
        one = version(np.concatenate(blocks), "one")
        two = version(np.concatenate([blocks[k] for k in order]), "two")
        chains = [
            chain
            for size in range(1, 5)
            for chain in itertools.combinations(order, size)
            if list(chain) == sorted(chain)
        ]
        heaviest = max(sum(lengths[k] for k in chain) for chain in chains)
        found = tw.diff(one, two)
        assert set(found["change"]) <= {"matched", "moved"}, order
        matched = found[found["change"] == "matched"]
        seconds = (matched["a_end_sec"] - matched["a_start_sec"]).sum()
        assert seconds / CLIP == pytest.approx(heaviest, abs=0.5), order


def test_a_dub_changes_one_option(film: NDArray[np.float32]) -> None:
    rng = np.random.default_rng(2)
    sound, voice = scenes(rng, 100), scenes(rng, 100)
    cut = np.r_[0:40, 55:100]
    dubbed = np.where(((cut > 10) & (cut < 30))[:, None], voice[cut], sound[cut])
    one = pd.concat([version(film, "one"), version(sound, "one", "audio")])
    seen = version(film[cut], "two")
    found = tw.diff(one, pd.concat([seen, version(dubbed, "two", "audio")]))
    parts = {option: told(part) for option, part in found.groupby("embedding_option")}
    assert [row[0] for row in parts["visual"]] == ["matched", "missing", "matched"]
    assert parts["audio"] == [
        ("matched", 0, 11, 0, 11),
        ("changed", 11, 30, 11, 30),
        ("matched", 30, 40, 30, 40),
        ("missing", 40, 55, None, None),
        ("matched", 55, 100, 40, 85),
    ]
    whole = tw.diff(one, pd.concat([seen, version(voice[cut], "two", "audio")]))
    assert told(whole[whole["embedding_option"] == "audio"]) == [
        ("changed", 0, 40, 0, 40),
        ("missing", 40, 55, None, None),
        ("changed", 55, 100, 40, 85),
    ], "a voice dubbed throughout is at the places that the picture tells"


def test_grids_may_differ(film: NDArray[np.float32]) -> None:
    one = version(film.repeat(3, axis=0), "one", clip=2.0)
    two = version(np.r_[film[:30], film[50:]], "two")
    for found in (tw.diff(one, two), mirrored(tw.diff(two, one))):
        assert [row for row in told(found) if row[0] != "matched"] == [
            ("missing", 30, 50, None, None)
        ]


@pytest.mark.parametrize("speed", [0.9, 0.96, 1.1])
def test_a_version_of_another_speed_is_one_stretch(film: NDArray[np.float32], speed: float) -> None:
    clips = int(len(film) * speed)
    at = (np.arange(clips) + 0.5) / speed - 0.5
    low = np.clip(np.floor(at).astype(int), 0, len(film) - 2)
    share = np.clip(at - low, 0, 1)[:, np.newaxis].astype(np.float32)
    laid = film[low] * (1 - share) + film[low + 1] * share
    found = tw.diff(version(film, "one"), version(laid, "two"))
    assert found["change"].tolist() == ["matched"]
    assert found["speed"].iloc[0] == pytest.approx(speed, abs=0.02)


def test_several_versions_stand_in_one_table(edited: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    one, two = edited
    short = one[:50].assign(video_id="three")
    found = tw.diff(one, pd.concat([two, short]))
    assert found["b_video_id"].unique().tolist() == ["two", "three"]
    assert told(found[found["b_video_id"] == "two"]) == PLANTED
    bare = tw.diff(one.drop(columns="embedding_option"), short.drop(columns="embedding_option"))
    assert "embedding_option" not in bare.columns
    assert bare["change"].tolist() == ["matched", "missing"]


def test_what_cannot_be_compared_is_refused(edited: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    one, two = edited
    with pytest.raises(tw.InputError, match="a holds 2 videos with times"):
        tw.diff(pd.concat([one, two]), two)
    with pytest.raises(tw.InputError, match="b holds no segments with times"):
        tw.diff(one, two.assign(start_sec=np.nan))
    with pytest.raises(tw.InputError, match="a holds no segments with times"):
        tw.diff(one[:0], two)
    with pytest.raises(tw.InputError, match="'one' has the options 'visual' and 'two' has 'audio'"):
        tw.diff(one, two.assign(embedding_option="audio"))
    with pytest.raises(tw.InputError, match="model"):
        tw.diff(one, two.assign(model_name="another"))
    with pytest.raises(tw.InputError, match="dimensions"):
        tw.diff(one, version(np.ones((5, 3)), "two"))
    with pytest.warns(UserWarning, match="'audio' is left out, as only one of 'one' and 'two'"):
        tw.diff(one[:5], pd.concat([two, two.assign(embedding_option="audio")]))
    with pytest.raises(tw.InputError):
        tw.diff(one, 3)  # type: ignore[arg-type]


def test_versions_are_tracks(edited: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    found = tw.diff(*edited)
    figure = tw.plot.diff(found)
    bars = {trace.name: trace for trace in figure.data if trace.type == "bar"}
    kinds = found["change"].value_counts()
    drawn = {name: len(trace.x) for name, trace in bars.items()}
    assert drawn == {n: kinds[n] * (1 if n in ("missing", "added") else 2) for n in kinds.index}
    assert figure.layout.yaxis.ticktext == ("one", "two")
    said = figure.layout.title.text
    counts = "■ 5 matched · ■ 1 moved · ■ 1 changed · ■ 1 missing · ■ 1 added"
    assert counts in re.sub("<.*?>", "", said)
    for name, bar in bars.items():
        assert f"{bar.marker.color}'>■</span> {kinds[name]} {name}" in said, "it is the legend"
        assert {float(high) for high in bar.width} == {0.5}, "whole tracks"
    assert "<b>moved</b> visual<br>one 1:3" in bars["moved"].hovertext[0]
    back = mirrored(found)
    back = back.assign(a_video_id="two", b_video_id="<i>three")
    alone = tw.plot.diff(found[found["change"] == "matched"], style="paper")
    assert alone.layout.showlegend
    three = tw.plot.diff(pd.concat([found, back]))
    assert three.layout.yaxis.ticktext == ("one", "two", "&lt;i&gt;three"), "a shared track"
    halves = {
        (y, high)
        for bar in three.data
        if bar.type == "bar"
        for y, high in zip(bar.y, bar.width, strict=True)
    }
    middle = three.layout.yaxis.tickvals[1]
    assert {(y - middle, high) for y, high in halves if high < 0.5} == {
        (-0.125, 0.25),
        (0.125, 0.25),
    }
    apart = tw.plot.diff(pd.concat([found, found.assign(b_video_id="three")]))
    assert apart.layout.yaxis.ticktext == ("one", "two", "one", "three")


def test_a_second_of_two_hours_is_seen(edited: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    found = tw.diff(*edited)
    long = found.assign(**{name: 12 * found[name] for name in TIMES})
    rows = found["change"] == "changed"
    for side in "ab":
        long.loc[rows, f"{side}_end_sec"] = long.loc[rows, f"{side}_start_sec"] + 1
    bars = {bar.name: bar for bar in tw.plot.diff(long).data if bar.type == "bar"}
    assert min(bars["changed"].marker.line.width) > 1
    assert max(bars["moved"].marker.line.width) == 0


def test_what_is_no_diff_is_not_drawn(edited: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    found = tw.diff(*edited)
    with pytest.raises(tw.InputError, match="found has no column 'change'"):
        tw.plot.diff(found.drop(columns="change"))
    with pytest.raises(tw.InputError, match="change is 'lost'"):
        tw.plot.diff(found.assign(change="lost"))
    with pytest.raises(tw.InputError, match="found has no rows"):
        tw.plot.diff(found[:0])


def test_a_storyboard_shows_both_versions(edited: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    pytest.importorskip("av")
    found = tw.diff(*edited)
    found = found[found["change"].isin(["moved", "missing"])]
    video = tw.sample_video()
    figure = tw.plot.storyboard(found, video={"one": video, "two": video}, n_frames=4)
    assert len(figure.layout.images) == 8
    said = [note.text for note in figure.layout.annotations if "<b>" in note.text]
    assert "Moved" in said[0]
    assert "</span>  1:3" in said[0], "neither the versions nor the one option"
    assert "Missing" in said[1]
    assert "2 changes from one to two" in figure.layout.title.text
    more = pd.concat([found, found.assign(b_video_id="three", embedding_option="audio")])
    figure = tw.plot.storyboard(more, video=dict.fromkeys(["one", "two", "three"], video))
    said = [note.text for note in figure.layout.annotations if "<b>" in note.text]
    assert "</span>  one and three · audio · 1:3" in said[2]
    assert "4 changes of 3 videos" in figure.layout.title.text


def test_changes_go_out_as_edits_markers_and_chapters(
    edited: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    found = tw.diff(*edited)
    text = tw.export(found, tmp_path / "changes.edl", fps=25).read_text()
    names = [line.removeprefix("* COMMENT: ") for line in text.splitlines() if "COMMENT" in line]
    sides = {"missing": 1, "added": 1}
    assert names == [
        name.capitalize() for name in found["change"] for _ in range(sides.get(name, 2))
    ]
    with pytest.raises(tw.InputError, match=r"of 2 videos.* one side: result") as refused:
        tw.export(found, tmp_path / "changes.vtt")
    one_side = eval(str(refused.value).split("one side: ")[1], {"result": found})
    text = tw.export(one_side, tmp_path / "changes.vtt").read_text()
    in_b = found.dropna(subset="b_start_sec").sort_values("b_start_sec")["change"].tolist()
    assert [line for line in text.splitlines() if line in in_b] == in_b
    markers = tw.export(one_side, tmp_path / "m.edl", fps=25, form="resolve-markers").read_text()
    assert len({*re.findall(r"C:(\w+)", markers)}) == len({*in_b})
    both = pd.concat([found, found.assign(embedding_option="audio")])
    spans = pd.read_csv(tw.export(both, tmp_path / "changes.csv"))
    assert {"Moved (visual)", "Moved (audio)"} <= {*spans["label"]}
    unnamed = pd.concat([found, found.assign(embedding_option=None)])
    spans = pd.read_csv(tw.export(unnamed, tmp_path / "changes.csv"))
    assert {"Moved (visual)", "Moved"} <= {*spans["label"]}


def test_on_the_command_line(
    edited: tuple[pd.DataFrame, pd.DataFrame],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for table in edited:
        tw.save(table, f"{table['video_id'].iloc[0]}.parquet")
    names = ["one.parquet", "two.parquet"]
    found = tw.diff(*edited)
    assert main(["diff", *names]) == 0
    rows = capsys.readouterr().out.splitlines()[1:]
    assert [row.split()[3] for row in rows] == found["change"].tolist()
    assert re.search(r"moved +1:3\d\.\d +[12]:\d\d\.\d +[45]:\d\d\.\d +5:3\d\.\d ", rows[1])
    assert main(["diff", *names[::-1], "-o", "changes.csv"]) == 0
    pd.testing.assert_frame_equal(pd.read_csv("changes.csv"), tw.diff(*edited[::-1]), atol=1e-6)
    assert main(["export", "changes.csv", "-o", "changes.edl", "--fps", "25"]) == 0
    assert "* COMMENT: Moved" in Path("changes.edl").read_text()
    assert main(["diff", *names, "-o", "changes.html"]) == 0
    assert "matched" in Path("changes.html").read_text(encoding="utf-8")
    Path("cut").mkdir()
    tw.save(edited[1].assign(video_id=edited[0]["video_id"].iloc[0]), "cut/one.parquet")
    assert main(["diff", "one.parquet", "cut/one.parquet", "-o", "same_name.csv"]) == 0
    again = pd.read_csv("same_name.csv")
    assert {*again["a_video_id"], *again["b_video_id"]} == {"one.parquet", "cut/one.parquet"}
    assert again["change"].tolist() == found["change"].tolist()
    assert main(["diff", "one.parquet", "one.parquet", "-o", "itself.csv"]) == 0
    assert pd.read_csv("itself.csv")["change"].tolist() == ["matched"]
    both = {**dict(zip("ab", edited, strict=True)), "c": edited[1].assign(video_id="one")}
    for name, table in both.items():
        for option in ("visual", "audio"):
            tw.save(table.assign(embedding_option=option), f"{name}-{option}.parquet")
    apart = [f"{name}-{option}.parquet" for name in "ab" for option in ("visual", "audio")]
    assert main(["diff", *apart, "-o", "apart.csv"]) == 0, "an option a file"
    options = pd.read_csv("apart.csv")
    assert {*options["a_video_id"], *options["b_video_id"]} == {"one", "two"}
    assert options["change"].tolist() == [*found["change"]] * 2
    assert main(["diff", "one.parquet", "c-visual.parquet", "two.parquet", "-o", "three.csv"]) == 0
    assert {*pd.read_csv("three.csv")["b_video_id"]} == {"c-visual.parquet", "two.parquet"}
    Path("film.mp4").write_bytes(b"no film")
    capsys.readouterr()
    for words, said in (
        (["film.mp4"], "'film.mp4' is one film; two versions or more were expected"),
        (["film.mp4", "film.mp4"], "'film.mp4' is one film; two versions or more were expected"),
        (["one.parquet"], "hold 1 video ('one'); two versions"),
        ([*names, "-o", "changes.txt"], "'changes.txt' ends in no form"),
        (["one.parquet", "two.mp4"], "'two.mp4' is a film and 'one.parquet' an answer"),
    ):
        assert main(["diff", *words]) == 1
        assert said in capsys.readouterr().err
