# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models


class HcDeviceAlarm(models.Model):
    """One technical alarm of a device, from its start to its end; written by messages only.

    Alarms about patients are never here, see ``hc.device.alarm.day``.
    """

    _name = "hc.device.alarm"
    _description = "Device Alarm"
    _inherit = ["hc.traced.mixin"]
    _order = "first_at desc, id desc"
    _rec_name = "code"
    _log_access = False

    equipment_id = fields.Many2one(
        "maintenance.equipment", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    request_id = fields.Many2one(
        "maintenance.request", readonly=True, index="btree_not_null", ondelete="set null"
    )
    code = fields.Char(required=True, readonly=True)
    code_text = fields.Char("Alarm", compute="_compute_code_text")
    number = fields.Char(required=True, readonly=True, help="The device's own number.")
    priority = fields.Selection(
        [("high", "High"), ("medium", "Medium"), ("low", "Low"), ("advisory", "Advisory")],
        readonly=True,
        help="The highest that was told.",
    )
    location = fields.Char("Place", readonly=True)
    problem = fields.Char("What staff say", readonly=True)
    first_at = fields.Datetime("Since", required=True, readonly=True)
    last_at = fields.Datetime("Last told", required=True, readonly=True)
    active_at = fields.Datetime("Last active", readonly=True)
    ended_at = fields.Datetime("Ended", readonly=True)
    is_over = fields.Boolean("Over", readonly=True)
    starts = fields.Integer(readonly=True)
    occurrences = fields.Integer("Times", readonly=True, help="How often it began.")
    message_total = fields.Integer("Messages", readonly=True)

    _number_idx = models.Index("(equipment_id, number, code)")
    _last_idx = models.Index("(equipment_id, last_at)")

    @api.depends("code")
    def _compute_code_text(self):
        for alarm in self:
            alarm.code_text = self.env["maintenance.request"]._hc_cause_label(alarm.code)

    def _hc_traced(self):
        return self
