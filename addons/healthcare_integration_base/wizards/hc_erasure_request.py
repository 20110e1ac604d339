# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine import pseudonyms
from ..messaging.retention import is_pseudonym

DECIDERS = (
    "healthcare_integration_base.group_integration_manager,"
    "healthcare_integration_base.group_privacy_officer"
)
NEVER_STORED = ("number", "authority", "also")


class HcErasureRequest(models.TransientModel):
    """Asks for the erasure of one person, by pseudonym or by record number.

    A record number is turned into its pseudonym within the request that brings it: its field
    has no column.
    """

    _name = "hc.erasure.request"
    _description = "Request an Erasure"

    pseudonym = fields.Char(help="As the content of a message shows it: hcp1_ and 32 characters.")
    number = fields.Char("Record number", store=False, help="Never stored.")
    authority = fields.Char(
        "Assigning authority", store=False, help="As the sender gives it with the number, if any."
    )
    also = fields.Json(help="What other versions of the key call the same person.")
    reason = fields.Text(help="Why, and on whose request. No name of a person.")
    reference = fields.Char(help="Number of the request.")

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._without_number(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._without_number(vals))

    @api.model
    def _without_number(self, vals):
        """The pseudonym in the place of a number."""
        kept = {name: value for name, value in vals.items() if name not in NEVER_STORED}
        number = (vals.get("number") or "").strip()
        if number:
            scope = (vals.get("authority") or "").strip()
            names = self.env["hc.keyring"]._ring().pseudonyms("patient", number, scope)
            known = pseudonyms.canonical(self.env, "patient", names)
            kept["pseudonym"] = known
            kept["also"] = [one for one in names if one != known]
        return kept

    def _others(self, pseudonym):
        """Further pseudonyms of the person: of the number that was typed, or linked ones."""
        linked = pseudonyms.group_of(self.env, [pseudonym, *(self.also or [])])
        return sorted(linked - {pseudonym})

    def action_search(self):
        """Button: look for what holds the person. Nothing is erased yet."""
        self.ensure_one()
        self.check_access("write")
        if not self.env.user.has_groups(DECIDERS):
            raise AccessError(
                self.env._("Only integration managers and privacy officers may do this.")
            )
        pseudonym = (self.pseudonym or "").strip()
        if not is_pseudonym(pseudonym):
            raise UserError(
                self.env._(
                    "Give the record number, or the pseudonym as the content of a message shows"
                    " it: hcp1_ and 32 characters."
                )
            )
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why, and on whose request."))
        erasure = self.env["hc.erasure"]._sudo_request(
            pseudonym, self.reason, self.reference, self._others(pseudonym)
        )
        self.unlink()
        return {
            "type": "ir.actions.act_window",
            "res_model": "hc.erasure",
            "res_id": erasure.id,
            "view_mode": "form",
        }
