# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The base names no document, model or addon of a domain: what they need is in their handlers."""

import re
from pathlib import Path

ADDONS = Path(__file__).resolve().parents[2] / "addons"
BASE = ADDONS / "healthcare_integration_base"
DOMAINS = [path for path in ADDONS.glob("hc_*") if path.name != "hc_gate"]
DOCUMENTS = {
    "account.move",
    "account.move.line",
    "maintenance.equipment",
    "maintenance.request",
    "purchase.order",
    "stock.move",
    "stock.picking",
}
OWN_NAME = re.compile(r'^    _name = "([a-z0-9_.]+)"$', re.MULTILINE)
CODE = (".py", ".xml", ".csv", ".js")
LEFT_OUT = {"tests", "i18n", "readme"}


def code(addon):
    """What an addon is made of, without its tests and texts."""
    for path in sorted(addon.rglob("*")):
        if path.suffix in CODE and not LEFT_OUT.intersection(path.relative_to(addon).parts):
            yield path


def names_of(addon):
    return set(OWN_NAME.findall("\n".join(path.read_text("utf-8") for path in code(addon))))


def test_no_line_of_the_base_names_a_domain():
    assert len(DOMAINS) >= 3
    own = names_of(BASE)
    assert "hc.message" in own
    theirs = set().union(*map(names_of, DOMAINS)) - own
    foreign = DOCUMENTS.union(
        {path.name for path in DOMAINS}, (name for name in theirs if name.startswith("hc."))
    )
    assert {"hc.charge", "hc.device.alarm", "hc_billing_bridge"} <= foreign
    spelled = {re.escape(name) for one in foreign for name in (one, one.replace(".", "_"))}
    pattern = re.compile(rf"(?<![\w.])(?:model_)?(?:{'|'.join(sorted(spelled))})(?![\w.])")
    found = [
        f"{path.relative_to(ADDONS)}:{number}: {line.strip()}"
        for path in code(BASE)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)


def test_no_domain_depends_on_another():
    for one in DOMAINS:
        text = (one / "__manifest__.py").read_text("utf-8")
        others = [other.name for other in DOMAINS if other != one and f'"{other.name}"' in text]
        assert not others, f"{one.name} depends on {others}"
