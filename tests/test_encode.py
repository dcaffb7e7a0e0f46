"""Films encoded here: which pictures and sounds a segment stands for, and what is kept."""

from __future__ import annotations

import itertools
import subprocess
import wave
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import twlab as tw
from twlab.media import fixed_spans, join_shots, log_mel

av = pytest.importorskip("av")
pytest.importorskip("onnxruntime")
films = pytest.importorskip("films")

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

EVEN = [k / 25 for k in range(200)]
RATE = 16_000


class Reader:
    """An encoder that reads the number in each picture, and counts what it is given."""

    def __init__(self, name: str | None = "reads numbers") -> None:
        self.given = 0
        if name is not None:
            self.model_name = name

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
        self.given += len(pictures)
        return np.array([(films.number_of(picture), 100.0) for picture in pictures])


def numbers_of(segments: Any) -> list[float]:
    """The mean of the numbers in each clip, out of the direction of its vector."""
    clips = segments[segments["embedding_scope"] == "clip"]
    return [float(100 * v[0] / v[1]) for v in clips["embedding"]]


def expected(starts: list[float], spans: list[tuple[float, float]]) -> list[float]:
    """An oracle: the pictures just before .25 s and .75 s of each second that a clip has."""
    times = np.arange(0, starts[-1] + 1, 0.5)
    shown = [max(k for k, s in enumerate(starts) if k == 0 or s < t + 0.2495) for t in times]
    return [
        float(np.mean([n for n, t in zip(shown, times, strict=True) if a <= t < b]))
        for a, b in spans
    ]


def tone(path: Path, parts: list[tuple[float, float]], loud: float = 0.3) -> Path:
    """A sound of rough tones: (hertz, seconds) each, and noise."""
    rng = np.random.default_rng(7)
    waves = [np.sin(2 * np.pi * f * np.arange(int(s * RATE)) / RATE) for f, s in parts]
    whole = np.concatenate(waves) + 0.5 * rng.normal(size=sum(map(len, waves)))
    samples = (whole / 3.5 * loud * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return path


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = films.make_film(tmp_path_factory.mktemp("films") / "even.mp4", EVEN)
    return path


@pytest.fixture
def encode(tmp_path: Path) -> Callable[..., Any]:
    """``tw.encode`` that reads numbers and keeps what it made in a folder of the test."""

    def run(video: Any, **options: Any) -> Any:
        chosen = {"encoder": Reader(), "clip_sec": 2, "folder": tmp_path / "kept"}
        return tw.encode(video, **chosen | options)

    return run


class TestPictures:
    @pytest.mark.parametrize(
        ("name", "options"),
        [
            ("a.mp4", {}),
            ("a.mkv", {}),
            ("late.ts", {"start": 5.0}),
            ("a.avi", {"codec": "mpeg4"}),
            ("a.webm", {"codec": "libvpx-vp9", "options": {"cpu-used": "8"}}),
            ("open.mp4", {"options": {"x264-params": "open-gop=1:bframes=3:keyint=10"}}),
        ],
    )
    def test_a_clip_is_the_mean_of_its_pictures(
        self, encode: Any, tmp_path: Path, name: str, options: dict[str, Any]
    ) -> None:
        segments = encode(films.make_film(tmp_path / name, EVEN, **options))
        spans = [(2.0 * k, 2.0 * k + 2) for k in range(4)]
        clips = segments[segments["embedding_scope"] == "clip"]
        assert list(zip(clips["start_sec"], clips["end_sec"].round(1), strict=True)) == spans
        assert numbers_of(segments) == pytest.approx(expected(EVEN, spans), abs=0.1)

    def test_uneven_pictures(self, encode: Any, tmp_path: Path) -> None:
        rng = np.random.default_rng(4)
        times = sorted({0.0, *np.round(rng.uniform(0, 8, 60), 3)})
        segments = encode(films.make_film(tmp_path / "uneven.mkv", times))
        spans = [(2.0 * k, 2.0 * k + 2) for k in range(3)]
        assert numbers_of(segments)[:3] == pytest.approx(expected(times, spans), abs=0.1)

    def test_a_film_of_one_picture_shows_it(self, encode: Any, tmp_path: Path) -> None:
        segments = encode(films.make_film(tmp_path / "short.mp4", [0.0]))
        assert segments["embedding_scope"].tolist() == ["clip", "video"]
        assert numbers_of(segments) == pytest.approx([0], abs=0.1)

    def test_the_table(self, encode: Any, film: Path) -> None:
        segments = encode(film)
        tw.check_segments(segments)
        assert set(segments["video_id"]) == {"even"}
        assert set(segments["filename"]) == {"even.mp4"}
        assert set(segments["model_name"]) == {"reads numbers"}
        assert segments["embedding_scope"].tolist() == ["clip"] * 4 + ["video"]
        clips, whole = tw.vectors(segments)[:-1], tw.vectors(segments)[-1]
        assert np.linalg.norm(clips, axis=1) == pytest.approx(np.ones(4), abs=1e-6)
        assert whole == pytest.approx(clips.mean(axis=0), abs=1e-6)

    def test_several_films_are_those_one_by_one(
        self, encode: Any, film: Path, tmp_path: Path
    ) -> None:
        other = films.make_film(tmp_path / "other.mp4", EVEN[:60])
        both = encode([other, film])
        assert both["video_id"].unique().tolist() == ["other", "even"]
        for name, path in (("other", other), ("even", film)):
            alone = encode(path)
            own = both[both["video_id"] == name]
            assert (tw.vectors(alone) == tw.vectors(own)).all()

    def test_films_of_one_name_stay_apart(self, encode: Any, tmp_path: Path) -> None:
        paths = []
        for folder in ("a", "b"):
            (tmp_path / folder).mkdir()
            paths.append(films.make_film(tmp_path / folder / "x.mp4", EVEN[:60]))
        assert encode(paths)["video_id"].unique().tolist() == ["a/x.mp4", "b/x.mp4"]

    def test_a_turned_film_comes_upright(self, film: Path, tmp_path: Path) -> None:
        turned = films.add_turn(film, tmp_path / "turned.mp4", (0, 1, -1, 0))
        shapes = []

        def look(pictures: NDArray[np.uint8]) -> Any:
            shapes.append(pictures.shape[1:])
            return np.ones((len(pictures), 2))

        for path in (film, turned):
            tw.encode(path, encoder=look, folder=tmp_path)
        assert {shapes[0], shapes[-1]} == {(256, 341, 3), (341, 256, 3)}


class TestKept:
    def test_the_same_film_costs_nothing_again(self, encode: Any, film: Path) -> None:
        first, again = Reader(), Reader()
        one = encode(film, encoder=first)
        other = encode(film, encoder=again, clip_sec=4)
        assert (first.given, again.given) == (16, 0)
        assert (tw.vectors(encode(film)) == tw.vectors(one)).all()
        assert numbers_of(other) == pytest.approx(expected(EVEN, [(0, 4), (4, 8)]), abs=0.1)

    def test_a_copy_is_known_and_a_change_is_not(
        self, encode: Any, film: Path, tmp_path: Path
    ) -> None:
        encode(film)
        copy = tmp_path / "copy.mp4"
        copy.write_bytes(film.read_bytes())
        known, changed = Reader(), Reader()
        encode(copy, encoder=known)
        films.make_film(copy, [t for t in EVEN if t < 4] + [t + 0.5 for t in EVEN if t >= 4])
        encode(copy, encoder=changed)
        assert (known.given, changed.given) == (0, 17)

    def test_other_encoders_and_nameless_ones_are_asked(self, encode: Any, film: Path) -> None:
        encode(film)
        other, nameless = Reader("another"), Reader(None)
        encode(film, encoder=other)
        encode(film, encoder=nameless)
        encode(film, encoder=nameless)
        assert (other.given, nameless.given) == (16, 32)

    def test_a_stopped_run_goes_on(self, encode: Any, tmp_path: Path) -> None:
        long = films.make_film(tmp_path / "long.mp4", [k / 2 for k in range(250)], gop=30)

        class Stopped(Reader):
            def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
                if self.given >= 240:
                    raise KeyboardInterrupt
                return super().__call__(pictures)

        with pytest.raises(KeyboardInterrupt):
            encode(long, encoder=Stopped())
        rest, alone = Reader(), Reader(None)
        resumed = encode(long, encoder=rest)
        whole = encode(long, encoder=alone)
        assert rest.given == alone.given - 240 > 0
        assert (tw.vectors(resumed) == tw.vectors(whole)).all()

    def test_a_piece_that_is_cut_short_is_made_again(
        self, encode: Any, film: Path, tmp_path: Path
    ) -> None:
        one = encode(film)
        (piece,) = (tmp_path / "kept").rglob("*.npy")
        piece.write_bytes(piece.read_bytes()[:90])
        again = Reader()
        assert (tw.vectors(encode(film, encoder=again)) == tw.vectors(one)).all()
        assert again.given == 16


class TestSound:
    def test_only_sound(self, tmp_path: Path) -> None:
        path = tone(tmp_path / "tones.wav", [(300, 12), (2500, 12), (300, 6)])
        sound = tw.encode(path, folder=tmp_path)
        assert sound["embedding_option"].tolist() == ["audio"] * 5
        alike = tw.cosine_similarity(sound)
        assert alike[0, 1] > 0.99
        assert alike[0, 4] > 0.99
        assert alike[2, 3] > 0.99
        assert alike[0, 2] < 0.9

    def test_blocks_do_not_show(self, tmp_path: Path) -> None:
        """A minute is worked on at once; an oracle takes all of the sound in one."""
        rng = np.random.default_rng(1)
        parts = [(float(f), 1.0) for f in rng.uniform(200, 4000, 130)]
        path = tone(tmp_path / "long.wav", parts)
        with wave.open(str(path)) as file:
            raw = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
        bands = log_mel(raw.astype(np.float32))
        times = np.arange(len(bands)) / 100
        spread = bands.std(axis=0)
        bands = (bands - bands.mean(axis=0)) / np.where(spread > 0, spread, 1)
        sound = tw.encode(path, folder=tmp_path, clip_sec=5)
        for start, end, vector in zip(
            sound["start_sec"], sound["end_sec"], sound["embedding"], strict=True
        ):
            own = bands[(times >= start) & (times < end)]
            right = np.concatenate([own.mean(axis=0), own.std(axis=0)])
            assert vector == pytest.approx(right / np.linalg.norm(right), abs=1e-3)

    def test_loudness_does_not_count(self, tmp_path: Path) -> None:
        parts = [(300.0, 6.0), (2500.0, 6.0), (900.0, 6.0)]
        loud = tw.encode(tone(tmp_path / "loud.wav", parts, 0.8), folder=tmp_path)
        soft = tw.encode(tone(tmp_path / "soft.wav", parts, 0.2), folder=tmp_path)
        assert (tw.vectors(loud) * tw.vectors(soft)).sum(axis=1).min() > 0.98

    def test_silence_is_said_to_be_silent(self, tmp_path: Path) -> None:
        path = tone(tmp_path / "quiet.wav", [(300, 12)], loud=0.0)
        with pytest.raises(tw.InputError, match="silent all through and has no pictures"):
            tw.encode(path, folder=tmp_path)

    def test_a_film_without_sound_has_no_such_rows(self, encode: Any, film: Path) -> None:
        assert set(encode(film)["embedding_option"]) == {"visual"}


class TestDefault:
    def test_the_sample_is_found_again(self, tmp_path: Path) -> None:
        """The sample was made from a film of 720 lines; this is its copy of 240."""
        own = tw.encode(tw.sample_video("trailer"), folder=tmp_path)
        for option, least in (("visual", 0.94), ("audio", 0.99)):
            sample = tw.sample("trailer", embedding_option=option)
            mine = own[own["embedding_option"] == option]
            assert set(mine["model_name"]) == set(sample["model_name"])
            assert mine["start_sec"].tolist() == sample["start_sec"].tolist()
            alike = tw.cosine_similarity(mine, sample)
            clips = (sample["embedding_scope"] == "clip").to_numpy()
            assert alike.diagonal()[clips].min() > least
            assert (alike[clips][:, clips].argmax(axis=1) == np.arange(clips.sum())).all()

    def test_a_file_of_the_same_network_gives_the_same(self, tmp_path: Path, film: Path) -> None:
        from twlab.paths import bundled_folder

        path = bundled_folder("models") / "efficientnet_lite0.onnx"
        one = tw.encode(film, encoder=path, folder=tmp_path)
        other = tw.encode(film, folder=tmp_path)
        assert (tw.vectors(one) == tw.vectors(other)).all()
        assert set(one["model_name"]) == {"efficientnet-lite0 (not Marengo)"}


class TestShots:
    def test_planted_cuts_are_where_segments_begin(self, encode: Any, tmp_path: Path) -> None:
        pytest.importorskip("scenedetect")
        rng = np.random.default_rng(0)
        path, shots = tmp_path / "shots.mp4", [3, 5, 11.5, 4]
        with av.open(str(path), "w") as container:
            track = container.add_stream("libx264", rate=25)
            track.width, track.height, track.pix_fmt = 160, 96, "yuv420p"
            for length in shots:
                still = rng.integers(0, 255, (6, 10, 3), np.uint8).repeat(16, 0).repeat(16, 1)
                for _ in range(int(length * 25)):
                    frame = av.VideoFrame.from_ndarray(still, format="rgb24")
                    container.mux(track.encode(frame))
            container.mux(track.encode())
        segments = encode(path, segmentation="shots", encoder="default")
        clips = segments[segments["embedding_scope"] == "clip"]
        assert clips["start_sec"].tolist() == pytest.approx([0, 3, 8, 13.75, 19.5], abs=0.05)

    def test_a_still_film_is_split_evenly(self, encode: Any, tmp_path: Path) -> None:
        pytest.importorskip("scenedetect")
        path = tmp_path / "still.mp4"
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=c=teal:s=160x96:d=24"]
        subprocess.run([*command, str(path)], check=True)
        segments = encode(path, segmentation="shots", encoder="default")
        clips = segments[segments["embedding_scope"] == "clip"]
        assert clips["start_sec"].tolist() == pytest.approx([0, 8, 16], abs=0.05)


@pytest.mark.parametrize("duration", [0.4, 1.9, 2, 6, 7.9, 8.0, 13.5, 600.25])
@pytest.mark.parametrize("clip_sec", [1, 2, 6, 10])
def test_fixed_clips_are_as_the_service_cuts_them(duration: float, clip_sec: float) -> None:
    spans = fixed_spans(duration, clip_sec)
    assert spans[0][0] == 0
    assert all(a[1] == b[0] for a, b in itertools.pairwise(spans))
    assert all(b - a == pytest.approx(clip_sec) for a, b in spans[:-1])
    left = duration - spans[-1][1]
    assert left < min(2, clip_sec)
    assert spans[-1][1] - spans[-1][0] >= min(2, clip_sec, duration) - 1e-9


def test_joined_shots_are_of_2_to_10_seconds(rng: np.random.Generator) -> None:
    for _ in range(50):
        ends = np.cumsum(rng.exponential(4, 30)).tolist()
        spans = join_shots(ends)
        assert all(2 <= b - a <= 10 + 1e-9 for a, b in spans)
        assert all(a[1] == b[0] for a, b in itertools.pairwise(spans))
        assert ends[-1] - spans[-1][1] < 2


class TestRefusals:
    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"clip_sec": 0}, "clip_sec is 0; seconds, 1 or more"),
            ({"clip_sec": "6"}, "clip_sec is '6'"),
            ({"clip_sec": float("nan")}, "clip_sec is nan"),
            ({"segmentation": "scenes"}, "segmentation is 'scenes'; 'fixed' or 'shots'"),
            ({"encoder": "marengo3.0"}, "encoder is 'marengo3.0', and there is no such file"),
            ({"encoder": 5}, "encoder is 5; 'default', the path of an ONNX file or a function"),
            ({"encoder": lambda p: np.ones(len(p))}, "gave shape"),
            ({"encoder": lambda p: np.ones((1, 4))}, "gave shape"),
            ({"encoder": lambda p: np.full((len(p), 4), np.nan)}, "not finite"),
        ],
    )
    def test_arguments(self, encode: Any, film: Path, wrong: Any, words: str) -> None:
        with pytest.raises(tw.InputError, match=words):
            encode(film, **wrong)

    @pytest.mark.parametrize("video", [None, [], 7, "https://media.test/film.mp4"])
    def test_what_is_no_file(self, encode: Any, video: Any) -> None:
        with pytest.raises(tw.InputError, match="was expected"):
            encode(video)

    def test_a_network_that_is_none(self, encode: Any, film: Path, tmp_path: Path) -> None:
        path = tmp_path / "weights.onnx"
        for content in (b"", b"no network", film.read_bytes()):
            path.write_bytes(content)
            with pytest.raises(tw.InputError, match=r"'weights.onnx' is no network"):
                encode(film, encoder=path)

    @pytest.mark.parametrize("content", [b"", b"<html>", b"#EXTM3U\n/etc/passwd\n", bytes(9000)])
    def test_a_film_that_is_none(self, encode: Any, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "broken.mp4"
        path.write_bytes(content)
        with pytest.raises(tw.InputError, match=r"'broken.mp4' cannot be read as a film"):
            encode(path)

    def test_a_film_that_breaks_off_is_told(self, encode: Any, tmp_path: Path) -> None:
        whole = films.make_film(tmp_path / "whole.mp4", [k / 25 for k in range(250)])
        fast = tmp_path / "fast.mp4"
        command = ["ffmpeg", "-v", "error", "-i", str(whole), "-c", "copy"]
        subprocess.run([*command, "-movflags", "+faststart", str(fast)], check=True)
        content = fast.read_bytes()
        fast.write_bytes(content[: len(content) * 2 // 3])
        with pytest.warns(tw.TwlabWarning, match=r"'fast.mp4' is damaged or ends early: ") as told:
            segments = encode(fast)
        assert " 0 pictures" not in str(told[0].message)
        found = numbers_of(segments)
        right = expected([k / 25 for k in range(250)], [(0, 2), (2, 4)])
        assert found[:2] == pytest.approx(right, abs=0.1)
        assert len(found) < 4

    def test_shots_of_a_sound(self, encode: Any, tmp_path: Path) -> None:
        with pytest.raises(tw.InputError, match="no pictures, and shots are found in pictures"):
            encode(tone(tmp_path / "a.wav", [(300, 6)]), segmentation="shots")
