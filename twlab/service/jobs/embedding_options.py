"""What may be asked of an embedding, checked before it is paid for.

What a model takes stands in :mod:`twlab.service.models`; here is how it is asked. One
:class:`Options` says the same thing to both versions of the service's interface:

=====================  ==================================  ==================================
here                   v2 (``/embed-v2``, Marengo 3)       v1 (``/embed``, Marengo 2 and 3)
=====================  ==================================  ==================================
scope ``clip``         ``clip``                            ``clip``
scope ``asset``        ``asset``                           ``video``
``clip_sec=6``         ``segmentation`` ``fixed``          ``video_clip_length``
``segmentation=``
``"dynamic"``          ``segmentation`` ``dynamic``        refused
``"quadrants"``        ``segmentation`` ``spatial``        refused
``max_sentences=``     ``segmentation`` ``sequential``     refused
``start_sec``          ``start_sec``                       ``video_start_offset_sec``
=====================  ==================================  ==================================

Marengo 3.5 takes what cuts along time within ``segmentation.temporal``.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal

import orjson

from twlab.checks import is_number
from twlab.errors import InputError
from twlab.service.models import (
    DEFAULT_MODEL,
    Model,
    check_choice,
    check_clips,
    check_settings,
    model_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twlab.service.jobs.kinds import Kind

__all__ = ["MODEL", "Options", "as_names", "count_of", "job_key", "read_options"]

MODEL = DEFAULT_MODEL
_TIMES = ("start_sec", "end_sec", "clip_sec")
_COUNTS = ("max_sentences", "overlap_sentences", "embedding_dimension")
_CHOICES = ("embedding_option", "embedding_scope", "embedding_type")
_ALONG_TIME = ("fixed", "dynamic")
_OVER_PAGES = ("standard", "quadrants")
_OF_SENTENCES = "sentence"
_LATER = (  # not there before Marengo 3.5: named in a job's options only where asked for
    *("max_sentences", "overlap_sentences", "embedding_dimension", "embedding_uncertainty"),
    "time_based_metadata",
)
Note = tuple[float, float, str]


def as_names(value: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...] | None:
    """One name or several, as a tuple in the given order; None stays None.

    Raises
    ------
    InputError
        If these are no names.

    Examples
    --------
    >>> as_names("visual"), as_names(["visual", "audio"]), as_names(None)
    (('visual',), ('visual', 'audio'), None)
    """
    if value is None:
        return None
    is_one = isinstance(value, str) or not hasattr(value, "__iter__")
    names: list[Any] = [value] if is_one else list(value)
    wrong = [name for name in names if not isinstance(name, str)]
    if wrong:
        raise InputError(
            f"{str(wrong[0])[:80]!r} is a {type(wrong[0]).__name__}; a word such as 'visual' or a "
            "list of words was expected; write it in quotes"
        )
    return tuple(dict.fromkeys(names))


def as_notes(entries: Iterable[Any] | None) -> tuple[Note, ...] | None:
    """Texts along time as (start, end, text), in the given order; None stays None.

    Parameters
    ----------
    entries : iterable of mappings
        Each with ``start``, ``end`` in seconds and ``text``, as the service has them, or with
        ``start_sec`` and ``end_sec``.

    Raises
    ------
    InputError
        If an entry lacks one of these, or is no span of time.

    Examples
    --------
    >>> as_notes([{"start": 0, "end": 2.5, "text": "kick-off"}])
    ((0, 2.5, 'kick-off'),)
    """
    if entries is None:
        return None
    is_list = not isinstance(entries, str | bytes | Mapping) and hasattr(entries, "__iter__")
    notes = [_note(n, entry) for n, entry in enumerate(entries)] if is_list else []
    if not notes:
        raise InputError(
            f"time_based_metadata is {str(entries)[:60]!r}; a list of entries such as "
            "{'start': 0, 'end': 5, 'text': 'kick-off'} was expected; leave it out for none"
        )
    return tuple(notes)


def _note(n: int, entry: Any) -> Note:
    box = entry if isinstance(entry, Mapping) else {}
    start, end = (box.get(name, box.get(f"{name}_sec")) for name in ("start", "end"))
    text = box.get("text")
    if not isinstance(text, str) or not text.strip() or not _is_span(start, end):
        raise InputError(
            f"time_based_metadata[{n}] is {str(entry)[:80]!r}; a text with its start and end in "
            "seconds was expected, 0 <= start <= end; write it as {'start': 0, 'end': 5, 'text': "
            "'kick-off'}"
        )
    return _whole(start), _whole(end), text


def _is_span(start: Any, end: Any) -> bool:
    return is_number(start) and is_number(end) and 0 <= start <= end < math.inf


@dataclass(frozen=True)
class Options:
    """What is asked for one file; None leaves the choice to the service."""

    model_name: str = MODEL
    input_type: Literal["video", "audio", "image", "document"] = "video"
    embedding_option: tuple[str, ...] | None = None
    embedding_scope: tuple[str, ...] | None = None
    embedding_type: tuple[str, ...] | None = None
    start_sec: float | None = None
    end_sec: float | None = None
    segmentation: str | None = None
    clip_sec: int | None = None
    max_sentences: int | None = None
    overlap_sentences: int | None = None
    embedding_dimension: int | None = None
    embedding_uncertainty: bool = False
    time_based_metadata: tuple[Note, ...] | None = None

    @property
    def model(self) -> Model:
        """The facts of the model."""
        return model_of(self.model_name)

    @property
    def api(self) -> Literal["v1", "v2"]:
        """Which version of the interface serves the model."""
        return self.model.api

    def fit_kind(self, kind: Kind) -> Options:
        """The same for a kind of file, if the service can do it, however it was written.

        Whole seconds become whole numbers, and scopes the words that the ledger has always had:
        ``video`` for all of a video or sound, ``clip`` for its parts.

        Raises
        ------
        InputError
            Naming the option and what the model takes.
        """
        model = self.model
        numbers: dict[str, Any] = {n: _seconds(n, getattr(self, n)) for n in _TIMES}
        numbers |= {n: count_of(n, getattr(self, n)) for n in _COUNTS}
        found = replace(
            self,
            model_name=model.name,
            input_type=kind.input_type,
            embedding_uncertainty=bool(self.embedding_uncertainty),
            **numbers,
        )
        found = replace(found, embedding_scope=found._scopes(model))
        for field in _CHOICES:
            check_choice(model, found.input_type, field, getattr(found, field))
        found._check_times()
        _check_segmentation(found, kind, model)
        check_settings(
            model,
            embedding_dimension=found.embedding_dimension,
            embedding_uncertainty=found.embedding_uncertainty,
        )
        _check_fused(found, kind, model)
        if kind.input_type == "document":
            found = _fit_document(found, kind)
        _check_uncertainty(found, kind)
        return replace(found._drop_usual(model), embedding_scope=found._kept_scopes())

    def _drop_usual(self, model: Model) -> Options:
        """The same with what is so anyway left unsaid: one request is one job, paid for once."""
        same = {"segmentation": _OF_SENTENCES, "embedding_dimension": model.dimensions[0]}
        unsaid: dict[str, Any] = {n: None for n in same if getattr(self, n) == same[n]}
        return replace(self, **unsaid)

    def _scopes(self, model: Model) -> tuple[str, ...] | None:
        """The scopes in the words of the model's interface."""
        if self.embedding_scope is None or self.input_type not in ("video", "audio"):
            return self.embedding_scope
        same = {"asset": "video"} if model.api == "v1" else {"video": "asset"}
        return as_names([same.get(name, name) for name in self.embedding_scope])

    def _kept_scopes(self) -> tuple[str, ...] | None:
        """The scopes as the ledger has them: one word for what is one thing, so paid for once."""
        if self.embedding_scope is None or self.input_type not in ("video", "audio"):
            return self.embedding_scope
        same = {"asset": "video", "local": "clip"}
        return as_names([same.get(name, name) for name in self.embedding_scope])

    def _check_times(self) -> None:
        start, end = self.start_sec or 0.0, self.end_sec
        given = self.start_sec is not None or end is not None
        if given and self.input_type not in ("video", "audio"):
            raise InputError(
                f"start_sec {self.start_sec} and end_sec {end} for a file without time "
                f"({self.input_type}); a video or audio file was expected; leave both out"
            )
        whole = start >= 0 and math.isfinite(start)
        if not whole or (end is not None and not start < end < math.inf):
            raise InputError(
                f"start_sec {self.start_sec} and end_sec {end} are not a span of time; seconds "
                "with 0 <= start_sec < end_sec were expected; leave both out for the whole file"
            )

    def v2_body(self, media_source: dict[str, str]) -> dict[str, Any]:
        """The JSON that asks for this."""
        media: dict[str, Any] = {"media_source": media_source}
        scopes = [{"video": "asset"}.get(name, name) for name in self.embedding_scope or ()]
        notes = [
            {"start": start, "end": end, "text": text}
            for start, end, text in self.time_based_metadata or ()
        ]
        given = {
            "start_sec": self.start_sec,
            "end_sec": self.end_sec,
            "segmentation": self._v2_segmentation(),
            "embedding_option": list(self.embedding_option or ()) or None,
            "embedding_scope": scopes or None,
            "embedding_type": self._v2_types(),
            "time_based_metadata": notes or None,
        }
        media |= {name: value for name, value in given.items() if value is not None}
        body: dict[str, Any] = {"input_type": self.input_type, "model_name": self.model_name}
        if self.embedding_dimension is not None:
            body["embedding_dimension"] = self.embedding_dimension
        if self.embedding_uncertainty:
            body["embedding_uncertainty"] = True
        return {**body, self.input_type: media}

    def _v2_types(self) -> list[str] | None:
        """The kinds of vectors; of one option there is one kind, which must not be named."""
        options = self.embedding_option or self.model.task(self.input_type).default_options
        usual = self.embedding_type == ("separate_embedding",) and len(options) < 2
        return None if usual else list(self.embedding_type or ()) or None

    def _v2_segmentation(self) -> dict[str, Any] | None:
        if self.segmentation in _OVER_PAGES:
            return {"spatial": {"strategy": self.segmentation}}
        if self.max_sentences is not None:
            counts = {"max_sentences": self.max_sentences}
            if self.overlap_sentences is not None:
                counts["overlap_sentences"] = self.overlap_sentences
            return {"sequential": {"strategy": _OF_SENTENCES, **counts}}
        if self.segmentation is None and self.clip_sec is None:
            return None
        strategy = self.segmentation or "fixed"
        model = self.model
        clip_sec = int(self.clip_sec or model.task(self.input_type).clips[strategy].usual_sec)
        length = {"dynamic": "min_duration_sec", "fixed": "duration_sec"}[strategy]
        along_time = {"strategy": strategy, strategy: {length: clip_sec}}
        return {model.segmentation_in: along_time} if model.segmentation_in else along_time

    def v1_form(self) -> tuple[tuple[str, str], ...]:
        """The fields of the form that ask for this, without the file or address."""
        fields = [("model_name", self.model_name)]
        if self.start_sec is not None or self.end_sec is not None:
            fields.append(("video_start_offset_sec", f"{self.start_sec or 0:g}"))
        if self.end_sec is not None:
            fields.append(("video_end_offset_sec", f"{self.end_sec:g}"))
        if self.clip_sec is not None:
            fields.append(("video_clip_length", str(int(self.clip_sec))))
        fields += [("video_embedding_scope", name) for name in self.embedding_scope or ()]
        return tuple(fields)

    def as_json(self) -> str:
        """The options in one canonical line, for the ledger and a job's identity.

        What only newer models have stands there where it was asked for, so that jobs of before
        keep their names; timed texts are told by their hash.
        """
        told = {n: v for n, v in asdict(self).items() if n not in _LATER or v not in (None, False)}
        if self.time_based_metadata is not None:
            digest = hashlib.sha256(orjson.dumps(self.time_based_metadata)).hexdigest()
            told["time_based_metadata"] = f"sha256:{digest}"
        return orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode()


def read_options(model_name: str = MODEL, **given: Any) -> Options:
    """The options as they were given: a word or several, entries of timed text.

    Raises
    ------
    InputError
        If what is given as timed text is none.
    """
    words = {name: as_names(given.get(name)) for name in _CHOICES}
    notes = as_notes(given.get("time_based_metadata"))
    return Options(model_name, **{**given, **words, "time_based_metadata": notes})


# What depends on more than one option


def _check_segmentation(options: Options, kind: Kind, model: Model) -> None:
    """Refuse parts that the service does not make of such a file."""
    asked, n_most = options.segmentation, options.max_sentences
    known = (*_ALONG_TIME, *_OVER_PAGES, _OF_SENTENCES)
    if asked not in (None, *known):
        names = ", ".join(map(repr, known))
        raise InputError(
            f"segmentation {asked!r} is not one of {names}; choose one, or leave it out"
        )
    if asked in _OVER_PAGES and kind.form != "pdf":
        raise InputError(
            f"segmentation {asked!r} for {kind.name}; a PDF was expected, whose pages it divides; "
            "leave it out"
        )
    along_time = asked if asked in _ALONG_TIME else None
    check_clips(model, options.input_type, along_time, options.clip_sec)
    by_sentence = asked == _OF_SENTENCES or (n_most, options.overlap_sentences) != (None, None)
    if by_sentence and (kind.form != "text" or asked not in (None, _OF_SENTENCES)):
        raise InputError(
            f"max_sentences {n_most} for {kind.name}; a .txt or .md file was expected, which is "
            "divided into sentences; leave it out"
        )
    overlap = 0 if options.overlap_sentences is None else options.overlap_sentences
    if by_sentence and not (n_most is not None and 0 <= overlap < n_most):
        raise InputError(
            f"max_sentences {n_most} with overlap_sentences {overlap}; whole numbers were "
            "expected, with 0 <= overlap_sentences < max_sentences; such as max_sentences=8"
        )


def _check_fused(options: Options, kind: Kind, model: Model) -> None:
    """Refuse joint vectors of one thing, and timed text that nothing would show."""
    fused = "fused_embedding" in (options.embedding_type or ())
    notes = options.time_based_metadata is not None
    task = model.task(options.input_type)
    asked = options.embedding_option or task.default_options
    if notes and not model.time_based_metadata:
        raise InputError(
            f"time_based_metadata= for model {model.name!r}, which takes none; choose "
            "model_name='marengo3.5', or leave it out"
        )
    if notes and "fused_embedding" not in task.types:
        raise InputError(
            f"time_based_metadata= for {kind.name}, of which {model.name} makes no fused vectors; "
            "a video was expected; leave it out"
        )
    if (fused or notes) and len(asked) < 2:
        asked_for = "embedding_type 'fused_embedding'" if fused else "time_based_metadata="
        raise InputError(
            f"{asked_for} with embedding_option {asked[0]!r} alone; at least two to be fused were "
            f"expected; leave embedding_option out, or {asked_for.split()[0].rstrip('=')}"
        )
    if notes and not fused:
        raise InputError(
            "time_based_metadata= without fused vectors, the only ones that it is part of; "
            "embedding_type='fused_embedding' was expected; add it"
        )
    if fused and model.time_based_metadata and not notes:
        raise InputError(
            f"embedding_type 'fused_embedding' for model {model.name!r} without "
            "time_based_metadata; texts with start and end were expected; add them, or leave "
            "embedding_type out"
        )


def _fit_document(options: Options, kind: Kind) -> Options:
    """The same with the scope that its chunks need; options and scopes that do not pair refused."""
    is_pdf = kind.form == "pdf"
    chunks = options.max_sentences is not None
    usual_scope = ("local",) if is_pdf or chunks else ("asset",)
    scopes = options.embedding_scope or usual_scope
    asked = options.embedding_option or (("visual",) if is_pdf else ("text",))
    wrong = ""
    if not is_pdf and "visual" in asked:
        wrong = "embedding_option 'visual' for a text, which has words only; choose 'text'"
    elif is_pdf and "text" in asked and "local" in scopes:
        wrong = (
            "embedding_option 'text' for the pages of a PDF, whose words have one vector as a "
            "whole; choose embedding_scope='asset', or 'visual' for pages"
        )
    elif not is_pdf and "local" in scopes and not chunks:
        wrong = (
            "embedding_scope 'local' for a text without chunks; max_sentences= was expected; add "
            "it, or choose 'asset'"
        )
    elif (chunks or options.segmentation in _OVER_PAGES) and "local" not in scopes:
        wrong = (
            f"embedding_scope {scopes[0]!r} for a document in parts, which are 'local'; choose "
            "embedding_scope='local', or leave it out"
        )
    if wrong:
        raise InputError(wrong)
    return (
        replace(options, embedding_scope=("local",))
        if chunks and not options.embedding_scope
        else options
    )


def _check_uncertainty(options: Options, kind: Kind) -> None:
    """Refuse uncertainties where the service has none: for whole files and for pages."""
    if not options.embedding_uncertainty or options.input_type == "image":
        return
    if kind.form == "pdf":
        raise InputError(
            "embedding_uncertainty= for a PDF, for which the service has none; a video, audio, "
            "image or text file was expected; leave it out"
        )
    if "asset" in (options.embedding_scope or ("asset",)):
        parts = "'local' and max_sentences=" if kind.form == "text" else "'clip'"
        raise InputError(
            "embedding_uncertainty= for a whole file, for which the service has none; "
            f"embedding_scope={parts} was expected; choose that, or leave embedding_uncertainty "
            "out"
        )


def job_key(account: str, content: str, options: str) -> str:
    """The name of a piece of work: the same account, content and options give the same name.

    >>> job_key("a", "sha256:1", "{}") == job_key("a", "sha256:1", "{}")
    True
    """
    return hashlib.sha256("\0".join((account, content, options)).encode()).hexdigest()


def _seconds(name: str, value: Any) -> Any:
    """A number of seconds in one spelling, so that 2 and 2.0 are the same job; None stays None."""
    if value is None:
        return None
    if not is_number(value):
        raise InputError(
            f"{name} is {value!r}, a {type(value).__name__}; a number of seconds was expected; "
            f"write it without quotes, as in {name}=6"
        )
    return _whole(value)


def count_of(name: str, value: Any) -> int | None:
    """A whole number as Python's own; None stays None.

    Raises
    ------
    InputError
        If it is none.
    """
    if value is None:
        return None
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise InputError(
            f"{name} is {value!r}; a whole number was expected; write it as in {name}=8"
        )
    return int(value)


def _whole(value: Any) -> Any:
    number = float(value)
    return int(number) if number.is_integer() else number
