"""What the HTTP library writes to the log, without the key.

It logs the headers and addresses that a server sends, and a server may repeat the key there.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twlab.service.http.api_key import Key

__all__ = ["MaskedLogs"]

_PARTS = ("connection", "http11", "http2", "proxy", "socks")
_LOGGERS = ("httpx", *(f"httpcore.{part}" for part in _PARTS))  # filters are not inherited


class MaskedLogs(logging.Filter):
    """Stars in place of a key, in every line that the library logs; lets all of them pass."""

    def __init__(self, key: Key) -> None:
        super().__init__()
        self._key = key

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the line; is called only where it is to be written."""
        record.msg, record.args = self._key.mask(record.getMessage()), ()
        return True

    def begin(self) -> None:
        """Mask from now on."""
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(self)

    def end(self) -> None:
        """Leave the logs as they were."""
        for name in _LOGGERS:
            logging.getLogger(name).removeFilter(self)
