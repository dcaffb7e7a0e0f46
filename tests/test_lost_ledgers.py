"""Clocks that are wrong, ledgers that vanish, and ledgers that somebody else wrote."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from insides import doubt, inputs, ledger, ledgerfile, limits, rebuilding
from paying import FAST, LOST, ONE_TRY, as_twlab, embed, lose, open_client
from service import KEY, Fault, Service

import twlab as tw
from twlab import errors
from twlab.service.jobs import Job, Ledger, RunLock, answer_path, is_alive, read_head

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

DAY = 86_400.0


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets this computer's clock wrong by so many seconds; its steady clock stays."""

    def wrong_by(seconds: float) -> None:
        clock = SimpleNamespace(
            time=lambda: time.time() + seconds, monotonic=time.monotonic, sleep=time.sleep
        )
        for module in (doubt, ledger, limits, rebuilding, inputs):
            monkeypatch.setattr(module, "time", clock)

    return wrong_by


# Clocks


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("off_sec", [0.0, 590.0, 700.0, -3600.0, 8 * DAY, -8 * DAY])
@pytest.mark.parametrize("model_name", ["marengo3.0", "Marengo-retrieval-2.7"])
def test_a_wrong_clock_pays_for_a_lost_answer_once(
    service: Service,
    videos: Path,
    tmp_path: Path,
    set_clock: Any,
    model_name: str,
    off_sec: float,
    dated: bool,
) -> None:
    service.dated = dated
    service.faults = [Fault("reset_after", "POST /embed")]
    set_clock(off_sec)
    assert len(embed(service, videos / "v0.mp4", tmp_path / "jobs", model_name=model_name))
    assert len(service.paid) == 1


@pytest.mark.parametrize(
    ("before", "after"), [(0.0, -3600.0), (3600.0, 0.0), (0.0, 8 * DAY), (-8 * DAY, 0.0)]
)
def test_a_clock_set_anew_between_two_programs_pays_once(
    service: Service,
    videos: Path,
    tmp_path: Path,
    set_clock: Any,
    before: float,
    after: float,
) -> None:
    broken = Fault("status", "GET /embed-v2/tasks$", times=10**6, status=500)
    service.faults = [Fault("hang_after", "POST /embed", seconds=0.8), broken]
    film = videos / "v0.mp4"
    set_clock(before)
    with pytest.raises(tw.ApiError):
        embed(service, film, tmp_path / "jobs", settings=ONE_TRY, on_error="raise")
    assert len(service.paid) == 1
    service.faults = []
    set_clock(after)
    assert len(embed(service, film, tmp_path / "jobs"))
    assert len(service.paid) == 1


def test_what_the_service_may_have_forgotten_is_not_paid_for_again(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    """Told by the service's clock: the task was made eight of its days ago."""
    service.faults = [Fault("status", "POST /embed", times=1, status=400, body={"message": "no"})]
    embed_it = {"on_error": "raise", "settings": ONE_TRY}
    film, jobs = videos / "v0.mp4", tmp_path / "jobs"
    with pytest.raises(errors.BadRequestError):
        embed(service, film, jobs, **embed_it)
    with as_twlab(jobs) as db:
        then = (time.time(), time.time() - 8 * DAY)
        db.execute("UPDATE jobs SET state = 'submitting', attempted_at = ?, service_at = ?", then)
    with pytest.raises(errors.JobInDoubtError, match="more than seven days ago"):
        embed(service, film, jobs, **embed_it)
    assert not service.paid
    assert len(embed(service, film, jobs, pay_again=True))
    assert len(service.paid) == 1


# Lost ledgers


@pytest.mark.parametrize("kind", ["deleted", "emptied"])
def test_a_lost_ledger_is_made_again_from_its_answers(
    service: Service, videos: Path, tmp_path: Path, kind: str
) -> None:
    jobs = tmp_path / "jobs"
    first = embed(service, videos, jobs)
    with tw.Client(KEY, base_url=service.url, folder=jobs, settings=FAST) as one:
        one.embed_text("a rabbit")
        before = one.ledger()
    lose(jobs, kind)
    n_requests = len(service.requests)
    with tw.Client(KEY, base_url=service.url, folder=jobs, settings=FAST) as one:
        with pytest.warns(tw.TwlabWarning, match=rf"{LOST}; 4 paid jobs were found again"):
            results = one.results()
        assert len(service.requests) == n_requests
        known = ["source", "state", "video_id", "model_name", "task_id", "answer", "key"]
        after = one.ledger().sort_values("key", ignore_index=True)
        assert after[known].equals(before.sort_values("key", ignore_index=True)[known])
        again = one.embed(videos, progress=False)
        one.embed_text("a rabbit")
    for table in (results, again):
        ours = [
            one.sort_values(["video_id", "start_sec", "embedding_option"]) for one in (first, table)
        ]
        assert ours[0]["video_id"].tolist() == ours[1]["video_id"].tolist()
    assert len(service.paid) == 4


def test_answers_of_older_twlabs_are_known_by_their_names(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    jobs = tmp_path / "jobs"
    embed(service, videos, jobs)
    for path in (jobs / "answers").iterdir():
        whole = json.loads(path.read_text())
        del whole["job"]
        path.write_text(json.dumps(whole))
        assert read_head(path) is None
    lose(jobs, "deleted")
    assert embed(service, videos, jobs)["video_id"].nunique() == 3
    assert len(service.paid) == 3


@pytest.mark.parametrize("model_name", ["marengo3.0", "Marengo-retrieval-2.7"])
def test_tasks_of_a_lost_ledger_are_found_at_the_service(
    service: Service, videos: Path, tmp_path: Path, model_name: str
) -> None:
    """Paid for, and the ledger gone before any answer came."""
    service.store.ready_sec = (3.0, 3.2)
    jobs = tmp_path / "jobs"
    with pytest.warns(tw.TwlabWarning, match="3 of 3 videos are not in the table"):
        embed(service, videos, jobs, timeout_sec=2.5, model_name=model_name)
    assert len(service.paid) == 3
    lose(jobs, "deleted")
    segments = embed(service, videos, jobs, model_name=model_name)
    assert segments["video_id"].nunique() == 3
    assert set(segments["video_id"]) == {"v0.mp4", "v1.mp4", "v2.mp4"}
    assert len(service.paid) == 3


def test_tasks_without_names_are_not_paid_for_again(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    service.store.ready_sec = (3.0, 3.2)
    service.store.listed_names = False
    jobs, film = tmp_path / "jobs", videos / "v0.mp4"
    with pytest.warns(tw.TwlabWarning, match="not in the table"):
        embed(service, film, jobs, timeout_sec=2.5)
    lose(jobs, "deleted")
    with pytest.raises(errors.JobInDoubtError, match="the ledger was lost, and it may be task"):
        embed(service, film, jobs, on_error="raise")
    assert len(service.paid) == 1


@pytest.mark.parametrize("source", ["v0.mp4", "https://a.example/v0.mp4"])
def test_each_account_looks_for_its_own_lost_tasks(
    service: Service, videos: Path, tmp_path: Path, source: str
) -> None:
    """Two accounts share a folder; what the first finds again is not the second's."""
    jobs = tmp_path / "jobs"
    film = source if "://" in source else videos / source
    with Service(dim=4, check=False) as other:
        other.store.rng.seed(1)  # ids of its own
        for one in (service, other):
            one.store.ready_sec = (3.0, 3.2)
            with pytest.warns(tw.TwlabWarning) as told:
                embed(one, film, jobs, timeout_sec=2.5)
            assert "not in the table" in str(told[-1].message)
        lose(jobs, "deleted")
        for one in (service, other):
            assert len(embed(one, film, jobs))
        assert [len(one.paid) for one in (service, other)] == [1, 1]


def test_other_options_are_paid_for_after_a_loss(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    jobs, film = tmp_path / "jobs", videos / "v0.mp4"
    service.store.ready_sec = (3.0, 3.2)
    with pytest.warns(tw.TwlabWarning, match="not in the table"):
        embed(service, film, jobs, timeout_sec=2.5, clip_sec=4)
    lose(jobs, "deleted")
    eight = embed(service, film, jobs, clip_sec=8)
    four = embed(service, film, jobs, clip_sec=4)
    assert (eight["end_sec"].min(), four["end_sec"].min()) == (8, 4)
    assert len(service.paid) == 2


def test_a_new_folder_has_lost_nothing(service: Service, videos: Path, tmp_path: Path) -> None:
    with tw.Client(KEY, base_url=service.url, folder=tmp_path / "new", settings=FAST) as one:
        assert one.embed(videos, progress=False)["video_id"].nunique() == 3
    assert service.count("GET /embed-v2/tasks", 200) == service.count("GET /embed-v2/tasks/", 200)


@pytest.mark.parametrize("size", [100, 20_000])
def test_a_cut_ledger_is_refused_and_the_remedy_works(
    service: Service, videos: Path, tmp_path: Path, size: int
) -> None:
    jobs = tmp_path / "jobs"
    embed(service, videos, jobs)
    ledger = jobs / "ledger.sqlite"
    ledger.write_bytes(ledger.read_bytes()[:size])
    with pytest.raises(tw.LedgerError, match=r"move ledger\.sqlite away to have it made again"):
        embed(service, videos, jobs)
    ledger.rename(jobs / "away")
    assert embed(service, videos, jobs)["video_id"].nunique() == 3
    assert len(service.paid) == 3


def job_of(account: str, api: str) -> Job:
    told = {"source": "s", "content": "c", "video_id": "v", "model_name": "m", "options": "{}"}
    return Job(key="k", account=account, api=api, **told)


def test_rows_lost_with_the_log_are_noticed(service: Service, videos: Path, tmp_path: Path) -> None:
    """A run that was killed left its sign, and the ledger does not know it."""
    jobs = tmp_path / "jobs"
    Ledger(jobs).close()
    (jobs / "runs" / f"{os.getpid()}-0123456789ab.lock").touch()
    with pytest.warns(tw.TwlabWarning, match=LOST):
        made = Ledger(jobs)
    assert all(made.is_lost(job_of(account, api)) for account in "ab" for api in ("v1", "v2"))
    facts = json.dumps(doubt.facts_of({}))
    made.keep_orphans(job_of("a", "v2"), {"t": facts})
    assert not made.is_lost(job_of("a", "v2"))
    assert made.is_lost(job_of("b", "v2"))
    assert [list(made.orphans(job_of(account, "v2"))) for account in "ab"] == [["t"], []]
    made.close()
    Ledger(jobs).close()  # said once


def test_a_ledger_replaced_under_a_program_pays_nothing(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    jobs = tmp_path / "jobs"
    with tw.Client(KEY, base_url=service.url, folder=jobs, settings=FAST) as one:
        one.embed(videos / "v0.mp4", progress=False)
        lose(jobs, "deleted")
        with pytest.raises(tw.LedgerError, match="was deleted or replaced while this program"):
            one.embed(videos / "v1.mp4", progress=False, on_error="raise")
    assert len(service.paid) == 1


# Ledgers and disks of others


@pytest.mark.parametrize(
    "answer", ["../outside.json", "/etc/passwd", "answers/../../x", "answers/..", "outside.json"]
)
def test_no_answer_lies_outside(
    service: Service, videos: Path, tmp_path: Path, answer: str
) -> None:
    jobs = tmp_path / "jobs"
    embed(service, videos / "v0.mp4", jobs)
    (tmp_path / "outside.json").write_text('{"data": [{"embedding": [9, 9]}]}')
    with as_twlab(jobs) as db:
        db.execute("UPDATE jobs SET answer = ?", (answer,))
    with tw.Client(KEY, base_url=service.url, folder=jobs, settings=FAST) as one:
        with pytest.raises(tw.LedgerError, match="nothing outside is read"):
            one.results()
        with pytest.raises(tw.LedgerError, match="nothing outside is read"):
            one.embed(videos / "v0.mp4", progress=False, on_error="raise")
    assert len(service.paid) == 1


def test_an_answer_is_no_link(tmp_path: Path) -> None:
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "a.json").symlink_to("/etc/hostname")
    with pytest.raises(tw.LedgerError, match="nothing outside is read"):
        answer_path(tmp_path, "answers/a.json")


@pytest.mark.parametrize("name", ["../../victim", "/tmp/victim", "1-2", "", "1-0123456789ab/x"])
def test_no_run_lies_outside(tmp_path: Path, name: str) -> None:
    (tmp_path / "victim.lock").write_text("precious")
    (tmp_path / "a" / "runs").mkdir(parents=True)
    with pytest.raises(tw.LedgerError, match="which is none"):
        is_alive(tmp_path / "a" / "runs", name)
    assert (tmp_path / "victim.lock").read_text() == "precious"


@pytest.mark.parametrize(
    "change",
    ["created_at = 'soon'", "attempts = 'many'", "options = x'ff'", "error = x'00'"],
)
def test_rows_of_other_types_are_refused(tmp_path: Path, change: str) -> None:
    made = Ledger(tmp_path)
    made.claim(Job("k", "a", "v2", "s", "c", "v", "m", "{}"), "run")
    made.db.execute(f"UPDATE jobs SET {change}")
    with pytest.raises(tw.LedgerError, match="is not as twlab writes it"):
        made.jobs()
    made.close()


FOREIGN = ["{}", "[]", "no json", '{"named": true}', "null", "7", '{"clip_sec": "../x"}']


@pytest.mark.parametrize("text", FOREIGN)
def test_facts_and_options_of_others_are_refused(tmp_path: Path, text: str) -> None:
    made, job = Ledger(tmp_path), job_of("a", "v2")
    made.keep_orphans(job, {"t": text})
    with pytest.raises(tw.LedgerError, match="'facts' is not as twlab writes it"):
        made.orphans(job)
    made.close()
    task = doubt.facts_of({"model_name": "m"})
    with pytest.raises(tw.LedgerError, match="options as twlab writes them were expected"):
        doubt.which_is(replace(job, options=text), {"t": task}, [], surely_recent=True)


@pytest.mark.skipif(os.name == "nt", reason="flock")
def test_a_disk_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    for make in (lambda: RunLock(tmp_path / "runs"), lambda: Ledger(tmp_path / "jobs")):
        with pytest.raises(tw.LedgerError, match=r"file locks in .* do not work .No locks avail"):
            make()


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "fork"), reason="rights of another user")
def test_a_film_in_a_closed_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path as AnyPath

    def refuse(self: AnyPath, **_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(AnyPath, "stat", refuse)
    with pytest.raises(tw.InputError, match=r"cannot be read .Permission denied"):
        inputs.find_sources(str(tmp_path / "film.mp4"))


# Small things that were said wrongly


def test_whole_seconds_are_one_job_however_written(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    import numpy as np

    film = videos / "v0.mp4"
    for clip_sec, start_sec in ((4, 2), (4.0, 2.0), (np.int64(4), np.float32(2))):
        embed(service, film, tmp_path / "jobs", clip_sec=clip_sec, start_sec=start_sec)
    assert len(service.paid) == 1


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        (None, {"clip_sec": "2"}, r"clip_sec is '2', a str; a number of seconds .* clip_sec=6"),
        (None, {"start_sec": "2"}, "start_sec is '2', a str; a number of seconds"),
        (None, {"clip_sec": 2.5}, "clip_sec 2.5 for fixed segmentation; a whole number"),
        (None, {"end_sec": float("inf")}, "are not a span of time"),
        ("s3://bucket/a.mp4", {}, "'s3://bucket/a.mp4' is an address that the service does not"),
        ("68a1f5b0c3d4e5f6a7b8c9d0", {}, "is not a file here and looks like the id of an asset"),
        ("a\0b.mp4", {}, "is no path; the name of a file"),
        ("x" * 5000, {}, "cannot be read .File name too long"),
    ],
)
def test_what_cannot_be_embedded_is_told(
    service: Service, videos: Path, tmp_path: Path, source: Any, options: Any, message: str
) -> None:
    with pytest.raises(tw.InputError, match=message):
        embed(service, source or videos / "v0.mp4", tmp_path / "jobs", **options)
    assert not service.paid


def test_no_network_is_an_error_and_no_empty_table(
    videos: Path, tmp_path: Path, bars: list[dict[str, Any]]
) -> None:
    begun = time.monotonic()
    with (
        tw.Client(KEY, base_url="http://127.0.0.1:1/v1.3", folder=tmp_path / "jobs") as one,
        pytest.raises(errors.ConnectionFailedError, match="check the network"),
    ):
        one.embed(videos)
    assert time.monotonic() - begun < 10


def test_one_failed_connection_among_answers_is_reported(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    """Where the service was reached, the other videos are in the table."""
    service.faults = [Fault("status", "POST /assets", times=1, status=400, body={"message": "no"})]
    with pytest.warns(tw.TwlabWarning, match="1 of 3 videos are not in the table"):
        assert embed(service, videos, tmp_path / "jobs")["video_id"].nunique() == 2


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/watch?v=aqz-KE-bpKQ",
        "https://youtu.be/aqz-KE-bpKQ?t=4",
        "http://m.YouTube.com/shorts/x",
        "https://vimeo.com/76979871",
        "https://drive.google.com/file/d/1x/view?usp=sharing",
        "https://drive.google.com/uc?export=download&id=1x",
        "https://www.dropbox.com/s/x/film.mp4?dl=0",
        "https://1drv.ms/v/s!x",
        "https://example.com/films/film.html?id=3",
    ],
)
@pytest.mark.parametrize("call", ["embed", "embed_image", "embed_audio"])
def test_a_web_page_is_no_film(service: Service, tmp_path: Path, url: str, call: str) -> None:
    with (
        open_client(service, tmp_path) as one,
        pytest.raises(tw.InputError, match=r"is a web page; .* download the file and embed that"),
    ):
        getattr(one, call)(url)
    assert not service.requests


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/watch?v=7",
        "https://notyoutube.com/watch",
        "https://youtube.com.example/watch",
        "https://example.com/youtube.com/a.mp4",
        "https://player.vimeo.com/external/7.hd.mp4?s=1",
        "https://www.dropbox.com/s/x/film.mp4?dl=1",
        "https://dl.dropboxusercontent.com/s/x/film.mp4",
        "https://films.s3.amazonaws.com/a.mp4?X-Amz-Signature=1",
    ],
)
def test_an_address_that_may_be_a_film_is_sent(url: str) -> None:
    assert inputs.find_sources(url)[0].url == url


def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises(tw.InputError, match=r"is not an address .*check how it is spelled"):
        inputs.find_sources("https://[::1/film.mp4")


def test_a_disk_without_room_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is wrong with the file, so it need not be moved away."""
    Ledger(tmp_path).close()

    def full(_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr(ledgerfile, "prepare", full)
    with pytest.raises(
        tw.LedgerError, match=r"disk is full.; a writable folder .* expected; choose"
    ):
        Ledger(tmp_path)
