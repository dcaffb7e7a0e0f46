"""Paths as a user gives them, and files that are replaced whole or not at all.

* :func:`is_path`, :func:`user_path` - whether something is a path; one with its ``~``
* :func:`read_bounded` - the bytes of a user's file, if it is not too large
* :func:`replace_file` - a user's file, written aside and then put in its place
* :func:`bundled_folder` - what travels with the package
* :func:`aside` - the same for files of our own: errors of the disk are left as they are
"""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from twlab.errors import InputError, LoadError
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["aside", "bundled_folder", "is_path", "read_bounded", "replace_file", "user_path"]

_IN_CHECKOUT = {"sample_data": "data/sample", "notebooks": "notebooks", "models": "data/models"}
_KEPT_OF_NAME = 40  # characters; the name aside must not become longer than a name may be


def is_path(value: Any) -> bool:
    """Whether something is the name of a file, an address too, as text or an object for it.

    What is empty, has a NUL or half of a pair of UTF-16, which no system takes, is none.

    >>> is_path("film.mp4"), is_path(""), is_path(None)
    (True, False, False)
    """
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str) or not text or "\0" in text:
        return False
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


def user_path(path: str | os.PathLike[str]) -> Path:
    """The path with ``~`` and ``~name`` at its beginning spelled out.

    Raises
    ------
    InputError
        If it is none.

    >>> user_path("film.parquet").name
    'film.parquet'
    """
    if not is_path(path):
        raise InputError(
            f"{brief(path)} is no path; the name of a file or folder was expected, as text or a "
            "pathlib.Path; give one"
        )
    return Path(os.path.expanduser(path))  # noqa: PTH111 - leaves ~nobody alone, where pathlib raises


def read_bounded(path: Path, most: int) -> bytes:
    """The bytes of a user's file of at most ``most`` bytes.

    Raises
    ------
    InputError
        If it cannot be read.
    LoadError
        If it is larger.
    """
    try:
        if not path.is_file():
            is_there = f"{str(path)!r} is {_kind_of(path)}" if path.exists() else ""
            raise InputError(
                f"{is_there or f'there is no file {str(path)!r}'}, so that it cannot be read; the "
                "path of a file was expected; correct it"
            )
        size = path.stat().st_size
        if size > most:
            raise LoadError(
                f"it has {size >> 20} MB; at most {most >> 20} were expected; split it",
                source=path.name,
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{str(path)!r} cannot be read ({error.strerror or error}); a file that you may read "
            "was expected"
        ) from None


@contextmanager
def replace_file(target: Path) -> Iterator[Path]:
    """Where to write what becomes the file once the ``with`` block is left without an error.

    Whatever happens before, a disk that is full included, leaves the old file as it was.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    try:
        if target.exists() and not target.is_file():
            raise InputError(
                f"{str(target)!r} is {_kind_of(target)}; the name of a file was expected; choose "
                "another"
            )
        with aside(target) as path:
            yield path
    except OSError as error:
        raise InputError(
            f"{str(target)!r} cannot be written ({error.strerror or error}); a folder that can be "
            "written to, with room, was expected; make room or choose another place"
        ) from None


def _kind_of(path: Path) -> str:
    """What is there and is no file."""
    return "a folder" if path.is_dir() else "a device or a pipe"


@contextmanager
def aside(target: Path) -> Iterator[Path]:
    """As :func:`replace_file`; errors of the disk come as ``OSError``."""
    # Not resolve(): of links in a circle it is an error of its own up to Python 3.12.
    target = Path(os.path.realpath(target)) if target.is_symlink() else target
    path = target.with_name(f".{target.name[:_KEPT_OF_NAME]}.{uuid.uuid4().hex[:8]}.part")
    try:
        path.touch()  # what cannot be written is known before the work
        if target.exists():
            shutil.copymode(target, path)
        yield path
        path.replace(target)
    finally:
        path.unlink(missing_ok=True)


def bundled_folder(name: Literal["sample_data", "notebooks", "models"]) -> Path:
    """A folder that travels inside the installed package and lies beside it in a checkout.

    Raises
    ------
    InputError
        If it is in neither place.
    """
    package = Path(__file__).parent
    checkout = package.parent / _IN_CHECKOUT[name]
    for folder in (package / name, checkout):
        if folder.is_dir():
            return folder
    raise InputError(
        f"no folder {package / name} or {checkout}; it belongs to the installation; "
        "install twlab again"
    )
