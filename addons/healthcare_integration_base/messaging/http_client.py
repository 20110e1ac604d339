# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""One HTTP exchange with a receiver that may be slow, broken or a liar.

The answer to the only question that matters is always known: could the receiver have read
the request? The address that is connected to is judged between its resolution and the
connection, so a name that leads elsewhere a moment later gains nothing. Redirects are not
followed, no proxy and no password file of the environment is used, and a try ends after its
total time however slowly the answer trickles.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError

from .address import AddressPolicy, AddressRefused

MAX_ANSWER = 64 * 1024
"""Bytes of an answer that are read unless more is asked for; the rest is not looked at."""
_HANDSHAKE_ALERTS = ("CERTIFICATE", "UNKNOWN_CA", "HANDSHAKE", "ACCESS_DENIED", "ALERT_PROTOCOL")


class Failure(StrEnum):
    """Why there is no answer."""

    UNREACHABLE = "unreachable"  # nothing was sent
    TLS = "tls"  # nothing was sent
    ADDRESS = "address"  # nothing was sent
    LOST = "lost"  # it was sent, or part of it


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: to connect, of silence, and of the whole try."""

    connect: float = 5
    read: float = 15
    total: float = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the body is for a look at it, never for keeping."""

    status: int
    content_type: str = ""
    retry_after: str | None = None
    link: str = ""
    body: bytes = field(default=b"", repr=False)
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """Either an answer or a failure, and how long it took."""

    answer: Answer | None = None
    failure: Failure | None = None
    seconds: float = 0


@dataclass(frozen=True, slots=True)
class Client:
    """How one receiver is called.

    :param context: makes what TLS trusts and shows (:func:`.pem.client_context`)
    :param most: bytes of an answer that are read; what is longer is cut
    """

    policy: AddressPolicy
    limits: Limits
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context
    most: int = MAX_ANSWER

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Exchange:
        """One request, in a connection of its own. Raises nothing: every failure is told."""
        began, line = time.monotonic(), _Line(self.policy, self.limits)
        watch = threading.Timer(self.limits.total, line.cut)
        watch.daemon = True
        watch.start()
        try:
            answer = self._call(line, method, url, headers, body)
            return Exchange(answer=answer, seconds=time.monotonic() - began)
        except AddressRefused:
            failure = Failure.ADDRESS
        except Exception as error:  # whatever a broken peer brings about: told, not raised
            failure = _failure(line, error)
        finally:
            watch.cancel()
            line.close()
        return Exchange(failure=failure, seconds=time.monotonic() - began)

    def _call(
        self, line: _Line, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        with requests.Session() as session:
            session.trust_env = False
            session.headers.clear()
            session.mount("https://", _Adapter(line, self.context()))
            session.mount("http://", _Adapter(line, None))
            with session.request(
                method,
                url,
                data=body or None,
                headers={"Accept-Encoding": "identity", "Connection": "close", **headers},
                timeout=(self.limits.connect, self.limits.read),
                allow_redirects=False,
                stream=True,
            ) as response:
                return _read(line, response, self.most)


class _Line:
    """The connection of one exchange: how far it got, and how it is cut."""

    def __init__(self, policy: AddressPolicy, limits: Limits) -> None:
        self.policy = policy
        self.limits = limits
        self.deadline = time.monotonic() + limits.total
        self.is_sent = False
        self.is_cut = False
        self._watched: socket.socket | None = None

    def open(self, host: str, port: int) -> socket.socket:
        """A connection to an address that was judged.

        :raise AddressRefused: when one of the name's addresses must not be connected to
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for _family, _kind, _proto, _name, address in found:
            self.policy.check(str(address[0]))
        error: OSError | None = None
        for family, kind, proto, _name, address in found:
            sock = socket.socket(family, kind, proto)
            try:
                sock.settimeout(max(0.01, min(self.limits.connect, self._left())))
                sock.connect(address)
            except OSError as failed:
                sock.close()
                error = failed
                continue
            # The same connection in other hands: TLS takes the socket itself over.
            self._watched = sock.dup()
            self._left()
            return sock
        raise error or OSError("the name has no address")

    def _left(self) -> float:
        if self.is_cut:
            raise TimeoutError
        return self.deadline - time.monotonic()

    def cut(self) -> None:
        """End the exchange from another thread: what waits for the peer wakes up."""
        self.is_cut = True
        if self._watched is not None:
            with suppress(OSError):
                self._watched.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._watched is not None:
            self._watched.close()


def _read(line: _Line, response: requests.Response, most: int) -> Answer:
    body = bytearray()
    for chunk in response.iter_content(8192):
        body += chunk
        if len(body) > most:
            break
    if line.is_cut:
        raise TimeoutError
    return Answer(
        status=response.status_code,
        content_type=response.headers.get("Content-Type", ""),
        retry_after=response.headers.get("Retry-After"),
        link=response.headers.get("Link", ""),
        body=bytes(body[:most]),
        is_cut=len(body) > most,
    )


def _failure(line: _Line, error: Exception) -> Failure:
    """What an exception means for the message."""
    trouble = _tls_trouble(error)
    if not line.is_sent:
        return Failure.TLS if trouble is not None and not line.is_cut else Failure.UNREACHABLE
    # TLS 1.3: that our certificate is refused comes with the first bytes that we read.
    reason = str(getattr(trouble, "reason", None) or "").upper()
    if "ALERT" in reason and any(word in reason for word in _HANDSHAKE_ALERTS):
        return Failure.TLS
    return Failure.LOST


def _tls_trouble(error: BaseException | None) -> ssl.SSLError | None:
    """The error of TLS behind it, however it was wrapped."""
    seen: list[BaseException] = []
    waiting = [error] if error else []
    while waiting:
        one = waiting.pop()
        if isinstance(one, ssl.SSLError):
            return one
        if one not in seen and len(seen) < 20:
            seen.append(one)
            inner = [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
            waiting += [other for other in inner if isinstance(other, BaseException)]
    return None


# ------------------------------------------------------ the places where urllib3 is told


class _Judged:
    """Mixed into urllib3's connections: opened by the line, which also sees what is sent."""

    line: _Line

    def _new_conn(self) -> socket.socket:
        connection: Any = self
        try:
            return self.line.open(connection._dns_host, connection.port)
        except socket.gaierror as error:
            raise NameResolutionError(connection.host, connection, error) from None
        except OSError as error:
            raise NewConnectionError(connection, type(error).__name__) from None

    def send(self, data: Any) -> Any:
        connection: Any = self
        if connection.sock is None:
            connection.connect()
        self.line.is_sent = True
        try:
            return super().send(data)  # type: ignore[misc]
        except ssl.SSLError:
            connection.sock.recv(1)  # the reason, where the peer has told one, is an alert
            raise


class _HTTP(_Judged, HTTPConnection):
    pass


class _HTTPS(_Judged, HTTPSConnection):
    pass


class _Adapter(HTTPAdapter):
    """An adapter whose connections are the line's."""

    def __init__(self, line: _Line, context: ssl.SSLContext | None) -> None:
        self._line = line
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        if self._context is not None:
            kwargs["ssl_context"] = self._context
        self.poolmanager = PoolManager(num_pools=1, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _pool(HTTPConnectionPool, _HTTP, self._line),
            "https": _pool(HTTPSConnectionPool, _HTTPS, self._line),
        }

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The context verifies; requests would put its own authorities beside ours."""

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> Any:
        """As above: what the pool is told about TLS is in the context."""
        host, _tls = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {}


def _pool(pool: type[Any], connection: type[Any], line: _Line) -> type[Any]:
    """Classes of one exchange; urllib3 makes the connections, and knows no other way."""
    judged = type(connection.__name__, (connection,), {"line": line})
    return type(pool.__name__, (pool,), {"ConnectionCls": judged})
