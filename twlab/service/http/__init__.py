"""One request after another: the key, the rate limit, endpoints, retries, errors. No tables."""

from twlab.service.http.api_key import Key, find_base_url, find_key
from twlab.service.http.background import Background
from twlab.service.http.bodies import read_body
from twlab.service.http.endpoints import Service
from twlab.service.http.file_bodies import FilePart
from twlab.service.http.limits import Limiter, ServerClock, asked_wait
from twlab.service.http.transport import Call, Transport

__all__ = [
    "Background",
    "Call",
    "FilePart",
    "Key",
    "Limiter",
    "ServerClock",
    "Service",
    "Transport",
    "asked_wait",
    "find_base_url",
    "find_key",
    "read_body",
]
