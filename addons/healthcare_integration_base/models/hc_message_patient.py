# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class HcMessage(models.Model):
    """Messages by the pseudonym of their patient."""

    _inherit = "hc.message"

    patient_ref = fields.Char(
        "Patient pseudonym",
        compute="_compute_patient_ref",
        search="_search_patient_ref",
        groups="healthcare_integration_base.group_integration_operator",
        help="Stands for the record number; who it is can be told in the clinical system only.",
    )

    # Only messages about patients; the contracts of the suite name them all in this place.
    _patient_idx = models.Index(
        "((payload #>> '{patient,mrn}')) WHERE (payload #>> '{patient,mrn}') IS NOT NULL"
    )

    @api.depends("payload")
    def _compute_patient_ref(self):
        for message in self:
            patient = (message.payload or {}).get("patient")
            message.patient_ref = patient.get("mrn") if isinstance(patient, dict) else False

    @api.model
    def _search_patient_ref(self, operator, value):
        """What the messages say themselves: whoever searches for a person names all of the
        person's pseudonyms (``hc.patient.search``)."""
        if operator != "in":
            return NotImplemented
        names = [one for one in value if isinstance(one, str)]
        return Domain(
            "id",
            "in",
            SQL("SELECT id FROM hc_message WHERE (payload #>> '{patient,mrn}') = ANY(%s)", names),
        )
