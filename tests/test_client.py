"""The client: sources to tables, failures to tables or errors, in scripts and notebooks."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import json
import re
import time
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from insides import embedding
from paying import FAST, embed
from service import KEY, Fault, Service

import twlab as tw
from twlab import errors
from twlab.service.http import Background

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def client(service: Service, tmp_path: Path) -> Iterator[tw.Client]:
    with tw.Client(KEY, base_url=service.url, folder=tmp_path / "jobs", settings=FAST) as made:
        yield made


# Tables


def test_a_folder_becomes_one_table(client: tw.Client, videos: Path) -> None:
    segments = client.embed(videos, progress=False)
    tw.check_segments(segments)
    assert sorted(segments["video_id"].unique()) == ["v0.mp4", "v1.mp4", "v2.mp4"]
    assert set(segments["embedding_option"]) == {"visual", "audio", "transcription"}
    assert set(segments["model_name"]) == {"marengo3.0"}
    assert set(segments["filename"]) == {"v0.mp4", "v1.mp4", "v2.mp4"}
    assert set(segments["source"]) == {str(path) for path in videos.iterdir()}
    assert tw.vectors(segments).shape == (len(segments), 8)
    again = client.results()
    assert np.array_equal(np.sort(tw.vectors(again), 0), np.sort(tw.vectors(segments), 0))


def test_saved_answers_load_like_any_other(client: tw.Client, videos: Path) -> None:
    segments = client.embed(videos, progress=False)
    loaded = tw.load(client.folder / "answers", progress=False)
    columns = ["video_id", "start_sec", "end_sec", "embedding_option", "model_name", "filename"]
    order = ["video_id", "embedding_option", "start_sec"]
    ours, theirs = (t.sort_values(order, ignore_index=True)[columns] for t in (segments, loaded))
    assert ours.equals(theirs)


@pytest.mark.parametrize("letter", ["é", "映", "\U00020000"])
def test_the_answer_of_the_longest_name_is_kept(
    client: tw.Client, service: Service, videos: Path, letter: str
) -> None:
    """A name is as long as a disk takes it in bytes; it was paid for before the answer is saved."""
    film = videos / f"{letter * (250 // len(letter.encode()))}.mp4"
    film.write_bytes(letter.encode() * 100)
    assert set(client.embed(film, progress=False, on_error="raise")["video_id"]) == {film.name}
    names = [path.name for path in (client.folder / "answers").iterdir()]
    assert len(names[0].encode()) <= 143  # the longest of an encrypted folder
    assert len(client.results())
    assert len(service.paid) == 1


def test_pages_of_one_name_stay_apart(client: tw.Client, service: Service) -> None:
    pages = [f"https://a.example/watch?v={page}" for page in "12"]
    found = client.embed(pages, progress=False)
    assert found.groupby("source")["video_id"].nunique().tolist() == [1, 1]
    assert found["video_id"].nunique() == 2
    again = client.results()
    assert set(zip(again["source"], again["video_id"], strict=True)) == set(
        zip(found["source"], found["video_id"], strict=True)
    )


def test_options_reach_the_service(client: tw.Client, service: Service, videos: Path) -> None:
    segments = client.embed(
        videos / "v0.mp4",
        embedding_option="visual",
        embedding_scope=["clip", "video"],
        start_sec=2.0,
        end_sec=10.0,
        clip_sec=4,
        progress=False,
    )
    assert segments["embedding_scope"].tolist() == ["clip", "clip", "video"]
    assert segments["start_sec"].tolist()[:2] == [2.0, 6.0]
    (task,) = service.store.tasks.values()
    assert task.asked["embedding_option"] == ["visual"]
    assert task.asked["embedding_scope"] == ["clip", "asset"]


def test_version_1(client: tw.Client, service: Service, videos: Path) -> None:
    segments = client.embed(
        [videos / "v0.mp4", "https://example.com/x.mp4"],
        model_name="Marengo-retrieval-2.7",
        embedding_option=["visual-text"],
        embedding_scope=["clip", "video"],
        end_sec=12,
        progress=False,
    )
    assert segments["video_id"].unique().tolist() == ["v0.mp4", "x.mp4"]
    assert set(segments["embedding_option"]) == {"visual-text"}
    assert set(segments["embedding_scope"]) == {"clip", "video"}
    assert {task.api for task in service.store.tasks.values()} == {"v1"}


def test_sound_files(client: tw.Client, service: Service, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(1000))
    segments = client.embed(tmp_path / "a.wav", progress=False)
    assert set(segments["embedding_option"]) == {"audio", "transcription"}
    assert [task.input_type for task in service.store.tasks.values()] == ["audio"]


def test_signed_addresses_are_not_written_down(client: tw.Client, service: Service) -> None:
    url = "https://example.com/x.mp4?X-Amz-Signature=verysecret"
    segments = client.embed(url, progress=False)
    assert segments["input_url"].iloc[0] == "https://example.com/x.mp4"
    assert service.paid == [url]
    for path in client.folder.rglob("*"):
        assert path.is_dir() or b"verysecret" not in path.read_bytes()
    client.embed(url.replace("verysecret", "another"), progress=False)
    assert len(service.paid) == 1


# Queries


def test_queries_are_one_row_and_paid_once(
    client: tw.Client, service: Service, tmp_path: Path
) -> None:
    picture, sound = tmp_path / "a.png", tmp_path / "a.mp3"
    picture.write_bytes(b"png")
    sound.write_bytes(b"mp3")
    for _ in range(2):
        tables = [
            client.embed_text("a rabbit"),
            client.embed_image(picture),
            client.embed_image(picture, text="at night"),
            client.embed_audio(sound),
            client.embed_audio("https://example.com/a.mp3"),
        ]
    assert [len(table) for table in tables] == [1] * 5
    assert len({tuple(tw.vectors(table)[0]) for table in tables}) == 5
    assert tables[0]["model_name"].tolist() == ["marengo3.0"]
    assert len(service.paid) == 5
    assert client.results().empty


def test_queries_of_version_1(client: tw.Client, service: Service, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"png")
    model = "Marengo-retrieval-2.7"
    assert len(client.embed_text("a rabbit", model_name=model)) == 1
    assert len(client.embed_image(tmp_path / "a.png", model_name=model)) == 1
    assert len(client.embed_audio("https://example.com/a.mp3", model_name=model)) == 1
    with pytest.raises(tw.InputError, match=r"Marengo-retrieval-2.7 does not embed 'text_image'"):
        client.embed_image(tmp_path / "a.png", text="x", model_name=model)


def test_a_retired_model_is_named(client: tw.Client, service: Service) -> None:
    service.store.retired_models = {"Marengo-retrieval-2.7"}
    with pytest.raises(errors.BadRequestError, match="no longer embeds with Marengo"):
        client.embed_text("a rabbit", model_name="Marengo-retrieval-2.7")


def test_bad_queries(client: tw.Client, tmp_path: Path) -> None:
    with pytest.raises(tw.InputError, match="text is ' '; a few words"):
        client.embed_text(" ")
    with pytest.raises(tw.InputError, match=r"'nowhere.png' is not there"):
        client.embed_image("nowhere.png")
    with pytest.raises(tw.InputError, match="2 files for one query"):
        client.embed_image(["https://example.com/a.png", "https://example.com/b.png"])
    with (tmp_path / "large.png").open("wb") as file:
        file.truncate(32_100_000)
    with pytest.raises(tw.InputError, match=r"is 32.1 MB; at most 32 MB"):
        client.embed_image(tmp_path / "large.png")


def test_a_lost_query_is_told_and_asked_again_only_by_the_caller(
    client: tw.Client, service: Service
) -> None:
    service.faults = [Fault("reset_after", "POST /embed-v2")]
    with pytest.raises(errors.ConnectionFailedError):
        client.embed_text("a rabbit")
    assert len(service.paid) == 1
    assert len(client.embed_text("a rabbit")) == 1
    assert len(service.paid) == 2


# The archive


def test_a_whole_index_becomes_a_table(client: tw.Client, service: Service) -> None:
    index_id = client.indexes()["index_id"][0]
    videos = client.videos(index_id)
    segments = client.fetch(index_id, embedding_option=["visual", "audio"], progress=False)
    assert segments["video_id"].unique().tolist() == videos["video_id"].tolist()
    assert set(segments["embedding_option"]) == {"visual", "audio"}
    one = client.fetch(index_id, video_id=videos["video_id"][2], progress=False)
    assert one["video_id"].nunique() == 1
    with pytest.raises(errors.NotFoundError, match="does not exist"):
        client.fetch("0" * 24, progress=False)
    assert not service.paid


def test_an_index_with_nothing_to_fetch_is_told(client: tw.Client, service: Service) -> None:
    index_id = client.indexes()["index_id"].iloc[0]
    service.store.index["status"] = "processing"
    with pytest.raises(errors.StillProcessingError, match=r"no video of index .* processing"):
        client.fetch(index_id, progress=False)
    service.store.index["videos"].clear()
    with pytest.raises(errors.NotFoundError, match="holds no video"):
        client.fetch(index_id, progress=False)
    with pytest.raises(tw.InputError, match="video_id= is empty"):
        client.fetch(index_id, video_id=[], progress=False)


def test_the_services_own_search(client: tw.Client, service: Service) -> None:
    index_id = client.indexes()["index_id"][0]
    hits = client.search(index_id, "a rabbit", k=25)
    assert hits["rank"].tolist() == list(range(1, 26))
    assert list(hits.columns[:4]) == ["rank", "video_id", "start_sec", "end_sec"]
    assert service.paid == ["search"]
    assert len(client.search(index_id, image="https://example.com/a.png", k=3)) == 3
    with pytest.raises(tw.InputError, match="neither text nor image"):
        client.search(index_id)


def test_tasks_and_ledger(client: tw.Client, service: Service, videos: Path) -> None:
    client.embed(videos, progress=False)
    tasks, ledger = client.tasks(), client.ledger()
    assert set(tasks["task_id"]) == set(ledger["task_id"])
    assert ledger["state"].tolist() == ["ready"] * 3
    assert str(ledger["created_at"].dt.tz) == "UTC"


# Failures


def test_failures_stand_in_their_table(client: tw.Client, service: Service, videos: Path) -> None:
    (videos / "broken.mp4").write_bytes(b"broken")
    (videos / "empty.mp4").write_bytes(b"")
    sources = [videos, "https://example.com/fail.mp4"]
    with pytest.warns(tw.TwlabWarning, match=r"3 of 6 videos .* client.failures\(\) lists"):
        segments = client.embed(sources, progress=False)
    assert segments["video_id"].nunique() == 3
    failures = client.failures().set_index("source")
    by_name = {name.rpartition("/")[2]: row["error"] for name, row in failures.iterrows()}
    assert by_name == {
        "broken.mp4": "TaskFailedError",
        "empty.mp4": "InputError",
        "fail.mp4": "TaskFailedError",
    }
    with pytest.raises(errors.TaskFailedError, match="cannot be decoded"):
        client.embed("https://example.com/fail.mp4", on_error="raise", progress=False)
    assert len(service.paid) == 4
    client.embed(videos / "v0.mp4", progress=False)
    assert client.failures().empty


def test_pay_again_starts_a_failed_video_anew(client: tw.Client, service: Service) -> None:
    url = "https://example.com/fail.mp4"
    for pay_again in (False, False, True):
        with pytest.raises(errors.TaskFailedError):
            client.embed(url, on_error="raise", pay_again=pay_again, progress=False)
    assert len(service.paid) == 2


def test_what_was_rejected_may_be_tried_again(client: tw.Client, service: Service) -> None:
    url = "https://example.com/a.mp4"
    refusal = {"code": "insufficient_funds", "message": "No money."}
    service.faults = [Fault("status", "POST /embed-v2/tasks", status=402, body=refusal)]
    with pytest.raises(errors.NoFundsError, match=r"402 insufficient_funds “No money.”"):
        client.embed(url, on_error="raise", progress=False)
    assert client.ledger()["state"].tolist() == ["rejected"]
    assert len(client.embed(url, progress=False))
    assert len(service.paid) == 1


def test_a_wrong_key_stops_everything(service: Service, videos: Path, tmp_path: Path) -> None:
    wrong = "tlk_0WRONG9KEY8NEVER7TO6BE5SEEN"
    with tw.Client(wrong, base_url=service.url, folder=tmp_path / "j", settings=FAST) as client:
        with pytest.raises(errors.AuthenticationError, match="401 api_key_invalid") as caught:
            client.embed(videos, progress=False)
        assert wrong not in repr(client) + str(caught.value) + client.ledger().to_csv()
    assert not service.paid
    for path in (tmp_path / "j").rglob("*"):
        assert path.is_dir() or wrong.encode() not in path.read_bytes()


def test_expired_results(client: tw.Client, service: Service, videos: Path) -> None:
    service.store.ready_sec = (60, 60)
    video = videos / "v0.mp4"
    with pytest.raises(errors.StillProcessingError, match=r"is not done after 2 s; run the same"):
        client.embed(video, timeout_sec=2.0, on_error="raise", progress=False)
    assert service.store.tasks
    for task in service.store.tasks.values():
        task.expired = True
    with pytest.raises(errors.NotFoundError):
        client.embed(video, on_error="raise", progress=False)
    with pytest.raises(errors.TaskFailedError, match="no longer at the service"):
        client.embed(video, on_error="raise", progress=False)
    assert len(service.paid) == 1
    service.store.ready_sec = (0, 0)
    assert len(client.embed(video, pay_again=True, progress=False))


def test_out_of_order_readiness(client: tw.Client, service: Service, videos: Path) -> None:
    service.store.ready_sec = (0.0, 0.6)
    segments = client.embed(videos, progress=False)
    assert segments["video_id"].unique().tolist() == ["v0.mp4", "v1.mp4", "v2.mp4"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("hang_before", "GET /embed-v2", times=999, seconds=60),
        Fault("slow", "GET /embed-v2", times=999, seconds=60),
        Fault("status", "GET /embed-v2", times=999, status=503),
        Fault("cut_json", "GET /embed-v2", times=999),
        Fault("reset_before", "POST /assets", times=999),
        Fault("status", "POST /assets", times=999, status=429, headers={"retry-after": "99"}),
        Fault("status", "POST /embed-v2", times=999, status=500),
        Fault("hang_before", "POST /embed-v2", times=999, seconds=60),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.match}",
)
def test_lasting_trouble_ends_in_time(
    client: tw.Client, service: Service, videos: Path, fault: Fault
) -> None:
    fault.hits = 0
    service.faults = [fault]
    started = time.monotonic()
    with pytest.warns(tw.TwlabWarning, match="1 of 1 videos"):
        assert client.embed(videos / "v0.mp4", progress=False, timeout_sec=15).empty
    assert time.monotonic() - started < 20
    assert client.failures()["error"][0] in (
        *("ConnectionFailedError", "UnavailableError", "AnswerError", "RateLimitError"),
        *("InternalServerError",),
    )
    service.faults = []
    client.close()  # a new client knows nothing of the wait that was asked for
    assert len(client.embed(videos / "v0.mp4", progress=False))
    assert len(service.paid) == 1


def test_bad_arguments_are_refused_before_anything_is_paid(
    client: tw.Client, service: Service, videos: Path
) -> None:
    with pytest.raises(tw.InputError, match=r"'missing.mp4' is not there"):
        client.embed([videos, "missing.mp4"])
    with pytest.raises(tw.InputError, match="clip_sec 60"):
        client.embed(videos, clip_sec=60)
    with pytest.raises(tw.InputError, match="on_error is 'ignore'"):
        client.embed(videos, on_error="ignore")
    with pytest.raises(tw.InputError, match="concurrency is 0"):
        client.embed(videos, concurrency=0)
    assert not service.paid


# Where it runs


def test_inside_a_running_loop_as_in_notebooks(client: tw.Client, videos: Path) -> None:
    async def cell() -> int:
        return client.embed(videos, progress=False)["video_id"].nunique()

    assert asyncio.run(cell()) == 3


def test_the_awaiting_client_has_the_same_methods(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    async def inside() -> int:
        async with tw.AsyncClient(
            KEY, base_url=service.url, folder=tmp_path / "jobs", settings=FAST
        ) as client:
            both = client.embed(videos, progress=False), client.embed_text("a rabbit")
            segments, _ = await asyncio.gather(*both)
            return segments["video_id"].nunique()

    assert asyncio.run(inside()) == 3

    def public(kind: type) -> set[str]:
        return {name for name in dir(kind) if not name.startswith("_")}

    assert public(tw.AsyncClient) <= public(tw.Client)


def test_signatures_and_help_are_those_of_the_awaiting_client() -> None:
    import inspect

    assert inspect.signature(tw.Client.embed) == inspect.signature(tw.AsyncClient.embed)
    assert tw.Client.embed.__doc__ == tw.AsyncClient.embed.__doc__


def test_bars(client: tw.Client, videos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (videos / "v0.mp4").write_bytes(bytes(2 << 20))
    client.embed(videos, progress=True)
    shown = capsys.readouterr().err
    assert "Embedding: 100%" in shown
    assert "3/3" in shown
    assert "v0.mp4" in shown


def test_what_is_under_way_ends_with_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    """A body that is not read to its end is closed a moment later, or when the client closes."""
    ended: list[str] = []

    async def endless() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            await asyncio.sleep(0.05)
            ended.append("body")

    async def broken_off() -> None:
        async for _ in endless():
            return

    async def waiting() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("wait")

    gc.collect()  # what other tests left behind is told before
    caplog.clear()
    background, held = Background(), set()
    background.run(broken_off())

    async def begin() -> None:
        held.add(asyncio.create_task(waiting()))
        await asyncio.sleep(0)

    background.run(begin())
    background.close()
    held.clear()
    gc.collect()
    assert "wait" in ended
    assert "destroyed" not in caplog.text


def test_a_client_works_after_closing(client: tw.Client, videos: Path) -> None:
    client.embed(videos, progress=False)
    client.close()
    assert len(client.ledger()) == 3


# Large files


@pytest.fixture
def pieces(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service that takes pieces of 1,000 bytes, for a client that sends pieces from 5,000 on."""
    monkeypatch.setattr("twlab.service.jobs.uploads.ONE_FORM_BYTES", 5000)
    service.store.chunk_bytes = 1000
    service.store.urls_at_first = 7
    service.store.piece_headers = {"x-amz-server-side-encryption": "AES256"}
    return service


def large(folder: Path, n_bytes: int) -> Path:
    path = folder / "large.mp4"
    path.write_bytes(np.random.default_rng(0).bytes(n_bytes))
    return path


def test_large_files_go_in_pieces(pieces: Service, client: tw.Client, videos: Path) -> None:
    path = large(videos, 123_456)
    segments = client.embed(path, progress=False)
    (upload,) = pieces.store.uploads.values()
    assert (upload.n_chunks, upload.puts, len(upload.reported)) == (124, 124, 124)
    assert not pieces.violations
    assert set(segments["filename"]) == {"large.mp4"}


def test_pieces_survive_trouble(pieces: Service, videos: Path, tmp_path: Path) -> None:
    # More attempts than faults: which piece meets how many of them is the threads' affair.
    settings = dataclasses.replace(FAST, attempts=20, total_sec=30.0)
    pieces.faults = [
        Fault("reset_after", "/_store/", times=9, probability=0.3),
        Fault("status", "/_store/", times=9, probability=0.3, status=503),
        Fault("cut_json", "POST /assets/multipart-uploads/", times=3),
    ]
    assert len(embed(pieces, large(videos, 60_000), tmp_path / "jobs", settings=settings))
    (upload,) = pieces.store.uploads.values()
    assert len(upload.reported) == 60


def test_a_broken_upload_goes_on_where_it_stopped(
    pieces: Service, client: tw.Client, videos: Path
) -> None:
    path = large(videos, 100_000)
    pieces.faults = [Fault("status", r"/_store/\w+/(7\d)$", times=9999, status=500)]
    with pytest.raises(errors.ConnectionFailedError, match=r"of 100 of large.mp4 did not arrive"):
        client.embed(path, on_error="raise", progress=False)
    (upload,) = pieces.store.uploads.values()
    before = upload.puts
    assert before >= 50
    pieces.faults = []
    assert len(client.embed(path, progress=False))
    assert len(pieces.store.uploads) == 1
    assert upload.puts == 100
    assert len(pieces.paid) == 1


def test_a_forgotten_session_is_begun_anew(
    pieces: Service, client: tw.Client, videos: Path
) -> None:
    path = large(videos, 20_000)
    pieces.faults = [Fault("status", r"/_store/\w+/15$", times=9999, status=500)]
    with pytest.raises(errors.ConnectionFailedError):
        client.embed(path, on_error="raise", progress=False)
    pieces.store.uploads.clear()
    pieces.faults = []
    assert len(client.embed(path, progress=False))


def test_a_file_that_shrinks_is_named(
    client: tw.Client, service: Service, videos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = videos / "v0.mp4"
    true = embedding.content_of
    monkeypatch.setattr(embedding, "content_of", lambda *a: (true(*a)[0], 900))
    with pytest.raises(tw.InputError, match=r"has become shorter .*500 of 900 bytes"):
        client.embed(path, on_error="raise", progress=False)
    assert not service.paid


def test_no_key_in_the_folder(client: tw.Client, service: Service, videos: Path) -> None:
    service.faults = [Fault("status", "POST /embed-v2/tasks", status=400, body={"message": KEY})]
    with pytest.warns(tw.TwlabWarning):
        client.embed(videos, progress=False)
    client.embed_text("a rabbit")
    assert KEY not in client.failures().to_csv() + client.ledger().to_csv()
    for path in client.folder.rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes()


def test_answers_without_vectors_are_failures(
    client: tw.Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(service.store), "v2_rows", lambda *_: [])
    with pytest.warns(tw.TwlabWarning, match="1 of 1 videos are not in the table"):
        table = client.embed("https://example.com/a.mp4", progress=False)
    assert table.empty
    assert "embedding" in table.columns
    (path,) = (client.folder / "answers").iterdir()
    assert json.loads(path.read_bytes())["response_body"]["data"] == []


# Documents and the command line


@pytest.fixture
def surroundings(
    service: Service, videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A working folder with films, and the environment of somebody with a key."""
    monkeypatch.setenv("TWELVELABS_API_KEY", KEY)
    monkeypatch.setenv("TWELVELABS_BASE_URL", service.url)
    monkeypatch.chdir(tmp_path)
    videos.rename(tmp_path / "films")
    return tmp_path


def test_the_readme_example_runs(surroundings: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", text.partition("## From the service")[2], re.DOTALL)
    names: dict[str, Any] = {"tw": tw}
    try:
        exec(code[0], names)
    finally:
        names["client"].close()
    assert names["segments"]["video_id"].nunique() == 3
    assert names["archive"]["video_id"].nunique() == 7


def test_the_command_line(
    surroundings: Path, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    from twlab.cli import main

    assert main(["jobs"]) == 0
    assert "no jobs in twlab-jobs" in capsys.readouterr().err
    assert not (surroundings / "twlab-jobs").exists()
    assert main(["embed", "films", "-o", "s.parquet", "--option", "visual", "--clip-sec", "4"]) == 0
    assert capsys.readouterr().out == "s.parquet\n"
    segments = tw.load("s.parquet")
    assert set(segments["embedding_option"]) == {"visual"}
    assert main(["jobs"]) == 0
    assert capsys.readouterr().out.count("ready") == 3
    assert main(["fetch", service.store.index["id"], "-o", "a.parquet", "--option", "audio"]) == 0
    assert tw.load("a.parquet")["video_id"].nunique() == 7
    assert main(["fetch", "nothing", "-o", "b.parquet"]) == 1
    assert "twlab: GET /indexes/{id}/indexed-assets: 404" in capsys.readouterr().err
    assert main(["embed", "https://example.com/fail.mp4", "-o", "c.parquet"]) == 1
    assert "cannot be decoded" in capsys.readouterr().err
    assert not (surroundings / "c.parquet").exists()


def test_the_command_line_without_a_key(
    surroundings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from twlab.cli import main

    monkeypatch.delenv("TWELVELABS_API_KEY")
    monkeypatch.delenv("TWELVE_LABS_API_KEY", raising=False)
    assert main(["embed", "films", "-o", "s.parquet"]) == 1
    assert capsys.readouterr().err.startswith("twlab: no API key; ")
