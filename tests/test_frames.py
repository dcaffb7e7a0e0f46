"""Frames of films: the one shown at a time, and what is said where there is none."""

from __future__ import annotations

import http.server
import os
import sys
import threading
import wave
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import twlab as tw

av = pytest.importorskip("av")
films = pytest.importorskip("films")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVEN = [k / 25 for k in range(100)]


def numbers(video: Any, times: Any, **options: Any) -> list[int]:
    return [films.number_of(picture) for picture in tw.frames(video, times, **options)]


def shown_at(starts: list[float], time: float) -> int:
    """Three lines of an oracle: the last frame that has begun."""
    return max(k for k, start in enumerate(starts) if k == 0 or start <= time + 1e-6)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = films.make_film(tmp_path_factory.mktemp("films") / "even.mp4", EVEN)
    return path


FORMS = {
    "h264.mp4": {},
    "open-gop.mp4": {"options": {"x264-params": "open-gop=1:bframes=3:keyint=10:scenecut=0"}},
    "one-key.mp4": {"gop": 250},
    "h264.mkv": {},
    "h264.ts": {},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8"}},
    "mpeg4.avi": {"codec": "mpeg4"},
}


@pytest.mark.parametrize("name", FORMS)
def test_the_frame_is_the_one_shown_in_any_form(
    name: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    path = films.make_film(tmp_path / name, EVEN, **FORMS[name])
    times = np.round(rng.uniform(0, 3.99, 60), 3)
    expected = [shown_at(EVEN, time) for time in times]
    assert numbers(path, times, height=None) == expected  # decoded on, in order of time
    alone = [numbers(path, [time], height=48)[0] for time in times[:20]]  # a seek for each
    assert alone == expected[:20]


def test_times_of_frames_are_inclusive(film: Path) -> None:
    assert numbers(film, EVEN) == list(range(100))
    assert numbers(film, [0.0399, 0.04, 3.9999]) == [0, 1, 99]


def test_frames_may_be_uneven(tmp_path: Path, rng: np.random.Generator) -> None:
    starts = np.round(np.cumsum(rng.choice([0.02, 0.1, 0.5, 1.3], 60)), 3)
    starts = (starts - starts[0]).tolist()
    path = films.make_film(tmp_path / "uneven.mp4", starts)
    times = np.round(rng.uniform(0, starts[-1], 80), 3)
    assert numbers(path, times) == [shown_at(starts, time) for time in times]


@pytest.mark.parametrize("name", ["late.mp4", "late.ts", "late.mkv"])
def test_a_shift_of_the_whole_file_changes_nothing(name: str, tmp_path: Path) -> None:
    path = films.make_film(tmp_path / name, EVEN, start=5.0)
    with av.open(str(path)) as container:
        if not container.start_time:
            pytest.skip("this form is written from zero")
    assert numbers(path, [0, 1.0, 2.5, 3.99]) == [0, 25, 62, 99]


@pytest.mark.parametrize(
    ("matrix", "turns"), [((0, 1, -1, 0), 3), ((-1, 0, 0, -1), 2), ((0, -1, 1, 0), 1)]
)
def test_turned_films_come_upright(
    film: Path, tmp_path: Path, matrix: tuple[int, ...], turns: int
) -> None:
    path = films.add_turn(film, tmp_path / f"turned{turns}.mp4", matrix)
    plain = tw.frames(film, [1.0], height=None)[0]
    turned = tw.frames(path, [1.0], height=None)[0]
    np.testing.assert_array_equal(turned, np.rot90(plain, turns))


def test_portrait_pictures_have_the_height_asked_for(film: Path, tmp_path: Path) -> None:
    path = films.add_turn(film, tmp_path / "portrait.mp4", (0, 1, -1, 0))
    assert tw.frames(path, [1.0], height=64).shape == (1, 64, 48, 3)


def test_pixels_that_are_not_square_are_shown_square(tmp_path: Path) -> None:
    path = films.make_film(tmp_path / "wide.mp4", EVEN[:5], sample_aspect_ratio=Fraction(3, 2))
    assert tw.frames(path, [0], height=None).shape == (1, 96, 192, 3)
    assert numbers(path, [0.1], height=48) == [2]


def test_red_stays_red(film: Path) -> None:
    picture = tw.frames(film, [1.0])[0]
    red = picture[10:30].reshape(-1, 3).mean(axis=0)
    assert red[0] > 230
    assert red[1:].max() < 25


def test_order_and_repeats_of_times_do_not_matter(film: Path) -> None:
    times = [3.5, 0.2, 3.5, 1.1]
    assert numbers(film, times) == [87, 5, 87, 27]
    assert tw.frames(film, []).shape == (0, 240, 320, 3)
    assert tw.frames(film, 1.0).shape == (1, 240, 320, 3)


def test_a_time_after_the_end_is_refused(film: Path) -> None:
    with pytest.raises(tw.InputError, match=r"holds 9, and the pictures of 'even.mp4' end at 4"):
        tw.frames(film, [1, 9])


@pytest.mark.parametrize("times", [[-1.0], [np.nan], ["1:02"], [[1.0]], None, [np.inf]])
def test_times_that_are_none_are_refused(film: Path, times: Any) -> None:
    with pytest.raises(tw.InputError, match="times_sec"):
        tw.frames(film, times)


@pytest.mark.parametrize("height", [0, -3, 1.5, "big", True, 10**6])
def test_heights_that_are_none_are_refused(film: Path, height: Any) -> None:
    with pytest.raises(tw.InputError, match="height"):
        tw.frames(film, [1], height=height)


def test_sound_has_no_frames(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000))
    with pytest.raises(tw.InputError, match=r"'sound.wav' has no video track \(its tracks: audio"):
        tw.frames(tmp_path / "sound.wav", [0.1])


@pytest.mark.parametrize("keep", [0, 100, 0.5, 0.9])
def test_a_broken_film_is_told(film: Path, tmp_path: Path, keep: float) -> None:
    content = film.read_bytes()
    path = tmp_path / "broken.mp4"
    path.write_bytes(content[: int(keep * len(content)) if keep < 1 else int(keep)])
    with pytest.raises(tw.InputError, match=r"'broken.mp4' cannot be read as a film"):
        tw.frames(path, [1.0])


def test_a_film_that_breaks_off_is_told_behind_the_break(tmp_path: Path) -> None:
    path = films.make_film(tmp_path / "film.mkv", EVEN)
    content = path.read_bytes()
    path.write_bytes(content[: int(0.6 * len(content))])
    assert numbers(path, [0.5]) == [12]
    with pytest.raises(tw.InputError, match=r"'film.mkv' (end at|is damaged)"):
        tw.frames(path, [3.9])


def test_damage_is_told_where_it_is(film: Path, tmp_path: Path) -> None:
    content = bytearray(film.read_bytes())
    place = content.index(b"mdat")
    middle = place + (len(content) - place) // 3
    content[middle : middle + 400] = bytes(400)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(content)
    with pytest.raises(tw.InputError, match=r"'damaged.mp4' is damaged at 0:01.60; a film"):
        tw.frames(path, [1.6])
    given = [number for number in range(100) if is_given(path, number)]
    assert 70 < len(given) < 100


def is_given(path: Path, number: int) -> bool:
    """Whether a frame is given, which then is the right one; damage is told."""
    try:
        found = numbers(path, [EVEN[number]])
    except tw.InputError:
        return False
    assert found == [number]
    return True


def test_a_list_of_other_files_is_no_film(film: Path, tmp_path: Path) -> None:
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n" + str(film) + "\n#EXT-X-ENDLIST\n"
    for name, text in [("a.mp4", playlist), ("b.mp4", f"ffconcat version 1.0\nfile {film}\n")]:
        (tmp_path / name).write_text(text)
        with pytest.raises(tw.InputError, match="cannot be read as a film"):
            tw.frames(tmp_path / name, [0])


@pytest.mark.parametrize("video", ["nothing.mp4", None, 3, {"a": "b"}, "https://", "a.txt"])
def test_what_names_no_film_is_refused(video: Any, tmp_path: Path) -> None:
    with pytest.raises(tw.InputError):
        tw.frames(video, [0])


class _Server(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server(film: Path) -> Iterator[str]:
    """The address of a folder with the film in it."""

    def handler(*args: Any) -> _Server:
        return _Server(*args, directory=str(film.parent))

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


def test_a_film_may_be_an_address(server: str, film: Path) -> None:
    times = [0.5, 3.1]
    from_web = tw.frames(f"{server}/{film.name}", times)
    np.testing.assert_array_equal(from_web, tw.frames(film, times))
    with pytest.raises(tw.InputError, match=r"none.mp4' cannot be read as a film"):
        tw.frames(f"{server}/none.mp4?signature=secret", times)


def test_a_message_does_not_hold_what_signs_an_address(server: str) -> None:
    address = server.replace("http://", "http://me:hidden@")
    with pytest.raises(tw.InputError) as told:
        tw.frames(f"{address}/none.mp4?signature=secret", [1])
    assert "hidden" not in str(told.value)
    assert "secret" not in str(told.value)


def test_frames_are_kept_until_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = films.make_film(tmp_path / "film.mp4", EVEN[:20])
    assert numbers(path, [0.2, 0.4]) == [5, 10]
    stat = path.stat()
    path.write_bytes(bytes(stat.st_size))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert numbers(path, [0.4, 0.2]) == [10, 5]  # same size and time: the same film
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    with pytest.raises(tw.InputError, match="cannot be read"):
        tw.frames(path, [0.4])


def test_what_is_kept_is_not_what_was_given(film: Path) -> None:
    first = tw.frames(film, [1.0])
    first[:] = 7
    assert numbers(film, [1.0]) == [25]


def test_what_is_kept_is_bounded(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twlab.media.frames.MOST_KEPT_BYTES", 40 * 48 * 64 * 3)
    for _ in range(2):
        assert numbers(film, EVEN, height=48) == list(range(100))
    kept = sys.modules["twlab.media.frames"]._shelf()  # that it is bounded shows only inside
    total = sum(picture.nbytes for picture in kept._pictures.values())
    assert total == kept._bytes <= 40 * 48 * 64 * 3


def test_long_times_cost_no_memory(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twlab.media.frames.free_bytes", lambda: 10**6)
    with pytest.raises(tw.InputError, match=r"10 pictures of 320 × 240 need .* fewer"):
        tw.frames(film, np.arange(10) + 0.0125)  # at no time of these is a picture kept


def test_without_the_extra_the_remedy_is_told(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(tw.MissingExtraError, match=r"pip install 'twlab\[media\]'"):
        tw.frames(film, [0.123])
