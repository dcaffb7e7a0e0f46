"""One bar over all videos, and one for each upload, in notebooks and terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from twlab.progress import bar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Bars"]

_SHOWN_FROM_BYTES = 1 << 20
"""Of less than a megabyte nobody could read the bar before it is gone."""


class Bars:
    """Progress of one call; nothing is drawn where `shown` is False."""

    def __init__(self, n_videos: int, *, shown: bool, what: str = "Embedding") -> None:
        self._shown = shown
        self._uploads: dict[str, Any] = {}
        self._all = self._bar(what, total=n_videos, unit="video", stays=True, at_once=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in [*self._uploads.values(), self._all]:
            if one is not None:
                one.close()

    def count_done(self, what: str) -> None:
        """One more video is done, well or badly."""
        if self._all is not None:
            self._all.set_postfix_str(what[:40], refresh=False)
            self._all.update(1)

    def begin_upload(self, name: str, size: int) -> Callable[[int], None]:
        """A bar for one upload; the result takes the number of bytes that left."""
        if not self._shown or size < _SHOWN_FROM_BYTES:
            return lambda count: None
        upload = self._bar(name[:40], total=size, in_bytes=True, at_once=True)
        self._uploads[name] = upload
        return lambda count: None if upload is None else _advance(upload, count)

    def end_upload(self, name: str) -> None:
        """The upload's bar goes."""
        upload = self._uploads.pop(name, None)
        if upload is not None:
            upload.close()

    def _bar(self, what: str, **options: Any) -> Any:
        return bar(what, **options) if self._shown else None


def _advance(upload: Any, count: int) -> None:
    if count < 0:  # a piece is sent anew
        upload.n += count
        upload.refresh()
    else:
        upload.update(count)
