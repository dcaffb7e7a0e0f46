"""What the readers found in one source: rows, and everything wrong with it.

``load`` and ``check`` run the same readers. For ``load`` the first problem of a row is raised; for
``check`` every one is kept. A *remark* is softer: a part of the source that holds no embeddings
(a failed task beside good ones). It is raised only where nothing else was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from twlab.errors import LoadError

if TYPE_CHECKING:
    from twlab.table.types import Vector


__all__ = ["Found", "Rows"]


class Problem(NamedTuple):
    """One thing wrong: where, in which field, and the sentence."""

    place: str
    field: str
    problem: str


class Rows(NamedTuple):
    """Rows with the same fields, as columns.

    ``columns`` has one list per column of the table or further field as served; ``facts`` is what
    holds for all of the rows; ``vectors`` are 1-D float32 arrays, or one block of them, and
    ``places`` says where in the source each row stood. Rows of one ``answer`` come from one model
    and, unless they say otherwise, from one input.
    """

    columns: dict[str, list[Any]]
    facts: dict[str, Any]
    vectors: list[Vector] | Vector
    places: list[str]
    answer: int

    def cells(self, name: str) -> list[Any]:
        """The value of a column in each row; None where it has none."""
        own = self.columns.get(name)
        return own if own is not None else [self.facts.get(name)] * len(self.vectors)

    def without(self, dropped: set[int]) -> Rows:
        """The rows but for some positions."""
        keep = [k for k in range(len(self.vectors)) if k not in dropped]
        columns = {name: [cells[k] for k in keep] for name, cells in self.columns.items()}
        vectors = [self.vectors[k] for k in keep]
        places = [self.places[k] for k in keep]
        return Rows(columns, self.facts, vectors, places, self.answer)


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
        self.rows: list[Rows] = []
        self.problems: list[Problem] = []
        self.remarks: list[Problem] = []
        self.columns: dict[str, str] = {}  # what the caller calls keys of the source
        self.keys_seen: dict[str, None] = {}
        self.unread_vectors: dict[str, int] = {}
        self.n_rows = 0
        self.answers = 0
        self.models_by_form: set[str] = set()  # named by no word of the source
        self.saved = False  # a table that was saved, checked by its checksum

    @property
    def size(self) -> int:
        """How much was found so far, good or bad."""
        return self.n_rows + len(self.problems)

    def add(self, rows: Rows) -> None:
        """Take many rows at once."""
        self.rows.append(rows)
        self.n_rows += len(rows.vectors)

    def add_one(self, values: dict[str, Any], vector: Vector, place: str, answer: int) -> None:
        """Take one row; rows with the same fields are kept together."""
        self.n_rows += 1
        last = self.rows[-1] if self.rows else None
        same = last is not None and last.answer == answer and not last.facts
        if last is not None and same and last.columns.keys() == values.keys():
            for name, value in values.items():
                last.columns[name].append(value)
            cast("list[Vector]", last.vectors).append(vector)
            last.places.append(place)
        else:
            columns = {name: [value] for name, value in values.items()}
            self.rows.append(Rows(columns, {}, [vector], [place], answer))

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
