# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from ..appointments.linking import link


class HcFollowupAppointmentMatch(models.AbstractModel):
    """Charges and appointments find each other, whichever of them came first."""

    _name = "hc.followup.appointment.match"
    _inherit = "hc.followup.handler"
    _description = "Appointments of Charges"

    _kind = "appointment_match"
    _writer = "billing"
    _chunk = 200

    def _process(self, keys):
        patients = {key["patient"] for key in keys if key.get("patient")}
        if patients:
            link(self.env, patients)
            self.env["hc.charge.gap"]._settle_patients(patients)
