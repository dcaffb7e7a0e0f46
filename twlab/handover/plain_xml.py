"""XML that is only text: no document types, no entities, nothing fetched.

* :func:`parse_xml` - the root of a document
* :func:`xml_bytes` - a document as bytes
* :func:`check_xml_texts` - refuse characters that XML cannot hold
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from xml.parsers import expat

from twlab.errors import InputError, LoadError
from twlab.wording import brief

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

__all__ = ["check_xml_texts", "parse_xml", "xml_bytes"]

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def parse_xml(content: bytes, source: str) -> ET.Element:
    """The root of a document.

    Raises
    ------
    LoadError
        If it is no XML, or has a document type: that is where entities are made which grow without
        end or name other files.
    """

    def refuse(name: str, *_: object) -> NoReturn:
        raise LoadError(
            f"it has a document type ({brief(name)}), which may name other files and is not "
            "followed; XML without one was expected; delete the line that begins with <!DOCTYPE",
            source=source,
        )

    first = expat.ParserCreate()
    first.StartDoctypeDeclHandler = refuse
    try:
        first.Parse(content, True)  # noqa: FBT003 - expat takes no keyword
        return ET.fromstring(content)
    except (expat.ExpatError, ET.ParseError, LookupError, ValueError) as error:
        if isinstance(error, LoadError):
            raise
        raise LoadError(
            f"it is no XML that can be read ({error}); a whole file was expected; export it again",
            source=source,
        ) from None


def xml_bytes(root: ET.Element) -> bytes:
    """The document, indented, in UTF-8."""
    ET.indent(root)
    text = bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
    return text.replace(b"\r", b"&#13;") + b"\n"  # as it is, a reader takes it for a new line


def check_xml_texts(name: str, texts: Iterable[str]) -> None:
    """Refuse a text with characters that XML cannot hold."""
    for text in texts:
        if _UNFIT.search(text):
            raise InputError(
                f"{name} {brief(text)} has a control character, which XML cannot hold; text was "
                "expected; write another form, or rename it"
            )
