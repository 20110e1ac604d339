# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import (
    hc_identifier,
    hc_triage_rule,
    maintenance_team,
    maintenance_equipment,
    maintenance_request,
    hc_device_alarm,
    hc_device_alarm_day,
    hc_handler_device_alarmed,
    hc_handler_equipment_upserted,
)
