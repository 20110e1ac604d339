# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What stands before every parser: size, depth, characters, numbers.

Every check runs in time linear to the input and before anything recursive sees it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import accumulate, islice
from typing import NoReturn, cast

from .errors import MessageError
from .event import JsonObject, JsonValue

MAX_DEPTH = 64
MAX_NODES = 1_000_000
MAX_ITEMS = 10_000
MAX_DIGITS = 30
MAX_EXPONENT = 20
MAX_ER7_BYTES = 2_000_000
MAX_ER7_DELIMITERS = 20_000

_BOM = b"\xef\xbb\xbf"
_NOT_STRUCTURE = bytes(byte for byte in range(256) if byte not in b"[]{},")
_LEVELS = bytes.maketrans(b"[{]},", b"\x01\x01\xff\xff\x00")
_SPECIAL = re.compile(rb'["\[\]{},]|\\.', re.DOTALL)
_STEPS = {b"[": 1, b"{": 1, b"]": -1, b"}": -1, b",": 0}
_SPACE = b" \t\r\n"
_SPACES = re.compile(r"[ \t\r\n]*")


def check_size(length: int, limit: int) -> None:
    """Refuse more than ``limit`` bytes."""
    if length > limit:
        raise MessageError("too_large")


# -- JSON ---------------------------------------------------------------------------------


def parse_json(raw: bytes) -> JsonValue:
    """Strict JSON in UTF-8: no NUL, NaN, repeated member or lone surrogate; numbers with a
    fraction or an exponent become ``Decimal``."""
    _check_depth(raw)
    text = _utf8(raw)
    if "\0" in text:
        raise MessageError("malformed_json")
    try:
        value = cast(JsonValue, _DECODER.decode(text))
    except (ValueError, RecursionError):
        raise MessageError("malformed_json") from None
    if "\\u" in text:
        _check_escaped(value)
    return value


def split_ndjson(raw: bytes) -> list[bytes]:
    """The lines that hold an item, none of them parsed yet."""
    lines = [line for line in _strip_bom(raw).split(b"\n") if line.strip(_SPACE)]
    return _counted(lines)


def split_array(raw: bytes, most: int = MAX_ITEMS) -> list[bytes]:
    """The items of a JSON array, none of them kept parsed: a bad one spoils no other."""
    body = _strip_bom(raw).strip(_SPACE)
    if not (body.startswith(b"[") and body.endswith(b"]")):
        raise MessageError("malformed_batch")
    _structure(body)
    try:
        spans = list(islice(_scanned(body.decode("latin-1")), most + 1))
    except (ValueError, RecursionError):  # an item is no JSON: find its end by its brackets
        spans = list(islice(_walked(body), most + 1))
    items = [body[start:end].strip(_SPACE) for start, end in spans]
    return _counted([] if items == [b""] else items, most)


def _scanned(text: str) -> Iterator[tuple[int, int]]:
    """Where the items are, by a lenient parser; a byte is a character here."""
    position, mark = 0, ","
    while mark != "]":
        start = _end_of_space(text, position + 1)
        _item, end = _LENIENT.raw_decode(text, start)
        yield start, end
        position = _end_of_space(text, end)
        mark = text[position : position + 1]
        if mark not in (",", "]"):
            raise ValueError
    if position + 1 != len(text):
        raise ValueError


def _end_of_space(text: str, position: int) -> int:
    match = _SPACES.match(text, position)
    return match.end() if match else position


def _walked(body: bytes) -> Iterator[tuple[int, int]]:
    """Where the items are, by commas and brackets alone."""
    depth, start, in_string = 0, 1, False
    for match in islice(_SPECIAL.finditer(body), 4 * MAX_NODES):
        token = match[0]
        if token == b'"':
            in_string = not in_string
        elif not in_string and token in _STEPS:
            depth += _STEPS[token]
            if depth == 0 or (depth == 1 and token == b","):
                yield start, match.start()
                start = match.end()
            if depth == 0:
                break
    if depth or start != len(body):
        raise MessageError("malformed_batch")


def _counted(items: list[bytes], most: int = MAX_ITEMS) -> list[bytes]:
    if not items:
        raise MessageError("malformed_batch")
    if len(items) > most:
        raise MessageError("too_large")
    return items


def _strip_bom(raw: bytes) -> bytes:
    return raw.removeprefix(_BOM)


def _utf8(raw: bytes) -> str:
    try:
        return _strip_bom(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise MessageError("encoding_invalid") from None


def _structure(raw: bytes) -> bytes:
    """Brackets and commas outside of strings; no parser has seen the bytes yet."""
    outside = raw.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2]
    structure = b"".join(outside).translate(None, _NOT_STRUCTURE)
    if len(structure) > MAX_NODES:
        raise MessageError("too_many_delimiters")
    return structure


def _check_depth(raw: bytes) -> None:
    structure = _structure(raw)
    if structure.count(b"[") + structure.count(b"{") <= MAX_DEPTH:
        return
    levels = memoryview(structure.translate(_LEVELS)).cast("b")
    if max(accumulate(levels)) > MAX_DEPTH:
        raise MessageError("nesting_too_deep")


def _check_escaped(value: JsonValue) -> None:
    """Escapes can write what the bytes cannot: NUL and half a surrogate pair."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, list):
        for item in value:
            _check_escaped(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_text(name)
            _check_escaped(item)


def _check_text(text: str) -> None:
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise MessageError("malformed_json")


def _unique(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise MessageError("malformed_json")
    return result


def _integer(text: str) -> int:
    _check_digits(text)
    return int(text)


def _fraction(text: str) -> Decimal:
    mantissa, _mark, exponent = text.lower().partition("e")
    _check_digits(mantissa)
    if exponent and (len(exponent) > 4 or abs(int(exponent)) > MAX_EXPONENT):
        raise MessageError("malformed_json")
    return Decimal(text)


def _check_digits(text: str) -> None:
    if len(text) - text.count(".") - text.count("-") > MAX_DIGITS:
        raise MessageError("malformed_json")


def _constant(_name: str) -> NoReturn:
    raise MessageError("malformed_json")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=_integer,
    parse_float=_fraction,
    parse_constant=_constant,
)

# Finds the end of an item only; every item is then parsed by the strict one.
_LENIENT = json.JSONDecoder(strict=False)

# -- text and HL7 v2 ----------------------------------------------------------------------

# Names of IANA and of HL7 table 0211, without case and punctuation. Codecs that are slow,
# stateful tricks or no character sets at all stay out.
_CHARSETS = {
    "": "utf-8",
    "utf8": "utf-8",
    "unicode": "utf-8",
    "unicodeutf8": "utf-8",
    "ascii": "ascii",
    "usascii": "ascii",
    "iso646irv": "ascii",
    "latin1": "iso8859-1",
    "iso88591": "iso8859-1",
    "iso885915": "iso8859-15",
    "gb18030": "gb18030",
    "gb180302000": "gb18030",
    "big5": "big5",
    "big5hkscs": "big5hkscs",
    "shiftjis": "shift_jis",
    "euckr": "euc_kr",
    "ksx1001": "euc_kr",
    "koi8r": "koi8_r",
    **{f"8859{part}": f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))},
    **{f"iso8859{part}": f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))},
    **{f"windows125{part}": f"cp125{part}" for part in range(9)},
    **{f"cp125{part}": f"cp125{part}" for part in range(9)},
}
_PUNCTUATION = re.compile(r"[\s/_.:-]+")


def decode(raw: bytes, charset: str) -> str:
    """Text of a named character set; what does not decode to the last byte is refused."""
    codec = _CHARSETS.get(_PUNCTUATION.sub("", charset[:64]).lower())
    if codec is None:
        raise MessageError("encoding_invalid")
    try:
        return _strip_bom(raw).decode(codec)
    except UnicodeDecodeError:
        raise MessageError("encoding_invalid") from None


def check_er7(
    raw: bytes,
    *,
    max_bytes: int = MAX_ER7_BYTES,
    max_delimiters: int = MAX_ER7_DELIMITERS,
) -> None:
    """A whole MSH at the start, no NUL, and no more delimiters than a parser can bear."""
    check_size(len(raw), max_bytes)
    body = _strip_bom(raw).lstrip(_SPACE)
    if not body.startswith(b"MSH") or b"\0" in body:
        raise MessageError("malformed_hl7")
    if sum(map(body.count, _delimiters(body))) > max_delimiters:
        raise MessageError("too_many_delimiters")


def _delimiters(body: bytes) -> set[bytes]:
    """Field separator, encoding characters and ends of segments, as MSH-1 and 2 say."""
    field = body[3:4]
    encoding, mark, _rest = body[4:10].partition(field) if field else (b"", b"", b"")
    marks = [field, *(encoding[i : i + 1] for i in range(len(encoding)))]
    if not mark or not encoding or len(set(marks)) != len(marks) or not all(map(_is_mark, marks)):
        raise MessageError("malformed_hl7")
    return {*marks, b"\r", b"\n"}


def _is_mark(char: bytes) -> bool:
    return b"!" <= char <= b"~" and not char.isalnum()
