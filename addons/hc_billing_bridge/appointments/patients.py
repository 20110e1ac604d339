# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""How a pseudonym is shown."""

from odoo.addons.healthcare_integration_base.messaging.retention import short_of


def short(env, pseudonym):
    """Enough of a pseudonym to tell two patients of a day apart; nothing where none is known."""
    if not pseudonym:
        return False
    return env._("Patient %s", short_of(pseudonym))
