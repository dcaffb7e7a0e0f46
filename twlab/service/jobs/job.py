"""One paid job, as the ledger keeps it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FINAL", "Job"]

FINAL = ("ready", "failed", "rejected")


@dataclass(frozen=True)
class Job:
    """One row of the ledger; `owner` is the run that works on it."""

    key: str
    account: str
    api: str
    source: str
    content: str
    video_id: str
    model_name: str
    options: str
    state: str = "new"
    owner: str | None = None
    upload_name: str | None = None
    task_id: str | None = None
    attempts: int = 0
    attempted_at: float | None = None
    service_at: float | None = None
    created_at: float = 0.0
    updated_at: float = 0.0
    answer: str | None = None
    error: str | None = None
