# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""One listening port: who may come in, and over which connections they talk."""

import asyncio
import contextlib
import logging
import socket
import ssl

from . import tls
from .connection import READ_BYTES, Connection
from .limits import QuietLog
from .port_config import Figures

_logger = logging.getLogger(__name__)
BACKLOG = 256
HANDSHAKE_WITHIN = 10
PAUSE_SECONDS = 0.2


class Port:
    """Listens where the configuration says.

    :raise OSError, ValueError: from :meth:`open`, when it cannot
    """

    def __init__(self, front, config):
        self.config = config
        self.figures = Figures()
        self.limit = QuietLog(_logger, f"MLLP port {config.port} (record {config.id})")
        self._front = front
        self._context = None
        self._socket = None
        self._task = None
        self._tasks = set()
        self._connections = set()

    async def open(self):
        """Begin to listen."""
        config = self.config
        if config.tls:
            self._context = tls.context(config.tls)
        family = socket.AF_INET6 if ":" in config.bind_address else socket.AF_INET
        self._socket = socket.socket(family)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((config.bind_address, config.port))
            self._socket.listen(BACKLOG)
            self._socket.setblocking(False)
        except OSError:
            self._socket.close()
            raise
        self._task = asyncio.create_task(self._accept())
        kind = "mutual TLS" if config.tls and config.tls.client_ca else "TLS" if config.tls else ""
        _logger.info("MLLP on %s port %s %s", config.bind_address, config.port, kind)

    async def close(self, patience):
        """Listen no more, and end the connections when what is in hand is answered.

        :param patience: seconds after which they are cut off
        """
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._socket.close()
        for connection in list(self._connections):
            connection.end()
        if self._tasks:
            _done, late = await asyncio.wait(self._tasks, timeout=patience)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1)

    async def _accept(self):
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, peer = await loop.sock_accept(self._socket)
            except OSError as error:  # no descriptor left, most likely: it passes
                self.limit.warning("accept", f"cannot accept: {error.strerror}")
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if refusal := self._refusal(peer[0]):
                self._refuse(*refusal)
                sock.close()
                continue
            task = asyncio.create_task(self._serve(sock))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _refusal(self, address):
        """Why nobody talks with somebody at this address now."""
        if not self.config.admits(address):
            return "address", f"{address} is not in the list of addresses"
        if len(self._tasks) >= self.config.max_connections:
            return "full", "all connections of the port are taken"
        if not self._front.has_room():
            return "full", "all connections of the server are taken"
        return None

    def _refuse(self, kind, text):
        self.figures.refused += 1
        self.limit.warning(kind, f"connection refused, {text}")

    async def _serve(self, sock):
        self._front.opened += 1
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            streams = await self._streams(sock)
            if streams is not None:
                await self._talk(*streams)
        finally:
            self._front.opened -= 1

    async def _streams(self, sock):
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=READ_BYTES, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        secured = {"ssl": self._context} if self._context else {}
        if secured:
            secured["ssl_handshake_timeout"] = HANDSHAKE_WITHIN
        try:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, sock, **secured)
        except (OSError, TimeoutError) as error:
            detail = error.reason if isinstance(error, ssl.SSLError) else type(error).__name__
            self._refuse("handshake", f"no TLS connection ({detail})")
            sock.close()
            return None
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def _talk(self, reader, writer):
        system_id = self.config.system_of(tls.fingerprint(writer.transport))
        if system_id is None:
            self._refuse("certificate", "the client's certificate is not in the list")
            writer.close()
            return
        self.figures.connections += 1
        connection = Connection(self._front, self, reader, writer, system_id)
        self._connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)

    def report(self):
        """What happened since the last report."""
        told, self.figures = self.figures, Figures()
        told.open = len(self._connections)
        return told
