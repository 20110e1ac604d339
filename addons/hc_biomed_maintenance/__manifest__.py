# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
{
    "name": "Healthcare Biomed Maintenance",
    "summary": "Equipment and alarms of medical devices become maintenance work",
    "version": "19.0.1.0.0",
    "category": "Healthcare",
    "author": "Healthcare Integration Suite contributors",
    "license": "LGPL-3",
    "depends": [
        "healthcare_integration_base",
        "maintenance",
        "resource",
    ],
    "data": [
        "security/groups.xml",
        "security/ir.model.access.csv",
        "security/record_rules.xml",
        "data/mail_activity_type.xml",
        "data/hc_data_domain.xml",
        "data/hc_message_type.xml",
        "data/hc_triage_rule.xml",
        "data/ir_cron.xml",
        "views/hc_device_alarm_views.xml",
        "views/hc_triage_rule_views.xml",
        "views/maintenance_equipment_views.xml",
        "views/maintenance_request_views.xml",
        "views/maintenance_team_views.xml",
        "wizards/hc_device_report_views.xml",
        "views/menus.xml",
    ],
    "demo": [
        "demo/maintenance_equipment.xml",
        "demo/hc_systems.xml",
        "demo/maintenance_request.xml",
    ],
    "assets": {
        "web.assets_tests": ["hc_biomed_maintenance/static/tests/tours/*.js"],
    },
}
