"""What a name says of a file: one answer in every room, and on every machine."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import twlab as tw
from twlab.endings import family_of, family_of_type, media_type
from twlab.service.jobs import find_sources, kind_of_name

if TYPE_CHECKING:
    from pathlib import Path

# All that the rooms knew when each had a list of its own, or asked the machine.
KNOWN = {
    "video": "3g2 3gp 3gpp 3gpp2 avi flv m1v m2ts m4v mkv mov movie mp4 mpe mpeg mpg mts ogv qt ts "
    "webm wmv",
    "stream": "m3u m3u8",
    "audio": "aac adts aif aifc aiff au flac loas m4a m4b mid midi mka mp2 mp3 mpa oga ogg opus ra "
    "snd wav weba wma",
    "image": "avif bmp gif heic heif ico ief jpe jpeg jpg pbm pct pgm pic pict png pnm ppm ras rgb "
    "svg tif tiff webp xbm xpm xwd",
    "pdf": "pdf",
    "text": "bat c h ksh markdown md pl txt",
    "page": "htm html",
    "packed": "7z doc docx epub gz odt ppt pptx rar tar xls xlsx zip zst",
    "data": "arrow ass css csv etx feather h5 hdf5 ipynb json jsonl n3 ndjson npy npz parquet pkl "
    "pt py rtf rtx sgm sgml srt tsv vcf vtt xml xul",
}
ENDINGS = [(ending, family) for family, known in KNOWN.items() for ending in known.split()]
TABLE = pd.DataFrame({"video_id": "a", "start_sec": [0.0, 6], "end_sec": [6.0, 12]})


def segments() -> pd.DataFrame:
    return tw.with_vectors(TABLE, np.eye(2, 8, dtype=np.float32))


def refusal(function: Any, *args: Any, **kwargs: Any) -> str:
    """Why a call is refused; empty where it is not."""
    try:
        function(*args, **kwargs)
    except tw.InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("ending", "family"), ENDINGS, ids=[ending for ending, _ in ENDINGS])
def test_an_ending_says_the_same_in_every_room(ending: str, family: str) -> None:
    for name in (f"film.{ending}", f"a film.{ending.upper()}"):
        assert family_of(name) == family
        # what is sent to the service
        kind = kind_of_name(name)
        embedded = {"video": "video", "stream": "video", "audio": "audio", "image": "image"}
        assert kind.input_type == embedded.get(family, "document")
        assert kind.unusable == (family in ("page", "packed", "data"))
        # what is looked for: never words
        asked = refusal(tw.search, segments(), name)
        heard = f"the query is the {family}" if family in ("image", "audio") else "names a file or"
        assert heard in asked
        # what an explorer plays
        address = f"https://a.test/{name.replace(' ', '_')}?size=2.5"
        shown = refusal(tw.player, address)
        assert ("by its name" in shown) == (family not in ("video", "audio", "stream"))
        # what is no table
        placed = refusal(tw.scenes, name)
        assert ("a file of media" in placed) == (family in ("video", "audio", "image"))


def test_nothing_is_said_by_other_endings() -> None:
    for name in (
        "",
        "a",
        "mp4",
        ".mp4",
        "film.",
        "a.unknown",
        "https://site.zip/",
        "Mr. T",
        "a\0b",
    ):
        assert family_of(name) is None, name
        assert media_type(name) == ""
        assert kind_of_name(name).input_type == "video"
    assert family_of("http://[a.mp4") is None  # no address, and no error


def test_the_machine_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    def guess(*_: Any, **__: Any) -> Any:
        raise AssertionError("the machine was asked")

    monkeypatch.setattr(mimetypes, "guess_type", guess)
    monkeypatch.setattr(mimetypes.MimeTypes, "guess_type", guess)
    assert "the image" in refusal(tw.search, segments(), "a.webp")
    assert "by its name" in refusal(tw.player, "https://a.test/a.webp")
    assert "a file of media" in refusal(tw.scenes, "a.webp")
    assert kind_of_name("a.webp").input_type == "image"


def test_a_media_type_says_what_its_ending_says() -> None:
    for ending, family in ENDINGS:
        assert family_of_type(media_type(f"a.{ending}")) == family
    assert family_of_type("video/x-of-tomorrow") == "video"
    assert family_of_type("application/octet-stream") is None


def test_in_a_folder_a_program_is_no_film(tmp_path: Path) -> None:
    (tmp_path / "app.ts").write_text("import { film } from './film'")
    with pytest.raises(tw.InputError, match="no video or audio file"):
        find_sources(tmp_path)
    (tmp_path / "film.TS").write_bytes((b"G\x40\x11\x10" + bytes(184)) * 3)
    (tmp_path / "film.m2ts").write_bytes(b"x")
    (tmp_path / "film.m3u8").write_text("#EXTM3U")
    assert [one.name for one in find_sources(tmp_path)] == ["film.TS", "film.m2ts"]
