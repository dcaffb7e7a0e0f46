"""Every call of a client against a hostile service, and what must be true of each."""

from __future__ import annotations

import contextlib
import pickle
import random
import time
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

from service import KEY, Hostile, Service
from service.hostile import spellings
from service.store import Asset

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

QUICK = tw.Settings(
    connect_sec=2.0,
    read_sec=0.5,
    write_sec=2.0,
    total_sec=0.6,
    max_wait_sec=0.3,
    retry_sec=1.0,
    attempts=2,
    backoff_sec=0.01,
    settle_sec=0.05,
    poll_sec=0.01,
    max_poll_sec=0.05,
)
LONGEST_SEC = 30.0
CALLS: dict[str, Any] = {
    "embed": lambda c, f: c.embed(f, progress=False, timeout_sec=1.0, on_error="raise"),
    "embed v1": lambda c, f: c.embed(
        f, model_name="Marengo-retrieval-2.7", progress=False, timeout_sec=1.0, on_error="raise"
    ),
    "embed address": lambda c, f: c.embed(
        "https://h.example/a.mp4?sig=1", progress=False, timeout_sec=1.0, on_error="raise"
    ),
    "text": lambda c, f: c.embed_text("a rabbit"),
    "image": lambda c, f: c.embed_image("https://h.example/a.jpg"),
    "indexes": lambda c, f: c.indexes(),
    "videos": lambda c, f: c.videos(INDEX),
    "tasks": lambda c, f: c.tasks(),
    "fetch": lambda c, f: c.fetch(INDEX, progress=False),
    "search": lambda c, f: c.search(INDEX, "dog", k=5),
    "search by video": lambda c, f: c.search(
        INDEX,
        "dog",
        search_option="visual",
        group_by="video",
        include_user_metadata=True,
    ),
    "query": lambda c, f: c.embed_query(
        "a dog in <@coat>", images={"coat": "https://h.example/a.jpg"}, model_name="marengo3.5"
    ),
    "assets": lambda c, f: c.assets(),
    "create an index": lambda c, f: c.create_index("films"),
    "index an asset": lambda c, f: c.index_asset(INDEX, ASSET),
}
INDEX = "66f1a2b3c4d5e6f708192a3b"
ASSET = "a55e700000000000000000ff"


def shown_by(error: BaseException) -> list[str]:
    """Every text that an error may show or take along."""
    texts = [str(error), repr(error), repr(error.args), repr(vars(error))]
    with contextlib.suppress(pickle.PicklingError, TypeError):
        texts.append(pickle.dumps(error).decode("latin-1"))
    return texts


def meet(seed: int, folder: Path, n_calls: int, **how: Any) -> tuple[Counter[str], list[str]]:
    """How so many calls ended, and everything about them that was wrong."""
    rng, ends, wrong = random.Random(seed), Counter[str](), list[str]()
    folder.mkdir(parents=True, exist_ok=True)
    film = folder / "a.mp4"
    film.write_bytes(rng.randbytes(300))
    with Service(dim=4, check=False) as service:
        service.store.assets[ASSET] = Asset(ASSET, "direct", "a.mp4", "0", 300, 0.0, 0.0)
        service.hostile = Hostile(seed, **how)
        for number in range(n_calls):
            service.store.indexes = {k: v for k, v in service.store.indexes.items() if k == INDEX}
            name = rng.choice(list(CALLS))
            jobs = folder / f"jobs{number}"
            begun = time.monotonic()
            with tw.Client(KEY, base_url=service.url, folder=jobs, settings=QUICK) as client:
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore", tw.TwlabWarning)
                        table = CALLS[name](client, film)
                    ends["a table"] += 1
                    wrong += [f"{name}: {type(table)}"] * (not hasattr(table, "columns"))
                except (tw.ApiError, tw.InputError) as error:
                    ends[type(error).__name__] += 1
                    wrong += _faults_of(name, error)
                except BaseException as error:  # whatever else comes is the finding
                    wrong.append(f"{name}: foreign {type(error).__name__}: {error}")
            took = time.monotonic() - begun
            wrong += [f"{name}: took {took:.1f} s"] * (took > LONGEST_SEC)
    wrong += [f"the key is in {p}" for p in folder.rglob("*") if p.is_file() and _told(p)]
    return ends, wrong


def _faults_of(name: str, error: Exception) -> list[str]:
    text = str(error)
    found = [f"{name}: control characters in {text!r}"] * (not text.isprintable())
    if isinstance(error, tw.InputError):
        found.append(f"{name}: {type(error).__name__} is no ApiError: {text}")
    if any(_spelt(shown) for shown in shown_by(error)):
        found.append(f"{name}: the key is shown by {text}")
    return found


def _spelt(text: str) -> bool:
    core = [spelling.removeprefix("Bearer ").strip("!=") for spelling in spellings(KEY)]
    return any(one in text for one in core)


def _told(path: Path) -> bool:
    return _spelt(path.read_bytes().decode("latin-1"))
