"""What goes wrong, and when.

A fault hits requests whose ``METHOD /path`` matches, `times` times, each with some probability.
Faults that come *after* let the service do its work first, so that a job is accepted and paid for
although the client never hears of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

BEFORE = ("status", "reset_before", "hang_before", "fin_before")
AFTER = ("reset_after", "error_after", "truncate", "cut_json", "slow", "hang_after", "fin_after")


@dataclass
class Fault:
    """One way to break.

    Parameters
    ----------
    kind : str
        ``status`` (answers `status` with `headers`, does nothing), ``reset_before`` and ``_after``
        (TCP reset), ``fin_before`` and ``_after`` (clean close without an answer),
        ``hang_before`` and ``_after`` (silence for `seconds`), ``error_after`` (does the work, says
        `status`), ``truncate`` (half of the announced body), ``cut_json`` (half of the JSON, whole
        by its headers), ``slow`` (dripping body).
    match : str
        Pattern for ``METHOD /path``.
    times : int
        How many requests are hit.
    """

    kind: str
    match: str = "."
    times: int = 1
    probability: float = 1.0
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 1.0
    hits: int = 0

    def strikes(self, request: str, rng: random.Random) -> bool:
        if self.hits >= self.times or not re.search(self.match, request):
            return False
        if self.probability < 1 and rng.random() >= self.probability:
            return False
        self.hits += 1
        return True


def chaos(probability: float) -> list[Fault]:
    """Every fault, each now and then, on everything that a job needs."""
    share = probability / 9
    endless = 10**9
    jobs = r"POST /embed|/assets|/_store/"
    return [
        Fault("status", ".", endless, share, 429, {"retry-after-ms": "60"}),
        Fault("status", ".", endless, share, 429),
        Fault("status", ".", endless, share, 503, {"retry-after": "0"}),
        Fault("reset_before", jobs, endless, share),
        Fault("reset_after", ".", endless, share),
        Fault("error_after", ".", endless, share, 502),
        Fault("truncate", ".", endless, share),
        Fault("cut_json", ".", endless, share),
        Fault("fin_after", ".", endless, share),
    ]
