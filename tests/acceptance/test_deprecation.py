"""Senders of what is about to go are told in each answer, and are taken as before."""

import contextlib
import copy
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from simulate import documents
from simulate.documents import Use
from support import checks

SUNSET = (datetime.now(UTC) + timedelta(days=90)).replace(microsecond=0)
NOTICES = ("Deprecation", "Sunset", "Link")


@contextlib.contextmanager
def deprecated(hospital, model, record, successor=None):
    sunset = SUNSET.strftime("%Y-%m-%d %H:%M:%S")
    hospital.admin.call(model, "action_deprecate", [record], "Acceptance", sunset, successor)
    try:
        yield
    finally:
        hospital.admin.call(model, "action_reinstate", [record], "Acceptance")


def told(answer, link=None):
    """The headers of RFC 9745 and RFC 8594."""
    since = answer.headers["Deprecation"]
    assert since[0] == "@"
    assert abs(int(since[1:]) - datetime.now(UTC).timestamp()) < 600
    assert parsedate_to_datetime(answer.headers["Sunset"]) == SUNSET
    assert answer.headers.get("Link") == (link and f'<{link}>; rel="successor-version"')


def silent(answer):
    assert not [name for name in NOTICES if name in answer.headers]


def test_native(hospital, sender):
    channel = hospital.channel("cloudevents")
    copied = hospital.admin.call("hc.channel", "action_new_version", [channel["id"]])
    link = f"/hc/v1/channels/{hospital.native}-v2/messages"
    with deprecated(hospital, "hc.channel", channel["id"], copied["res_id"]):
        event = hospital.event()
        answer = sender.post(hospital.native, event)
        body = checks.accepted(answer)
        told(answer, link)
        told(sender.post(hospital.native, event), link)
        refused = copy.deepcopy(hospital.event())
        del refused["data"]["lines"]
        answer = sender.batch(hospital.native, [hospital.event(), refused])
        assert [item["status"] for item in answer.json()["items"]] == [202, 422]
        told(answer, link)
        silent(sender.post(hospital.native, refused))
        assert hospital.settled(body["message_id"])["state"] == "done"
    silent(sender.post(hospital.native, hospital.event()))
    hospital.admin.call("hc.channel", "unlink", [copied["res_id"]])


def test_a_type_on_every_door(hospital, sender):
    kinds = hospital.admin.read("hc.message.type", [("name", "=", documents.CONSUMED)], ["id"])
    used = Use(hospital.ehr.wards[0], hospital.ehr.plain[0], 1, hospital.use().at)
    channel = hospital.channel("hl7v2")["id"]
    fields = ["hl7_sending_application", "hl7_sending_facility"]
    row = hospital.admin.call("hc.channel", "read", [channel], fields)[0]
    msh = [row[fields[0]] or "EHR", row[fields[1]] or "HOSPITAL"]
    resource = documents.delivery(hospital.new_id("sd"), used, 5)
    entry = {"resource": resource, "request": {"method": "POST", "url": "SupplyDelivery"}}
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [entry]}
    with deprecated(hospital, "hc.message.type", kinds[0]["id"]):
        answer = sender.post(hospital.native, hospital.event())
        checks.accepted(answer)
        told(answer)
        raw = documents.dft(hospital.new_id("dft"), used, *msh, 7)
        answer = hospital.sender("hl7v2").hl7(raw)
        checks.acknowledgement(answer, 200, "AA")
        told(answer)
        answer = hospital.sender("fhir").fhir("SupplyDelivery", resource)
        checks.outcome(answer, 202)
        told(answer)
        answer = hospital.sender("fhir").fhir("", bundle)
        assert answer.status_code == 200, answer.text
        told(answer)
