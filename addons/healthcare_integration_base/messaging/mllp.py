# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Framing of the Minimal Lower Layer Protocol (HL7 v2 Transport Specification, MLLP R1).

A block is ``<VT> content <FS><CR>``; content holds neither VT nor FS. Bytes come in pieces
of any size, and several blocks may come in one piece. What real senders do besides:

- bytes between blocks (line ends, a greeting, a port scan) are noise: counted, not kept;
- a block may end in FS alone: the next VT, the end of the stream or a moment of silence
  (:meth:`Decoder.finish`) ends it then;
- a sender that starts again in the middle of a block sends another VT: the part before it
  is a broken block if it had begun as a message, else noise.

Work is linear in the bytes and memory is bounded by the limit, whatever comes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

START = 0x0B
END = 0x1C
RETURN = 0x0D
DEFAULT_LIMIT = 1024 * 1024
# Of a block over the limit so much is kept: its header, to answer it.
HEAD = 4096
# How long a block that has ended in FS may wait for its CR, in seconds.
RETURN_WITHIN = 1.0

_VT, _FS = bytes([START]), bytes([END])
_SEPARATOR = re.compile(rb"[\x0b\x1c]")
_LINE_ENDS = b"\r\n"
_BEFORE_HEADER = b"\xef\xbb\xbf \t\r\n"


@dataclass(frozen=True, slots=True)
class Block:
    """Content of one block.

    :param problem: why it cannot be taken, a code of the registry of errors: ``too_large``
        (``content`` is its beginning then) or ``malformed_hl7``
    """

    content: bytes
    problem: str | None = None


def encode(content: bytes) -> bytes:
    """The block of an answer."""
    return b"%b%b%b\r" % (_VT, content, _FS)


class Decoder:
    """The blocks of one stream.

    :param limit: bytes of a block's content at the most
    """

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self.noise = 0
        """Bytes outside of blocks so far, line ends apart."""
        self._limit = limit
        self._content = bytearray()
        self._size = 0
        self._open = False
        self._ending = False
        self._broken = False

    @property
    def is_open(self) -> bool:
        """Whether a block has begun and not ended."""
        return self._open

    @property
    def is_ending(self) -> bool:
        """Whether a block only lacks its CR."""
        return self._ending

    @property
    def kept(self) -> int:
        """Bytes that are held."""
        return len(self._content)

    def feed(self, data: bytes) -> list[Block]:
        """Take the next bytes of the stream.

        :return: the blocks that are complete by them, in order
        """
        blocks: list[Block] = []
        position = 0
        while position < len(data):
            if not self._open:
                position = self._skip(data, position)
            elif self._ending:
                position = self._end(data, position, blocks)
            else:
                position = self._read(data, position, blocks)
        return blocks

    def finish(self) -> list[Block]:
        """The stream has ended or fallen silent.

        :return: the block that only lacked its CR, if there is one; what is cut off within
            a block is no block, nobody acknowledges it
        """
        return [self._take()] if self._ending else []

    def _skip(self, data: bytes, position: int) -> int:
        """Go to the next VT."""
        found = data.find(_VT, position)
        end = len(data) if found < 0 else found
        self.noise += len(data[position:end].translate(None, _LINE_ENDS))
        if found >= 0:
            self._open = True
        return end + 1

    def _end(self, data: bytes, position: int, blocks: list[Block]) -> int:
        """What comes behind FS."""
        following = data[position]
        if following in (RETURN, START):
            blocks.append(self._take())
            self._open = following == START
            return position + 1
        # FS within the content: the rest still belongs to the block, which is refused.
        self._ending = False
        self._broken = True
        self._add(_FS)
        return position

    def _read(self, data: bytes, position: int, blocks: list[Block]) -> int:
        """Content up to the next separator."""
        found = _SEPARATOR.search(data, position)
        end = found.start() if found else len(data)
        self._add(data[position:end])
        if found and data[end] == END:
            self._ending = True
        elif found:
            self._restart(blocks)
        return end + 1

    def _restart(self, blocks: list[Block]) -> None:
        """A VT within a block: the sender has begun anew."""
        if self._content.lstrip(_BEFORE_HEADER).startswith(b"MSH"):
            self._broken = True
            blocks.append(self._take())
        else:
            self.noise += self._size
            self._clear()
        self._open = True

    def _add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= self._limit:
            self._content += piece
        elif len(self._content) != HEAD:
            self._content = (self._content + piece[:HEAD])[:HEAD]

    def _take(self) -> Block:
        problem = "malformed_hl7" if self._broken else None
        if self._size > self._limit:
            problem = "too_large"
        block = Block(bytes(self._content), problem)
        self._clear()
        return block

    def _clear(self) -> None:
        self._content = bytearray()
        self._size = 0
        self._open = self._ending = self._broken = False


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a connection is waited for, in seconds.

    :param idle: from one block to the beginning of the next; noise does not count
    :param block: from the beginning of a block to its end
    """

    idle: float
    block: float

    def left(self, decoder: Decoder, since: float, now: float) -> float:
        """How long to wait for the next bytes; 0 or less when it is over.

        :param since: when the last block ended, or the open one began
        """
        if decoder.is_ending:
            return RETURN_WITHIN
        return since + (self.block if decoder.is_open else self.idle) - now
