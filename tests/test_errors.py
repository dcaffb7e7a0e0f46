"""The tree of errors, and the sentence for a missing extra."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING

import pytest

import twlab as tw
from twlab.checks import require

if TYPE_CHECKING:
    from pathlib import Path


def test_the_tree() -> None:
    for error in (tw.InputError, tw.LoadError, tw.MissingExtraError):
        assert issubclass(error, tw.TwlabError)
    assert issubclass(tw.InputError, ValueError)
    assert issubclass(tw.LoadError, tw.InputError)
    assert issubclass(tw.MissingExtraError, ImportError)
    assert issubclass(tw.TwlabWarning, UserWarning)


def test_a_load_error_says_where_first() -> None:
    error = tw.LoadError("is None", source="a.json", place="segment 12", field="end_sec")
    assert str(error) == "a.json, segment 12, end_sec: is None"
    assert (error.source, error.place, error.field) == ("a.json", "segment 12", "end_sec")
    assert str(tw.LoadError("is empty")) == "is empty"


def test_what_is_installed_is_returned() -> None:
    assert require("json", extra="notebook") is json


def test_a_missing_package_is_named_with_its_pip_line() -> None:
    with pytest.raises(tw.MissingExtraError, match=r"pip install 'twlab\[umap\]'") as caught:
        require("no_such_package.part", extra="umap")
    assert caught.value.name == "no_such_package.part"


def test_what_a_package_itself_misses_is_not_taken_for_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half_there.py").write_text("import no_such_package")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="no_such_package") as caught:
        require("half_there", extra="umap")
    assert not isinstance(caught.value, tw.TwlabError)


def test_errors_survive_pickling() -> None:
    error = pickle.loads(pickle.dumps(tw.InputError("wrong")))
    assert (type(error), str(error)) == (tw.InputError, "wrong")
