# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "hc.traced.mixin"]

    hc_invoice_key = fields.Char(
        "Charges of",
        readonly=True,
        copy=False,
        help="Visit or patient, payer and currency whose charges come into this invoice.",
    )
    hc_encounter = fields.Char("Visit", readonly=True, copy=False, help="Pseudonym of the visit.")
    hc_patient_id = fields.Many2one(
        "res.partner", "Patient account", readonly=True, copy=False, index="btree_not_null"
    )
    hc_charge_count = fields.Integer(
        "Charges",
        compute="_compute_hc_charge_count",
        compute_sudo=False,
        groups="hc_billing_bridge.group_billing_user",
    )

    _hc_invoice_key_idx = models.Index(
        "(hc_invoice_key) WHERE hc_invoice_key IS NOT NULL AND state = 'draft'"
    )

    def _compute_hc_charge_count(self):
        groups = self.env["hc.charge"]._read_group(
            [("move_line_id.move_id", "in", self.ids)], ["move_line_id"], ["__count"]
        )
        counts = dict.fromkeys(self.ids, 0)
        for line, count in groups:
            counts[line.move_id.id] += count
        for move in self:
            move.hc_charge_count = counts.get(move.id, 0)

    def _hc_traced(self):
        return self.invoice_line_ids.hc_charge_ids

    def action_hc_charges(self):
        """Button: the charges of the invoice."""
        return self.invoice_line_ids._hc_open_charges()

    def button_cancel(self):
        """What a cancelled invoice has billed is open again, for a person to decide."""
        result = super().button_cancel()
        self.invoice_line_ids._sudo_hc_charges()._lose_line()
        return result

    def button_draft(self):
        """A cancelled invoice that comes back bills what was not billed elsewhere since."""
        result = super().button_draft()
        self.invoice_line_ids._sudo_hc_charges()._find_line()
        return result
