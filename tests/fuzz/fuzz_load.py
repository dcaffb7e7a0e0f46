"""Break documents in every way and load them: a table or a twlab error, nothing else.

Structure-aware: drops, renames, retypes, nests, repeats, swaps and splices parts of parsed
documents, then of their text (truncation, byte flips, duplicate keys, huge numbers, wrong
encodings, packing). A part is written as Parquet of odd types and metadata, CSV, NumPy archives,
or under odd names. Every table that comes out must pass the checks that a user's next call makes,
and every message and every cell of text can be printed.
Each input has a few seconds of CPU time, and the process a bound of memory.

    python tests/fuzz/fuzz_load.py [--n 200000] [--seed 0]
"""

from __future__ import annotations

import argparse
import copy
import gzip
import io
import json
import random
import resource
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

import twlab as tw

sys.path.insert(0, str(Path(__file__).parent))
from seeds import SEEDS

SECONDS = 5
MEMORY = 4 << 30
ODD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    -6.5,
    1e308,
    10**30,
    1e-320,
    float("nan"),
    float("inf"),
    "",
    "0",
    "6.0",
    "nan",
    "text",
    "\ud800",
    "caf\udce9",
    "a\nb",
    "\x1b[31m",
    "0" * 400 + ":00",
    10**400,
    {"twlab_crc32": "00000000"},
    "\0twlab",
    "a" * 5000,
    [],
    {},
    [[]],
    [None],
    [1, "2"],
    [[0.1, 0.2], [0.3]],
    {"float": [1, 2]},
    {"\0twlab": 0},
    [True, False],
    list(range(100)),
]
NAMES = (
    *("data", "segments", "embedding", "embeddings", "float", "float_", "values", "vector"),
    *("start", "end", "start_sec", "end_sec", "startSec", "status", "error", "video_id"),
    *("metadata", "payload", "video_embedding", "text_embedding", "embedding_option"),
    *("embedding_scope", "model_name", "duration", "filename", "_id", "id", "hls"),
    *("user_metadata", "response_body", "response_status", "source", "answer", "place"),
)


def containers(document: Any) -> list[Any]:
    """Every list and object in a document, itself included."""
    found, open_nodes = [], [document]
    while open_nodes:
        node = open_nodes.pop()
        if isinstance(node, dict | list) and len(found) < 400:
            found.append(node)
            open_nodes += node.values() if isinstance(node, dict) else node
    return found


def mutate(document: Any, rng: random.Random) -> Any:
    """The document with one part changed."""
    nodes = [node for node in containers(document) if node]
    if not nodes:
        return rng.choice(ODD)
    node = rng.choice(nodes)
    key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
    action = rng.randrange(9)
    if action == 0:
        del node[key]
    elif action in (1, 2):
        node[key] = copy.deepcopy(rng.choice(ODD))
    elif action == 3 and isinstance(node, dict):
        node[rng.choice(NAMES)] = node.pop(key)
    elif action == 4:
        for _ in range(rng.choice((1, 1, 2, 50))):
            node[key] = [node[key]] if rng.random() < 0.5 else {rng.choice(NAMES): node[key]}
    elif action == 5 and isinstance(node, list):
        node += copy.deepcopy(node[: rng.choice((1, 2, 40))])
    elif action == 6:
        node[key] = copy.deepcopy(rng.choice(nodes))
    elif action == 7:
        node[key] = copy.deepcopy(rng.choice(SEEDS))
    elif isinstance(node, dict):
        node[rng.choice(NAMES)] = copy.deepcopy(rng.choice(ODD))
    else:
        rng.shuffle(node)
    return document


def broken_text(document: Any, rng: random.Random) -> bytes:
    """The text of a document, and often not quite."""
    try:
        text = json.dumps(document, ensure_ascii=rng.random() < 0.5).encode("utf-8", "replace")
    except (ValueError, RecursionError, MemoryError):  # shared parts can multiply without end
        text = b"[" * 5000
    action = rng.randrange(12)
    if action == 0:
        text = text[: rng.randrange(len(text) + 1)]
    elif action == 1:
        flipped = bytearray(text)
        for _ in range(rng.choice((1, 3, 20))):
            flipped[rng.randrange(len(flipped))] = rng.randrange(256)
        text = bytes(flipped)
    elif action == 2:
        text = text.replace(b'"float"', b'"float":[9,9,9],"float"')
    elif action == 3:
        text = text.replace(b"0.25", rng.choice((b"1e999", b"NaN", b"-", b"9" * 5000, b"0x1")), 1)
    elif action == 4:
        text = text.decode("utf-8").encode(rng.choice(("utf-16", "utf-16-le", "utf-8-sig")))
    elif action == 5:
        text = b"\n".join([text] * rng.choice((2, 3)))
    elif action == 6:
        text = gzip.compress(text)[: rng.choice((None, -4, 12))]
    elif action == 7:
        cut = rng.randrange(len(text) + 1)
        text = text[:cut] + rng.choice((b"[", b"{", b"]", b",", b'"', b"\0", b"[1,2")) + text[cut:]
    return text


COLUMNS = {
    "video_id": pa.array(["a", "b"]),
    "start_sec": pa.array([0.0, 6.0]),
    "end_sec": pa.array([6.0, 12.0]),
    "embedding": pa.array([[0.5, 0.25], [0.5, 1.0]], pa.list_(pa.float32())),
    "embedding_option": pa.array(["visual", "visual"]),
    "embedding_scope": pa.array(["clip", "clip"]),
    "model_name": pa.array(["m", None]),
}
BAD_TEXT = [None, pa.py_buffer(np.array([0, 2, 3], "<i4")), pa.py_buffer(b"a\xffb")]
ODD_COLUMNS: list[Any] = [
    pa.array([1, 2], pa.time64("ns")),
    pa.array([1, -1], pa.time32("s")),
    pa.array([0, 1], pa.timestamp("s", "Nowhere/Bad")),
    pa.array([2**62, -(2**62)], pa.timestamp("us")),
    pa.array([2**62, 1], pa.duration("s")),
    pa.array([2**62, 0], pa.int64()).view(pa.date64()),
    pa.Array.from_buffers(pa.string(), 2, BAD_TEXT),
    pa.array([b"\xff", b"\0"]),
    pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
    pa.array([{"a": [1.0]}, None]),
    pa.array(["x", None]).dictionary_encode(),
    pa.array(np.array([1.5, np.nan], np.float16)),
    pa.array([2**64 - 1, 0], pa.uint64()),
    pa.array([None, None], pa.decimal256(76, 0)),
    pa.nulls(2),
    pa.array([[1] * 3, []], pa.list_(pa.int64())),
    pa.array([[1.0, None], [2.0]], pa.large_list(pa.float64())),
    pa.array([[[1.0]], [[2.0], []]]),
    pa.array([[1e300, 2.0], [2.0, float("inf")]]),
    pa.array([True, None]),
]
FILE_NAMES = (
    "a.json",
    "a\nb.csv",
    "caf\udce9.jsonl",
    "\ud83d.json",
    "-",
    "a" * 300,
    "x.ipynb",
    ".gz",
)


class Named(io.BytesIO):
    """An open file of some name."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def metadata(rng: random.Random) -> bytes:
    """What pandas may have left in a Parquet file, or not quite."""
    names = [*COLUMNS, "nope", None, 5]
    index: Any = [
        rng.choice(names),
        {"kind": "range", "name": None, "start": rng.choice((0, "x")), "stop": 10**12, "step": 1},
    ]
    column = {
        "name": rng.choice(names),
        "field_name": rng.choice(names),
        "pandas_type": rng.choice(("datetimetz", "categorical", "bytes", "unicode", 7)),
        "numpy_type": rng.choice(("int8", "object", "datetime64[ns]", "no such")),
        "metadata": rng.choice((None, {"timezone": "Bad/Zone"}, {"num_categories": 1}, [])),
    }
    told = {"index_columns": rng.choice((index[:1], index[1:], [], None)), "columns": [column]}
    told |= rng.choice(({}, {"column_indexes": [column]}, {"pandas_version": 5}))
    text = json.dumps(told).encode()
    return rng.choice((text, text, b"{}", b"[]", b"null", b"\xff", text[: rng.randrange(99)]))


def parquet(rng: random.Random) -> bytes:
    """A Parquet file of odd columns, sometimes broken."""
    columns = dict(COLUMNS)
    for _ in range(rng.choice((1, 1, 2, 3))):
        columns[rng.choice((*COLUMNS, *NAMES))] = rng.choice(ODD_COLUMNS)
    for name in rng.sample(list(COLUMNS), rng.choice((0, 0, 1, 3))):
        columns.pop(name)
    table = pa.table(columns or {"embedding": COLUMNS["embedding"]})
    if rng.random() < 0.5:
        table = table.replace_schema_metadata({b"pandas": metadata(rng)})
    file = io.BytesIO()
    pq.write_table(table, file)
    return flipped(file.getvalue(), rng) if rng.random() < 0.3 else file.getvalue()


def flipped(content: bytes, rng: random.Random) -> bytes:
    """The bytes with a few changed, or cut short."""
    changed = bytearray(content[: rng.choice((None, None, rng.randrange(len(content) + 1)))])
    for _ in range(rng.choice((1, 3, 20)) if changed else 0):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def csv(rng: random.Random) -> bytes:
    """A table in CSV, often not quite."""
    names = [rng.choice((*COLUMNS, *NAMES)) for _ in range(rng.randrange(1, 7))]
    cells = ("a", "7", "007", "1e400", "[1, 2]", '"[0.5,0.25]"', '"[1,', "NA", "", "0:06", '"')
    rows = [[rng.choice(cells) for _ in names] for _ in range(rng.randrange(4))]
    text = "\n".join(",".join(row) for row in [names, *rows]).encode()
    return flipped(text, rng) if rng.random() < 0.3 else text


def archive(rng: random.Random) -> bytes:
    """A NumPy archive of vectors and times."""
    file = io.BytesIO()
    arrays: Any = {
        rng.choice(NAMES): rng.choice((np.zeros((2, 3)), np.ones(2), np.array(["a", "b"])))
        for _ in range(3)
    }
    np.savez(file, **arrays)
    return flipped(file.getvalue(), rng) if rng.random() < 0.3 else file.getvalue()


def file_of(document: Any, rng: random.Random) -> Any:
    """A file of another kind than JSON, or JSON under an odd name, packed or not."""
    kind = rng.randrange(4)
    if kind == 0:
        content, name = parquet(rng), rng.choice(("x.parquet", "x"))
    elif kind == 1:
        content, name = csv(rng), "x.csv"
    elif kind == 2:
        content, name = archive(rng), "x.npz"
    else:
        content, name = broken_text(document, rng), rng.choice(FILE_NAMES)
    pack = rng.choice((bytes, bytes, gzip.compress, zstandard.compress))
    return Named(pack(content), name)


def inputs(n: int, seed: int) -> Any:
    """n broken documents: as they are, as text, or as a file of another kind."""
    rng = random.Random(seed)
    for _ in range(n):
        document = copy.deepcopy(rng.choice(SEEDS))
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5, 8))):
            document = mutate(document, rng)
        way = rng.random()
        if way < 0.25:
            yield file_of(document, rng)
        else:
            yield broken_text(document, rng) if way < 0.65 else document


def is_shown(message: str) -> bool:
    """Whether a message is one line that can be printed."""
    return message.isprintable() and is_encodable(message)


def is_encodable(text: str) -> bool:
    """Whether a text has no halves of characters."""
    return text.encode("utf-8", "replace").decode("utf-8") == text


def outcome(source: Any) -> str:
    """``table`` or the error's name; anything else is raised on."""
    try:
        table = tw.load(source)
    except tw.TwlabError as error:
        if not is_shown(str(error)) or len(str(error)) > 1500:
            raise AssertionError(f"not one sentence: {str(error)[:200]!r}") from error
        return type(error).__name__
    tw.check_segments(table)
    texts = [cell for name in table for cell in table[name] if isinstance(cell, str)]
    if not all(map(is_encodable, texts)):
        raise AssertionError("a cell that cannot be printed")
    for _, same in table.groupby([table["embedding"].map(len), "model_name"], dropna=False):
        tw.vectors(same)
    return "table"


def too_slow(*_: Any) -> None:
    raise TimeoutError(f"took more than {SECONDS} s of CPU time")


def main() -> int:
    """Run, print the summary, and say by the exit status whether all was well."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGVTALRM, too_slow)
    warnings.simplefilter("ignore", tw.TwlabWarning)
    counts: Counter[str] = Counter()
    failures: dict[str, tuple[Any, str]] = {}
    slowest = 0.0
    for number, source in enumerate(inputs(arguments.n, arguments.seed)):
        if number % 10_000 == 0 and number:
            print(f"{number} inputs: {dict(counts)}", file=sys.stderr, flush=True)
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        began = time.process_time()
        try:
            counts[outcome(source)] += 1
        except Exception as error:  # every kind is what is looked for
            where = traceback.extract_tb(error.__traceback__)[-1]
            name = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"
            counts[name] += 1
            failures.setdefault(name, (source, f"{error}"[:300]))
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        slowest = max(slowest, time.process_time() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{arguments.n} inputs, slowest {slowest:.2f} s, peak {peak:.0f} MB: {dict(counts)}")
    for name, (source, message) in failures.items():
        print(f"\n{name}: {message}\n  {source!r:.600}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
