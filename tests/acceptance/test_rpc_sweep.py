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
# Odoo's own answers to everybody who may log in: they tell nothing of a record.
ABOUT_MODELS = {
    "check_field_access_rights",
    "concat",
    "exists",
    "fields_get",
    "filtered_domain",
    "get_base_url",
    "get_empty_list_help",
    "get_field_translations",
    "get_formview_action",
    "get_formview_id",
    "get_import_templates",
    "get_view",
    "get_views",
    "has_access",
    "has_field_access",
    "is_transient",
    "mail_allowed_qweb_expressions",
    "mail_get_partner_fields",
    "new",
    "union",
    "view_header_get",
}
# Names that addons gave to records in their files, and by whom; never a column of ours.
ABOUT_FILES = {"get_external_id", "get_metadata"}
# With nothing to do they do nothing: a default for no field, no follower, no sequence; what they
# do otherwise goes through create, write and read, which are called here.
NOTHING_TO_DO = {
    "activity_search",
    "activity_send_mail",
    "copy_translations",
    "default_get",
    "load",
    "message_get_followers",
    "message_notify",
    "message_subscribe",
    "message_unsubscribe",
    "message_update",
    "name_create",
    "web_override_translations",
    "web_resequence",
}
# They want a mail, a template, a field of a certain type, before they come to any record.
WANT_MORE = {
    "activity_feedback",
    "activity_reschedule",
    "activity_unlink",
    "message_change_thread",
    "message_mail_with_source",
    "message_new",
    "message_parse",
    "message_post_with_source",
    "message_process",
    "message_route",
    "search_panel_select_multi_range",
    "search_panel_select_range",
}
SKIPPED = ABOUT_MODELS | ABOUT_FILES | NOTHING_TO_DO | WANT_MORE
# In other words than AccessError: rights to export, a button for a field that is not there.
OTHER_WORDS = ("have the rights to export data", "No 'active' field on model")
# A window whose fields have no columns: there is nothing to copy.
NO_COLUMNS = {("hc.credential.reveal", "copy_data")}


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
            return None, answer.text[:600]
        name = answer.json().get("name", "")
        return name.rpartition(".")[2], answer.text[:600]

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
            return kind, str(fault.faultString)[-600:]
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
    if kind == "AccessError" or any(words in text for words in OTHER_WORDS):
        return None
    if not call["exists"] and "does not exist or has been deleted" in text:
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
        if call["method"] not in SKIPPED and (call["model"], call["method"]) not in NO_COLUMNS
    ]
    left = sweep(calls)
    assert not left, "\n".join(left)


def test_without_a_key(hospital, methods):
    _strangers, own, _inherited = methods
    call = own[0]
    url = f"{hospital.machine.base_url}/json/2/{call['model']}/{call['method']}"
    assert requests.post(url, json={}, timeout=60).status_code == 401
