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
        "security/ir.model.access.csv",
        "security/record_rules.xml",
        "data/hc_message_type.xml",
        "views/hc_charge_views.xml",
        "views/account_move_views.xml",
        "views/account_move_line_views.xml",
        "views/res_partner_views.xml",
        "wizards/hc_charge_cancel_views.xml",
        "views/menus.xml",
    ],
    "assets": {
        "web.assets_tests": ["hc_billing_bridge/static/tests/tours/*.js"],
    },
    "demo": [
        "demo/billing.xml",
    ],
}
