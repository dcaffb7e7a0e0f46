"""``python -m service``: the stand-in by itself, until interrupted."""

from __future__ import annotations

import argparse
import threading

from service.server import Service

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--dim", type=int, default=512)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--no-check", action="store_true", help="do not check against the spec")
chosen = parser.parse_args()
with Service(
    dim=chosen.dim, seed=chosen.seed, port=chosen.port, check=not chosen.no_check
) as service:
    print(service.url, flush=True)
    threading.Event().wait()
