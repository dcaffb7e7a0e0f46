"""The API key, which never shows itself.

The key enters through :func:`find_key`, is held in a :class:`Key`, and leaves only through
:meth:`Key.reveal`, which one line of the transport calls.
"""

from __future__ import annotations

import hashlib
import os

from twlab.errors import InputError

__all__ = ["BASE_URL", "Key", "find_base_url", "find_key"]

BASE_URL = "https://api.twelvelabs.io/v1.3"
_VARIABLES = ("TWELVELABS_API_KEY", "TWELVE_LABS_API_KEY")


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

    def reveal(self) -> str:
        """The key itself, for the request's header and nothing else."""
        return self._value

    def mask(self, text: str) -> str:
        """The text without the key, in case somebody's message repeats it."""
        return text.replace(self._value, "****")

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
            f"the API key of {len(value)} characters holds blanks or letters outside ASCII; a "
            "key as copied from the dashboard was expected; copy it again"
        )
    return Key(value)


def find_base_url(base_url: str | None) -> str:
    """The service's address from the argument or the environment, without a trailing slash.

    Raises
    ------
    InputError
        If it is not an http(s) address.
    """
    url = (base_url or os.environ.get("TWELVELABS_BASE_URL") or BASE_URL).strip().rstrip("/")
    if not url.startswith(("https://", "http://")):
        raise InputError(
            f"base_url {url!r} is not an address; one such as {BASE_URL!r} was expected; "
            "leave it out to use the service itself"
        )
    return url
