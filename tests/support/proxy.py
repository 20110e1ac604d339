"""HAProxy with the configuration that is shipped, in front of a machine."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import requests
from hcdev import common, config, serve

from .machine import PROXY_ADDRESS, Machine


class Proxy:
    """A started proxy."""

    def __init__(self, machine: Machine, log: Path, **environment: str) -> None:
        self.machine = machine
        self.log = log
        self.port = config.free_port()
        self.environment = {"HC_PROXY_SOURCE": PROXY_ADDRESS, **environment}

    @property
    def base_url(self) -> str:
        """Where it answers."""
        scheme = "https" if "HC_PROXY_CERT" in self.environment else "http"
        return f"{scheme}://localhost:{self.port}"

    @contextlib.contextmanager
    def running(self) -> Iterator[Proxy]:
        """For as long as it is needed."""
        program = common.which("haproxy")
        assert program, "haproxy is missing: apt-get install haproxy"
        odoo, evented = (f"127.0.0.1:{n}" for n in (self.machine.port, self.machine.evented_port))
        named = serve.proxy_environment(f"127.0.0.1:{self.port}", odoo, evented)
        with self.log.open("w") as log:
            process = subprocess.Popen(
                [program, "-db", "-f", serve.PROXY_CONFIG],
                env=os.environ | named | self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait(process)
            yield self
        finally:
            process.terminate()
            process.wait(30)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + 30
        while not config.occupied("127.0.0.1", self.port):
            assert process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "the proxy does not listen"
            time.sleep(0.05)

    def get(self, path: str, **options: object) -> requests.Response:
        """A GET through the proxy."""
        return requests.get(self.base_url + path, timeout=60, **options)  # type: ignore[arg-type]
