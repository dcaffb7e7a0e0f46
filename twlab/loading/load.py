"""Tables of segments in and out of files.

* :func:`load`  - a table from any answer, dump or store, in files of every kind
* :func:`check` - everything wrong in a file or folder, as a table
* :func:`save`  - a table as Parquet or JSON that ``load`` reads back exactly
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from twlab.errors import InputError, LoadError, warn
from twlab.loading.answered import warn_of_cut
from twlab.loading.bounds import bounds_of
from twlab.loading.files import (
    Input,
    file_kind,
    find_files,
    stem_of,
)
from twlab.loading.joining import join_rows, rename_table
from twlab.loading.reading import read_source
from twlab.loading.responses.keyed import are_joint
from twlab.loading.responses.model_names import canonical_model
from twlab.loading.saved import read_own_tables, write_json, write_parquet
from twlab.paths import replace_file, user_path
from twlab.progress import bar
from twlab.table.segments import COLUMNS, check_segments, str_column
from twlab.wording import brief, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from twlab.loading.responses import Found

__all__ = ["check", "load", "save"]

NAMED = (*COLUMNS, "filename", "duration_sec", "fps", "task_id", "input_url", "input_type")
"""Columns of the table whose names in a source can be given."""


def load(
    source: object,
    *,
    video_id: str | None = None,
    model_name: str | None = None,
    columns: Mapping[str, str] | None = None,
    progress: bool = True,
    max_bytes: int | None = None,
) -> pd.DataFrame:
    """A table of segments from any form in which embeddings are served or stored.

    Answers of every version of the embed and index endpoints, of Bedrock and Snowflake, dumps of
    the Python and JavaScript SDKs, answers of other vendors (Amazon Nova, Vertex AI, Gemini,
    Voyage, Cohere, Jina, OpenAI's form), rows of vector stores, Parquet, CSV of a DataFrame,
    vectors printed in a notebook, and objects of the SDK. What kind of source it is need not be
    said; packages add forms by the entry point group ``twlab.readers``.

    Parameters
    ----------
    source : path, bytes, file object, parsed JSON, DataFrame, SDK object, or a list of these
        A path may be a file, a folder (with all that is below it) or a pattern such as
        ``"answers/*.json"``. Files are ``.json``, ``.jsonl``/``.ndjson``, ``.csv``/``.tsv`` with
        commas, semicolons, tabs or bars (each also ``.gz`` or ``.zst``), ``.parquet``,
        ``.feather``/``.arrow``, ``.npz``, HDF5 and ``.ipynb``. A vector may also be text, a BLOB
        of float32 (little-endian) or such bytes in base64.
    video_id : str, optional
        The video of all rows. By default the id in the answer, else the name of the film in it,
        else the name of the file; two films of one name stay apart, by their folder, file or
        number.
    model_name : str, optional
        The model where the answer names none (embed v2, Bedrock, Snowflake). Models of TwelveLabs
        go by the API's name in every table: ``twelvelabs.marengo-embed-3-0-v1:0`` is
        ``marengo3.0``.
    columns : mapping of str to str, optional
        What the source calls a column of the table, where that is not understood:
        ``columns={"embedding": "vec", "start_sec": "t0"}``. A name that ends in ``_ms`` is taken
        as milliseconds, one of frames is divided by the column ``fps``.
    progress : bool
        Show a bar once several files take more than a second.
    max_bytes : int, optional
        How large a source may be once unpacked, in bytes, so that a small file never fills the
        memory. By default a packed file (``.gz``, ``.zst``, Parquet) may unpack to what memory can
        hold four times over, and what is not vectors may take a 24th of it.

    Returns
    -------
    DataFrame
        One row per vector, in the order served, files sorted by name, with the columns of
        :mod:`twlab.table.segments` and, where known, ``filename``, ``duration_sec``,
        ``input_type``, ``task_id``, ``input_url``, ``hls_url``, ``thumbnail_url``, ``created_at``,
        ``source`` (the file) and further single values as served. Times are seconds from the start
        of the file, half-open; NaN where there is none. A start and a length make an end where the
        length is clearly that of the segment and not of the film: where lengths differ within one
        film, or a segment starts later than its length. The scope ``asset`` of a film
        or recording becomes ``video``; of a document or picture it stays.

        Also as served: ``asset_id``; the page, quadrant or chunk of a document
        (``start_page_number``, ``end_page_number``, ``quadrant``, ``chunk_index``);
        ``transcription``, what is spoken in the segment, as a list of ``{start, end, value}``;
        ``embedding_uncertainty``, a float32 vector beside each; ``embedding_dimension``;
        ``input_tokens_video`` and so on; ``truncated`` and ``truncation_reason``, with a
        :class:`~twlab.TwlabWarning` where an input was cut. ``model_by_fields`` is the model that
        alone returns some field of an answer that names none: ``marengo3.5`` for token counts,
        uncertainty and pieces of documents, ``marengo3.0`` for vectors of what is spoken. Rows of
        both are never put into one matrix.

    Raises
    ------
    LoadError
        If a source holds no embeddings (saying what it is instead) or bad data (saying where).
        In a folder or pattern, files without embeddings are left out with a
        :class:`~twlab.errors.TwlabWarning`; :func:`check` lists them.
    InputError
        If ``video_id`` or ``model_name`` contradicts the answer, or ``columns`` names no column
        of the table.

    See Also
    --------
    twlab.check : everything wrong in a source
    twlab.save : a table as one file, with a checksum
    twlab.from_vectors : a table from a matrix and its times
    twlab.clips : the clips of one embedding option

    Examples
    --------
    >>> import twlab as tw
    >>> answer = {
    ...     "model_name": "marengo3.0",
    ...     "video_embedding": {
    ...         "metadata": {"input_filename": "film.mp4", "duration": 6.0},
    ...         "segments": [{"float": [0.6, 0.8], "start_offset_sec": 0, "end_offset_sec": 6}],
    ...     },
    ... }
    >>> segments = tw.load(answer)
    >>> segments[["video_id", "start_sec", "end_sec", "model_name"]]
       video_id  start_sec  end_sec  model_name
    0  film.mp4        0.0      6.0  marengo3.0
    """
    for name, value in (("video_id", video_id), ("model_name", model_name)):
        if value is not None and (not isinstance(value, str) or not value):
            raise InputError(f"{name} is {value!r}; a name (str) was expected; leave it out or fix")
    model_name = canonical_model(model_name) if model_name else None
    _check_columns(columns)
    bounds = bounds_of(max_bytes)
    sources = [one._replace(bounds=bounds) for one in _list_inputs(source)]
    own = read_own_tables(sources) if not columns else None
    if own is not None:
        table = rename_table(own, video_id=video_id, model_name=model_name)
        warn_of_cut(table)
        return table
    kept, troubles = _read_inputs(
        sources, columns, progress=progress, one_video=video_id is not None
    )
    _report(kept, troubles)
    table = join_rows(
        [found for _, found in kept],
        [one for one, _ in kept],
        video_id=video_id,
        model_name=model_name,
    )
    warn_of_cut(table)
    return table


def check(source: object, *, max_bytes: int | None = None) -> pd.DataFrame:
    """Everything wrong in a file, folder or object, without stopping at the first.

    Parameters
    ----------
    source : object
        As for :func:`load`.
    max_bytes : int, optional
        As for :func:`load`.

    Returns
    -------
    DataFrame
        One row per problem: ``source``, ``place`` in it, ``field`` and ``problem``; empty where
        all is well.

    Raises
    ------
    LoadError
        If there is no such file.

    See Also
    --------
    twlab.load : the table, from files, folders, objects
    twlab.check_segments : whether a table is fit for use

    Examples
    --------
    >>> import twlab as tw
    >>> bad = [{"embedding": [1, None], "start_sec": 0, "end_sec": 6}]
    >>> tw.check(bad)[["place", "field"]]
           place      field
    0  segment 0  embedding
    """
    problems: list[tuple[str, str, str, str]] = []
    bounds = bounds_of(max_bytes)
    for one in (one._replace(bounds=bounds) for one in _list_inputs(source)):
        if read_own_tables([one]) is not None:
            continue
        try:
            found = read_source(one, keep_going=True)
        except LoadError as error:
            if one.explicit or not _is_manifest(one):
                problems.append((one.name, error.place, error.field, error.problem))
            continue
        if not found.n_rows and not one.explicit and _is_manifest(one):
            continue
        problems += [(one.name, *problem) for problem in (*found.problems, *found.remarks)]
    columns = zip(*problems, strict=True) if problems else [[], [], [], []]
    names = ("source", "place", "field", "problem")
    return pd.DataFrame(
        {name: str_column(map(one_line, cells)) for name, cells in zip(names, columns, strict=True)}
    )


def save(segments: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """The path of the file to which a table was written, whole or not at all.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    path : path
        Ending in ``.parquet`` (keeps every dtype and the index; the one to choose), ``.json`` or
        ``.jsonl``/``.ndjson`` (values only), the latter also with ``.gz`` or ``.zst``.

    Returns
    -------
    Path
        The file. :func:`load` reads from it the same table, or refuses it if a single bit has
        changed: each carries a checksum (JSON as the key, or the last line, ``twlab_crc32``).

    Raises
    ------
    InputError
        If the table is not one of segments, a column cannot be stored, or the path is not usable.

    See Also
    --------
    twlab.load : the table, from files, folders, objects
    twlab.save_html : the explorer as one file

    Examples
    --------
    >>> import tempfile, twlab as tw
    >>> segments = tw.load([{"embedding": [0.6, 0.8], "start_sec": 0, "end_sec": 6}])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = tw.load(tw.save(segments, f"{folder}/film.parquet"))
    >>> again.equals(segments)
    True
    """
    check_segments(segments)
    target = user_path(path)
    kind = file_kind(target.name)
    packing = target.suffix.lower()[1:] if target.suffix.lower() in (".gz", ".zst") else ""
    if kind == "csv":
        raise InputError(
            f"{target.name!r} would write vectors as text, which loses them; "
            "Parquet was expected; save to a path that ends in .parquet"
        )
    if kind not in ("json", "jsonl", "parquet") or (kind == "parquet" and packing):
        raise InputError(
            f"{target.name!r} has no known ending; .parquet, .json or .jsonl was expected"
        )
    if target.is_dir() or not target.parent.is_dir():
        what = "is a folder" if target.is_dir() else "lies in a folder that does not exist"
        raise InputError(f"{str(target)!r} {what}; a file in an existing folder was expected")
    with replace_file(target) as aside:
        if kind == "parquet":
            write_parquet(segments, aside)
        else:
            write_json(segments, aside, packing=packing, lines=kind == "jsonl")
    return target


def _check_columns(columns: Mapping[str, str] | None) -> None:
    """Refuse a mapping that is not from columns of the table to names of the source."""
    if columns is None:
        return
    if not isinstance(columns, Mapping):
        raise InputError(
            f"columns is a {type(columns).__name__}; a mapping from the table's names to the "
            "source's was expected, for example {'embedding': 'vec'}"
        )
    for name, key in columns.items():
        if name in NAMED and isinstance(key, str):
            continue
        turned = isinstance(key, str) and key in NAMED
        advice = f"turn it round: {{{key!r}: {name!r}}}" if turned else "name one of these"
        raise InputError(
            f"columns holds {name!r}: {key!r}; the name of a column of the table "
            f"({', '.join(NAMED)}) and what the source calls it were expected; {advice}"
        )
    twice = [key for key, n in Counter(columns.values()).items() if n > 1]
    if twice:
        raise InputError(
            f"columns reads {twice[0]!r} as two columns; one was expected; copy the column"
        )


def _list_inputs(source: Any) -> list[Input]:
    """What is to be read, each once."""
    if isinstance(source, str | os.PathLike):
        return find_files(source)
    if isinstance(source, list | tuple) and any(_is_source(item) for item in source):
        sources: dict[Any, Input] = {}
        for position, item in enumerate(source):
            for one in _list_inputs(item):
                key = one.path.resolve() if one.path else (position, one.name)
                name = one.name or f"item {position}"
                sources.setdefault(key, one._replace(name=name))
        return list(sources.values())
    return [Input(_name_of(source), None, source, explicit=True)]


def _is_source(item: Any) -> bool:
    """Whether an entry of a list is itself a source, rather than a part of parsed JSON."""
    if isinstance(item, str | os.PathLike | bytes | bytearray | pd.DataFrame):
        return True
    names = ("read", "column_names", "__arrow_c_stream__")
    return any(hasattr(item, name) for name in names) and not isinstance(item, pd.Series)


def _name_of(source: Any) -> str:
    """What a source that is no path is called in messages."""
    name = getattr(source, "name", "")
    return name if isinstance(name, str) and hasattr(source, "read") else ""


def _read_inputs(
    sources: Sequence[Input],
    columns: Mapping[str, str] | None,
    *,
    progress: bool,
    one_video: bool,
) -> tuple[list[tuple[Input, Found]], list[LoadError]]:
    """What each source holds, and the errors of files that nobody asked for by name."""
    kept: list[tuple[Input, Found]] = []
    troubles: list[LoadError] = []
    for one in _show_progress(sources, progress=progress):
        try:
            found = read_source(one, one_video=one_video, columns=columns)
            if not found.n_rows:
                first = found.remarks[0]
                raise LoadError(
                    first.problem, source=found.source, place=first.place, field=first.field
                )
        except LoadError as error:
            if one.explicit:
                raise
            if not _is_manifest(one):
                troubles.append(error)
        else:
            kept.append((one, found))
    return kept, troubles


def _is_manifest(one: Input) -> bool:
    """Whether a file without embeddings is the note that Bedrock leaves beside its output."""
    return (
        one.path is not None
        and one.path.name == "manifest.json"
        and one.path.with_name("output.json").exists()
    )


def _show_progress(sources: Sequence[Input], *, progress: bool) -> Iterable[Input]:
    """The sources, with a progress bar once reading them takes more than a second."""
    if len(sources) < 2 or not progress:
        return sources
    tracked: Iterable[Input] = bar("Loading", sources, unit="file", stays=True)
    return tracked


def _tell_times_in_names(kept: Sequence[tuple[Input, Found]]) -> list[str]:
    """One sentence where files of one segment each say its times by their name only."""
    if len(kept) < 2 or any(found.n_rows != 1 for _, found in kept):
        return []
    stems = [stem_of(one.path.name) for one, _ in kept if one.path is not None]
    starts = [cell for _, found in kept for rows in found.rows for cell in rows.cells("start_sec")]
    if len(stems) < len(kept) or any(cell == cell for cell in starts) or not are_joint(stems):
        return []
    return [
        f"no times were read, and the names of the files ({brief(stems[0])}) look as if they held "
        "them, so that each segment is a video of its own; start and end in seconds were "
        "expected; set video_id, start_sec and end_sec from the column source"
    ]


def _report(kept: Sequence[tuple[Input, Found]], troubles: Sequence[LoadError]) -> None:
    """Raise where nothing was loaded; warn once of everything that was left out."""
    if not kept and not troubles:
        raise LoadError("nothing but notes of Bedrock; its output.json was expected beside them")
    if not kept:
        more = f" (and {len(troubles) - 1} more such files)" if len(troubles) > 1 else ""
        first = troubles[0]
        raise LoadError(
            f"{first.problem}{more}", source=first.source, place=first.place, field=first.field
        )
    lines = [*map(str, troubles), *_tell_times_in_names(kept)]
    for one, found in kept:
        for remark in found.remarks:
            where = ", ".join(part for part in (one.name, remark.place) if part)
            lines.append(one_line(f"{where}: {remark.problem}" if where else remark.problem))
    if lines:
        shown = "; ".join(lines[:3])
        warn(
            f"{len(lines)} part{'s' if len(lines) > 1 else ''} of the source left out or doubtful: "
            f"{shown}{' …' if len(lines) > 3 else ''}; tw.check lists them all",
        )
