"""What object storage says where it does not do what it is asked, in words.

LanceDB tells it as the inside of its own objects, with the whole answer of the service, which may
repeat what was sent to it. Left of that is what a user can act on: what is wrong, at which host,
by which name the service knows it, and what to do.
"""

from __future__ import annotations

import re

__all__ = ["drop_secrets", "outage"]

_IN_STORAGE = re.compile(
    r'Error performing [A-Z]+ http|store: "(?!Local)|Generic (?!Local)[\w/]+ error|'
    r"The operation lacked"
)
_HOST = re.compile(r"https?://(?:[^/?\s)\"]*@)?([^/?\s)\"@]+)")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_SENT = re.compile(
    r"(?<=://)[^/?\s)\"]*@|(?<=\?)[^\s)\"]+|<(\?xml|Error)\b.*",
    re.DOTALL,
)
_STATUS = re.compile(r"\bstatus(?: code)?:? (\d{3})\b")

_KEYS = "set the keys of somebody who may, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_NO_KEYS = "no keys for it were found"
_AGAIN = "check the network and AWS_ENDPOINT_URL, and call again"
_KINDS = (
    ("CredentialsNotLoaded|Failed to get .*credentials|TokenRequest", _NO_KEYS, _KEYS),
    (
        "BadScheme|URL scheme is not allowed",
        "an address without encryption is not taken",
        "set AWS_ALLOW_HTTP=true where nobody can listen, or an address with https",
    ),
    ("NoSuchBucket", "there is no such bucket", "correct the address, or make the bucket"),
    (
        "PermanentRedirect|AuthorizationHeaderMalformed|BareRedirect|without LOCATION",
        "the bucket is in another region",
        "set AWS_REGION to that of the bucket",
    ),
    (
        r"\A40[13]|The operation lacked|<Code>(Expired|Invalid)Token",
        "these keys are refused",
        _KEYS,
    ),
    (r"\A40[05]", "it does not take what it is sent", "check AWS_ENDPOINT_URL and AWS_REGION"),
    (r"\A(429|5\d\d)", "it is overloaded or out of order", "call again later"),
    (r"kind: Timeout|TimedOut|timed out", "no answer came in time", _AGAIN),
    (r"HTTP error|HttpError|dns error|response body", "nobody answers", _AGAIN),
)
"""By what a kind is known in the status and text of an error, and what is said of it."""


def outage(told: str) -> str | None:
    """What is wrong with object storage by an error of the library, and what to do.

    None where the error is another: one that others can cause by writing at the same time too, or
    one of a local disk.
    """
    if not _IN_STORAGE.search(told):
        return None
    status, code, host = (pattern.search(told) for pattern in (_STATUS, _CODE, _HOST))
    signs = f"{status[1] if status else ''} {told}"
    for sign, wrong, remedy in _KINDS:
        if re.search(sign, signs):
            named = f": {code[1]}" if code else ""
            where = f" at {host[1]!r}" if host and wrong != _NO_KEYS else ""
            return f"({wrong}{where}{named}); storage that does it was expected; {remedy}"
    return None


def drop_secrets(told: str) -> str:
    """What the library tells, without keys in an address and the answer of object storage."""
    return _SENT.sub("…", told) if _IN_STORAGE.search(told) else told
