# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..messaging.batch import columns
from ..messaging.batch.columns import Column


class HcSyncJobColumn(models.Model):
    """A column of a job's files, and the field of the contract that it stands for."""

    _name = "hc.sync.job.column"
    _description = "Column of a Scheduled File"
    _inherit = ["hc.governed.mixin"]
    _order = "sequence, id"

    job_id = fields.Many2one("hc.sync.job", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="job_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    name = fields.Char("Column", required=True, help="As the header of the file has it.")
    pointer = fields.Char(
        "Field",
        required=True,
        help="Of the contract, by its pointer: /item/value, /identifiers/0/value.",
    )
    default = fields.Char(help="Where the cell is empty.")
    required = fields.Boolean(help="A file without the column is refused.")

    _name_uniq = models.UniqueIndex("(job_id, name, pointer)", "The job has this column already.")

    @api.constrains("pointer")
    def _check_pointer(self):
        for one in self:
            if not columns.is_pointer(one.pointer):
                raise ValidationError(
                    self.env._("%s is no pointer such as /item/value.", one.pointer)
                )
            kind = one.job_id.message_type_id
            if kind and columns.pattern_of(one.pointer) not in kind._contract().targets:
                raise ValidationError(
                    self.env._(
                        "%(field)s is no field of %(type)s.", field=one.pointer, type=kind.name
                    )
                )

    def _governed_system(self):
        return self.job_id.system_id

    def _governed_contract(self):
        return self.job_id.message_type_id.name

    def _columns(self):
        return [
            Column(one.name, one.pointer, one.default or "", one.required) for one in self.sorted()
        ]
