# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models


class Base(models.AbstractModel):
    """Lists of the integration layer that somebody takes out of Odoo leave a trace."""

    _inherit = "base"

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        if _is_toplevel_call and self._name.startswith("hc."):
            self.env["hc.audit.event"]._append(
                [
                    {
                        "action": "data.exported",
                        "outcome": "done",
                        "object": self._name,
                        "company_id": self.env.company.id,
                        "count": len(self),
                        "fields": ["/".join(path) for path in fields],
                    }
                ]
            )
        return super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)
