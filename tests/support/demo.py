"""The demo data of our addons in a copy of the template, as a starting point of tests."""

# Only our own files: the template has none of Odoo's demo data, and needs none.
LOAD_DEMO = """
from odoo.modules.module import Manifest
from odoo.tools.convert import convert_file
names = {names!r}
for name in names:
    for path in Manifest.for_addon(name)["demo"]:
        convert_file(env, name, path, {{}}, mode="init", noupdate=True)
env["ir.module.module"].search([("name", "in", names)]).demo = True
env.cr.commit()
print("demo data loaded")
"""


def load_code(names: list[str]) -> str:
    """Lines for Odoo's shell that load the demo data of these addons, in their order."""
    return LOAD_DEMO.format(names=names)
