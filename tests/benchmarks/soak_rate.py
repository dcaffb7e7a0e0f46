"""1,000 videos with concurrency 16 against a rate limit: requests per second, and refusals.

    python tests/benchmarks/soak_rate.py --videos 1000 --limit 20 --seconds 1
    python tests/benchmarks/soak_rate.py --limit 20 --silent       # 429 without any header

The service allows `limit` requests per endpoint in each window of `seconds`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

from soak_kills import KEY, start_service, tell  # noqa: E402

import twlab as tw  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--videos", type=int, default=1000)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--limit", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--silent", action="store_true", help="no rate-limit headers")
    chosen = parser.parse_args()
    process, url = start_service()
    try:
        limit = {"count": chosen.limit, "seconds": chosen.seconds, "headers": not chosen.silent}
        tell(url, limit=limit)
        urls = [f"https://example.com/{number}.mp4" for number in range(chosen.videos)]
        with (
            tempfile.TemporaryDirectory() as name,
            tw.Client(
                KEY, base_url=url, folder=name, settings=tw.Settings(poll_sec=0.05)
            ) as client,
        ):
            segments = client.embed(urls, concurrency=chosen.concurrency, progress=False)
        told = tell(url, requests=True)
    finally:
        process.kill()
        process.wait()
    print(f"{segments['video_id'].nunique()} videos, {len(told['paid'])} paid")
    allowed = chosen.limit / chosen.seconds
    for start in ("POST /embed-v2/tasks", "GET /embed-v2/tasks"):
        rows = [row for row in told["requests"] if row[1].startswith(start)]
        good = [row[0] for row in rows if row[2] < 300]
        refused = [row[0] - rows[0][0] for row in rows if row[2] == 429]
        rate = (len(good) - 1) / (good[-1] - good[0])
        print(
            f"{start}: {len(good)} answered at {rate:.2f}/s ({rate / allowed:.1%} of the limit "
            f"{allowed:g}/s); refused {len(refused)}, "
            f"by 10 s of time: {dict(Counter(int(at // 10) for at in refused))}"
        )


if __name__ == "__main__":
    main()
