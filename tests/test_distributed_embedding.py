"""Many workers on one folder of jobs: every video is paid for once."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest
from engines import ENGINES, Engines
from insides import spreading
from service import KEY, Service

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


FAST = tw.Settings(
    read_sec=1.0,
    total_sec=3.0,
    max_wait_sec=2.0,
    attempts=4,
    backoff_sec=0.02,
    settle_sec=0.2,
    poll_sec=0.01,
    max_poll_sec=0.05,
)
N = 12


@pytest.fixture
def how(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    monkeypatch.setenv("TWELVELABS_API_KEY", KEY)
    monkeypatch.setattr(spreading, "BATCH_VIDEOS", 2)
    return {"folder": tmp_path / "jobs", "base_url": service.url, "settings": FAST}


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    for number in range(N):
        (folder / f"v{number}.mp4").write_bytes(bytes([number]) * 500)
    return folder


@pytest.mark.parametrize("engine", ENGINES)
def test_every_video_is_paid_once(
    engine: str, engines: Engines, service: Service, videos: Path, how: dict[str, Any]
) -> None:
    segments = tw.distributed.embed(videos, engines[engine], **how, embedding_option="visual")
    assert segments["video_id"].nunique() == N
    assert set(segments["embedding_option"]) == {"visual"}
    assert len(service.paid) == N
    again = tw.distributed.embed(videos, engines[engine], **how, embedding_option="visual")
    assert again.drop(columns="embedding").equals(segments.drop(columns="embedding"))
    assert len(service.paid) == N


@pytest.mark.engine
def test_a_killed_worker_pays_nothing_twice(
    engines: Engines, service: Service, videos: Path, how: dict[str, Any]
) -> None:
    dask = engines["dask"]
    victim = next(iter(dask._client.run(os.getpid).values()))  # type: ignore[attr-defined]
    enough, over = threading.Event(), threading.Event()

    def kill() -> None:
        while len(service.paid) < 3 and not over.wait(0.002):
            pass
        os.kill(victim, signal.SIGKILL)
        enough.set()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        segments = tw.distributed.embed(videos, dask, **how)
    finally:
        over.set()
        killer.join()
    assert enough.is_set()
    assert segments["video_id"].nunique() == N
    assert len(service.paid) == N


def test_failures_are_told_once(
    engines: Engines, service: Service, videos: Path, how: dict[str, Any]
) -> None:
    (videos / "empty.mp4").touch()
    with pytest.warns(tw.TwlabWarning, match=r"1 of 13 videos") as told:
        segments = tw.distributed.embed(videos, engines["local"], **how)
    assert len(told) == 1
    assert segments["video_id"].nunique() == N
    with pytest.raises(tw.InputError, match=r"empty\.mp4 is empty"):
        tw.distributed.embed(videos, engines["local"], **how, on_error="raise")


def test_clear_text_is_asked_for_as_of_a_client(
    engines: Engines, videos: Path, how: dict[str, Any]
) -> None:
    far = {**how, "base_url": "http://192.0.2.1:9/v1", "settings": tw.Settings(connect_sec=0.1)}
    with pytest.raises(tw.InputError, match="allow_http=True"):
        tw.distributed.embed(videos, engines["local"], **far)
    with pytest.raises(tw.ApiError, match="no connection"):
        tw.distributed.embed(videos, engines["local"], **far, allow_http=True)


def test_nothing_is_paid_for_a_list_with_a_mistake(
    engines: Engines, service: Service, videos: Path, how: dict[str, Any]
) -> None:
    with pytest.raises(tw.InputError, match=r"nothere\.mp4' is not there"):
        tw.distributed.embed([videos, "nothere.mp4"], engines["local"], **how)
    with pytest.raises(tw.InputError, match="embedding_option"):
        tw.distributed.embed(videos, engines["local"], **how, embedding_option="smell")
    assert not service.paid


def test_a_worker_of_another_machine_sends_nothing(
    engines: Engines,
    service: Service,
    videos: Path,
    how: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = spreading.place_of
    machines = iter(["head", *["other"] * N])
    monkeypatch.setattr(spreading, "place_of", lambda folder: (next(machines), *here(folder)[1:]))
    with pytest.raises(tw.InputError, match="workers of the caller's machine were expected"):
        tw.distributed.embed(videos, engines["local"], **how)
    assert not service.paid
    assert not service.requests


def test_a_worker_that_has_another_folder_by_that_name_sends_nothing(
    service: Service, videos: Path, how: dict[str, Any], tmp_path: Path
) -> None:
    client = {**how, "folder": str(tmp_path / "jobs")}
    (tmp_path / "jobs").mkdir()
    elsewhere = spreading.place_of(str(tmp_path / "videos"))
    names = [str(videos / "v0.mp4")]
    with pytest.raises(tw.InputError, match="has another folder"):
        spreading.embed_batch(names, client, {}, elsewhere)
    assert not service.paid
    assert spreading.embed_batch(names, client, {}, spreading.place_of(client["folder"])) == 1
    assert len(service.paid) == 1


@pytest.mark.engine
@pytest.mark.parametrize("engine", ENGINES)
def test_workers_of_this_machine_have_this_place(
    engine: str, engines: Engines, tmp_path: Path
) -> None:
    here = spreading.place_of(str(tmp_path))
    assert here[0]
    assert [*engines[engine].map(spreading.place_of, [str(tmp_path)] * 3)] == [here] * 3


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("nfs4", True),
        ("cifs", True),
        ("fuse.sshfs", True),
        ("fuse.glusterfs", True),
        ("lustre", True),
        ("9p", True),
        ("ext4", False),
        ("overlay", False),
        ("fuse.ntfs-3g", False),
        ("tmpfs", False),
    ],
)
def test_disks_of_the_network_are_refused_before_anything_is_sent(
    kind: str,
    refused: bool,
    engines: Engines,
    service: Service,
    videos: Path,
    how: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mounts = tmp_path / "mounts"
    point = str((tmp_path / "a disk").resolve()).replace(" ", "\\040")
    mounts.write_text(
        f"overlay / overlay rw 0 0\nhost:/x {point} {kind} rw 0 0\nproc /proc proc rw\n"
    )
    real = spreading.file_system
    assert real(tmp_path, mounts) == "overlay"
    assert real(tmp_path / "a disk" / "jobs", mounts) == kind
    assert real(tmp_path, tmp_path / "nothing") == ""
    monkeypatch.setattr(spreading, "file_system", lambda folder: real(folder, mounts))
    how["folder"] = tmp_path / "a disk" / "jobs"
    if not refused:
        assert len(tw.distributed.embed(videos / "v0.mp4", engines["local"], **how))
        return
    with pytest.raises(tw.InputError, match=rf"is on a network disk \({kind}\)"):
        tw.distributed.embed(videos, engines["local"], **how)
    assert not service.paid
