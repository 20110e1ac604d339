# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models

PATIENT = "patient"


class HcPseudonymFinder(models.AbstractModel):
    """Where an addon finds records by pseudonyms.

    A domain addon inherits it once, under a name of its own. It says by the pseudonyms of which
    domains it finds records, so that these are found as well after the key of the domain was
    replaced, and what people may look for by typing a record number.
    """

    _name = "hc.pseudonym.finder"
    _description = "Finding Records by Pseudonym"

    @api.model
    def _domains(self):
        """Domains by whose pseudonyms records are found, such as ``patient``."""
        return frozenset()

    @api.model
    def _in_use(self, domain, pseudonyms):
        """Those of the pseudonyms that something is known by; asked by the engine at the door,
        so by an index.

        :param pseudonyms: set of texts
        :return: set of texts
        """
        return set()

    @api.model
    def _count_version(self, domain, version):
        """How many records are known by pseudonyms of this version that no newer one leads to.

        :return: a list of ``(label, count)``
        """
        return []

    @api.model
    def _places(self):
        """What the user may look for by a record number: a list of ``(key, label)``."""
        return []

    @api.model
    def _open(self, key, pseudonyms):
        """The list of what is found, with the rights of the user.

        :param key: one of :meth:`_places`
        :return: ``(action, count)``
        """
        raise NotImplementedError

    @api.model
    def _finders(self):
        """Those of all installed addons."""
        names = self.env.registry.descendants([self._name], "_inherit")
        return [self.env[name] for name in sorted(names) if name != self._name]
