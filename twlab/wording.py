"""How a message shows what it is about: whatever a value holds, on one line that can be printed.

* :func:`brief` - the start of a value
* :func:`one_line`, :func:`printable` - a text, its control characters and odd bytes escaped
* :func:`say_count` - how many there are of what
* :data:`FILTERED` - what to do about a table without rows
"""

from __future__ import annotations

import os
import re
import reprlib
from typing import Any

__all__ = ["FILTERED", "brief", "one_line", "printable", "say_count"]

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


FILTERED = (
    "if a filter left none, filter for an option that is there: "
    "table['embedding_option'].unique() of the whole table says what is there"
)
"""What to do where a table has no rows."""


def printable(text: str) -> str:
    r"""The text, where bytes of a file name that are no UTF-8 and halves of characters are escaped.

    >>> print(printable("caf\udce9.json"), printable("\ud83d"))
    caf\xe9.json \ud83d
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        try:
            return os.fsencode(text).decode("utf-8", "backslashreplace")
        except UnicodeEncodeError:
            return text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text


def one_line(text: str) -> str:
    r"""The text as a message can show it: printable, and without breaks or control characters.

    >>> print(one_line("a\nb"))
    a\nb
    """
    return _CONTROLS.sub(lambda found: repr(found[0])[1:-1], printable(text))


_FEW = reprlib.Repr()
_FEW.maxlevel, _FEW.maxdict, _FEW.maxlist, _FEW.maxtuple, _FEW.maxset = 3, 8, 8, 8, 8
_FEW.maxstring = _FEW.maxlong = _FEW.maxother = 80


def brief(value: Any, most: int = 40) -> str:
    """The start of a value as a message shows it.

    Of lists and dictionaries no more is written than may be shown: one that holds another many
    times, which holds a third, can be small in memory and endless as a text.

    >>> brief([1, "a"]), brief([[[[1] * 9] * 9] * 9] * 9, 10)
    ("[1, 'a']", '[[[[...], ')
    """
    nested = isinstance(value, list | tuple | dict | set | frozenset)
    return (_FEW.repr(value) if nested else repr(value))[:most]


def say_count(n: int, one: str, many: str | None = None) -> str:
    """How many there are of what.

    >>> say_count(1, "film"), say_count(2, "film"), say_count(0, "stretch", "stretches")
    ('1 film', '2 films', '0 stretches')
    """
    return f"{n} {one if n == 1 else many or one + 's'}"
