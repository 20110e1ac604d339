# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcDelivery(models.Model):
    """What is being sent at this moment, and, after a kill, what was (ADR 0014).

    Written and committed before the first byte leaves; gone with the transaction that
    records the outcome. Whoever finds one without its sender knows only that it may have
    arrived.
    """

    _name = "hc.delivery"
    _description = "Message on its Way"
    _log_access = False

    message_id = fields.Many2one("hc.message", required=True, readonly=True, ondelete="cascade")
    endpoint_id = fields.Many2one(
        "hc.endpoint", required=True, readonly=True, ondelete="cascade", index=True
    )
    purpose = fields.Selection(
        [("send", "Sent"), ("ask", "Asked for")], required=True, readonly=True, default="send"
    )
    is_probe = fields.Boolean("Probe", readonly=True)
    started_at = fields.Datetime("Started", readonly=True)

    _message_uniq = models.UniqueIndex("(message_id)")
