"""What may be said of labels: where there is too little for it, and whether chance does as well.

* :func:`count_label` - rows and videos that have a label, and what chance gives
* :func:`why_not` - why nothing can be said of a label
* :func:`judge_labels` - which labels are found better than by chance, all of them together
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from twlab.analysis.labelling.dealing import FEWEST_DEALS, count_deals, judge_by_deals

if TYPE_CHECKING:
    from numpy.random import Generator

    from twlab.analysis.labelling.held_out import Labelled
    from twlab.table.types import Floats

__all__ = ["FEWEST_GROUPS", "GOOD", "count_label", "judge_labels", "why_not"]

FEWEST_GROUPS = 3
"""Videos with a label, and without: of two, one teaches and one examines, and nothing says how much
it would be with others."""

RARE = 0.05
"""How rarely chance alone may pass for knowledge, over all labels together."""

GOOD, BAD = "found better than by chance", "no better than chance"


def why_not(rows: Labelled, label: int) -> str:
    """Why nothing can be said of a label; empty where something can."""
    has = len(np.unique(rows.groups[rows.truth[:, label]]))
    lacks = len(np.unique(rows.groups[~rows.truth[:, label]]))
    for n_groups, what in ((has, "have"), (lacks, "lack")):
        if n_groups < FEWEST_GROUPS:
            return (
                f"cannot tell: {n_groups} of the labelled {rows.called[1]} {what} it, and "
                f"{FEWEST_GROUPS} are needed; label clips of others"
            )
    return ""


def count_label(rows: Labelled, label: int, name: str) -> dict[str, Any]:
    """How many rows and videos have a label, and the share that chance alone would find."""
    mine = rows.truth[:, label]
    n_groups = len(np.unique(rows.groups[mine]))
    chance = float(mine.mean()) if len(mine) else np.nan
    return {"label": name, "n_segments": int(mine.sum()), "n_groups": n_groups, "chance": chance}


def judge_labels(
    rows: Labelled,
    judged: list[int],
    told: list[dict[str, Any]],
    rng: Generator,
    *,
    scores: Floats | None = None,
) -> dict[int, str]:
    """What each label comes to, all of them together; the p-value of each is written down.

    With ``scores``, shape (n, n_labels), what these come to, which no label has made.
    """
    ways = {k: count_deals(rows.truth[:, k], rows.groups) for k in judged}
    n_groups = len(np.unique(rows.groups))
    out = {
        k: f"cannot tell: the labels of {n_groups} {rows.called[1]} can be exchanged in {ways[k]} "
        f"ways that differ, and {FEWEST_DEALS} are needed; label clips of others"
        for k in judged
    }
    tested = [k for k in judged if ways[k] >= FEWEST_DEALS]
    if not tested:
        return out
    mine = None if scores is None else scores[:, tested]
    few = rows._replace(truth=rows.truth[:, tested])
    alone, together = judge_by_deals(few, rng, scores=mine)
    for k, p_value, over_all in zip(tested, alone, together, strict=True):
        told[k]["p_value"] = float(p_value)
        out[k] = (GOOD if over_all <= RARE else BAD) + f" in {rows.called[1]} that gave no label"
    return out
