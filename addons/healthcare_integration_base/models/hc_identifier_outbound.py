# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class HcIdentifier(models.Model):
    """What to call an Odoo record when speaking to a system."""

    _inherit = "hc.identifier"

    @api.model
    def _sudo_codes_of(self, system, namespace, records):
        """The system's own codes of records; who confirms an order has no right on codes.

        :return: record id -> ``{"system", "value"}``, of those that are mapped
        """
        found = self.sudo().search(
            [
                ("system_id", "=", system.id),
                ("namespace", "=", namespace),
                ("res_model", "=", records._name),
                ("res_id", "in", records.ids),
                ("company_id", "in", [False, self.env.company.id]),
            ],
            order="id desc",
        )
        return {one.res_id: {"system": one.code_system, "value": one.value} for one in found}
