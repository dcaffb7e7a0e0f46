"""Which files a source names, and how each is opened.

Folders and all folders within are searched for the extensions that can hold embeddings, in sorted
order; hidden folders (such as ``.ipynb_checkpoints``) are left out. What a file is, is told by its
first bytes and only then by its name.
"""

from __future__ import annotations

import glob
import gzip
import io
import os
import re
import stat
import zlib
from collections import deque
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from twlab.errors import LoadError
from twlab.loading.bounds import (
    UNBOUNDED,
    Bounds,
    Counted,
    size_error,
)
from twlab.paths import is_path, user_path
from twlab.wording import brief, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Input", "file_kind", "find_files", "open_input", "stem_of"]

_KIND_OF_ENDING = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".ipynb": "notebook",
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".feather": "arrow",
    ".arrow": "arrow",
    ".npz": "arrays",
    ".h5": "arrays",
    ".hdf5": "arrays",
}
_PACKED = (".gz", ".zst")
_JSON_TEXT = re.compile(r'\s*[\[{]\s*(?:"|[\[{]|[\d.,eE\s+-]*\]\s*$|\}\s*$)')  # no [ab]*.json
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_EXPORT = "JSON, Parquet or CSV was expected; export it as one"
_BINARY = {
    b"\x93NUM": (
        "a NumPy array, which says nothing about times; a table was expected; give "
        "tw.from_vectors(numpy.load(path), start_sec=..., end_sec=...)"
    ),
    **{
        b"\x80" + bytes([protocol]): (
            "a Python pickle, which may run code when it is read and is not; JSON, Parquet or CSV "
            "was expected; read it where you trust it, and give tw.load what comes out"
        )
        for protocol in range(2, 6)
    },
    b"SQLite": f"an SQLite database; {_EXPORT}",
    b"%PDF": f"a PDF; {_EXPORT}",
}
_LONGEST_PATH = 255
"""What names of files have at most; for a longer one the system gives an error, not an answer."""
_STEP = 1 << 12  # zstd makes up to 32,768 bytes of one: 128 MB of a step
_DEEP = re.compile(r"(^|[/\\])\*\*(?:[/\\]|$)")
_FILMS = (b"\x1aE\xdf\xa3", b"\x00\x00\x01\xba", b"FLV\x01")
_FILM_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")


class Input(NamedTuple):
    """One thing to read: a file, bytes or an object."""

    name: str
    path: Path | None
    content: Any
    explicit: bool
    bounds: Bounds = UNBOUNDED


def find_files(source: str | os.PathLike[str]) -> list[Input]:
    """The files that a path, folder or glob pattern names, sorted.

    Raises
    ------
    LoadError
        If there is none.
    """
    if not is_path(source):
        raise LoadError(f"{brief(source)} is not a path; a file, folder or pattern was expected")
    text = os.fspath(source)
    _refuse_content(text)
    path = user_path(text)
    try:
        if path.is_dir():
            return _list_folder(path)
        if path.exists():
            _refuse_special(path)
            return [_make_input(path, explicit=True)]
    except OSError as error:
        raise LoadError(f"{text[:80]!r} cannot be read ({error.strerror})") from None
    if not glob.has_magic(text):
        raise LoadError("there is no such file or folder; check the path", source=text)
    return _match_pattern(text)


def _refuse_content(text: str) -> None:
    """Refuse an address, and a text of JSON, by what it is."""
    if re.match(r"[a-z][a-z0-9+.-]+://", text, re.IGNORECASE):
        kind = text.partition("://")[0].lower()
        raise LoadError(
            f"{text[:80]!r} is an address ({kind}), which is never fetched here; a file, folder or "
            "pattern was expected; fetch it first, for example tw.load(httpx.get(url).content)"
            if kind in ("http", "https")
            else f"{text[:80]!r} is an address ({kind}); a file, folder or pattern was expected; "
            "copy it to this computer first"
        )
    if _JSON_TEXT.match(text) and (len(text) > _LONGEST_PATH or not Path(text).exists()):
        raise LoadError(
            "JSON text was given where a path was expected; pass json.loads(text), or text.encode()"
        )


def _make_input(path: Path, *, explicit: bool) -> Input:
    """A file under a name that can be printed."""
    return Input(one_line(str(path)), path, None, explicit=explicit)


def _refuse_special(path: Path) -> None:
    """Refuse pipes, sockets and devices, which may never end."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        kind = "pipe" if stat.S_ISFIFO(mode) else "socket" if stat.S_ISSOCK(mode) else "device"
        raise LoadError(
            f"is a {kind}, which may never end; a file was expected; if it does end, pass it "
            "opened: tw.load(open(path, 'rb'))",
            source=str(path),
        )


def _match_pattern(text: str) -> list[Input]:
    """The files that match a pattern."""
    paths: list[Path] = []
    for hit in map(Path, _expand_pattern(str(user_path(text)))):
        if not hit.is_dir():
            paths.append(hit)
        elif not text.endswith("**"):
            paths += _list_below(hit)
    sources = _keep_once(paths)
    if not sources:
        raise LoadError("no file matches this pattern; check it", source=text)
    return sources


def _expand_pattern(pattern: str) -> Iterator[str]:
    """The paths that match a pattern; ``**`` goes through each folder once."""
    deep = _DEEP.search(pattern)
    if deep is None:
        yield from glob.glob(pattern)  # noqa: PTH207 - patterns may be absolute
        return
    head, rest = pattern[: deep.end(1)], pattern[deep.end() :]
    bases = glob.glob(head) if glob.has_magic(head) else [head]  # noqa: PTH207
    for base in bases:
        for folder in _walk_folders(base):
            yield from _expand_pattern(os.path.join(glob.escape(folder), rest or "*"))  # noqa: PTH118


def _walk_folders(base: str) -> Iterator[str]:
    """A folder and all below it, each once; links are followed last, so never in a circle."""
    waiting, linked = deque([base]), deque[str]()
    seen = set()
    while waiting or linked:
        folder = waiting.popleft() if waiting else linked.popleft()
        try:
            facts = os.stat(folder or ".")  # noqa: PTH116 - a base of "" keeps hits relative
            entries = sorted(os.scandir(folder or "."), key=lambda entry: entry.name)
        except OSError:  # no folder, or one that may not be entered, as glob has it
            continue
        if (facts.st_dev, facts.st_ino) in seen:
            continue
        seen.add((facts.st_dev, facts.st_ino))
        yield folder
        for entry in entries:
            if entry.is_dir() and not entry.name.startswith("."):
                queue = linked if entry.is_symlink() else waiting
                queue.append(os.path.join(folder, entry.name))  # noqa: PTH118


def _list_folder(folder: Path) -> list[Input]:
    """The files below a folder that may hold embeddings; files of arrays only by name."""
    within = folder.suffix == ".lance"
    below = [] if within else _list_below(folder)
    sources = _keep_once(path for path in below if file_kind(path.name) != "arrays")
    holds_table = any(folder.glob("*.lance"))
    if not sources and (within or holds_table):
        raise LoadError(
            "is the folder of a store; one of answers was expected; open it with tw.open(path)",
            source=str(folder if holds_table else folder.parent),
        )
    if not sources:
        raise LoadError(
            f"no file of {', '.join(_KIND_OF_ENDING)} (or .gz, .zst of these) in this folder; "
            "give the folder that holds the answers",
            source=str(folder),
        )
    return sources


def _list_below(folder: Path) -> list[Path]:
    """All files below a folder but the hidden ones and those of stores."""
    paths = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [n for n in folders if not n.startswith(".") and not n.endswith(".lance")]
        paths += [Path(parent, name) for name in names if not name.startswith(".")]
    return paths


def _keep_once(paths: Iterable[Path]) -> list[Input]:
    """The files that may hold embeddings, sorted; a link to another of them is left out."""
    found: dict[Any, Path] = {}
    for path in paths:
        try:
            facts = path.stat() if file_kind(path.name) else None
        except OSError:  # a link to nowhere
            continue
        if facts is None or not stat.S_ISREG(facts.st_mode):
            continue
        own = facts.st_ino and facts.st_nlink == 1  # copies by hard link are files of their own
        key = (facts.st_dev, facts.st_ino) if own else os.path.realpath(path)
        if key not in found or found[key].is_symlink():
            found[key] = path
    return [_make_input(path, explicit=False) for path in sorted(found.values(), key=str)]


def file_kind(name: str) -> str:
    """``json``, ``jsonl``, ``parquet``, ``csv``, … by extension; empty for other files."""
    stem, ending = os.path.splitext(name.lower())  # noqa: PTH122 - asked thrice of each file
    if ending in _PACKED:
        ending = os.path.splitext(stem)[1]  # noqa: PTH122
    return _KIND_OF_ENDING.get(ending, "")


def stem_of(name: str) -> str:
    """The file name without the extensions that say how it is stored.

    Examples
    --------
    >>> stem_of("film.embeddings.json.gz")
    'film.embeddings'
    """
    path = Path(name)
    if path.suffix.lower() in _PACKED:
        path = path.with_suffix("")
    return path.stem if path.suffix.lower() in _KIND_OF_ENDING else path.name


@contextmanager
def open_input(source: Input) -> Iterator[BinaryIO]:
    """The bytes of a source, unpacked, as a stream.

    Raises
    ------
    LoadError
        If the file cannot be read, is another kind of file, or its compression is broken.
    """
    try:
        with _open_stored(source) as raw:
            _refuse_empty(raw, source)
            if source.bounds.given and raw.seek(0, os.SEEK_END) > source.bounds.total:
                raise size_error(source.bounds.total, source.name)
            raw.seek(0)
            head = raw.read(12)
            raw.seek(0)
            _refuse_film(head, source.name)
            _refuse_binary(head, source.name)
            with _unpack(raw, head, source) as stream:
                yield stream
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise LoadError(
            f"is broken gzip data ({str(error)[:80]}); a whole file was expected; copy it again",
            source=source.name,
        ) from None
    except OSError as error:
        raise LoadError(f"cannot be read ({error.strerror or error})", source=source.name) from None


def _refuse_empty(raw: BinaryIO, source: Input) -> None:
    """Refuse files without a length unread: those of the system may never end."""
    if source.path is not None and not os.fstat(raw.fileno()).st_size:
        raise LoadError(
            "is empty; an answer with embeddings was expected; fetch it again", source=source.name
        )


def _refuse_film(head: bytes, source: str) -> None:
    """Refuse the video itself (MP4, MOV, MKV, WebM, AVI, MPEG, FLV) by its first bytes."""
    boxed = head[:1] == b"\0" and head[4:8] in _FILM_BOXES
    avi = head.startswith(b"RIFF") and head[8:] == b"AVI "
    if boxed or avi or head.startswith(_FILMS):
        raise LoadError(
            "is a video; JSON, Parquet or CSV with embeddings of it was expected; make them with "
            "tw.Client().embed, or with twlab embed on the command line",
            source=source,
        )


def _refuse_binary(head: bytes, source: str) -> None:
    """Refuse other kinds of file by their first bytes."""
    for magic, kind in _BINARY.items():
        if head.startswith(magic):
            raise LoadError(f"is {kind}", source=source)


def _open_stored(source: Input) -> BinaryIO:
    """The stored bytes of a source."""
    if source.path is not None:
        return source.path.open("rb")
    return io.BytesIO(source.content)


def _unpack(raw: BinaryIO, head: bytes, source: Input) -> Any:
    """The stream itself, or the reader for its compression, which counts what it unpacks."""
    packed: Any
    if head.startswith(_GZIP):
        packed = gzip.GzipFile(fileobj=raw)
    elif head.startswith(_ZSTD):
        packed = io.BufferedReader(_Zstandard(raw), 1 << 20)
    else:
        return raw
    text = file_kind(source.path.name if source.path else source.name) == "csv"
    most = source.bounds.text if text else source.bounds.total
    return io.BufferedReader(Counted(packed, most, source.name), 1 << 18)


class _Zstandard(io.RawIOBase):
    """The frames of a zstd stream; unlike the library's reader it notices a missing end."""

    def __init__(self, raw: BinaryIO) -> None:
        import zstandard

        self.raw, self.broken = raw, zstandard.ZstdError
        self.fresh = zstandard.ZstdDecompressor().decompressobj
        self.frame: Any = self.fresh()
        self.begun, self.rest, self.ready = False, b"", b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with the next bytes; 0 at the end."""
        while not self.ready:
            if not self._advance():
                return 0
        size = min(len(buffer), len(self.ready))
        buffer[:size], self.ready = self.ready[:size], self.ready[size:]
        return size

    def _advance(self) -> bool:
        """Unpack one more piece; False at the end of the last frame."""
        packed = self.rest or self.raw.read(_STEP)
        self.rest = b""
        if not packed:
            if self.begun:
                raise OSError("the zstd data break off; copy the file again")
            return False
        try:
            self.ready, self.begun = self.frame.decompress(packed), True
        except self.broken as error:
            raise OSError(f"broken zstd data: {error}") from None
        if self.frame.eof:
            self.rest, self.begun = self.frame.unused_data, False
            self.frame = self.fresh()
        return True
