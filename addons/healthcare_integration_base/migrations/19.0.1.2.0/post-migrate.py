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


def _pseudonym_keys(env):
    """What is pseudonymized already is pseudonymized with version 1 of its key."""
    env["hc.pseudonym.key"]._sudo_ensure(
        env["hc.message.type"].with_context(active_test=False).search([])
    )


STEPS = (_pseudonym_keys,)
