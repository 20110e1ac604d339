"""Twenty senders that trickle their bodies byte by byte: the others are served."""

import contextlib
import socket
import threading
import time

import pytest
import requests
from simulate.client import STRUCTURED, encode
from support import checks, proxy
from support.traffic import percentile

SLOW = 20
BYTE_EVERY = 0.5
LENGTH = 4000
SERVED_WITHIN = 20
"""Seconds; far more than it takes, and far less than the slow ones take."""


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


@contextlib.contextmanager
def twenty_slow(hospital, port):
    """Twenty such connections, for as long as it is needed."""
    ending = threading.Event()
    path = f"/hc/v1/channels/{hospital.native}/messages"
    slow = [Trickle(port, path, ending) for _ in range(SLOW)]
    for one in slow:
        one.start()
    time.sleep(2)
    try:
        yield slow
    finally:
        ending.set()
        for one in slow:
            one.join()


def test_others_are_served(hospital, short, figures):
    """The proxy that is shipped waits for a body before it gives it to one of few workers."""
    front = proxy.Proxy(hospital.machine, hospital.machine.folder / "proxy.log")
    seconds = []
    with front.running(), twenty_slow(hospital, front.port) as slow:
        own = hospital.sender()
        own.base_url = front.base_url
        for _event in range(10 if short else 60):
            began = time.monotonic()
            checks.accepted(own.post(hospital.native, hospital.event()))
            seconds.append(time.monotonic() - began)
    figures.add(
        "slow senders, behind the proxy",
        slow=SLOW,
        others_served=len(seconds),
        others_p99_s=percentile(seconds, 0.99),
        bytes_of_a_slow_one=max(one.sent for one in slow),
    )
    assert percentile(seconds, 0.99) < SERVED_WITHIN


@pytest.mark.long
def test_without_the_proxy_they_hold_the_workers(hospital, figures):
    """What the proxy is for. Whoever waits is served as soon as the slow ones are gone."""
    event = hospital.event()
    with twenty_slow(hospital, hospital.machine.port):
        own = hospital.sender()
        began = time.monotonic()
        waited = answer = None
        with contextlib.suppress(requests.Timeout):
            headers = own.signature_headers(encode(event)) | {"Content-Type": STRUCTURED}
            path = f"/hc/v1/channels/{hospital.native}/messages"
            answer = requests.post(
                own.base_url + path, encode(event), headers=headers, timeout=SERVED_WITHIN
            )
        waited = time.monotonic() - began
    figures.add(
        "slow senders, without the proxy",
        slow=SLOW,
        another_waited_s=waited,
        and_was="served" if answer is not None else "not served",
    )
    assert hospital.sender().post(hospital.native, event).status_code in (200, 202)
