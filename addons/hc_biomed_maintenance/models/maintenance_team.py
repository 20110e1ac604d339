# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class MaintenanceTeam(models.Model):
    _inherit = "maintenance.team"

    hc_calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working time",
        domain="[('company_id', 'in', (False, company_id))]",
        help="Deadlines count its hours. Empty: the working time of the company.",
    )
    hc_escalation_user_id = fields.Many2one(
        "res.users",
        string="Escalate to",
        domain="[('share', '=', False)]",
        help="Is told when nobody acknowledges an alarm in time, unless the triage rule names "
        "somebody else.",
    )
