"""Ray and Dask on two machines, with a store in a bucket, and what a machine that dies costs.

Run by hand, as root (it needs ``ip`` of iproute2, ``nsenter``, and moto for the bucket)::

    python tests/benchmarks/two_machines.py --rows 60000

Two network namespaces with addresses, host names and ``/tmp`` of their own stand for machines,
joined by a bridge. Machine a has the scheduler, the calling process and one worker, machine b
another worker; the bucket is a third address. Each job runs on machine a alone, on both, and on
both where all processes of b are killed half way, or its cable is pulled (``--cut cable``); what it
gives is compared with the plain call on the table. At last all workers die half way (Dask): the job
must say so in a sentence, and the same call on new workers go on from what is done.
"""

# ruff: noqa: E402 - the number of threads is set before numpy is loaded

from __future__ import annotations

import os

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)]

NET, BUCKET = "10.77.13", "10.77.13.1"
PLACES = {"a": f"{NET}.2", "b": f"{NET}.3"}
ADDRESS = "s3://archive/films"
LONGEST_SEC = 240.0
STORAGE = {
    "AWS_ENDPOINT_URL": f"http://{BUCKET}:5000",
    "AWS_ALLOW_HTTP": "true",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "me",
    "AWS_SECRET_ACCESS_KEY": "mine",
}
JOBS = ("near_duplicates", "nearest", "cluster", "scenes", "novelty")


def sh(*command: str, check: bool = True) -> str:
    return subprocess.run(command, check=check, capture_output=True, text=True).stdout


class Machines:
    """Two namespaces on a bridge; all that runs in them ends with them."""

    def __init__(self) -> None:
        self.name = f"twlab{os.getpid()}"
        self.bridge = f"br{os.getpid()}"
        self.token = uuid.uuid4().hex
        self.started: list[subprocess.Popen[Any]] = []
        self.on: dict[str, subprocess.Popen[Any]] = {}

    def __enter__(self) -> Machines:
        sh("ip", "link", "add", self.bridge, "type", "bridge")
        sh("ip", "addr", "add", f"{BUCKET}/24", "dev", self.bridge)
        sh("ip", "link", "set", self.bridge, "up")
        for place, address in PLACES.items():
            self.join(place, address)
        return self

    def join(self, place: str, address: str) -> None:
        space, cable = f"{self.name}{place}", self.cable(place)
        sh("ip", "netns", "add", space)
        sh("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
        sh("ip", "link", "set", cable, "master", self.bridge, "up")
        for what in (f"addr add {address}/24 dev eth0", "link set eth0 up", "link set lo up"):
            sh("ip", "-n", space, *what.split())
        own = 'hostname "$0" && mount -t tmpfs own /tmp && echo ready && exec sleep infinity'
        inside = ("unshare", "--uts", "--mount", "sh", "-c", own, f"machine-{place}")
        command = ["ip", "netns", "exec", space, *inside]
        self.on[place] = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.on[place].stdout.readline()

    def cable(self, place: str) -> str:
        return f"v{place}{os.getpid()}"

    def pull(self, place: str, *, back: bool = False) -> None:
        sh("ip", "link", "set", self.cable(place), "up" if back else "down")

    def run(self, place: str, *command: str, **given: Any) -> subprocess.Popen[Any]:
        path = os.pathsep.join(sys.path[:3])
        token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.token}
        environment = {**os.environ, **STORAGE, **token, "PYTHONPATH": path}
        there = ("nsenter", "--target", str(self.on[place].pid), "--net", "--uts", "--mount")
        process = subprocess.Popen([*there, *command], env=environment, **given)
        self.started.append(process)
        return process

    def kill(self, place: str) -> None:
        """End all processes of a machine at once, as a power cut does; it can be used again."""
        for pid in map(int, sh("ip", "netns", "pids", f"{self.name}{place}").split()):
            if pid != self.on[place].pid:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue

    def __exit__(self, *_: object) -> None:
        for place in PLACES:
            self.kill(place)
            self.on[place].kill()
            self.on[place].wait()
            sh("ip", "netns", "del", f"{self.name}{place}", check=False)
        for process in self.started:
            process.wait()
        sh("ip", "link", "del", self.bridge, check=False)


class DaskCluster:
    """The scheduler on a, one worker on each machine."""

    def __init__(self, machines: Machines) -> None:
        self.machines = machines
        self.address = f"tcp://{PLACES['a']}:8786"
        self.start("a", "scheduler", "--host", PLACES["a"], "--port", "8786", "--no-dashboard")
        time.sleep(4)

    def start(self, place: str, *command: str) -> subprocess.Popen[Any]:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return self.machines.run(place, "dask", *command, **quiet)

    def work(self, place: str) -> subprocess.Popen[Any]:
        told = ("--host", PLACES[place], "--nworkers", "1", "--nthreads", "1", "--no-dashboard")
        return self.start(place, "worker", self.address, *told)


class RayCluster:
    """The head on a, a node on b, one core each."""

    def __init__(self, machines: Machines) -> None:
        self.machines, self.address = machines, f"{PLACES['a']}:6379"

    def work(self, place: str) -> None:
        where = ("--head", "--port", "6379", "--include-dashboard", "false") * (place == "a")
        where = where or ("--address", self.address)
        own = ("--node-ip-address", PLACES[place], "--num-cpus", "1", "--disable-usage-stats")
        memory = ("--object-store-memory", "500000000")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.machines.run(place, "ray", "start", "--block", *where, *own, *memory, **quiet)
        time.sleep(6)


CLUSTERS = {"dask": DaskCluster, "ray": RayCluster}


def drive(engine: str, address: str, *jobs: str) -> None:
    """On machine a: do the jobs whose names come on standard input, one line for each."""
    import pandas as pd

    import twlab as tw

    asked: dict[str, Any] = {
        "near_duplicates": lambda s: tw.near_duplicates(s, threshold=0.95, min_gap_sec=30),
        "nearest": lambda s: tw.nearest(s, k=10),
        "cluster": lambda s: tw.cluster(s, 50, method="kmeans"),
        "scenes": tw.scenes,
        "novelty": tw.novelty,
    }
    with ExitStack() as stack:
        if engine == "dask":
            from distributed import Client

            client = stack.enter_context(Client(address))
            workers: Any = tw.executors.Dask(client)
        else:
            workers = stack.enter_context(connected(address))
        table = tw.open(ADDRESS).to_table()
        expected = {}
        for name in jobs:
            job = asked[name]
            begun = time.monotonic()
            given = tw.nearest(table, k=10, exact=True) if name == "nearest" else job(table)
            expected[name] = given
            print(json.dumps({"table": name, "sec": time.monotonic() - begun}), flush=True)
        print(json.dumps({"table": "", "sec": 0}), flush=True)
        for line in sys.stdin:
            begun = time.monotonic()
            try:
                store = tw.open(ADDRESS, executor=workers, work="/tmp/work")
                found = asked[line.strip()](store)
                same = bool(found.equals(expected[line.strip()]))
                if not same and isinstance(found, pd.Series):
                    from sklearn.metrics import adjusted_rand_score

                    same = float(adjusted_rand_score(expected["cluster"], found))
                told = {"same": same}
            except tw.TwlabError as error:
                told = {"said": str(error)}
            print(json.dumps({**told, "sec": time.monotonic() - begun}), flush=True)


def connected(address: str) -> Any:
    """Ray at an address; its head takes long to start where much else runs."""
    import twlab as tw

    until = time.monotonic() + 60
    while True:
        try:
            return tw.executors.Ray(address)
        except tw.InputError:
            if time.monotonic() > until:
                raise
            time.sleep(2)


class Driver:
    """The calling process on machine a."""

    def __init__(self, machines: Machines, engine: str, address: str, jobs: list[str]) -> None:
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - as long as the process
        self.process = machines.run(
            *("a", sys.executable, __file__, "--drive", engine, address, *jobs),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        while True:
            told = self.answer()
            if not told["table"]:
                break
            print(f"  table           {told['table']:16} {told['sec']:7.1f} s", flush=True)

    def ask(self, job: str) -> None:
        self.process.stdin.write(f"{job}\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise SystemExit(f"the calling process ended: {self.errors.read()[-2000:]}")
        return json.loads(line)


def fill(n_rows: int, width: int) -> None:
    """A bucket with a store."""
    from bench_distributed import made

    import twlab as tw

    for _ in range(100):
        try:
            urlopen(Request(f"{STORAGE['AWS_ENDPOINT_URL']}/archive", method="PUT")).close()
            break
        except OSError:
            time.sleep(0.2)
    os.environ.update(STORAGE)
    store = tw.open(ADDRESS)
    begun = time.monotonic()
    store.add(made(n_rows, width))
    print(f"{n_rows:,} x {width} into {ADDRESS}: {time.monotonic() - begun:.1f} s", flush=True)


def measure(machines: Machines, engine: str, jobs: list[str], cut: str) -> None:
    cluster = CLUSTERS[engine](machines)
    first = cluster.work("a")
    driver = Driver(machines, engine, cluster.address, jobs)

    def timed(job: str, how: str, strike: Any = None, after: float = 0.0) -> float:
        driver.ask(job)
        if strike:
            time.sleep(after)
            strike()
        told = driver.answer()
        what = told.get("said") or ("same" if told["same"] is True else f"OTHER {told['same']}")
        print(f"  {how:15} {job:16} {told['sec']:7.1f} s  {what}", flush=True)
        return float(told["sec"])

    for job in jobs:
        timed(job, f"{engine}, warm up")
        timed(job, f"{engine}, a alone")
    cluster.work("b")
    time.sleep(6)
    wholes: list[float] = []
    for job in jobs:
        timed(job, f"{engine}, warm up")
        whole = timed(job, f"{engine}, both")
        wholes.append(whole)
        strike = (lambda: machines.kill("b")) if cut == "kill" else (lambda: machines.pull("b"))
        timed(job, f"{engine}, b dies", strike, whole / 2)
        timed(job, f"{engine}, after it")
        if cut == "cable":
            machines.pull("b", back=True)
            machines.kill("b")
        cluster.work("b")
        time.sleep(6)
    if engine == "dask":

        def strike() -> None:
            machines.kill("b")
            first.kill()

        timed(jobs[0], "dask, all die", strike, wholes[0] / 2)
        for place in PLACES:
            cluster.work(place)
        time.sleep(6)
        timed(jobs[0], "dask, goes on")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--d", type=int, default=256)
    parser.add_argument("--engines", nargs="+", default=["dask", "ray"], choices=["dask", "ray"])
    parser.add_argument("--jobs", nargs="+", default=list(JOBS), choices=JOBS)
    parser.add_argument("--cut", default="kill", choices=["kill", "cable"], help="how b goes")
    parser.add_argument("--drive", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.drive:
        drive(*asked.drive)
        return
    missing = [
        name for name in ("ip", "unshare", "nsenter", "moto_server") if not shutil.which(name)
    ]
    if os.geteuid() or missing:
        what = f"{', '.join(missing)} is missing" if missing else "this is not root"
        sys.exit(
            f"machines cannot be made: {what}; the rights to make network namespaces, iproute2 and "
            "moto were expected; run it as root, with pip install 'moto[server]'"
        )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    with Machines() as machines:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        bucket = subprocess.Popen(["moto_server", "-H", BUCKET, "-p", "5000"], **quiet)
        try:
            fill(asked.rows, asked.d)
            for engine in asked.engines:
                measure(machines, engine, asked.jobs, asked.cut)
                for place in PLACES:
                    machines.kill(place)
        finally:
            bucket.kill()
            bucket.wait()


if __name__ == "__main__":
    main()
