# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class HcRestoreSource(models.AbstractModel):
    """A model that reads from other systems and remembers how far it has read.

    Mix it in, and a restore rewinds it: what was read after the moment is read again, and
    what is known already is recognized.
    """

    _name = "hc.restore.source"
    _description = "Source That Can Be Read Again"

    def _rewind(self, moment):
        """Read again from ``moment`` (naive UTC) on, at the latest.

        :return: list of ``(channel, text, whole)``: of which channel it is, from where it
            reads now, for people, and whether that is all or somebody has to do something
        """
        return []
