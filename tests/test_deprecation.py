"""Keywords of the last release: they work for one more, with a warning at the caller's line."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from service import KEY, Service

import twlab as tw
from twlab.deprecation import formerly, formerly_knew, formerly_took

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Renamed = tuple["Callable[..., Any]", str, str, int]


def trusted(segments: Any, **how: Any) -> pd.DataFrame:
    coords = tw.project(tw.sample(), method="pca")
    return pd.DataFrame([tw.trustworthiness(segments, coords, **how)])


CALLS: dict[str, Renamed] = {
    "outliers": (tw.outliers, "n_neighbors", "k", 3),
    "summarize": (tw.summarize, "n", "n_segments", 4),
    "trustworthiness": (trusted, "n_neighbors", "k", 3),
}


@pytest.mark.parametrize("kept_as", ["table", "store"])
@pytest.mark.parametrize("name", CALLS)
def test_old_keywords_give_what_the_new_ones_give(name: str, kept_as: str, tmp_path: Path) -> None:
    call, old, new, n = CALLS[name]
    film: Any = tw.sample()
    if kept_as == "store":
        tw.open(tmp_path).add(film)
        film = str(tmp_path)
    with pytest.warns(DeprecationWarning, match=f"^{old}= is now {new}=; the old name") as told:
        found = call(film, **{old: n})
    assert {warning.filename for warning in told} == {__file__}  # else nobody would see it
    expected = call(film, **{new: n})
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(expected))
    with pytest.raises(tw.InputError, match=f"{old}= and {new}= are given.*leave {old}= out"):
        call(film, **{old: n, new: n})
    with pytest.raises(TypeError, match="nonsense"):
        call(film, nonsense=n)


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as running:
        yield running


def test_the_clients_hits_by_their_old_name(service: Service, tmp_path: Path) -> None:
    with tw.Client(KEY, base_url=service.url, folder=tmp_path) as client:
        index_id = client.indexes()["index_id"][0]
        ask: Any = client.search
        with pytest.warns(DeprecationWarning, match="^n_hits= is now k=") as told:
            found = ask(index_id, "a rabbit", n_hits=3)
        assert {warning.filename for warning in told} == {__file__}
        pd.testing.assert_frame_equal(found, client.search(index_id, "a rabbit", k=3))
        paid = len(service.paid)
        for wrong in (0, 2.5, True):
            with pytest.raises(tw.InputError, match=f"k is {wrong}; a whole number of hits"):
                ask(index_id, "a rabbit", k=wrong)
        assert len(service.paid) == paid


def test_the_awaiting_clients_hits_by_their_old_name(service: Service, tmp_path: Path) -> None:
    async def both() -> tuple[pd.DataFrame, pd.DataFrame]:
        async with tw.AsyncClient(KEY, base_url=service.url, folder=tmp_path) as client:
            index_id = (await client.indexes())["index_id"][0]
            ask: Any = client.search
            with pytest.warns(DeprecationWarning, match="^n_hits= is now k="):
                old = await ask(index_id, "a rabbit", n_hits=3)
            return old, await client.search(index_id, "a rabbit", k=3)

    pd.testing.assert_frame_equal(*asyncio.run(both()))


def test_a_search_of_a_store_joins_hits_by_the_old_keyword(tmp_path: Path) -> None:
    tw.open(tmp_path).add(tw.sample())
    query, ask = tw.vectors(tw.sample())[3], getattr(tw, "search")  # noqa: B009 - typed as Any
    with pytest.warns(DeprecationWarning, match="merge_gap_sec= will be removed") as told:
        found = ask(str(tmp_path), query, merge_gap_sec=0)
    assert {warning.filename for warning in told} == {__file__}
    with pytest.warns(DeprecationWarning, match="merge_gap_sec= will be removed"):
        pd.testing.assert_frame_equal(found, ask(tw.sample(), query, merge_gap_sec=0))


def test_an_argument_keeps_its_place() -> None:
    @formerly(old="new")
    def add(a: int, *, new: int = 1) -> int:
        return a + new

    wrong: Any = add
    assert add(1, new=3) == 4
    assert add(1) == 2
    with pytest.warns(DeprecationWarning, match="old= is now new="):
        assert wrong(1, old=3) == 4


def test_old_words_and_keywords_are_taken_by_the_same_hand() -> None:
    def doubled(function: Callable[..., int], times: int, *args: Any, **given: Any) -> int:
        return times * function(*args, **given)

    @formerly_took("times", doubled, use="*")
    @formerly_knew(how={"plus": "sum"})
    def combine(a: int, *, b: int = 1, how: str = "sum") -> int:
        return a + b if how == "sum" else a - b

    ask: Any = combine
    with pytest.warns(DeprecationWarning, match=r"^how='plus' is now 'sum'; the old name will be"):
        assert ask(3, how="plus") == 4
    with pytest.warns(DeprecationWarning, match=r"^times= will be removed.*; use \*$") as said:
        assert ask(3, b=2, times=5, how="difference") == 5
    assert {warning.filename for warning in said} == {__file__}
    assert ask(3, times=None) == 4  # as if it was not given, without a warning
    assert ask(3, how=["plus"]) == 2  # a word of no use is the function's to refuse


@pytest.mark.parametrize("kept_as", ["table", "store"])
def test_a_search_takes_the_old_word_for_fusion(kept_as: str, tmp_path: Path) -> None:
    film, store = tw.sample(), tw.open(tmp_path)
    store.add(film)
    ask: Any = functools.partial(tw.search, film) if kept_as == "table" else store.search
    query = tw.vectors(film)[3]
    with pytest.warns(DeprecationWarning, match="^fuse='score' is now 'standing'; the old") as told:
        found = ask(query, fuse="score")
    assert {warning.filename for warning in told} == {__file__}
    pd.testing.assert_frame_equal(found, ask(query, fuse="standing"))
    with pytest.raises(tw.InputError, match="fuse is 'scores'; 'standing' or 'rank' was expected"):
        ask(query, fuse="scores")


def test_a_store_takes_the_old_keyword_for_its_index(tmp_path: Path) -> None:
    store = tw.open(tmp_path)
    store.add(tw.sample())
    query, ask = tw.vectors(tw.sample())[3], getattr(store, "search")  # noqa: B009 - typed as Any
    with pytest.warns(DeprecationWarning, match="^method= will be removed .* tw.nearest") as told:
        pd.testing.assert_frame_equal(ask(query, method="exact"), store.search(query))
    assert {warning.filename for warning in told} == {__file__}
    refused = pytest.raises(tw.InputError, match="method is 'fast'; 'auto' or 'exact'")
    with pytest.warns(DeprecationWarning, match="^method="), refused:
        ask(query, method="fast")


def test_an_explorer_of_a_table_says_who_makes_one() -> None:
    with pytest.raises(tw.InputError, match=r"tw\.explore\(segments\) works out"):
        tw.Explorer(tw.sample())
