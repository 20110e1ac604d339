# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
{
    "name": "Healthcare Integration Gate",
    "summary": "Server-wide: answers 503 on /hc while the database is away, and never HTML",
    "version": "19.0.1.0.0",
    "category": "Healthcare",
    "author": "Healthcare Integration Suite contributors",
    "license": "LGPL-3",
    "depends": ["base"],
    "post_load": "post_load",
}
