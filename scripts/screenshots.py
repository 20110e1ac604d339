"""Take pictures of the screens of a started server that has had its simulated day.

Run by `make pictures`. Told where the server is by HC_BASE_URL and HC_DATABASE; login and password
by HC_LOGIN and HC_PASSWORD (the demo data's: admin), the browser by HC_BROWSER. All pictures go to
the folder HC_PICTURES; with `--docs` those of the documentation go to docs/images as well.
Further words are names of pictures: only these are taken.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Error, Page, sync_playwright
from simulate.rpc import Odoo, Refused

DOCS = Path(__file__).resolve().parents[1] / "docs/images"
WIDTHS = (1440, 820)
HEIGHT = 900
COLOURS = 128
PATIENCE = 20_000
SETTLE = 700
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
VIEW = ".o_action_manager .o_view_controller"
ERROR = ".o_error_dialog, .o_notification .bg-danger"

Step = Callable[[Page], None]


class Unpainted(Exception):
    """A screen that does not come, or comes with an error."""


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
    yield from mapping_pictures(find)
    yield from stock_pictures(find)


def message_pictures(find: Finder) -> Iterator[Picture]:
    """The overview, the ledger and its messages."""
    ledger = "integration-messages"
    yield Picture("overview", "integration")
    yield Picture("ledger", ledger, docs=True)
    yield Picture("ledger-graph", ledger, (view("graph"),))
    yield Picture("ledger-pivot", ledger, (view("pivot"),))
    yield Picture("effects", "integration-effects")
    done = find.one("hc.message", ("state", "=", "done"), ("effect_ids", "!=", False))
    yield Picture("message", f"{ledger}/{done}")
    for title in ("Effects", "Attempts", "Keys"):
        yield Picture(f"message-{title.lower()}", f"{ledger}/{done}", (tab(title),))
    waiting = find.one("hc.message", ("state", "=", "review"))
    if waiting:
        yield Picture("message-review", f"{ledger}/{waiting}")


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
    yield Picture("channels-kanban", "integration-channels", (view("kanban"),))
    yield Picture("channel", channel)
    for title in ("Intake", "Processing", "Service"):
        yield Picture(f"channel-{title.lower()}", channel, (tab(title),))
    system = find.one("hc.system", order="id")
    yield Picture("systems", "integration-systems")
    yield Picture("system", f"integration-systems/{system}")
    yield Picture("system-credentials", f"integration-systems/{system}", (tab("Credentials"),))
    yield Picture("credentials", "integration-credentials")
    yield Picture("credential", f"integration-credentials/{find.one('hc.credential')}")
    yield Picture("message-types", "integration-message-types")
    kind = find.one("hc.message.type", ("name", "=", "supply.consumed.v1"))
    yield Picture("message-type", f"integration-message-types/{kind}")
    yield Picture("lanes", "integration-lanes")
    yield Picture("lane", f"integration-lanes/{find.one('hc.lane', order='id')}")


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
    store = find.one("stock.warehouse", ("hc_ward_route_id", "!=", False), order="id")
    path = f"action-stock.action_warehouse_form/{store}"
    yield Picture("warehouse-wards", path, (tab("Wards"),))


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


def login(page: Page, base_url: str) -> None:
    """Log in as the person whose screens these are."""
    page.goto(f"{base_url}/web/login")
    page.fill("input[name=login]", os.environ.get("HC_LOGIN", "admin"))
    page.fill("input[name=password]", os.environ.get("HC_PASSWORD", "admin"))
    page.click("form.oe_login_form button[type=submit]")
    page.wait_for_selector(".o_main_navbar", timeout=PATIENCE)


def take(page: Page, base_url: str, picture: Picture, target: Path) -> None:
    """One picture, few colours so that it stays small."""
    page.goto(f"{base_url}/odoo/{picture.path}")
    page.wait_for_selector(f"{VIEW}, .modal .o_form_view", timeout=PATIENCE)
    page.wait_for_timeout(SETTLE)
    for step in picture.steps:
        step(page)
    page.wait_for_timeout(SETTLE)
    page.screenshot(path=target)
    shrink(target)
    put_away(page)
    if page.locator(ERROR).count():
        raise Unpainted("the screen shows an error")


def put_away(page: Page) -> None:
    """Discard an open window; a form that is left as it stands is saved."""
    discard = page.locator(".modal :is(.o_form_button_cancel, [special=cancel]):visible")
    if discard.count():
        discard.first.click()
        page.wait_for_timeout(SETTLE)


def shrink(target: Path) -> None:
    """Keep a palette only."""
    with Image.open(target) as image:
        few = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(target, optimize=True)


@contextmanager
def screen(browser: Browser, base_url: str, width: int) -> Iterator[Page]:
    """A window of this width, logged in."""
    context = browser.new_context(viewport={"width": width, "height": HEIGHT})
    page = context.new_page()
    login(page, base_url)
    yield page
    context.close()


def gallery(browser: Browser, base_url: str, wanted: list[Picture], folder: Path) -> list[str]:
    """Take all pictures at all widths; what went wrong."""
    problems: list[str] = []
    for width in WIDTHS:
        with screen(browser, base_url, width) as page:
            for picture in wanted:
                try:
                    take(page, base_url, picture, folder / f"{width}-{picture.name}.png")
                except (Error, Unpainted) as error:
                    problems.append(f"{width}-{picture.name}: {str(error).splitlines()[0]}")
    return problems


def publish(wanted: list[Picture], folder: Path) -> None:
    """The wide pictures that the documentation shows."""
    DOCS.mkdir(parents=True, exist_ok=True)
    for picture in wanted:
        if picture.docs:
            shutil.copyfile(
                folder / f"{WIDTHS[0]}-{picture.name}.png", DOCS / f"{picture.name}.png"
            )


def main(words: list[str]) -> int:
    """Take the pictures; 0 only where every screen came without an error."""
    base_url, names = os.environ["HC_BASE_URL"], [word for word in words if word != "--docs"]
    folder = Path(os.environ["HC_PICTURES"])
    folder.mkdir(parents=True, exist_ok=True)
    user = os.environ.get("HC_LOGIN", "admin"), os.environ.get("HC_PASSWORD", "admin")
    try:
        wanted = list(pictures(Finder(Odoo(base_url, os.environ["HC_DATABASE"], *user))))
    except Refused as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    wanted = [one for one in wanted if not names or one.name in names]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("HC_BROWSER") or "/usr/bin/chromium", args=list(FLAGS)
        )
        problems = gallery(browser, base_url, wanted, folder)
    if "--docs" in words:
        publish(wanted, folder)
    print(f"{len(wanted) * len(WIDTHS) - len(problems)} pictures in {folder}")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
