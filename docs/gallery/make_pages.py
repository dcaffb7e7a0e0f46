"""The pages of the gallery, made of the bundled film by ``tw.save_html``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

import twlab as tw

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["make_pages"]


def make_pages(folder: Path) -> None:
    """Write every page that is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for make in (film, scenes, trailer, sound):
        path = folder / f"{make.__name__}.html"
        if not path.exists():
            make(path)


def film(path: Path) -> None:
    """Everything of one film."""
    clips = tw.clips(tw.sample())
    labels = tw.cluster(clips)
    tw.save_html(clips, path, video=tw.sample_video(), labels=labels, title="Big Buck Bunny")


def scenes(path: Path) -> None:
    """Shots, and the scenes that they make."""
    shots = tw.sample("shots")
    found = tw.scenes(shots)
    views = ("heatmap", "timeline")
    labels = tw.scene_labels(shots, found)
    tw.save_html(shots, path, scenes=found, labels=labels, views=views, title="Scenes")


def trailer(path: Path) -> None:
    """Two videos on one map."""
    both = pd.concat([tw.sample(), tw.sample("trailer")], ignore_index=True)
    clips = tw.clips(both)
    videos = {name: tw.sample_video(kind) for name, kind in names(clips).items()}
    views = ("map", "player", "timeline")
    tw.save_html(clips, path, video=videos, color="video_id", views=views, title="A trailer")


def names(clips: pd.DataFrame) -> dict[str, str]:
    """Which sample each video of the table is."""
    kinds = {str(one): "trailer" if "trailer" in one else "film" for one in clips["video_id"]}
    return dict(sorted(kinds.items()))


def sound(path: Path) -> None:
    """What is heard, on a map."""
    heard = tw.sample(embedding_option="audio")
    views = ("map", "timeline")
    tw.save_html(heard, path, labels=tw.cluster(heard, 6), views=views, title="The sound")
