# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The client against servers that really listen."""

import socket
import ssl
import threading
from dataclasses import replace

import pytest
import trustme
from messaging import http_client
from messaging.address import AddressPolicy
from messaging.http_client import Client, Failure, Limits
from messaging.pem import PemError, client_context
from receiver import Receiver, answer, drop, garbage, hang, trickle

INSIDE = AddressPolicy(allow_private=True)
SHORT = Limits(connect=2, read=1, total=1.5)
BODY = b'{"number": 1}'


def client(limits=None, policy=INSIDE, context=None):
    made = {"context": lambda: context} if context else {}
    return Client(policy, limits or Limits(5, 10, 20), **made)


def post(url, **options):
    return client(**options).exchange("POST", url, {"Idempotency-Key": "k-1"}, BODY)


def pem(ca):
    return ca.cert_pem.bytes().decode()


def server_context(ca, *names, asks=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names).configure_cert(context)
    if asks:
        asks.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_what_is_sent_arrives():
    with Receiver(answer(202, b'{"ok": true}', Retry_After="7")) as receiver:
        done = post(receiver.url("/events?x=1"))
    assert (done.failure, done.answer.status) == (None, 202)
    assert (done.answer.body, done.answer.retry_after) == (b'{"ok": true}', "7")
    (request,) = receiver.requests
    assert (request.method, request.path, request.body) == ("POST", "/events?x=1", BODY)
    assert request.headers["idempotency-key"] == "k-1"
    assert "python-requests" not in str(request.headers)


def test_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert post(f"http://127.0.0.1:{port}/").failure is Failure.UNREACHABLE


def test_no_such_name():
    assert post("https://no-such-host.invalid/").failure is Failure.UNREACHABLE


@pytest.mark.parametrize("trouble", [hang, drop, trickle, garbage])
def test_sent_but_not_answered(trouble):
    with Receiver(trouble) as receiver:
        assert post(receiver.url(), limits=SHORT).failure is Failure.LOST
        receiver.let_go()
    assert [one.body for one in receiver.requests] == [BODY]


def test_a_trickle_ends_with_the_total_time():
    """Every byte comes within the silence that is allowed."""
    with Receiver(trickle) as receiver:
        done = post(receiver.url(), limits=Limits(connect=2, read=30, total=1))
        receiver.let_go()
    assert done.failure is Failure.LOST
    assert done.seconds < 20


def test_who_accepts_and_does_not_read():
    """More than the kernel takes for a peer that reads nothing: the try ends all the same."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        done = client(SHORT).exchange("POST", url, {}, b"x" * 20_000_000)
    assert done.failure is Failure.LOST


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(status):
    with Receiver() as inner:
        with Receiver(answer(status, Location=inner.url())) as receiver:
            done = post(receiver.url())
    assert done.answer.status == status
    assert not inner.requests


def test_a_long_answer_is_cut():
    with Receiver(answer(200, b"x" * 5_000_000, Content_Type="text/plain")) as receiver:
        done = post(receiver.url())
    assert done.answer.is_cut
    assert len(done.answer.body) == http_client.MAX_ANSWER
    assert "xxx" not in repr(done)


def test_more_of_an_answer_where_more_is_asked_for():
    with Receiver(answer(200, b"x" * 300_000, Link='<?cursor=2>; rel="next"')) as receiver:
        for most, is_cut in ((300_000, False), (299_999, True)):
            done = replace(client(), most=most).exchange("GET", receiver.url(), {})
            assert (len(done.answer.body), done.answer.is_cut) == (most, is_cut)
    assert done.answer.link == '<?cursor=2>; rel="next"'
    assert receiver.requests[0].method == "GET"


def test_private_addresses_are_refused_before_anything_is_sent():
    with Receiver() as receiver:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            done = post(receiver.url(host=host), policy=AddressPolicy())
            assert done.failure is Failure.ADDRESS, host
    assert not receiver.requests


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "224.0.0.1", "0.0.0.0"])
def test_never_right_however_much_is_allowed(host):
    assert post(f"http://{host}/latest/meta-data").failure is Failure.ADDRESS


def test_a_name_that_leads_elsewhere_a_moment_later(monkeypatch):
    """Rebinding: what was judged is what is connected to, there is no second question."""
    asked = []

    def resolve(host, port, *_args, **_options):
        asked.append(host)
        address = "203.0.113.7" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    with Receiver() as receiver:
        monkeypatch.setattr(http_client.socket, "getaddrinfo", resolve)
        url = receiver.url(host="rebound.example")
        first = post(url, policy=AddressPolicy(), limits=SHORT)
        second = post(url, policy=AddressPolicy(), limits=SHORT)
    assert first.failure in (Failure.UNREACHABLE, Failure.ADDRESS)
    assert second.failure is Failure.ADDRESS
    assert len(asked) == 2
    assert not receiver.requests


def test_one_bad_address_among_good_ones_is_enough(monkeypatch):
    def resolve(_host, port, *_args, **_options):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("203.0.113.7", "10.0.0.1")
        ]

    monkeypatch.setattr(http_client.socket, "getaddrinfo", resolve)
    assert post("http://mixed.example/", policy=AddressPolicy()).failure is Failure.ADDRESS


def test_proxies_of_the_environment_are_not_used(monkeypatch):
    with Receiver() as proxy, Receiver() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert post(receiver.url()).answer.status == 200
    assert not proxy.requests


# ------------------------------------------------------------------------------------ TLS


def test_tls_with_an_authority_of_our_own(authority):
    with Receiver(context=server_context(authority, "localhost")) as receiver:
        trusting = client_context(pem(authority))
        assert post(receiver.url(host="localhost"), context=trusting).answer.status == 200


def test_an_authority_that_is_not_trusted(authority):
    with Receiver(context=server_context(authority, "localhost")) as receiver:
        url = receiver.url(host="localhost")
        assert post(url).failure is Failure.TLS
        other = client_context(pem(trustme.CA()))
        assert post(url, context=other).failure is Failure.TLS
    assert not receiver.requests


def test_a_certificate_of_another_name(authority):
    with Receiver(context=server_context(authority, "elsewhere.example")) as receiver:
        done = post(receiver.url(host="localhost"), context=client_context(pem(authority)))
    assert done.failure is Failure.TLS
    assert not receiver.requests


def test_no_tls_where_tls_is_spoken(authority):
    with Receiver() as plain:
        url = plain.url(host="localhost").replace("http:", "https:")
        assert post(url, context=client_context(pem(authority))).failure is Failure.TLS


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_is_asked_for(authority, version):
    people = trustme.CA()
    context = server_context(authority, "localhost", asks=people)
    context.maximum_version = version
    own = people.issue_cert("odoo.example")
    chain = b"".join(blob.bytes() for blob in own.cert_chain_pems).decode()
    key = own.private_key_pem.bytes().decode()
    with Receiver(context=context) as receiver:
        url = receiver.url(host="localhost")
        without = post(url, context=client_context(pem(authority)))
        stranger = trustme.CA().issue_cert("odoo.example")
        wrong = client_context(
            pem(authority),
            stranger.cert_chain_pems[0].bytes().decode(),
            stranger.private_key_pem.bytes().decode(),
        )
        assert without.failure is Failure.TLS
        assert post(url, context=wrong).failure is Failure.TLS
        assert not receiver.requests
        shown = client_context(pem(authority), chain, key)
        assert post(url, context=shown).answer.status == 200


def test_key_and_certificate_of_two(authority):
    one, other = authority.issue_cert("a.example"), authority.issue_cert("b.example")
    with pytest.raises(PemError):
        client_context(
            "",
            one.cert_chain_pems[0].bytes().decode(),
            other.private_key_pem.bytes().decode(),
        )


def test_a_server_that_hangs_in_the_handshake():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        done = post(url, limits=Limits(connect=1, read=1, total=2))
    assert done.failure in (Failure.TLS, Failure.UNREACHABLE)


def test_threads_and_connections_are_gone_afterwards():
    before = threading.active_count()
    with Receiver(drop) as receiver:
        for _ in range(5):
            post(receiver.url(), limits=SHORT)
        assert threading.active_count() <= before + 8
    assert not [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
