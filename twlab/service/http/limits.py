"""How fast to ask: the service's rate limit, learned from its answers.

The service limits each endpoint by windows and says so in ``X-Ratelimit-Limit``,
``X-Ratelimit-Remaining`` and ``X-Ratelimit-Reset`` (UTC seconds). Where these headers come, no
more requests leave in a window than it has room for, so a limit is met once at most: at the very
start, when nothing is known yet. Where they do not come, the pace falls below the rate at which
the service last refused, and creeps up again.

Reset times are the service's clock. Its ``Date`` headers, whole seconds each, are narrowed down to
the offset between both clocks (:class:`ServerClock`): every answer says that the service's time
lay within one second, and the intersection of these seconds shrinks to milliseconds.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from twlab.errors import RateLimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Limiter", "ServerClock", "asked_wait"]

_LATEST = 1e11  # the year 5138: what is later is no time of a service
_NAP_SEC = 0.25
"""Between looks at what may be sent: answers that come meanwhile may have changed it."""
_GROWTH_PER_SEC = 0.01
"""How much of the gap between requests goes each second, so that the pace doubles in 70 s."""
_PACE_AFTER_REFUSAL = 0.95
"""A little below the pace that was too fast, so that the same one is not refused again at once."""


def _number(headers: Mapping[str, str], name: str) -> float | None:
    try:
        value = float(headers[name])
    except (KeyError, ValueError):
        return None
    return value if 0 <= value < _LATEST else None


def _date(text: str | None) -> float | None:
    try:
        found = parsedate_to_datetime(text).timestamp() if text else None
    except (TypeError, ValueError, OverflowError, IndexError, OSError):  # years of any length
        return None
    return found if found is not None and 0 <= found < _LATEST else None


class ServerClock:
    """The service's time on ours, narrowed with every answer."""

    def __init__(self) -> None:
        self._low, self._high = -float("inf"), float("inf")

    def learn(self, headers: Mapping[str, str], sent_at: float, got_at: float) -> None:
        """Take in one answer; times are ours, in seconds of one steady clock."""
        date = _date(headers.get("date"))
        if date is None:
            return
        low, high = date - got_at, date + 1 - sent_at
        if low > self._high or high < self._low:  # one of the clocks was set anew
            self._low, self._high = low, high
        self._low, self._high = max(self._low, low), min(self._high, high)

    def theirs(self, now: float) -> float | None:
        """What the service's clock shows at our `now`; rather early than late, None if unknown."""
        return None if self._low == -float("inf") else now + self._low

    def ours(self, epoch: float, now: float) -> float:
        """When the service's clock shows `epoch`, on our clock; rather late than early."""
        if self._low == -float("inf"):
            return now + epoch - time.time()
        return epoch - self._low


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """How many seconds an answer asks to wait; None where it does not.

    Reads ``retry-after-ms``, ``Retry-After`` (seconds or a date) and, where nothing remains,
    ``X-Ratelimit-Reset``.

    >>> asked_wait({"retry-after-ms": "1500"}), asked_wait({"retry-after": "3"}), asked_wait({})
    (1.5, 3.0, None)
    """
    millis, seconds = _number(headers, "retry-after-ms"), _number(headers, "retry-after")
    if millis is not None:
        return millis / 1000
    if seconds is not None:
        return seconds
    now = _date(headers.get("date")) or time.time()
    date = _date(headers.get("retry-after"))
    if date is not None:
        return max(0.0, date - now)
    reset = _number(headers, "x-ratelimit-reset")
    if reset is None or _number(headers, "x-ratelimit-remaining"):
        return None
    return max(0.0, reset - now) if reset > 1e9 else reset


class _Group:
    """What is known of the limit of one endpoint."""

    def __init__(self) -> None:
        self.limit: int | None = None
        self.remaining = 0
        self.reset_epoch = 0.0
        self.resets_at = 0.0
        self.window_sec: float | None = None
        self.rolled = False
        self.in_flight = 0
        self.paused_until = 0.0
        self.strikes = 0
        self.gap_sec = 0.0
        self.next_at = 0.0
        self.paced_at = 0.0
        self.good: deque[float] = deque(maxlen=20)

    def wait(self, now: float) -> float:
        if now < self.paused_until:
            return self.paused_until - now
        if self.limit is not None and self.remaining <= 0 and now < self.resets_at:
            return self.resets_at - now
        return self.next_at - now if self.gap_sec else 0.0

    def take(self, now: float) -> None:
        if self.limit is not None:
            if now >= self.resets_at:
                self.remaining = max(1, self.limit - self.in_flight)
                self.resets_at, self.rolled = now + (self.window_sec or 1.0), True
            self.remaining -= 1
        self.in_flight += 1
        if self.gap_sec:
            self.gap_sec *= max(0.5, 1 - _GROWTH_PER_SEC * (now - self.paced_at))
            self.paced_at = now
            self.next_at = max(now, self.next_at) + self.gap_sec

    def take_window(self, headers: Mapping[str, str], clock: ServerClock, now: float) -> bool:
        limit, left, reset = (
            _number(headers, f"x-ratelimit-{name}") for name in ("limit", "remaining", "reset")
        )
        if limit is None or left is None or reset is None:
            return False
        epoch = reset if reset > 1e9 else round(time.time() + reset)
        if epoch < self.reset_epoch - 0.5:
            return True
        if epoch > self.reset_epoch + 0.5:
            if self.reset_epoch:
                between = epoch - self.reset_epoch
                self.window_sec = min(between, self.window_sec or between)
            if not self.rolled:  # a window that began unseen: what is under way may count in it
                self.remaining = int(left) - self.in_flight
            self.reset_epoch, self.rolled = epoch, False
        self.limit = int(limit)
        self.remaining = min(self.remaining, int(left))
        self.resets_at = clock.ours(epoch, now)
        return True

    def refuse(self, now: float, wait: float | None, *, windowed: bool) -> None:
        if now < self.paused_until:  # one of several requests that met the same wall
            return
        self.strikes += 1
        own = min(30.0, 0.5 * 2.0 ** (self.strikes - 1)) * random.uniform(0.5, 1.0)
        self.paused_until = now + (own if wait is None else wait)
        if windowed or len(self.good) < 2:
            return
        rate = len(self.good) / max(1.0, now - self.good[0])
        if self.gap_sec:
            rate = min(rate, 1 / self.gap_sec)
        self.gap_sec, self.paced_at = 1 / (_PACE_AFTER_REFUSAL * rate), now
        self.next_at = self.paused_until
        self.good.clear()


class Limiter:
    """The gate before every request.

    Parameters
    ----------
    max_wait_sec : float
        A longer wait is refused at once.
    now : callable
        A steady clock.
    """

    def __init__(self, *, max_wait_sec: float, now: Callable[[], float] = time.monotonic) -> None:
        self.max_wait_sec, self._now = max_wait_sec, now
        self._clock = ServerClock()
        self._groups: dict[str, _Group] = {}

    async def enter(self, name: str) -> None:
        """Wait until the endpoint has room.

        Raises
        ------
        RateLimitError
            If that takes longer than allowed.
        """
        group = self._groups.setdefault(name, _Group())
        while (wait := group.wait(self._now())) > 0:
            if wait > self.max_wait_sec:
                raise RateLimitError(
                    f"{name} has no room for {wait:.0f} s; up to {self.max_wait_sec:g} s are "
                    f"waited; {RateLimitError.advice}",
                    status=429,
                    wait_sec=wait,
                )
            await asyncio.sleep(min(wait, _NAP_SEC))
        group.take(self._now())

    def service_time(self) -> float | None:
        """What the service's clock shows now, rather early than late; None while unknown."""
        return self._clock.theirs(self._now())

    def leave(self, name: str) -> None:
        """A request is over, however it ended."""
        self._groups[name].in_flight -= 1

    def learn(self, name: str, status: int, headers: Mapping[str, str], sent_at: float) -> None:
        """Take in an answer's status and headers; to be called after :meth:`leave`."""
        group, now = self._groups[name], self._now()
        self._clock.learn(headers, sent_at, now)
        windowed = group.take_window(headers, self._clock, now)
        if status == 429:
            group.refuse(now, asked_wait(headers), windowed=windowed)
            return
        group.good.append(now)
        if now >= group.paused_until:
            group.strikes = 0
