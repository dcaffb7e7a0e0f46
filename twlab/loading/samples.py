"""The bundled film, so that everything can be tried without a key or a network.

Big Buck Bunny (CC BY 3.0, Blender Foundation) and a trailer cut from it, both at 240p, with
embeddings computed from their pictures and sound by open means. They are not Marengo vectors:
see ``data/README.md``. The files travel inside an installed package; in a checkout they lie in
``data/sample``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from twlab.errors import InputError
from twlab.paths import bundled_folder

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["sample", "sample_video"]

SampleName = Literal["film", "trailer", "shots"]
SampleOption = Literal["visual", "audio"]
VideoName = Literal["film", "trailer"]

_VIDEO_IDS = {"film": "big_buck_bunny", "shots": "big_buck_bunny", "trailer": "trailer"}
_VIDEO_FILES = {"film": "big_buck_bunny_240p.mp4", "trailer": "trailer_240p.mp4"}
_FILES = {
    ("film", "visual"): "big_buck_bunny.visual.json",
    ("film", "audio"): "big_buck_bunny.audio.json",
    ("shots", "visual"): "big_buck_bunny.shots.json",
    ("trailer", "visual"): "trailer.visual.json",
    ("trailer", "audio"): "trailer.audio.json",
}


def sample(name: SampleName = "film", *, embedding_option: SampleOption = "visual") -> pd.DataFrame:
    """Embeddings of Big Buck Bunny as a table of segments.

    ``visual`` vectors (1280 numbers) are pooled EfficientNet-Lite0 features, ``audio`` vectors
    (128 numbers) log-mel statistics. Neither is a Marengo vector, and their column
    ``model_name`` says so.

    Parameters
    ----------
    name : {"film", "trailer", "shots"}
        ``film``: the 596 s film in clips of 6 s. ``shots``: the same film in segments that
        follow its shots, 2 to 10 s long (visual only). ``trailer``: 55 s cut from the film.
    embedding_option : {"visual", "audio"}
        Which vectors. The visual ones have one more row, the whole video, of scope ``video``.

    Returns
    -------
    DataFrame
        One row per segment, as :func:`twlab.load` gives it.

    Raises
    ------
    InputError
        If there is no such sample.

    See Also
    --------
    twlab.sample_video : the MP4 file of the sample
    twlab.load : the table, from files, folders, objects

    Examples
    --------
    >>> import twlab as tw
    >>> film = tw.sample()
    >>> len(film), film["video_id"].unique().tolist()
    (101, ['big_buck_bunny'])
    """
    from twlab.loading.load import load  # here, so that finding the video needs no parser

    _refuse_unknown_name("name", name, get_args(SampleName))
    _refuse_unknown_name("embedding_option", embedding_option, get_args(SampleOption))
    file = _FILES.get((name, embedding_option))
    if file is None:
        raise InputError(
            f"the sample {name!r} has no {embedding_option!r} vectors; 'visual' was expected; "
            f"leave embedding_option out, or take the sample 'film'"
        )
    return load(bundled_folder("sample_data") / file, video_id=_VIDEO_IDS[name], progress=False)


def sample_video(name: VideoName = "film") -> Path:
    """The path of the video file that belongs to a sample.

    Parameters
    ----------
    name : {"film", "trailer"}
        Which video: the film, 426 x 240, 596 s with sound, or its trailer, 55 s.

    Returns
    -------
    Path
        An existing MP4 file (h264, aac).

    Raises
    ------
    InputError
        If there is no such video.

    See Also
    --------
    twlab.sample : a film and its embeddings to try things on
    twlab.player : the video alone, or over its timeline

    Examples
    --------
    >>> import twlab as tw
    >>> tw.sample_video("trailer").name
    'trailer_240p.mp4'
    """
    _refuse_unknown_name("name", name, get_args(VideoName))
    return bundled_folder("sample_data") / _VIDEO_FILES[name]


def _refuse_unknown_name(argument: str, value: object, allowed: tuple[str, ...]) -> None:
    """Refuse a value that is not one of the names offered."""
    if value not in allowed:
        names = ", ".join(map(repr, allowed))
        raise InputError(f"{argument} is {value!r}; one of {names} was expected; choose one")
