"""Ledgers that another program changed, that have another form, key or place: never paid again."""

from __future__ import annotations

import os
import shutil
import sqlite3
import warnings
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from insides import ledgerfile
from paying import FAST, as_somebody, embed, lose, open_client
from service import KEY, Service

import twlab as tw
from twlab.service.jobs import Assets, Job, Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.once

TABLES = ["assets", "files", "jobs", "looked", "lost", "orphans", "parts", "runs", "tally", "tasks"]
OTHER_KEY = "tlk_another_key_0123456789"
HARMED = "another program changed rows in it"


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Path]]:
    """A service, and a folder of jobs of which every table holds rows; three films are paid for."""
    here = tmp_path_factory.mktemp("full")
    (here / "films").mkdir()
    for number in range(3):
        film = here / "films" / f"v{number}.mp4"
        film.write_bytes(bytes([number]) * 500)
        os.utime(film, (1, 1))  # settled long ago, so that its hash is remembered
    with Service(dim=4, check=False) as service, warnings.catch_warnings():
        warnings.simplefilter("ignore", tw.TwlabWarning)
        jobs = here / "jobs"
        embed(service, here / "films" / "v0.mp4", jobs)
        service.store.ready_sec = (3.0, 3.0)
        embed(service, here / "films" / "v2.mp4", jobs, timeout_sec=2.5)
        lose(jobs, "deleted")
        embed(service, here / "films" / "v1.mp4", jobs, timeout_sec=2.5)
        service.store.ready_sec = (0.0, 0.0)
        with closing(Ledger(jobs)) as ledger:
            Assets(ledger).add_part("u", 1, "e")
        assert len(service.paid) == 3
        yield service, here


def harms(table: str, db: sqlite3.Connection) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Ways to change one cell of a table, and to delete or double a row."""
    where = f"WHERE rowid = (SELECT min(rowid) FROM {table})"
    names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    yield f"DELETE FROM {table} {where}", ()
    for name in names:
        found = db.execute(f"SELECT {name} FROM {table} {where}").fetchone()[0]
        for value in (None, "", "x", 7, b"\xff", "new", "ready"):
            if value != found:
                yield f"UPDATE {table} SET {name} = ? {where}", (value,)
        rest = ", ".join(other for other in names if other != name)
        yield f"INSERT INTO {table} SELECT 'z' AS {name}, {rest} FROM {table} {where}", ()


@pytest.mark.parametrize("table", TABLES)
def test_a_ledger_with_a_harmed_cell_is_refused(
    full: tuple[Service, Path], tmp_path: Path, table: str
) -> None:
    here = full[1]
    with as_somebody(here / "jobs") as db:
        found = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        ways = list(harms(table, db))
    assert sorted(found) == TABLES
    n_harmed = 0
    for number, (statement, values) in enumerate(ways):
        jobs = tmp_path / str(number)
        shutil.copytree(here / "jobs", jobs)
        try:
            with as_somebody(jobs) as db:
                db.execute(statement, values)
        except sqlite3.Error:
            continue  # the file's own rules do not let it
        n_harmed += 1
        with pytest.raises(tw.LedgerError, match=r"cannot be used .*move ledger.sqlite away"):
            Ledger(jobs)  # what an embed run does before it asks the service anything
    assert n_harmed >= 3


@pytest.mark.parametrize("table", ["assets", "files", "jobs", "orphans", "tasks"])
def test_a_harmed_ledger_moved_away_is_made_again(
    full: tuple[Service, Path], tmp_path: Path, table: str
) -> None:
    """The remedy of the message."""
    service, here = full
    shutil.copytree(here / "jobs", tmp_path / "jobs")
    column = {"files": "content", "tasks": "key"}.get(table, "account")
    with as_somebody(tmp_path / "jobs") as db:
        db.execute(f"UPDATE {table} SET {column} = 'x'")
    with pytest.raises(tw.LedgerError, match=HARMED):
        embed(service, here / "films", tmp_path / "jobs")
    (tmp_path / "jobs" / "ledger.sqlite").rename(tmp_path / "away")
    assert embed(service, here / "films", tmp_path / "jobs")["video_id"].nunique() == 3
    assert len(service.paid) == 3


def test_what_another_program_changes_meanwhile_is_noticed(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    with open_client(service, tmp_path / "jobs") as one:
        one.embed(videos / "v0.mp4", progress=False)
        with as_somebody(tmp_path / "jobs") as db:
            db.execute("UPDATE jobs SET state = 'new', answer = NULL, task_id = NULL")
        with pytest.raises(tw.LedgerError, match=HARMED):
            one.embed(videos, progress=False)
    assert len(service.paid) == 1


def test_two_programs_of_twlab_keep_one_tally(tmp_path: Path) -> None:
    told = {"source": "s", "content": "c", "video_id": "v", "model_name": "m", "options": "{}"}
    one, two = Ledger(tmp_path), Ledger(tmp_path)
    for number in range(6):
        ledger = (one, two)[number % 2]
        job = ledger.claim(Job(key=f"k{number}", account="a", api="v2", **told), "run")
        ledger.finish(ledger.record_task(job, f"t{number}"), "failed", error="é\0")
        Assets(ledger).remember_hash("path", f"{number}", "c")
        Assets(ledger).add_part("u", number % 2, f"e{number}")
        ledger.begin().close()
    one.close()
    two.close()
    with closing(Ledger(tmp_path)) as again:
        assert len(again.jobs()) == 6


def test_checking_the_rows_takes_a_moment(tmp_path: Path) -> None:
    """Once for a program, and as often as another writes: at 100,000 rows about a second."""
    import time

    with closing(Ledger(tmp_path)) as ledger:
        rows = [(f"/films/{k}.mp4", "1 2 3", f"sha256:{k:064d}") for k in range(5_000)]
        with ledger.change() as db:
            db.executemany("INSERT INTO files VALUES (?, ?, ?)", rows)
        begun = time.process_time()
        assert not ledgerfile.has_foreign_changes(ledger.db)
        assert time.process_time() - begun < 0.5


# Older forms


def make_older(jobs: Path, form: str) -> None:
    """Give a ledger the tables of a form that twlab wrote before."""
    with as_somebody(jobs) as db:
        db.execute("DROP TABLE tally")
        db.execute("PRAGMA user_version = 2")
        if form == "2":
            return
        db.execute("DROP TABLE looked")
        db.execute(
            "CREATE TABLE o (task_id TEXT PRIMARY KEY, api TEXT NOT NULL, facts TEXT NOT NULL)"
        )
        db.execute("INSERT INTO o SELECT task_id, api, facts FROM orphans")
        db.execute("DROP TABLE orphans")
        db.execute("ALTER TABLE o RENAME TO orphans")
        db.execute("DELETE FROM lost")  # as that form did once it had looked
        if form == "1":
            for name in ("runs", "lost", "orphans"):
                db.execute(f"DROP TABLE {name}")
            db.execute("ALTER TABLE jobs DROP COLUMN service_at")
            db.execute("PRAGMA user_version = 1")


@pytest.mark.parametrize("form", ["2", "2 without accounts"])
def test_a_ledger_of_form_2_is_taken_over(
    full: tuple[Service, Path], tmp_path: Path, form: str
) -> None:
    """With an orphan that is a film of ours: without its account it is looked for again."""
    service, here = full
    shutil.copytree(here / "jobs", tmp_path / "jobs")
    make_older(tmp_path / "jobs", form)
    assert embed(service, here / "films", tmp_path / "jobs")["video_id"].nunique() == 3
    assert len(service.paid) == 3
    assert embed(service, here / "films", tmp_path / "jobs")["video_id"].nunique() == 3


def test_a_ledger_of_form_1_is_taken_over(service: Service, videos: Path, tmp_path: Path) -> None:
    embed(service, videos, tmp_path / "jobs")
    make_older(tmp_path / "jobs", "1")
    assert embed(service, videos, tmp_path / "jobs")["video_id"].nunique() == 3
    assert len(service.paid) == 3


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE jobs ADD COLUMN mine",
        "ALTER TABLE jobs DROP COLUMN error",
        "ALTER TABLE assets RENAME COLUMN account TO accounts",
        "DROP TABLE files",
        "DROP TABLE tally",
    ],
)
def test_tables_of_no_form_are_refused(tmp_path: Path, change: str) -> None:
    Ledger(tmp_path).close()
    with as_somebody(tmp_path) as db:
        db.execute(change)
    with pytest.raises(tw.LedgerError, match=r"is not as twlab makes it.*move ledger.sqlite away"):
        Ledger(tmp_path)


# Another place, another key


@pytest.mark.parametrize("live", [False, True])
def test_a_folder_copied_elsewhere_goes_on(
    service: Service, videos: Path, tmp_path: Path, live: bool
) -> None:
    """Copied after a program ended, or with the signs of one that was at work."""
    jobs, elsewhere = tmp_path / "jobs", tmp_path / "elsewhere"
    service.store.ready_sec = (3.0, 3.0)
    with pytest.warns(tw.TwlabWarning, match="not in the table"):
        embed(service, videos, jobs, timeout_sec=2.5)
    with closing(Ledger(jobs)) as ledger:
        run = ledger.begin()
        if live:
            for job in ledger.jobs():
                assert ledger.claim(job, run.name).owner == run.name
        shutil.copytree(jobs, elsewhere / "jobs")
        run.close()
    shutil.copytree(videos, elsewhere / "videos")
    table = embed(service, elsewhere / "videos", elsewhere / "jobs")
    assert table["video_id"].nunique() == 3
    assert embed(service, videos, jobs)["video_id"].nunique() == 3
    assert len(service.paid) == 3


def embed_with(key: str, service: Service, videos: Path, jobs: Path) -> Any:
    with tw.Client(key, base_url=service.url, folder=jobs, settings=FAST) as one:
        return one.embed(videos, progress=False)


@pytest.mark.parametrize("state", ["ready", "processing"])
def test_a_new_key_of_the_same_account_pays_nothing(
    service: Service, videos: Path, tmp_path: Path, state: str
) -> None:
    """The service shows the task to the new key, so it is this account's, too."""
    service.keys = {KEY, OTHER_KEY}
    if state == "processing":
        service.store.ready_sec = (3.0, 3.0)
        with pytest.warns(tw.TwlabWarning, match="not in the table"):
            embed(service, videos, tmp_path / "jobs", timeout_sec=2.5)
    else:
        embed(service, videos, tmp_path / "jobs")
    table = embed_with(OTHER_KEY, service, videos, tmp_path / "jobs")
    assert set(table["video_id"]) == {"v0.mp4", "v1.mp4", "v2.mp4"}
    assert set(table["filename"]) == {"v0.mp4", "v1.mp4", "v2.mp4"}
    assert len(service.paid) == 3


def test_a_key_of_another_account_pays_and_says_so(
    service: Service, videos: Path, tmp_path: Path
) -> None:
    embed(service, videos, tmp_path / "jobs")
    with Service(dim=4, check=False) as other:
        other.store.rng.seed(1)  # ids of its own
        with pytest.warns(tw.TwlabWarning, match="paid for again: 3 of the videos") as told:
            embed(other, videos, tmp_path / "jobs")
        place = next(part for part in str(told[0].message).split() if part.startswith("answers/"))
        assert len(tw.load(tmp_path / "jobs" / place.strip(",")))
        assert (len(service.paid), len(other.paid)) == (3, 3)
        embed(other, videos, tmp_path / "jobs")  # said where it is paid, and only there
