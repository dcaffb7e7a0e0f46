"""One bar over all videos, and one for each upload, in notebooks and terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Bars"]

_SHOWN_FROM_BYTES = 1 << 20


class Bars:
    """Progress of one call; nothing is drawn where `shown` is False."""

    def __init__(self, n_videos: int, *, shown: bool, what: str = "Embedding") -> None:
        self._shown = shown
        self._uploads: dict[str, Any] = {}
        self._all = self._bar(total=n_videos, desc=what, unit="video")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for bar in [*self._uploads.values(), self._all]:
            if bar is not None:
                bar.close()

    def finished(self, what: str) -> None:
        """One more video is done, well or badly."""
        if self._all is not None:
            self._all.set_postfix_str(what[:40], refresh=False)
            self._all.update(1)

    def uploading(self, name: str, size: int) -> Callable[[int], None]:
        """A bar for one upload; the result takes the number of bytes that left."""
        if not self._shown or size < _SHOWN_FROM_BYTES:
            return lambda count: None
        bar = self._bar(total=size, desc=name[:40], unit="B", unit_scale=True, leave=False)
        self._uploads[name] = bar
        return lambda count: None if bar is None else _advance(bar, count)

    def uploaded(self, name: str) -> None:
        """The upload's bar goes."""
        bar = self._uploads.pop(name, None)
        if bar is not None:
            bar.close()

    def _bar(self, **options: Any) -> Any:
        if not self._shown:
            return None
        from tqdm.auto import tqdm

        return tqdm(**options)


def _advance(bar: Any, count: int) -> None:
    if count < 0:  # a piece is sent anew
        bar.n += count
        bar.refresh()
    else:
        bar.update(count)
