# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class HcMappingPartMixin(models.AbstractModel):
    """Part of a channel's mapping: changed while that is a draft only, and whoever changes
    it is one of its authors."""

    _name = "hc.mapping.part.mixin"
    _description = "Part of a Channel Mapping"
    _inherit = ["hc.governed.mixin", "hc.wire.mixin"]

    def _governed_system(self):
        return self.mapping_id.system_id

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts.mapping_id._check_part_changed()
        return parts

    def write(self, vals):
        self.check_access("write")
        self.mapping_id._check_part_changed()
        result = super().write(vals)
        self.mapping_id._check_part_changed()
        return result

    def unlink(self):
        self.check_access("unlink")
        self.mapping_id._check_part_changed()
        return super().unlink()
