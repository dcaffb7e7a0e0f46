"""The bundled film: what is in it, and that its parts belong together."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import twlab as tw
from twlab import paths

ROOT = Path(__file__).parent.parent
DATA = ROOT / "data"

EVERY_SAMPLE = [
    # name, option, rows, numbers per vector, seconds at which the last clip ends
    ("film", "visual", 101, 1280, 596.474),
    ("shots", "visual", 114, 1280, 596.458),
    ("film", "audio", 100, 128, 596.474),
    ("trailer", "visual", 10, 1280, 54.0),
    ("trailer", "audio", 9, 128, 54.0),
]


@pytest.mark.parametrize(("name", "option", "n_rows", "dim", "end_sec"), EVERY_SAMPLE)
def test_rows_times_and_vectors(
    name: str, option: str, n_rows: int, dim: int, end_sec: float
) -> None:
    table = tw.sample(name, embedding_option=option)
    tw.check_segments(table)
    assert tw.vectors(table).shape == (n_rows, dim)
    assert set(table["embedding_option"]) == {option}
    clips = table[table["embedding_scope"] == "clip"]
    assert clips["end_sec"].max() == pytest.approx(end_sec)
    np.testing.assert_allclose(clips["start_sec"].iloc[1:], clips["end_sec"].iloc[:-1])
    lengths = np.linalg.norm(tw.vectors(clips).astype(float), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-4)


@pytest.mark.parametrize("name", ["film", "shots", "trailer"])
def test_the_whole_video_is_the_plain_mean_of_its_clips(name: str) -> None:
    table = tw.sample(name)
    is_clip = table["embedding_scope"] == "clip"
    mean = tw.vectors(table[is_clip]).mean(axis=0)
    (whole,) = tw.vectors(table[~is_clip])
    np.testing.assert_allclose(whole, mean, atol=2e-6)
    assert 0.5 < np.linalg.norm(whole) < 0.95


def test_options_and_grids_of_one_film_share_its_identity() -> None:
    tables = [tw.sample(), tw.sample("shots"), tw.sample(embedding_option="audio")]
    assert {video for table in tables for video in table["video_id"]} == {"big_buck_bunny"}
    assert set(tw.sample("trailer")["video_id"]) == {"trailer"}


def test_the_vectors_say_that_they_are_not_from_marengo() -> None:
    for name, option, *_ in EVERY_SAMPLE:
        (model,) = tw.sample(name, embedding_option=option)["model_name"].unique()
        assert "not Marengo" in model


def test_shots_begin_where_clips_of_equal_length_do_not() -> None:
    shots = tw.sample("shots")
    seconds = (shots["end_sec"] - shots["start_sec"])[shots["embedding_scope"] == "clip"]
    assert seconds.min() >= 2
    assert seconds.max() <= 10


def test_the_trailer_is_found_in_the_film() -> None:
    trailer, film = (tw.sample(name) for name in ("trailer", "film"))
    trailer, film = (t[t["embedding_scope"] == "clip"] for t in (trailer, film))
    best = tw.cosine_similarity(trailer, film).max(axis=1)
    assert np.median(best) > 0.85


@pytest.mark.parametrize("name", ["film", "trailer"])
def test_the_video_is_named_in_its_embeddings(name: str) -> None:
    video = tw.sample_video(name)
    assert video.read_bytes()[4:8] == b"ftyp"
    assert set(tw.sample(name)["filename"]) == {video.name}


def test_unknown_samples_are_refused() -> None:
    with pytest.raises(tw.InputError, match="name is 'movie'; one of 'film', 'trailer', 'shots'"):
        tw.sample("movie")
    with pytest.raises(tw.InputError, match="embedding_option is 'text'; one of 'visual'"):
        tw.sample(embedding_option="text")
    with pytest.raises(tw.InputError, match="'shots' has no 'audio' vectors"):
        tw.sample("shots", embedding_option="audio")
    with pytest.raises(tw.InputError, match="name is 'shots'; one of 'film', 'trailer' was"):
        tw.sample_video("shots")


def test_a_broken_installation_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "twlab" / "paths.py"))
    with pytest.raises(tw.InputError, match="install twlab again"):
        tw.sample_video()


def test_the_licence_travels_with_the_film() -> None:
    text = (DATA / "README.md").read_text(encoding="utf-8")
    for words in ("CC BY 3.0", "(c) copyright 2008, Blender Foundation", "Changed: scaled to"):
        assert words in text
    listed = {path.name for path in (DATA / "sample").iterdir() if path.name in text}
    assert listed == {path.name for path in (DATA / "sample").iterdir()}


def test_the_files_have_the_served_shape() -> None:
    for path in (DATA / "sample").glob("*.json"):
        task = json.loads(path.read_text(encoding="utf-8"))
        assert set(task) == {"_id", "model_name", "status", "created_at", "video_embedding"}
        assert set(task["video_embedding"]) == {"metadata", "segments"}
        keys = "float start_offset_sec end_offset_sec embedding_option embedding_scope"
        assert all(set(s) == set(keys.split()) for s in task["video_embedding"]["segments"])


def test_the_rebuild_script_explains_itself() -> None:
    script = DATA / "rebuild_sample.py"
    answer = subprocess.run(
        [sys.executable, str(script), "--help"], capture_output=True, text=True, check=True
    )
    assert "--compare" in answer.stdout
