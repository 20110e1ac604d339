"""A credential that was revoked is refused by every worker, with the next request."""

import asyncio
import contextlib
import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from simulate.client import Sender
from support import checks, mllp
from support.certificates import Authority

WORKERS = 4
REQUESTS = 40


@pytest.fixture(params=["signature", "bearer"])
def own(request, hospital):
    """A sender of its own, whose credential every worker knows."""
    shown = hospital.new_credential(request.param)
    names = ("key_id", "secret", "bearer")
    made = Sender(hospital.machine.base_url, *(shown[f"default_{name}"] for name in names))
    ask = ask_by(hospital, made, request.param == "bearer")
    with ThreadPoolExecutor(WORKERS * 2) as pool:
        found = list(pool.map(ask, range(REQUESTS)))
    assert set(found) == {202}
    return int(shown["id"]), ask


def ask_by(hospital, sender, is_bearer):
    """Every second request over a connection that is kept, the others over new ones."""
    kept = itertools.cycle([sender.again() for _number in range(4)])

    def ask(number):
        one = next(kept) if number % 2 else sender.again()
        answer = one.post(hospital.native, hospital.event(), bearer=is_bearer)
        if answer.status_code == 401:
            checks.problem(answer, 401, "credential_revoked")
        return answer.status_code

    return ask


def test_within_a_second(hospital, own):
    identifier, ask = own
    hospital.admin.call("hc.credential", "action_revoke", [identifier])
    committed = time.monotonic()
    at_once = ask(0), ask(1)
    time.sleep(max(0, committed + 1 - time.monotonic()))
    with ThreadPoolExecutor(WORKERS * 2) as pool:
        found = list(pool.map(ask, range(REQUESTS)))
    assert found == [401] * REQUESTS
    # Each request looks at the signal before anything else: there is no second to wait for.
    assert at_once == (401, 401)


def test_while_requests_come(hospital, own):
    """Under load too: whatever begins after the commit is refused."""
    identifier, ask = own
    done = []

    def timed(number):
        began = time.monotonic()
        done.append((began, ask(number)))

    with ThreadPoolExecutor(WORKERS) as pool:
        first = [pool.submit(timed, number) for number in range(30)]
        hospital.admin.call("hc.credential", "action_revoke", [identifier])
        committed = time.monotonic()
        for one in first + [pool.submit(timed, number) for number in range(30)]:
            one.result()
    late = [status for began, status in done if began > committed]
    assert len(late) >= 30
    assert set(late) == {401}


def test_client_certificate_of_mllp(hospital, tmp_path):
    """Taken off the list: the connection that is open ends, and no other begins."""
    authority = Authority("Hospital")
    server, right = authority.issue("odoo"), authority.issue("ehr")
    values = {
        "allowed_addresses": False,
        "use_tls": True,
        "certificate": server.certificate,
        "private_key": server.key,
        "client_ca": authority.certificate,
    }
    port = mllp.Port(hospital, **values)
    client = hospital.admin.create(
        "hc.mllp.client",
        {"name": "Engine", "port_id": port.id, "fingerprint": right.fingerprint},
    )
    port.enable()
    context = mllp.ssl.create_default_context(cadata=authority.certificate)
    context.load_cert_chain(*right.write(tmp_path, "client"))
    first, control = mllp.message(hospital)
    second, refused = mllp.message(hospital)

    async def talk():
        async with port.open(ssl=context) as streams:
            assert await mllp.exchange(streams, [first]) == [["AA", control]]
            await asyncio.to_thread(
                hospital.admin.call, "hc.mllp.client", "write", [client], {"active": False}
            )
            await asyncio.sleep(1)
            with contextlib.suppress(*mllp.CLOSED, TimeoutError):
                found = await asyncio.wait_for(mllp.exchange(streams, [second]), 5)
                raise AssertionError(found)

    asyncio.run(talk())
    with pytest.raises(mllp.CLOSED):
        port.send(second, ssl=context)
    assert mllp.kept(hospital, [control, refused]) == [1, 0]
