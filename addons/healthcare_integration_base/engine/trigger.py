# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Having scheduled actions run now, whatever the server's clock says."""

from datetime import timedelta

from odoo import fields

CLOCKS_APART = timedelta(hours=1)
"""How far the clock of a server may be ahead of the database's. Odoo writes the one into a
trigger and compares it with the other: what is due now would come as much too late."""


def trigger(crons):
    """Have these run as soon as the transaction is committed."""
    for cron in crons:
        cron._trigger(fields.Datetime.now() - CLOCKS_APART)
