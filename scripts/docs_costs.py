# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Counts what each message type costs, for docs/architecture.md: python3 scripts/docs_costs.py.

Lines of code, without blank lines, comments and docstrings; lines of JSON and XML as they are.
With --check nothing is written, and the exit code tells whether the page is up to date.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
import xml.etree.ElementTree as ET  # nosec B405  # for files of this repository
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
PAGE = REPO / "docs/architecture.md"
ADDONS = REPO / "addons"
TRANSLATORS = ADDONS / "healthcare_integration_base/messaging/translate"
BEGIN, END = "<!-- costs: written by scripts/docs_costs.py -->", "<!-- end of costs -->"
HEAD = (
    "| type | contract | record | handler | business behind it | HL7 v2 | FHIR |",
    "|---|---|---|---|---|---|---|",
)
SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}


@dataclass(frozen=True)
class Kind:
    """A message type: its record, and what the record names."""

    addon: Path
    name: str
    contract: Path
    handler: str
    record_lines: int


def kinds() -> Iterator[Kind]:
    """All types that our addons bring."""
    for path in sorted(ADDONS.glob("*/data/hc_message_type*.xml")):
        text = path.read_text("utf-8")
        for record in ET.fromstring(text).iter("record"):  # noqa: S314  # nosec B314  # ours
            values = {field.get("name"): field.text or "" for field in record}
            if "handler" not in values:  # outbound only: whoever sends it is its cost
                continue
            start = text.index(f'id="{record.get("id")}"')
            lines = text[start : text.index("</record>", start)].count("\n") + 1
            contract = ADDONS / values["contract_module"] / values["contract_path"]
            name = f"{values['code']}.v{values['version']}"
            yield Kind(path.parents[1], name, contract, values["handler"], lines)


def code_lines(path: Path) -> int:
    """Lines that hold code."""
    text = path.read_text("utf-8")
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    used = {
        line
        for token in tokens
        if token.type not in SKIPPED
        for line in range(token.start[0], token.end[0] + 1)
        if token.string
    }
    return len(used - set(docstring_lines(ast.parse(text))))


def docstring_lines(tree: ast.Module) -> Iterator[int]:
    """Lines of docstrings."""
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield from range(value.lineno, (value.end_lineno or value.lineno) + 1)


def imported(path: Path) -> set[Path]:
    """Modules beside or below that a module imports relatively."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            candidates = [base.with_suffix(".py")] if node.module else []
            candidates += [base / f"{alias.name}.py" for alias in node.names]
            found |= {one for one in candidates if one.is_file()}
    return found


def reachable(start: Path, within: Path) -> set[Path]:
    """All that a module stands on, inside of a folder; the module itself excepted."""
    seen: set[Path] = set()
    todo = [start]
    while todo:
        fresh = {one for one in imported(todo.pop()) if within in one.parents} - seen - {start}
        seen |= fresh
        todo += fresh
    return seen


def strings(path: Path) -> set[str]:
    """Texts that stand in a module."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return {str(node.value) for node in nodes if isinstance(node, ast.Constant)}


def handler_of(addon: Path, name: str) -> Path:
    """The module with the class of this model."""
    files = addon.glob("models/*.py")
    (found,) = [path for path in files if f'_name = "{name}"' in path.read_text("utf-8")]
    return found


def handler_and_business(kind: Kind) -> tuple[int, int]:
    """Lines of the handler, and of what it stands on: its parent and the addon's modules."""
    own = handler_of(kind.addon, kind.handler)
    parents = {
        handler_of(kind.addon, one)
        for one in strings(own)
        if one.startswith("hc.handler.") and one != kind.handler
    }
    behind = parents | {one for start in (own, *parents) for one in reachable(start, kind.addon)}
    behind -= {own}
    return code_lines(own), sum(map(code_lines, behind))


def translators(kind: Kind, prefix: str) -> int:
    """Lines of the modules that make this type of a standard, helpers of theirs alone included."""
    modules = sorted(TRANSLATORS.glob("*.py"))
    chosen = {path for path in modules if path.name.startswith(prefix)}
    makers = {path for path in chosen if kind.name in strings(path)}
    helpers = set()
    for one in chosen - makers:
        users = {path for path in modules if one in imported(path)}
        helpers |= {one} if users and users <= makers else set()
    return sum(map(code_lines, makers | helpers))


def rows() -> Iterator[str]:
    """A row for each type."""
    for kind in kinds():
        handler, behind = handler_and_business(kind)
        contract = kind.contract.read_text("utf-8").count("\n")
        standards = [translators(kind, prefix) or "" for prefix in ("hl7_", "fhir_")]
        cells = (f"`{kind.name}`", contract, kind.record_lines, handler, behind, *standards)
        yield f"| {' | '.join(map(str, cells))} |"


def page() -> str:
    """The page with its table."""
    text = PAGE.read_text("utf-8")
    before, _begin, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return "\n".join([before + BEGIN, "", *HEAD, *rows(), "", END]) + after


def main(options: list[str]) -> int:
    """Write the table, or compare it."""
    text = page()
    if "--check" in options:
        return 0 if PAGE.read_text("utf-8") == text else 1
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
