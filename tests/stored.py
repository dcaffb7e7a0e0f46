"""Whether a notebook's stored outputs are those of its code, for the tests and what stores them."""

from __future__ import annotations

import hashlib
from typing import Any

import twlab

PICTURES = ("image/png", "image/jpeg")
DRAWS = ("tw.plot.", "tw.explore(")


def fingerprint(book: Any) -> dict[str, str]:
    """What the stored outputs were made of: the code, and the version of twlab that ran it."""
    code = "\0".join(cell.source for cell in book.cells if cell.cell_type == "code")
    return {"version": twlab.__version__, "code": hashlib.sha256(code.encode()).hexdigest()[:16]}
