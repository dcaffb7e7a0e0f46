"""What an answer says beside its vectors is kept, in every form, and tells its model."""

from __future__ import annotations

import itertools
import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

D = 8
FORMS = ["parquet", "json", "jsonl", "json.gz"]


def vector(seed: int, d: int = D) -> list[float]:
    return [float(x) for x in np.random.default_rng(seed).normal(size=d).astype(np.float32)]


def clip(k: int, d: int = D, **fields: Any) -> dict[str, Any]:
    return {
        "embedding": vector(k, d),
        "embedding_option": "visual",
        "embedding_scope": "clip",
        "start_sec": 4.0 * k,
        "end_sec": 4.0 * k + 4,
        **fields,
    }


def task(name: str, data: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    metadata = {
        "input_type": "video",
        "input_filename": name,
        "embedding_options": ["visual"],
        "embedding_scopes": ["clip"],
        "duration": 12.0,
    }
    return {"_id": name, "status": "ready", "data": data, "metadata": metadata, **more}


def usage(*, truncated: bool = False) -> dict[str, Any]:
    reason = {"truncation_reason": "model_context_window"} if truncated else {}
    return {"input_tokens": {"video": 120, "audio": 30}, "truncated": truncated, **reason}


def new(name: str = "new.mp4", d: int = D, n: int = 3) -> dict[str, Any]:
    return task(name, [clip(k, d) for k in range(n)], usage=usage())


def old(name: str = "old.mp4") -> dict[str, Any]:
    spoken = {**clip(9), "start_sec": 0.0, "end_sec": 4.0, "embedding_option": "transcription"}
    return task(name, [*(clip(k) for k in range(3)), spoken])


def indexed(**more: Any) -> dict[str, Any]:
    segments = [
        {
            "float": vector(k),
            "start_offset_sec": 4 * k,
            "end_offset_sec": 4 * k + 4,
            "embedding_option": option,
            "embedding_scope": "clip",
        }
        for k, option in itertools.product(range(3), ("visual", "audio"))
    ]
    return {
        "_id": "61e",
        "asset_id": "a1",
        "system_metadata": {"filename": "c.mp4", "duration": 12},
        "user_metadata": {"category": "x", "tags": ["sun", "sea"], "year": 2026},
        "embedding": {"model_name": "marengo3.0", "video_embedding": {"segments": segments}},
        "transcription": [
            {"start": 0, "end": 3, "value": "one"},
            {"start": 3, "end": 6.5, "value": "two"},
            {"start": 9, "end": 10, "value": "three"},
        ],
        **more,
    }


def alike(a: Any, b: Any) -> bool:
    """Whether two cells are the same value in the same type."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and bool(np.array_equal(a, b))
    if isinstance(a, list | dict) or isinstance(b, list | dict):
        return type(a) is type(b) and bool(a == b)
    return bool(pd.isna(a) and pd.isna(b)) or bool(a == b)


def same(a: pd.DataFrame, b: pd.DataFrame) -> bool:
    """Whether two tables have the same columns, dtypes and cells, but for the file they are of."""
    names = [name for name in a.columns if name != "source"]
    assert names == [name for name in b.columns if name != "source"]
    assert {name: str(a[name].dtype) for name in names} == {n: str(b[n].dtype) for n in names}
    return all(alike(x, y) for name in names for x, y in zip(a[name], b[name], strict=True))


def uncertain(d: int = D) -> dict[str, Any]:
    data = [clip(k, d, embedding_uncertainty=vector(50 + k, d)) for k in range(3)]
    data[1]["embedding_uncertainty"] = None
    answer = task("u.mp4", data, usage=usage())
    answer["metadata"]["embedding_dimension"] = d
    return answer


def pages(n: int = 3, name: str = "a.pdf") -> dict[str, Any]:
    quadrants = (None, "top_left", "top_right")
    data = [
        {
            "embedding": vector(10 * page + k),
            "embedding_option": "visual",
            "embedding_scope": "page",
            "start_page_number": page,
            "end_page_number": page,
            "quadrant": quadrant,
        }
        for page in range(1, n + 1)
        for k, quadrant in enumerate(quadrants)
    ]
    whole = {"embedding": vector(99), "embedding_option": "visual", "embedding_scope": "asset"}
    metadata = {"input_type": "document", "input_filename": name}
    return {"_id": "d", "status": "ready", "data": [*data, whole], "metadata": metadata}


ANSWERS = {
    "usage": new(),
    "uncertainty": uncertain(),
    "long vectors": uncertain(512),
    "indexed asset": indexed(),
    "pages": pages(),
    "spoken": old(),
}


class TestKept:
    def test_usage(self) -> None:
        table = tw.load(new())
        assert table["truncated"].tolist() == [False] * 3
        assert table["input_tokens_video"].tolist() == [120] * 3
        assert table["input_tokens_audio"].tolist() == [30] * 3
        assert "truncation_reason" not in table

    def test_uncertainty_and_dimension(self) -> None:
        answer = uncertain()
        table = tw.load(answer)
        first, none, last = table["embedding_uncertainty"]
        assert none is None
        for cell, k in ((first, 0), (last, 2)):
            assert cell.dtype == np.float32
            assert cell.tolist() == answer["data"][k]["embedding_uncertainty"]
        assert table["embedding_dimension"].tolist() == [D] * 3

    def test_metadata_of_lists_and_the_asset(self) -> None:
        table = tw.load(indexed())
        assert table["tags"].tolist() == [["sun", "sea"]] * 6
        assert set(table["asset_id"]) == {"a1"}
        assert set(table["video_id"]) == {"61e"}
        assert set(table["year"]) == {2026}

    def test_each_segment_has_what_is_spoken_in_it(self) -> None:
        table = tw.load(indexed())
        for start, said in zip(table["start_sec"], table["transcription"], strict=True):
            words = {0.0: ["one", "two"], 4.0: ["two"], 8.0: ["three"]}[start]
            assert [one["value"] for one in said] == words

    def test_speech_outside_of_all_segments_is_told(self) -> None:
        said = [{"start": 30, "end": 31, "value": "late"}, {"start": 1, "end": 2, "value": "in"}]
        with pytest.warns(tw.TwlabWarning, match=r"1 of 2 entries of the transcription"):
            table = tw.load(indexed(transcription=said))
        assert [cell and cell[0]["value"] for cell in table["transcription"]][:3] == [
            *("in", "in"),
            None,
        ]

    def test_what_is_said_without_times_is_in_every_segment(self) -> None:
        table = tw.load(indexed(transcription="one and two"))
        assert table["transcription"].tolist() == [[{"value": "one and two"}]] * 6

    def test_what_cannot_be_read_of_a_transcript_is_told(self) -> None:
        mixed = ["always", {"start": 4, "end": 5, "value": "once"}, 7]
        with pytest.warns(tw.TwlabWarning, match=r"1 of 3 entries of the transcription, as 7, "):
            table = tw.load(indexed(transcription=mixed))
        said = {
            start: [one["value"] for one in cell]
            for start, cell in zip(table["start_sec"], table["transcription"], strict=True)
        }
        assert said == {0.0: ["always"], 4.0: ["always", "once"], 8.0: ["always"]}

    def test_the_transcript_of_one_segment_is_kept(self) -> None:
        spoken = [{"start": 4.5, "end": 5.0, "value": "once"}]
        clips = [clip(0), {**clip(1), "transcription": spoken}, clip(2)]
        table = tw.load(task("f.mp4", clips))
        assert table["transcription"].tolist() == [None, spoken, None]

    @pytest.mark.parametrize("nothing", ["", "  ", [], {}, 7, [1, 2], [None], [{"text": "x"}]])
    def test_what_is_no_transcript_adds_nothing(self, nothing: Any) -> None:
        assert "transcription" not in tw.load(indexed(transcription=nothing))

    def test_nothing_said_nothing_added(self) -> None:
        plain = task("f.mp4", [clip(k) for k in range(3)])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            table = tw.load(plain)
        added = "truncated|token|uncertain|dimension|asset|transcription|model_by|page|chunk"
        assert not table.columns.str.contains(added).any()

    def test_nulls_of_a_dump_add_no_columns(self) -> None:
        nulls = dict.fromkeys(("embedding_uncertainty", "start_page_number", "quadrant"))
        for d in (D, 512):
            plain = task("f.mp4", [clip(k, d) for k in range(3)])
            dumped = task("f.mp4", [clip(k, d, **nulls) for k in range(3)], usage=None, error=None)
            assert same(tw.load(plain), tw.load(json.dumps(dumped).encode()))

    def test_uncertainty_of_another_length_is_refused(self) -> None:
        answer = task("f.mp4", [clip(0), clip(1, embedding_uncertainty=[0.1] * 3)])
        with pytest.raises(tw.LoadError, match=r"segment 1.*3 numbers of uncertainty .* of 8"):
            tw.load(answer)
        found = tw.check(answer)
        assert found["field"].tolist() == ["embedding_uncertainty"]

    def test_tokens_of_others_are_not_ours(self) -> None:
        table = tw.load(task("f.mp4", [clip(0), clip(1)], usage={"total_tokens": 7}))
        assert table["usage_total_tokens"].tolist() == [7, 7]
        assert "model_by_fields" not in table


class TestTruncated:
    def test_warned_of_once_with_the_count(self) -> None:
        cut = task("b.mp4", [clip(0), clip(1)], usage=usage(truncated=True))
        with pytest.warns(tw.TwlabWarning) as told:
            table = tw.load([new("a.mp4"), cut, task("c.mp4", [clip(0)], usage=usage())])
        assert len(told) == 1
        text = str(told[0].message)
        assert text.startswith("2 of 6 rows are of an input that was cut")
        assert "model_context_window" in text
        assert "'b.mp4'" in text
        assert table["truncated"].tolist() == [False] * 3 + [True] * 2 + [False]

    def test_silent_where_nothing_was_cut(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tw.load(new())

    def test_told_again_of_a_saved_table(self, tmp_path: Path) -> None:
        with pytest.warns(tw.TwlabWarning, match="cut"):
            table = tw.load(task("b.mp4", [clip(0)], usage=usage(truncated=True)))
        for form in ("parquet", "json"):
            with pytest.warns(tw.TwlabWarning, match=r"1 of 1 rows"):
                tw.load(tw.save(table, tmp_path / f"b.{form}"))


@pytest.mark.parametrize("name", ANSWERS)
class TestForms:
    def test_text_and_parsed(self, name: str) -> None:
        answer = ANSWERS[name]
        assert same(tw.load(answer), tw.load(json.dumps(answer).encode()))

    @pytest.mark.parametrize("form", FORMS)
    def test_saved(self, name: str, form: str, tmp_path: Path) -> None:
        table = tw.load(ANSWERS[name])
        assert same(table, tw.load(tw.save(table, tmp_path / f"film.{form}")))

    def test_stored(self, name: str, tmp_path: Path) -> None:
        table = tw.load(ANSWERS[name])
        store = tw.open(tmp_path / "store")
        store.add(table)
        again = store.to_table()
        assert same(table, again)
        store.upsert(again)
        store.upsert(table)
        assert store.count_rows() == len(table)

    def test_objects_of_the_sdk(self, name: str) -> None:
        sdk = pytest.importorskip("twelvelabs")
        answer = ANSWERS[name]
        kind = sdk.IndexedAssetDetailed if name == "indexed asset" else sdk.EmbeddingTaskResponse
        times = dict.fromkeys(("created_at", "updated_at"), "2026-09-10T04:44:59Z")
        answer = {**answer, **times, "status": "ready"}
        if name == "indexed asset":
            answer["system_metadata"] = {**answer["system_metadata"], "size": 1, "width": 1}
        value = sdk.core.pydantic_utilities.parse_obj_as(kind, answer)
        wanted = tw.load(answer)
        forms = {
            "object": value,
            "model_dump": value.model_dump(),
            "model_dump_json": value.model_dump_json().encode(),
            "dict": value.dict(),
            "json": value.json().encode(),
        }
        for form, one in forms.items():
            table = tw.load(one)
            shared = [column for column in wanted.columns if column in table.columns]
            assert set(wanted.columns) == set(table.columns), form
            assert same(wanted[shared], table[shared]), form


class TestModels:
    """Answers that name no model are told apart by the fields that only one model returns."""

    def test_what_tells(self) -> None:
        assert set(tw.load(new())["model_by_fields"]) == {"marengo3.5"}
        assert set(tw.load(pages())["model_by_fields"]) == {"marengo3.5"}
        assert set(tw.load(old())["model_by_fields"]) == {"marengo3.0"}
        picture = task("p.jpg", [{**clip(0), "start_sec": None, "end_sec": None}])
        picture["data"][0]["embedding_scope"] = "asset"
        picture["metadata"] = {"input_type": "image", "input_filename": "p.jpg"}
        assert tw.load(picture)["model_by_fields"].tolist() == ["marengo3.5"]

    @pytest.mark.parametrize("answer", [new(), old(), pages()])
    def test_no_model_is_named(self, answer: dict[str, Any]) -> None:
        assert tw.load(answer)["model_name"].isna().all()

    def test_what_tells_nothing(self) -> None:
        rows = [
            {"embedding": vector(k), "chunk_index": k, "text": "a", "input_type": "document"}
            for k in range(3)
        ]
        assert "model_by_fields" not in tw.load(rows)
        mine = pd.DataFrame(
            {
                "video_id": "a",
                "start_sec": [0.0, 4.0],
                "end_sec": [4.0, 8.0],
                "embedding_option": "transcription",
                "embedding_scope": "clip",
                "model_name": None,
                "embedding": [vector(0), vector(1)],
            }
        )
        assert "model_by_fields" not in tw.load(mine)

    def test_a_name_that_is_given_counts(self) -> None:
        table = tw.load(new(), model_name="marengo3.5")
        assert set(table["model_name"]) == {"marengo3.5"}
        assert "model_by_fields" not in table
        with pytest.warns(tw.TwlabWarning, match=r"fields that only 'marengo3.5' returns"):
            table = tw.load(new(), model_name="marengo3.0")
        assert set(table["model_name"]) == {"marengo3.0"}

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_mixing_is_refused(self, order: tuple[int, int]) -> None:
        answers = [new(), old()]
        table = tw.load([answers[k] for k in order])
        visual = table[table["embedding_option"] == "visual"]
        for part in (table, visual, visual.iloc[::-1]):
            with pytest.raises(tw.InputError, match=r"'marengo3.0' \(.*'marengo3.5' \("):
                tw.vectors(part)
        with pytest.raises(tw.InputError, match="model"):
            tw.nearest(visual)

    def test_the_remedy_works(self) -> None:
        table = tw.load([new(), old()])
        assert len(tw.vectors(table[table.model_by_fields == "marengo3.5"])) == 3
        assert len(tw.vectors(table.assign(model_name="marengo3.0"))) == 7

    def test_what_is_untold_beside_the_model_that_always_tells(self) -> None:
        plain = task("p.mp4", [clip(k) for k in range(3)])
        with pytest.raises(tw.InputError, match=r"3 have none of these"):
            tw.vectors(tw.load([new(), plain]))
        # A film without speech has no vectors of speech: it may be of the old model.
        assert len(tw.vectors(tw.load([old(), plain]))) == 7
        assert len(tw.vectors(tw.load([plain, task("q.mp4", [clip(5)])]))) == 4

    def test_named_and_told_alike_go_together(self) -> None:
        named = tw.load(new("a.mp4"), model_name="marengo3.5")
        both = pd.concat([named, tw.load(new("b.mp4"))], ignore_index=True)
        assert len(tw.vectors(both)) == 6
        other = pd.concat([named, tw.load(old())], ignore_index=True)
        with pytest.raises(tw.InputError, match=r"'marengo3.0', 'marengo3.5'"):
            tw.vectors(other)

    def test_a_query_of_one_and_a_table_of_the_other(self) -> None:
        query = tw.load({"data": [{"embedding": vector(3)}], "usage": usage()})
        spoken = tw.load(old())
        visual = spoken[spoken["embedding_option"] == "visual"]
        with pytest.raises(tw.InputError, match=r"'marengo3.5' and 'marengo3.0' compared"):
            tw.nearest(query, visual, k=1)
        with pytest.raises(tw.InputError, match="compared"):
            tw.search(visual, query)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tw.nearest(query, tw.load(new()), k=1)
            tw.nearest(tw.load({"data": [{"embedding": vector(3)}]}), visual, k=1)

    def test_the_same_film_by_both_models_is_stored_twice(self, tmp_path: Path) -> None:
        store = tw.open(tmp_path / "store")
        store.upsert(tw.load(old("f.mp4")))
        store.upsert(tw.load(new("f.mp4")))
        assert store.count_rows() == 7
        query = tw.load({"data": [{"embedding": vector(3)}], "usage": usage()})
        with pytest.raises(tw.InputError, match=r"model_by_fields is 'marengo3.0', 'marengo3.5'"):
            store.search(query, by="visual")
        hits = store.search(query, by="visual", where="model_by_fields = 'marengo3.5'")
        assert len(hits) == 3

    @settings(max_examples=25, deadline=None)
    @given(st.permutations(range(6)), st.booleans())
    def test_order_and_doubles_change_nothing(self, order: list[int], doubled: bool) -> None:
        data = [clip(k) for k in range(5)]
        data.append({**clip(2), "embedding_option": "transcription"})
        rows = [data[k] for k in order]
        films = [task("f.mp4", rows)] + ([task("g.mp4", rows)] if doubled else [])
        table = tw.load(films)
        assert set(table["model_by_fields"]) == {"marengo3.0"}

    def test_contradictions_tell_nothing(self) -> None:
        spoken = {**clip(4), "embedding_option": "transcription"}
        table = tw.load(task("f.mp4", [clip(0), clip(1, embedding_uncertainty=vector(1)), spoken]))
        assert "model_by_fields" not in table or table["model_by_fields"].isna().all()


def test_a_list_entry_of_a_document_is_called_by_its_kind() -> None:
    inner = {"metadata": {"input_filename": "a.pdf"}}
    entry = {"_id": "t", "model_name": "marengo3.5", "status": "ready", "document_embedding": inner}
    nulls = dict.fromkeys(("video_embedding", "audio_embedding", "image_embedding"))
    for one in (entry, {**nulls, **entry}, {**entry, **nulls}):
        with pytest.raises(tw.LoadError, match=r"document_embedding holds no vectors.*embed-v2"):
            tw.load(one)


def of_model(name: str, *, new: bool, options: tuple[str, ...] = ("visual",)) -> dict[str, Any]:
    """A raw answer of one of the models, which names none."""
    data = [
        {
            "embedding": [float(x) for x in np.random.default_rng(k).normal(size=8)],
            "embedding_option": option,
            "embedding_scope": "clip",
            "start_sec": 6.0 * k,
            "end_sec": 6.0 * k + 6,
        }
        for option in options
        for k in range(6)
    ]
    metadata = {"input_type": "video", "input_filename": name, "duration": 36.0}
    usage = {"usage": {"input_tokens": {}, "truncated": False}} if new else {}
    return {"_id": name, "status": "ready", "data": data, "metadata": metadata, **usage}


def test_usage_without_tokens_tells_the_model() -> None:
    new, old = tw.load(of_model("a.mp4", new=True)), tw.load(of_model("b.mp4", new=False))
    assert set(new["model_by_fields"]) == {"marengo3.5"}
    with pytest.raises(tw.InputError, match=r"marengo3\.5"):
        tw.vectors(pd.concat([new, old]))
    wholes = pd.concat([tw.video_vectors(new), tw.video_vectors(old)], ignore_index=True)
    with pytest.raises(tw.InputError, match=r"marengo3\.5"):
        tw.vectors(wholes)


def test_models_told_by_fields_are_not_judged_as_one() -> None:
    both = tw.load([of_model("a.mp4", new=True), of_model("b.mp4", new=False)])
    with pytest.raises(tw.InputError, match="one model was expected"):
        tw.threshold(both)
    found = tw.diagnose(both).set_index("check")
    assert found.loc["model names", "verdict"] == "problem"
    spoken = tw.load(of_model("c.mp4", new=False, options=("visual", "transcription")))
    assert tw.diagnose(spoken).set_index("check").loc["model names", "verdict"] == "fine"


def test_pages_are_not_said_to_need_times() -> None:
    rows = [
        {"embedding": [0.1, 0.2 * k], "embedding_option": "visual", "embedding_scope": "page"}
        | {"start_page_number": k, "end_page_number": k}
        for k in (1, 2, 3)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = tw.load({"_id": "t", "status": "ready", "data": rows, "metadata": None})
    assert table["start_sec"].isna().all()
