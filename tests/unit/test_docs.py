# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the documentation says is compared with the code, as far as that can be done."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from messaging import signature
from messaging.contract import Contract
from messaging.errors import MessageError

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = sorted([README, *ROOT.glob("docs/**/*.md"), *ROOT.glob("docker/*.md")])
RUNBOOK = ROOT / "docs/runbook"
SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="


def blocks(path, language):
    """Code blocks of a page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text("utf-8"), re.M | re.S)


@pytest.mark.parametrize("script", ["docs_errors.py", "docs_costs.py", "docs_runbook.py"])
def test_what_is_made_from_the_code_is_up_to_date(script):
    command = [sys.executable, ROOT / "scripts" / script, "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run python3 scripts/{script}\n{done.stderr}"


def test_every_error_of_handling_has_a_page_of_the_runbook():
    table = (ROOT / "docs/errors.md").read_text("utf-8").partition("## Errors of handling")[2]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert len(rows) > 15
    without = [row.split("|")[1].strip() for row in rows if "](runbook/" not in row]
    assert not without


def test_runbook_lists_its_pages():
    index = (RUNBOOK / "README.md").read_text("utf-8")
    pages = {path.name for path in RUNBOOK.glob("*.md")} - {"README.md"}
    assert pages == set(re.findall(r"\]\(([a-z-]+\.md)\)", index))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
    local = [target for target in targets if "://" not in target]
    if not (ROOT / "docs/images").exists():  # pictures are made by the browser tests
        local = [target for target in local if not target.endswith(".png")]
    lost = [target for target in local if not (page.parent / target).exists()]
    assert not lost


def test_make_targets_exist():
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)$", README.read_text(), re.M))
    assert {one or other for one, other in named} <= known


def test_example_contract_compiles():
    examples = map(json.loads, blocks(ROOT / "docs/architecture.md", "json"))
    contracts = [Contract(one) for one in examples if "x-hc-type" in one]
    assert [contract.type for contract in contracts] == ["thing.happened.v1"]
    data = {"facility": "A", "thing": "B", "patient": {"mrn": "77310"}}
    assert contracts[0].check(data)["patient"] == {"mrn": "77310"}
    with pytest.raises(MessageError):
        contracts[0].check({"facility": "A"})


def test_example_of_a_signature(tmp_path):
    """The shell lines of README.md sign as the server verifies."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    (script,) = [block for block in blocks(README, "sh") if "openssl dgst" in block]
    signing = script[script.index("id=") : script.index("curl")]
    (tmp_path / "event.json").write_bytes(b'{"specversion": "1.0"}\n')
    shell = f'SECRET={SECRET}\n{signing}\nprintf %s "$id|$timestamp|$signature"'
    done = subprocess.run(
        ["bash", "-euc", shell], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    message_id, timestamp, value = done.stdout.split("|")
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{value}",
    }
    raw = (tmp_path / "event.json").read_bytes()
    assert signature.verify_webhook(headers, raw, [SECRET], time.time()) == message_id
