"""Twenty senders that trickle their bodies byte by byte: the others are served."""

import contextlib
import socket
import threading
import time

from support import checks
from support.traffic import percentile

SLOW = 20
BYTE_EVERY = 0.5
LENGTH = 4000


class Trickle(threading.Thread):
    """A connection that announces a body and sends it a byte at a time."""

    def __init__(self, port, path, ending):
        super().__init__(daemon=True)
        self.address = ("127.0.0.1", port)
        self.path, self.ending, self.sent = path, ending, 0
        self.closed_after = None

    def run(self):
        began = time.monotonic()
        with contextlib.suppress(OSError), socket.create_connection(self.address, 10) as line:
            head = f"POST {self.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {LENGTH}\r\n"
            line.sendall(f"{head}Content-Type: application/cloudevents+json\r\n\r\n".encode())
            line.settimeout(0.01)
            while not self.ending.wait(BYTE_EVERY) and not self._answered(line):
                line.sendall(b"x")
                self.sent += 1
        self.closed_after = time.monotonic() - began

    def _answered(self, line):
        """Whether the other side has said something, or hung up."""
        try:
            line.recv(1024)
        except TimeoutError:
            return False
        return True


def test_others_are_served(hospital, short, figures):
    ending = threading.Event()
    path = f"/hc/v1/channels/{hospital.native}/messages"
    slow = [Trickle(hospital.machine.port, path, ending) for _ in range(SLOW)]
    for one in slow:
        one.start()
    time.sleep(2)
    seconds = []
    try:
        for _event in range(10 if short else 60):
            began = time.monotonic()
            checks.accepted(hospital.sender().post(hospital.native, hospital.event()))
            seconds.append(time.monotonic() - began)
    finally:
        ending.set()
    for one in slow:
        one.join()
    figures.add(
        "slow senders",
        slow=SLOW,
        others_served=len(seconds),
        others_p99_s=percentile(seconds, 0.99),
        others_slowest_s=max(seconds),
        bytes_of_the_slowest=max(one.sent for one in slow),
    )
