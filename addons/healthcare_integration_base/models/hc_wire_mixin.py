# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class HcWireMixin(models.AbstractModel):
    """A model whose records decide what the web door answers.

    The door works from one cached value (:meth:`hc.system._wire_config`); whatever is
    part of it forgets that value, in every process, when it changes.
    """

    _name = "hc.wire.mixin"
    _description = "Part of the Wire Configuration"

    def _wire_silent_fields(self):
        """Fields that are written often and that the door does not look at."""
        return frozenset()

    def _forget_wire_config(self):
        """At once for this transaction, and again after it: another thread may have filled
        the cache meanwhile with what was true before."""
        self.env.registry.clear_cache()
        self.env.cr.postcommit.add(self.env.registry.clear_cache)

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self._forget_wire_config()
        return records

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() - self._wire_silent_fields():
            self._forget_wire_config()
        return result

    def unlink(self):
        result = super().unlink()
        self._forget_wire_config()
        return result
