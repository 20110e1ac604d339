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
    ],
    "data": [
        "security/groups.xml",
    ],
    "assets": {
        "web.assets_tests": ["hc_biomed_maintenance/static/tests/tours/*.js"],
    },
    "demo": [],
}
