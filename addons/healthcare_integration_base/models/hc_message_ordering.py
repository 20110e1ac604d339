# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.ordering import BLOCKED


class HcMessage(models.Model):
    """Which message another one waits behind, because both have one ordering key."""

    _inherit = "hc.message"

    blocked_by_id = fields.Many2one(
        "hc.message",
        string="Waits behind",
        compute="_compute_blocked_by_id",
        search="_search_blocked_by_id",
        help="The earliest message of the same ordering key that is in review or waits for its "
        "next try. As long as it does, this one is not handled.",
    )
    blocked_by_state = fields.Selection(related="blocked_by_id.state", string="State of that one")

    def _compute_blocked_by_id(self):
        query = SQL("%s AND m.id = ANY(%s)", self._blocked(), list(self.ids))
        blockers = dict(self.env.execute_query(query))
        for message in self:
            message.blocked_by_id = blockers.get(message.id)

    def _search_blocked_by_id(self, operator, value):
        """Messages that wait behind one of these; for false those that wait behind none."""
        if operator in ("any", "any!"):
            found = value
            if isinstance(value, Domain):
                found = self._search(value, bypass_access=operator == "any!")
            return self._behind(found.subselect())
        if operator != "in":
            return NotImplemented
        ids = [one for one in value if one]
        behind = self._behind(SQL("%s", tuple(ids))) if ids else Domain.FALSE
        return behind | ~self._behind() if len(ids) < len(value) else behind

    def _behind(self, blockers=None):
        """:param blockers: SQL of ids, none for any."""
        query = SQL("SELECT id FROM (%s) waiting", self._blocked())
        if blockers is not None:
            query = SQL("%s WHERE blocker_id IN %s", query, blockers)
        return Domain("id", "in", SQL("(%s)", query))

    def _blocked(self):
        return SQL(BLOCKED, to_flush=self.env["hc.channel"]._fields["ordering_policy"])

    def action_open_blocker(self):
        """Button: the message that this one waits behind."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.blocked_by_id.id,
            "view_mode": "form",
        }
