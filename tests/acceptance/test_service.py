"""Dry run, contracts, health."""

import requests
from simulate.documents import CONSUMED
from support import checks

AUDIT = "SELECT count(*) FROM hc_audit.event"


def test_dry_run(hospital, sender):
    event = hospital.event(
        hospital.use(2),
        patient={"mrn": checks.MARK, "name": f"{checks.MARK} Jane"},
        performer=checks.MARK,
        note=checks.MARK,
        unknown=checks.MARK,
    )
    before = hospital.total(), hospital.machine.sql(AUDIT)[0][0], hospital.on_hand(hospital.use())
    answer = sender.validate(hospital.native, event)
    checks.clean(answer)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["event"]["lines"][0]["quantity"] == "2"
    assert body["event"]["patient"]["mrn"].startswith("hcp")
    assert set(body["event"]["patient"]) == {"mrn"}
    assert not {"performer", "note", "unknown"} & set(body["event"])
    assert body["plan"], body
    audited = hospital.machine.sql(AUDIT)[0][0]
    assert (hospital.total(), audited - 1, hospital.on_hand(hospital.use())) == before


def test_dry_run_says_what_stands_against_it(hospital, sender):
    event = hospital.event()
    event["data"]["lines"][0]["item"] = {"system": "local", "value": "DRY-UNMAPPED"}
    answer = sender.validate(hospital.native, event)
    assert answer.status_code == 200
    assert "unmapped_item" in answer.text
    assert hospital.kept(event["id"]) == 0
    issue = hospital.admin.count("hc.issue", [("subject", "like", "DRY-UNMAPPED")])
    assert issue == 0


def test_dry_run_refuses_as_sending_does(hospital, sender):
    event = hospital.event()
    event["data"]["lines"][0]["quantity"] = "0"
    checks.problem(sender.validate(hospital.native, event), 422, "contract_invalid")
    checks.problem(sender.validate(hospital.native, b"{"), 400)
    checks.problem(sender.validate("nothing", event), 404)
    wrong = "whsec_" + "D" * 43 + "="
    checks.problem(sender.validate(hospital.native, event, secret=wrong), 401)


def test_contract(sender):
    answer = sender.request("GET", f"/hc/v1/contracts/{CONSUMED}", content_type=None)
    checks.clean(answer)
    assert answer.status_code == 200
    schema = answer.json()
    assert schema["x-hc-type"] == CONSUMED
    assert "2020-12" in schema["$schema"]
    assert schema["properties"]["patient"]


def test_contract_that_is_not(sender):
    answer = sender.request("GET", f"/hc/v1/contracts/{checks.MARK}.v1", content_type=None)
    checks.problem(answer, 404, "not_found")


def test_health(hospital):
    answer = requests.get(f"{hospital.machine.base_url}/hc/health", timeout=30)
    checks.clean(answer)
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
