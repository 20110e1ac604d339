"""Another hospital system that answers over HTTP, well or badly, and remembers what it was told.

A real server on a port of its own. What it has *done* is counted by idempotency key, as a
system does that keeps to its part: a request that comes again has no second effect.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "Idempotency-Key"
LONG = 3600.0


@dataclass
class Manner:
    """How a request is answered.

    :param kept: whether its effect happens at all.
    :param wait: seconds before the answer, after the effect.
    :param status: what is said; 0 closes the connection without a word.
    """

    status: int = 200
    kept: bool = True
    wait: float = 0.0
    body: bytes = b'{"ok": true}'
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


GOOD = Manner()
LATE = Manner(wait=8.0)
"""Does what it is asked, and says so when nobody listens any more."""
FAILS = Manner(status=500, kept=False, body=b"Internal Server Error")
FAILS_AFTERWARDS = Manner(status=500, body=b"Internal Server Error")
"""Does what it is asked, and says that it failed."""
BUSY = Manner(status=503, kept=False, headers={"Retry-After": "1"})
HANGS = Manner(kept=False, wait=LONG)
HANGS_UP = Manner(status=0)
"""Does what it is asked, and the connection tears."""
LIES = Manner(body=b"<html>Welcome to the guest network</html>", kept=False)
"""Says 200 and has done nothing: a captive portal, say."""


class Remote:
    """The server. ``manners`` are used up one for each request, then ``manner`` holds."""

    def __init__(self, manner: Manner = GOOD) -> None:
        self.manner = manner
        self.manners: list[Manner] = []
        self.requests: Counter[str] = Counter()
        self.effects: Counter[str] = Counter()
        self.arrived = threading.Event()
        self._seen: set[str] = set()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Remote:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def took(self, key: str) -> Manner:
        """Note a request, have its effect once, and choose the answer."""
        with self._lock:
            manner = self.manners.pop(0) if self.manners else self.manner
            self.requests[key] += 1
            if manner.kept and key not in self._seen:
                self._seen.add(key)
                self.effects[key] += 1
        self.arrived.set()
        return manner

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        remote = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self._answer(remote.took(self.headers.get(KEY, "")))

            def _answer(self, manner: Manner) -> None:
                time.sleep(manner.wait)
                if not manner.status:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                self.send_response(manner.status)
                for name, value in manner.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(manner.body)))
                self.end_headers()
                self.wfile.write(manner.body)

            def log_message(self, *_words: object) -> None:
                """Nothing."""

        return Handler
