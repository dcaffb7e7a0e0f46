"""Jobs of 20 videos, killed (-9) at random moments and restarted until done, with faults on.

Run by hand::

    python tests/benchmarks/soak_kills.py --runs 200
    python tests/benchmarks/soak_kills.py --runs 50 --pairs      # two programs on one folder
    python tests/benchmarks/soak_kills.py --runs 200 --harm      # clocks set anew, ledgers lost
    python tests/benchmarks/soak_kills.py --runs 100 --model marengo3.5   # and documents

With ``--harm`` every program has a clock of its own, up to eight days wrong either way, a third of
the runs have a service that says no time, and after a kill the ledger is sometimes deleted,
emptied, cut or parted from its log (what is refused then is moved away, as the message says).

A service in a process of its own counts what is paid for; every attempt is a process of its own.
Each run must end with 20 paid jobs, 20 videos in the table and no duplicate row. One line per run
that fails, and the sums at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import pandas as pd  # noqa: E402
from service import KEY  # noqa: E402
from service.faults import chaos  # noqa: E402

import twlab as tw  # noqa: E402

N_VIDEOS = 20
SETTINGS = tw.Settings(
    connect_sec=2.0,
    read_sec=2.0,
    write_sec=2.0,
    total_sec=5.0,
    attempts=12,
    settle_sec=0.4,
    poll_sec=0.02,
    max_poll_sec=0.2,
)
KEYS = ["video_id", "start_sec", "end_sec", "embedding_option", "embedding_scope"]
PARTS = ["start_page_number", "quadrant", "chunk_index"]


def start_service() -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "service", "--dim", "8", "--no-check"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def tell(url: str, **what: object) -> dict[str, object]:
    body = json.dumps(what).encode()
    address = url.removesuffix("/v1.3") + "/_test"
    request = urllib.request.Request(address, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


CLOCKS_OFF_SEC = (0.0, 30.0, -30.0, 700.0, -700.0, 3600.0, -3600.0, 86_400.0 * 8, -86_400.0 * 8)


def set_clock(offset_sec: float) -> None:
    """From now on this program's clock is wrong by so much; its steady clock is not."""
    true_time = time.time
    time.time = lambda: true_time() + offset_sec


def harm(folder: Path, rng: random.Random) -> str:
    """What happened to the ledger between two programs; empty where nothing did."""
    ledger = folder / "ledger.sqlite"
    kind = rng.choice(["", "", "deleted", "emptied", "cut", "log lost"])
    if not kind or not ledger.exists():
        return ""
    logs = [folder / f"ledger.sqlite-{end}" for end in ("wal", "shm")]
    if kind == "emptied":
        ledger.write_bytes(b"")
    elif kind == "cut":
        ledger.write_bytes(ledger.read_bytes()[: ledger.stat().st_size // 2])
    for path in [ledger] * (kind == "deleted") + logs * (kind != "deleted" or rng.random() < 0.5):
        path.unlink(missing_ok=True)
    return kind


def write_files(folder: Path, rng: random.Random, model: str) -> None:
    """Twenty files; six of them pictures and documents where the model takes such."""
    folder.mkdir()
    others = iter(["png", "pdf", "txt"] * 2 if model == "marengo3.5" else [])
    for number in range(N_VIDEOS):
        kind, noise = next(others, "mp4"), rng.randbytes(1000).hex().encode()
        page = b"1 0 obj << /Type /Page >> endobj " * 3
        start = {"png": b"\x89PNG\r\n\x1a\n", "pdf": b"%PDF-1.7 " + page}.get(kind, b"")
        (folder / f"v{number}.{kind}").write_bytes(start + noise)


def attempt(
    url: str, videos: Path, folder: Path, offset_sec: float = 0.0, model: str = "marengo3.0"
) -> int:
    """One program; the process id. It embeds until done, then says so by its exit status."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        warnings.simplefilter("ignore")
        set_clock(offset_sec)
        with tw.Client(KEY, base_url=url, folder=folder, settings=SETTINGS) as client:
            segments = client.embed(
                sorted(videos.iterdir()), model_name=model, concurrency=6, progress=False
            )
            status = 0 if segments["video_id"].nunique() == N_VIDEOS else 3
            if status:
                client.failures().to_csv(folder / "failures.csv", mode="a")
    except tw.LedgerError as error:
        if "move ledger.sqlite away" in str(error):
            (folder / "ledger.sqlite").rename(folder / f"ledger.{os.getpid()}.away")
    finally:
        os._exit(status)


def one_run(
    url: str, rng: random.Random, *, pairs: bool, faults: float, harmed: bool, model: str
) -> dict[str, object]:
    tell(url, clear=True, faults=[asdict(f) for f in chaos(faults)], store={"ready_sec": [0, 0.4]})
    tell(url, dated=not harmed or rng.random() < 2 / 3)
    n_kills, n_starts, n_jumps = 0, 0, 0
    harms: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        videos, folder = Path(name) / "videos", Path(name) / "jobs"
        write_files(videos, rng, model)
        running: dict[int, float] = {}
        deadline, done = time.monotonic() + 120, 0
        while done < (2 if pairs else 1) and time.monotonic() < deadline:
            while len(running) + done < (2 if pairs else 1):
                offset = rng.choice(CLOCKS_OFF_SEC) if harmed else 0.0
                kill_at = time.monotonic() + rng.uniform(0.02, 0.8)
                running[attempt(url, videos, folder, offset, model)] = kill_at
                n_starts += 1
                n_jumps += offset != 0
            for pid, kill_at in list(running.items()):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    del running[pid]
                    done += status == 0
                elif n_kills < 6 and time.monotonic() >= kill_at:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                    del running[pid]
                    n_kills += 1
                    if harmed and not running:
                        harms.append(harm(folder, rng))
            time.sleep(0.005)
        for pid in running:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        tell(url, faults=[])
        with tw.Client(KEY, base_url=url, folder=folder, settings=SETTINGS) as client:
            segments = client.embed(sorted(videos.iterdir()), model_name=model, progress=False)
            states = client.ledger()["state"].value_counts().to_dict()
    return {
        "paid": len(tell(url)["paid"]),
        "videos": segments["video_id"].nunique(),
        "duplicates": int(segments.duplicated(KEYS + [p for p in PARTS if p in segments]).sum()),
        "kills": n_kills,
        "starts": n_starts,
        "finished": done,
        "jumps": n_jumps,
        "harms": sum(map(bool, harms)),
        "kinds": "+".join(filter(None, harms)),
        "states": states,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--pairs", action="store_true", help="two programs on one folder")
    parser.add_argument("--faults", type=float, default=0.12, help="share of requests that break")
    parser.add_argument("--harm", action="store_true", help="clocks set anew, ledgers lost")
    parser.add_argument("--model", default="marengo3.0")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    process, url = start_service()
    rows, begun = [], time.monotonic()
    try:
        for number in range(chosen.runs):
            rng = random.Random(chosen.seed * 10_000 + number)
            row = one_run(
                url,
                rng,
                pairs=chosen.pairs,
                faults=chosen.faults,
                harmed=chosen.harm,
                model=chosen.model,
            )
            rows.append(row)
            if row["paid"] != N_VIDEOS or row["videos"] != N_VIDEOS or row["duplicates"]:
                print("WRONG", number, row, flush=True)
            elif number % 20 == 0:
                print(number, row, f"{time.monotonic() - begun:.0f} s", flush=True)
    finally:
        process.kill()
        process.wait()
    table = pd.DataFrame(rows)
    numbers = ["paid", "videos", "duplicates", "kills", "starts", "finished", "jumps", "harms"]
    sums = table[["kills", "starts", "jumps", "harms"]].sum().to_dict()
    kinds = table["kinds"].str.split("+").explode().loc[lambda kind: kind != ""].value_counts()
    print("in all:", sums, "ledgers:", kinds.to_dict())
    print(table[numbers].describe().loc[["min", "mean", "max"]].round(2))
    wanted = {"paid": N_VIDEOS, "videos": N_VIDEOS, "duplicates": 0}
    good = (table[list(wanted)] == pd.Series(wanted)).all(axis=1)
    print(f"{int(good.sum())} of {len(table)} runs: {N_VIDEOS} paid, none missing, none double")


if __name__ == "__main__":
    main()
