# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
{
    "name": "Healthcare Integration: handlers that fail",
    "summary": "A message type whose messages say how their handler ends; for fault tests only",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "Healthcare Integration Suite contributors",
    "website": "https://github.com/OCA/healthcare-integration",
    "license": "LGPL-3",
    "depends": ["healthcare_integration_base"],
    "data": [
        "security/groups.xml",
        "security/ir.model.access.csv",
        "data/hc_message_type.xml",
    ],
    "installable": True,
}
