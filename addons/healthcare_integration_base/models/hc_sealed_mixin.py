# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class HcSealedMixin(models.AbstractModel):
    """A model with columns that are sealed with the master key.

    Whoever seals a column names it here; then the rotation of the master key
    (:mod:`.hc_master_key`) finds it. A test looks for columns that nobody has named.
    """

    _name = "hc.sealed.mixin"
    _description = "With Sealed Columns"
    _sealed_columns: tuple[str, ...] = ()

    def _sealed_aad(self, column):
        """What binds a sealed value to its record and field.

        :param column: one of ``_sealed_columns``
        """
        raise NotImplementedError
