"""HTML and scripts in texts of senders and people: shown, and never run."""

import os

import pytest
from playwright.sync_api import sync_playwright
from simulate.rpc import Odoo

PLANTED = '<img src=x onerror="window.hcPlanted=1"><script>window.hcPlanted=2</script>'
BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SHORT = PLANTED[:44]
PATIENCE = 60_000


@pytest.fixture(scope="module")
def planted(hospital):
    """Records and messages whose texts are HTML; the paths of their screens."""
    admin = hospital.admin
    code = f"planted-html-{hospital.run}"
    system = admin.create("hc.system", {"name": PLANTED, "code": code, "region": PLANTED})
    admin.create(
        "hc.site", {"name": PLANTED, "system_id": system, "facility_code": f"H-{hospital.run}"}
    )
    types = admin.read("hc.message.type", [("name", "=", "supply.consumed.v1")], ["id"])
    channel = hospital.new_channel(system, f"{code}-in", types[0]["id"])
    admin.write("hc.channel", [channel], {"name": PLANTED})
    company = admin.call("res.users", "read", [admin.uid], ["company_id"])[0]["company_id"]
    admin.create(
        "hc.identifier",
        {
            "system_id": system,
            "company_id": company[0],
            "namespace": "vendor",
            "value": PLANTED,
            "res_id": admin.call("res.company", "read", company[0], ["partner_id"])[0][
                "partner_id"
            ][0],
        },
    )
    event = hospital.event() | {"subject": SHORT, "correlationid": "planted"}
    event["data"]["location"] = SHORT
    event["data"]["lines"][0]["item"] = {"system": "local", "value": SHORT}
    answer = hospital.sender().post(hospital.native, event)
    assert answer.status_code == 202, answer.text
    uuid = answer.json()["message_id"]
    assert hospital.settled(uuid)["state"] == "review"
    message = admin.read("hc.message", [("uuid", "=", uuid)], ["id", "issue_id"])[0]
    return (
        "integration",
        f"integration-systems/{system}",
        f"integration-channels/{channel}",
        "integration-identifiers",
        f"integration-messages/{message['id']}",
        "integration-review",
        f"integration-review/{message['issue_id'][0]}",
    )


def test_nothing_planted_runs(hospital, planted):
    shown, ran, faults = 0, [], []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=os.environ["HC_BROWSER"], args=BROWSER)
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
        page.goto(f"{hospital.machine.base_url}/web/login")
        page.fill("input[name=login]", "admin")
        page.fill("input[name=password]", "admin")
        page.click("form.oe_login_form button[type=submit]")
        page.wait_for_selector(".o_web_client", timeout=PATIENCE)
        for path in planted:
            page.goto(f"{hospital.machine.base_url}/odoo/{path}")
            page.wait_for_selector(".o_list_view, .o_form_view, .o_kanban_view", timeout=PATIENCE)
            page.wait_for_timeout(400)
            if page.evaluate("window.hcPlanted"):
                faults.append(path)
            text = page.evaluate(
                "document.body.innerText + [...document.querySelectorAll('input')]"
                ".map((one) => one.value).join()"
            )
            shown += "onerror=" in text
        browser.close()
    assert not faults and not ran
    # It was there to be seen, or nothing is proven.
    assert shown >= 6


def test_page_of_a_person_is_no_page_of_a_sender(hospital):
    """An HTML field is cleaned by Odoo: a script in the terms of a third party is gone."""
    admin: Odoo = hospital.admin
    terms = f"<p>kept</p>{PLANTED}"
    values = {"name": "t", "code": f"terms-{hospital.run}", "third_party_terms": terms}
    system = admin.create("hc.system", values)
    kept = admin.call("hc.system", "read", [system], ["third_party_terms"])[0]
    assert "kept" in kept["third_party_terms"]
    assert "onerror" not in str(kept) and "<script" not in str(kept)
