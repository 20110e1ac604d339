# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models

from ..engine import pseudonyms as engine


class HcErasurePseudonym(models.AbstractModel):
    """Pseudonyms of one person that are linked since a key was replaced."""

    _name = "hc.erasure.pseudonym"
    _inherit = "hc.erasure.handler"
    _description = "Erasure of Links between Pseudonyms"

    @api.model
    def _related(self, pseudonyms):
        return engine.group_of(self.env, pseudonyms)

    @api.model
    def _find_subject(self, pseudonyms):
        count = len(self._links(pseudonyms))
        return [(self._label(), count, self.env._("Deleted"))] if count else []

    @api.model
    def _erase_subject(self, stand_ins):
        links = self._links(set(stand_ins))
        count = len(links)
        links.unlink()
        return {self._label(): count} if count else {}

    def _label(self):
        return self.env._("Links between pseudonyms")

    def _links(self, pseudonyms):
        names = list(pseudonyms)
        return self.env["hc.pseudonym.alias"].search(
            ["|", ("pseudonym", "in", names), ("known_as", "in", names)]
        )
