"""Paid jobs from claim to answer, across crashes: ledger, uploads, answers. No tables."""

from twlab.service.jobs.answers import answer_path, read_head, save_answer
from twlab.service.jobs.assets import Assets
from twlab.service.jobs.embedding_options import Options
from twlab.service.jobs.inputs import find_sources
from twlab.service.jobs.job import Job
from twlab.service.jobs.kinds import kind_of_name
from twlab.service.jobs.ledger import Ledger
from twlab.service.jobs.locks import RunLock, is_alive
from twlab.service.jobs.urls import clean_url

__all__ = [
    "Assets",
    "Job",
    "Ledger",
    "Options",
    "RunLock",
    "answer_path",
    "clean_url",
    "find_sources",
    "is_alive",
    "kind_of_name",
    "read_head",
    "save_answer",
]
