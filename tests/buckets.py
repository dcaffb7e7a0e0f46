"""Object storage on this machine: as much of S3 as a store needs, conditional writes included.

Some buckets behave badly (:data:`BADLY`). What the others do well is checked beside moto where that
is installed (``test_store_s3.py``), which weighs a hundred megabytes and behaves well only.
"""

from __future__ import annotations

import re
import threading
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BADLY = {
    "refused": (403, "SignatureDoesNotMatch"),
    "elsewhere": (301, "PermanentRedirect"),
    "busy": (503, "SlowDown"),
    "gone": (404, "NoSuchBucket"),
    "expired": (400, "ExpiredToken"),
    "strange": (400, "InvalidRequest"),
    "unknown": (418, "Teapot"),
}
"""The status and the code that buckets of these names answer with; ``silent`` never answers."""


class Buckets(ThreadingHTTPServer):
    """Serves until :meth:`stop`; the keys of objects begin with their bucket."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.read_only = False
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: Any) -> None:
        """Whoever is killed while it is answered is no news."""


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Buckets

    def log_message(self, *_: Any) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", headers.get("length", str(len(body))))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    def refuse(self, status: int, code: str) -> None:
        sent = escape(self.headers.get("x-amz-security-token", ""))
        self.answer(status, f"<Error><Code>{code}</Code><Sent>{sent}</Sent></Error>".encode())

    def handle_any(self) -> None:
        address = urlsplit(self.path)
        self.key, self.asked = unquote(address.path[1:]), parse_qs(address.query, True)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        bucket = self.key.split("/")[0]
        if bucket == "silent":
            self.server.ended.wait()
        if self.server.ended.is_set():
            self.close_connection = True
        elif bucket in BADLY:
            self.refuse(*BADLY[bucket])
        elif self.server.read_only and self.command not in ("GET", "HEAD"):
            self.refuse(403, "AccessDenied")
        else:
            with self.server.lock:
                self.ANSWERS[self.command](self)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = handle_any

    def get(self) -> None:
        found = self.server.objects.get(self.key)
        if "list-type" in self.asked:
            self.list()
        elif found is None:
            self.refuse(404, "NoSuchKey")
        else:
            first, last = 0, len(found) - 1
            asked = re.match(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
            if asked:
                first = int(asked[1]) if asked[1] else len(found) - int(asked[2])
                last = min(int(asked[2]), last) if asked[1] and asked[2] else last
            told = {"Content_Range": f"bytes {first}-{last}/{len(found)}"} if asked else {}
            self.answer(206 if asked else 200, found[first : last + 1], **told, **tag(found))

    def list(self) -> None:
        bucket, prefix = self.key.rstrip("/") + "/", self.asked.get("prefix", [""])[0]
        after, files, folders = self.asked.get("start-after", [""])[0], "", set()
        for key in sorted(self.server.objects):
            name = key.removeprefix(bucket)
            rest = name.removeprefix(prefix)
            if not name.startswith(prefix) or name <= after:
                continue
            if "delimiter" in self.asked and "/" in rest:
                folders.add(prefix + rest.split("/")[0] + "/")
                continue
            found = self.server.objects[key]
            files += (
                f"<Contents><Key>{escape(name)}</Key><Size>{len(found)}</Size>"
                f"<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>{tag(found)['ETag']}"
                "</ETag></Contents>"
            )
        both = files + "".join(
            f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>" for one in folders
        )
        self.answer(200, f"<ListBucketResult>{both}</ListBucketResult>".encode())

    def put(self) -> None:
        if "uploadId" in self.asked:
            number = int(self.asked["partNumber"][0])
            self.server.parts[self.asked["uploadId"][0]][number] = self.body
        elif self.headers.get("If-None-Match") == "*" and self.key in self.server.objects:
            self.refuse(412, "PreconditionFailed")
            return
        else:
            self.server.objects[self.key] = self.body
        self.answer(200, **tag(self.body))

    def post(self) -> None:
        if "delete" in self.asked:
            for name in re.findall(r"<Key>(.*?)</Key>", self.body.decode()):
                self.server.objects.pop(f"{self.key.rstrip('/')}/{name}", None)
            self.answer(200, b"<DeleteResult></DeleteResult>")
        elif "uploads" in self.asked:
            name = f"{len(self.server.parts)}"
            self.server.parts[name] = {}
            told = f"<UploadId>{name}</UploadId>"
            self.answer(200, f"<R><Bucket/><Key/>{told}</R>".encode())
        else:
            parts = self.server.parts[self.asked["uploadId"][0]]
            self.server.objects[self.key] = b"".join(parts[n] for n in sorted(parts))
            self.answer(200, b"<R><ETag>x</ETag></R>")

    def delete(self) -> None:
        self.server.objects.pop(self.key, None)
        self.answer(204)

    ANSWERS: ClassVar = {"GET": get, "HEAD": get, "PUT": put, "POST": post, "DELETE": delete}


def tag(found: bytes) -> dict[str, str]:
    return {"ETag": md5(found).hexdigest(), "Last_Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
