# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models

from odoo.addons.healthcare_integration_base.messaging.retention import short_of


class ResPartner(models.Model):
    """The account of a patient: who the patient is stands in clinical systems only."""

    _inherit = "res.partner"

    hc_patient_ref = fields.Char(
        "Patient pseudonym",
        readonly=True,
        copy=False,
        groups="hc_billing_bridge.group_billing_user,hc_billing_bridge.group_billing_system",
        help="Stands for the record number; it can be told only with the clinical system.",
    )
    hc_is_patient_account = fields.Boolean(
        "Patient account", readonly=True, copy=False, index="btree_not_null"
    )
    hc_charge_count = fields.Integer(
        "Charges",
        compute="_compute_hc_charge_count",
        compute_sudo=False,
        groups="hc_billing_bridge.group_billing_user",
    )

    _hc_patient_ref_uniq = models.UniqueIndex(
        "(company_id, hc_patient_ref) WHERE hc_patient_ref IS NOT NULL",
        "This patient has an account already.",
    )

    # In whatever company: asked where the key of patients was replaced.
    _hc_patient_ref_idx = models.Index("(hc_patient_ref) WHERE hc_patient_ref IS NOT NULL")

    def _compute_hc_charge_count(self):
        """Charges that are billed to the partner, or that are for the patient."""
        for partner in self:
            partner.hc_charge_count = self.env["hc.charge"].search_count(partner._hc_charges())

    def _hc_charges(self):
        return ["|", ("payer_id", "=", self.id), ("patient_id", "=", self.id)]

    def action_hc_charges(self):
        """Button: the charges of the payer or patient."""
        self.ensure_one()
        self.check_access("read")
        self.env["hc.charge"].check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("hc_billing_bridge.action_hc_charge"),
            "domain": self._hc_charges(),
            "context": {},
        }

    @api.model
    def _sudo_patient_accounts(self, pseudonyms):
        """Accounts of patients in the present company, made where they are missing.

        Sudo: the user of a system has no right on partners, and needs none beyond this.

        :return: dict of pseudonym to id
        """
        partners = self.sudo().with_context(tracking_disable=True, active_test=False)
        company = self.env.company
        known = partners.search_fetch(
            [("company_id", "=", company.id), ("hc_patient_ref", "in", list(pseudonyms))],
            ["hc_patient_ref"],
        )
        found = {partner.hc_patient_ref: partner.id for partner in known}
        missing = [one for one in dict.fromkeys(pseudonyms) if one not in found]
        made = partners.create([self._hc_account_vals(one, company) for one in missing])
        return found | {one: partner.id for one, partner in zip(missing, made, strict=True)}

    def _hc_account_vals(self, pseudonym, company):
        return {
            "name": self.env._("Patient account %s", short_of(pseudonym)),
            "company_id": company.id,
            "hc_patient_ref": pseudonym,
            "hc_is_patient_account": True,
        }
