# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import json
from pathlib import Path

import pytest
from messaging.contract import Contract
from messaging.errors import MessageError
from messaging.keyring import KeyRing

RING = KeyRing(bytes(range(32)))
FILE = (
    Path(__file__).resolve().parents[3]
    / "addons/hc_billing_bridge/contracts/appointment.changed.v1.json"
)
CONTRACT = Contract(json.loads(FILE.read_text()))
DATA = {
    "appointment": "A-1",
    "facility": "MAIN",
    "status": "booked",
    "services": [{"system": "local", "value": "MRI"}],
    "start": "2026-11-24T09:30:00",
    "end": "2026-11-24T10:00:00+01:00",
    "resources": [{"system": "local", "value": "ROOM-2"}],
    "patient": {"mrn": "4711", "authority": "H"},
}


def kept(data, **options):
    return CONTRACT.minimize(CONTRACT.check(data, **options), data, RING)


def test_what_is_kept():
    found = kept(DATA)
    mrn = RING.pseudonym("patient", "4711", "H")
    assert found.data == {**DATA, "end": "2026-11-24T09:00:00Z", "patient": {"mrn": mrn}}


def test_persons_and_reasons_are_not():
    named = {"performer": "Dr No", "reason": "fever", "note": "x", "participants": [{"name": "y"}]}
    patient = {"patient": {**DATA["patient"], "name": "Ophelia", "phone": "555"}}
    found = kept({**DATA, **named, **patient})
    assert found.data == kept(DATA).data
    assert found.dropped["*"] == len(named) + 2
    assert found.personal >= {"4711", "Ophelia", "555"}


def test_keys_name_the_appointment_alone():
    assert CONTRACT.business_key == CONTRACT.ordering_key == (("facility",), ("appointment",))


def test_what_standards_leave_out():
    bare = {"status": "cancelled"}
    assert kept(bare, relaxed=True).data == bare
    with pytest.raises(MessageError) as caught:
        CONTRACT.check(bare)
    missing = {error.pointer for error in caught.value.errors}
    assert missing == {"/appointment", "/facility", "/services"}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"status": "maybe"}, "/status"),
        ({"services": "MRI"}, "/services"),
        ({"start": "soon"}, "/start"),
        ({"resources": [{"system": "x"}]}, "/resources/0/value"),
        ({"appointment": ""}, "/appointment"),
    ],
)
def test_refused(change, pointer):
    with pytest.raises(MessageError) as caught:
        CONTRACT.check({**DATA, **change})
    assert [error.pointer for error in caught.value.errors] == [pointer]
