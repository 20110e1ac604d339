"""Who has no business with the suite calls every method of it, over the wire.

The methods come from the registry of the database that is called: what an addon adds is tried
from the day on which it is added. Odoo's own methods are tried on our models too.
"""

import json
import re
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
import requests
from support.hospital import PASSWORD

LIST = (
    "from odoo.addons.healthcare_integration_base.tests import rpc_methods\n"
    "print('METHODS' + rpc_methods.as_json(env, {users}))\n"
)
ACCESS_ERROR = 4
THREADS = 4
# Answers that tell nothing of a record, and are given to everybody who may log in.
HARMLESS = {
    "check_access": "refuses by itself",
    "check_field_access_rights": "",
    "concat": "",
    "exists": "",
    "fields_get": "",
    "filtered_domain": "",
    "get_base_url": "",
    "get_field_translations": "",
    "get_import_templates": "",
    "get_view": "",
    "get_views": "",
    "has_access": "",
    "has_field_access": "",
    "is_transient": "",
    "new": "",
    "union": "",
}


@dataclass
class Stranger:
    """Somebody with a password and an API key, and without our groups."""

    hospital: object
    login: str
    key: str
    uid: int
    http: requests.Session = field(default_factory=requests.Session)

    def json2(self, call):
        """The refusal of a call by JSON-2, none where there was an answer."""
        url = f"{self.hospital.machine.base_url}/json/2/{call['model']}/{call['method']}"
        body = {**call["named"], **({"ids": call["ids"]} if call["on_records"] else {})}
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = self.http.post(url, json=body, headers=headers, timeout=60)
        if answer.ok:
            return None, answer.text[:300]
        name = answer.json().get("name", "")
        return name.rpartition(".")[2], answer.text[:300]

    def xmlrpc(self, call):
        """The same by XML-RPC."""
        args = [call["ids"]] if call["on_records"] else []
        params = (
            self.hospital.machine.database,
            self.uid,
            PASSWORD,
            call["model"],
            call["method"],
            args,
            call["named"],
        )
        body = xmlrpc.client.dumps(params, "execute_kw", allow_none=True)
        url = f"{self.hospital.machine.base_url}/xmlrpc/2/object"
        answer = self.http.post(
            url, data=body.encode(), headers={"Content-Type": "text/xml"}, timeout=60
        )
        try:
            xmlrpc.client.loads(answer.text)
        except xmlrpc.client.Fault as fault:
            kind = "AccessError" if fault.faultCode == ACCESS_ERROR else f"fault {fault.faultCode}"
            return kind, str(fault.faultString)[:300]
        return None, answer.text[:300]


@pytest.fixture(scope="module")
def methods(hospital):
    """All that can be called on our models, and the keys of the two strangers."""
    users = {}
    for login, group in (("sweep-portal", "base.group_portal"), ("sweep-plain", "base.group_user")):
        name = f"{login}-{hospital.run}"
        groups = [(6, 0, [hospital.ref(group)])]
        values = {"name": name, "login": name, "password": PASSWORD, "group_ids": groups}
        users[name] = hospital.admin.create("res.users", values)
    told = hospital.machine.shell(LIST.format(users=list(users.values())), "listing methods")
    found = json.loads(re.search(r"METHODS(\{.*\})", told)[1])
    strangers = [
        Stranger(hospital, login, found["keys"][str(uid)], uid) for login, uid in users.items()
    ]
    return strangers, found["own"], found["inherited"]


def refused(stranger, protocol, call):
    """What is wrong about the answer, none when it was refused for want of a right."""
    kind, text = getattr(stranger, protocol)(call)
    if kind == "AccessError":
        return None
    name = f"{call['model']}.{call['method']}"
    return f"{name} as {stranger.login} by {protocol}: {kind or 'ANSWERED'} {text}"


def sweep(calls):
    """All calls, a few at a time; those that were not refused."""
    with ThreadPoolExecutor(THREADS) as pool:
        told = list(pool.map(lambda one: refused(*one), calls))
    return [one for one in told if one]


def test_there_is_something_to_call(methods):
    _strangers, own, inherited = methods
    names = {(one["model"], one["method"]) for one in own}
    assert {
        ("hc.channel", "action_activate"),
        ("hc.credential", "action_issue"),
        ("hc.setup.check", "run"),
        ("res.users", "write"),
    } <= names
    assert len(own) > 150
    assert len(inherited) > 1000


def test_our_methods(methods):
    """Each method of ours, by both strangers, both ways."""
    strangers, own, _inherited = methods
    calls = [
        (stranger, protocol, call)
        for stranger in strangers
        for protocol in ("json2", "xmlrpc")
        for call in own
    ]
    left = sweep(calls)
    assert not left, "\n".join(left)


def test_inherited_methods(methods):
    """Odoo's methods on our models, by a stranger and a way that change from call to call."""
    strangers, _own, inherited = methods
    ways = [(one, protocol) for one in strangers for protocol in ("json2", "xmlrpc")]
    calls = [
        (*ways[number % len(ways)], call)
        for number, call in enumerate(inherited)
        if call["method"] not in HARMLESS
    ]
    left = sweep(calls)
    assert not left, "\n".join(left)


def test_without_a_key(hospital, methods):
    _strangers, own, _inherited = methods
    call = own[0]
    url = f"{hospital.machine.base_url}/json/2/{call['model']}/{call['method']}"
    assert requests.post(url, json={}, timeout=60).status_code == 401
