# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models

from odoo.addons.healthcare_integration_base.messaging.retention import short_of

SHOWN = 8


class HcErasureBilling(models.AbstractModel):
    """A person in charges, appointments and patient accounts.

    Accounting documents have to be kept: amounts, services, days and numbers stay. What points
    at the person is replaced by a stand-in, the same one in all documents of the person or
    visit, so that what belongs together still does.
    """

    _name = "hc.erasure.billing"
    _inherit = "hc.erasure.handler"
    _description = "Erasure of a Person in Billing"

    @api.model
    def _related(self, pseudonyms):
        """Pseudonyms of visits whose charges are all of this person."""
        mine = [("patient_id.hc_patient_ref", "in", list(pseudonyms))]
        visits = self._mapped("hc.charge", mine, "encounter") | self._mapped(
            "account.move",
            [("hc_patient_id.hc_patient_ref", "in", list(pseudonyms))],
            "hc_encounter",
        )
        shared = self._mapped(
            "hc.charge",
            [
                ("encounter", "in", list(visits)),
                ("patient_id", "!=", False),
                ("patient_id.hc_patient_ref", "not in", list(pseudonyms)),
            ],
            "encounter",
        )
        return visits - shared

    @api.model
    def _find_subject(self, pseudonyms):
        kept = self.env._("Kept; the pseudonym is replaced")
        outcomes = {"res.partner": self.env._("Kept without pseudonym, renamed")}
        return [
            (label, len(records), outcomes.get(records._name, kept))
            for label, records in self._held(pseudonyms)
        ]

    @api.model
    def _erase_subject(self, stand_ins):
        held = self._held(set(stand_ins))
        for _label, records in held:
            for record in records:
                values = self._replaced(record, stand_ins)
                if values:
                    record.write(values)
        return {label: len(records) for label, records in held}

    def _held(self, pseudonyms):
        """Pairs of label and records, archived ones too, of the company at hand."""
        refs = list(pseudonyms)
        person = [("hc_patient_ref", "in", refs)]
        accounts = self._records("res.partner", person)
        return [
            (
                self.env._("Invoices and credit notes"),
                self._records(
                    "account.move",
                    ["|", ("hc_encounter", "in", refs), ("hc_patient_id", "in", accounts.ids)],
                ),
            ),
            (
                self.env._("Charges"),
                self._records(
                    "hc.charge",
                    ["|", ("encounter", "in", refs), ("patient_id", "in", accounts.ids)],
                ),
            ),
            (
                self.env._("Appointments"),
                self._records("hc.appointment", [("patient_ref", "in", refs)]),
            ),
            (
                self.env._("Entries of the charge worklist"),
                self._records("hc.charge.gap", [("patient_ref", "in", refs)]),
            ),
            (self.env._("Patient accounts"), accounts),
        ]

    def _records(self, model, domain):
        records = self.env[model].with_context(tracking_disable=True, active_test=False)
        return records.search([*domain, ("company_id", "=", self.env.company.id)])

    def _mapped(self, model, domain, field):
        return {value for value in self._records(model, domain).mapped(field) if value}

    def _replaced(self, record, stand_ins):
        """Values of a record that hold a pseudonym, or the part of one that people are shown."""
        parts = {short_of(old, SHOWN): new[-SHOWN:] for old, new in stand_ins.items()}
        values = {}
        for name in _TEXTS[record._name]:
            before = after = record[name] or ""
            for old, new in (*stand_ins.items(), *parts.items()):
                after = after.replace(old, new)
            if after != before:
                values[name] = after
        if record._name == "res.partner":
            values["name"] = self.env._("Erased patient %s", values["hc_patient_ref"][-SHOWN:])
        return values


_TEXTS = {
    "account.move": (
        "hc_encounter",
        "hc_invoice_key",
        "invoice_origin",
        "invoice_partner_display_name",
    ),
    "hc.charge": ("encounter",),
    "hc.appointment": ("patient_ref",),
    "hc.charge.gap": ("patient_ref",),
    "res.partner": ("hc_patient_ref",),
}
"""Where a pseudonym is, by model."""
