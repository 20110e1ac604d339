# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Whatever is appended to the audit trail has a name, and an area."""

import ast
import re
from pathlib import Path

from messaging.audit_actions import ACTIONS, FAMILIES, FORMER

ADDONS = Path(__file__).resolve().parents[2] / "addons"
# An id is a field in a cache's key.
ACTION = re.compile(rf"(?!.*\.id$)({'|'.join(FAMILIES)})(\.[a-z_]+)+")
SUBJECTS = ("channel", "message_type")
STEP = re.compile(r"\b_(?:step|note_change)\(\"(\w+)\"")
FOLDERS = {"models", "engine", "controllers", "wizards", "mllp", "cli"}
NAMES = {"audit_phrases.py", "audit_actions.py"}


def sources():
    for path in sorted(ADDONS.glob("*/**/*.py")):
        inside = path.relative_to(ADDONS).parts[1:]
        if FOLDERS.intersection(inside) and "tests" not in inside and path.name not in NAMES:
            yield path


def constants(tree):
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def actions_of(tree):
    """Values of the key ``action`` of whatever has no other actions than those of the trail."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                is_action = isinstance(key, ast.Constant) and key.value == "action"
                if is_action and isinstance(value, ast.Constant):
                    yield value.value


def steps():
    """What the life cycle tells of its subjects: their word, and the step."""
    for path in sources():
        named = STEP.findall(path.read_text("utf-8"))
        own = [one for one in SUBJECTS if path.name.startswith(f"hc_{one}")]
        for subject in own or SUBJECTS:
            yield from ((f"{subject}.{step}", path.name) for step in named)


def appended():
    found = dict(steps())
    for path in sources():
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        for value in constants(tree) | set(re.findall(r"'([a-z]+\.[a-z_]+)'", text)):
            if ACTION.fullmatch(value):
                found.setdefault(value, path.name)
        if "_append(" in text or "hc_audit.append" in text:
            for value in actions_of(tree):
                found.setdefault(value, path.name)
    return found


def test_every_action_has_a_name():
    found = appended()
    assert len(found) > 40
    nameless = {action: where for action, where in found.items() if action not in ACTIONS}
    assert not nameless, f"add them to messaging/audit_actions.py: {nameless}"


def test_every_name_is_used():
    unheard = ACTIONS.keys() - appended().keys() - FORMER
    assert not unheard, f"nothing appends {sorted(unheard)}"


def test_every_action_has_an_area():
    areas = {action.partition(".")[0] for action in ACTIONS}
    assert areas <= FAMILIES.keys()
    assert FAMILIES.keys() <= areas
