"""What an account has at the service: lists, indexes, assets and the service's own search."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pandas as pd
import pytest
import twelvelabs
from paying import FAST
from service import KEY, Fault, Service, archive
from service.archive import page_of
from twelvelabs.indexes import IndexesCreateRequestModelsItem

import twlab as tw
from twlab import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

INDEX, ASSET = "66f1a2b3c4d5e6f708192a3b", "66f1a2b3c4d5e6f708192a00"
URL = "https://example.com"


@pytest.fixture
def client(service: Service, tmp_path: Path) -> Iterator[tw.Client]:
    with tw.Client(KEY, base_url=service.url, folder=tmp_path / "jobs", settings=FAST) as made:
        yield made


@pytest.fixture
def uploaded(client: tw.Client, service: Service, videos: Path) -> list[str]:
    """The ids of three assets, films that were uploaded to be embedded."""
    client.embed(videos, progress=False)
    service.paid.clear()
    return client.assets()["asset_id"].tolist()


# What is sent, beside what the official package sends


def told(request: httpx.Request) -> tuple[str, str, Any, Any]:
    """Method, path, query and body of a request, of a form its fields."""
    content, kind = request.read(), request.headers.get("content-type", "")
    body: Any = json.loads(content) if content and "json" in kind else None
    if "multipart" in kind:
        fields = re.findall(rb'name="(\w+)"\r\n(?:[^\r]+\r\n)*\r\n([^\r]*)\r\n', content)
        files = re.findall(rb'name="(\w+)"; filename="([^"]*)"', content)
        body = sorted(fields), sorted(files)
    query = sorted(pair for pair in request.url.params.multi_items() if pair[0][:4] != "page")
    return request.method, request.url.path.removeprefix("/v1.3"), query, body


def answer(request: httpx.Request) -> httpx.Response:
    """Something that either package understands."""
    if request.method == "DELETE":
        return httpx.Response(204)
    body = {"_id": INDEX, "data": [], "page_info": {"total_page": 1}, "index_name": "x"}
    models = [{"model_name": "marengo3.0", "model_options": ["visual", "audio"]}]
    return httpx.Response(200, json=body | {"models": models, "status": "ready"})


def sent(call: Callable[[Any], Any]) -> list[tuple[str, str, Any, Any]]:
    """All that a call of ours sends."""
    seen: list[Any] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(told(request))
        return answer(request)

    with tw.Client("k", folder=sent.folder, transport=httpx.MockTransport(handle)) as ours:  # type: ignore[attr-defined]
        call(ours)
    return seen


def official(call: Callable[[Any], Any]) -> tuple[str, str, Any, Any]:
    """What the official package sends."""
    seen: list[Any] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(told(request))
        return answer(request)

    http = httpx.Client(transport=httpx.MockTransport(handle))
    call(twelvelabs.TwelveLabs(api_key="k", httpx_client=http))
    return seen[0]


SEARCH = {
    "index_id": INDEX,
    "query_text": "a rabbit",
    "search_options": ["visual", "audio", "transcription"],
}
PAIRS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "search": (
        lambda c: c.search(INDEX, "a rabbit"),
        lambda s: s.search.create(**SEARCH, page_limit=10),
    ),
    "search, narrowed": (
        lambda c: c.search(
            INDEX,
            "a rabbit",
            search_option=["visual", "transcription"],
            transcription_options="lexical",
            group_by="video",
            operator="and",
            filter={"duration": {"gte": 600}},
            include_user_metadata=True,
            k=80,
        ),
        lambda s: s.search.create(
            **SEARCH | {"search_options": ["visual", "transcription"]},
            transcription_options=["lexical"],
            group_by="video",
            operator="and",
            filter='{"duration":{"gte":600}}',
            include_user_metadata=True,
            page_limit=50,
        ),
    ),
    "search by picture": (
        lambda c: c.search(INDEX, image=f"{URL}/a.png", search_option="visual"),
        lambda s: s.search.create(
            index_id=INDEX,
            search_options=["visual"],
            query_media_type="image",
            query_media_url=f"{URL}/a.png",
            page_limit=10,
        ),
    ),
    "create an index": (
        lambda c: c.create_index("archive", addons="thumbnail"),
        lambda s: s.indexes.create(
            index_name="archive",
            models=[
                IndexesCreateRequestModelsItem(
                    model_name="marengo3.0", model_options=["visual", "audio"]
                )
            ],
            addons=["thumbnail"],
        ),
    ),
    "index an asset": (
        lambda c: c.index_asset(INDEX, ASSET),
        lambda s: s.indexes.indexed_assets.create(INDEX, asset_id=ASSET),
    ),
    "where an asset is": (
        lambda c: c.index_asset(INDEX, ASSET),
        lambda s: list(s.indexes.indexed_assets.list_by_asset(ASSET)),
    ),
    "indexes": (
        lambda c: c.indexes(index_name="x", model_family="marengo", model_options=["a", "b"]),
        lambda s: list(s.indexes.list(index_name="x", model_family="marengo", model_options="a,b")),
    ),
    "videos": (
        lambda c: c.videos(INDEX, status=["ready", "failed"], filename="a.mp4"),
        lambda s: list(
            s.indexes.indexed_assets.list(INDEX, status=["ready", "failed"], filename="a.mp4")
        ),
    ),
    "assets": (
        lambda c: c.assets(filename="a", asset_types=["video", "image"], asset_ids=[ASSET, INDEX]),
        lambda s: list(
            s.assets.list(filename="a", asset_types=["video", "image"], asset_ids=[ASSET, INDEX])
        ),
    ),
    "delete": (
        lambda c: c.delete_asset(ASSET, force=True),
        lambda s: s.assets.delete(ASSET, force=True),
    ),
    "delete what nothing holds": (
        lambda c: c.delete_asset(ASSET),
        lambda s: s.assets.delete(ASSET),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_what_is_sent_is_what_the_official_package_sends(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sent, "folder", tmp_path, raising=False)
    ours, theirs = PAIRS[name]
    assert official(theirs) in sent(ours)


def test_fetching_asks_for_all_that_the_index_has(tmp_path: Path) -> None:
    seen = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(told(request))
        row = {"float": [0.6, 0.8], "start_offset_sec": 0, "end_offset_sec": 5}
        row |= {"embedding_option": "transcription", "embedding_scope": "clip"}
        video = {"model_name": "marengo3.0", "video_embedding": {"segments": [row]}}
        return httpx.Response(200, json=answer(request).json() | {"embedding": video})

    with tw.Client("k", folder=tmp_path, transport=httpx.MockTransport(handle)) as client:
        client.fetch(INDEX, video_id=ASSET, progress=False)
    options = ["visual", "audio", "transcription"]
    asked = official(
        lambda s: s.indexes.indexed_assets.retrieve(
            INDEX, ASSET, embedding_option=options, transcription=True
        )
    )
    assert seen == [("GET", f"/indexes/{INDEX}", [], None), asked]


# Fetching and searching


def test_a_fetch_leaves_out_no_option_of_the_index(client: tw.Client, service: Service) -> None:
    whole = client.fetch(INDEX, progress=False)
    assert {*whole["embedding_option"]} == {"visual", "audio", "transcription"}
    some = client.fetch(INDEX, embedding_option=["visual"], progress=False)
    assert {*some["embedding_option"]} == {"visual"}
    service.store.index["options"] = ["visual"]
    assert {*client.fetch(INDEX, progress=False)["embedding_option"]} == {"visual"}


@pytest.mark.parametrize(
    ("models", "of_vectors", "of_search"),
    [
        (
            [("marengo3.0", ["visual", "audio"])],
            ("visual", "audio", "transcription"),
            ("visual", "audio", "transcription"),
        ),
        ([("marengo3.0", ["visual"])], ("visual",), ("visual",)),
        (
            [("pegasus1.2", ["visual"]), ("Marengo-retrieval-2.7", ["visual", "audio"])],
            ("visual-text", "audio"),
            ("visual", "audio"),
        ),
    ],
)
def test_the_options_of_an_index_are_those_of_its_model(
    models: list[tuple[str, list[str]]], of_vectors: tuple[str, ...], of_search: tuple[str, ...]
) -> None:
    from twlab.service.indexes import served_options

    index = {"models": [{"model_name": name, "model_options": own} for name, own in models]}
    assert served_options(index) == of_vectors
    assert served_options(index, of_search=True) == of_search


@pytest.mark.parametrize("models", [None, [], [{"model_name": "pegasus1.2", "model_options": []}]])
def test_an_index_without_a_model_that_makes_vectors_is_told(models: Any) -> None:
    from twlab.service.indexes import served_options

    with pytest.raises(errors.AnswerError, match="names no options of a Marengo model"):
        served_options({"models": models})


def test_hits_by_video_are_clips_that_follow_one_another(
    client: tw.Client, service: Service
) -> None:
    hits = client.search(INDEX, "a rabbit", group_by="video", k=3)
    videos = [*service.store.index["videos"]][:3]
    assert hits["video_id"].drop_duplicates().tolist() == videos
    assert len(hits) > 3
    assert hits["start_sec"].notna().all()
    alone = client.search(INDEX, "a rabbit", k=len(hits))
    pd.testing.assert_frame_equal(alone, hits)  # this service ranks video after video
    every = client.search(INDEX, "a rabbit", group_by="video", k=100)
    assert every["video_id"].nunique() == 7


def test_pictures_of_files_and_addresses_are_searched_for_at_once(
    client: tw.Client, service: Service, tmp_path: Path
) -> None:
    paths = []
    for number in range(6):
        paths.append(tmp_path / f"{number}.png")
        paths[-1].write_bytes(bytes([number]) * 50)
    images = [*paths, *(f"{URL}/{n}.png" for n in range(5))]
    assert len(client.search(INDEX, image=images[:10], k=3)) == 3
    with pytest.raises(tw.InputError, match="11 pictures for one search; at most 10"):
        client.search(INDEX, image=images)
    assert service.paid == ["search"]


def test_what_users_said_of_a_video_comes_on_every_page(
    client: tw.Client, service: Service
) -> None:
    for number, task in enumerate(service.store.index["videos"].values()):
        task.asked["user_metadata"] = {"number": number, "tags": ["a", "b"]}
    hits = client.search(INDEX, "x", include_user_metadata=True, k=100)
    numbers = hits["user_metadata"].map(lambda box: box["number"])
    assert len({*numbers}) > 1
    assert numbers.tolist() == [[*service.store.index["videos"]].index(v) for v in hits["video_id"]]
    assert "user_metadata" not in client.search(INDEX, "x").columns
    only = client.search(INDEX, "x", filter={"number": 2}, k=50)
    assert only["video_id"].unique().tolist() == [[*service.store.index["videos"]][2]]
    assert client.videos(INDEX)["user_metadata"][1] == {"number": 1, "tags": ["a", "b"]}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"group_by": "film"}, "group_by is 'film'; 'clip' or 'video' was expected"),
        ({"group_by": ["clip", "video"]}, r"group_by is \['clip', 'video'\]; 'clip' or 'video'"),
        ({"operator": "xor"}, "operator is 'xor'; 'or' or 'and' was expected"),
        ({"transcription_options": "exact"}, "transcription_options is 'exact'; 'lexical' or 'se"),
        ({"transcription_options": []}, r"transcription_options is \[\]; 'lexical' or"),
        (
            {"transcription_options": "lexical", "search_option": "visual"},
            "but what is spoken is not searched; 'transcription' among the options",
        ),
        ({"filter": "duration > 6"}, "filter is 'duration > 6'; fields with values or bounds"),
        ({"filter": {}}, r"filter is '\{\}'; fields"),
        ({"filter": {"id": object()}}, "filter is .*; fields"),
        ({"image": "nowhere.png"}, r"'nowhere\.png' is not there"),
    ],
)
def test_a_search_that_cannot_be_is_refused_before_it_is_sent(
    given: dict[str, Any], message: str, client: tw.Client, service: Service
) -> None:
    with pytest.raises(tw.InputError, match=message) as caught:
        client.search(INDEX, "a rabbit", **given)
    assert "\n" not in str(caught.value)
    assert not service.count("POST /search")


# Assets


def test_assets_are_listed_as_asked_for(
    client: tw.Client, service: Service, uploaded: list[str]
) -> None:
    table = client.assets()
    assert table["status"].tolist() == ["ready"] * 3
    names = [service.store.assets[one].filename for one in uploaded]
    assert table["filename"].tolist() == names
    assert client.assets(filename="V1")["filename"].str.startswith("v1").all()
    assert client.assets(asset_ids=uploaded[1])["asset_id"].tolist() == [uploaded[1]]
    assert client.assets(asset_types="image").empty
    assert client.assets(asset_types="image").columns.tolist() == table.columns.tolist()


def test_an_asset_that_failed_says_why(
    client: tw.Client, service: Service, uploaded: list[str]
) -> None:
    service.store.assets[uploaded[0]].failed = True
    table = client.assets().set_index("asset_id")
    assert table["status"][uploaded[0]] == "failed"
    assert isinstance(table["error"][uploaded[0]], str)
    assert table["error"].notna().sum() == 1


def test_a_deleted_asset_is_gone_and_uploaded_anew(
    client: tw.Client, service: Service, uploaded: list[str], videos: Path
) -> None:
    assert client.delete_asset(uploaded[0]) is None
    assert client.assets()["asset_id"].tolist() == uploaded[1:]
    with pytest.raises(errors.NotFoundError, match=r"does not exist\.”; check the id$"):
        client.delete_asset(uploaded[0])
    client.embed(videos, clip_sec=3, progress=False)
    assert len(client.assets()) == 3


def test_what_an_index_holds_is_deleted_by_force_only(
    client: tw.Client, uploaded: list[str]
) -> None:
    client.index_asset(INDEX, uploaded[0])
    with pytest.raises(errors.ConflictError, match=r"set force.*with force=True$") as caught:
        client.delete_asset(uploaded[0])
    assert caught.value.status == 409
    client.delete_asset(uploaded[0], force=True)
    assert client.assets()["asset_id"].tolist() == uploaded[1:]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.assets(asset_types="film"), "asset_types is 'film'; one or more of 'image'"),
        (lambda c: c.assets(asset_types=[]), r"asset_types is \[\]; one or more"),
        (lambda c: c.assets(asset_ids=[]), "asset_ids is empty; at least one id"),
        (lambda c: c.delete_asset(""), "asset_id is ''; an id as the service gives it"),
        (lambda c: c.delete_asset(["a", "b"]), r"asset_id is \"\['a', 'b'\]\"; an id"),
        (lambda c: c.index_asset(INDEX, []), "asset_id is empty"),
        (lambda c: c.index_asset(INDEX, [None]), "asset_id is 'None'; an id"),
        (lambda c: c.index_asset(INDEX, [[ASSET]]), "asset_id is .*; an id"),
        (lambda c: c.index_asset(None, ASSET), "index_id is 'None'; an id"),
        (lambda c: c.create_index(" "), "index_name is ' '; a name was expected"),
        (lambda c: c.create_index("x", model_options="smell"), "model_options is 'smell'; one or"),
    ],
)
def test_what_is_no_id_or_word_is_refused(
    call: Callable[[tw.Client], Any], message: str, client: tw.Client, service: Service
) -> None:
    with pytest.raises(tw.InputError, match=message):
        call(client)
    assert not service.requests


# Indexes


def test_a_new_index_is_filled_and_fetched(
    client: tw.Client, service: Service, uploaded: list[str]
) -> None:
    made = client.create_index("my films", model_options=["visual"])
    index_id = made["index_id"][0]
    assert made["index_name"].tolist() == ["my films"]
    pd.testing.assert_frame_equal(made, client.indexes(index_name="my films"))
    put = client.index_asset(index_id, client.assets()["asset_id"])
    assert put["asset_id"].tolist() == uploaded
    assert put["status"].tolist() == ["ready"] * 3
    assert put["video_id"].tolist() == client.videos(index_id)["video_id"].tolist()
    segments = client.fetch(index_id, progress=False)
    assert segments["video_id"].nunique() == 3
    assert len(service.paid) == 3
    assert client.results()["video_id"].nunique() == 3  # what was embedded, and nothing else


def test_a_name_that_is_taken_is_told_with_the_index(client: tw.Client, service: Service) -> None:
    with pytest.raises(tw.InputError, match=f"named 'archive' already, {INDEX}"):
        client.create_index("archive")
    assert not service.count("POST /indexes")


def test_an_index_whose_answer_was_lost_is_found(client: tw.Client, service: Service) -> None:
    service.faults = [Fault("reset_after", "POST /indexes")]
    made = client.create_index("new")
    assert made["index_id"][0] in service.store.indexes
    assert len(service.store.indexes) == 2
    service.faults = [Fault("status", "POST /indexes", status=500, body={"code": "x"})]
    with pytest.raises(errors.ServerError):
        client.create_index("other")
    assert len(service.store.indexes) == 2


def test_an_answer_that_is_no_index_is_told(tmp_path: Path) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(INDEX):
            return httpx.Response(200, json="an index")
        return answer(request)

    with (
        tw.Client("k", folder=tmp_path, transport=httpx.MockTransport(handle)) as client,
        pytest.raises(errors.AnswerError, match="'_id' is missing or null; an id was expected"),
    ):
        client.create_index("films")


def test_an_asset_is_indexed_once(
    client: tw.Client, service: Service, uploaded: list[str], tmp_path: Path
) -> None:
    for _ in range(2):
        put = client.index_asset(INDEX, [uploaded[0], uploaded[0], uploaded[1]])
        assert put["asset_id"].tolist() == uploaded[:2]
    assert len(service.paid) == 2
    with tw.Client(KEY, base_url=service.url, folder=tmp_path / "elsewhere") as other:
        again = other.index_asset(INDEX, uploaded[:2])
    pd.testing.assert_frame_equal(again, put)
    assert len(service.paid) == 2
    jobs = client.ledger()
    assert jobs["state"][jobs["api"] == "index"].tolist() == ["ready"] * 2


@pytest.mark.parametrize("kind", ["reset_after", "error_after", "fin_after", "truncate"])
def test_a_lost_answer_is_not_paid_for_again(
    kind: str, client: tw.Client, service: Service, uploaded: list[str]
) -> None:
    service.faults = [Fault(kind, "POST /indexes", times=1)]
    put = client.index_asset(INDEX, uploaded)
    assert put["asset_id"].tolist() == uploaded
    assert len(service.paid) == 3


def test_a_request_that_did_not_arrive_may_be_sent_again(
    client: tw.Client, service: Service, uploaded: list[str]
) -> None:
    service.faults = [Fault("reset_before", "POST /indexes", times=1)]
    with pytest.raises(errors.ConnectionFailedError):
        client.index_asset(INDEX, uploaded[0])
    assert not service.paid
    assert len(client.index_asset(INDEX, uploaded[0])) == 1
    assert len(service.paid) == 1


def test_a_program_killed_after_sending_pays_no_second_time(
    client: tw.Client, service: Service, uploaded: list[str]
) -> None:
    service.faults = [Fault("hang_after", "POST /indexes", seconds=20.0)]
    client.close()
    code = (
        f"import twlab as tw; c = tw.Client({KEY!r}, base_url={service.url!r}, "
        f"folder={str(client.folder)!r}); c.index_asset({INDEX!r}, {uploaded[0]!r})"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as program:
        deadline = time.monotonic() + 60
        while not service.paid and time.monotonic() < deadline:
            time.sleep(0.05)
        program.kill()
    jobs = client.ledger()
    assert jobs["state"][jobs["api"] == "index"].tolist() == ["submitting"]
    put = client.index_asset(INDEX, uploaded[0])
    assert put["asset_id"].tolist() == [uploaded[0]]
    assert len(service.paid) == 1


def test_what_could_not_be_indexed_is_sent_again_only_when_asked(
    client: tw.Client, service: Service, videos: Path
) -> None:
    (videos / "v0.mp4").rename(videos / "fails.mp4")
    with pytest.warns(tw.TwlabWarning, match="not in the table"):
        client.embed(videos / "fails.mp4", progress=False)
    (asset,) = client.assets()["asset_id"]
    service.paid.clear()
    for _ in range(2):
        assert client.index_asset(INDEX, asset)["status"].tolist() == ["failed"]
    assert len(service.paid) == 1
    assert client.index_asset(INDEX, asset, pay_again=True)["status"].tolist() == ["failed"]
    assert len(service.paid) == 2


def test_an_asset_taken_out_of_an_index_may_be_put_back(
    client: tw.Client, service: Service, uploaded: list[str]
) -> None:
    first = client.index_asset(INDEX, uploaded[0])["video_id"][0]
    del service.store.index["videos"][first]
    second = client.index_asset(INDEX, uploaded[0])["video_id"][0]
    assert second != first
    assert len(service.paid) == 2


@pytest.mark.parametrize("ready_sec", [0.0, 60.0])
def test_an_accepted_asset_is_asked_for_by_its_id_where_lists_lag(
    ready_sec: float,
    client: tw.Client,
    service: Service,
    uploaded: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service.store.ready_sec = (ready_sec, ready_sec)
    monkeypatch.setattr(archive, "page_of", lambda request, _: page_of(request, []))
    first, second = (client.index_asset(INDEX, uploaded[0]) for _ in range(2))
    assert first["video_id"].tolist() == second["video_id"].tolist()
    assert len(service.paid) == 1


def test_an_accepted_asset_that_is_gone_is_sent_anew_under_its_new_id(
    client: tw.Client, service: Service, uploaded: list[str]
) -> None:
    service.store.ready_sec = (60.0, 60.0)
    first = client.index_asset(INDEX, uploaded[0])["video_id"][0]
    del service.store.index["videos"][first]
    second = client.index_asset(INDEX, uploaded[0])["video_id"][0]
    jobs = client.ledger()
    assert jobs["task_id"][jobs["api"] == "index"].tolist() == [second] != [first]
    assert jobs["state"][jobs["api"] == "index"].tolist() == ["processing"]


def test_indexing_goes_on_at_the_service(
    client: tw.Client, service: Service, uploaded: list[str]
) -> None:
    service.store.ready_sec = (0.4, 0.4)
    assert client.index_asset(INDEX, uploaded[0])["status"].tolist() == ["indexing"]
    jobs = client.ledger()
    assert jobs["state"][jobs["api"] == "index"].tolist() == ["processing"]
    deadline = time.monotonic() + 10
    while client.videos(INDEX, status="indexing").shape[0] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert client.index_asset(INDEX, uploaded[0])["status"].tolist() == ["ready"]
    assert len(service.paid) == 1
    jobs = client.ledger()
    assert jobs["state"][jobs["api"] == "index"].tolist() == ["ready"]


def test_nothing_is_paid_for_an_asset_or_index_that_is_not_there(
    client: tw.Client, service: Service, uploaded: list[str]
) -> None:
    with pytest.raises(errors.NotFoundError, match="does not exist"):
        client.index_asset(INDEX, ASSET)
    with pytest.raises(errors.NotFoundError, match="does not exist"):
        client.index_asset(ASSET, uploaded[0])
    assert not service.paid
