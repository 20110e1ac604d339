# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""One connection: blocks in, acknowledgements out, in the same order.

While blocks are worked on nothing is read. What the sender sends meanwhile waits in the
network's buffers, and in the end in the sender: that is the backpressure.
"""

import asyncio
import contextlib
import logging
import time

from ..messaging.mllp import Decoder, Patience

_logger = logging.getLogger(__name__)
READ_BYTES = 64 * 1024
# Blocks that are taken in one transaction.
BATCH = 50
WRITE_WITHIN = 30
LINGER_SECONDS = 1


class Connection:
    """Talks with one sender whom the port has admitted."""

    def __init__(self, front, port, reader, writer, system_id):
        self._front = front
        self._port = port
        self._reader = reader
        self._writer = writer
        self._system_id = system_id
        self._decoder = Decoder(port.config.max_bytes)
        self._patience = Patience(port.config.idle_seconds, port.config.block_seconds)
        self._since = time.monotonic()
        self._kept = 0
        self._reading = False
        self._ending = False
        self._task = asyncio.current_task()

    def end(self):
        """Close as soon as what is in hand is answered."""
        self._ending = True
        if self._reading:
            self._task.cancel()

    async def serve(self):
        """Until one of both sides ends it."""
        try:
            while not self._ending and await self._turn():
                pass
        except (ConnectionError, TimeoutError) as error:
            _logger.debug("MLLP port %s: %s", self._port.config.id, type(error).__name__)
        except asyncio.CancelledError:
            if not self._ending:
                raise
            self._task.uncancel()
        finally:
            self._front.hold(-self._kept)
            await self._close()

    async def _turn(self):
        """Read once and answer what is complete; says whether to go on."""
        data = await self._read()
        was_open = self._decoder.is_open
        blocks = self._decoder.feed(data) if data else self._decoder.finish()
        self._remember()
        for start in range(0, len(blocks), BATCH):
            await self._answer(blocks[start : start + BATCH])
        if blocks or (self._decoder.is_open and not was_open):
            self._since = time.monotonic()
        return bool(data) or (data is None and bool(blocks))

    async def _read(self):
        """The next bytes: none at the end of the stream, None when patience is at an end."""
        left = self._patience.left(self._decoder, self._since, time.monotonic())
        self._reading = True
        try:
            async with asyncio.timeout(max(left, 0)):
                return await self._reader.read(READ_BYTES)
        except TimeoutError:
            return None
        finally:
            self._reading = False

    def _remember(self):
        """Account for what is held of an open block, over all connections."""
        kept, self._kept = self._kept, self._decoder.kept
        if not self._front.hold(self._kept - kept):
            self._port.limit.warning("memory", "too much is held of unfinished messages")
            raise ConnectionAbortedError

    async def _answer(self, blocks):
        answers = await self._front.answer(self._system_id, blocks)
        accepted = sum(one.accepted for one in answers)
        self._port.figures.messages += accepted
        self._port.figures.rejected += len(answers) - accepted
        self._writer.write(b"".join(one.data for one in answers))
        async with asyncio.timeout(WRITE_WITHIN):
            await self._writer.drain()

    async def _close(self):
        """Let the last acknowledgements arrive: a connection that is closed while bytes wait
        to be read is reset, and what was written last is lost with it."""
        with contextlib.suppress(OSError, TimeoutError, asyncio.CancelledError):
            if self._writer.can_write_eof():
                self._writer.write_eof()
            async with asyncio.timeout(LINGER_SECONDS):
                while await self._reader.read(READ_BYTES):
                    pass
        self._writer.close()
