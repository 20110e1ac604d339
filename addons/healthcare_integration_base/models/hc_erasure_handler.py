# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models


class HcErasureHandler(models.AbstractModel):
    """Where an addon keeps pseudonyms of persons outside of the ledger.

    A domain addon inherits it once, under a name of its own. All of it runs with the rights
    of the system, in the company of the erasure.
    """

    _name = "hc.erasure.handler"
    _description = "Erasure of a Person in Documents"

    @api.model
    def _related(self, pseudonyms):
        """Further pseudonyms that belong to the same person alone, such as those of visits.

        :param pseudonyms: set of texts
        :return: set of texts
        """
        return set()

    @api.model
    def _find_subject(self, pseudonyms):
        """What holds the person: a list of ``(label, count, what becomes of it)``."""
        return []

    @api.model
    def _erase_subject(self, stand_ins):
        """Put a stand-in, which nothing leads back from, where a pseudonym is.

        :param stand_ins: dict of pseudonym to what replaces it
        :return: dict of the labels of :meth:`_find_subject` to the number of records changed
        """
        return {}

    @api.model
    def _handlers(self):
        """Those of all installed addons."""
        names = self.env.registry.descendants([self._name], "_inherit")
        return [self.env[name] for name in sorted(names) if name != self._name]
