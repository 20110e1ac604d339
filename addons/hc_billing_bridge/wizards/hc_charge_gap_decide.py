# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import UserError

from ..appointments.linking import MATCHABLE

DAYS_AROUND, DAYS_OF_ALL = 30, 1


class HcChargeGapDecide(models.TransientModel):
    """What a person decides about entries of the charge worklist."""

    _name = "hc.charge.gap.decide"
    _description = "Decide About Charges"

    gap_ids = fields.Many2many("hc.charge.gap", string="Entries", required=True, readonly=True)
    decision = fields.Selection(
        [("dismiss", "Nothing is due"), ("link", "Link")], required=True, readonly=True
    )
    is_about_charge = fields.Boolean(compute="_compute_candidates")
    note = fields.Char(string="Reason", help="Nothing that says who the patient is.")
    charge_id = fields.Many2one("hc.charge", domain="[('id', 'in', candidate_charge_ids)]")
    appointment_id = fields.Many2one(
        "hc.appointment", domain="[('id', 'in', candidate_appointment_ids)]"
    )
    any_patient = fields.Boolean(
        string="Of all patients",
        help="Offer what belongs to other patients too, of the days just before and after, where a "
        "system has sent a wrong number.",
    )
    candidate_charge_ids = fields.Many2many("hc.charge", compute="_compute_candidates")
    candidate_appointment_ids = fields.Many2many("hc.appointment", compute="_compute_candidates")

    @api.depends("gap_ids", "decision", "any_patient")
    def _compute_candidates(self):
        for wizard in self:
            gap = wizard.gap_ids[:1]
            wizard.is_about_charge = bool(gap.charge_id)
            wizard.candidate_charge_ids = wizard._candidates(gap.appointment_id, "hc.charge")
            wizard.candidate_appointment_ids = wizard._candidates(gap.charge_id, "hc.appointment")

    def _candidates(self, document, model):
        """What may belong to a document: of its company and patient, from some days around."""
        records = self.env[model]
        if self.decision != "link" or not document:
            return records
        is_charge = model == "hc.charge"
        moment = "occurred_at" if is_charge else "start"
        patient = "patient_id.hc_patient_ref" if is_charge else "patient_ref"
        gap, days = self.gap_ids[:1], DAYS_OF_ALL if self.any_patient else DAYS_AROUND
        domain = [
            ("company_id", "=", gap.company_id.id),
            (moment, ">=", fields.Datetime.subtract(gap.due_at, days=days)),
            (moment, "<=", fields.Datetime.add(gap.due_at, days=days)),
        ]
        if not self.any_patient:
            domain.append((patient, "=", gap.patient_ref))
        if not is_charge:
            return records.search([*domain, ("state", "in", MATCHABLE)])
        return records.search([*domain, ("action", "=", "charge")])._still_charged()

    def action_apply(self):
        """Button: carry out the decision."""
        self.ensure_one()
        if self.decision == "dismiss":
            self._apply_dismissal()
        else:
            self._apply_link()
        return {"type": "ir.actions.act_window_close"}

    def _apply_dismissal(self):
        if not (self.note or "").strip():
            raise UserError(self.env._("Say why nothing is due."))
        self.gap_ids._dismiss(self.note.strip())

    def _apply_link(self):
        gap = self.gap_ids
        gap.ensure_one()
        charge = gap.charge_id or self.charge_id
        appointment = gap.appointment_id or self.appointment_id
        if not (charge and appointment):
            raise UserError(self.env._("Choose what belongs to the entry."))
        gap._link(charge, appointment)
