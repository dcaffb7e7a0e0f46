"""Files that the service has already, as sources: named by the ids of their assets.

An asset that was sent from here is the same work as its file: its content is known. One that was
not is told by its id.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from twlab.errors import GoneError, InputError, NotFoundError
from twlab.service.http.fields import text_at
from twlab.service.jobs.inputs import Asset, Media

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twlab.service.http.endpoints import Service
    from twlab.service.jobs.assets import Assets
    from twlab.service.jobs.ledger import Ledger

__all__ = ["check_ids", "find_assets"]

_AT_ONCE = 8
"""Assets asked for at the same time, as many as videos are worked on."""
_MARK = re.compile(r"\.[0-9a-f]{16}(?=\.[^.]*$|$)")


def check_ids(asset_id: Any) -> list[str]:
    """The ids of one or several assets, each once, in their order.

    Raises
    ------
    InputError
        If there is none, or something that is no id.
    """
    is_one = isinstance(asset_id, str | bytes | Mapping) or hasattr(asset_id, "columns")
    given = [asset_id] if is_one or not hasattr(asset_id, "__iter__") else list(asset_id)
    wrong = [one for one in given if not isinstance(one, str) or not one.strip()]
    if wrong or not given:
        shown = " ".join(repr(wrong[0]).split())[:80] if wrong else "empty"
        raise InputError(
            f"asset_id is {shown}; the id of an asset or a list of these was expected; take it "
            "from where the asset was made, or from client.assets()['asset_id']"
        )
    return list(dict.fromkeys(given))


async def find_assets(
    ids: Sequence[str], *, service: Service, assets: Assets, ledger: Ledger, account: str
) -> list[Media]:
    """The sources that assets stand for; asks the service for their names and types.

    Raises
    ------
    NotFoundError
        If the service has no such asset, and nothing was embedded of it in this folder.
    """
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(asset_id: str) -> Media:
        content = assets.content_of(account, asset_id)
        async with gate:
            try:
                told = await service.asset(asset_id)
            except (NotFoundError, GoneError):
                known = _find_earlier_name(ledger, account, content or f"asset:{asset_id}")
                if known is None:
                    raise
                told = {"filename": known}
        sent_as = text_at(told, "filename") or ""
        name = _MARK.sub("", sent_as) if content else sent_as
        media_type = text_at(told, "file_type") or ""
        kept = Asset(asset_id, media_type, content, sent_as)
        return Media(f"asset:{asset_id}", name or asset_id, asset=kept)

    return list(await asyncio.gather(*map(one, ids)))


def _find_earlier_name(ledger: Ledger, account: str, content: str) -> str | None:
    """The name of what was embedded of an asset that is gone; its answers are still here."""
    jobs = (job for job in ledger.jobs(account) if job.content == content)
    return next((job.video_id for job in jobs), None)
