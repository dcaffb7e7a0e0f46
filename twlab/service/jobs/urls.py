"""Addresses of the web: what is one, and what of it may be kept and shown."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

__all__ = ["clean_url", "is_url"]

_SIGNING = ("x-amz-", "x-goog-", "signature", "expires", "key-pair-id", "policy", "token")
_AZURE = frozenset({"sig", "se", "st", "sp", "sv", "sr", "skoid", "sktid", "ske", "sks", "skv"})


def is_url(text: str) -> bool:
    """Whether a text is a web address.

    >>> is_url("https://example.com/a.mp4"), is_url("C:/a.mp4")
    (True, False)
    """
    return text.lower().startswith(("https://", "http://"))


def clean_url(url: str) -> str:
    """The address without signatures, which are secret and change with every request.

    >>> clean_url("https://a.b/c.mp4?id=7&X-Amz-Signature=abc&Expires=9")
    'https://a.b/c.mp4?id=7'
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if not _signs(name.lower())]
    return urlunsplit((parts.scheme, host, parts.path, urlencode(kept), ""))


def _signs(name: str) -> bool:
    return name.startswith(_SIGNING) or name in _AZURE
