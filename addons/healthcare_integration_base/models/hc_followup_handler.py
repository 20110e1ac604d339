# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class HcFollowupHandler(models.AbstractModel):
    """Work that is due once after many messages, such as replenishment.

    Handlers leave dirty keys (``item.dirty(kind, key)``) in the transaction of their
    batch; the serial follow-up step gives all keys of one kind and company to the
    subclass whose ``_kind`` it is, in chunks, each in a transaction of its own.
    """

    _name = "hc.followup.handler"
    _description = "Follow-up Handler"

    _kind = None
    _writer = None
    """As in ``hc.message.handler``: held while a chunk runs."""
    _chunk = 20

    def _process(self, keys):
        """Do the work for ``keys``, dicts as they were left; the company is the
        environment's."""
        raise TypeError(f"{self._name} does not say what is to be done")
