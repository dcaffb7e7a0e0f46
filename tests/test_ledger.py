"""Nothing is paid for twice: the ledger, its claims, and what becomes of lost requests."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from insides import background
from paying import FAST, embed, open_client
from service import KEY, Fault, Service

import twlab as tw
from twlab import errors
from twlab.service.jobs import Job, Ledger, RunLock, is_alive

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
JOB = Job("k1", "account", "v2", "a/film.mp4", "sha256:1", "film.mp4", "marengo3.0", "{}")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path / "jobs")
    yield made
    made.close()


# The file


def test_ledger_is_flushed_to_the_disk_at_every_step(ledger: Ledger) -> None:
    assert ledger.db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert ledger.db.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_a_job_moves_through_its_states(ledger: Ledger) -> None:
    job = ledger.claim(JOB, "run")
    assert (job.state, job.owner, job.attempts) == ("new", "run", 0)
    job = ledger.record_request(job, "run", "film.mark.mp4")
    assert (job.state, job.attempts, job.upload_name) == ("submitting", 1, "film.mark.mp4")
    other = sqlite3.connect(ledger.folder / "ledger.sqlite")
    assert other.execute("SELECT state FROM jobs").fetchall() == [("submitting",)]
    other.close()
    job = ledger.record_task(job, "task1")
    assert (job.state, job.task_id, ledger.known_tasks()) == ("processing", "task1", {"task1"})
    job = ledger.finish(job, "ready", answer="answers/x.json")
    assert (job.state, job.owner) == ("ready", None)
    assert ledger.claim(JOB, "run2").state == "ready"


def test_only_the_owner_may_send(ledger: Ledger) -> None:
    ledger.claim(JOB, "run")
    with pytest.raises(tw.LedgerError, match="belongs to run run, not to thief"):
        ledger.record_request(JOB, "thief")


def test_no_two_jobs_share_a_task(ledger: Ledger) -> None:
    for key in ("k1", "k2"):
        ledger.claim(replace(JOB, key=key), "run")
    ledger.record_task(ledger.job("k1"), "task1")
    with pytest.raises(tw.LedgerError, match="cannot be used"):
        ledger.record_task(ledger.job("k2"), "task1")
    assert ledger.job("k2").state == "new"


def test_a_live_run_keeps_its_jobs_and_a_dead_one_loses_them(ledger: Ledger) -> None:
    alive = RunLock(ledger.runs)
    ledger.claim(JOB, alive.name)
    assert is_alive(ledger.runs, alive.name)
    assert ledger.claim(JOB, "second").owner == alive.name
    alive.close()
    assert not is_alive(ledger.runs, alive.name)
    assert ledger.claim(JOB, "second").owner == "second"


def test_failed_jobs_are_paid_for_again_only_when_asked(ledger: Ledger) -> None:
    job = ledger.record_task(ledger.claim(JOB, "run"), "task1")
    ledger.finish(job, "failed", error="no")
    assert ledger.claim(JOB, "run").state == "failed"
    anew = ledger.claim(JOB, "run", pay_again=True)
    assert (anew.state, anew.task_id, anew.error) == ("new", None, None)
    assert ledger.known_tasks() == {"task1"}
    ledger.finish(anew, "rejected", error="too short")
    assert ledger.claim(JOB, "run").state == "new"


def test_video_names_stay_apart_and_stay_the_same(ledger: Ledger) -> None:
    jobs = [
        JOB,
        replace(JOB, key="k2", options="{2}"),
        replace(JOB, key="k3", content="sha256:2", source="b/film.mp4"),
        replace(JOB, key="k4" * 8, content="sha256:3", source="b/film.mp4"),
    ]
    names = [ledger.claim(job, "run").video_id for job in jobs]
    assert names == ["film.mp4", "film.mp4", "b/film.mp4", "film.mp4#k4k4k4k4"]


def test_damaged_and_newer_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "jobs"
    Ledger(folder).close()
    path = folder / "ledger.sqlite"
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def connected(*arguments: Any, **options: Any) -> sqlite3.Connection:
        opened.append(connect(*arguments, **options))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", connected)
    with pytest.raises(tw.LedgerError, match="written by a newer twlab"):
        Ledger(folder)
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(tw.LedgerError, match=r"cannot be used .file is not a database"):
        Ledger(folder)
    (tmp_path / "file").write_text("x")
    with pytest.raises(tw.LedgerError, match="choose another with folder="):
        Ledger(tmp_path / "file" / "jobs")
    assert len(opened) == 2
    for one in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            one.execute("SELECT 1")


def test_threads_may_write_at_once(ledger: Ledger) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def work(number: int) -> None:
        job = replace(JOB, key=f"k{number}", content=f"sha256:{number}")
        job = ledger.record_task(
            ledger.record_request(ledger.claim(job, "run"), "run"), f"t{number}"
        )
        ledger.finish(job, "ready", answer="x")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(60)))
    assert [job.state for job in ledger.jobs()] == ["ready"] * 60


# Lost requests


LOST = [
    Fault("reset_before", "POST /embed-v2/tasks", times=3),
    Fault("reset_after", "POST /embed-v2/tasks", times=3),
    Fault("fin_before", "POST /embed-v2/tasks", times=3),
    Fault("fin_after", "POST /embed-v2/tasks", times=3),
    Fault("error_after", "POST /embed-v2/tasks", times=3, status=500),
    Fault("error_after", "POST /embed-v2/tasks", times=3, status=504),
    Fault("status", "POST /embed-v2/tasks", times=3, status=503),
    Fault("status", "POST /embed-v2/tasks", times=3, status=409),
    Fault("status", "POST /embed-v2/tasks", times=3, status=429),
    Fault("cut_json", "POST /embed-v2/tasks", times=3),
    Fault("truncate", "POST /embed-v2/tasks", times=3),
    Fault("hang_after", "POST /embed-v2/tasks", times=2, seconds=9),
    Fault("hang_before", "POST /embed-v2/tasks", times=2, seconds=9),
]


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_a_lost_request_is_paid_once(
    service: Service, videos: Path, tmp_path: Path, fault: Fault
) -> None:
    fault.hits = 0
    service.faults = [fault]
    segments = embed(service, videos, tmp_path / "jobs")
    assert fault.hits == fault.times
    assert len(service.paid) == 3
    assert segments["video_id"].nunique() == 3


@pytest.mark.parametrize("kind", ["reset_after", "error_after", "reset_before"])
def test_a_lost_v1_upload_is_paid_once(
    service: Service, videos: Path, tmp_path: Path, kind: str
) -> None:
    service.faults = [Fault(kind, "POST /embed/tasks", times=3)]
    segments = embed(service, videos, tmp_path / "jobs", model_name="Marengo-retrieval-2.7")
    assert len(service.paid) == 3
    assert segments["video_id"].nunique() == 3


def test_lost_requests_for_addresses_are_told_apart_by_options(
    service: Service, tmp_path: Path
) -> None:
    service.faults = [Fault("reset_after", "POST /embed-v2/tasks", times=2)]
    url, jobs = "https://example.com/a.mp4?X-Amz-Signature=1", tmp_path / "jobs"

    async def both() -> list[Any]:
        async with tw.AsyncClient(KEY, base_url=service.url, folder=jobs, settings=FAST) as one:
            lengths = (4, 8)
            return await asyncio.gather(
                *(one.embed(url, clip_sec=n, progress=False) for n in lengths)
            )

    four, eight = asyncio.run(both())
    assert len(service.paid) == 2
    assert four["end_sec"].iloc[0] == 4
    assert eight["end_sec"].iloc[0] == 8


def test_a_listed_task_late_is_still_found(service: Service, videos: Path, tmp_path: Path) -> None:
    service.store.listed_after_sec = 0.15
    service.faults = [Fault("reset_after", "POST /embed-v2/tasks", times=3)]
    embed(service, videos, tmp_path / "jobs")
    assert len(service.paid) == 3


def test_nobody_pays_for_a_guess(service: Service, videos: Path, tmp_path: Path) -> None:
    service.store.listed_names = False
    service.faults = [Fault("reset_after", "POST /embed-v2/tasks")]
    video = videos / "v0.mp4"
    with open_client(service, tmp_path / "jobs") as one:
        with pytest.warns(tw.TwlabWarning, match="1 of 1 videos are not in the table"):
            assert one.embed(video, progress=False).empty
        failures = one.failures()
        assert failures["error"].tolist() == ["JobInDoubtError"]
        assert "it may be task" in failures["reason"][0]
        with pytest.raises(errors.JobInDoubtError, match="pay_again=True"):
            one.embed(video, on_error="raise", progress=False)
        assert len(service.paid) == 1
        assert len(one.embed(video, pay_again=True, progress=False))
        assert len(service.paid) == 2


def test_another_accounts_name_is_not_taken_for_ours(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    """A task of the same file name made by hand meanwhile is not ours."""
    service.store.add_task(
        api="v2", model_name="marengo3.0", content="x", filename="v0.mp4", url=None, asked={}
    )
    service.faults = [Fault("reset_before", "POST /embed-v2/tasks")]
    embed(service, videos / "v0.mp4", tmp_path / "jobs")
    assert len(service.paid) == 2


# Crashes


PROGRAM = """
import sys, warnings
sys.path[:0] = {paths!r}
import twlab as tw
import twlab.service.awaiting
settings = tw.Settings(settle_sec=0.4, poll_sec=0.05, max_poll_sec=0.1)
with tw.Client({key!r}, base_url={url!r}, folder={folder!r}, settings=settings) as client:
    print("go", flush=True)
    found = client.embed({videos!r}, progress=False, **{options!r})
    print(found["video_id"].nunique(), flush=True)
"""
NEWER: dict[str, Any] = {"model_name": "marengo3.5", "embedding_dimension": 128}


def program(
    service: Service, videos: Path, folder: Path, options: dict[str, Any] | None = None
) -> subprocess.Popen[str]:
    files = [str(path) for path in sorted(videos.iterdir())]
    text = PROGRAM.format(
        **{"paths": [str(ROOT)], "key": KEY, "url": service.url, "folder": str(folder)},
        videos=files,
        options=options or {},
    )
    process = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    return process


def ended(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=60)
    return out


@pytest.mark.once
@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
@pytest.mark.parametrize("options", [{}, NEWER], ids=["3.0", "3.5"])
def test_killed_programs_pay_once(
    service: Service, videos: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    if options:
        for name, start in (
            ("v0.pdf", b"%PDF-1.7 "),
            ("v1.png", b"\x89PNG\r\n\x1a\n"),
            ("v2.md", b""),
        ):
            (videos / name).write_bytes(start + b"A word. And another.")
            (videos / name).with_suffix(".mp4").unlink()
    service.store.ready_sec = (0.2, 0.5)
    service.faults = [Fault("slow", "POST /embed-v2/tasks", times=99, seconds=0.3)]
    deadline = time.monotonic() + 30
    for wanted in (1, 3):
        process = program(service, videos, tmp_path / "jobs", options)
        while len(service.paid) < wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        ended(process)
    assert ended(program(service, videos, tmp_path / "jobs", options)) == "3\n"
    assert len(service.paid) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_program_killed_while_it_asks_at_once_is_not_charged_again_unsaid(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    service.faults = [Fault("hang_after", "POST /embed-v2", times=9, seconds=20.0)]
    process = program(service, videos, tmp_path / "jobs", {"at_once": True})
    deadline = time.monotonic() + 30
    while len(service.paid) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    ended(process)
    service.faults = []
    with open_client(service, tmp_path / "jobs") as one:
        with pytest.warns(tw.TwlabWarning, match="3 of 3 videos are not in the table"):
            one.embed(videos, progress=False)
        assert set(one.failures()["error"]) == {"JobInDoubtError"}
        assert len(service.paid) == 3
        one.embed(videos, progress=False, pay_again=True)
        assert len(service.paid) == 6


@pytest.mark.once
def test_two_programs_on_one_folder_pay_once(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    service.store.ready_sec = (0.1, 0.4)
    both = [program(service, videos, tmp_path / "jobs") for _ in range(2)]
    assert [ended(process) for process in both] == ["3\n", "3\n"]
    assert len(service.paid) == 3


def test_two_clients_of_one_program_pay_once(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    service.store.ready_sec = (0.1, 0.2)
    jobs = tmp_path / "jobs"
    with (
        open_client(service, jobs) as one,
        open_client(service, jobs) as two,
        ThreadPoolExecutor(4) as pool,
    ):
        runs = [pool.submit(c.embed, videos, progress=False) for c in (one, one, two, two)]
        tables = [run.result() for run in runs]
    assert len(service.paid) == 3
    assert all(len(table) == len(tables[0]) for table in tables)


def test_an_interrupt_loses_nothing(
    service: Service, videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.store.ready_sec = (0.5, 0.8)
    calls = []

    def interrupted(done: Any) -> Any:
        calls.append(done)
        if len(calls) == 1:
            while len(service.paid) < 3:
                time.sleep(0.01)
            raise KeyboardInterrupt
        return done.result()

    monkeypatch.setattr(background, "_wait", interrupted)
    with open_client(service, tmp_path / "jobs") as one:
        with pytest.raises(KeyboardInterrupt):
            one.embed(videos, progress=False)
        assert set(one.ledger()["state"]) <= {"submitting", "processing"}
        assert one.embed(videos, progress=False)["video_id"].nunique() == 3
    assert len(service.paid) == 3
    assert not list((tmp_path / "jobs" / "runs").iterdir())


def test_deleted_answers_are_fetched_again(service: Service, videos: Path, tmp_path: Path) -> None:
    embed(service, videos, tmp_path / "jobs")
    for path in (tmp_path / "jobs" / "answers").iterdir():
        path.unlink()
    assert embed(service, videos, tmp_path / "jobs")["video_id"].nunique() == 3
    assert len(service.paid) == 3


def test_other_options_are_other_work_and_the_file_is_not_sent_again(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    for clip_sec in (4, 6, 4):
        embed(service, videos / "v0.mp4", tmp_path / "jobs", clip_sec=clip_sec)
    assert len(service.paid) == 2
    assert service.count("POST /assets") == 1


def test_a_changed_file_is_other_work(service: Service, videos: Path, tmp_path: Path) -> None:
    video = videos / "v0.mp4"
    embed(service, video, tmp_path / "jobs")
    video.write_bytes(b"another film")
    embed(service, video, tmp_path / "jobs")
    assert len(service.paid) == 2


def test_files_of_the_same_bytes_are_paid_for_once(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    (videos / "copy.mp4").write_bytes((videos / "v0.mp4").read_bytes())
    with pytest.warns(tw.TwlabWarning, match="hold the same content and were embedded once"):
        segments = embed(service, videos, tmp_path / "jobs")
    assert len(service.paid) == 3
    places = ["video_id", "start_sec", "embedding_option", "embedding_scope"]
    assert not segments.duplicated(places).any()


def test_chaos_ends_with_every_video_paid_once(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    from service.faults import chaos

    service.faults = chaos(0.25)
    service.store.ready_sec = (0.0, 0.2)
    for _ in range(6):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", tw.TwlabWarning)
            segments = embed(service, videos, tmp_path / "jobs")
    service.faults = []
    segments = embed(service, videos, tmp_path / "jobs")
    assert segments["video_id"].nunique() == 3
    assert len(service.paid) == 3
