# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command, models

STOCK_USER = "stock.group_stock_user"


class HcSystem(models.Model):
    _inherit = "hc.system"

    def _handler_groups(self):
        """Groups that the handlers of a system's channels need."""
        names = self.channel_ids.message_type_ids.mapped("handler")
        handlers = [self.env[name] for name in names if name and name in self.env]
        return {group for handler in handlers for group in getattr(handler, "_groups", ())}

    def _sudo_grant_groups(self):
        """The user of a system that sends supplies posts stock, others do not; the
        integration manager who changes a channel has no right on users."""
        stock_user = self.env.ref(STOCK_USER)
        for system in self.sudo().exists():
            needed = STOCK_USER in system._handler_groups()
            if needed != (stock_user in system.user_id.group_ids):
                change = Command.link if needed else Command.unlink
                system.user_id.group_ids = [change(stock_user.id)]
