# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = ["account.move.line", "hc.traced.mixin"]

    hc_charge_ids = fields.One2many("hc.charge", "move_line_id", "Charges", readonly=True)
    hc_charge_count = fields.Integer(
        "Charge count",
        compute="_compute_hc_charge_count",
        compute_sudo=False,
        groups="hc_billing_bridge.group_billing_user",
    )
    hc_service_day = fields.Date("Day of service", readonly=True, copy=False)
    hc_reversed_line_id = fields.Many2one(
        "account.move.line",
        "Takes back",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The invoice line that this credit takes back.",
    )

    def _compute_hc_charge_count(self):
        for line in self:
            line.hc_charge_count = len(line.hc_charge_ids)

    def _hc_traced(self):
        return self.hc_charge_ids

    def action_hc_charges(self):
        """Button: the charges behind the line."""
        return self._hc_open_charges()

    def _hc_open_charges(self):
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("hc_billing_bridge.action_hc_charge"),
            "domain": [("move_line_id", "in", self.ids)],
            "context": {},
        }

    def _sudo_hc_charges(self):
        """Whoever changes an invoice need not be one who decides about charges."""
        return self.sudo().hc_charge_ids

    def unlink(self):
        """A charge whose line is removed is open again, for a person to decide."""
        charges = self._sudo_hc_charges()
        result = super().unlink()
        charges._lose_line()
        return result
