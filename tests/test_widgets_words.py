"""Search by words in the explorer, as the kernel answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from clips import table
from service import KEY, Fault, Service

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Page:
    """What a browser is to an explorer: it asks, shows what comes, and says what it shows."""

    def __init__(self, explorer: tw.Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.explorer = explorer
        self.answers: list[tuple[dict[str, Any], list[bytes]]] = []
        monkeypatch.setattr(explorer, "send", self.take)

    def take(self, answer: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        self.answers.append((answer, buffers or []))

    def ask(self, words: str, **more: Any) -> str:
        """The sentence that comes; empty with scores, and then they are shown."""
        question = {"id": "7", "kind": "words", "text": words, **more}
        self.explorer._handle_custom_msg(question, [])
        answer, buffers = self.answers[-1]
        assert answer["id"] == "7"
        if buffers:
            self.explorer._words = words
        return str(answer["note"])

    @property
    def scores(self) -> np.ndarray:
        return np.frombuffer(self.answers[-1][1][0], "<f4", count=len(self.explorer.segments))

    @property
    def rows(self) -> np.ndarray:
        return np.frombuffer(self.answers[-1][1][0], "<u4", offset=4 * len(self.explorer.segments))


@pytest.fixture
def open_with(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Page]]:
    """A function that opens an explorer with a search."""
    opened: list[tw.Explorer] = []

    def opener(segments: pd.DataFrame, by: Any) -> Page:
        opened.append(tw.explore(segments, views=["timeline"], search=by))
        return Page(opened[-1], monkeypatch)

    yield opener
    for explorer in opened:
        explorer.close()


@pytest.fixture
def both(rng: np.random.Generator) -> pd.DataFrame:
    """Twenty clips with sight and sound, and a row for the whole; the index is of its own."""
    sight, sound = rng.normal(size=(20, 8)), rng.normal(size=(20, 8))
    whole = table(rng.normal(size=(1, 8))).assign(embedding_scope="video", end_sec=120.0)
    rows = pd.concat([whole, table(sight), table(sound, "audio")], ignore_index=True)
    return rows.set_index(rows.index[::-1] * 10)


def test_hits_are_those_of_a_search(open_with: Callable[..., Page], both: pd.DataFrame) -> None:
    query = tw.vectors(both)[30]
    page = open_with(both, lambda words: query)
    assert page.explorer.found is None
    assert page.ask("a rabbit yawns") == ""
    expected = tw.search(both, query, k=100)
    pd.testing.assert_frame_equal(page.explorer.found, expected)
    assert both.index[page.rows].tolist() == expected["match"].tolist()
    assert page.rows[0] == 30
    by_place = expected.set_index("start_sec")["score"]
    clips = (both["embedding_scope"] == "clip").to_numpy()
    wanted = by_place.loc[both.loc[clips, "start_sec"]].to_numpy()
    np.testing.assert_allclose(page.scores[clips], wanted, rtol=1e-5)
    assert np.isnan(page.scores[~clips]).all()  # no view shows whole videos


def test_order_of_rows_and_repeats_change_no_score(
    open_with: Callable[..., Page], both: pd.DataFrame, rng: np.random.Generator
) -> None:
    query = rng.normal(size=8)
    page = open_with(both, lambda words: query)
    page.ask("x")
    plain = page.scores
    order = rng.permutation(len(both))
    page = open_with(both.iloc[order], lambda words: query)
    page.ask("x")
    np.testing.assert_array_equal(page.scores, plain[order])
    later = both.assign(start_sec=both["start_sec"] + 0.0004, end_sec=both["end_sec"] + 0.0004)
    twice = pd.concat([both, later], ignore_index=True)  # the same moments to the millisecond
    page = open_with(twice, lambda words: query)
    page.ask("x")
    np.testing.assert_allclose(page.scores[: len(both)], page.scores[len(both) :], atol=1e-6)
    times = both[["start_sec", "end_sec"]]
    elsewhen = both.assign(**(1000 + 7 * times))
    for segments, asked in ((both, 3 * query), (elsewhen, query)):
        page = open_with(segments, lambda words, asked=asked: asked)
        page.ask("x")
        np.testing.assert_allclose(page.scores, plain, atol=1e-5)


def test_rows_without_time_are_found_each_for_itself(
    open_with: Callable[..., Page], rng: np.random.Generator
) -> None:
    pictures = table(rng.normal(size=(9, 8))).assign(start_sec=np.nan, end_sec=np.nan)
    page = open_with(pictures, lambda words: tw.vectors(pictures)[4])
    page.ask("x")
    assert page.rows[0] == 4
    assert np.argmax(page.scores) == 4
    assert np.unique(page.scores).size == 9


def test_nothing_is_asked_twice(open_with: Callable[..., Page], both: pd.DataFrame) -> None:
    asked: list[str] = []

    def embed(words: str) -> Any:
        asked.append(words)
        return np.arange(8.0) + len(asked)

    page = open_with(both, embed)
    assert page.ask("unknown", again=True) != ""
    assert asked == []  # a view that opens again pays for nothing
    many = [f"words {k}" for k in range(12)]
    first = {}
    for words in [*many, *many]:
        assert page.ask(words) == ""
        first.setdefault(words, page.scores)
        np.testing.assert_array_equal(page.scores, first[words])
    assert asked == many
    assert page.ask(many[3], again=True) == ""
    page.explorer._words = ""
    assert page.explorer.found is None


def test_found_follows_what_is_shown(open_with: Callable[..., Page], both: pd.DataFrame) -> None:
    page = open_with(both, lambda words: tw.vectors(both)[3 if words == "three" else 5])
    seen: list[Any] = []
    page.explorer.observe(lambda change: seen.append(change.new), "found")
    page.ask("three")
    page.ask("five")
    page.explorer._words = "three"  # undone in the browser
    assert [hits["match"].iloc[0] for hits in seen] == [both.index[k] for k in (3, 5, 3)]
    page.explorer.found = None
    assert page.explorer._words == ""
    with pytest.raises(tw.errors.InputError, match="None was expected, which clears"):
        page.explorer.found = both


def test_a_client_embeds_with_the_model_of_the_table(open_with: Callable[..., Page]) -> None:
    with Service(dim=8, check=False) as service, tw.Client(KEY, base_url=service.url) as client:
        like = client.embed_text("a rabbit", model_name="marengo3.0")
        matrix = np.vstack([np.eye(8)[:7], tw.vectors(like)])
        rows = table(matrix).assign(model_name="marengo3.0")
        page = open_with(rows, client)
        assert page.ask("a rabbit") == ""
        assert page.rows[0] == 7
        assert page.explorer.found["visual_similarity"].iloc[0] == pytest.approx(1)
        paid = len(service.paid)
        for words in ("a hare", "a hare", "a rabbit"):
            assert page.ask(words) == ""
        assert len(service.paid) == paid + 1
        service.faults = [Fault("status", "POST", status=402, body={"message": "used up"})]
        note = page.ask("a fox")
        assert "402" in note
        assert "\n" not in note
        assert page.explorer.found["visual_similarity"].iloc[0] == pytest.approx(1)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("a.mp4", "search= gives 'a.mp4' for words; a vector, or rows with vectors, was expected"),
        (None, "search= gives None for words"),
        (np.ones(5), "the query has 5 dimensions"),
        (np.zeros(8), "all zeros"),
        (np.full(8, np.nan), "NaN|finite"),
    ],
)
def test_what_is_no_vector_is_said(
    open_with: Callable[..., Page], both: pd.DataFrame, given: Any, why: str
) -> None:
    page = open_with(both, lambda words: given)
    note = page.ask("x")
    assert "\n" not in note
    with pytest.raises(AssertionError, match=why):
        raise AssertionError(note)
    assert page.explorer.found is None


def test_an_error_of_somebody_else_is_told_and_not_lost(
    open_with: Callable[..., Page], both: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    def embed(words: str) -> Any:
        raise OSError(f"no answer to {words}\nfrom https://me:secret@a.org")

    page = open_with(both, embed)
    note = page.ask("x")
    assert "in embed" in caplog.text  # the kernel's log has the rest
    assert note.startswith("search= stopped with OSError: no answer to x")
    assert "secret" not in note
    assert "\n" not in note
    assert page.ask(" ") == "there are no words; something to look for was expected; type it"


def test_without_a_search_the_way_to_one_is_said(
    both: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer = tw.explore(both, views=["timeline"])
    note = Page(explorer, monkeypatch).ask("a rabbit")
    assert "tw.explore(segments, search=tw.Client())" in note
    assert explorer._spec["words"] is False
    explorer.close()


class Awaited:
    async def embed_text(self, text: str, *, model_name: str) -> None: ...


def test_refusals(both: pd.DataFrame) -> None:
    for by in ("a rabbit", 3, Awaited(), Awaited().embed_text):
        with pytest.raises(tw.errors.InputError, match=r"a client, or a function .* was expected"):
            tw.explore(both, search=by)
    with tw.Client("key") as client:
        unnamed = both.drop(columns="model_name")
        with pytest.raises(tw.errors.InputError, match="names no model") as told:
            tw.explore(unnamed, search=client)
        assert "client.embed_text(words, model_name='marengo3.0')" in str(told.value)
        mixed = both.assign(model_name=both["embedding_option"].map({"visual": "a", "audio": "b"}))
        with pytest.raises(tw.errors.InputError, match="is of 'a', 'b'; one model"):
            tw.explore(mixed, search=client)
        part = both.assign(model_name=both["embedding_option"].map({"visual": "a"}))
        with pytest.raises(tw.errors.InputError, match="rows that name no model"):
            tw.explore(part, search=client)


def test_the_remedy_for_a_table_without_a_model_works(
    open_with: Callable[..., Page], both: pd.DataFrame
) -> None:
    unnamed = both.drop(columns="model_name")
    page = open_with(unnamed, lambda words: both.iloc[[3]].assign(model_name="marengo3.0"))
    assert page.ask("x") == ""
    assert page.rows[0] == 3
