"""The served answers on disk, each whole or not at all.

An answer is kept as served, inside a small object that says what the answer itself may not: the
model and the video. ``tw.load`` reads these files like any other.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from twlab.errors import LedgerError
from twlab.paths import aside

if TYPE_CHECKING:
    from twlab.api.ledger import Job

__all__ = ["save_answer", "upload_name"]

_TOKEN_DIGITS = 16


def upload_name(name: str, token: str) -> str:
    """The name under which a file is sent: its own, with a mark that no other file has.

    The service repeats the name in its lists of tasks, and so tells what became of a request whose
    answer was lost.

    >>> upload_name("film.mp4", "0123456789abcdef0123")
    'film.0123456789abcdef.mp4'
    """
    path = Path(name)
    stem = re.sub(r"[\x00-\x1f\"\\/]", "_", path.stem)[:100]
    return f"{stem}.{token[:_TOKEN_DIGITS]}{path.suffix[:20]}"


def save_answer(
    folder: Path, job: Job, content: bytes, renamed: tuple[tuple[str, str], ...] = ()
) -> str:
    """The place of the saved answer within the folder.

    Parameters
    ----------
    folder : Path
        The ledger's folder.
    job : Job
        Whose answer it is.
    content : bytes
        JSON as served.
    renamed : tuple of (str, str)
        Texts to replace where the service repeats them: the name a file was sent under by its own,
        a signed address by the bare one.

    Raises
    ------
    LedgerError
        If it cannot be written.
    """
    stem = re.sub(r"[^\w.-]+", "_", Path(job.video_id).name)[:80]
    place = Path("answers") / f"{stem}.{job.key[:12]}.json"
    for sent, own in renamed:
        for quoted in (orjson.dumps(sent), json.dumps(sent).encode()):
            content = content.replace(quoted, orjson.dumps(own))
    head = orjson.dumps({"model_name": job.model_name, "video_id": job.video_id})
    whole = head[:-1] + b',"response_body":' + content + b"}\n"
    path = folder / place
    try:
        _write_whole(path, whole)
    except OSError as error:
        raise LedgerError(
            f"the answer {path} cannot be written ({error.strerror}); a writable disk with room "
            "was expected; make room and run again (nothing is paid twice)"
        ) from None
    return place.as_posix()


def _write_whole(path: Path, content: bytes) -> None:
    """Write beside, flush to the disk, then put in place: a crash leaves the whole or nothing."""
    with aside(path) as beside, beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
