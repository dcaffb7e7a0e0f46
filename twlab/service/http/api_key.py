"""The API key, which never shows itself.

The key enters through :func:`find_key`, is held in a :class:`Key`, and leaves only through
:meth:`Key.reveal`, which one line of the transport calls.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import os
import re
from urllib.parse import urlsplit

from twlab.errors import InputError

__all__ = ["Key", "find_base_url", "find_key"]

BASE_URL = "https://api.twelvelabs.io/v1.3"
_VARIABLES = ("TWELVELABS_API_KEY", "TWELVE_LABS_API_KEY")
_STARS = b"****"
_SECRET_CHARS = 8
"""A shorter text stands in 350 MB of answers by chance: one of eight letters, of 64 that there are,
in one of a million."""
_ESCAPE = re.compile(rb"\\+[ux/\"\\]|%|&#")


class Key:
    """A key that prints as stars.

    >>> Key("tlk_0123456789")
    Key(****)
    >>> Key("tlk_0123456789").mask("bad key tlk_0123456789!")
    'bad key ****!'
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "Key(****)"

    def __reduce__(self) -> str:
        raise InputError(
            "an API key cannot be pickled; it would lie in a file readable by others; "
            "make a new client with the key from the environment"
        )

    def __getstate__(self) -> None:
        """Nothing: the value is no state that anybody may take along."""

    def reveal(self) -> str:
        """The key itself, for the request's header and nothing else."""
        return self._value

    def mask(self, text: str) -> str:
        """The text without the key, in case somebody's message repeats it."""
        return self.mask_bytes(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")

    def mask_bytes(self, content: bytes) -> bytes:
        """The same of bytes; also the key escaped for JSON, HTML or an address, in base 64 or 16.

        The time is that of a few searches: patterns are tried near escapes only.
        """
        content = content.replace(self._value.encode(), _STARS)
        for form in _encode(self._value):
            content = content.replace(form, _STARS)
        reach = 12 * len(self._value)  # an escaped character is shorter than twelve
        spans: list[tuple[int, int]] = []
        for found in _ESCAPE.finditer(content):
            first, last = max(0, found.start() - reach), found.end() + reach
            if spans and first <= spans[-1][1]:
                first = spans.pop()[0]
            spans.append((first, last))
        pattern = _compile_escapes(self._value) if spans else None
        for first, last in reversed(spans):
            if pattern is not None and pattern.search(content, first, last):
                part = pattern.sub(_STARS, content[first:last])
                content = content[:first] + part + content[last:]
        return content

    def mask_answer(self, content: bytes) -> bytes:
        """The same of an answer that is kept; not for a key that could be a part of a number."""
        is_secret = len(self._value) >= _SECRET_CHARS and re.search(r"[^0-9eE.+-]", self._value)
        return self.mask_bytes(content) if is_secret else content

    def account(self, base_url: str) -> str:
        """A name for the account that does not give the key away.

        Sixteen hexadecimal digits of a slow hash of the key and the service's address, so that
        jobs of two accounts, or of a test service, never stand in for each other.
        """
        salt = f"twlab account {base_url}".encode()
        return hashlib.scrypt(self._value.encode(), salt=salt, n=4096, r=8, p=1, dklen=8).hex()


def find_key(api_key: str | None) -> Key:
    """The key from the argument or the environment.

    Raises
    ------
    InputError
        If there is none, or it cannot be sent in a header.
    """
    value = api_key
    if value is None:
        value = next((os.environ[name] for name in _VARIABLES if os.environ.get(name)), "")
    value = value.strip()
    if not value:
        raise InputError(
            "no API key; one was expected in api_key= or the environment variable "
            "TWELVELABS_API_KEY; make one at https://playground.twelvelabs.io"
        )
    if not value.isascii() or not value.isprintable() or " " in value:
        raise InputError(
            f"the API key of {len(value)} characters holds blanks or characters outside ASCII; a "
            "key as copied from the dashboard was expected; copy it again"
        )
    return Key(value)


def find_base_url(base_url: str | None, *, allow_http: bool = False) -> str:
    """The service's address from the argument or the environment, without a trailing slash.

    Raises
    ------
    InputError
        If it is not an http(s) address, hides another host, or would carry the key in clear text
        over a network.
    """
    url = (base_url or os.environ.get("TWELVELABS_BASE_URL") or BASE_URL).strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    shown = re.sub(r"//[^/]*@", "//", url)
    usable = url.isascii() and url.isprintable() and not set(url) & set(' \\?#<>"')
    if parts.scheme not in ("https", "http") or not host or not usable or port == 0:
        raise InputError(
            f"base_url {shown!r} is not an address; one such as {BASE_URL!r} was expected; "
            "leave it out to use the service itself"
        )
    if "@" in parts.netloc:
        raise InputError(
            f"base_url names the host {host!r} behind an '@'; an address without a user name was "
            "expected, as the key would go to that host; write the host alone"
        )
    if parts.scheme == "http" and not allow_http and not _is_here(host):
        raise InputError(
            f"base_url {url!r} would carry the key in clear text; https was expected; write "
            "https://, or say allow_http=True where the network is trusted"
        )
    return url


def _is_here(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _encode(value: str) -> tuple[bytes, ...]:
    """The key in base 16, and the part in base 64 that is the same whatever surrounds it."""
    raw = value.encode()
    if len(raw) < _SECRET_CHARS:
        return ()
    found = [raw.hex().encode(), raw.hex().upper().encode()]
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            first, last = -(-shift * 8 // 6), (shift + len(raw)) * 8 // 6
            found.append(encode(bytes(shift) + raw)[first:last])
    return tuple(dict.fromkeys(found))


def _compile_escapes(value: str) -> re.Pattern[bytes]:
    """The key, any of whose characters may be escaped."""
    parts = []
    for char in value:
        code = ord(char)
        digits = "".join(f"[{d}{d.upper()}]" for d in f"{code:02x}")
        plain = re.escape(char) if char.isalnum() else rf"\\*{re.escape(char)}"
        forms = (rf"\\+u00{digits}", rf"\\+x{digits}", rf"%(?:25)*{digits}")
        html = (rf"&#0*{code};", rf"&#[xX]0*{digits};")
        parts.append("(?:" + "|".join((plain, *forms, *html)) + ")")
    return re.compile("".join(parts).encode())
