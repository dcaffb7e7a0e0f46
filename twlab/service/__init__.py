"""The way to the service: clients, jobs and their ledger, HTTP.

The clients and what they give are tables; :mod:`twlab.service.jobs` and :mod:`twlab.service.http`
below them know none.
"""

from twlab.service.models import (
    check_choice,
    check_clips,
    check_query,
    check_settings,
    model_of,
)

__all__ = [
    "check_choice",
    "check_clips",
    "check_query",
    "check_settings",
    "model_of",
]
