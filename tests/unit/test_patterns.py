# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Patterns of contracts against texts on which a careless one takes for ever."""

import json
import time
from pathlib import Path

import jsonschema_rs
import pytest

ADDONS = Path(__file__).resolve().parents[2] / "addons"
LONG = 300_000
TEXTS = (
    "a" * LONG,
    "a" * LONG + "\x01",
    "aA" * (LONG // 2) + "!",
    " " * LONG + "x\n",
    "\u00e9" * LONG,
)
GENEROUS_SECONDS = 10


def patterns():
    """Every pattern of every contract that an addon ships."""
    found = set()

    def look(node):
        if isinstance(node, dict):
            if isinstance(node.get("pattern"), str):
                found.add(node["pattern"])
            found.update(node.get("patternProperties", ()))
            node = list(node.values())
        for one in node if isinstance(node, list) else ():
            look(one)

    for path in ADDONS.glob("*/contracts/*.json"):
        look(json.loads(path.read_text("utf-8")))
    return sorted(found)


def test_there_are_patterns():
    assert patterns()


@pytest.mark.parametrize("pattern", patterns())
def test_long_texts_are_judged_at_once(pattern):
    check = jsonschema_rs.validator_for({"type": "string", "pattern": pattern})
    began = time.monotonic()
    for text in TEXTS:
        check.is_valid(text)
    assert time.monotonic() - began < GENEROUS_SECONDS
