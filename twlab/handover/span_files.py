"""Labelled spans from and to files: CSV, ELAN, VIA, Label Studio, CVAT.

The ending says which form is meant, and of JSON the content. Whatever the form, spans come out as
one table and go back to the same times: to the millisecond, or in tools that count frames to the
frame.

* :func:`load_spans` - a table of the spans of a file
* :func:`save_spans` - a file of the spans of a table
* :func:`holds_spans`, :func:`parse_spans` - whether some content is spans, and which
* :func:`read_sheet` - the rows of a CSV as people write it
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import orjson
import pandas as pd

from twlab.errors import InputError, LoadError
from twlab.handover.cvat import read_cvat, write_cvat
from twlab.handover.elan import read_elan, write_elan
from twlab.handover.gathering import Gathered, as_number, check_rate, text_of
from twlab.handover.label_studio import is_label_studio, read_label_studio, write_label_studio
from twlab.handover.via import is_via, read_via, write_via
from twlab.paths import read_bounded, replace_file, user_path
from twlab.table.labelled_spans import SPAN_NAMES, check_spans, rename_spans
from twlab.table.sheet_cells import mark_texts, unmark_texts
from twlab.timecodes import parse_timecode
from twlab.wording import brief, printable

if TYPE_CHECKING:
    import os

__all__ = ["holds_spans", "load_spans", "parse_spans", "read_sheet", "save_spans"]

SpanForm = Literal["csv", "elan", "via", "label-studio", "cvat"]

MOST_BYTES = 256 << 20
"""A year of marks every second is a tenth of it."""

_FORMS: dict[str, SpanForm] = {".csv": "csv", ".tsv": "csv", ".eaf": "elan", ".xml": "cvat"}
_SEPARATORS = (",", ";", "\t")
ELAN_ROOT, ELAN_HEAD_BYTES = b"<ANNOTATION_DOCUMENT", 4096
"""What begins the document of ELAN, after the declaration of XML and remarks."""

_MARKS_OF_SMPTE = 3
"""Those between hours, minutes, seconds and frames."""


def load_spans(
    path: str | os.PathLike[str],
    *,
    form: SpanForm | None = None,
    frame_rate: float | None = None,
    video_id: str | Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """The labelled spans of a file that a person or an annotation tool wrote.

    Parameters
    ----------
    path : path
        The file. Nothing that it names is opened.
    form : {"csv", "elan", "via", "label-studio", "cvat"}, optional
        Default: by the ending (``.csv``, ``.tsv``, ``.eaf``, ``.xml`` of CVAT) and, of ``.json``,
        by the content, which may be segments as a page saves them. CSV has a head with
        ``video_id``, ``start_sec``, ``end_sec``, ``label`` or other common names for these, and
        times in seconds or as timecodes.
    frame_rate : float, optional
        Frames per second, for Label Studio, CVAT and timecodes as ``01:02:03:12``, which count
        frames and do not say it.
    video_id : str or mapping, optional
        Whose spans they are, where the file is of one video, or what the videos of the file are
        called in your table.

    Returns
    -------
    DataFrame
        ``video_id``, ``start_sec``, ``end_sec``, ``label`` and, where the file says so, ``tier``
        (of ELAN, or the attribute of VIA), ``annotator`` and the other columns of CSV. Where a file
        does not name its video, and you do not, ``video_id`` is the name of the file.

    Raises
    ------
    LoadError
        If the file is not of that form, or is XML with a document type.
    InputError
        If it cannot be read, frames are counted and ``frame_rate`` is not given, or one
        ``video_id`` is given for several videos.

    Warns
    -----
    TwlabWarning
        Of what was left out, since it is not a labelled stretch of time.

    See Also
    --------
    twlab.annotate : the labels onto segments
    twlab.save_spans : the way back

    Examples
    --------
    >>> import pandas as pd, tempfile, twlab as tw
    >>> spans = pd.DataFrame(
    ...     {"video_id": "film", "start_sec": [0.0], "end_sec": [2.5], "label": "a"}
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tw.load_spans(tw.save_spans(spans, f"{folder}/film.csv")).equals(spans)
    True
    """
    source = user_path(path)
    _check_naming(video_id)
    content = read_bounded(source, MOST_BYTES)
    spans = _read_form(content, source, _form_of(source, form), frame_rate)
    names = spans["video_id"].where(spans["video_id"].astype(bool), printable(source.stem))
    if isinstance(video_id, str):
        _refuse_several(spans["video_id"], video_id)
        names = pd.Series(video_id, index=spans.index, dtype=object)
    elif video_id is not None:
        names = names.map(lambda name: str(video_id.get(name, name)))
    return check_spans(spans.assign(video_id=names.astype(object)))


def holds_spans(content: bytes) -> bool:
    """Whether content that names no form is spans of a tool, and not embeddings."""
    if _is_xml(content):
        return True
    try:
        document = orjson.loads(content.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError:
        return False
    if _is_page_rows(document):
        return all("label" in row and "embedding" not in row for row in document)
    return bool(document) and (is_via(document) or is_label_studio(document))


def parse_spans(content: bytes, name: str, *, frame_rate: float | None) -> pd.DataFrame:
    """The spans of content that says its form itself, as :func:`load_spans` returns them.

    Raises
    ------
    LoadError
        If it is of no form that is known.
    InputError
        If frames are counted and ``frame_rate`` is not given.
    """
    source = Path(name)
    spans = _read_form(content, source, None, frame_rate)
    names = spans["video_id"].where(spans["video_id"].astype(bool), printable(source.stem))
    return check_spans(spans.assign(video_id=names.astype(object)))


def _is_xml(content: bytes) -> bool:
    return content.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<")


def _check_naming(video_id: Any) -> None:
    if video_id is not None and not isinstance(video_id, str | Mapping):
        raise InputError(
            f"video_id is {brief(video_id)}; a text was expected, or a mapping of the names in the "
            "file to yours; write it in quotes"
        )


def _refuse_several(names: pd.Series[Any], video_id: str) -> None:
    """Refuse one name for the spans of several videos."""
    several = [name for name in names.unique() if name]
    if len(several) > 1:
        more = f" and {len(several) - 2} others" if len(several) > 2 else ""
        raise InputError(
            f"video_id is {brief(video_id)}, and the file has spans of {brief(several[0])} and "
            f"{brief(several[1])}{more}; one video was expected; pass a mapping: "
            f"video_id={{{brief(several[0])}: {brief(video_id)}}}"
        )


def save_spans(
    spans: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    form: SpanForm | None = None,
    frame_rate: float | None = None,
) -> Path:
    """The path of a file to which labelled spans were written, whole or not at all.

    Parameters
    ----------
    spans : DataFrame
        With ``video_id``, ``start_sec``, ``end_sec`` and ``label``, as :func:`twlab.to_spans`
        and :func:`load_spans` return them; ``tier`` is written where the form has tiers.
    path : path
        The file.
    form : {"csv", "elan", "via", "label-studio", "cvat"}, optional
        Default: by the ending; for ``.json`` say ``"via"`` or ``"label-studio"``. CSV keeps all
        columns but ``embedding``. Files of ELAN and CVAT are of one video each.
    frame_rate : float, optional
        Frames per second, for Label Studio and CVAT, which count frames: times are moved to the
        nearest, with a warning where that is not where they were.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the table is not one of spans, the form is not said, or the file cannot be written.

    See Also
    --------
    twlab.load_spans : the way back
    twlab.to_spans : spans from labels of segments

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> clips = tw.clips(tw.sample())
    >>> spans = tw.to_spans(clips, tw.cluster(clips))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tw.save_spans(spans, f"{folder}/film.eaf").name
    'film.eaf'
    """
    table = check_spans(spans)
    target = user_path(path)
    chosen = _form_of(target, form)
    if chosen is None:
        raise InputError(
            f"{target.name!r} may be of several forms; form='via' or form='label-studio' was "
            "expected for JSON; say which"
        )
    videos = table["video_id"].unique()
    if chosen in ("elan", "cvat") and not len(videos):
        raise InputError(
            "there are no spans, and a file of this form is of one video; one span or more was "
            "expected; write a CSV, which may have no rows"
        )
    if chosen in ("elan", "cvat") and len(videos) != 1:
        raise InputError(
            f"the spans are of {len(videos)} videos, and a file of this form is of one; write one "
            "for each: for video, part in spans.groupby('video_id'): ..."
        )
    content = _write_form(table, chosen, frame_rate, target.suffix.lower())
    with replace_file(target) as aside:
        aside.write_bytes(content)
    return target


def _write_form(table: pd.DataFrame, form: SpanForm, rate: float | None, ending: str) -> bytes:
    if form == "csv":
        return _write_csv(table, "\t" if ending == ".tsv" else ",")
    if form == "elan":
        return write_elan(table)
    if form == "via":
        return write_via(table)
    if form == "cvat":
        return write_cvat(table, rate)
    return write_label_studio(table, rate)


def _write_csv(table: pd.DataFrame, separator: str) -> bytes:
    """The rows, texts in quotes where one has a lone carriage return, which ends a row."""
    table = table.drop(columns="embedding", errors="ignore")  # no cell holds a vector
    texts = table.select_dtypes(exclude="number").columns
    table = table.assign(**{name: mark_texts(table[name]) for name in texts})
    table = table.set_axis(mark_texts(table.columns), axis=1)
    text = table.to_csv(index=False, sep=separator, lineterminator="\n")
    if "\r" in text:
        text = table.to_csv(
            index=False, sep=separator, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC
        )
    return text.encode("utf-8")


def _form_of(path: Path, form: Any) -> SpanForm | None:
    """The form that is said, or that the ending says; None for JSON, which may be two."""
    if form is not None and form not in get_args(SpanForm):
        raise InputError(
            f"form is {brief(form)}; one of {', '.join(map(repr, get_args(SpanForm)))} was expected"
        )
    ending = path.suffix.lower()
    if form is None and ending not in (*_FORMS, ".json"):
        raise InputError(
            f"{path.name!r} has no ending of a form of spans (.csv, .tsv, .eaf, .xml, .json); one "
            "was expected; or say which it is with form="
        )
    known: SpanForm | None = form or _FORMS.get(ending)
    return known


def _read_form(
    content: bytes, path: Path, form: SpanForm | None, frame_rate: float | None
) -> pd.DataFrame:
    """The spans of a file of a form, which the content may say; warns of what was left out."""
    if form is None and _is_xml(content):
        form = "elan" if ELAN_ROOT in content[:ELAN_HEAD_BYTES] else "cvat"
    gathered = _gather_form(content, path, form, frame_rate)
    gathered.tell()
    return pd.DataFrame(gathered.rows, columns=None if gathered.rows else list(SPAN_NAMES))


def _gather_form(
    content: bytes, path: Path, form: SpanForm | None, frame_rate: float | None
) -> Gathered:
    """The spans of a file of a form, which of JSON the content may say."""
    source = path.name
    if form == "csv":
        return _read_csv(content, path, frame_rate)
    if form == "elan":
        return read_elan(content, source)
    if form == "cvat":
        return read_cvat(content, source, frame_rate)
    try:
        document = orjson.loads(content.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise LoadError(
            f"it is no JSON that can be read ({error}); a whole file was expected; export it again",
            source=source,
        ) from None
    if form in ("via", None) and is_via(document):
        return read_via(document, source)
    if form in ("label-studio", None) and is_label_studio(document):
        return read_label_studio(document, source, frame_rate)
    if form is None and _is_page_rows(document):
        return _read_page_rows(document, source)
    wanted = {"via": "a project of VIA 3", "label-studio": "tasks of Label Studio"}
    raise LoadError(
        f"its JSON is not {wanted.get(form or '', 'a project of VIA 3, nor tasks of Label Studio')}"
        "; spans in one of these forms were expected; embeddings are read by tw.load",
        source=source,
    )


def _is_page_rows(document: Any) -> bool:
    """Whether parsed JSON is segments as a page saves them, with lists of names."""
    rows = document if isinstance(document, list) else []
    keys = {*SPAN_NAMES[:3]}
    return bool(rows) and all(isinstance(row, dict) and keys <= row.keys() for row in rows)


def _read_page_rows(rows: list[dict[str, Any]], source: str) -> Gathered:
    """A span for each name of each segment."""
    gathered = Gathered(source)
    for row in rows:
        others = {key: value for key, value in row.items() if key not in SPAN_NAMES}
        start, end = (as_number(row[key]) for key in ("start_sec", "end_sec"))
        names = row.get("label")
        names = names if isinstance(names, list) else [names]
        if start is None or end is None:
            gathered.left_out["segments without a time"] += 1
            continue
        for name in names or [""]:
            gathered.add(text_of(row["video_id"]), start, end, text_of(name), **others)
    return gathered


def _read_csv(content: bytes, path: Path, frame_rate: float | None) -> Gathered:
    """The rows of a CSV as texts, their times as seconds."""
    table = read_sheet(content, path.name, frame_rate=frame_rate)
    if not len(table):
        return Gathered(path.name)
    named = check_spans(table, video_id=printable(path.stem))
    return Gathered(
        path.name, [{str(k): v for k, v in row.items()} for row in named.to_dict("records")]
    )


def read_sheet(
    content: bytes,
    source: str,
    *,
    frame_rate: float | None,
    times: tuple[str, ...] = ("start_sec", "end_sec"),
) -> pd.DataFrame:
    """The rows of a CSV as texts under our names, and of times as seconds those that are some.

    Raises
    ------
    LoadError
        If it is no CSV, or its rows have more cells than its head.
    InputError
        If a timecode counts frames and ``frame_rate`` is not given.
    """
    try:
        separator, rows = _part_head(content)
        table = pd.read_csv(
            io.BytesIO(rows), dtype=str, keep_default_na=False, encoding="utf-8", sep=separator
        )
    except pd.errors.EmptyDataError:
        raise LoadError(
            "it is empty; a CSV whose first line names the columns was expected; export it again",
            source=source,
        ) from None
    except ValueError as error:
        raise LoadError(
            f"it is no CSV that can be read ({error}); text in UTF-8 was expected, whose first "
            "line names the columns; save it again as CSV UTF-8",
            source=source,
        ) from None
    if len(table) and not isinstance(table.index, pd.RangeIndex):
        raise LoadError(
            f"its rows have more cells than its head, which has {len(table.columns)}; a name for "
            "each column was expected; write the missing ones into the head",
            source=source,
        )
    table = table.assign(**{name: unmark_texts(table[name]) for name in table.columns})
    table = rename_spans(table.set_axis(unmark_texts(table.columns), axis=1))
    for name in (name for name in times if name in table.columns):
        cells = [_seconds_of(one, separator, frame_rate) for one in table[name]]
        table = table.assign(**{name: cells})
    return table


def _part_head(content: bytes) -> tuple[str, bytes]:
    """What parts the cells of a CSV, and the CSV from its head on.

    Programs for sheets take it from a line ``sep=;`` before the head. Else it is the most frequent
    in the head, a comma where none is.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = content.decode("utf-16").encode("utf-8")
    content = content.removeprefix(codecs.BOM_UTF8)
    said = re.match(rb"sep=([^\r\n])(?:\r\n?|\n)", content)
    if said:
        return said[1].decode(), content[said.end() :]
    head = content[: 1 << 16].splitlines()[:1] or [b""]
    return max(_SEPARATORS, key=lambda one: head[0].count(one.encode())), content


def _seconds_of(cell: str, separator: str, frame_rate: float | None) -> float | str:
    """Seconds, or a timecode, as seconds; what is neither as it is."""
    text = cell.strip().replace(",", ".") if separator == ";" else cell.strip()
    number = as_number(text)
    if number is not None or not {*",:"} & {*text}:
        return text if number is None else number
    counts_frames = text.count(":") + text.count(";") == _MARKS_OF_SMPTE
    rate = check_rate(frame_rate, f"the time {brief(text)}") if counts_frames else None
    return parse_timecode(text, fps=rate)
