"""The served answers on disk, each whole or not at all.

An answer is kept as served, inside a small object that says what the answer itself may not: the
model, the video, and which job it belongs to, so that a lost ledger can be made again from its
answers. ``tw.load`` reads these files like any other.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from twlab.errors import LedgerError
from twlab.paths import aside
from twlab.service.http.fields import text_at
from twlab.service.jobs.embedding_options import job_key

if TYPE_CHECKING:
    from twlab.service.jobs.job import Job

__all__ = ["answer_path", "found_jobs", "lying_answer", "read_head", "save_answer", "upload_name"]

KEY_DIGITS = 12
"""Of a key in the name of its file: 48 bits, of which two of a million answers are the same once in
500 folders, and then beside the same name of a film only."""
_TOKEN_DIGITS = 16
"""64 bits: no two files of an account have the same."""
_FOLDER = "answers"
_STEM_BYTES = 120  # what an encrypted folder takes of a name is 143, and 18 are ours
_HEAD_BYTES = 1 << 20
"""What a job tells of itself stands in the first kilobytes, texts along time among it."""
_BODY = b',"response_body":'
_TOLD = ("key", "account", "api", "source", "content", "video_id", "model_name", "options")


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
    stem = re.sub(r"[^\w.-]+", "_", Path(job.video_id).name)
    stem = stem.encode("utf-8", "ignore")[:_STEM_BYTES].decode("utf-8", "ignore")
    place = Path(_FOLDER) / f"{stem}.{job.key[:KEY_DIGITS]}.json"
    for sent, own in renamed:
        for quoted in (orjson.dumps(sent), json.dumps(sent).encode()):
            content = content.replace(quoted, orjson.dumps(own))
    told = {name: getattr(job, name) for name in (*_TOLD, "task_id")}
    head = orjson.dumps({"model_name": job.model_name, "video_id": job.video_id, "job": told})
    whole = head[:-1] + _BODY + content + b"}\n"
    path = folder / place
    try:
        _write_whole(path, whole)
    except OSError as error:
        raise LedgerError(
            f"the answer {path} cannot be written ({error.strerror}); a writable disk with room "
            "was expected; make room and run again (nothing is paid twice)"
        ) from None
    return place.as_posix()


def answer_path(folder: Path, answer: str) -> Path:
    """Where an answer that a ledger names lies; always inside the folder.

    Raises
    ------
    LedgerError
        If the name leads anywhere else.
    """
    path = folder / _FOLDER / Path(answer).name
    named = folder / answer
    if Path(answer).parts != (_FOLDER, path.name) or path.name == ".." or path.is_symlink():
        raise LedgerError(
            f"the ledger in {folder} names the answer {str(named)[-80:]!r}; a file in "
            f"{_FOLDER}/ was expected, and nothing outside is read; choose another folder="
        )
    return path


def read_head(path: Path) -> dict[str, Any] | None:
    """The job that a saved answer belongs to, as its fields; None where the file does not say.

    Only the beginning of the file is read.
    """
    try:
        with path.open("rb") as file:
            head, found, _ = file.read(_HEAD_BYTES).partition(_BODY)
        told = orjson.loads(head + b"}")["job"] if found else None
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        return None
    if not all(isinstance(text_at(told, name), str) for name in _TOLD):
        return None
    return {name: text_at(told, name) for name in (*_TOLD, "task_id")}


def _write_whole(path: Path, content: bytes) -> None:
    """Write beside, flush to the disk, then put in place: a crash leaves the whole or nothing."""
    with aside(path) as beside, beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def found_jobs(folder: Path, known: set[str]) -> list[dict[str, Any]]:
    """The jobs that saved answers belong to, but for answers that are known; fields by name."""
    found = []
    for path in sorted((folder / "answers").glob("*.json")):
        place = f"answers/{path.name}"
        told = None if place in known or path.is_symlink() else read_head(path)
        if told is None:
            continue
        key = job_key(told["account"], told["content"], told["options"])
        if told["key"] == key and path.name.endswith(f".{key[:KEY_DIGITS]}.json"):
            found.append({**told, "answer": place})
    return found


def lying_answer(folder: Path, key: str) -> str | None:
    """The saved answer of a job that no ledger tells of, by the digits in its name."""
    paths = sorted((folder / "answers").glob(f"*.{key[:KEY_DIGITS]}.json"))
    good = (path for path in paths if not path.is_symlink() and path.stat().st_size)
    return next((f"answers/{path.name}" for path in good), None)
