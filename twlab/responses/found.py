"""What a reader found in one source: rows, and everything wrong with it.

``load`` and ``check`` run the same readers. For ``load`` the first problem of a row is raised; for
``check`` every one is kept. A *remark* is softer: a part of the source that holds no embeddings
(a failed task beside good ones). It is raised only where nothing else was found.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from twlab.errors import LoadError

__all__ = ["Found", "Problem", "Row"]


class Problem(NamedTuple):
    """One thing wrong: where, in which field, and the sentence."""

    place: str
    field: str
    problem: str


class Row(NamedTuple):
    """One vector and what was said of it.

    ``values`` maps columns of the table (and further fields as served) to plain values,
    ``vector`` is a 1-D array of floats, ``place`` says where in the source it stood, and rows of
    one ``answer`` come from one model and, unless they say otherwise, from one input.
    """

    values: dict[str, Any]
    vector: Any
    place: str
    answer: int


class Found:
    """The rows of one source and its problems.

    Parameters
    ----------
    source : str
        Name of the source for messages; empty where it has none.
    keep_going : bool
        Keep problems instead of raising the first.
    """

    def __init__(self, source: str = "", *, keep_going: bool = False) -> None:
        self.source, self.keep_going = source, keep_going
        self.rows: list[Row] = []
        self.problems: list[Problem] = []
        self.remarks: list[Problem] = []
        self.answers = 0

    @property
    def size(self) -> int:
        """How much was found so far, good or bad."""
        return len(self.rows) + len(self.problems)

    def problem(self, problem: str, *, place: str = "", field: str = "") -> None:
        """Raise or keep a problem that makes a row unusable."""
        if not self.keep_going:
            raise LoadError(problem, source=self.source, place=place, field=field)
        self.problems.append(Problem(place, field, problem))

    def remark(self, problem: str, *, place: str = "", field: str = "") -> None:
        """Note a part of the source without embeddings."""
        self.remarks.append(Problem(place, field, problem))

    def new_answer(self) -> int:
        """The number of the next answer."""
        self.answers += 1
        return self.answers
