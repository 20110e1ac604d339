"""A system's own Odoo user can do nothing but what its messages do."""

import xmlrpc.client

import pytest
import requests
from simulate.rpc import Odoo, Refused
from support.hospital import BASE

GUESSES = ("", "admin", "hc-system-cabinet-7b", "False", "demo")


@pytest.fixture(scope="module")
def login(hospital):
    system = hospital.by_format("cloudevents")["id"]
    user = hospital.admin.call("hc.system", "read", [system], ["user_id"])[0]["user_id"][0]
    return hospital.admin.call("res.users", "read", [user], ["login"])[0]["login"]


def authenticate(hospital, login, password):
    url = f"{hospital.machine.base_url}/xmlrpc/2/common"
    proxy = xmlrpc.client.ServerProxy(url, allow_none=True)
    try:
        return proxy.authenticate(hospital.machine.database, login, password, {})
    except xmlrpc.client.Fault:
        return False


@pytest.mark.parametrize("password", GUESSES)
def test_no_password(hospital, login, password):
    assert not authenticate(hospital, login, password)
    with pytest.raises(Refused):
        Odoo(hospital.machine.base_url, hospital.machine.database, login, password)


def test_not_with_a_password_that_somebody_sets(hospital, login):
    user = hospital.admin.read("res.users", [("login", "=", login)], ["id"])[0]["id"]
    try:
        hospital.admin.write("res.users", [user], {"password": "a-long-password-1"})
    except Refused:
        return
    assert not authenticate(hospital, login, "a-long-password-1")
    with pytest.raises(Refused):
        Odoo(hospital.machine.base_url, hospital.machine.database, login, "a-long-password-1")


def test_its_credentials_open_nothing_else(hospital, sender):
    """Neither secret is a key of Odoo's own interfaces."""
    url = f"{hospital.machine.base_url}/json/2/res.partner/search_read"
    for secret in (sender.bearer, sender.secret, sender.bearer.partition(".")[2]):
        headers = {"Authorization": f"Bearer {secret}"}
        answer = requests.post(url, json={}, headers=headers, timeout=30)
        assert answer.status_code in (401, 403, 404), answer.text
        assert not authenticate(hospital, "admin", secret)


def test_ledger_is_forged_by_nobody(hospital):
    message = hospital.admin.read("hc.message", [], ["id"], limit=1)
    values = {"uuid": "forged", "state": "done"}
    with pytest.raises(Refused):
        hospital.admin.create("hc.message", values)
    if message:
        with pytest.raises(Refused):
            hospital.admin.write("hc.message", [message[0]["id"]], {"state": "done"})
        with pytest.raises(Refused):
            hospital.admin.call("hc.message", "unlink", [message[0]["id"]])
    for model in ("hc.effect", "hc.message.attempt"):
        with pytest.raises(Refused):
            hospital.admin.create(model, {"role": "x"})


@pytest.mark.parametrize("model", ["hc.message", "hc.lane", "hc.dirty.key", "hc.audit.event"])
@pytest.mark.parametrize("method", ["_drain", "_sudo_resume", "_wake", "_append"])
def test_engine_is_not_called_from_outside(hospital, model, method):
    with pytest.raises(Refused):
        hospital.admin.call(model, method, [])


def test_payload_is_for_operators(hospital):
    viewer = hospital.user("acceptance-viewer", f"{BASE}.group_integration_viewer")
    operator = hospital.user("acceptance-operator", f"{BASE}.group_integration_operator")
    sender = hospital.sender()
    body = sender.post(hospital.native, hospital.event()).json()
    domain = [("uuid", "=", body["message_id"])]
    assert viewer.read("hc.message", domain, ["state"])
    with pytest.raises(Refused):
        viewer.read("hc.message", domain, ["payload"])
    assert operator.read("hc.message", domain, ["payload"])[0]["payload"]
    plain = hospital.user("acceptance-nobody")
    with pytest.raises(Refused):
        plain.read("hc.message", domain, ["state"])


def test_every_action_of_the_trail_has_a_name(hospital):
    """Whatever was done to this hospital, by all tests before this one too."""
    described = hospital.admin.call("hc.audit.event", "fields_get", ["action"], ["selection"])
    known = {code for code, _label in described["action"]["selection"]}
    found = {action for (action,) in hospital.machine.sql("SELECT action FROM hc_audit.event")}
    assert len(found) > 5 and found <= known, found - known
