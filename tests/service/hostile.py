"""A service that has changed, broken or turned hostile: what it sends may be anything.

It takes the stand-in's right answers and spoils them at random: other types at any place of the
JSON, headers out of all bounds, statuses that do not exist, bodies that are cut, packed, dripped,
too large or no JSON, lists that never end, and the caller's key in every spelling.
"""

from __future__ import annotations

import base64
import copy
import gzip
import json
import random
import zlib
from contextlib import suppress
from typing import Any
from urllib.parse import quote

JUNK: list[Any] = [
    *(None, True, 0, -1, 1.5, 1e300, 2**63, "", "x", "\x1b[2J\r\n\u202e", "../../x", "\u0000"),
    *([], {}, [None], [{}], ["x"], [[]], {"_id": None}, {"_id": {}}, {"data": None}, {"data": {}}),
    *({"data": [None]}, {"data": ["x"]}, {"page_info": []}, {"error": []}, {"metadata": [1]}),
]
HEADERS = [
    *[("retry-after", v) for v in ("-5", "1e9", "nan", "Mon, 01 Jan 99999999999 00:00:00 GMT")],
    *[("retry-after", v) for v in ("Fri, 31 Dec 9999 23:59:59 -2359", "\xff", "soon", "")],
    *[("date", v) for v in ("Mon, 01 Jan 0001 00:00:00 +2359", "Fri, 31 Dec 9999 23:59:59 -2359")],
    *[("date", v) for v in ("Mon, 01 Jan 99999999999 00:00:00 GMT", "\xff", "now")],
    *[("x-ratelimit-limit", "0"), ("x-ratelimit-remaining", "-1"), ("x-ratelimit-reset", "1e11")],
    *[("retry-after-ms", "1e400"), ("x-ratelimit-reset", "0"), ("x-ratelimit-limit", "nan")],
    *[("content-encoding", v) for v in ("gzip", "br", "zstd", "gzip, gzip", "\xff")],
    *[("content-type", "text/html; charset=nonsense"), ("location", "http://evil.example/")],
    *[("etag", ""), ("x-request-id", "\x1b]0;owned\x07"), ("x-request-id", "r" * 9000)],
]
STATUSES = [201, 202, 204, 206, 301, 302, 304, 307, 400, 401, 402, 403, 404, 408, 409, 410, 413]
STATUSES += [418, 422, 429, 451, 500, 502, 503, 504, 520, 599, 600, 999]
KINDS = ("types", "types", "types", "headers", "status", "body", "key", "pages", "drip", "bomb")


def spellings(key: str) -> list[str]:
    """The key as servers, logs and proxies write it."""
    raw = key.encode()
    mixed = "".join(f"\\u{ord(c):04x}" if i % 2 else c for i, c in enumerate(key))
    return [
        key,
        f"Bearer {key}!",
        "".join(f"\\u{ord(char):04x}" for char in key),
        "".join(f"\\u{ord(char):04X}" for char in key),
        mixed,
        "".join(f"%{ord(char):02x}" for char in key),
        quote("".join(f"%{ord(char):02X}" for char in key)),
        "".join(f"&#{ord(char)};" for char in key),
        "".join(f"&#x{ord(char):x};" for char in key),
        "".join(f"\\x{ord(char):02x}" for char in key),
        raw.hex(),
        *(base64.b64encode(b"k" * shift + raw + b"z").decode() for shift in range(3)),
        base64.urlsafe_b64encode(raw).decode(),
    ]


class Hostile:
    """Spoils answers; each request is met with some probability.

    Parameters
    ----------
    seed : int
        Of what is done.
    probability : float
        Share of answers that are spoiled.
    kinds : tuple of str
        How; see the module.
    method : str
        Only answers to requests of this method; empty for all.
    """

    def __init__(
        self,
        seed: int,
        *,
        probability: float = 0.5,
        kinds: tuple[str, ...] = KINDS,
        method: str = "",
    ) -> None:
        self.rng, self.probability, self.kinds = random.Random(seed), probability, kinds
        self.method, self.n_spoiled = method, 0

    def answers(self, handler: Any, status: int, body: Any, headers: dict[str, str]) -> bool:
        """Whether the answer was sent from here, spoiled."""
        with handler.service.store.lock:
            hit = self.rng.random() < self.probability and self.method in ("", handler.command)
            kind = self.rng.choice(self.kinds)
            self.n_spoiled += hit
            if not hit:
                return False
            key = handler.headers.get("x-api-key") or ""
            made = getattr(self, f"_{kind}")(status, copy.deepcopy(body), dict(headers), key)
        with suppress(OSError):
            _write(handler, *made, seconds=0.6 if kind == "drip" else 0.0)
        return True

    def _types(self, status: int, body: Any, headers: dict[str, str], key: str) -> Any:
        for _ in range(self.rng.choice([1, 1, 2, 5])):
            body = self._spoiled(body)
        return status, _dumped(body), headers

    def _spoiled(self, body: Any) -> Any:
        boxes = [box for box in _boxes(body) if box]
        if not boxes or self.rng.random() < 0.05:
            return copy.deepcopy(self.rng.choice(JUNK))
        box = self.rng.choice(boxes[:40])
        place = self.rng.choice(list(box) if isinstance(box, dict) else range(len(box)))
        if self.rng.random() < 0.3:
            del box[place]
        else:
            box[place] = copy.deepcopy(self.rng.choice(JUNK))
        return body

    def _headers(self, status: int, body: Any, headers: dict[str, str], key: str) -> Any:
        chosen = dict(self.rng.sample(HEADERS, 3))
        return self.rng.choice([status, 429, 503]), _dumped(body), headers | chosen

    def _status(self, status: int, body: Any, headers: dict[str, str], key: str) -> Any:
        said = self.rng.choice(
            [body, {"code": key, "message": f"your key {key} \x1b[2J\n\n"}, {"error": ["x"]}, 7]
        )
        return self.rng.choice(STATUSES), _dumped(said), headers

    def _body(self, status: int, body: Any, headers: dict[str, str], key: str) -> Any:
        whole = _dumped(body)
        return (
            status,
            self.rng.choice(
                [
                    whole[: len(whole) // 2],
                    b"",
                    b"\xff\xfe" + whole,
                    whole.decode("utf-8").encode("utf-16"),
                    gzip.compress(whole),
                    b"[" * 100_000,
                    b'{"a":' * 5000,
                    b'"' + b"\\ud800" * 50 + b'"',
                    b"1" * 5000,
                    b"NaN",
                ]
            ),
            headers,
        )

    def _key(self, status: int, body: Any, headers: dict[str, str], key: str) -> Any:
        spelt = self.rng.choice(spellings(key))
        headers = headers | {"x-request-id": f"r {spelt}", "www-authenticate": spelt}
        if self.rng.random() < 0.5:
            text = '{"code": "c", "message": "the key SPELT is bad"}'.replace("SPELT", spelt)
            return self.rng.choice([400, 401, 403, 500]), text.encode(), headers
        if isinstance(body, dict):
            body["echo"], body["metadata"] = "SPELT", {"input_filename": "SPELT.mp4"}
        return status, _dumped(body).replace(b"SPELT", spelt.encode()), headers

    def _pages(self, status: int, body: Any, headers: dict[str, str], key: str) -> Any:
        if isinstance(body, dict) and isinstance(body.get("page_info"), dict):
            page = int(body["page_info"].get("page", 1))
            body["page_info"] |= {"total_page": page + 1, "next_page_token": f"t{page}"}
            body["data"] = body.get("data") or [{"_id": f"{self.rng.getrandbits(60):x}"}]
        return status, _dumped(body), headers

    def _drip(self, status: int, body: Any, headers: dict[str, str], key: str) -> Any:
        return status, _dumped(body), headers

    def _bomb(self, status: int, body: Any, headers: dict[str, str], key: str) -> Any:
        return self.rng.choice([status, 500]), BOMB, headers | {"content-encoding": "gzip"}


def bomb(n_bytes: int) -> bytes:
    """So many blanks, packed."""
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(b" " * (1 << 20)) for _ in range(n_bytes >> 20)]
    return b"".join(parts) + packer.flush()


BOMB = bomb(40 << 20)


def _boxes(body: Any) -> list[Any]:
    """All objects and lists, outermost first; of long lists the first entries."""
    found, todo = [], [body]
    while todo and len(found) < 400:
        one = todo.pop(0)
        if isinstance(one, dict | list):
            found.append(one)
            todo += list(one.values()) if isinstance(one, dict) else one[:3]
    return found


def _dumped(body: Any) -> bytes:
    return json.dumps(body).encode()


def _write(
    handler: Any, status: int, content: bytes, headers: dict[str, str], *, seconds: float
) -> None:
    """Send it, as little checked as a hostile server would."""
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(lines).replace("\x1b", "").encode("latin-1", "replace")
    handler.wfile.write(head + b"\r\n\r\n")
    step = max(1, len(content) // 4) if seconds else len(content) or 1
    for start in range(0, len(content), step):
        handler.wfile.write(content[start : start + step])
        handler.wfile.flush()
        if seconds:
            handler.service.stop.wait(seconds / 4)
    handler.wfile.flush()
