"""Search and thresholds: rankings, fusion and what is absent."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from clips import table
from service import KEY, Service

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.numbers


@pytest.fixture
def both(rng: np.random.Generator) -> pd.DataFrame:
    """Twenty clips with sight and sound, the sound of the last five missing."""
    sight, sound = rng.normal(size=(20, 8)), rng.normal(size=(15, 8))
    return pd.concat([table(sight), table(sound, "audio")], ignore_index=True)


def test_one_option_is_plain_cosine_ranking(rng: np.random.Generator) -> None:
    segments = table(rng.normal(size=(30, 8)))
    query = rng.normal(size=8)
    hits = tw.search(segments, query, k=4)
    cosine = tw.cosine_similarity(tw.vectors(segments), query[None].astype(np.float32))[:, 0]
    best = np.argsort(-cosine)[:4]
    assert hits["start_sec"].tolist() == (best * 6.0).tolist()
    np.testing.assert_allclose(hits["visual_similarity"], cosine[best], atol=1e-6)
    assert hits["match"].tolist() == best.tolist()
    assert hits["score"].is_monotonic_decreasing
    assert hits["rank"].tolist() == [1, 2, 3, 4]


def test_the_score_is_no_verdict(rng: np.random.Generator) -> None:
    """What is there may stand out of less than the best of strangers: the docstring says so."""
    film = tw.clips(tw.sample())
    pictures = film[film["embedding_option"] == "visual"]
    own = pd.Series(0.0, index=pictures.index)
    for label in pictures.index:
        hits = tw.search(film, pictures.loc[[label]], k=1)
        assert hits["match"].tolist() == [label]
        own[label] = hits["score"].iloc[0]
    strangers = table(rng.normal(size=(100, 64)))
    best = [tw.search(strangers, rng.normal(size=64), k=1)["score"].iloc[0] for _ in range(40)]
    assert own.median() < 2.5 < np.quantile(best, 0.6)
    assert own.min() < np.min(best)


def test_rows_are_compared_with_their_own_option(both: pd.DataFrame) -> None:
    sight = tw.search(both, both.iloc[[3]], k=50)
    assert "audio_similarity" not in sight.columns
    assert sight["start_sec"][0] == 18.0
    pair = tw.search(both, both.iloc[[3, 23]], k=50)
    assert pair["start_sec"][0] == 18.0
    assert pair[["visual_similarity", "audio_similarity"]].iloc[0].tolist() == pytest.approx([1, 1])


def test_ranks_are_fused_by_the_formula(both: pd.DataFrame, rng: np.random.Generator) -> None:
    query = rng.normal(size=8)
    hits = tw.search(both, query, k=50, weights={"audio": 2.0}, fuse="rank")
    parts = {
        name: tw.search(both, query, k=50, by=name).set_index("start_sec")["rank"]
        for name in ("visual", "audio")
    }
    for hit in hits.itertuples():
        terms = [
            weight / (60 + parts[name][hit.start_sec])
            for name, weight in (("visual", 1.0), ("audio", 2.0))
            if hit.start_sec in parts[name].index
        ]
        assert hit.score == pytest.approx(sum(terms) / 3)
    assert hits["audio_similarity"].isna().sum() == 5


def test_a_missing_option_is_absent_and_not_zero() -> None:
    ahead = np.array([[1.0, 0.1], [0.5, 1.0], [0.2, 1.0]])
    segments = pd.concat([table(ahead), table(ahead[1:] * [1, 1], "audio").assign(
        start_sec=[6.0, 12.0], end_sec=[12.0, 18.0])])  # fmt: skip
    hits = tw.search(segments, [1.0, 0.0])
    assert hits["start_sec"][0] == 0.0
    assert math.isnan(hits["audio_similarity"][0])


def test_touching_hits_are_merged() -> None:
    matrix = np.zeros((12, 3))
    matrix[:, 2] = 1
    matrix[[2, 3, 4, 9], 0] = [3, 4, 3.5, 2]
    found = tw.search(table(matrix), [1.0, 0, 0], k=4)
    hits = tw.merge_hits(found)
    assert hits["start_sec"].tolist() == [12.0, 54.0]
    assert hits["end_sec"].tolist() == [30.0, 60.0]
    assert hits["n_segments"].tolist() == [3, 1]
    assert hits["match"].tolist() == [3, 9]
    assert hits["rank"].tolist() == [1, 2]
    assert hits["visual_similarity"][0] == pytest.approx(4 / math.sqrt(17))
    assert len(tw.merge_hits(found, max_gap_sec=24)) == 1
    pd.testing.assert_frame_equal(tw.merge_hits(found.sample(frac=1, random_state=0)), hits)
    for gap in (-1, math.nan):
        with pytest.raises(tw.InputError, match=f"max_gap_sec is {gap}"):
            tw.merge_hits(found, max_gap_sec=gap)
    with pytest.raises(tw.InputError, match="no column 'score' in the hits"):
        tw.merge_hits(found.drop(columns="score"))


def old(segments: pd.DataFrame, query: Any, **given: Any) -> pd.DataFrame:
    """A search by the keywords of the last release."""
    ask: Any = tw.search
    with pytest.warns(DeprecationWarning, match=r"will be removed in the next release"):
        found: pd.DataFrame = ask(segments, query, **given)
    return found


@pytest.mark.parametrize("k", [3, 10, 60])
def test_keywords_of_the_last_release_still_work(rng: np.random.Generator, k: int) -> None:
    film = table(rng.normal(size=(30, 8)))
    hits = old(film, np.ones(8), k=k, merge_gap_sec=0)
    assert len(hits) >= min(k, 6)
    assert hits["score"].is_monotonic_decreasing
    apart = hits.sort_values("start_sec")
    assert (apart["start_sec"].to_numpy()[1:] > apart["end_sec"].to_numpy()[:-1]).all()
    found = old(film, np.ones(8), k=k, fuse="score")
    pd.testing.assert_frame_equal(found, tw.search(film, np.ones(8), k=k))


def test_hits_without_time_or_length_are_merged_with_none() -> None:
    film = table(np.eye(8))
    film.loc[2, ["start_sec", "end_sec"]] = np.nan
    film.loc[5, "end_sec"] = film.loc[5, "start_sec"]
    for row in (2, 5):
        query = np.eye(8)[row] + 0.1
        plain = tw.search(film, query, k=1)
        pd.testing.assert_frame_equal(tw.merge_hits(plain), plain)
    alone = film.assign(start_sec=np.nan, end_sec=np.nan, video_id=list("abcdefgh"))
    assert len(tw.merge_hits(tw.search(alone, np.ones(8), k=5))) == 5


@pytest.fixture
def client(tmp_path: Path) -> Iterator[tw.Client]:
    with Service(dim=8, check=False) as service:
        address, folder = service.url, tmp_path / "jobs"
        with tw.Client(KEY, base_url=address, folder=folder) as made:
            yield made


def test_text_pictures_and_sounds_go_through_the_client(
    both: pd.DataFrame, client: tw.Client, tmp_path: Path
) -> None:
    picture, sound = tmp_path / "a.png", tmp_path / "b.mp3"
    picture.write_bytes(b"\x89PNG" + bytes(60))
    sound.write_bytes(b"ID3" + bytes(60))
    both = both.assign(model_name="marengo3.0")
    asked: list[tuple[Any, pd.DataFrame]] = [
        ("a rabbit", client.embed_text("a rabbit", model_name="marengo3.0")),
        (picture, client.embed_image(picture, model_name="marengo3.0")),
        (str(picture), client.embed_image(picture, model_name="marengo3.0")),
        (sound, client.embed_audio(sound, model_name="marengo3.0")),
        (
            "https://example.com/a.wav",
            client.embed_audio("https://example.com/a.wav", model_name="marengo3.0"),
        ),
    ]
    for query, rows in asked:
        hits = tw.search(both, query, client=client)
        pd.testing.assert_frame_equal(hits, tw.search(both, rows))
        assert len(hits) == 10
    bare = both.drop(columns="model_name")
    assert len(tw.search(bare, "a rabbit", client=client, model_name="marengo3.0")) == 10
    for query, kind in (("a rabbit", "text"), (picture, "image"), (sound, "audio")):
        with pytest.raises(tw.InputError, match=f"the query is the {kind} .*; {kind} needs"):
            tw.search(both, query)
    with pytest.raises(tw.InputError, match=r"the query is the path 'film\.json'; the path of"):
        tw.search(both, Path("film.json"), client=client)


def test_whole_videos_and_zero_vectors_are_no_hits(both: pd.DataFrame) -> None:
    matrix = tw.vectors(both).copy()
    matrix[7] = 0
    changed = tw.with_vectors(both, matrix)
    whole = both.iloc[:1].assign(embedding_scope="video", start_sec=0.0, end_sec=120.0)
    with pytest.warns(tw.TwlabWarning, match="all zeros"):
        hits = tw.search(pd.concat([changed, whole]), both.iloc[[0]], k=99)
    assert len(hits) == 19
    assert 42.0 not in hits["start_sec"].tolist()


def test_refusals(both: pd.DataFrame) -> None:
    with pytest.raises(tw.InputError, match="k is 0"):
        tw.search(both, np.ones(8), k=0)
    with pytest.raises(tw.InputError, match="no option 'smell'"):
        tw.search(both, np.ones(8), by="smell")
    with pytest.raises(tw.InputError, match=r"no option \['visual'\]"):
        tw.search(both, np.ones(8), by=[["visual"]])  # type: ignore[list-item]
    with pytest.raises(tw.InputError, match="fuse is 'sum'"):
        tw.search(both, np.ones(8), fuse="sum")  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="5 dimensions, the option 'audio' 8"):
        tw.search(both, np.ones(5))
    with pytest.raises(tw.InputError, match="the query has no rows"):
        tw.search(both, both.iloc[:0])
    with pytest.raises(tw.InputError, match="of the option 'audio', the search of 'visual'"):
        tw.search(both.iloc[:20], both.iloc[20:22])
    with pytest.raises(tw.InputError, match="weights are"):
        tw.search(both, np.ones(8), weights={"audio": -1})


@pytest.mark.parametrize(
    ("query", "settings", "words"),
    [
        (np.ones(8), {"weights": {"audio": "high"}}, "weights are {'audio': 'high'}"),
        (np.ones(8), {"weights": {"audio": math.inf}}, "weights are {'audio': inf}"),
        (np.ones(8), {"weights": [1, 2]}, r"weights are \[1, 2\]"),
        (np.ones(8), {"weights": {"audio": 2}, "by": "visual"}, "weights name 'audio', but by= na"),
        (
            np.ones(8),
            {"where": "video_id >"},
            "where='video_id >' cannot be used .*syntax error",
        ),
        (np.ones(8), {"where": "nowhere = 1"}, "no such column: nowhere.* of the columns video_id"),
        (np.ones(8), {"where": "1) OR (1=1"}, "a parenthesis that closes none"),
        (np.ones(8), {"where": 5}, "where is 5; a condition in SQL"),
        (np.ones(8), {"start_sec": "x"}, "start_sec is 'x'; seconds"),
        (np.ones(8), {"start_sec": 9, "end_sec": 3}, "start_sec is 9 and end_sec 3; .*swap"),
        (np.ones(8), {"video_id": 5}, "video_id is 5; a name or a list of names"),
        (np.ones(8), {"by": 5}, "no option 5"),
        (np.zeros(8), {}, "the query for the option 'audio' is all zeros"),
    ],
)
@pytest.mark.filterwarnings("ignore::twlab.TwlabWarning")
def test_what_cannot_be_meant_is_refused(
    both: pd.DataFrame, query: Any, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(tw.InputError, match=words):
        tw.search(both, query, **settings)


def test_models_are_not_mixed(both: pd.DataFrame) -> None:
    with pytest.raises(tw.InputError, match="vectors of the models 'test' and 'other' compared"):
        tw.search(both, both.iloc[:1].assign(model_name="other"))


@pytest.mark.filterwarnings("ignore::twlab.TwlabWarning")
def test_a_zero_vector_among_queries_matches_nothing(both: pd.DataFrame) -> None:
    query = np.ones((1, 8))
    expected = tw.search(both, query)
    pd.testing.assert_frame_equal(tw.search(both, np.r_[query, np.zeros((1, 8))]), expected)
