"""Files that are replaced whole or not at all."""

from __future__ import annotations

import os
import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import twlab as tw
from twlab.cli import main
from twlab.paths import replace_file, user_path
from twlab.service.jobs import Job, save_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROOM = 3_000  # bytes


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond ``ROOM``: writing fails half-way, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


WRITERS: dict[str, Callable[[Path], Any]] = {
    "film.parquet": lambda path: tw.save(tw.sample(), path),
    "film.json": lambda path: tw.save(tw.sample(), path),
    "film.json.gz": lambda path: tw.save(tw.sample(), path),
    "film.jsonl.zst": lambda path: tw.save(tw.sample(), path),
    "film.html": lambda path: tw.save_html(tw.sample(), path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_leaves_the_old_file(name: str, tmp_path: Path) -> None:
    target = tmp_path / name
    target.write_text("old")
    with full_disk(), pytest.raises(tw.InputError, match=r"cannot be written.*make room"):
        WRITERS[name](target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
    WRITERS[name](target)
    assert target.stat().st_size > ROOM


def test_a_full_disk_leaves_the_old_demo(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "demo.html").write_text("old")
    with full_disk():
        assert main(["demo", "--output", str(tmp_path / "demo.html")]) == 1
    assert "make room" in capsys.readouterr().err
    assert (tmp_path / "demo.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["demo.html"]


# numpy before 2 leaves the archive open that it could not write.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_full_disk_under_an_answer_and_a_step(tmp_path: Path) -> None:
    (tmp_path / "answers").mkdir()
    job = Job("0" * 32, "account", "v1", "film.mp4", "", "film.mp4", "marengo3.0", "{}")
    with full_disk(), pytest.raises(tw.LedgerError, match="make room"):
        save_answer(tmp_path, job, b"[" + b"1," * ROOM + b"1]")
    assert not list((tmp_path / "answers").iterdir())
    tw.open(tmp_path / "store").add(tw.sample())
    store = tw.open(tmp_path / "store", executor=tw.executors.Local())
    with full_disk(), pytest.raises(tw.TwlabError, match="make room"):
        tw.video_vectors(store)
    assert store.work is not None
    assert not [path.name for path in store.work.rglob("*") if path.is_file()]


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(tw.InputError, match="the name of a file was expected"):
            tw.save_html(tw.sample(), path)
    with pytest.raises(tw.InputError, match="cannot be made"):
        tw.save_html(tw.sample(), "/proc/none/film.html")


class OfBytes:
    """As :class:`os.DirEntry` of a folder whose name was given in bytes."""

    def __fspath__(self) -> bytes:
        return b"a.csv"

    def __repr__(self) -> str:
        return "OfBytes()"


NO_PATHS: list[Any] = [None, 5, b"a.csv", OfBytes(), ["a.csv"], "", "a\0b.csv", "\ud800.csv"]


@pytest.mark.parametrize("path", NO_PATHS, ids=ascii)
def test_what_is_no_path_is_told(path: Any, tmp_path: Path) -> None:
    spans = pd.DataFrame({"video_id": "f", "start_sec": [0.0], "end_sec": [1.0], "label": "a"})
    calls: list[Callable[[], Any]] = [
        lambda: tw.export(spans, path),
        lambda: tw.save_spans(spans, path),
        lambda: tw.load_spans(path),
        lambda: tw.cut(tw.sample_video(), spans, folder=path),
        lambda: tw.save(tw.sample(), path),
        lambda: tw.save_html(tw.sample(), path),
    ]
    for call in calls:
        with pytest.raises(tw.InputError, match=r"is no path; the name of a file or folder was"):
            call()


@pytest.mark.parametrize("path", [OfBytes(), "", "\0", "\ud800"], ids=ascii)
def test_what_is_no_path_is_neither_loaded_nor_opened(path: Any) -> None:
    with pytest.raises(tw.LoadError, match=r"is not a path; a file, folder or pattern was"):
        tw.load(path)
    with pytest.raises(tw.InputError, match=r"a store was to be opened at .* the path of a folder"):
        tw.open(path)
    with pytest.raises(tw.InputError, match="was expected"):
        tw.search(path, tw.sample().head(1))


def test_links_in_a_circle_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.csv").symlink_to("a.csv")
    spans = pd.DataFrame({"video_id": "f", "start_sec": [0.0], "end_sec": [1.0], "label": "a"})
    assert tw.save_spans(spans, tmp_path / "a.csv").read_text().startswith("video_id")
    with pytest.raises(tw.InputError, match=r"is a folder, so that it cannot be read; the path"):
        tw.load_spans(tmp_path)


def test_links_and_permissions_are_kept(tmp_path: Path) -> None:
    target, link = tmp_path / "film.html", tmp_path / "link.html"
    target.write_text("old")
    target.chmod(0o600)
    link.symlink_to(target)
    with replace_file(link) as aside:
        aside.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o600


def test_an_error_of_the_writer_leaves_nothing(tmp_path: Path) -> None:
    def half(path: Path) -> None:
        with replace_file(path) as aside:
            aside.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        half(tmp_path / ("n" * 250))
    assert not list(tmp_path.iterdir())
    with replace_file(tmp_path / ("n" * 250)) as aside:
        aside.write_text("whole")
    assert (tmp_path / ("n" * 250)).read_text() == "whole"


def test_home_is_spelled_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_path("~/a") == tmp_path / "a"
    assert str(user_path("~no such user/a")) == "~no such user/a"
