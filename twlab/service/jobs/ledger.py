"""Every paid job on disk, before the request leaves.

One SQLite file (WAL, full sync) in a folder that the user sees. A job moves::

    new ──► submitting ──► processing ──► ready
     ▲         │    │           └───────► failed      the service failed it; it may have cost
     └─────────┘    └───────────────────► rejected    the service refused it; it cost nothing

``submitting`` is written before the request leaves, the task id before the task is first looked
at. A job found in ``submitting`` is in doubt: :mod:`twlab.service.jobs.doubt` asks the service what
became of it. Each job and each upload is owned by at most one live run
(:mod:`twlab.service.jobs.locks`), so that two programs on one folder never do the same work.

``service_at`` is the service's clock at the attempt, as far as it was known; all other times are
this computer's, and only shown. A ledger that vanished is made again from the answers beside it
(:mod:`twlab.service.jobs.rebuilding`).

The ledger holds no key, no signed address and no vectors.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, get_type_hints

from twlab.errors import LedgerError, warn
from twlab.service.jobs import ledgerfile
from twlab.service.jobs.answers import found_jobs, lying_answer
from twlab.service.jobs.facts import facts_from
from twlab.service.jobs.job import FINAL, Job
from twlab.service.jobs.locks import (
    RunLock,
    alone,
    is_alive,
    run_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Ledger"]


class Ledger:
    """The file of jobs.

    Parameters
    ----------
    folder : Path
        Made if it is not there; holds ``ledger.sqlite``, ``answers/`` and ``runs/``.

    Raises
    ------
    LedgerError
        If the folder or the file cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.runs = folder, folder / "runs"
        self._path = folder / "ledger.sqlite"
        self._one_at_a_time = threading.RLock()
        self.opened_at = time.monotonic()
        self._checked: int | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._trouble(error.strerror or "?") from None
        with alone(folder / "ledger.lock"):
            self._open()

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def _open(self) -> None:
        """Open the file, made anew where it is not there; jobs of a lost one are found again."""
        try:
            used = any(path.is_dir() for path in (self.runs, self.folder / "answers"))
            lost = used and not (self._path.exists() and self._path.stat().st_size)
            self.runs.mkdir(exist_ok=True)
            (self.folder / "answers").mkdir(exist_ok=True)
        except OSError as error:
            raise self._trouble(error.strerror or "?") from None
        try:
            self.db = sqlite3.connect(
                self._path, isolation_level=None, timeout=60, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise self._trouble(str(error)) from None
        try:
            self.db.row_factory = sqlite3.Row
            self._prepare()
            self._find_again(lost=lost)
        except (sqlite3.Error, UnicodeDecodeError, LedgerError) as error:
            self.db.close()  # nobody else can: the caller gets no ledger
            if isinstance(error, LedgerError):
                raise
            damaged = self._path.exists() and not _is_of_the_disk(error)
            raise self._trouble(str(error), damaged=damaged) from None
        self._place = self._place_of_file()

    def _prepare(self) -> None:
        ledgerfile.into_wal(self.db)
        self.db.execute("PRAGMA synchronous = FULL")
        whole = self.db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if whole != "ok":
            raise sqlite3.DatabaseError(" ".join(str(whole).split())[:100])
        try:
            ledgerfile.prepare(self.db)
        except ledgerfile.NewerFormError as error:
            raise LedgerError(
                f"{self._path} was written by a newer twlab (form {error}); form "
                f"{ledgerfile.FORM} or older was expected; update twlab, or use another folder="
            ) from None
        ledgerfile.keep_tally(self.db)
        with self.change() as db:
            self._check_tally(db)

    def _check_tally(self, db: sqlite3.Connection) -> None:
        """Refuse rows that another program changed; looked at anew when anybody else wrote."""
        version = db.execute("PRAGMA data_version").fetchone()[0]
        if version != self._checked:
            if ledgerfile.has_foreign_changes(db):
                raise self._trouble("another program changed rows in it", damaged=True)
            self._checked = version

    def _find_again(self, *, lost: bool) -> None:
        """Jobs of answers that no row tells of; what shows that rows were lost is kept in mind."""
        answers = {row[0] for row in self.db.execute("SELECT answer FROM jobs")}
        whole = found_jobs(self.folder, answers)
        keys = {row[0] for row in self.db.execute("SELECT key FROM jobs")}
        found = [told for told in whole if told["key"] not in keys]
        runs = {row[0] for row in self.db.execute("SELECT name FROM runs")}
        strange = {path.stem for path in self.runs.glob("*.lock")} - runs
        if not (lost or whole or strange):
            return
        with self.change() as db:
            for told in whole:  # an answer that was saved a moment before its program was killed
                undone = "state IN ('new', 'submitting', 'processing') AND answer IS NULL"
                ready = "UPDATE jobs SET state = 'ready', answer = ?"
                db.execute(f"{ready} WHERE key = ? AND {undone}", (told["answer"], told["key"]))
        if not (lost or found or strange):
            return
        with self.change() as db:
            db.executemany("INSERT OR IGNORE INTO lost VALUES (?)", [("v1",), ("v2",)])
            db.execute("DELETE FROM looked")
            db.executemany("INSERT OR IGNORE INTO runs VALUES (?)", [(name,) for name in strange])
            for told in found:
                self._insert_found(db, told)
        warn(
            f"the ledger {self._path} has lost entries; {len(found)} paid jobs were found "
            "again by their answers, and others are looked for at the service before anything "
            "is paid"
        )

    def _insert_found(self, db: sqlite3.Connection, told: dict[str, Any]) -> None:
        now, task_id = time.time(), told["task_id"]
        row = {**told, "state": "ready", "created_at": now, "updated_at": now}
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        db.execute(f"INSERT OR IGNORE INTO jobs ({names}) VALUES ({marks})", tuple(row.values()))
        if task_id is not None:
            db.execute("INSERT OR IGNORE INTO tasks VALUES (?, ?)", (task_id, told["key"]))

    def begin(self) -> RunLock:
        """A new run; its name is written down first, so that a strange one shows a loss."""
        name = run_name()
        with self.change() as db:
            self._check_tally(db)
            db.execute("INSERT INTO runs VALUES (?)", (name,))
        return RunLock(self.runs, name)

    # What a lost ledger knew

    def is_lost(self, job: Job) -> bool:
        """Whether the job's account has tasks of a lost ledger still to be looked for."""
        looked = "SELECT 1 FROM looked WHERE api = ? AND account = ?"
        where = f"WHERE api = ? AND NOT EXISTS ({looked})"
        with self.reading() as db:
            row = db.execute(f"SELECT 1 FROM lost {where}", (job.api, job.api, job.account))
            return row.fetchone() is not None

    def keep_orphans(self, job: Job, facts: dict[str, str]) -> None:
        """Write down an account's tasks that no job knows, and that they were looked for."""
        with self.change() as db:
            db.executemany(
                "INSERT OR IGNORE INTO orphans VALUES (?, ?, ?, ?)",
                [(task_id, job.account, job.api, text) for task_id, text in facts.items()],
            )
            db.execute("INSERT OR IGNORE INTO looked VALUES (?, ?)", (job.api, job.account))

    def orphans(self, job: Job) -> dict[str, dict[str, Any]]:
        """The account's tasks of a lost ledger that no job has, with what is known of each."""
        where = "WHERE api = ? AND account = ? AND task_id NOT IN (SELECT task_id FROM tasks)"
        found = "SELECT task_id, facts FROM orphans"
        with self.reading() as db:
            rows = db.execute(f"{found} {where}", (job.api, job.account)).fetchall()
        known = {str(task_id): facts_from(str(text)) for task_id, text in rows}
        if None in known.values():
            raise self._trouble("'facts' is not as twlab writes it", damaged=True)
        return {task_id: facts for task_id, facts in known.items() if facts is not None}

    # Jobs

    def claim(self, job: Job, run: str, *, pay_again: bool = False) -> Job:
        """The job's row; it is the run's to work on if `owner` is the run.

        A finished job stays as it is, unless it failed and is to be paid for again. A rejected one
        cost nothing and may always be tried again.
        """
        with self.change() as db:
            if db.execute("SELECT 1 FROM jobs WHERE key = ?", (job.key,)).fetchone() is None:
                self._insert(db, job)
                if (answer := lying_answer(self.folder, job.key)) is not None:
                    self._set(db, job.key, state="ready", answer=answer)
            found = self._job(db, job.key)
            if found.state == "ready" or (found.state == "failed" and not pay_again):
                return found
            if found.owner not in (None, run) and is_alive(self.runs, str(found.owner)):
                return found
            anew = found.state == "rejected" or (found.state == "failed" and pay_again)
            self._set(db, job.key, owner=run, **(_ANEW if anew else {}))
            return self._job(db, job.key)

    def job(self, key: str) -> Job:
        """The row as it stands."""
        with self.reading():
            return self._job(self.db, key)

    def jobs(self, account: str | None = None) -> list[Job]:
        """All rows, oldest first."""
        where, values = ("WHERE account = ?", (account,)) if account else ("", ())
        with self.reading():
            rows = self.db.execute(f"SELECT * FROM jobs {where} ORDER BY created_at, key", values)
            return [self._read(row) for row in rows]

    def record_request(
        self,
        job: Job,
        run: str,
        upload_name: str | None = None,
        *,
        service_at: float | None = None,
    ) -> Job:
        """Write down that a paid request is about to leave, and when by the service's clock."""
        self._check_place()
        with self.change() as db:
            self._check_owner(db, job.key, run)
            now = time.time()
            attempts = self._job(db, job.key).attempts + 1
            self._set(
                db,
                job.key,
                state="submitting",
                api=job.api,
                attempts=attempts,
                attempted_at=now,
                service_at=service_at,
                upload_name=upload_name,
            )
            return self._job(db, job.key)

    def record_task(self, job: Job, task_id: str) -> Job:
        """Write down the service's task id; no other job may have it."""
        with self.change() as db:
            db.execute("INSERT INTO tasks (task_id, key) VALUES (?, ?)", (task_id, job.key))
            self._set(
                db,
                job.key,
                state="processing",
                task_id=task_id,
                upload_name=job.upload_name,
                error=None,
            )
            return self._job(db, job.key)

    def record_shared(self, job: Job, twin: Job) -> Job:
        """Write down that the task of another account's job is this account's too."""
        told = {"task_id": twin.task_id, "upload_name": twin.upload_name, "error": None}
        return self._update(job.key, state="processing", **told)

    def twins(self, job: Job) -> list[Job]:
        """Jobs of other accounts that asked for the same and have a task, newest first."""
        same = "api = ? AND content = ? AND options = ? AND account != ?"
        paid = "task_id IS NOT NULL AND state IN ('processing', 'ready')"
        asked = f"SELECT * FROM jobs WHERE {same} AND {paid} ORDER BY created_at DESC, key"
        with self.reading() as db:
            values = (job.api, job.content, job.options, job.account)
            return [self._read(row) for row in db.execute(asked, values)]

    def known_tasks(self) -> set[str]:
        """The ids of all tasks that any job ever had."""
        with self.reading():
            return {row[0] for row in self.db.execute("SELECT task_id FROM tasks")}

    def back_to_new(self, job: Job) -> Job:
        """Write down that the request certainly did not become a task."""
        return self._update(job.key, state="new", attempted_at=None, service_at=None)

    def finish(self, job: Job, state: str, *, answer: str | None = None, error: str = "") -> Job:
        """Write down how a job ended."""
        return self._update(job.key, state=state, answer=answer, error=error or None, owner=None)

    def note(self, job: Job, error: str) -> Job:
        """Write down what went wrong with a job that is not over."""
        with self.change() as db:
            if self._job(db, job.key).state not in FINAL:
                self._set(db, job.key, error=error)
            return self._job(db, job.key)

    def release(self, key: str, run: str) -> None:
        """Give a job back; another run may go on with it."""
        mine = "WHERE key = ? AND owner = ?", (key, run)
        with self.reading() as db:
            owned = db.execute(f"SELECT 1 FROM jobs {mine[0]}", mine[1]).fetchone()
        if owned:
            with self.change() as db:
                db.execute(f"UPDATE jobs SET owner = NULL {mine[0]}", mine[1])

    # Inside

    def _update(self, key: str, **values: Any) -> Job:
        with self.change() as db:
            self._set(db, key, **values)
            return self._job(db, key)

    def _insert(self, db: sqlite3.Connection, job: Job) -> None:
        given = asdict(job)
        given["video_id"] = _free_name(db, job)
        given["created_at"] = given["updated_at"] = time.time()
        names = ", ".join(given)
        marks = ", ".join("?" * len(given))
        db.execute(f"INSERT INTO jobs ({names}) VALUES ({marks})", tuple(given.values()))

    @staticmethod
    def _set(db: sqlite3.Connection, key: str, **values: Any) -> None:
        values["updated_at"] = time.time()
        names = ", ".join(f"{name} = ?" for name in values)
        db.execute(f"UPDATE jobs SET {names} WHERE key = ?", (*values.values(), key))

    def _job(self, db: sqlite3.Connection, key: str) -> Job:
        row = db.execute("SELECT * FROM jobs WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise self._trouble("a row that was there is gone")
        return self._read(row)

    def _read(self, row: sqlite3.Row) -> Job:
        """The row as a job; SQLite keeps any type in any column, and others may have written."""
        values = dict(row)
        wrong = sorted(values.keys() ^ _TYPES.keys())
        wrong += [n for n, value in values.items() if n in _TYPES and not _fits(n, value)]
        if wrong:
            raise self._trouble(f"{wrong[0]!r} is not as twlab writes it", damaged=True)
        return Job(**values)

    def _place_of_file(self) -> tuple[int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_dev, stat.st_ino

    def _check_place(self) -> None:
        """Nothing is paid for while another file has taken the place of the open one."""
        if self._place_of_file() != self._place:
            raise LedgerError(
                f"the ledger {self._path} was deleted or replaced while this program used it; the "
                "file that was opened was expected; close the client and run again"
            )

    def _check_owner(self, db: sqlite3.Connection, key: str, run: str) -> None:
        owner = self._job(db, key).owner
        if owner != run:
            raise LedgerError(
                f"job {key[:12]} belongs to run {owner}, not to {run}; a paid request leaves from "
                "its owner only; run again"
            )

    @contextlib.contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction: on disk when the block ends, or undone."""
        with self._one_at_a_time, self.reading():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                self.db.execute("COMMIT")
            finally:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The open file; what SQLite says becomes a sentence."""
        try:
            with self._one_at_a_time:
                yield self.db
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise self._trouble(str(error)) from None

    def _trouble(self, reason: str, *, damaged: bool = False) -> LedgerError:
        wanted = "a writable folder on a local disk was expected; choose another with folder="
        if damaged:
            wanted = (
                "the file as twlab wrote it was expected; move "
                f"{self._path.name} away to have it made again from the answers beside it "
                "and the service's list of tasks, or choose another folder="
            )
        return LedgerError(f"the ledger {self._path} cannot be used ({reason}); {wanted}")


_TYPES = get_type_hints(Job)
_OF_THE_DISK = (
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL),
    *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOMEM),
)


def _is_of_the_disk(error: Exception) -> bool:
    """Whether SQLite complains of where the file lies and not of what is in it."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _OF_THE_DISK


def _fits(name: str, value: Any) -> bool:
    """Whether a value of a row has the type of the job's field."""
    if isinstance(value, int) and not isinstance(value, bool):
        return isinstance(0, _TYPES[name]) or isinstance(0.0, _TYPES[name])
    return isinstance(value, _TYPES[name])


_ANEW = {"state": "new", "task_id": None, "answer": None, "error": None, "attempted_at": None}
_ANEW["service_at"] = None


def _free_name(db: sqlite3.Connection, job: Job) -> str:
    """The video's name: the same for the same content, no other content's in this folder."""
    rows = db.execute("SELECT DISTINCT video_id, content FROM jobs").fetchall()
    for row in rows:
        if row["content"] == job.content:
            return str(row["video_id"])
    taken = {row["video_id"] for row in rows}
    folder, _, name = job.source.replace("\\", "/").rpartition("/")
    parent = f"{folder.rpartition('/')[2]}/{name}"
    free = (name for name in (job.video_id, parent) if name not in taken)
    return next(free, f"{job.video_id}#{job.key[:8]}")
