"""How much memory there is to work with.

* :func:`free_bytes` - what can be had, as far as the system, container and process tell
* :func:`give_back` - what was freed, for other programs
"""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from pathlib import Path

__all__ = ["free_bytes", "give_back"]


def free_bytes() -> int | None:
    """The memory that can be had, as far as the system, container and process tell."""
    known = (_free_of_system(), _free_of_container(), _free_of_process())
    return min((max(0, n) for n in known if n is not None), default=None)


def give_back() -> None:
    """Give the system what was freed and glibc keeps: of 2 GB in blocks of 8 MB nearly all."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other libraries of C have none
        if trim is not None:
            trim(0)


def _free_of_container() -> int | None:
    """What the container may still take."""
    try:
        group = Path("/sys/fs/cgroup")
        most = (group / "memory.max").read_text(encoding="ascii")
        return int(most) - int((group / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):  # none, or "max"
        return None


def _free_of_process() -> int | None:
    """What the process may still take by its own limit."""
    try:
        resource = importlib.import_module("resource")
        most = resource.getrlimit(resource.RLIMIT_AS)[0]
        taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError, ValueError):
        return None
    return (
        None if most == resource.RLIM_INFINITY else int(most - taken * os.sysconf("SC_PAGE_SIZE"))
    )


def _free_of_system() -> int | None:
    """What the computer has left."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if "MemAvailable" in line)
    except (OSError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
