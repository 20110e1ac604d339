"""The screens that `make pictures` takes, and what is done on each before its picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from playwright.sync_api import Page
from simulate.rpc import Odoo

PATIENCE = 20_000
SETTLE = 700

Step = Callable[[Page], None]


@dataclass(frozen=True)
class Picture:
    """A screen: where it is, and what is done there before the picture is taken."""

    name: str
    path: str
    steps: tuple[Step, ...] = ()
    docs: bool = False


def click(selector: str, text: str = "") -> Step:
    """Press the first thing that is to be seen."""

    def step(page: Page) -> None:
        found = page.locator(f"{selector}:visible", has_text=text or None)
        found.first.click(timeout=PATIENCE)
        page.wait_for_timeout(SETTLE)

    return step


def fill(selector: str, text: str) -> Step:
    """Type into a field."""
    return lambda page: page.locator(f"{selector}:visible").first.fill(text)


def await_(selector: str) -> Step:
    """Wait until something is to be seen."""

    def step(page: Page) -> None:
        page.wait_for_selector(selector, timeout=PATIENCE)

    return step


def tab(title: str) -> Step:
    """Turn to a page of a form's notebook."""
    return click(".o_notebook .nav-link", title)


def view(kind: str) -> Step:
    """Change to another view, where the screen is wide enough to offer it."""

    def step(page: Page) -> None:
        if not page.locator(f".o_switch_view.o_{kind}:visible").count():
            click(".o_cp_switch_buttons .dropdown-toggle")(page)
            click(".o-dropdown-item:has(.oi-view-" + kind + ")")(page)
            return
        click(f".o_switch_view.o_{kind}")(page)

    return step


class Finder:
    """Records of the simulated day that are worth a picture."""

    def __init__(self, odoo: Odoo) -> None:
        self.odoo = odoo

    def one(self, model: str, *domain: object, order: str = "id desc") -> int:
        """The id of the record that the order puts first, 0 where there is none."""
        found = self.odoo.read(model, domain, ["id"], limit=1, order=order)
        return int(found[0]["id"]) if found else 0

    def effect(self, model: str) -> int:
        """A record of this model that exists because of a message."""
        found = self.odoo.read(
            "hc.effect", [("res_model", "=", model)], ["res_id"], limit=1, order="id desc"
        )
        return int(found[0]["res_id"]) if found else 0

    def transfer(self) -> int:
        """The transfer of a move that came of a message."""
        move = self.effect("stock.move")
        found = self.odoo.read("stock.move", [("id", "=", move)], ["picking_id"])
        return int(found[0]["picking_id"][0]) if found and found[0]["picking_id"] else 0


def pictures(find: Finder) -> Iterator[Picture]:
    """All pictures, in the order of the menus."""
    yield from message_pictures(find)
    yield from review_pictures(find)
    yield from catalog_pictures(find)
    yield from lifecycle_pictures(find)
    yield from policy_pictures(find)
    yield from ownership_pictures(find)
    yield from mapping_pictures(find)
    yield from batch_pictures(find)
    yield from retention_pictures(find)
    yield from audit_pictures(find)
    yield from privacy_pictures(find)
    yield from stock_pictures(find)
    yield from billing_pictures(find)
    yield from biomed_pictures(find)


def message_pictures(find: Finder) -> Iterator[Picture]:
    """The overview, the ledger and its messages."""
    ledger = "integration-messages"
    yield Picture("overview", "integration")
    yield Picture("ledger", ledger, docs=True)
    yield Picture("ledger-graph", ledger, (view("graph"),))
    yield Picture("ledger-pivot", ledger, (view("pivot"),))
    yield Picture("effects", "integration-effects")
    yield Picture("replays", "integration-replays")
    chosen = (click(".o_list_view thead .o_list_record_selector input"), click("button", "Replay…"))
    yield Picture("replay-wizard", ledger, chosen)
    done = find.one("hc.message", ("state", "=", "done"), ("effect_ids", "!=", False))
    yield Picture("message", f"{ledger}/{done}")
    for title in ("Effects", "Attempts", "Keys"):
        yield Picture(f"message-{title.lower()}", f"{ledger}/{done}", (tab(title),))
    waiting = find.one("hc.message", ("state", "=", "review"))
    if waiting:
        yield Picture("message-review", f"{ledger}/{waiting}")
    for name, term in (
        ("held", ("blocked_by_id", "!=", False)),
        ("superseded", ("state", "=", "superseded")),
    ):
        if message := find.one("hc.message", term):
            yield Picture(f"message-{name}", f"{ledger}/{message}")


def review_pictures(find: Finder) -> Iterator[Picture]:
    """The worklist and how something is mended."""
    review = "integration-review"
    yield Picture("review-worklist", review, docs=True)
    yield Picture("review-kanban", review, (view("kanban"),))
    for kind in ("identifier", "site"):
        issue = find.one("hc.issue", ("state", "!=", "resolved"), ("fix_kind", "=", kind))
        if issue:
            fix = (click("button[name=action_fix]"), await_(".modal .o_form_view"))
            yield Picture(f"issue-{kind}", f"{review}/{issue}")
            yield Picture(f"issue-{kind}-fix", f"{review}/{issue}", fix)


def catalog_pictures(find: Finder) -> Iterator[Picture]:
    """Systems, channels, credentials, message types and lanes."""
    channel = f"integration-channels/{find.one('hc.channel', ('state', '=', 'active'))}"
    yield Picture("channels", "integration-channels")
    yield Picture("flow-map", "integration-map", (await_(".o_hc_flow_node"),))
    yield Picture("channels-pivot", "integration-channels", (view("pivot"),))
    yield Picture("channels-kanban", "integration-channels", (view("kanban"),))
    yield Picture("channel", channel)
    for title in ("Intake", "Processing", "Service", "Mapping"):
        yield Picture(f"channel-{title.lower()}", channel, (tab(title),))
    yield Picture("mappings", "integration-mappings")
    if mapping := find.one("hc.channel.mapping"):
        yield Picture("mapping", f"integration-mappings/{mapping}")
    system = find.one("hc.system", order="id")
    yield Picture("systems", "integration-systems")
    yield Picture("system", f"integration-systems/{system}")
    yield Picture("system-terms", f"integration-systems/{system}", (tab("Third-party terms"),))
    yield Picture("system-limits", f"integration-systems/{system}", (tab("Limits"),))
    pause = (click("button[name=action_ask_pause]"), await_(".modal .o_form_view"))
    yield Picture("channel-pause", channel, pause)
    yield Picture("system-credentials", f"integration-systems/{system}", (tab("Credentials"),))
    yield Picture("credentials", "integration-credentials")
    yield Picture("credential", f"integration-credentials/{find.one('hc.credential')}")
    for kind in ("mtls", "oauth"):
        if credential := find.one("hc.credential", ("kind", "=", kind)):
            yield Picture(f"credential-{kind}", f"integration-credentials/{credential}")
    yield Picture("identity-providers", "integration-identity-providers")
    if issuer := find.one("hc.token.issuer"):
        yield Picture("identity-provider", f"integration-identity-providers/{issuer}")
    yield Picture("expiry", "integration-expiry")
    if expiry := find.one("hc.expiry", order="expires_at"):
        yield Picture("expiry-entry", f"integration-expiry/{expiry}")
    yield Picture("endpoints", "integration-endpoints")
    if endpoint := find.one("hc.endpoint"):
        yield Picture("endpoint", f"integration-endpoints/{endpoint}")
    yield Picture("message-types", "integration-message-types")
    kind = find.one("hc.message.type", ("name", "=", "supply.consumed.v1"))
    yield Picture("message-type", f"integration-message-types/{kind}")
    yield Picture("mllp-ports", "integration-mllp")
    if port := find.one("hc.mllp.port"):
        yield Picture("mllp-port", f"integration-mllp/{port}")
        for title in ("TLS", "Limits", "Traffic"):
            yield Picture(f"mllp-port-{title.lower()}", f"integration-mllp/{port}", (tab(title),))
    looked = (await_(".o_hc_setup_page"),)
    yield Picture("setup-check", "integration-setup-check", looked)
    yield Picture("lanes", "integration-lanes")
    yield Picture("lane", f"integration-lanes/{find.one('hc.lane', order='id')}")


def lifecycle_pictures(find: Finder) -> Iterator[Picture]:
    """Versions, approvals and trials."""
    channels, types = "integration-channels", "integration-message-types"
    active = find.one("hc.channel", ("state", "=", "active"))
    yield Picture("channel-life-cycle", f"{channels}/{active}", (tab("Life cycle"),))
    ask = (click("button[name=action_ask_deprecate]"), await_(".modal .o_form_view"))
    yield Picture("channel-deprecate", f"{channels}/{active}", ask)
    if trial := find.one("hc.channel", ("state", "=", "shadow")):
        for title in ("Shadow", "Life cycle"):
            name = f"trial-{title.lower().replace(' ', '-')}"
            yield Picture(name, f"{channels}/{trial}", (tab(title),))
    yield Picture("trials", "integration-trials")
    if planned := find.one("hc.message", ("error_code", "=", "shadow")):
        yield Picture("message-planned", f"integration-messages/{planned}", (tab("Plan"),))
    if reviewed := find.one("hc.message.type", ("state", "=", "in_review")):
        for title in ("Changes", "Contract", "Life cycle"):
            name = f"version-{title.lower().replace(' ', '-')}"
            yield Picture(name, f"{types}/{reviewed}", (tab(title),))
        ask = (click("button[name=action_ask_activate]"), await_(".modal .o_form_view"))
        yield Picture("version-approve", f"{types}/{reviewed}", ask)


SAMPLE = """{
  "resourceType": "SupplyDelivery", "id": "sd-1", "status": "completed",
  "identifier": [{"system": "urn:hc:ehr", "value": "SD-1001"}],
  "patient": {"identifier": {"system": "urn:hc:mrn", "value": "MRN-77310"},
    "display": "Ophelia Montague"},
  "basedOn": [{"identifier": {"value": "ORD-4711"}}],
  "suppliedItem": {"quantity": {"value": 2, "unit": "EA"},
    "itemCodeableConcept": {"coding": [
      {"system": "https://www.gs1.org/gtin", "code": "00380740000011"}]}},
  "occurrenceDateTime": "2026-11-22T09:00:00Z",
  "destination": {"identifier": {"value": "ICU-1"}}
}"""


def policy_pictures(find: Finder) -> Iterator[Picture]:
    """What a channel keeps, and what it does not."""
    yield Picture("policies", "integration-policies")
    yield Picture("not-kept", "integration-not-kept")
    yield Picture("not-kept-pivot", "integration-not-kept", (view("pivot"),))
    yield Picture("not-kept-graph", "integration-not-kept", (view("graph"),))
    for state in ("active", "in_review"):
        if policy := find.one("hc.field.policy", ("state", "=", state)):
            yield Picture(f"policy-{state}", f"integration-policies/{policy}")
    channel = find.one("hc.channel", ("policy_ids", "!=", False), ("state", "=", "active"))
    if not channel:
        return
    path = f"integration-channels/{channel}"
    yield Picture("channel-minimization", path, (tab("Minimization"),))
    open_it = (tab("Minimization"), click(".tab-pane.active button[name=action_open_preview]"))
    yield Picture("preview-empty", path, open_it)
    run = (*open_it, fill(".o_hc_preview textarea", SAMPLE), click(".o_hc_preview .btn-primary"))
    yield Picture("preview", path, (*run, await_(".o_hc_preview_table")))


def ownership_pictures(find: Finder) -> Iterator[Picture]:
    """Who is the master of which data, and what keeps traffic apart."""
    matrix = "integration-ownership"
    yield Picture("ownership", matrix)
    yield Picture("ownership-pivot", matrix, (view("pivot"),))
    if row := find.one("hc.ownership"):
        yield Picture("ownership-row", f"{matrix}/{row}")
    yield Picture("data-domains", "integration-data-domains")
    if domain := find.one("hc.data.domain", order="id"):
        yield Picture("data-domain", f"integration-data-domains/{domain}")
    settings = "action-base_setup.action_general_configuration"
    yield Picture("settings-separation", settings, (click(".settings_tab .tab", "Integration"),))


def mapping_pictures(find: Finder) -> Iterator[Picture]:
    """Codes and places."""
    yield Picture("identifiers", "integration-identifiers")
    yield Picture("identifier", f"integration-identifiers/{find.one('hc.identifier')}")
    yield Picture("sites", "integration-sites")
    facility = find.one("hc.site", ("location_code", "=", False), order="id")
    yield Picture("site-facility", f"integration-sites/{facility}")
    yield Picture(
        "site", f"integration-sites/{find.one('hc.site', ('location_code', '!=', False))}"
    )
    yield Picture("cost-centers", "action-hc_inventory_sync.action_hc_cost_center")


def batch_pictures(find: Finder) -> Iterator[Picture]:
    """What is pulled and pushed by schedule, and where the files are."""
    jobs, runs, stores = "scheduled-jobs", "scheduled-runs", "file-stores"
    yield Picture("jobs", jobs)
    for transport in ("files", "http"):
        if job := find.one("hc.sync.job", ("transport", "=", transport)):
            yield Picture(f"job-{transport}", f"{jobs}/{job}")
            yield Picture(f"job-{transport}-rows", f"{jobs}/{job}", (tab("Rows"),))
    yield Picture("runs", runs)
    for name, term in (
        ("run", ("state", "=", "done")),
        ("run-partial", ("state", "=", "partial")),
        ("run-failed", ("state", "=", "failed")),
        ("run-open", ("state", "in", ("staging", "applying"))),
    ):
        if run := find.one("hc.sync.run", term):
            yield Picture(name, f"{runs}/{run}")
    yield Picture("file-stores", stores)
    if store := find.one("hc.file.store"):
        yield Picture("file-store", f"{stores}/{store}")


def retention_pictures(find: Finder) -> Iterator[Picture]:
    """What goes, what is held, and what follows a restore."""
    rule = find.one("hc.retention.rule", ("state", "=", "done"))
    yield Picture("retention-rules", "integration-retention")
    yield Picture("retention-rule", f"integration-retention/{rule}")
    yield Picture("retention-runs", "integration-retention-runs")
    if run := find.one("hc.retention.run"):
        yield Picture("retention-run", f"integration-retention-runs/{run}")
    yield Picture("legal-holds", "integration-legal-holds")
    if hold := find.one("hc.legal.hold"):
        yield Picture("legal-hold", f"integration-legal-holds/{hold}")
    yield Picture("erasures", "integration-erasures")
    if erasure := find.one("hc.erasure"):
        yield Picture("erasure", f"integration-erasures/{erasure}")
    request = "action-healthcare_integration_base.action_hc_erasure_request"
    yield Picture("erasure-request", request, (await_(".modal .o_form_view"),))
    yield Picture("restores", "integration-restores")
    if restore := find.one("hc.restore"):
        yield Picture("restore", f"integration-restores/{restore}")
    channel = f"integration-channels/{find.one('hc.channel', ('state', '=', 'active'))}"
    yield Picture("channel-retention", channel, (tab("Retention"),))


def privacy_pictures(find: Finder) -> Iterator[Picture]:
    """Keys of pseudonyms, the search by patient, and originals behind glass."""
    yield Picture("pseudonym-keys", "integration-pseudonym-keys")
    key = find.one("hc.pseudonym.key", ("state", "=", "current"))
    yield Picture("pseudonym-key", f"integration-pseudonym-keys/{key}")
    replace = (click(".o_statusbar_buttons button", "Replace"), await_(".modal .o_form_view"))
    yield Picture("pseudonym-key-replace", f"integration-pseudonym-keys/{key}", replace)
    search = (
        click(".o_main_navbar .o_menu_sections button", "Messages"),
        click(".o-dropdown-item", "Find by Patient"),
        await_(".modal .o_hc_patient_search"),
    )
    yield Picture("patient-search", "integration-messages", search)
    channel = f"integration-channels/{find.one('hc.channel', ('direction', '=', 'in'))}"
    yield Picture("channel-originals", channel, (tab("Sealed Originals"),))
    yield Picture("originals", "integration-originals")
    if access := find.one("hc.original.access"):
        yield Picture("original", f"integration-originals/{access}")


def stock_pictures(find: Finder) -> Iterator[Picture]:
    """What the stock addon adds to Odoo's own screens."""
    setup = "action-hc_inventory_sync.action_hc_ward_setup"
    yield Picture("ward-setup", setup, (await_(".modal .o_form_view"), *a_ward()))
    yield Picture("ward-setup-par", setup, (await_(".modal .o_form_view"), tab("Par levels")))
    if transfer := find.transfer():
        yield Picture("transfer", f"action-stock.action_picking_tree_all/{transfer}")
        messages = (click("button[name=action_hc_messages]"),)
        path = f"action-stock.action_picking_tree_all/{transfer}"
        yield Picture("transfer-messages", path, messages)
    if move := find.effect("stock.move"):
        yield Picture("move", f"action-stock.stock_move_action/{move}")
    if order := find.one("purchase.order", ("order_line.hc_trigger_move_ids", "!=", False)):
        path = f"action-purchase.purchase_rfq/{order}"
        yield Picture("purchase-order", path)
        yield Picture("purchase-order-messages", path, (click("button[name=action_hc_messages]"),))
    yield Picture("record-use-wards", "record-use", (await_(".o_hc_ward"),))
    ward = (await_(".o_hc_ward"), click(".o_hc_ward", "Intensive Care"), await_(".o_hc_tile"))
    yield Picture(
        "record-use", "record-use", (*ward, click(".o_hc_tile", "glove, size M")), docs=True
    )
    store = find.one("stock.warehouse", ("hc_ward_route_id", "!=", False), order="id")
    path = f"action-stock.action_warehouse_form/{store}"
    yield Picture("warehouse-wards", path, (tab("Wards"),))


def audit_pictures(find: Finder) -> Iterator[Picture]:
    """What the audit trail tells, who takes it out, and how it is sealed."""
    trail = "integration-audit"
    yield Picture("audit", trail, docs=True)
    export = (click(".o_control_panel button", "Export"), await_(".modal .o_form_view"))
    yield Picture("audit-export", trail, export)
    yield Picture("audit-pivot", trail, (view("pivot"),))
    yield Picture("audit-graph", trail, (view("graph"),))
    handled = find.one("hc.audit.event", ("action", "=", "message.handled"))
    changed = find.one("hc.audit.event", ("action", "=", "config.changed"))
    for name, event in (("event", handled), ("change", changed)):
        if event:
            yield Picture(f"audit-{name}", f"{trail}/{event}")
    timeline = (click("button[name=action_open_correlation]"), await_(".o_hc_timeline"))
    if handled:
        yield Picture("audit-timeline", f"{trail}/{handled}", timeline, docs=True)
    channel = find.one("hc.channel", ("state", "=", "active"))
    history = (click("button[name=action_open_history]"), await_(".o_list_view"))
    yield Picture("channel-history", f"integration-channels/{channel}", history)
    yield Picture("audit-trail", "hc-audit-trail")
    bundle = click("button", "Download a bundle")
    yield Picture("audit-bundle", "hc-audit-trail", (bundle, await_(".modal .o_form_view")))
    yield Picture("audit-checkpoints", "hc-audit-checkpoints")
    if checkpoint := find.one("hc.audit.checkpoint"):
        yield Picture("audit-checkpoint", f"hc-audit-checkpoints/{checkpoint}")


def billing_pictures(find: Finder) -> Iterator[Picture]:
    """Charges, the invoices made of them, appointments and what is missing."""
    charges = "action-hc_billing_bridge.action_hc_charge"
    yield Picture("charges", charges, docs=True)
    yield Picture("charges-pivot", charges, (view("pivot"),))
    yield Picture("charges-graph", charges, (view("graph"),))
    yield Picture("charges-held", "action-hc_billing_bridge.action_hc_charge_on_hold")
    if billed := find.one("hc.charge", ("state", "=", "invoiced")):
        yield Picture("charge", f"{charges}/{billed}")
    if held := find.one("hc.charge", ("state", "=", "on_hold")):
        yield Picture("charge-held", f"{charges}/{held}")
    if invoice := find.one("account.move", ("hc_invoice_key", "!=", False)):
        yield Picture("invoice", f"action-account.action_move_out_invoice_type/{invoice}")
    yield Picture("patient-accounts", "action-hc_billing_bridge.action_hc_patient_account")
    appointments = "integration-appointments"
    yield Picture("appointments", appointments)
    yield Picture("appointments-calendar", appointments, (view("calendar"),))
    if appointment := find.one("hc.appointment"):
        yield Picture("appointment", f"{appointments}/{appointment}")
    yield Picture("charge-worklist", "integration-charge-worklist")
    if gap := find.one("hc.charge.gap"):
        yield Picture("charge-gap", f"integration-charge-worklist/{gap}")


def biomed_pictures(find: Finder) -> Iterator[Picture]:
    """Requests, equipment and alarms; the screens of the staff."""
    yield Picture("requests", "biomed-requests", docs=True)
    alarmed = (("hc_alarm_count", ">", 1),)
    if request := find.one("maintenance.request", *alarmed, order="hc_alarm_count desc, id desc"):
        yield Picture("request", f"biomed-requests/{request}")
    yield Picture("equipment-list", "biomed-equipment")
    if equipment := find.one("maintenance.equipment", ("hc_criticality", "!=", False)):
        yield Picture("equipment", f"biomed-equipment/{equipment}")
    yield Picture("device-alarms", "device-alarms")
    yield Picture("triage-rules", "action-hc_biomed_maintenance.action_hc_triage_rule")
    yield Picture("report-a-device", "report-a-device")


def a_ward() -> tuple[Step, ...]:
    """Fill the set-up of wards in, without pressing its button."""
    row = ".modal .o_selected_row [name={}] input"
    return (
        fill(".modal [name=facility_name] input", "North Campus"),
        fill(".modal [name=facility_code] input", "NORTH"),
        click(".modal .o_field_x2many_list_row_add a"),
        fill(row.format("code"), "ICU-2"),
        fill(row.format("name"), "Intensive Care 2"),
        fill(row.format("cost_center"), "4712"),
    )
