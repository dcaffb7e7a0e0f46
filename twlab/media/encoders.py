"""What makes a vector of a picture: the encoder of the package, an ONNX file, or any function.

* :func:`open_encoder` - what the caller means by ``encoder=``
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from twlab.checks import require
from twlab.errors import InputError
from twlab.paths import bundled_folder, user_path
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Pictures = NDArray[np.uint8]
    Vectors = NDArray[np.float32]

__all__ = ["Encoder", "open_encoder"]

DEFAULT_FILE = "efficientnet_lite0.onnx"
DEFAULT_NAME = "efficientnet-lite0 (not Marengo)"

MIDDLE, SPREAD = 127, 128
"""What a byte is less and divided by: how pictures are put to the networks of this family."""

SHORTER_SIDE = 256
"""Pixels of the pictures that a function gets: what image models take is 224 to 256 high."""


class Encoder(NamedTuple):
    """What makes vectors of pictures."""

    model_name: str
    encode: Callable[[Pictures], Vectors]
    """Of pictures ``(n, height, width, 3)`` rows of shape ``(n, d)``."""
    side: int | None = None
    """Of the square that pictures are stretched to; None where they keep their shape."""
    mark: str | None = None
    """What changes when the vectors do; None where that cannot be known."""

    def size_for(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the pictures of a film of that size."""
        if self.side is not None:
            return self.side, self.side
        scale = SHORTER_SIDE / min(height, width)
        return round(height * scale), round(width * scale)


def open_encoder(encoder: Any) -> Encoder:
    """The encoder that is meant by ``"default"``, the path of an ONNX file, or a function.

    Raises
    ------
    InputError
        If it is none of these, or no such network.
    MissingExtraError
        If a network is to be run and onnxruntime is not installed.
    """
    if isinstance(encoder, str) and encoder == "default":
        return _open_network(bundled_folder("models") / DEFAULT_FILE, DEFAULT_NAME)
    if isinstance(encoder, str | os.PathLike):
        path = user_path(encoder)
        if not path.is_file():
            raise InputError(
                f"encoder is {brief(encoder)}, and there is no such file; 'default', the path of "
                "an ONNX file or a function of pictures was expected; see tw.encode"
            )
        return _open_network(path, f"{path.stem.replace('_', '-')} (not Marengo)")
    if not callable(encoder):
        raise InputError(
            f"encoder is {brief(encoder)}; 'default', the path of an ONNX file or a function of "
            "pictures was expected; see tw.encode"
        )
    return _wrap_function(encoder)


def _open_network(path: Path, model_name: str) -> Encoder:
    """A network of one input of square pictures and one output of rows."""
    runtime = require("onnxruntime", extra="local")
    content = path.read_bytes()
    try:
        session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    except _refusals() as error:
        raise InputError(
            f"{path.name!r} is no network that onnxruntime can run ({error}); an ONNX file as "
            "data/make_encoders.py writes was expected; make one with it"
        ) from None
    (given,) = session.get_inputs()
    side = given.shape[-1]

    def encode(pictures: Pictures) -> Vectors:
        pixels = (pictures.astype(np.float32) - MIDDLE) / SPREAD
        (rows,) = session.run(None, {given.name: pixels.transpose(0, 3, 1, 2)})
        return np.asarray(rows, np.float32)

    return Encoder(model_name, encode, side, hashlib.blake2b(content, digest_size=8).hexdigest())


def _refusals() -> tuple[type[Exception], ...]:
    """What onnxruntime raises of a file; it has a class for each of its codes, and none above."""
    state = require("onnxruntime.capi.onnxruntime_pybind11_state", extra="local")
    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented")
    return tuple(getattr(state, name) for name in (*names, "NoModel", "RuntimeException"))


def _wrap_function(function: Callable[[Pictures], Any]) -> Encoder:
    """A function of the caller, whose answers are checked.

    Its vectors are kept for a next time only if it has a ``model_name``, which then must change
    when they do.
    """
    named = getattr(function, "model_name", None)
    name = named or getattr(function, "__qualname__", type(function).__qualname__)

    def encode(pictures: Pictures) -> Vectors:
        rows = np.asarray(function(pictures), np.float32)
        if rows.ndim != 2 or len(rows) != len(pictures) or not np.isfinite(rows).all():
            what = "numbers that are not finite" if rows.ndim == 2 else f"shape {rows.shape}"
            what = what if len(rows) == len(pictures) else f"shape {rows.shape}"
            raise InputError(
                f"encoder {name!r} gave {what} for {len(pictures)} pictures; a matrix of "
                f"{len(pictures)} rows of finite numbers was expected; mend the function"
            )
        return rows

    return Encoder(str(name), encode, mark=None if named is None else f"function-{named}")
