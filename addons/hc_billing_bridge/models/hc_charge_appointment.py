# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcCharge(models.Model):
    _inherit = "hc.charge"

    appointment_id = fields.Many2one(
        "hc.appointment",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="Found by patient, service and day, or chosen by a person.",
    )
    appointment_by_hand = fields.Boolean(
        readonly=True, copy=False, help="A person has chosen the appointment; it stays."
    )
    gap_ids = fields.One2many("hc.charge.gap", "charge_id", readonly=True)

    _no_appointment_idx = models.Index(
        "(company_id, product_id, occurred_at) WHERE appointment_id IS NULL AND action = 'charge'"
    )

    def _still_charged(self):
        """Those that are charged, cancelled and wholly credited ones left out."""
        return self.filtered(
            lambda charge: (
                charge.action == "charge"
                and charge.state != "cancelled"
                and charge.credited_quantity < charge.quantity
            )
        )

    def _gap_reason(self):
        """What the charge worklist has to say about this charge, or nothing."""
        self.ensure_one()
        if not (self.product_id.hc_needs_appointment and self._still_charged()):
            return False
        if not self.appointment_id:
            return "no_appointment"
        return False if self.appointment_id.state == "fulfilled" else "not_fulfilled"

    def _gap_vals(self):
        """What an entry of the charge worklist shows of this charge."""
        return {
            "charge_id": self.id,
            "patient_ref": self.patient_id.hc_patient_ref,
            "due_at": self.occurred_at,
        }

    def _gap_services(self):
        """By id the name of the product."""
        return {charge.id: charge.product_id.name for charge in self}

    def action_open_appointment(self):
        """Button: the appointment; its own rights decide whether it opens."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "hc.appointment",
            "res_id": self.appointment_id.id,
            "view_mode": "form",
        }
