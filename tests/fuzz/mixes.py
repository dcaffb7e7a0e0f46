"""Write known rows in many forms into one folder, load it, and compare with what was written.

Every folder holds answers, rows of vector stores, tables and lists, plain or packed, with junk
beside them. The oracle is the list of rows itself: each must come back once, with its video, times,
option and vector, and no other.

    python tests/fuzz/mixes.py [--n 2000] [--seed 0]
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import zstandard

import twlab as tw

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FORMS", "compare", "write_mix"]

FILMS = ("a.mp4", "b c.mp4", "日本.mov", "007.mkv")
OPTIONS = ("visual", "audio", "transcription")


class Row(NamedTuple):
    """One segment that is known."""

    film: str
    start: float
    end: float
    option: str
    vector: tuple[float, ...]


def rows_of(rng: random.Random, dim: int) -> list[Row]:
    """Segments of some films, each of its own length, under some options."""
    rows = []
    for film in rng.sample(FILMS, rng.randint(1, 3)):
        clip = rng.choice((4.5, 6.0, 7.25))
        for option in rng.sample(OPTIONS, rng.randint(1, 3)):
            for k in range(rng.randint(1, 5)):
                vector = tuple(round(rng.gauss(0, 1), 4) for _ in range(dim))
                rows.append(Row(film, k * clip, (k + 1) * clip, option, vector))
    return rows


def keyed(rows: list[Row], names: str) -> list[dict[str, Any]]:
    """Rows as objects whose keys are ``film start end option vector`` in other words."""
    return [dict(zip(names.split(), (*row[:4], list(row.vector)), strict=True)) for row in rows]


def by_film(rows: list[Row]) -> dict[str, list[Row]]:
    """The rows of each film."""
    films: dict[str, list[Row]] = {}
    for row in rows:
        films.setdefault(row.film, []).append(row)
    return films


def v1(rows: list[Row]) -> Any:
    names = "x start_offset_sec end_offset_sec embedding_option float"
    return [
        {
            "model_name": "marengo3.0",
            "video_embedding": {
                "metadata": {"input_filename": film},
                "segments": [
                    {k: v for k, v in row.items() if k != "x"} for row in keyed(own, names)
                ],
            },
        }
        for film, own in by_film(rows).items()
    ]


def millis(rows: list[Row]) -> Any:
    scaled = [row._replace(start=row.start * 1000, end=row.end * 1000) for row in rows]
    return keyed(scaled, "video startMs endMs modality_type vec")


def frames(rows: list[Row]) -> Any:
    scaled = [row._replace(start=row.start * 4, end=row.end * 4) for row in rows]
    return [{**row, "fps": 4} for row in keyed(scaled, "file start_frame end_frame channel emb")]


def chroma(rows: list[Row]) -> Any:
    metadatas = keyed(rows, "video_id start_sec end_sec embedding_option x")
    return {
        "ids": [f"s{k}" for k in range(len(rows))],
        "embeddings": [list(row.vector) for row in rows],
        "metadatas": [{k: v for k, v in one.items() if k != "x"} for one in metadatas],
        "documents": None,
    }


def points(rows: list[Row], vector: str, payload: str) -> list[dict[str, Any]]:
    """Rows with their fields in an object beside the vector."""
    inner = keyed(rows, "video_id start_time end_time modality x")
    return [{"id": f"p{k}", vector: one.pop("x"), payload: one} for k, one in enumerate(inner)]


def pinecone_fetch(rows: list[Row]) -> Any:
    found = points(rows, "values", "metadata")
    return {"namespace": "", "vectors": {one["id"]: one for one in found}}


def qdrant_named(rows: list[Row]) -> Any:
    places: dict[Any, dict[str, Any]] = {}
    for row in rows:
        places.setdefault(row[:3], {})[row.option] = list(row.vector)
    names = ("video_id", "start", "end")
    found = [
        {"id": k, "vector": named, "payload": dict(zip(names, place, strict=True))}
        for k, (place, named) in enumerate(places.items())
    ]
    return {"result": {"points": found}, "status": "ok"}


def weaviate(rows: list[Row]) -> Any:
    return {"objects": [{"class": "Clip", **one} for one in points(rows, "vector", "properties")]}


def elastic(rows: list[Row]) -> Any:
    hits = [{"_id": str(k), "_source": row} for k, row in enumerate(keyed(rows, NAMES))]
    return {"took": 1, "hits": {"total": {"value": len(rows)}, "hits": hits}}


def inner_hits(rows: list[Row]) -> Any:
    hits = []
    for film, own in by_film(rows).items():
        fields = "x e.startSec e.endSec e.embeddingOption e.embedding"
        inner = [
            {
                "_nested": {"field": "e", "offset": k},
                "fields": {key: v if key.endswith("embedding") else [v] for key, v in one.items()},
            }
            for k, one in enumerate(keyed(own, fields))
        ]
        for one in inner:
            del one["fields"]["x"]
        hits.append(
            {"_source": {"videoName": film}, "inner_hits": {"e": {"hits": {"hits": inner}}}}
        )
    return {"hits": {"hits": hits}}


def vespa(rows: list[Row]) -> Any:
    children = [
        {
            "id": f"i{k}",
            "relevance": 1.0,
            "fields": {**one, "embedding": {"values": one["embedding"]}},
        }
        for k, one in enumerate(keyed(rows, NAMES))
    ]
    return {"root": {"id": "toplevel", "children": children}}


def mongo(value: Any) -> Any:
    """Extended JSON, canonical."""
    if isinstance(value, list):
        return [mongo(one) for one in value]
    if isinstance(value, dict):
        return {key: mongo(one) for key, one in value.items()}
    return {"$numberDouble": repr(value)} if isinstance(value, float) else value


def dynamo(value: Any) -> Any:
    """JSON of DynamoDB."""
    if isinstance(value, list):
        return {"L": [dynamo(one) for one in value]}
    return {"S": value} if isinstance(value, str) else {"N": repr(value)}


def dynamo_scan(rows: list[Row]) -> Any:
    items = [{k: dynamo(v) for k, v in row.items()} for row in keyed(rows, NAMES)]
    return {"Items": items, "Count": len(items)}


def by_key(rows: list[Row]) -> Any:
    return {film: keyed(own, NAMES) for film, own in by_film(rows).items()}


def columns(rows: list[Row]) -> Any:
    cells = enumerate(keyed(rows, NAMES))  # to_json of pandas rounds what it writes
    document: dict[str, dict[str, Any]] = {name: {} for name in NAMES.split()}
    for k, row in cells:
        for name, cell in row.items():
            document[name][str(k)] = cell
    document["start_sec"] = dict(reversed(document["start_sec"].items()))
    return document


def texts(rows: list[Row]) -> Any:
    names = "x start_sec end_sec embedding_option embedding"
    found = []
    for film, own in by_film(rows).items():
        value = [{k: v for k, v in one.items() if k != "x"} for one in keyed(own, names)]
        found.append({"FILE": film, "EMB": json.dumps({"error": None, "value": value})})
    return found


def bulk(rows: list[Row]) -> list[Any]:
    lines: list[Any] = []
    for row in keyed(rows, "video_id startSec endSec embeddingOption embedding"):
        lines += [{"index": {"_index": "clips"}}, row]
    return lines


NAMES = "video_id start_sec end_sec embedding_option embedding"
DOCUMENTS: dict[str, Callable[[list[Row]], Any]] = {
    "v1": v1,
    "rows": lambda rows: keyed(rows, NAMES),
    "millis": millis,
    "frames": frames,
    "paths": lambda rows: keyed(rows, "path t_start t_end type feature"),
    "chroma": chroma,
    "pinecone": lambda rows: {"matches": points(rows, "values", "metadata")},
    "pinecone fetch": pinecone_fetch,
    "qdrant": lambda rows: {"result": {"points": points(rows, "vector", "payload")}},
    "qdrant named": qdrant_named,
    "weaviate": weaviate,
    "elastic": elastic,
    "inner hits": inner_hits,
    "vespa": vespa,
    "mongo": lambda rows: mongo(keyed(rows, NAMES)),
    "dynamo": dynamo_scan,
    "by key": by_key,
    "columns": columns,
    "texts": texts,
}
LINES: dict[str, Callable[[list[Row]], list[Any]]] = {
    "lines": lambda rows: keyed(rows, NAMES),
    "bulk": bulk,
    "mongo lines": lambda rows: list(mongo(keyed(rows, NAMES))),
}


def wide(rows: list[Row]) -> pd.DataFrame:
    """A table that spreads each vector over its columns."""
    matrix = np.array([row.vector for row in rows])
    names = [f"dim_{k}" for k in range(matrix.shape[1])]
    places = pd.DataFrame([row[:4] for row in rows], columns=["video", "start", "end", "channel"])
    return pd.concat([places, pd.DataFrame(matrix, columns=names)], axis=1)


TABLES: dict[str, Callable[[list[Row], Path], Any]] = {
    "csv": lambda rows, path: pd.DataFrame(keyed(rows, NAMES)).to_csv(f"{path}.csv", index=False),
    "wide csv": lambda rows, path: wide(rows).to_csv(f"{path}.csv"),
    "parquet": lambda rows, path: pd.DataFrame(keyed(rows, NAMES)).to_parquet(f"{path}.parquet"),
    "wide parquet": lambda rows, path: wide(rows).to_parquet(f"{path}.parquet"),
    "feather": lambda rows, path: pd.DataFrame(keyed(rows, NAMES)).to_feather(f"{path}.feather"),
    "own": lambda rows, path: tw.save(tw.load(keyed(rows, NAMES)), f"{path}.parquet"),
}
FORMS = (*DOCUMENTS, *LINES, *TABLES)


def write_form(form: str, rows: list[Row], path: Path, rng: random.Random) -> None:
    """Write rows in one form, plain or packed, to a path that still lacks its ending."""
    if form in TABLES:
        TABLES[form](rows, path)
        return
    if form in LINES:
        ending = ".jsonl"
        data = "\n".join(json.dumps(line) for line in LINES[form](rows)).encode()
    else:
        ending = ".json"
        indent = rng.choice((None, 1))
        document = DOCUMENTS[form](rows)
        data = json.dumps(document, indent=indent, ensure_ascii=rng.random() < 0.5).encode()
    packing = rng.choice(("", "", ".gz", ".zst"))
    data = gzip.compress(data) if packing == ".gz" else data
    data = zstandard.compress(data) if packing == ".zst" else data
    Path(f"{path}{ending}{packing}").write_bytes(data)


def write_mix(folder: Path, rng: random.Random, forms: tuple[str, ...] = FORMS) -> list[Row]:
    """Fill a folder with files of several forms, each of films of its own; the rows in them."""
    dim, written = rng.choice((8, 24, 96)), []
    for number in range(rng.randint(1, 5)):
        rows = [row._replace(film=f"{number}-{row.film}") for row in rows_of(rng, dim)]
        if rng.random() < 0.3:
            rng.shuffle(rows)
        form = rng.choice(forms)
        write_form(form, rows, folder / f"{number} {form}", rng)
        written += rows
    if rng.random() < 0.5:
        (folder / "error.json").write_text('{"code": "parameter_invalid", "message": "no"}')
        (folder / "task.json").write_text('{"_id": "t", "status": "processing", "data": null}')
        (folder / "readme.txt").write_text("x")
    return written


def compare(folder: Path, written: list[Row]) -> str:
    """What differs between the rows of a folder as loaded and as written; empty for nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tw.TwlabWarning)
        table = tw.load(folder, progress=False)
    expected = Counter(mark(*row) for row in written)
    names = ["video_id", "start_sec", "end_sec", "embedding_option", "embedding"]
    found = Counter(mark(*row) for row in table[names].itertuples(index=False))
    lost, more = expected - found, found - expected
    if not lost and not more:
        return ""
    first = next(iter(lost or more))[:4]
    files = sorted(path.name for path in folder.iterdir())
    return f"{lost.total()} rows lost, {more.total()} more: {first} in {files}"


def mark(film: Any, start: Any, end: Any, option: Any, vector: Any) -> tuple[Any, ...]:
    """What tells a row from every other."""
    numbers = np.asarray(vector, np.float32).tobytes()
    return film, round(float(start), 3), round(float(end), 3), option, numbers


def main() -> None:
    """Compare many folders."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    begun, n_rows, wrong = time.monotonic(), 0, 0
    for number in range(options.n):
        folder = Path(tempfile.mkdtemp())
        written = write_mix(folder, random.Random(f"{options.seed} {number}"))
        n_rows += len(written)
        difference = compare(folder, written)
        shutil.rmtree(folder)
        if difference:
            wrong += 1
            print(number, difference)
    seconds = time.monotonic() - begun
    print(f"{options.n} folders, {n_rows} rows, {wrong} wrong, {seconds:.0f} s")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
