# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
{
    "name": "Healthcare Integration: what it is measured against",
    "summary": "A bare controller, and one that creates a record; for benchmarks only",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "Healthcare Integration Suite contributors",
    "website": "https://github.com/OCA/healthcare-integration",
    "license": "LGPL-3",
    "depends": ["web"],
    "data": ["security/ir.model.access.csv"],
    "installable": True,
}
