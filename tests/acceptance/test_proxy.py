"""The shipped proxy in front: TLS, headers, sizes, and 503 whatever is away behind it."""

import base64
import contextlib
import json
import os
import signal
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import trustme
from hcdev import serve
from simulate.client import STRUCTURED, Sender
from support import checks
from support import cluster as clusters
from support.proxy import Proxy


@pytest.fixture(scope="module")
def proxy(hospital):
    with Proxy(hospital.machine, hospital.machine.folder / "proxy.log").running() as started:
        yield started


@pytest.fixture
def outside(hospital, proxy):
    """The native system, through the proxy."""
    return Sender.of(proxy.base_url, hospital.by_format("cloudevents"))


def masters(hospital):
    """The process that answers HTTP, and the supervisor above it."""
    conf = hospital.machine.conf
    found = [p for p in serve.processes(conf) if "--max-cron-threads=0" in serve.arguments(p)]
    return found, serve.processes(hospital.machine.supervisor)


@contextlib.contextmanager
def stopped(pids):
    """Frozen, so that nobody answers and nobody refuses."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_message_through_the_proxy(hospital, outside):
    body = checks.accepted(outside.post(hospital.native, hospital.event()))
    assert hospital.settled(body["message_id"])["state"] == "done"


def test_its_checks_pass(proxy):
    """A machine that works is not taken for one that gives a wrong answer."""
    time.sleep(7)
    assert "wrong status" not in proxy.log.read_text()


def test_pages_for_people(proxy):
    answer = proxy.get("/web/login")
    assert answer.status_code == 200
    assert "<html" in answer.text.lower()


def test_the_managers_of_databases_are_not_there(proxy):
    for path in ("/web/database/manager", "/web/database/selector", "/queue_job/runjob"):
        assert proxy.get(path).status_code == 404


def test_what_senders_say_of_themselves_is_not_believed(hospital, outside):
    """Another database, another certificate, another address: none of it reaches Odoo."""
    event = hospital.event()
    answer = outside.post(
        hospital.native,
        event,
        headers={
            "X-Odoo-Database": "postgres",
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-For": "10.9.8.7",
            "Forwarded": "for=10.9.8.7",
            "Client-Cert": ":AAAA:",
        },
    )
    checks.accepted(answer)
    assert hospital.kept(event["id"]) == 1


def test_too_large(hospital, outside):
    answer = outside.batch(hospital.native, ["x" * (17 * 1024 * 1024)])
    checks.problem(answer, 413, "too_large")


def test_a_large_batch_passes(hospital, outside):
    answer = outside.batch(hospital.native, [hospital.event() for _ in range(300)])
    assert answer.status_code == 207
    assert {item["status"] for item in answer.json()["items"]} == {202}


def test_no_such_address(hospital, outside):
    checks.problem(outside.request("POST", "/hc/v1/nowhere", hospital.event()), 404)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_database_away_and_back(hospital, proxy, outside, mode):
    """503 with Retry-After while it is away; the first request afterwards succeeds."""
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(lambda _n: outside.again().post(hospital.native, hospital.event()), range(32))
        )
    clusters.stop(hospital.cluster, mode)
    try:
        until = time.monotonic() + 4
        while time.monotonic() < until:
            checks.problem(outside.post(hospital.native, hospital.event()), 503)
            checks.problem(proxy.get("/hc/health"), 503)
            time.sleep(0.3)
    finally:
        clusters.start_again(hospital.cluster)
    for _number in range(12):
        checks.accepted(outside.again().post(hospital.native, hospital.event()))
    hospital.drained(180)


def test_odoo_gone_and_back(hospital, outside):
    """Nobody listens behind the proxy: 503, not a refused connection."""
    pids, supervisors = masters(hospital)
    with stopped(supervisors):
        hospital.machine.kill_these(pids)
        time.sleep(1)
        answer = outside.post(hospital.native, hospital.event())
        checks.problem(answer, 503, "service_unavailable")
    hospital.machine.wait_ready()
    checks.accepted(outside.post(hospital.native, hospital.event()))


def test_worker_killed_in_the_middle(hospital, outside):
    """The proxy asks another worker; the event is kept once."""
    statuses = []
    for _number in range(6):
        event = hospital.event()
        hospital.machine.kill_these(hospital.machine.workers())
        answer = outside.post(hospital.native, event)
        checks.clean(answer)
        statuses.append(answer.status_code)
        assert answer.status_code in (200, 202, 503)
        if answer.status_code != 503:
            assert hospital.kept(event["id"]) == 1
    assert {200, 202} & set(statuses)
    hospital.machine.wait_ready()


class Liar:
    """Something that listens where Odoo should, and answers as we like."""

    def __init__(self, answer):
        self.answer, self.listener = answer, socket.create_server(("127.0.0.1", 0))
        self.port = self.evented_port = self.listener.getsockname()[1]

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _address = self.listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(self.answer)


def http(status, kind, body):
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


@pytest.mark.parametrize(
    "answer",
    [
        http(500, "application/json", "{}"),
        http(502, "text/plain", "bad gateway"),
        http(504, "text/plain", "timeout"),
        http(404, "text/html; charset=utf-8", "<html>not found</html>"),
        http(200, "text/html", "<html>welcome</html>"),
        b"nonsense\r\n\r\n",
        b"",
    ],
    ids=["500", "502", "504", "html-404", "html-200", "nonsense", "nothing"],
)
def test_what_is_no_answer_is_a_503_problem(tmp_path, answer):
    liar = Liar(answer)
    with ThreadPoolExecutor(1) as pool, Proxy(liar, tmp_path / "proxy.log").running() as proxy:
        pool.submit(liar.run)
        found = requests.post(f"{proxy.base_url}/hc/v1/hl7v2", data=b"MSH|", timeout=60)
        with contextlib.suppress(OSError):
            liar.listener.shutdown(socket.SHUT_RDWR)
        liar.listener.close()
    body = checks.problem(found, 503, "service_unavailable")
    assert found.headers["Retry-After"] == "5"
    assert body["type"] == "urn:hc:error:service_unavailable"


def test_slow_senders_hold_no_worker(hospital, proxy, outside):
    """More of them than there are workers; whoever is quick is served all the same."""
    slow = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(20)]
    try:
        for one in slow:
            head = "POST /hc/v1/hl7v2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n"
            one.sendall(head.encode() + b"MSH|")
        for _number in range(5):
            checks.accepted(outside.post(hospital.native, hospital.event()))
    finally:
        for one in slow:
            one.close()


def test_tls_and_client_certificates(hospital, tmp_path):
    """A certificate that its authority has signed is handed on, as RFC 9440 says; no other is."""
    files = certificates(tmp_path)
    echo = Echo()
    named = {"HC_PROXY_CERT": str(files["server"]), "HC_PROXY_CLIENT_CA": str(files["ca"])}
    with ThreadPoolExecutor(1) as pool, Proxy(echo, tmp_path / "p.log", **named).running() as proxy:
        pool.submit(echo.run)
        forged = {"Client-Cert": ":AAAA:", "X-Forwarded-Proto": "gopher"}
        plain = proxy.get("/hc/health", verify=str(files["ca"]), headers=forged).text.lower()
        known = proxy.get(
            "/hc/health", verify=str(files["ca"]), headers=forged, cert=str(files["client"])
        ).text.lower()
        strange = proxy.get(
            "/hc/health", verify=str(files["ca"]), headers=forged, cert=str(files["stranger"])
        ).text.lower()
        with contextlib.suppress(OSError):
            echo.listener.shutdown(socket.SHUT_RDWR)
        echo.listener.close()
    assert "client-cert" not in plain and "client-cert" not in strange
    assert f"client-cert: :{files['client_der']}:".lower() in known
    assert "x-forwarded-proto: https" in plain and "gopher" not in plain


def test_a_client_certificate_is_a_credential(hospital, tmp_path):
    """Through the shipped proxy to Odoo: who is registered sends, and nobody else."""
    files = certificates(tmp_path)
    pem = files["client_pem"]
    made = hospital.admin.create(
        "hc.credential",
        {
            "name": "mTLS",
            "system_id": hospital.by_format("cloudevents")["id"],
            "kind": "mtls",
            "certificate_ids": [(0, 0, {"pem": pem})],
        },
    )
    hospital.admin.call("hc.credential", "action_issue", [made])
    named = {"HC_PROXY_CERT": str(files["server"]), "HC_PROXY_CLIENT_CA": str(files["ca"])}
    forged = {"Client-Cert": f":{files['client_der']}:"}
    with Proxy(hospital.machine, tmp_path / "mtls.log", **named).running() as proxy:

        def post(name=None, headers=(), event=None):
            raw = json.dumps(event or hospital.event()).encode()
            return requests.post(
                f"{proxy.base_url}/hc/v1/channels/{hospital.native}/messages",
                data=raw,
                headers={"Content-Type": STRUCTURED, **dict(headers)},
                verify=str(files["ca"]),
                cert=str(files[name]) if name else None,
                timeout=60,
            )

        checks.accepted(post("client"))
        checks.accepted(post("client", {"Client-Cert": ":AAAA:"}))
        checks.problem(post("colleague"), 401, "certificate_unknown")
        checks.problem(post("colleague", forged), 401, "certificate_unknown")
        for name in ("stranger", None):
            checks.problem(post(name), 401, "unauthenticated")
            checks.problem(post(name, forged), 401, "unauthenticated")
            checks.problem(post(name, {"Client_Cert": forged["Client-Cert"]}), 401)
        hospital.admin.call("hc.credential", "write", [made], {"allowed_addresses": "127.0.0.1"})
        checks.accepted(post("client", {"X-Forwarded-For": "10.0.0.1"}))
        hospital.admin.call("hc.credential", "write", [made], {"allowed_addresses": "10.0.0.1"})
        spoofed = post("client", {"X-Forwarded-For": "10.0.0.1"})
        checks.problem(spoofed, 403, "address_not_allowed")
        hospital.admin.call("hc.credential", "action_revoke", [made])
        checks.problem(post("client"), 401, "credential_revoked")


class Echo(Liar):
    """Answers with the head of the request."""

    def __init__(self):
        super().__init__(b"")

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _address = self.listener.accept()
                with connection:
                    head = connection.recv(65536).decode("latin-1")
                    connection.sendall(http(200, "text/plain", head))


def certificates(folder):
    """An authority, a server and a client that it has signed, and a client of another one."""

    authority, other = trustme.CA(), trustme.CA()
    made = {
        "server": authority.issue_cert("localhost"),
        "client": authority.issue_cert("cabinet@example.org"),
        "colleague": authority.issue_cert("colleague@example.org"),
        "stranger": other.issue_cert("stranger@example.org"),
    }
    files = {"ca": folder / "ca.pem"}
    authority.cert_pem.write_to_path(files["ca"])
    for name, cert in made.items():
        files[name] = folder / f"{name}.pem"
        cert.private_key_and_cert_chain_pem.write_to_path(files[name])
    der = ssl.PEM_cert_to_DER_cert(made["client"].cert_chain_pems[0].bytes().decode())

    files["client_pem"] = made["client"].cert_chain_pems[0].bytes().decode()
    files["client_der"] = base64.b64encode(der).decode()
    return files
