"""Paid jobs from claim to answer, across crashes: ledger, uploads, answers. No tables."""

from twlab.service.jobs.answers import answer_path, read_head, save_answer
from twlab.service.jobs.assets import Assets
from twlab.service.jobs.embedding_options import Options, read_options
from twlab.service.jobs.facts import facts_from, facts_of, which_is
from twlab.service.jobs.inputs import Asset, Media, find_sources
from twlab.service.jobs.job import Job
from twlab.service.jobs.kinds import kind_of, kind_of_name, kind_of_type
from twlab.service.jobs.ledger import Ledger
from twlab.service.jobs.locks import RunLock, is_alive
from twlab.service.jobs.urls import clean_url

__all__ = [
    "Asset",
    "Assets",
    "Job",
    "Ledger",
    "Media",
    "Options",
    "RunLock",
    "answer_path",
    "clean_url",
    "facts_from",
    "facts_of",
    "find_sources",
    "is_alive",
    "kind_of",
    "kind_of_name",
    "kind_of_type",
    "read_head",
    "read_options",
    "save_answer",
    "which_is",
]
