"""Which model of the service takes what: one table, asked before anything is uploaded or paid.

Two ways lead to vectors. A *task* embeds a file as a whole, in parts along its time or pages, and
is waited for; a *query* is answered at once. What either may ask for depends on the model:

================  ==========================  =============================  ==================
model             ``marengo3.0``              ``marengo3.5``                 ``Marengo-retrieval-…``
================  ==========================  =============================  ==================
tasks             video, audio                video, audio, image, document  video
queries           each input by its own name  ``multi_input`` alone          text, image, audio
segmentation      as it is                    within ``temporal``            ``video_clip_length``
transcription     its own vectors             part of ``audio``              as for 3.0, or none
numbers           512                         512, or the first 256 or 128   512 or 1024
================  ==========================  =============================  ==================

* :func:`model_of` - the facts of a model, by its name
* :meth:`Model.task` - what a task of one kind of file may ask for
* :func:`check_choice`, :func:`check_clips`, :func:`check_query`, :func:`check_settings` - one
  sentence for what the model does not take

References
----------
The types and descriptions of the official SDK (``twelvelabs`` 1.3.6), which are made from the
service's specification; the three sizes of vectors are those of its guide to 3.5.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from twlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "DEFAULT_MODEL",
    "KNOWN_MODELS",
    "Model",
    "check_choice",
    "check_clips",
    "check_query",
    "check_settings",
    "model_of",
    "models_of_kind",
]

DEFAULT_MODEL = "marengo3.0"
"""The service's own default, and the only model that it makes new indexes with."""

_KIND_NAMES = {
    "video": "a video",
    "audio": "an audio file",
    "image": "an image",
    "document": "a document",
}
_OLDER = "marengo-retrieval-"


@dataclass(frozen=True)
class Clips:
    """Lengths in seconds that clips may have: least, most, and where none is asked for."""

    least_sec: int
    most_sec: int
    usual_sec: int


@dataclass(frozen=True)
class Task:
    """What a task of one kind of file may ask for, in the service's words.

    What comes first in `types` is the default. `clips` says how each strategy cuts along time.
    """

    options: tuple[str, ...]
    default_options: tuple[str, ...]
    scopes: tuple[str, ...]
    default_scopes: tuple[str, ...]
    types: tuple[str, ...] = ("separate_embedding",)
    clips: Mapping[str, Clips] = field(default_factory=dict)
    default_segmentation: str | None = None
    most_bytes: int = 4 << 30


@dataclass(frozen=True)
class Queries:
    """What is embedded at once: kinds of input, what a joint one is made of, and limits."""

    input_types: tuple[str, ...]
    media_types: tuple[str, ...]
    most_bytes: Mapping[str, int]
    most_sec: float
    text_tokens: int
    most_media: int = 10


@dataclass(frozen=True)
class Model:
    """The facts of one model.

    Parameters
    ----------
    name : str
        As the service writes it.
    api : {"v1", "v2"}
        Which version of the interface serves it.
    tasks : mapping
        What a task may ask for, by kind of file.
    queries : Queries
        What is embedded at once.
    dimensions : tuple of int
        What ``embedding_dimension`` may be, the default first; one size cannot be asked for.
    segmentation_in : str
        The field that ``segmentation`` has to lie in; empty for none.
    uncertainty, auto_truncate, time_based_metadata : bool
        Whether there is such a thing.
    """

    name: str
    api: Literal["v1", "v2"]
    tasks: Mapping[str, Task]
    queries: Queries
    dimensions: tuple[int, ...] = (512,)
    segmentation_in: str = ""
    uncertainty: bool = False
    auto_truncate: bool = False
    time_based_metadata: bool = False

    def task(self, kind: str) -> Task:
        """What a task of a kind of file may ask for.

        Raises
        ------
        InputError
            If the model does not embed such files.

        Examples
        --------
        >>> model_of("marengo3.5").task("audio").options
        ('audio',)
        """
        if kind in self.tasks:
            return self.tasks[kind]
        takers = models_of_kind(kind)
        remedy = f"choose model_name={takers[0]!r}" if takers else "leave it out"
        raise InputError(
            f"{_KIND_NAMES.get(kind, repr(kind))} for model {self.name!r}, which embeds "
            f"{_either(self.tasks)} in tasks; {remedy}"
        )


_BOTH_TYPES = ("separate_embedding", "fused_embedding")
_FIXED = Clips(2, 10, 6)
"""Seconds: at least, at most, and where nothing is asked."""
_MB = 1_000_000
"""As the service counts them."""

_V1 = Model(
    name="Marengo-retrieval-2.7",
    api="v1",
    tasks=MappingProxyType(
        {
            "video": Task(
                options=("visual-text", "audio", "visual", "transcription"),
                default_options=("visual-text", "audio"),
                scopes=("clip", "video"),
                default_scopes=("clip",),
                types=(),
                clips=MappingProxyType({"fixed": _FIXED}),
                default_segmentation="fixed",
                most_bytes=2 << 30,
            )
        }
    ),
    queries=Queries(
        input_types=("text", "image", "audio"),
        media_types=(),
        most_bytes=MappingProxyType({"image": 5 * _MB, "audio": 27 * _MB}),
        most_sec=10.0,
        text_tokens=77,
    ),
    dimensions=(1024,),
)

_MARENGO_30 = Model(
    name="marengo3.0",
    api="v2",
    tasks=MappingProxyType(
        {
            "video": Task(
                options=("visual", "audio", "transcription"),
                default_options=("visual", "audio", "transcription"),
                scopes=("clip", "asset"),
                default_scopes=("clip", "asset"),
                types=_BOTH_TYPES,
                clips=MappingProxyType({"dynamic": Clips(2, 5, 4), "fixed": _FIXED}),
                default_segmentation="dynamic",
            ),
            "audio": Task(
                options=("audio", "transcription"),
                default_options=("audio", "transcription"),
                scopes=("clip", "asset"),
                default_scopes=("clip", "asset"),
                types=_BOTH_TYPES,
                clips=MappingProxyType({"fixed": _FIXED}),
                default_segmentation="fixed",
            ),
        }
    ),
    queries=Queries(
        input_types=("text", "image", "text_image", "audio", "video", "multi_input"),
        media_types=("image",),
        most_bytes=MappingProxyType({"image": 32 * _MB, "audio": 36 * _MB, "video": 36 * _MB}),
        most_sec=600.0,
        text_tokens=500,
    ),
)

_MARENGO_35 = Model(
    name="marengo3.5",
    api="v2",
    tasks=MappingProxyType(
        {
            "video": Task(
                options=("visual", "audio"),
                default_options=("visual", "audio"),
                scopes=("clip", "local", "asset"),
                default_scopes=("clip", "asset"),
                types=_BOTH_TYPES,
                clips=MappingProxyType({"dynamic": Clips(2, 5, 2), "fixed": _FIXED}),
                default_segmentation="dynamic",
            ),
            "audio": Task(  # one option: nothing to fuse
                options=("audio",),
                default_options=("audio",),
                scopes=("clip", "local", "asset"),
                default_scopes=("clip", "asset"),
                clips=MappingProxyType({"dynamic": Clips(2, 5, 2), "fixed": _FIXED}),
                default_segmentation="dynamic",
            ),
            "image": Task(
                options=("visual",),
                default_options=("visual",),
                scopes=("asset",),
                default_scopes=("asset",),
                most_bytes=32 * _MB,
            ),
            "document": Task(  # a PDF has pages; a text has chunks, and no `visual`
                options=("visual", "text"),
                default_options=("visual",),
                scopes=("local", "asset"),
                default_scopes=("local",),
                most_bytes=512 * _MB,
            ),
        }
    ),
    queries=Queries(
        input_types=("multi_input",),
        media_types=("image", "video", "audio", "document"),
        most_bytes=MappingProxyType(
            dict.fromkeys(("image", "video", "audio", "document"), 32 * _MB)
        ),
        most_sec=30.0,
        text_tokens=2000,
    ),
    dimensions=(512, 256, 128),
    segmentation_in="temporal",
    uncertainty=True,
    auto_truncate=True,
    time_based_metadata=True,
)

KNOWN_MODELS = MappingProxyType({model.name: model for model in (_MARENGO_30, _MARENGO_35)})
"""The models of version 2 of the interface by their names, the default first."""


def model_of(name: str) -> Model:
    """The facts of a model, by its name.

    Parameters
    ----------
    name : str
        In any case; one of the older ``Marengo-retrieval-…``, whatever its number, has the facts
        of 2.7 under its own name.

    Raises
    ------
    InputError
        If there is no such model.

    Examples
    --------
    >>> model_of("marengo3.5").queries.input_types
    ('multi_input',)
    >>> model_of("Marengo-retrieval-2.6").api
    'v1'
    """
    text = name.strip().lower() if isinstance(name, str) else ""
    if text.startswith(_OLDER):
        return replace(_V1, name=name.strip())
    if text in KNOWN_MODELS:
        return KNOWN_MODELS[text]
    known = _either([*KNOWN_MODELS, "one of Marengo-retrieval"])
    raise InputError(f"model_name {name!r} is not known; {known} was expected; choose one of these")


def models_of_kind(kind: str) -> list[str]:
    """The names of the models that embed a kind of file in tasks.

    >>> models_of_kind("audio"), models_of_kind("document")
    (['marengo3.0', 'marengo3.5'], ['marengo3.5'])
    """
    return [model.name for model in KNOWN_MODELS.values() if kind in model.tasks]


def check_choice(model: Model, kind: str, field: str, names: Iterable[str] | None) -> None:
    """Refuse words that a task of this model and kind of file does not take.

    Parameters
    ----------
    model : Model
        As :func:`model_of` gives it.
    kind : str
        ``video``, ``audio``, ``image`` or ``document``.
    field : {"embedding_option", "embedding_scope", "embedding_type"}
        What is chosen.
    names : iterable of str, optional
        What was asked for; None leaves it to the service.

    Raises
    ------
    InputError
        Naming the word, what the model takes, and a model that takes the word.

    Examples
    --------
    >>> check_choice(model_of("marengo3.5"), "video", "embedding_option", ["visual", "audio"])
    """
    if names is None:
        return
    known, asked = _choices(model.task(kind), field), list(names)
    wrong = next((name for name in asked if name not in known), None)
    if asked and wrong is None:
        return
    shown = repr(wrong) if asked else "()"
    others = [
        other.name
        for other in KNOWN_MODELS.values()
        if kind in other.tasks and wrong in _choices(other.tasks[kind], field)
    ]
    remedy = f"choose model_name={others[0]!r} for it" if others else "choose one of these"
    taken = f"{_either(map(repr, known))} was expected" if known else "it has no such choice"
    raise InputError(
        f"{field} {shown} is not one that {model.name} offers for {_KIND_NAMES[kind]}; {taken}; "
        f"{remedy}, or leave it out"
    )


def _choices(task: Task, field: str) -> tuple[str, ...]:
    choices = {
        "embedding_option": task.options,
        "embedding_scope": task.scopes,
        "embedding_type": task.types,
    }
    return choices[field]


def check_clips(model: Model, kind: str, segmentation: str | None, clip_sec: float | None) -> None:
    """Refuse clips along time that a task of this model and kind of file does not make.

    Parameters
    ----------
    model : Model
        As :func:`model_of` gives it.
    kind : str
        ``video``, ``audio``, ``image`` or ``document``.
    segmentation : str, optional
        ``fixed`` or ``dynamic``; None with `clip_sec` means fixed.
    clip_sec : float, optional
        The length of fixed clips, the least length of dynamic ones.

    Raises
    ------
    InputError
        Naming what the model makes.

    Examples
    --------
    >>> check_clips(model_of("marengo3.5"), "audio", "dynamic", 3)
    """
    if segmentation is None and clip_sec is None:
        return
    clips = model.task(kind).clips
    if not clips:
        asked = f"clip_sec {clip_sec}" if segmentation is None else f"segmentation {segmentation!r}"
        raise InputError(
            f"{asked} for {_KIND_NAMES[kind]}, which has no time to cut along; a video or audio "
            "file was expected; leave it out"
        )
    strategy = segmentation or "fixed"
    if strategy not in clips:
        others = [
            other.name
            for other in KNOWN_MODELS.values()
            if kind in other.tasks and strategy in other.tasks[kind].clips
        ]
        remedy = f"; choose it, or model_name={others[0]!r}" if others else "; choose one of these"
        raise InputError(
            f"segmentation {strategy!r} is not one that {model.name} offers for "
            f"{_KIND_NAMES[kind]}; {_either(map(repr, clips))} was expected{remedy}"
        )
    least, most = clips[strategy].least_sec, clips[strategy].most_sec
    if clip_sec is not None and (clip_sec % 1 or not least <= clip_sec <= most):
        raise InputError(
            f"clip_sec {clip_sec} for {strategy} segmentation; a whole number of {least} to {most} "
            "seconds was expected; leave it out for the service's default"
        )


def check_query(model: Model, input_type: str, media_types: Sequence[str] = ()) -> None:
    """Refuse what this model does not embed at once.

    Parameters
    ----------
    model : Model
        As :func:`model_of` gives it.
    input_type : str
        ``text``, ``image``, ``text_image``, ``audio``, ``video`` or ``multi_input``.
    media_types : sequence of str
        What a ``multi_input`` is made of: ``image``, ``video``, ``audio``, ``document``.

    Raises
    ------
    InputError
        Naming what the model embeds at once.

    Examples
    --------
    >>> check_query(model_of("marengo3.5"), "multi_input", ["image", "video"])
    """
    known = model.queries
    if input_type not in known.input_types:
        raise InputError(
            f"{model.name} does not embed {input_type!r} as a query; "
            f"{_either(map(repr, known.input_types))} was expected; choose another model_name="
        )
    wrong = next((kind for kind in media_types if kind not in known.media_types), None)
    if wrong is not None:
        raise InputError(
            f"{_KIND_NAMES.get(wrong, repr(wrong))} in a query for model {model.name!r}; "
            f"{_either(known.media_types) or 'text alone'} was expected; choose "
            f"model_name={_MARENGO_35.name!r}, or leave it out"
        )
    if len(media_types) > known.most_media:
        raise InputError(
            f"{len(media_types)} files in one query; at most {known.most_media} were expected; "
            "leave some out"
        )


def check_settings(
    model: Model,
    *,
    embedding_dimension: int | None = None,
    embedding_uncertainty: bool = False,
    auto_truncate: bool | None = None,
) -> None:
    """Refuse settings of a whole request that this model does not have.

    Parameters
    ----------
    model : Model
        As :func:`model_of` gives it.
    embedding_dimension : int, optional
        How many numbers each vector is to have.
    embedding_uncertainty : bool
        Whether each vector is to come with one that says how uncertain its numbers are.
    auto_truncate : bool, optional
        Whether a text that is too long is to be cut, of a query.

    Raises
    ------
    InputError
        Naming what the model has.

    Examples
    --------
    >>> check_settings(model_of("marengo3.5"), embedding_dimension=256)
    """
    known = model.dimensions
    asked: dict[str, Any] = {
        "embedding_dimension": embedding_dimension is not None and len(known) == 1,
        "embedding_uncertainty": embedding_uncertainty and not model.uncertainty,
        "auto_truncate": auto_truncate is not None and not model.auto_truncate,
    }
    name = next((name for name, is_refused in asked.items() if is_refused), None)
    if name is not None:
        raise InputError(
            f"{name}= for model {model.name!r}; only {_MARENGO_35.name} and later have it; choose "
            f"model_name={_MARENGO_35.name!r}, or leave it out"
        )
    wrong_type = isinstance(embedding_dimension, bool) or (embedding_dimension not in known)
    if embedding_dimension is not None and wrong_type:
        raise InputError(
            f"embedding_dimension {embedding_dimension!r} is not a size that {model.name} makes; "
            f"{_either(map(str, sorted(known)))} was expected; leave it out for {known[0]}"
        )


def _either(names: Iterable[str]) -> str:
    """Names as one reads them: a, b or c."""
    *first, last = list(names) or [""]
    return f"{', '.join(first)} or {last}" if first else last
