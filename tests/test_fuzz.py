"""A short run of the fuzzer, and what longer runs have found and what was mended."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import twlab as tw

sys.path.insert(0, str(Path(__file__).parent / "fuzz"))
from fuzz_load import inputs, outcome

pytestmark = pytest.mark.filterwarnings("ignore::twlab.TwlabWarning")

FOUND: dict[str, Any] = {
    "a long text for a timecode is not printed whole": {
        "float": [1.0],
        "start_timecode": "0:00",
        "end_timecode": "a" * 5000,
    },
    "a rate of frames beyond all bounds": {
        "float": [1.0],
        "start_timecode": "00:00:00:00",
        "end_timecode": "00:00:06:00",
        "fps": 1e308,
    },
}


def test_broken_inputs_end_in_a_table_or_an_error() -> None:
    outcomes = [outcome(source) for source in inputs(1500, seed=1)]
    assert set(outcomes) <= {"table", "LoadError", "InputError"}
    assert outcomes.count("table") > 150
    assert outcomes.count("LoadError") > 150


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_once(name: str) -> None:
    with pytest.raises(tw.LoadError) as caught:
        tw.load(FOUND[name])
    assert len(str(caught.value)) < 400
