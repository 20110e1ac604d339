# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields, models


class HcPseudonymAlias(models.Model):
    """What somebody or something is known by that has a new pseudonym since its key was replaced.

    Written by the engine when the first message brings the new pseudonym
    (:mod:`..engine.pseudonyms`). One that is known by itself has its row as well: it is settled.
    """

    _name = "hc.pseudonym.alias"
    _description = "Pseudonym and What It Is Known By"
    _log_access = False
    _rec_name = "pseudonym"

    create_date = fields.Datetime(readonly=True)
    domain = fields.Char(required=True, readonly=True)
    pseudonym = fields.Char(required=True, readonly=True)
    known_as = fields.Char(required=True, readonly=True)

    _pseudonym_uniq = models.UniqueIndex("(pseudonym)")
    _known_as_idx = models.Index("(known_as)")
