# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Governance came with this version. What was in use before it stays in use."""

from odoo import SUPERUSER_ID, Command, api


def migrate(cr, version):
    """Odoo's entry, after the addon's models and data are up to date."""
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    for step in STEPS:
        step(env)


def types_stay_in_use(env):
    """Message types had no state. All of them are files of addons, approved by installing them."""
    types = env["hc.message.type"].with_context(active_test=False)
    types.search([("contract_text", "=", False), ("state", "=", "draft")])._sudo_set_state(
        {"state": "active"}
    )


def pseudonym_keys(env):
    """What is pseudonymized already is pseudonymized with version 1 of its key."""
    env["hc.pseudonym.key"]._sudo_ensure(
        env["hc.message.type"].with_context(active_test=False).search([])
    )


def see_both_segments(env):
    """Who saw both segments before goes on to; new databases have it from their data."""
    base = "healthcare_integration_base"
    segments = [env.ref(f"{base}.group_segment_{name}") for name in ("clinical", "enterprise")]
    env.ref(f"{base}.group_integration_viewer").implied_ids = [
        Command.link(group.id) for group in segments
    ]


STEPS = (types_stay_in_use, see_both_segments, pseudonym_keys)
