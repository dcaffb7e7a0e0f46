"""What may be asked of an embedding, checked before it is paid for.

One :class:`Options` says the same thing to both versions of the service's interface:

===================  ==================================  ====================================
here                 v2 (``/embed-v2``, Marengo 3)       v1 (``/embed``, Marengo 2 and 3)
===================  ==================================  ====================================
scope ``clip``       ``clip``                            ``clip``
scope ``video``      ``asset``                           ``video``
``clip_sec=6``       ``segmentation`` ``fixed``          ``video_clip_length``
``segmentation=``
``"dynamic"``        ``segmentation`` ``dynamic``        refused
``start_sec``        ``start_sec``                       ``video_start_offset_sec``
===================  ==================================  ====================================
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass, replace
from numbers import Real
from typing import Any, Literal

import orjson

from twlab.errors import InputError

__all__ = ["MODEL", "Options", "as_names", "job_key"]

MODEL = "marengo3.0"
_OPTIONS = {
    "video": ("visual", "audio", "transcription", "visual-text"),
    "audio": ("audio", "transcription"),
}
_TIMES = ("start_sec", "end_sec", "clip_sec")
_SCOPES = ("clip", "video")
_TYPES = ("separate_embedding", "fused_embedding")


def as_names(value: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...] | None:
    """One name or several, as a tuple in the given order; None stays None.

    >>> as_names("visual"), as_names(["visual", "audio"]), as_names(None)
    (('visual',), ('visual', 'audio'), None)
    """
    if value is None:
        return None
    return (value,) if isinstance(value, str) else tuple(dict.fromkeys(value))


@dataclass(frozen=True)
class Options:
    """What is asked for one video or audio file; None leaves the choice to the service."""

    model_name: str = MODEL
    input_type: Literal["video", "audio"] = "video"
    embedding_option: tuple[str, ...] | None = None
    embedding_scope: tuple[str, ...] | None = None
    embedding_type: tuple[str, ...] | None = None
    start_sec: float | None = None
    end_sec: float | None = None
    segmentation: Literal["fixed", "dynamic"] | None = None
    clip_sec: int | None = None

    @property
    def api(self) -> Literal["v1", "v2"]:
        """Which version of the interface serves the model."""
        return "v1" if self.model_name.lower().startswith("marengo-retrieval") else "v2"

    def checked(self) -> Options:
        """The same, if the service can do it; whole seconds as whole numbers, however written.

        Raises
        ------
        InputError
            Naming the option and what the service takes.
        """
        if self.input_type not in _OPTIONS:
            raise _not_one_of("input_type", self.input_type, tuple(_OPTIONS))
        for field, names, known in (
            ("embedding_option", self.embedding_option, _OPTIONS[self.input_type]),
            ("embedding_scope", self.embedding_scope, _SCOPES),
            ("embedding_type", self.embedding_type, _TYPES),
        ):
            if names == ():
                raise _not_one_of(field, (), known)
            for name in names or ():
                if name not in known:
                    raise _not_one_of(field, name, known)
        found = replace(self, **{name: _seconds(name, getattr(self, name)) for name in _TIMES})
        found._check_times()
        found._check_segmentation()
        if self.api == "v1":
            found._check_v1()
        return found

    def _check_times(self) -> None:
        start, end = self.start_sec or 0.0, self.end_sec
        whole = start >= 0 and math.isfinite(start)
        if not whole or (end is not None and not start < end < math.inf):
            raise InputError(
                f"start_sec {self.start_sec} and end_sec {end} are not a span of time; seconds "
                "with 0 <= start_sec < end_sec were expected; leave both out for the whole file"
            )

    def _check_segmentation(self) -> None:
        """Refuse clips that the service does not make."""
        if self.segmentation not in (None, "fixed", "dynamic"):
            raise _not_one_of("segmentation", self.segmentation, ("fixed", "dynamic"))
        if self.clip_sec is None:
            return
        low, high = (2, 5) if self.segmentation == "dynamic" else (2, 10)
        if self.clip_sec % 1 or not low <= self.clip_sec <= high:
            kind = self.segmentation or "fixed"
            raise InputError(
                f"clip_sec {self.clip_sec} for {kind} segmentation; a whole number of {low} to "
                f"{high} seconds was expected; leave it out for the service's default"
            )

    def _check_v1(self) -> None:
        asked = {
            "segmentation='dynamic'": self.segmentation == "dynamic",
            "embedding_type=": self.embedding_type is not None,
            "a sound file": self.input_type == "audio",
        }
        name = next((name for name, is_asked in asked.items() if is_asked), None)
        if name is not None:
            raise InputError(
                f"{name} with model {self.model_name!r}; only Marengo 3 and later can do that; "
                f"choose model_name={MODEL!r} or leave it out"
            )

    def v2_body(self, media_source: dict[str, str]) -> dict[str, Any]:
        """The JSON that asks for this."""
        media: dict[str, Any] = {"media_source": media_source}
        scopes = [{"video": "asset"}.get(name, name) for name in self.embedding_scope or ()]
        given = {
            "start_sec": self.start_sec,
            "end_sec": self.end_sec,
            "segmentation": self._v2_segmentation(),
            "embedding_option": list(self.embedding_option or ()) or None,
            "embedding_scope": scopes or None,
            "embedding_type": list(self.embedding_type or ()) or None,
        }
        media |= {name: value for name, value in given.items() if value is not None}
        body = {"input_type": self.input_type, "model_name": self.model_name}
        return {**body, self.input_type: media}

    def _v2_segmentation(self) -> dict[str, Any] | None:
        if self.segmentation == "dynamic":
            return {
                "strategy": "dynamic",
                "dynamic": {"min_duration_sec": int(self.clip_sec or 4)},
            }
        if self.segmentation is None and self.clip_sec is None:
            return None
        return {"strategy": "fixed", "fixed": {"duration_sec": int(self.clip_sec or 6)}}

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
        """The options in one canonical line, for the ledger."""
        return orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS).decode()


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
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputError(
            f"{name} is {value!r}, a {type(value).__name__}; a number of seconds was expected; "
            f"write it without quotes, as in {name}=6"
        )
    number = float(value)
    return int(number) if number.is_integer() else number


def _not_one_of(field: str, value: object, known: tuple[str, ...]) -> InputError:
    names = ", ".join(map(repr, known))
    return InputError(f"{field} {value!r} is not one of {names}; choose one of these")
