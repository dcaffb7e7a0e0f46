"""Groups called as the caller says, in the explorer and in figures alike.

* :func:`call_groups` - what each label is called
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from twlab.errors import InputError
from twlab.looks import write_category
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LONGEST_TOLD", "call_groups", "check_group_names"]

LONGEST_TOLD = 80
"""Letters of a value that are told: no legend or tooltip has room for more."""


def check_group_names(names: Any) -> None:
    """Nothing, if names are given by label.

    Raises
    ------
    InputError
        If ``names`` is no mapping.
    """
    if not isinstance(names, Mapping | pd.Series):
        raise InputError(
            f"names is a {type(names).__name__}; a dict or a Series of names by label was "
            "expected; pass names={0: 'meadow', 1: 'wood'}"
        )


def call_groups(labels: Sequence[str], names: Any, *, of: str) -> list[str]:
    """What labels are called, in their order; those called the same with their label behind.

    Raises
    ------
    InputError
        If a name is empty, or for what is no label.

    Examples
    --------
    >>> call_groups(["0", "1", "2"], {0: "sea", 2: "sea"}, of="cluster")
    ['sea (0)', '1', 'sea (2)']
    """
    given = {write_category(label)[:LONGEST_TOLD]: name for label, name in names.items()}
    for label, name in given.items():
        if label not in labels:
            there = ", ".join(map(repr, labels[:8])) + ", …" * (len(labels) > 8)
            raise InputError(
                f"names has {brief(label)}, which is no label of {of!r} (there are: "
                f"{there}); labels of the table were expected; leave it out"
            )
        if isinstance(name, str) and not name.strip():
            raise InputError(
                f"the name of {brief(label)} is {name!r}; words were expected; leave it out, and "
                "the label stands for itself"
            )
    words = [given.get(label) for label in labels]
    texts = [
        label if pd.api.types.is_scalar(word) and pd.isna(word) else str(word).strip()
        for label, word in zip(labels, words, strict=True)
    ]
    often = Counter(texts)
    return [
        text[:LONGEST_TOLD] if often[text] == 1 else f"{text[: LONGEST_TOLD // 2]} ({label})"
        for text, label in zip(texts, labels, strict=True)
    ]
