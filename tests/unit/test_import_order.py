"""The order in which a package imports its models must not decide what they do.

Odoo puts the class that was imported last in front. Where two files extend a model with the
same method, and one of them does not call ``super()``, the other is silently left out if the
imports are sorted anew. Only the file that makes the model (``_name``) comes first for certain.
"""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ADDONS = Path(__file__).parents[2] / "addons"
PLACES = sorted(path for path in ADDONS.glob("*/models") if path.is_dir())


def _said(body, name):
    for node in body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == name:
            found = ast.literal_eval(node.value)
            return [found] if isinstance(found, str) else list(found)
    return []


def _methods(body):
    """Their names, and whether each goes on to the class behind it."""
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, any(getattr(one, "id", "") == "super" for one in ast.walk(node))


def clashes(folder):
    """Definitions that the order of imports decides about: ``file: model.method``."""
    first, found = {}, defaultdict(lambda: defaultdict(list))
    for path in folder.glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.ClassDef):
                continue
            name, inherited = _said(node.body, "_name"), _said(node.body, "_inherit")
            model = (name or inherited or [None])[0]
            if name and model not in inherited:
                first[model] = path.name
            for method, goes_on in _methods(node.body):
                found[model][method].append((path.name, goes_on))
    return sorted(
        f"{file}: {model}.{method}"
        for model, methods in found.items()
        for method, places in methods.items()
        for file in _deaf(places, first.get(model))
    )


def _deaf(places, first):
    """Of the extensions that share a method those that do not go on to the others."""
    extensions = [(file, goes_on) for file, goes_on in places if file != first]
    return [file for file, goes_on in extensions if not goes_on and len(extensions) > 1]


@pytest.mark.parametrize("folder", PLACES, ids=lambda path: path.parent.name)
def test_the_order_of_imports_does_not_matter(folder):
    assert clashes(folder) == []


def test_a_clash_is_found(tmp_path):
    (tmp_path / "a.py").write_text(
        "class A:\n    _inherit = 'x'\n    def f(self):\n        return 1\n"
    )
    (tmp_path / "b.py").write_text(
        "class B:\n    _inherit = 'x'\n    def f(self):\n        return super().f()\n"
    )
    assert clashes(tmp_path) == ["a.py: x.f"]
