"""What a refused or broken request is called, in one sentence and without the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from twlab.errors import ApiError, NotFoundError, status_error
from twlab.service.http.fields import plain
from twlab.service.http.limits import asked_wait

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["describe_break", "refusal", "request_id"]

_BODY_CHARS = 200
"""A sentence of what the service said, not the page of a gateway."""
_TASK = "/tasks/{id}"
_WORDS = {
    "ConnectTimeout": "no connection in time",
    "ConnectError": "no connection",
    "ReadTimeout": "the service fell silent",
    "WriteTimeout": "the service stopped taking bytes",
    "ReadError": "the connection broke while reading",
    "WriteError": "the connection broke while sending",
    "RemoteProtocolError": "the answer broke off",
    "UnsupportedProtocol": "the address is not usable",
    "DecodingError": "the answer cannot be decompressed",
    "ProxyError": "the proxy refused",
}


def describe_break(error: Exception) -> str:
    """What broke, in words, without the address (it may hold a signature).

    >>> describe_break(TimeoutError())
    'TimeoutError'
    """
    name = type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "no connection, as the certificate there is not trusted"
    return _WORDS.get(name, name)


def refusal(
    name: str,
    status: int,
    headers: Mapping[str, str],
    content: bytes,
    *,
    max_wait_sec: float,
    mask: Callable[[str], str] = str,
) -> ApiError:
    """The error for an answer that is none.

    >>> refusal("GET /x", 404, {}, b'{"code": "c", "message": "m"}', max_wait_sec=60)
    NotFoundError('GET /x: 404 c “m”; check the id')
    """
    code, message = map(mask, _read_body(content))
    kind = status_error(status)
    said = " ".join(part for part in (code, f"“{message}”" if message else "") if part)
    asked = asked_wait(headers)
    wait = asked if status == 429 or "retry-after" in headers else None
    if wait is not None and wait > max_wait_sec:
        said += f" (asks to wait {wait:.0f} s; up to {max_wait_sec:g} s allowed)"
    advice = kind.advice
    if kind is NotFoundError and _TASK in name:
        advice = f"{advice}; the service forgets embedding tasks after seven days"
    return kind(
        f"{name}: {status} {said.strip() or 'without a word'}; {advice}",
        status=status,
        code=code,
        message=message,
        request_id=request_id(headers),
        wait_sec=wait,
    )


def request_id(headers: Mapping[str, str]) -> str:
    """What to quote to the service's support; empty where it gave none."""
    names = ("x-request-id", "request-id", "x-amzn-requestid", "x-amz-request-id")
    return plain(next((headers[name] for name in names if name in headers), ""))


def _read_body(content: bytes) -> tuple[str, str]:
    """The service's code and sentence, from a flat, a nested or a search error body."""
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return "", plain(content[: 4 * _BODY_CHARS].decode("utf-8", "replace"), _BODY_CHARS)
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = body["error"]
    if not isinstance(body, dict):
        return "", plain(str(body), _BODY_CHARS)
    code = body.get("code") or body.get("error_code") or ""
    message = body.get("message") or body.get("error") or ""
    return plain(str(code), 80), plain(str(message), _BODY_CHARS)
