# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class HcDirtyKey(models.Model):
    _inherit = "hc.dirty.key"

    @api.model
    def _sudo_leave(self, kind, company, keys):
        """Leave follow-up work from a button, done soon after the commit.

        Sudo: follow-up work is the engine's to write.
        """
        if not keys:
            return
        now = self.env.cr.now()
        self.sudo().create(
            [
                {
                    "kind": kind,
                    "company_id": company.id,
                    "key": key,
                    "create_date": now,
                    "next_attempt_at": now,
                }
                for key in keys
            ]
        )
        self.env.cr.postcommit.add(self.sudo()._wake)
