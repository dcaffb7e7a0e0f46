"""Tables from the ledger and from saved answers."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pandas as pd

from twlab.errors import AnswerError, LoadError, TwlabError, warn
from twlab.loading.load import load
from twlab.service.jobs.answers import answer_path
from twlab.service.jobs.ledger import Ledger
from twlab.table.segments import COLUMNS, str_column, vectors, with_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from twlab.service.jobs.embedding import Outcome
    from twlab.service.jobs.job import Job

__all__ = [
    "answer_rows",
    "failure_table",
    "ledger_table",
    "read_ledger",
    "records",
    "segments_of",
    "warn_of_failures",
    "warn_of_other_keys",
    "warn_of_twins",
]

_TIMES = ("attempted_at", "created_at", "updated_at")
_SHOWN = (
    *("source", "state", "video_id", "model_name", "api", "task_id", "attempts"),
    *(*_TIMES, "options", "answer", "error", "account", "key"),
)


def segments_of(
    folder: Path, jobs: Sequence[Job], *, strict: bool = False
) -> tuple[pd.DataFrame, dict[str, TwlabError]]:
    """The segments of finished jobs, and what is wrong with answers that hold none, by job key.

    Raises
    ------
    AnswerError
        For the first such answer, if `strict`.
    """
    paths = {str(answer_path(folder, str(job.answer))): job for job in jobs}
    troubles: dict[str, TwlabError] = {}
    try:
        segments = _load(list(paths))
    except LoadError:
        good = []
        for path, job in paths.items():
            try:
                load(path, progress=False)
            except LoadError as error:
                troubles[job.key] = _unreadable(job, error)
            else:
                good.append(path)
        segments = _load(good)
    if strict and troubles:
        raise next(iter(troubles.values()))
    if "source" in segments.columns:
        named = {path: job.source for path, job in paths.items()}
        segments["source"] = str_column(map(named.get, segments["source"]), segments.index)
    return segments, troubles


def answer_rows(folder: Path, jobs: Sequence[Job]) -> pd.DataFrame:
    """The rows of queries in the order of their jobs; a job named twice is there twice.

    Raises
    ------
    AnswerError
        If an answer cannot be read, or holds other than one vector where several were asked for.
    """
    each = list(dict.fromkeys(jobs))
    rows = segments_of(folder, each, strict=True)[0]
    if len(each) == 1:
        return rows
    if len(rows) != len(each):
        raise AnswerError(
            f"{len(rows)} vectors for {len(each)} queries; one for each was expected; "
            f"{AnswerError.advice}"
        )
    places = [each.index(job) for job in jobs]
    return with_vectors(rows.iloc[places].reset_index(drop=True), vectors(rows)[places])


def _unreadable(job: Job, error: LoadError) -> AnswerError:
    """What is said of an answer that was served and holds no vectors."""
    remedy = "delete the file and run again to have it fetched anew"
    if job.task_id is None:
        remedy = "delete the file and ask again, which is paid for again"
    return AnswerError(f"the answer for {job.source} cannot be read ({error}); {remedy}")


def _load(paths: list[str]) -> pd.DataFrame:
    return load(paths, progress=False) if paths else _empty_table()


def _empty_table() -> pd.DataFrame:
    """A table of segments without rows."""
    columns: dict[str, Any] = {name: str_column([]) for name in COLUMNS[:-1]}
    columns |= {name: pd.Series([], dtype="float64") for name in ("start_sec", "end_sec")}
    return with_vectors(pd.DataFrame(columns)[list(COLUMNS[:-1])], pd.DataFrame().to_numpy("f4"))


def ledger_table(jobs: Sequence[Job]) -> pd.DataFrame:
    """One row per job, newest last; times in UTC."""
    columns: dict[str, Any] = {}
    for name in _SHOWN:
        cells = [getattr(job, name) for job in jobs]
        if name in _TIMES:
            columns[name] = pd.to_datetime(pd.Series(cells, dtype="float64"), unit="s", utc=True)
        elif name == "attempts":
            columns[name] = pd.Series(cells, dtype="int64")
        else:
            columns[name] = str_column(cells)
    return pd.DataFrame(columns)


def read_ledger(folder: Path) -> pd.DataFrame:
    """The table of all jobs in a folder, which is not made if it is not there.

    Raises
    ------
    LedgerError
        If the ledger cannot be read.
    """
    if not (folder / "ledger.sqlite").exists():
        return ledger_table([])
    with contextlib.closing(Ledger(folder)) as ledger:
        return ledger_table(ledger.jobs())


def records(table: Any) -> Any:
    """The rows of a table as dictionaries; anything else as it is.

    >>> records(pd.DataFrame({"start": [0], "end": [5], "text": ["kick-off"]}))
    [{'start': 0, 'end': 5, 'text': 'kick-off'}]
    """
    return table.to_dict("records") if isinstance(table, pd.DataFrame) else table


def failure_table(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """One row per source that failed: source, error (the class), status, reason."""
    errors = [one.error for one in outcomes]
    return pd.DataFrame(
        {
            "source": str_column(one.source.shown for one in outcomes),
            "error": str_column(type(error).__name__ for error in errors),
            "status": pd.array([getattr(error, "status", None) for error in errors], dtype="Int64"),
            "reason": str_column(str(error) for error in errors),
        }
    )


def warn_of_failures(failures: Sequence[Outcome], n_sources: int) -> None:
    """Say so where videos are missing from the table."""
    if failures:
        warn(
            f"{len(failures)} of {n_sources} videos are not in the table (first: "
            f"{failures[0].error}); client.failures() lists them all",
        )


def warn_of_other_keys(jobs: Sequence[Job]) -> None:
    """Say so where another key had paid in this folder for what this one has now paid for."""
    if jobs:
        had = next((job.answer for job in jobs if job.answer), None)
        there = f"; its answer is {had}, which tw.load reads" if had else ""
        warn(
            f"paid for again: {len(jobs)} of the videos (first: {jobs[0].source}); another key had "
            "paid for them in this folder, and the service does not show its tasks to this key"
            f"{there}"
        )


def warn_of_twins(outcomes: Sequence[Outcome]) -> None:
    """Say so where several files hold the same bytes and so share their rows."""
    groups: dict[str, list[str]] = {}
    for one in outcomes:
        if one.job is not None:
            groups.setdefault(one.job.key, []).append(one.source.shown)
    twins = [names for names in groups.values() if len(names) > 1]
    if twins:
        warn(
            f"{', '.join(twins[0][:3])} hold the same content and were embedded once; their rows "
            f"stand under one video_id ({len(twins)} such groups)",
        )
