# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The server on the event loop: its ports, kept as the database says, and its threads."""

import asyncio
import contextlib
import logging
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from . import tls
from .limits import QuietLog
from .port import Port
from .port_config import Figures, PortConfig

_logger = logging.getLogger(__name__)
# A client certificate that was taken off the list is refused within a second.
POLL_SECONDS = 0.5
# Figures of a quiet port are written so often all the same: it shows that somebody is there.
BEAT_SECONDS = 30
# A database that neither answers nor refuses: the connection is closed, the sender asks again.
ANSWER_WITHIN = 60
STOP_WITHIN = 20
LAST_WORD_WITHIN = 5


@dataclass(frozen=True, slots=True)
class Options:
    """Limits of the process.

    :param threads: that work on the database
    :param connections: of all ports together
    :param memory: bytes of unfinished messages, over all connections
    """

    threads: int = 4
    connections: int = 1000
    memory: int = 128 * 1024 * 1024


class Front:
    """All ports of one process."""

    def __init__(self, worker, options):
        self.opened = 0
        self._worker = worker
        self._options = options
        self._held = 0
        self._ports = {}
        self._failed = {}
        self._beaten = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self._log = QuietLog(_logger, "MLLP")
        self._pool = ThreadPoolExecutor(options.threads, "hc_mllp")
        # Of its own: the ports are looked after while all others are busy.
        self._clerk = ThreadPoolExecutor(1, "hc_mllp_clerk")

    # -------------------------------------------------------- for the connections

    def has_room(self):
        """Whether one more connection may come."""
        return self.opened < self._options.connections

    def hold(self, change):
        """Account for bytes of unfinished messages; says whether there is room for them."""
        self._held += change
        return change <= 0 or self._held <= self._options.memory

    async def answer(self, system_id, blocks):
        """The answers to some blocks of one sender, in order.

        :raise TimeoutError: when there are none in time; nobody knows what was kept
        """
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, self._worker.answer, system_id, blocks)
        return await asyncio.wait_for(asyncio.shield(work), ANSWER_WITHIN)

    # ------------------------------------------------------------------------ life

    async def run(self):
        """Until SIGTERM or SIGINT; SIGHUP looks at the configuration at once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._wake.set)
        while not self._stopping:
            await self._look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()
            if not self._stopping:
                self._wake.clear()
        await self._end()

    def _stop(self):
        self._stopping = True
        self._wake.set()

    async def _end(self):
        """Finish what is in hand: every acknowledgement that is due leaves."""
        _logger.info("MLLP: ending")
        await asyncio.gather(*(port.close(STOP_WITHIN) for port in self._ports.values()))
        figures = self._report(last=True)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._ask(figures), LAST_WORD_WITHIN)
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._clerk.shutdown(wait=False, cancel_futures=True)

    async def _look(self):
        """Tell the database what happened, and have the ports as it says."""
        figures = self._report()
        try:
            wanted = await self._ask(figures)
        except Exception as error:  # the ports stay as they are
            self._log.warning("poll", f"the ports cannot be read: {type(error).__name__}")
            self._take_back(figures)
            return
        await self._apply(wanted)

    async def _ask(self, figures):
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._clerk, self._worker.poll, figures)
        return await asyncio.wait_for(asyncio.shield(work), ANSWER_WITHIN)

    # ----------------------------------------------------------------------- ports

    async def _apply(self, wanted):
        configs = {key: _stamped(config) for key, config in wanted.items()}
        self._failed = {key: one for key, one in configs.items() if isinstance(one, str)}
        good = {key: one for key, one in configs.items() if isinstance(one, PortConfig)}
        gone = [key for key, port in self._ports.items() if good.get(key) != port.config]
        # Those that are closed first leave their addresses to others.
        await asyncio.gather(*(self._ports.pop(key).close(STOP_WITHIN) for key in gone))
        for key, config in good.items():
            if key not in self._ports:
                await self._open(key, config)
        for key, problem in self._failed.items():
            self._log.warning(f"port {key}", f"record {key} is not served: {problem}")

    async def _open(self, key, config):
        port = Port(self, config)
        try:
            await port.open()
        except (OSError, ValueError) as error:
            self._failed[key] = tls.reason(error)
        else:
            self._ports[key] = port
            self._beaten.pop(key, None)

    def _report(self, last=False):
        """Figures of the ports where something happened, or nothing for a while."""
        now = time.monotonic()
        figures = {key: port.report() for key, port in self._ports.items()}
        figures |= {
            key: Figures(state="failed", problem=text) for key, text in self._failed.items()
        }
        told = {key: one for key, one in figures.items() if last or self._is_news(key, one, now)}
        for key in told:
            self._beaten[key] = (now, _quiet(figures[key]))
        return told

    def _is_news(self, key, one, now):
        moment, before = self._beaten.get(key, (-BEAT_SECONDS, None))
        quiet = not (one.connections or one.refused or one.messages or one.rejected)
        return not quiet or now - moment >= BEAT_SECONDS or before != _quiet(one)

    def _take_back(self, figures):
        """What could not be written down is told the next time."""
        for key, one in figures.items():
            self._beaten.pop(key, None)
            if key in self._ports:
                now = self._ports[key].figures
                for name in ("connections", "refused", "messages", "rejected"):
                    setattr(now, name, getattr(now, name) + getattr(one, name))


def _quiet(figures):
    """What of the figures is a state."""
    return figures.open, figures.state, figures.problem


def _stamped(config):
    if isinstance(config, str) or config.tls is None:
        return config
    try:
        return replace(config, tls=tls.stamped(config.tls))
    except OSError as error:
        return tls.reason(error)
