# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcDeviceAlarmDay(models.Model):
    """How many alarms about patients a device has raised on a day; nothing else of them."""

    _name = "hc.device.alarm.day"
    _description = "Patient Alarms of a Day"
    _order = "day desc, equipment_id"
    _rec_name = "day"
    _log_access = False

    equipment_id = fields.Many2one(
        "maintenance.equipment", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    day = fields.Date(required=True, readonly=True)
    count = fields.Integer("Alarms", required=True, readonly=True, default=0)

    _day_once = models.UniqueIndex("(equipment_id, day)")
