"""Stretches of a film as films of their own, cut by ffmpeg to the frame.

* :func:`cut` - a file for each stretch
"""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np

from twlab.errors import InputError
from twlab.handover.found_stretches import gather_stretches
from twlab.media.named import films_of, local_file
from twlab.paths import replace_file, user_path
from twlab.progress import bar
from twlab.wording import one_line

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import pandas as pd

    from twlab.table.types import Video

__all__ = ["cut"]

BEFORE_SEC = 0.002
"""Frames are kept that begin at most so much before a time: one that is rounded to the millisecond
may lie after the frame it means. A frame of 240 per second is twice as long."""

AFTER_SEC = 1.0
"""Decoded after a stretch, so that the filter that counts frames sees its end."""

SURELY_SEEN_SEC = 60.0
"""No film goes so long without a frame that can be decoded alone: encoders make one at least every
250 frames, and where nothing is decoded from so far before a stretch the film has ended."""

LOOKS_BACK_SEC = (1.0, 10.0, SURELY_SEEN_SEC, np.inf)
"""From how far before a stretch it is decoded, until there is a frame before it. Films with an
index have one at the first; into a transport stream ffmpeg jumps between two frames that can be
decoded alone, and decodes none up to the next."""

CONTAINERS = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,vc1,obu,ivf,flv,asf,ogg,mxf,gxf,dv,nut,rm,"
    "wtv,yuv4mpegpipe,mjpeg,gif,apng,wav,mp3,flac,aac"
)
"""What ffmpeg may take a film for: forms that hold their pictures themselves. A playlist under the
name of a film has others opened."""

FILE_BYTES = 100
"""Bytes of a film's name, and of a label, in the name of a file: with the rest they fit every file
system, which takes 255."""


def cut(video: Video, spans: pd.DataFrame, *, folder: str | os.PathLike[str]) -> pd.DataFrame:
    """The stretches as films of their own in a folder, encoded anew so that each frame is exact.

    Parameters
    ----------
    video : path, or dict of these by ``video_id``
        The film on this machine.
    spans : DataFrame
        Scenes, hits, spans of labels or any other result that has times.
    folder : path
        Where the files go; made if it is not there. Files of the same names are replaced.

    Returns
    -------
    DataFrame
        ``video_id``, ``start_sec``, ``end_sec``, ``label`` and ``path``, a row for each file, named
        by its number, the film and the label. A file holds the frames that begin in the stretch,
        as H.264 and AAC in MP4.

    Raises
    ------
    InputError
        If there is no such film, a stretch begins after its end, or ffmpeg is not installed or
        cannot read it.

    See Also
    --------
    twlab.export : a list of the stretches, for an editing program
    twlab.frames : single frames as arrays

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> scenes = tw.scenes(tw.sample()).head(1).assign(end_sec=2.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = tw.cut(tw.sample_video(), scenes, folder=folder)
    ...     print(files["path"].iloc[0].name)
    001 big_buck_bunny Scene 1.mp4
    """
    stretches = gather_stretches(spans)
    ids = list(dict.fromkeys(stretches["video_id"]))
    films = {name: _film_file(film) for name, film in films_of(video, ids).items()}
    missing = [name for name in ids if name not in films]
    if missing:
        raise InputError(
            f"video names no film of {missing[0]!r}, and the spans have stretches of it; one for "
            f"each video was expected; add it: video={{{missing[0]!r}: 'film.mp4'}}"
        )
    program = shutil.which("ffmpeg")
    if program is None:
        raise InputError(
            "ffmpeg is not on the path, and it cuts the film; install it (apt install ffmpeg, brew "
            "install ffmpeg, winget install ffmpeg)"
        )
    target = user_path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"folder is {str(target)!r}, where no folder can be made ({error.strerror}); a folder "
            "that is there or can be made was expected; choose another"
        ) from None
    paths = [target / name for name in _file_names(stretches)]
    _spare_films({*films.values()}, paths)
    rows = stretches[["video_id", "start_sec", "end_sec"]].itertuples(index=False)
    for path, (name, start, end) in bar("cutting", list(zip(paths, rows, strict=True)), unit="cut"):
        _cut_one(program, films[name], (start, end), path)
    return stretches[["video_id", "start_sec", "end_sec", "label"]].assign(
        path=np.array([*paths, None], dtype=object)[:-1]
    )


def _spare_films(films: set[Path], paths: list[Path]) -> None:
    """Refuse to write over a film that is cut."""
    for path in paths:
        if path.resolve() in films:
            raise InputError(
                f"folder holds the film {path.name!r} itself, and a stretch would be written over "
                "it; another folder was expected; choose one"
            )


def _film_file(film: object) -> Path:
    """The film as a file on this machine."""
    path = local_file(film)
    if path is None:
        raise InputError(
            f"video is {str(film)[:80]!r}, an address; a file on this machine was expected; "
            "download it first"
        )
    return path


def _file_names(stretches: pd.DataFrame) -> list[str]:
    """A name for each file: number, film, label, with nothing that a file system reads."""
    names = []
    pairs = zip(stretches["video_id"], stretches["label"], strict=True)
    for number, (video, label) in enumerate(pairs, 1):
        stem = re.split(r"[/\\]", video.rstrip("/\\"))[-1]
        plain = [re.sub(r"[^\w .,()+-]", "_", text).encode() for text in (stem, label)]
        words = [text[:FILE_BYTES].decode(errors="ignore") for text in plain]
        names.append(f"{number:03d} {words[0].strip()} {words[1].strip()}.mp4")
    return names


def _cut_one(program: str, film: Path, span: tuple[float, float], target: Path) -> None:
    """Write the frames of the film that begin in the stretch.

    Raises
    ------
    InputError
        If ffmpeg cannot, or there are none.
    """
    with replace_file(target) as path:
        for back in LOOKS_BACK_SEC:
            seek = max(span[0] - back, 0.0)
            command = _command_of(program, film, span, seek=seek, path=path)
            # Errors hold names and tags as they are in the file.
            done = subprocess.run(
                command, capture_output=True, encoding="utf-8", errors="replace", check=False
            )
            decoded, kept = (_time_of(done.stdout, stream) for stream in (0, 1))
            ended = decoded is None and back >= SURELY_SEEN_SEC
            if not seek or ended or (decoded is not None and decoded <= span[0] - seek):
                break
        _check_done(done, film, span)
        if kept is None:
            raise InputError(
                f"{film.name!r} has no frame between {span[0]:g} and {span[1]:g} s; a stretch of "
                "the film was expected; are the spans those of another film?"
            )


def _check_done(
    done: subprocess.CompletedProcess[str], film: Path, span: tuple[float, float]
) -> None:
    """Say what ffmpeg could not do."""
    if "'0:v:0' matches no streams" in done.stderr:
        raise InputError(
            f"{film.name!r} has no pictures; a film was expected, as stretches are cut to the "
            "frame; choose one that has some"
        )
    if "not on whitelist" in done.stderr:
        raise InputError(
            f"{film.name!r} is a playlist, or of a rare form; a film that holds its own pictures "
            "was expected, such as an MP4; convert it with ffmpeg"
        )
    if done.returncode:
        said = one_line((done.stderr.strip().splitlines() or ["no reason given"])[-1])
        raise InputError(
            f"ffmpeg cannot cut {film.name!r} at {span[0]:g} to {span[1]:g} s ({said}); a film "
            "that it can read was expected; try it with ffmpeg -i"
        )


def _command_of(
    program: str, film: Path, span: tuple[float, float], *, seek: float, path: Path
) -> list[str]:
    """What encodes a stretch, and lists the first frame of all and the first of the stretch."""
    begin, end = (max(sec - BEFORE_SEC, 0.0) - seek for sec in span)
    kept = f"trim=start={begin:.6f}:end={end:.6f},"
    even = "pad=ceil(iw/2)*2:ceil(ih/2)*2"
    command = [program, "-nostdin", "-loglevel", "error", "-y"]
    command += ["-ss", f"{seek:.6f}"] if seek else []  # a jump to 0 may end after it
    command += ["-format_whitelist", CONTAINERS]
    command += ["-t", f"{end + AFTER_SEC:.6f}", "-i", f"file:{film}"]
    command += ["-map", "0:v:0", "-map", "0:a:0?", "-fps_mode", "passthrough"]
    command += ["-vf", f"{kept}setpts=PTS-STARTPTS,{even}", "-af", f"a{kept}asetpts=PTS-STARTPTS"]
    command += ["-c:v", "libx264", "-crf", "18", "-preset", "veryfast", "-pix_fmt", "yuv420p"]
    command += ["-c:a", "aac", "-movflags", "+faststart", "-f", "mp4", f"file:{path}"]
    command += ["-map", "0:v:0", "-map", "0:v:0", "-fps_mode", "passthrough", "-frames:v", "1"]
    command += ["-filter:v:0", "scale=16:16", "-filter:v:1", f"{kept}scale=16:16"]
    return [*command, "-f", "framecrc", "-"]


def _time_of(listed: str, stream: int) -> float | None:
    """When the frame of a stream begins in what ffmpeg lists of frames; None where it has none."""
    unit = re.search(rf"^#tb {stream}: (\d+)/(\d+)$", listed, re.MULTILINE)
    frame = re.search(rf"^{stream}, *-?\d+, *(-?\d+),", listed, re.MULTILINE)
    if unit is None or frame is None:
        return None
    return int(frame[1]) * int(unit[1]) / int(unit[2])
