"""Known rows in many forms in one folder come back, each once and as it was."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "fuzz"))
from mixes import FORMS, compare, write_mix


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(2))
def test_each_form_alone(form: str, seed: int, tmp_path: Path) -> None:
    written = write_mix(tmp_path, random.Random(f"{form} {seed}"), (form,))
    assert compare(tmp_path, written) == ""


@pytest.mark.parametrize("seed", range(30))
def test_forms_beside_one_another(seed: int, tmp_path: Path) -> None:
    written = write_mix(tmp_path, random.Random(f"mix {seed}"))
    assert compare(tmp_path, written) == ""


def test_the_oracle_sees_a_row_that_is_lost_or_changed(tmp_path: Path) -> None:
    written = write_mix(tmp_path, random.Random(1), ("rows",))
    assert "1 rows lost, 0 more" in compare(tmp_path, [*written, written[0]])
    assert "0 rows lost, 1 more" in compare(tmp_path, written[1:])
    later = written[0]._replace(start=written[0].start + 1)
    assert "1 rows lost, 1 more" in compare(tmp_path, [later, *written[1:]])
