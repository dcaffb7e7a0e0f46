"""Scenes as pictures take them: stretches of time that several rows of segments belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twlab.errors import InputError
from twlab.figures.theme import as_shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

__all__ = ["line_opacity", "scene_spans"]

MADE = {
    *("video_id", "embedding_option", "embedding_scope", "model_name", "start_sec", "end_sec"),
    *("n_segments", "strength", "medoid"),
}
"""What tables of scenes hold beside annotations."""


FULL_LINES = 60
"""Lines of scenes across a picture from which on they fade, so that they do not hide what is there:
on 900 pixels they then stand 15 apart. At half the lines of a film of 60 scenes are faint, at
double those of 120 cover a line in seven."""


def line_opacity(n_lines: int) -> float:
    """How strongly to draw each of so many lines where scenes begin."""
    return 0.5 * min(1.0, FULL_LINES / max(n_lines, 1))


def scene_spans(scenes: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """Video, times, number and texts of scenes, in order of time.

    Parameters
    ----------
    scenes : DataFrame
        With ``start_sec``; with ``video_id``, unless the segments are of one video; without
        ``end_sec`` each scene lasts until the next, and the last until the end of its video.
    segments : DataFrame
        The table that they are drawn over; scenes of other videos and options are dropped.

    Returns
    -------
    DataFrame
        ``video_id``, ``start_sec``, ``end_sec``; ``number``, from 1 in each video; ``label``, the
        column of that name or else the first of text, empty where there is none; and ``said``,
        all of text, a line each. Columns that tw.scenes makes are none of text.

    Raises
    ------
    InputError
        If a column is missing or no scene belongs to a video and option of the table.
    """
    videos = segments["video_id"].unique().tolist()
    _check_scenes(scenes, videos)
    out = pd.DataFrame({"start_sec": scenes["start_sec"].to_numpy(np.float64, na_value=np.nan)})
    known = "video_id" in scenes.columns
    names = {str(video): video for video in videos}  # tw.scenes gives text for any kind of id
    theirs = scenes["video_id"].astype(str).map(names) if known else None
    out.insert(0, "video_id", videos[0] if theirs is None else theirs.to_numpy(object))
    out["end_sec"] = scenes["end_sec"].to_numpy() if "end_sec" in scenes.columns else np.nan
    out["label"], out["said"] = _describe_scenes(scenes)
    here = _of_options(scenes, segments)
    out = out[here & out["video_id"].isin(videos) & out["start_sec"].notna()]
    if len(scenes) and not len(out):
        raise InputError(
            f"scenes are of {scenes['video_id'].iloc[0]!r}, the segments of "
            f"{', '.join(map(repr, videos[:3]))}; scenes of the same videos were expected"
        )
    out = out.sort_values(["video_id", "start_sec"], kind="stable", ignore_index=True)
    groups = out.groupby("video_id", sort=False)
    last = segments["end_sec"].groupby(segments["video_id"].to_numpy()).max()
    following = groups["start_sec"].shift(-1).fillna(out["video_id"].map(last.to_dict()))
    out["end_sec"] = out["end_sec"].astype(np.float64).fillna(following)
    return out.assign(number=groups.cumcount() + 1)


def _describe_scenes(scenes: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The label of each scene, and all that is said of it."""
    texts = [
        name
        for name in scenes.columns
        if name == "label"
        or (
            (name not in MADE and not pd.api.types.is_numeric_dtype(scenes[name]))
            and all(isinstance(cell, str) for cell in scenes[name].dropna())
        )
    ]
    texts.sort(key=lambda name: name != "label")
    if not texts:
        return [""] * len(scenes), [""] * len(scenes)
    told = {name: ["" if pd.isna(v) else str(v) for v in scenes[name]] for name in texts}
    said = [
        "<br>".join(
            f"{as_shown(name)}: {as_shown(text)}"
            for name, text in zip(told, row, strict=True)
            if text
        )
        for row in zip(*told.values(), strict=True)
    ]
    return [as_shown(text, 60) if text else "" for text in told[texts[0]]], said


def _of_options(scenes: pd.DataFrame, segments: pd.DataFrame) -> NDArray[np.bool_]:
    """Which scenes are of an option that the segments have; all, where one names none."""
    if not all("embedding_option" in table.columns for table in (scenes, segments)):
        return np.ones(len(scenes), bool)
    option, theirs = scenes["embedding_option"], segments["embedding_option"]
    if theirs.isna().any():
        return np.ones(len(scenes), bool)
    return (option.isna() | option.isin(theirs.unique())).to_numpy(bool)


def _check_scenes(scenes: Any, videos: Sequence[Any]) -> None:
    """Refuse what is no table of scenes."""
    if not isinstance(scenes, pd.DataFrame):
        raise InputError(
            f"scenes is a {type(scenes).__name__}; a DataFrame with start_sec was expected"
        )
    wanted = ["start_sec"] if len(videos) == 1 else ["video_id", "start_sec"]
    missing = [name for name in wanted if name not in scenes.columns]
    if missing:
        raise InputError(
            f"scenes has no column {missing[0]!r} (there are: "
            f"{', '.join(map(str, scenes.columns))}); it was expected for {len(videos)} video"
            f"{'s' * (len(videos) > 1)}"
        )
    if not pd.api.types.is_numeric_dtype(scenes["start_sec"]):
        raise InputError(
            f"start_sec of scenes is {scenes['start_sec'].dtype}; seconds as numbers were expected"
        )
