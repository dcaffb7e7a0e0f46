"""One bar for all of the package, and one switch for all bars."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from twlab.progress import bar

CODE = "from twlab.progress import bar\nprint(sum(bar('reading', range(3), at_once=True)))"


@pytest.mark.parametrize("switched_off", [False, True])
def test_one_switch_turns_bars_off(*, switched_off: bool) -> None:
    env = {**os.environ, "TQDM_DISABLE": "1"}
    if not switched_off:
        del env["TQDM_DISABLE"]
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=env
    )
    assert done.stdout.strip() == "3"
    assert ("reading" in done.stderr) == (not switched_off)


def test_the_switch_turns_off_bars_of_notebooks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pytest.importorskip("tqdm.notebook").tqdm
    pytest.importorskip("ipywidgets")
    monkeypatch.setattr("tqdm.auto.tqdm", drawn)
    monkeypatch.setenv("TQDM_DISABLE", "1")
    assert bar("reading", total=3, at_once=True).disable
