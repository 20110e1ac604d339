# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcBenchMessage(models.Model):
    """The least that anybody keeps of a message: who, which, what."""

    _name = "hc.bench.message"
    _description = "Message of a Benchmark"

    name = fields.Char(required=True, index=True)
    source = fields.Char()
    payload = fields.Json()
