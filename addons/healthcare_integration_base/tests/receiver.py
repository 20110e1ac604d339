# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A receiver that really listens, and answers as a test tells it: well, badly, late, never.

Imports no odoo: unit and acceptance tests use it too.
"""

import contextlib
import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

HOLD_SECONDS = 60
"""A hanging answer gives up after this time, when no test has let it go."""


@dataclass
class Request:
    """What came in."""

    method: str
    path: str
    headers: dict
    body: bytes
    at: float = field(default_factory=time.monotonic)


def answer(status=200, body=b"{}", **headers):
    """A way to answer: status, body, and headers (underscores are hyphens)."""
    given = {"Content-Type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }

    def respond(handler):
        handler.send_response(status)
        for name, value in given.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return respond


def hang(handler):
    """Take the request and say nothing."""
    handler.server.let_go.wait(HOLD_SECONDS)
    handler.close_connection = True


def drop(handler):
    """Take the request and hang up."""
    handler.close_connection = True


def trickle(handler):
    """Answer a byte at a time, never to the end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    with contextlib.suppress(OSError):
        while not handler.server.let_go.wait(0.1):
            handler.wfile.write(b"x")
            handler.wfile.flush()


def garbage(handler):
    """Something that is no HTTP."""
    handler.wfile.write(b"\x00\xff 220 ready\r\n\r\n")
    handler.close_connection = True


class Feed:
    """A way to answer: with pages of a list. A cursor is the number of rows that came before.

    :param rows: may grow
    :param ever: whether the last page has a next cursor, too
    """

    def __init__(self, rows, ever=True):
        self.rows = list(rows)
        self.ever = ever
        self.asked = []
        self.gate = None
        self.reached = threading.Event()

    def stop_before(self, count):
        """Answer ``count`` requests, and hold the next ones until :meth:`go_on`."""
        self.gate = (len(self.asked) + count, threading.Event())
        self.reached.clear()

    def go_on(self):
        """Answer again."""
        self.gate[1].set()

    def __call__(self, handler):
        query = parse_qs(urlsplit(handler.path).query)
        start, limit = int(query.get("cursor", ["0"])[0]), int(query["limit"][0])
        self.asked.append(start)
        if self.gate and len(self.asked) > self.gate[0]:
            self.reached.set()
            self.gate[1].wait(60)
        items = self.rows[start : start + limit]
        end = start + len(items)
        more = end < len(self.rows) or self.ever
        page = {"items": items, "next": str(end) if more else None}
        answer(200, json.dumps(page).encode())(handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        self.server.receiver.take(request)(self)

    do_GET = do_POST = do_PUT = do_HEAD = _serve

    def log_message(self, *_args):
        """Nothing: tests look at what was received."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Peers that go away are what these tests are about."""


class Receiver:
    """Listens on a port of its own while the ``with`` lasts.

    :param script: answers in turn; the last one stays
    :param context: server side of TLS
    """

    def __init__(self, *script, context=None):
        self.script = list(script) or [answer()]
        self.requests = []
        self.present = self.most = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.receiver = self
        self._server.let_go = threading.Event()
        if context is not None:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.scheme = "https" if context else "http"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._server.let_go.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self):
        return self._server.server_address[1]

    def url(self, path="/events", host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.port}{path}"

    def take(self, request):
        """Note a request; how it is answered."""
        with self._lock:
            self.requests.append(request)
            respond = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return lambda handler: self._respond(respond, handler)

    def _respond(self, respond, handler):
        with self._lock:
            self.present += 1
            self.most = max(self.most, self.present)
        try:
            with contextlib.suppress(OSError, ssl.SSLError):
                respond(handler)
        finally:
            with self._lock:
                self.present -= 1

    def now_answer(self, *script):
        """From now on answer like this."""
        with self._lock:
            self.script = list(script)

    def let_go(self):
        """Whoever hangs, hangs no longer."""
        self._server.let_go.set()

    def of_key(self, key):
        """The requests that were sent with this idempotency key."""
        return [one for one in self.requests if one.headers.get("idempotency-key") == key]
