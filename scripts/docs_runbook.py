# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Writes the runbook into the addons, as pages that Odoo shows without a network:
python3 scripts/docs_runbook.py.

A page about codes of one domain addon is shipped by that addon, any other by the base. Beside
the pages lies codes.json, which page is about which code. With --check nothing is written, and
the exit code tells whether all is up to date.
"""

from __future__ import annotations

import html
import json
import re
import sys
from pathlib import Path

import docs_errors
from docs_errors import RUNBOOK, errors

ADDONS = Path(__file__).resolve().parents[1] / "addons"
BASE = "healthcare_integration_base"
FALLBACK = "refused-requests"
"""About what senders are answered, where no other page is."""
FRAME = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 16px/1.55 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
  color: #1f2937; }}
h1 {{ font-size: 1.6rem; }} h2 {{ font-size: 1.2rem; margin-top: 2rem; }}
code {{ background: #f3f4f6; padding: 0.1em 0.3em; border-radius: 3px; font-size: 0.9em; }}
pre {{ background: #f3f4f6; padding: 0.8rem; overflow-x: auto; }} pre code {{ padding: 0; }}
table {{ border-collapse: collapse; }} td, th {{ border-bottom: 1px solid #d1d5db;
  padding: 0.35rem 0.8rem 0.35rem 0; text-align: left; vertical-align: top; }}
li {{ margin: 0.35rem 0; }} a {{ color: #5b4b8a; }}
</style></head><body>
{body}
<p><a href="/{base}/static/runbook/README.html">All pages of the runbook</a></p>
</body></html>
"""
INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)]+)\)")
ITEM = re.compile(r"^( *)(?:([-*])|(\d+)\.) +(.*)$")


def owners() -> dict[str, str]:
    """The addon that registers each code; codes of the base are left out."""
    docs_errors.register_addons()
    found = {}
    for path in ADDONS.glob("*/error_codes.py"):
        for code in re.findall(r'"([a-z0-9_]+)"', path.read_text("utf-8")):
            found[code] = path.parent.name
    return found


def codes_of(path: Path) -> list[str]:
    """The codes that a page says it is about."""
    lines = [one for one in path.read_text("utf-8").splitlines() if one.startswith("Codes:")]
    return re.findall(r"`([a-z0-9_]+)`", " ".join(lines))


def homes() -> dict[str, str]:
    """The addon that ships each page."""
    by_code = owners()
    found = {}
    for path in sorted(RUNBOOK.glob("*.md")):
        addons = {by_code.get(code, BASE) for code in codes_of(path)}
        found[path.stem] = addons.pop() if len(addons) == 1 else BASE
    return found


def inline(text: str, home: dict[str, str]) -> str:
    """Code, emphasis and links of one text."""

    def replace(match: re.Match[str]) -> str:
        code, strong, emphasis, label, target = match.groups()
        if code:
            return f"<code>{html.escape(code)}</code>"
        if strong:
            return f"<strong>{inline(strong, home)}</strong>"
        if emphasis:
            return f"<em>{inline(emphasis, home)}</em>"
        page = target.partition("#")[0].removesuffix(".md")
        if page in home:
            return f'<a href="/{home[page]}/static/runbook/{page}.html">{inline(label, home)}</a>'
        if "://" in target:
            return f'<a href="{html.escape(target)}">{inline(label, home)}</a>'
        return inline(label, home)

    parts, end = [], 0
    for match in INLINE.finditer(text):
        parts += [html.escape(text[end : match.start()], quote=False), replace(match)]
        end = match.end()
    return "".join(parts) + html.escape(text[end:], quote=False)


def blocks(text: str) -> list[list[str]]:
    """Lines between empty ones; a fenced block is one, a heading is one."""
    found: list[list[str]] = [[]]
    fenced = False
    for line in text.splitlines():
        if line.startswith("```"):
            if not fenced:
                found.append([])
            found[-1].append(line)
            fenced = not fenced
            if not fenced:
                found.append([])
        elif fenced or line.strip():
            if line.startswith("#") and not fenced:
                found += [[line], []]
            else:
                found[-1].append(line)
        else:
            found.append([])
    return [one for one in found if one]


def render(lines: list[str], home: dict[str, str]) -> str:
    """One block as HTML."""
    first = lines[0]
    if first.startswith("```"):
        return f"<pre><code>{html.escape(chr(10).join(lines[1:-1]))}</code></pre>"
    if first.startswith("#"):
        level = len(first) - len(first.lstrip("#"))
        return f"<h{level}>{inline(first.lstrip('# '), home)}</h{level}>"
    if first.startswith("|"):
        return table(lines, home)
    if ITEM.match(first):
        return items(lines, home)
    for number, line in enumerate(lines):
        if ITEM.match(line):
            return render(lines[:number], home) + items(lines[number:], home)
    return f"<p>{inline(' '.join(line.strip() for line in lines), home)}</p>"


def table(lines: list[str], home: dict[str, str]) -> str:
    """A table; its second line only rules it off."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    head = "".join(f"<th>{inline(cell, home)}</th>" for cell in rows[0])
    body = "".join(
        f"<tr>{''.join(f'<td>{inline(cell, home)}</td>' for cell in row)}</tr>" for row in rows[2:]
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def items(lines: list[str], home: dict[str, str]) -> str:
    """A list; a line that begins no item goes on with the one before."""
    found: list[str] = []
    for line in lines:
        match = ITEM.match(line)
        if match:
            found.append(match[4])
        else:
            found[-1] += " " + line.strip()
    match = ITEM.match(lines[0])
    tag = "ol" if match and match[3] else "ul"
    start = f' start="{match[3]}"' if match and match[3] and match[3] != "1" else ""
    return f"<{tag}{start}>{''.join(f'<li>{inline(one, home)}</li>' for one in found)}</{tag}>"


def page(path: Path, home: dict[str, str]) -> str:
    """A whole page."""
    text = path.read_text("utf-8")
    title = text.splitlines()[0].lstrip("# ")
    body = "\n".join(render(block, home) for block in blocks(text))
    return FRAME.format(title=html.escape(title), body=body, base=BASE)


def files() -> dict[Path, str]:
    """All files of the shipped runbook."""
    home = homes()
    found = {
        ADDONS / home[path.stem] / "static/runbook" / f"{path.stem}.html": page(path, home)
        for path in RUNBOOK.glob("*.md")
    }
    for addon, codes in index(home).items():
        text = json.dumps(codes, indent=1, sort_keys=True) + "\n"
        found[ADDONS / addon / "static/runbook/codes.json"] = text
    return found


def index(home: dict[str, str]) -> dict[str, dict[str, str]]:
    """Page of each code, by the addon that ships the page."""
    page_of = {code: path.stem for path in RUNBOOK.glob("*.md") for code in codes_of(path)}
    found: dict[str, dict[str, str]] = {}
    for one in errors.all_specs():
        name = page_of.get(one.code) or (FALLBACK if one.status else None)
        if name:
            found.setdefault(home[name], {})[one.code] = name
    return found


def main(options: list[str]) -> int:
    """Write the pages, or compare them."""
    wanted = files()
    there = set(ADDONS.glob("*/static/runbook/*"))
    if "--check" in options:
        same = all(
            path.exists() and path.read_text("utf-8") == text for path, text in wanted.items()
        )
        return 0 if same and there == set(wanted) else 1
    for path in there - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
