"""The rows that most analyses want: pieces of video, of one embedding option.

Options share no scale, and a vector of a whole video is the mean of its clips, so analyses of one
matrix refuse a mixture. Which option there is depends on the model, the interface and the request:
``visual``, ``visual-text``, or none named at all.

* :func:`clips` - the rows of one option, without those of whole videos
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twlab.errors import InputError, warn
from twlab.table.segments import check_segments, clip_mask

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["clips"]

SIGHT = ("visual", "visual-text", "visual-image", "fused")
"""Options that know what is seen, as the models 3.0 and 2.7 call them, those that know it best
first; a table of several is mostly asked about what is seen."""


def clips(segments: pd.DataFrame, *, option: str | None = None) -> pd.DataFrame:
    """The clips of one embedding option: what analyses and pictures of one matrix take.

    Parameters
    ----------
    segments : DataFrame
        A table of segments.
    option : str, optional
        The ``embedding_option`` to take. Default: the only one there is, named or not. Of several
        the first that is there of ``visual``, ``visual-text``, ``visual-image``, ``fused``, else
        the first in alphabetical order; a :class:`twlab.TwlabWarning` then says which it is, and
        which were left out.

    Returns
    -------
    DataFrame
        The rows of the option that stand for a piece of a video, with all columns and their index
        labels, in the order they had. Where the option has only rows of whole videos, those.

    Raises
    ------
    InputError
        If the table is not one of segments, or has no such option.

    See Also
    --------
    twlab.load : the table, from whatever form the answer has
    twlab.video_vectors : one row per video instead
    twlab.compare_options : whether the options tell the same story

    Examples
    --------
    >>> import twlab as tw
    >>> segments = tw.sample()
    >>> clips = tw.clips(segments)
    >>> len(segments), len(clips)
    (101, 100)
    >>> clips["embedding_scope"].unique().tolist()
    ['clip']
    """
    check_segments(segments)
    if "embedding_option" not in segments.columns:
        if option is not None:
            raise InputError(
                f"option is {option!r}, and the table has no column 'embedding_option'; one that "
                "names its options was expected; leave option= out to take all rows"
            )
        return segments[clip_mask(segments)]
    names = segments["embedding_option"]
    there = sorted(names.dropna().astype(str).unique())
    if option is None and there and (len(there) > 1 or names.isna().any()):
        option = _choose_option(there)
        _tell_of_others(option, there, int(names.isna().sum()))
    elif option is not None and option not in there:
        listed = ", ".join(map(repr, there)) or "rows without an option"
        raise InputError(
            f"option is {option!r}; one of the table was expected, which has {listed}; choose "
            "one, or leave option= out"
        )
    chosen = segments if option is None else segments[names.isin([option])]
    return chosen[clip_mask(chosen)]


def _choose_option(there: list[str]) -> str:
    """The option that is taken where none is asked for."""
    return next((name for name in SIGHT if name in there), there[0])


def _tell_of_others(option: str, there: list[str], n_unnamed: int) -> None:
    """Warn of what is left out."""
    others = [repr(name) for name in there if name != option]
    if n_unnamed:
        others.append(f"{n_unnamed} rows that name no option")
    warn(
        f"only the clips of {option!r} were taken (the table also has {', '.join(others)}); pass "
        f"option= to take others, or option={option!r} to keep these without a warning"
    )
