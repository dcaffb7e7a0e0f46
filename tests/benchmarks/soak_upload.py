"""Peak memory while a file of 2 GB goes up, in pieces (v2) and as one form (v1).

    python tests/benchmarks/soak_upload.py --gb 2

The file is sparse; the service, in a process of its own, reads and drops what it gets. Peak memory
is the process's resident set at its highest, minus that before the upload.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

import psutil  # noqa: E402
from soak_kills import KEY, start_service, tell  # noqa: E402

import twlab as tw  # noqa: E402


class Peak:
    """The highest resident set of this process while it runs."""

    def __enter__(self) -> Peak:
        self._stop, self._process = threading.Event(), psutil.Process()
        self.before = self.highest = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self.highest = max(self.highest, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--gb", type=float, default=2.0)
    chosen = parser.parse_args()
    size = int(chosen.gb * (1 << 30))
    process, url = start_service()
    try:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "large.mp4"
            with path.open("wb") as file:
                file.truncate(size)
            tell(url, store={"chunk_bytes": 16 << 20})
            for model in ("marengo3.0", "Marengo-retrieval-2.7"):
                with tw.Client(KEY, base_url=url, folder=Path(name) / "jobs") as client:
                    client.embed("https://example.com/warm-up.mp4", model_name=model)
                    started = time.monotonic()
                    with Peak() as peak:
                        segments = client.embed(path, model_name=model, progress=False)
                    seconds = time.monotonic() - started
                grown = (peak.highest - peak.before) / 1e6
                print(
                    f"{model}: {len(segments)} rows, {size / 1e9:.2f} GB in {seconds:.1f} s "
                    f"({size / 1e6 / seconds:.0f} MB/s, hashing included); "
                    f"memory {peak.before / 1e6:.0f} MB before, peak +{grown:.1f} MB"
                )
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
