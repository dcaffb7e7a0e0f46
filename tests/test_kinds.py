"""What a file is: by its first bytes, and by its name only where they say nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import twlab as tw
from twlab.service.jobs import find_sources, kind_of, kind_of_name, kind_of_type

if TYPE_CHECKING:
    from pathlib import Path

SIZE = b"\0\0\0\x18"
VIDEOS = {
    "MPEG-4": SIZE + b"ftypisom",
    "QuickTime": SIZE + b"ftypqt  ",
    "older QuickTime": SIZE + b"moov\0\0\0\x6cmvhd",
    "WebM": b"\x1aE\xdf\xa3\x01\0\0\0",
    "AVI": b"RIFF\0\0\0\0AVI LIST",
    "Flash": b"FLV\x01\x05",
    "MPEG": b"\0\0\x01\xba\x44",
    "transport stream": (b"G\x40\x11\x10" + bytes(184)) * 3,
    "Windows Media": b"0&\xb2u\x8ef\xcf\x11\xa6\xd9",
    "MXF": b"\x06\x0e\x2b\x34\x02\x05\x01\x01",
}
SOUNDS = {
    "WAV": b"RIFF\x24\0\0\0WAVEfmt ",
    "tagged MP3": b"ID3\x04\0\0",
    "MP3": b"\xff\xfb\x90\x64",
    "AAC": b"\xff\xf1\x50\x80",
    "FLAC": b"fLaC\0\0\0\x22",
    "AIFF": b"FORM\0\0\0\0AIFF",
    "M4A": SIZE + b"ftypM4A ",
    "Ogg": b"OggS\0\x02",
}
PICTURES = {
    "JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "PNG": b"\x89PNG\r\n\x1a\n",
    "GIF": b"GIF89a",
    "WebP": b"RIFF\0\0\0\0WEBPVP8 ",
    "HEIC": SIZE + b"ftypheic",
    "AVIF": SIZE + b"ftypavif",
    "TIFF": b"II*\0",
}
PDFS = {"PDF": b"%PDF-1.7\n", "PDF behind something": b"\n" * 500 + b"%PDF-1.4"}
CASES = [
    (name, head, kind, form)
    for kind, form, found in (
        ("video", "", VIDEOS),
        ("audio", "", SOUNDS),
        ("image", "", PICTURES),
        ("document", "pdf", PDFS),
    )
    for name, head in found.items()
]


@pytest.mark.parametrize(("name", "head", "kind", "form"), CASES, ids=[case[0] for case in CASES])
def test_first_bytes(name: str, head: bytes, kind: str, form: str) -> None:
    for ending in ("mp4", "jpg", "pdf", "unknown", ""):
        found = kind_of(head, f"file.{ending}")
        # A container of either kind is what its name says; a name without meaning says nothing.
        either = name in ("Ogg", "M4A") and ending == "mp4"
        assert (found.input_type, found.form) == (("video", "") if either else (kind, form))


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (SIZE + b"ftypisom", "sound.m4a", "audio"),
        (b"\x1aE\xdf\xa3", "sound.weba", "audio"),
        (b"OggS", "film.ogv", "video"),
        (b"", "film.mp4", "video"),
        (b"", "sound.wav", "audio"),
        (b"no magic", "film.mp4", "video"),
        (b"no magic", "file", "video"),
        (b"", "still.JPG", "image"),
        (b"MAC addresses and BM codes", "notes.txt", "document"),
        (b"ID3 is a format of tags", "notes.md", "document"),
        (b"Of %PDF-1.7 files", "notes.md", "document"),
    ],
)
def test_where_the_name_decides(head: bytes, name: str, kind: str) -> None:
    assert kind_of(head, name).input_type == kind
    if name.startswith("notes"):
        assert kind_of(head, name).form == "text"


@given(st.binary(max_size=300), st.sampled_from(["a.mp4", "a.wav", "a.png", "a.pdf", "a.txt", "a"]))
def test_every_file_is_something(head: bytes, name: str) -> None:
    assert kind_of(head, name).name


def test_names_and_media_types() -> None:
    assert kind_of_type("application/pdf") == kind_of_name("A.PDF")
    assert kind_of_type("text/markdown") == kind_of_name("a.md")
    assert kind_of_type("image/webp") == kind_of_name("a.png")
    assert kind_of_name("a.docx").unusable
    assert not kind_of_name("a.unknown").unusable


def test_real_files(tmp_path: Path) -> None:
    (film,) = find_sources(tw.sample_video("trailer"))
    assert film.kind.input_type == "video"
    (tmp_path / "folder.pdf").mkdir()
    with pytest.raises(tw.InputError, match="no video or audio file"):
        find_sources(tmp_path / "folder.pdf")
