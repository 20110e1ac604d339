# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class HcExpiringMixin(models.AbstractModel):
    """A model whose records, or what they hold, end at some time that somebody has to know of.

    The list of what expires (``hc.expiry``) follows each change of a record.
    """

    _name = "hc.expiring.mixin"
    _description = "Expires"

    def _expiry_fields(self):
        """Stored fields that decide what :meth:`_expiries` says."""
        return frozenset()

    def _expiries(self):
        """What of this record ends, and when: ``(kind, label, moment, system)`` each.

        :return: kinds are those of ``hc.expiry.kind``, each once; a system or None
        """
        return []

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env["hc.expiry"]._sudo_follow(records)
        return records

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & self._expiry_fields():
            self.env["hc.expiry"]._sudo_follow(self)
        return result

    def unlink(self):
        model, ids = self._name, self.ids
        result = super().unlink()
        self.env["hc.expiry"]._sudo_drop(model, ids)
        return result
