# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Governance came with this version. What was in use before it stays in use."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Odoo's entry, after the addon's models and data are up to date."""
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    for step in STEPS:
        step(env)


def _types_stay_in_use(env):
    """Message types had no state. All of them are files of addons, approved by installing them."""
    types = env["hc.message.type"].with_context(active_test=False)
    types.search([("contract_text", "=", False), ("state", "=", "draft")])._sudo_set_state(
        {"state": "active"}
    )


STEPS = (_types_stay_in_use,)
