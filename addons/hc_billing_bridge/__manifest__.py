# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
{
    "name": "Healthcare Billing Bridge",
    "summary": "Services and charges of clinical systems become invoices per payer and encounter",
    "version": "19.0.1.0.0",
    "category": "Healthcare",
    "author": "Healthcare Integration Suite contributors",
    "license": "LGPL-3",
    "depends": [
        "healthcare_integration_base",
        "account",
    ],
    "data": [
        "security/groups.xml",
    ],
    "assets": {
        "web.assets_tests": ["hc_billing_bridge/static/tests/tours/*.js"],
    },
    "demo": [],
}
