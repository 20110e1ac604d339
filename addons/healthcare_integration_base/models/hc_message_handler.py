# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class HcMessageHandler(models.AbstractModel):
    """Turns messages of one type into Odoo documents.

    A handler is a class that inherits this one, named by a message type. It runs as the
    system's own user, in the company of the batch, in one transaction with the state
    change of its messages. It resolves and posts for all items together, tells each
    item's outcome by the item's methods, and lets exceptions out: the engine sets the
    message apart that raises them.
    """

    _name = "hc.message.handler"
    _description = "Message Handler"

    _writer = None
    """Name of what the handler writes that only one may write per company, e.g. ``stock``."""

    _groups = ()
    """External ids of the groups that the handler's documents need, as few as possible. The
    users of systems whose channels take its messages get them, and lose them afterwards."""

    _tolerates = {}
    """Own rules of a channel that the handler can live with, ``{pointer: (rule, …)}``, where
    they are others than usual: none for an operational field, all that fit for others. What it
    compares or books at face value must not be listed with a rule that makes different values
    alike."""

    _owned_fields = {}
    """Of an upsert: member of the data -> fields of the record that it fills. The ownership
    matrix may give these members to another system each."""

    @api.model
    def _sudo_groups_of(self, names=None):
        """Groups that the handlers of these technical names ask for.

        :param names: the handlers; none for all there are
        """
        names = self.env.registry.descendants([self._name], "_inherit") if names is None else names
        handlers = [self.env[name] for name in names if name and name in self.env]
        wanted = {group for handler in handlers for group in getattr(handler, "_groups", ())}
        groups = self.env["res.groups"].sudo()
        for xmlid in sorted(wanted):
            # A handler's addon depends on the addon of its groups, or there are none.
            groups |= self.env.ref(xmlid, raise_if_not_found=False) or groups
        return groups

    def _handle(self, items):
        """Give each :class:`~..engine.item.Item` of ``items`` its effect.

        All are of one message type, system and company, in the order of their arrival.
        """
        raise TypeError(f"{self._name} does not say how its messages are handled")

    def _own(self, item, values, record):
        """Values that the message may give to a record: those of fields that belong to others
        stay as they are. A record that is new has to begin with something."""
        if not (record and item.withheld):
            return values
        held = {name for one in item.withheld for name in self._owned_fields.get(one, ())}
        return {name: value for name, value in values.items() if name not in held}

    @staticmethod
    def _may_make(item):
        """Whether the sender may bring about a record that is not there; tells the item if
        not. A handler of upserts asks before it creates."""
        if item.on_new:
            item.disown(item.on_new)
        return not item.on_new

    def _plan(self, items):
        """What :meth:`_handle` would do, without writing anything.

        :return: per item a list of dicts, ``{"effect": model, …}`` or ``{"review": code}``.
        """
        raise TypeError(f"{self._name} does not say what it plans")
