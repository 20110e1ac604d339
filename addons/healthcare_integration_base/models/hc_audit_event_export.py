# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models
from odoo.exceptions import UserError

from ..messaging.audit_export import COLUMNS

NAMED = (("user_id", "user"), ("system_id", "system"), ("company_id", "company"))


class HcAuditEvent(models.Model):
    """Events as files have them."""

    _inherit = "hc.audit.event"

    def _export_values(self):
        """One dict for each event, of the form of :mod:`messaging.audit_export`."""
        plain = [name for name in COLUMNS if name in self._fields]
        names = self._sudo_export_names()
        for event in self:
            values = {name: event[name] or None for name in plain}
            values["before"] = event.before_digest or None
            values["after"] = event.after_digest or None
            values["recorded_at"] = f"{event.recorded_at.isoformat(timespec='microseconds')}Z"
            for name, title in NAMED:
                values[name] = event[name].id or None
                values[title] = names.get(event[name])
            yield values

    def _sudo_export_names(self):
        """Names of users, systems and companies, also of those that are archived; what an
        event may be seen of, its names may be seen of."""
        events = self.sudo()
        found = (*events.user_id.exists(), *events.system_id.exists(), *events.company_id.exists())
        return {record: record.name for record in found}

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        """A list that is simply exported names no reason."""
        raise UserError(
            self.env._(
                "The audit trail is exported by auditors under Audit / Export, with a reason."
            )
        )
