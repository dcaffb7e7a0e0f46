"""One name for one model, whoever serves it.

The API says ``marengo3.0`` and ``Marengo-retrieval-2.7``; Bedrock, Snowflake and gateways before
them say ``twelvelabs.marengo-embed-3-0-v1:0``, with a region or a provider in front. Tables carry
the name of the API. Names that say no version stay as they are.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["canonical_model"]

_MARENGO = re.compile(
    r"(?:(?:bedrock/|arn:[\w:-]+/)?(?:[a-z]{2,6}\.)?twelve-?labs[./-])?"
    r"marengo(?:-embed|-retrieval)?-?(\d)[.-](\d)(?:-v\d+)?(?::\d+)?",
    re.IGNORECASE,
)
_RETRIEVAL = 3
"""The first generation whose API name is without ``retrieval``."""


@lru_cache(maxsize=1024)
def canonical_model(name: str) -> str:
    """The name under which the API serves a model; any other name as it is.

    Examples
    --------
    >>> canonical_model("us.twelvelabs.marengo-embed-2-7-v1:0")
    'Marengo-retrieval-2.7'
    >>> canonical_model("twelvelabs.marengo-embed-3-0-v1:0"), canonical_model("clip-vit")
    ('marengo3.0', 'clip-vit')
    """
    hit = _MARENGO.fullmatch(name.strip())
    if hit is None:
        return name
    major, minor = hit.groups()
    start = "marengo" if int(major) >= _RETRIEVAL else "Marengo-retrieval-"
    return f"{start}{major}.{minor}"
