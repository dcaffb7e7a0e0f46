"""What the service refuses, model by model: the rules of embed-v2 as its specification words them.

The source is the documentation of the official package, 1.3.6: its rules for Marengo 3.5 and 3.0.
"""

from __future__ import annotations

import base64
import re
from typing import Any

MAX_SOURCES = 10
MAX_TOKENS = 2000
MAX_SOURCE_BYTES = 32 << 20
DIMENSIONS = (128, 256, 512)
TASKS = {"marengo3.0": ("audio", "video"), "marengo3.5": ("audio", "video", "document", "image")}
QUERIES = {
    "marengo3.0": ("text", "image", "text_image", "audio", "video", "multi_input"),
    "marengo3.5": ("multi_input",),
}
OPTIONS = {
    "marengo3.0": {
        "video": ("visual", "audio", "transcription"),
        "audio": ("audio", "transcription"),
    },
    "marengo3.5": {
        "video": ("visual", "audio"),
        "audio": ("audio",),
        "document": ("visual", "text"),
        "image": ("visual",),
    },
}
PAIRS = {
    "application/pdf": {("visual", "local"), ("visual", "asset"), ("text", "asset")},
    "text": {("text", "asset"), ("text", "local")},
}
KINDS = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "m4a": "audio/mp4",
    "flac": "audio/flac",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
}


FIELDS = {
    "document": (
        "media_source", "segmentation", "embedding_option", "embedding_type", "embedding_scope",
    ),
    "image": ("media_source", "embedding_option", "embedding_type", "embedding_scope"),
}  # fmt: skip


class Refused(Exception):
    """A request that the service answers with 400, and why."""


def mime_of(name: str) -> str:
    """The kind of a file by its ending; what has none is a video."""
    return KINDS.get(name.rpartition(".")[2].partition("?")[0].lower(), "video/mp4")


def kind_of(mime: str) -> str:
    whole = mime.partition("/")[0]
    return "document" if whole in ("application", "text") else whole


def check(fine: bool, said: str) -> None:
    if not fine:
        raise Refused(said)


def model_of(body: dict[str, Any]) -> str:
    model = body.get("model_name")
    check(model in TASKS, f"model_name: {model!r} is not supported.")
    return str(model)


def check_extras(body: dict[str, Any], model: str) -> None:
    """The fields beside the input that only Marengo 3.5 knows."""
    for name in ("auto_truncate", "embedding_uncertainty", "embedding_dimension"):
        check(model == "marengo3.5" or body.get(name) is None, f"{name} requires marengo3.5.")
    dimension = body.get("embedding_dimension")
    check(dimension in (None, *DIMENSIONS), f"embedding_dimension {dimension} is not supported.")


def check_task(body: dict[str, Any], mime: str) -> None:
    """Refuse a task that embeds a file of type `mime`."""
    model, kind = model_of(body), body.get("input_type")
    known = {"audio", "video", "document", "image"}
    check(kind in known and isinstance(body.get(kind), dict), f"input_type {kind!r} is not usable.")
    check(kind in TASKS[model], f"input_type {kind} requires marengo3.5.")
    check_extras(body, model)
    check("auto_truncate" not in body, "auto_truncate is no field of a task.")
    part = body[kind]
    check(kind_of(mime) == kind, f"The media source is {mime}, not {kind}.")
    for name in part:
        check(name in FIELDS.get(kind, part), f"{name} is no field of {kind}.")
    if kind == "document":
        check_document(part, mime)
    elif kind == "image":
        check_image(part)
    else:
        check_stream(part, model, kind)
    check_uncertainty(body, mime, scopes_of(part, kind, mime))


def check_stream(part: dict[str, Any], model: str, kind: str) -> None:
    """What a video or a sound may be asked for."""
    check_segmentation(part.get("segmentation"), model, kind)
    options, allowed = part.get("embedding_option"), OPTIONS[model][kind]
    for option in options or ():
        check(option in allowed, f"embedding_option {option} is not supported by {model}.")
    scopes = ("clip", "local", "asset") if model == "marengo3.5" else ("clip", "asset")
    for scope in part.get("embedding_scope") or ():
        check(scope in scopes, f"embedding_scope {scope} is not supported by {model}.")
    types, texts = part.get("embedding_type") or (), part.get("time_based_metadata")
    check(not types or len(options or allowed) > 1, "embedding_type needs two embedding options.")
    if "fused_embedding" in types and model == "marengo3.5":
        check(bool(texts), "fused_embedding requires time_based_metadata.")
    check(model == "marengo3.5" or texts is None, "time_based_metadata requires marengo3.5.")
    check(not texts or "fused_embedding" in types, "time_based_metadata needs fused_embedding.")
    for entry in texts or ():
        check(entry["start"] <= entry["end"] and bool(entry["text"]), f"{entry} is no entry.")


def check_segmentation(given: dict[str, Any] | None, model: str, kind: str) -> None:
    if given is None:
        return
    nested = "temporal" in given
    check(nested == (model == "marengo3.5"), "The segmentation does not match the model version.")
    given = given["temporal"] if nested else given
    strategy = given.get("strategy")
    check(strategy in ("fixed", "dynamic") and strategy in given, "The strategy has no settings.")
    check(nested or kind == "video" or strategy == "fixed", "Audio allows only fixed segments.")
    name, low, high = {"fixed": ("duration_sec", 2, 10), "dynamic": ("min_duration_sec", 2, 5)}[
        strategy
    ]
    value = given[strategy].get(name)
    check(isinstance(value, int) and low <= value <= high, f"{name} must be {low} to {high}.")


def check_document(part: dict[str, Any], mime: str) -> None:
    pdf = mime == "application/pdf"
    pairs = PAIRS["application/pdf" if pdf else "text"]
    options = part.get("embedding_option") or (["visual"] if pdf else ["text"])
    scopes = scopes_of(part, "document", mime)
    for pair in ((option, scope) for option in options for scope in scopes):
        check(pair in pairs, f"{pair[0]} with {pair[1]} is not supported for {mime}.")
    check("fused_embedding" not in (part.get("embedding_type") or ()), "Documents do not fuse.")
    given = part.get("segmentation")
    if given is not None:
        check("spatial" in given or "sequential" in given, "Give spatial or sequential.")
        check("spatial" not in given or pdf, "spatial requires a PDF file.")
        check("sequential" not in given or not pdf, "sequential requires a text file.")
    check("local" not in scopes or pdf or given is not None, "local requires sequential.")
    if given and "spatial" in given:
        strategy = given["spatial"].get("strategy", "standard")
        check(strategy in ("standard", "quadrants"), f"strategy {strategy} is not known.")
        check("visual" in options and "local" in scopes, "spatial requires visual and local.")
    if given and "sequential" in given:
        check_sequential(given["sequential"])
        check("text" in options and "local" in scopes, "sequential requires text and local.")


def check_sequential(given: dict[str, Any]) -> None:
    check(given.get("strategy") == "sentence", "The strategy is always sentence.")
    most, overlap = given.get("max_sentences"), given.get("overlap_sentences", 0)
    check(isinstance(most, int) and most > 0, "max_sentences is required.")
    check(0 <= overlap < most, "overlap_sentences must be less than max_sentences.")


def check_image(part: dict[str, Any]) -> None:
    wanted = {
        "embedding_option": ["visual"],
        "embedding_type": ["separate_embedding"],
        "embedding_scope": ["asset"],
    }
    for name, only in wanted.items():
        check(part.get(name) in (None, only), f"{name} of an image is always {only}.")


def scopes_of(part: dict[str, Any], kind: str, mime: str) -> list[str]:
    usual = {
        "image": ["asset"],
        "document": ["local"] if mime == "application/pdf" else ["asset"],
    }
    return part.get("embedding_scope") or usual.get(kind, ["clip", "asset"])


def check_uncertainty(body: dict[str, Any], mime: str, scopes: list[str]) -> None:
    if not body.get("embedding_uncertainty"):
        return
    kind = kind_of(mime)
    check(mime != "application/pdf", "embedding_uncertainty is not supported for PDF files.")
    if kind in ("audio", "video"):
        check("asset" not in scopes, "embedding_uncertainty needs embedding_scope without asset.")
    if kind == "document":
        check(scopes == ["local"], "embedding_uncertainty needs embedding_scope local.")


def check_query(body: dict[str, Any], mimes: list[str]) -> None:
    """Refuse a query; `mimes` are the types of its media sources."""
    model, kind = model_of(body), body.get("input_type")
    check(kind in QUERIES["marengo3.0"], f"input_type {kind!r} is not known.")
    check(kind in QUERIES[model], f"input_type {kind} requires marengo3.0.")
    part = body.get(str(kind))
    check(isinstance(part, dict), f"{kind!r} has no part of that name.")
    check_extras(body, model)
    if kind == "multi_input":
        check_parts(body, part, mimes, model)
    elif kind in ("audio", "video"):
        check_stream(part, model, kind)


def check_parts(body: dict[str, Any], part: dict[str, Any], mimes: list[str], model: str) -> None:
    """Text and media combined into one vector."""
    text, sources = part.get("input_text"), part.get("media_sources") or []
    check(bool(text) or bool(sources), "Give input_text or media_sources.")
    check(len(sources) <= MAX_SOURCES, f"At most {MAX_SOURCES} media sources are allowed.")
    for source, mime in zip(sources, mimes, strict=True):
        check_source(source, mime, model)
    kinds = {source["media_type"] for source in sources}
    check(len(kinds) < 2 or bool(text), "Media sources of different types need input_text.")
    names = {source.get("name") for source in sources}
    for name in re.findall(r"<@([^>]+)>", text or ""):
        check(name in names, f"<@{name}> names no media source.")
    if "application/pdf" in mimes:
        check(len(sources) == 1 and not text, "A PDF must be the only source.")
    written = (text is not None) + sum(mime.startswith("text/") for mime in mimes)
    check(kinds - {"document"} or written < 2, "Content that is all text cannot be combined.")
    if model == "marengo3.5":
        fits = len((text or "").split()) <= MAX_TOKENS
        check(fits or bool(body.get("auto_truncate")), "The text exceeds 2,000 tokens.")
    if body.get("embedding_uncertainty"):
        check(not (text and sources), "embedding_uncertainty needs text only or media only.")
        check("document" not in kinds, "embedding_uncertainty is not supported for documents.")


def check_source(source: dict[str, Any], mime: str, model: str) -> None:
    kind = source.get("media_type")
    check(kind in ("image", "video", "audio", "document"), f"media_type {kind!r} is not known.")
    check(model == "marengo3.5" or kind == "image", f"media_type {kind} requires marengo3.5.")
    ways = [name for name in ("url", "base64_string", "asset_id") if source.get(name)]
    check(len(ways) == 1, "Give exactly one of url, base64_string or asset_id.")
    if ways == ["base64_string"]:
        size = len(base64.b64decode(source["base64_string"], validate=True))
        check(size <= MAX_SOURCE_BYTES, f"The media source of {size} bytes exceeds 32 MB.")
    else:
        check(kind_of(mime) == kind, f"The media source is {mime}, not {kind}.")
