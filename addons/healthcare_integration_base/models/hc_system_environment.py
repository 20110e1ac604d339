# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import ormcache

PARAMETER = "healthcare_integration.environment"
NEUTRALIZED = "database.is_neutralized"
WAITING = ("received", "queued", "retry", "unknown", "review", "dead")


class HcSystem(models.Model):
    """Production and test are never mixed: neither comes in from the other, nor goes out."""

    _inherit = "hc.system"

    @api.model
    def _sudo_database_environment(self):
        """What this database is: ``production``, ``test``, or nothing where nobody has said.
        A neutralized copy is for tests, whatever it was copied from. Who sends a message does
        not read parameters."""
        parameters = self.env["ir.config_parameter"].sudo()
        if parameters.get_param(NEUTRALIZED) in ("true", "True", "1", "t"):
            return "test"
        said = parameters.get_param(PARAMETER)
        return said if said in ("production", "test") else None

    def _is_foreign(self):
        """Whether the system is of another environment than this database. Odoo itself is at
        home everywhere."""
        self.ensure_one()
        here = self._sudo_database_environment()
        return bool(here and not self.is_internal and self.environment != here)

    @api.model
    @ormcache("system_id")
    def _has_outbound(self, system_id):
        """Whether anything was ever to be sent to the system."""
        return self._sudo_has_outbound(system_id)

    def _sudo_has_outbound(self, system_id):
        """Asked in the name of systems; archived channels have told something, too."""
        channels = self.env["hc.channel"].sudo().with_context(active_test=False)
        domain = [("system_id", "=", system_id), ("direction", "=", "out")]
        return bool(channels.search_count(domain, limit=1))

    def write(self, vals):
        if "environment" in vals:
            self._check_environment_left(vals["environment"])
        return super().write(vals)

    def _check_environment_left(self, environment):
        """What waits would become documents of the other environment."""
        changing = self.filtered(lambda system: system.environment != environment)
        waiting = [("system_id", "in", changing.ids), ("state", "in", WAITING)]
        if changing and self.env["hc.message"].sudo().search_count(waiting, limit=1):
            raise UserError(
                self.env._(
                    "Messages of the system still wait. Finish or cancel them, or make another "
                    "system for the other environment."
                )
            )
