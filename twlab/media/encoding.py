"""Films to tables of segments on the user's machine: no key, no network.

* :func:`encode` - vectors of pictures and sound
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from twlab.checks import is_number
from twlab.errors import InputError, warn
from twlab.media.containers import tracks_of
from twlab.media.encoders import open_encoder
from twlab.media.named import local_file
from twlab.media.pooling import PER_SEC, kept_folder, picture_vectors
from twlab.media.sound import SOUND_MODEL, sound_vectors
from twlab.media.spans import fixed_spans, shot_spans
from twlab.paths import user_path
from twlab.progress import bar
from twlab.table.segments import str_column, with_vectors
from twlab.timecodes import format_timecode
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from twlab.media.encoders import Encoder
    from twlab.media.spans import SegmentSpans

    Films = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

__all__ = ["encode"]

CutBy = Literal["fixed", "shots"]

SHORTEST_CLIP_SEC = 1.0
"""Two pictures; what is shorter than that is a picture rather than a clip."""


class Plan(NamedTuple):
    """What is to be made of one film."""

    path: Path
    video_id: str
    duration_sec: float
    spans: SegmentSpans
    pictures: bool
    sound: bool


def encode(
    video: Films,
    *,
    segmentation: CutBy = "fixed",
    clip_sec: float = 6,
    encoder: str | os.PathLike[str] | Callable[[NDArray[np.uint8]], Any] = "default",
    folder: str | os.PathLike[str] | None = None,
) -> pd.DataFrame:
    """Vectors of a film's pictures and sound, computed on this machine.

    Two pictures a second go through an image encoder; a segment is the mean of its pictures at
    length 1. Segments of ``audio`` are statistics of its sound. Neither is a Marengo vector, and
    ``model_name`` says so: they know what a picture looks like and what sound is like, not what
    happens or what is said. Needs the extra ``local``.

    Parameters
    ----------
    video : path, or sequence of paths
        Files of films or sounds. Their names without ending are the ``video_id``.
    segmentation : {"fixed", "shots"}, default "fixed"
        Clips of ``clip_sec``, a last one shorter than 2 s left out; or segments of 2 to 10 s
        that begin at cuts (extra ``shots``, PySceneDetect's adaptive detector).
    clip_sec : float, default 6
        Length of a fixed clip in seconds, 1 or more.
    encoder : "default", path, or callable, default "default"
        ``"default"``: EfficientNet-Lite0 (ImageNet classifier, 1280 numbers), which travels with
        twlab. A path: an ONNX file as ``data/make_encoders.py`` writes. A callable is given
        ``uint8`` pictures of shape ``(n, height, width, 3)``, the shorter side 256, and returns
        ``(n, d)`` numbers.
    folder : path, optional
        Where vectors of pictures are kept, so that a run that was stopped goes on where it was,
        and other segments of the same film cost nothing. Default: the user's folder for caches.
        Those of a callable are kept only if it has an attribute ``model_name``.

    Returns
    -------
    DataFrame
        One row per segment, as :func:`twlab.load` gives it: for each film the ``visual`` clips,
        the whole film (scope ``video``, the plain mean of its clips), and the ``audio`` clips.

    Raises
    ------
    InputError
        If a file is not there or is no film or sound, or an argument is out of its range.
    MissingExtraError
        If an extra is not installed.

    See Also
    --------
    twlab.Client.embed : vectors of Marengo, which knows words too
    twlab.explore : what comes out, with the film playing

    Notes
    -----
    The network is EfficientNet-Lite0 of Tan & Le (2019) in the weights of TensorFlow's model zoo,
    Apache-2.0, stored in half precision. Pictures are stretched to 224 x 224. Sound: 64 mel bands
    standardised over the file, mean and deviation within a segment (128 numbers); segments
    without sound have no such row.

    Examples
    --------
    >>> import twlab as tw
    >>> segments = tw.encode(tw.sample_video("trailer"))  # doctest: +SKIP
    >>> segments["embedding_option"].value_counts().to_dict()  # doctest: +SKIP
    {'visual': 10, 'audio': 9}
    """
    paths = _check_paths(video)
    length = _check_clip_sec(clip_sec)
    if segmentation not in ("fixed", "shots"):
        raise InputError(
            f"segmentation is {brief(segmentation)}; 'fixed' or 'shots' was expected; choose one"
        )
    network = open_encoder(encoder)
    place = kept_folder() if folder is None else user_path(folder)
    plans = [_plan(path, name, segmentation, length) for path, name in paths.items()]
    total = sum(plan.duration_sec for plan in plans if plan.pictures)
    with bar("encoding", total=round(total), unit="s of film") as moved:
        tables = [_encode_film(plan, network, place, moved) for plan in plans]
    return pd.concat(tables, ignore_index=True)


def _check_paths(video: Any) -> dict[Path, str]:
    """The files, and what their videos are called: by their folder too where names are equal."""
    several = not isinstance(video, str | os.PathLike)
    try:
        named = list(video) if several else [video]
    except TypeError:
        named = []
    if not named:
        raise InputError(
            f"video is {brief(video)}; the path of a film, or a sequence of such, was expected"
        )
    paths: dict[Path, str] = {}
    for one in named:
        path = local_file(one)
        if path is None:
            raise InputError(
                f"video is {brief(one)}; the path of a file was expected; download it first"
            )
        paths[path] = path.stem
    stems = list(paths.values())
    full = {path: f"{path.parent.name}/{path.name}" for path in paths}
    return {path: stem if stems.count(stem) == 1 else full[path] for path, stem in paths.items()}


def _check_clip_sec(clip_sec: Any) -> float:
    """The length of a clip."""
    if not is_number(clip_sec) or not SHORTEST_CLIP_SEC <= clip_sec < np.inf:
        raise InputError(
            f"clip_sec is {brief(clip_sec)}; seconds, 1 or more, were expected; give clip_sec=6"
        )
    return float(clip_sec)


def _plan(path: Path, video_id: str, segmentation: CutBy, clip_sec: float) -> Plan:
    """What there is in a file, and where its segments lie."""
    tracks = tracks_of(path)
    if segmentation == "shots" and not tracks.pictures:
        raise InputError(
            f"{path.name!r} has no pictures, and shots are found in pictures; a film was "
            "expected; pass segmentation='fixed'"
        )
    duration = tracks.duration_sec
    shots = segmentation == "shots"
    spans = shot_spans(path, duration) if shots else fixed_spans(duration, clip_sec)
    return Plan(path, video_id, duration, spans, tracks.pictures, tracks.sound)


def _encode_film(plan: Plan, encoder: Encoder, folder: Path, moved: Any) -> pd.DataFrame:
    """The table of one film."""
    tables = []
    if plan.pictures:
        tables += _encode_pictures(plan, encoder, folder, moved)
    if plan.sound:
        rows, heard = sound_vectors(plan.path, plan.spans)
        if heard.any():
            spans = [span for span, good in zip(plan.spans, heard, strict=True) if good]
            tables.append(_table(plan, spans, rows[heard], SOUND_MODEL, option="audio"))
    if not tables:
        raise InputError(
            f"{plan.path.name!r} is silent all through and has no pictures; a film or a sound was "
            "expected; name another file"
        )
    return pd.concat(tables, ignore_index=True)


def _encode_pictures(plan: Plan, encoder: Encoder, folder: Path, moved: Any) -> list[pd.DataFrame]:
    """The rows of the clips and of the whole film."""
    pooled = picture_vectors(plan.path, plan.spans, encoder, folder, moved)
    length = np.array([end - start for start, end in plan.spans])
    seen = pooled.counts >= np.maximum(1, length * PER_SEC / 2)  # less is not what the clip shows
    if not seen.any():
        raise InputError(
            f"{plan.path.name!r} has no picture that can be decoded; a whole film was expected; "
            "see whether it plays, and copy or encode it again if it does not"
        )
    _tell_unseen(plan, seen, pooled.n_harmed)
    spans = [span for span, good in zip(plan.spans, seen, strict=True) if good]
    rows = pooled.unit_means()[seen]
    whole = rows.mean(axis=0, dtype=np.float64)[None]
    model, all_of_it = encoder.model_name, [(0.0, plan.duration_sec)]
    return [
        _table(plan, spans, rows, model, option="visual"),
        _table(plan, all_of_it, whole, model, option="visual", scope="video"),
    ]


def _tell_unseen(plan: Plan, seen: NDArray[np.bool_], n_harmed: int) -> None:
    """Warn of what could not be decoded."""
    unseen = np.flatnonzero(~seen)
    if not len(unseen) and not n_harmed:
        return
    told = [f"{n_harmed} pictures could not be decoded"] if n_harmed else []
    if len(unseen):
        place = format_timecode(plan.spans[unseen[0]][0])
        told.append(
            f"{len(unseen)} of its segments show nothing and are left out, the first at {place}"
        )
    warn(
        f"{plan.path.name!r} is damaged or ends early: {', '.join(told)}; copy or encode it again "
        "if it should be whole"
    )


def _table(
    plan: Plan,
    spans: SegmentSpans,
    rows: NDArray[Any],
    model: str,
    *,
    option: str,
    scope: str = "clip",
) -> pd.DataFrame:
    """Rows of one option and scope."""
    n = len(spans)
    known = {"video_id": plan.video_id, "embedding_option": option, "embedding_scope": scope}
    words = {name: str_column([text] * n) for name, text in {**known, "model_name": model}.items()}
    table = pd.DataFrame(
        {
            "video_id": words["video_id"],
            "start_sec": [start for start, _ in spans],
            "end_sec": [end for _, end in spans],
            "embedding_option": words["embedding_option"],
            "embedding_scope": words["embedding_scope"],
            "model_name": words["model_name"],
            "embedding": None,
            "filename": str_column([plan.path.name] * n),
            "duration_sec": plan.duration_sec,
        }
    )
    return with_vectors(table, rows)
