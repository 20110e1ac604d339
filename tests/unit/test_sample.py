# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Samples that are pasted are read as the door reads what is sent."""

import json

import pytest
from messaging import sample
from messaging.errors import MessageError

ONE = frozenset({"charge.captured.v1"})
HL7 = "\n".join(
    (
        "MSH|^~\\&|EHR|H|ODOO|H|20261122090000||DFT^P03^DFT_P03|M-1|P|2.5.1||||||{charset}",
        "EVN||20261122090000",
        "PID|1||MRN-1^^^H||Müller^Anna",
        "PV1|1|I",
        "FT1|1|TX-1||20261122||CG|XR-1^X-ray||||1",
    )
)
EVENT = {
    "specversion": "1.0",
    "id": "1",
    "source": "urn:s",
    "type": "charge.captured.v1",
    "data": {"charge": "C-1"},
}


def read(text, kind="cloudevents", accepts=ONE):
    text = text if isinstance(text, str) else json.dumps(text)
    return sample.events(text, kind, accepts, {})


def code(*args):
    with pytest.raises(MessageError) as caught:
        read(*args)
    return caught.value.code


@pytest.mark.parametrize("charset", ["", "UNICODE UTF-8", "8859/1"])
def test_hl7_in_the_character_set_that_it_names(charset):
    (event,) = read(HL7.format(charset=charset), "hl7v2")
    assert event.data["charge"] == "TX-1"
    assert any("Müller" in value for value in event.personal)


def test_hl7_that_its_character_set_cannot_say():
    assert code(HL7.format(charset="ASCII"), "hl7v2") == "encoding_invalid"
    assert code(HL7.format(charset="unheard of"), "hl7v2") == "encoding_invalid"


def test_an_event_its_data_alone_and_several():
    assert read(EVENT)[0].id == "1"
    assert read(EVENT["data"])[0].data == {"charge": "C-1"}
    assert len(read([EVENT, EVENT["data"]])) == 2
    assert code(EVENT["data"], "cloudevents", ONE | {"service.completed.v1"}) == "envelope_invalid"


def test_fhir_resources_and_bundles():
    charge = {
        "resourceType": "ChargeItem",
        "id": "c1",
        "status": "billable",
        "code": {"coding": [{"system": "urn:x", "code": "XR"}]},
        "subject": {"reference": "Patient/1"},
        "occurrenceDateTime": "2026-11-22",
    }
    assert read(charge, "fhir")[0].type == "charge.captured.v1"
    bundle = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"resource": charge, "request": {"method": "POST", "url": "ChargeItem"}}] * 2,
    }
    assert len(read(bundle, "fhir")) == 2


def test_what_is_refused():
    assert code("{", "fhir") == "malformed_json"
    assert code("[1", "cloudevents") == "malformed_json"
    assert code({**EVENT, "type": "other.v1"}) == "type_not_accepted"
    assert code("x" * (sample.LIMIT + 1)) == "too_large"
    assert code("{" * 70 + "}" * 70) == "nesting_too_deep"
    assert code("\ud800") == "encoding_invalid"


def test_what_of_a_message_is_not_read():
    text = HL7.format(charset="UTF-8")
    (event,) = read(text, "hl7v2")
    assert ("PID-5", "Müller^Anna") in sample.unread(text, "hl7v2", {"TX-1", "XR-1"})
    parts = dict(sample.unread(text, "hl7v2", {"TX-1", "XR-1", event.id, event.source}))
    assert "FT1-2" not in parts and "FT1-7" not in parts and "MSH-2" not in parts
    resource = '{"resourceType": "Basic", "code": [{"text": "a"}, {"text": 5}], "note": null}'
    assert sample.unread(resource, "fhir", {"a"}) == [("/code/1/text", "5")]
