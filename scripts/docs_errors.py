# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Writes docs/errors.md from the error registry: python3 scripts/docs_errors.py.

With --check nothing is written, and the exit code tells whether the page is up to date.
"""

from __future__ import annotations

import importlib
import runpy
import sys
from pathlib import Path
from types import ModuleType

REPO = Path(__file__).resolve().parents[1]
PAGE = REPO / "docs/errors.md"
RUNBOOK = REPO / "docs/runbook"
BASE = "odoo.addons.healthcare_integration_base.messaging"
sys.path.insert(0, str(REPO / "addons/healthcare_integration_base"))

from messaging import errors  # noqa: E402
from messaging.errors import ErrorSpec  # noqa: E402

HEAD = """# Errors

Every error has a code that does not change. Senders get it in the answer, and operators see it on
the message and on the issue. An answer never holds a value of the message.

This page is made from the error registry by `python3 scripts/docs_errors.py`.

## Answers to senders

The code is the member `code` of the problem document (`application/problem+json`). HL7 v2 senders
get an acknowledgement instead, with AE or AR in MSA-1 and the condition of table 0357 in ERR-3
(CE or CR where MSH-15 asks for it). FHIR senders get an OperationOutcome with the issue type.

"""
PROCESSING = """
## Errors of handling

The message was accepted with 202 and is in the ledger. These codes say why it has no effect yet, or
what is to be known about it.

The kind of an error decides what follows:

| kind | means | tried again by itself |
|---|---|---|
| transient | it may pass by itself | yes, with growing waits |
| permanent | the same message never succeeds as things are | no |
| person | it succeeds once somebody has mapped or decided something | when that is done |
| unknown | sent, and nobody knows whether it arrived | no: it is asked for, or settled |
| poison | it kills whoever works on it | no |

After attempt *n* of failures in a row the message waits for a random time of up to
*first wait* × 2^(*n* − 1), and no longer than the *longest wait* (exponential backoff with full
jitter). When the attempts are spent, or the channel's horizon is over (*Give up after*, counted
from the first of these failures), it is `dead`. First and longest wait, attempts and horizon are
fields of the channel; where the column *tried again* has figures, they hold for this code
instead. The horizon is always the channel's.

"""
BY_KIND = {
    "transient": "`retry`, then `dead`",
    "permanent": "`review`",
    "person": "`review`",
    "unknown": "`unknown`, settled as the channel says",
    "poison": "`dead`",
}
BY_CODE = {
    "shadow": "`cancelled`",
    "control_id_reused": "goes on, an issue tells of it",
    "expiry_mismatch": "goes on, an issue tells of it",
    "lot_expired": "goes on, an issue tells of it",
    "stock_negative": "by the channel: goes on with an issue, or `review`",
    "status_without_effect": "`done`",
    "superseded": "`superseded`",
}
NOTES = (
    "control_id_reused",
    "expiry_mismatch",
    "lot_expired",
    "status_without_effect",
    "superseded",
)
"""Say something about a message that has not failed."""


def register_addons() -> None:
    """Have the domain addons register their codes; the registry needs no Odoo for it."""
    parts = BASE.split(".")
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        sys.modules[name] = ModuleType(name)
    sys.modules[f"{BASE}.errors"] = errors
    for path in sorted(Path(errors.__file__).parent.glob("errors_*.py")):
        importlib.import_module(f"messaging.{path.stem}")
    for path in sorted(REPO.glob("addons/*/error_codes.py")):
        runpy.run_path(str(path))


def runbook_of(code: str) -> str:
    """The runbook page that is about this code, as a link."""
    for path in sorted(RUNBOOK.glob("*.md")):
        lines = path.read_text("utf-8").splitlines()
        if any(line.startswith("Codes:") and f"`{code}`" in line for line in lines):
            return f"[{path.stem}](runbook/{path.name})"
    return ""


def answers(specs: list[ErrorSpec]) -> list[str]:
    """The table of what senders get, by status."""
    rows = ["| code | status | HL7 | FHIR | meaning | what to do |", "|---|---|---|---|---|---|"]
    for one in sorted(specs, key=lambda one: (one.status, one.code)):
        severity, code = one.hl7
        cells = (f"`{one.code}`", one.status, f"A{severity} {code}", one.fhir, one.title)
        rows.append(f"| {' | '.join(map(str, cells))} | {one.action} |")
    return rows


def tried_again(one: ErrorSpec) -> str:
    """The retry policy of a code."""
    if one.kind != "transient":
        return "no"
    rule = one.retry
    if rule is None:
        return "as the channel says"
    return (
        f"after {rule.base_seconds} s, at the most {rule.cap_seconds} s, "
        f"{rule.max_attempts} attempts"
    )


def processing(specs: list[ErrorSpec]) -> list[str]:
    """The table of what may follow after a message was accepted."""
    rows = [
        "| code | kind | state | tried again | meaning | what to do | runbook |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in specs:
        is_note = one.code in NOTES
        state = BY_CODE.get(one.code) or BY_KIND[one.kind]
        kind, again = ("note", "") if is_note else (one.kind.value, tried_again(one))
        cells = (f"`{one.code}`", kind, state, again, one.title, one.action, runbook_of(one.code))
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def page() -> str:
    """The whole page."""
    specs = errors.all_specs()
    first = answers([one for one in specs if one.status])
    second = processing([one for one in specs if not one.status])
    return HEAD + "\n".join(first) + "\n" + PROCESSING + "\n".join(second) + "\n"


def main(options: list[str]) -> int:
    """Write the page, or compare it."""
    register_addons()
    text = page()
    if "--check" in options:
        return 0 if PAGE.exists() and PAGE.read_text("utf-8") == text else 1
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
