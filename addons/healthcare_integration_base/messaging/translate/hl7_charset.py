# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Character sets of HL7 v2: MSH-18 (table 0211), else the media type's, else UTF-8."""

from __future__ import annotations

import codecs

from ..errors import MessageError

_DEFAULT = "utf-8"
# Table 0211. UNICODE alone was found in ASCII-compatible bytes, so it can only be UTF-8.
_TABLE_0211 = {
    "ASCII": "ascii",
    "ISO IR6": "ascii",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
    **{f"8859/{part}": f"iso-8859-{part}" for part in (*range(1, 10), 15)},
    **{f"ISO-8859-{part}": f"iso-8859-{part}" for part in (*range(1, 10), 15)},
}


def trimmed(raw: bytes) -> bytes:
    """The bytes without a UTF-8 byte order mark and white space in front of the header."""
    return raw.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n")


def declared(raw: bytes) -> str:
    """MSH-18 as it stands in the bytes, first repetition; empty when there is none."""
    line = raw.split(b"\r", 1)[0].split(b"\n", 1)[0]
    if len(line) < 8 or not line.startswith(b"MSH"):
        return ""
    fields = line.split(line[3:4])
    if len(fields) < 18:
        return ""
    repetition = line[5:6]
    first = fields[17].split(repetition)[0] if repetition else fields[17]
    return first.decode("ascii", "replace").strip()


def codec_of(raw: bytes, content_charset: str | None) -> str:
    """The codec to decode the message with."""
    name = declared(raw)
    if name:
        return known(name)
    return _content_codec(content_charset) if content_charset else _DEFAULT


def known(name: str) -> str:
    """The codec of a name of table 0211."""
    codec = _TABLE_0211.get(name.upper())
    if codec is None:
        raise MessageError("encoding_invalid")
    return codec


def is_known(name: str) -> bool:
    """Whether table 0211 (or what senders write for it) has the name."""
    return name.upper() in _TABLE_0211


def _content_codec(name: str) -> str:
    """Any codec of that name; the guard decides whether it is one to be used."""
    try:
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        raise MessageError("encoding_invalid") from None
