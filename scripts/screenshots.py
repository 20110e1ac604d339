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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Error, Page, sync_playwright
from screens import PATIENCE, SETTLE, Finder, Picture, pictures
from simulate.rpc import Odoo, Refused

DOCS = Path(__file__).resolve().parents[1] / "docs/images"
WIDTHS = (1440, 820)
HEIGHT = 900
COLOURS = 128
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
VIEW = ".o_action_manager :is(.o_action, .o_content)"
ERROR = ".o_error_dialog, .o_notification .bg-danger"


class Unpainted(Exception):
    """A screen that does not come, or comes with an error."""


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
    page.keyboard.press("Escape")  # a calendar may lie over the buttons
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
