"""Break documents in every way and load them: a table or a twlab error, nothing else.

Structure-aware: drops, renames, retypes, nests, repeats, swaps and splices parts of parsed
documents, then of their text (truncation, byte flips, duplicate keys, huge numbers, wrong
encodings, packing). Every table that comes out must pass the checks that a user's next call makes.
Each input has a few seconds of CPU time, and the process a bound of memory.

    python tests/fuzz/fuzz_load.py [--n 200000] [--seed 0]
"""

from __future__ import annotations

import argparse
import copy
import gzip
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
    except (ValueError, RecursionError):
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


def inputs(n: int, seed: int) -> Any:
    """n broken documents, half of them as text."""
    rng = random.Random(seed)
    for _ in range(n):
        document = copy.deepcopy(rng.choice(SEEDS))
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5, 8))):
            document = mutate(document, rng)
        yield broken_text(document, rng) if rng.random() < 0.5 else document


def outcome(source: Any) -> str:
    """``table`` or the error's name; anything else is raised on."""
    try:
        table = tw.load(source)
    except tw.TwlabError as error:
        if "\n" in str(error) or len(str(error)) > 1500:
            raise AssertionError(f"not one sentence: {str(error)[:200]!r}") from error
        return type(error).__name__
    tw.check_segments(table)
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
    for source in inputs(arguments.n, arguments.seed):
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
