# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models
from odoo.exceptions import AccessError, UserError

from ..engine import pseudonyms
from .hc_pseudonym_finder import PATIENT

MAX_NUMBER = 128


class HcPatientSearch(models.AbstractModel):
    """Finds what is here about a patient whose record number somebody types.

    The number is turned into its pseudonyms within the request that brings it. It has no field,
    is in no address and no log; the trail has a digest of the pseudonym, and the count.
    """

    _name = "hc.patient.search"
    _description = "Find by Patient"

    def places(self):
        """What this user may look for: ``[key, label]`` each.

        :raise AccessError: nothing
        """
        found = [place for finder in self._finders() for place in finder._places()]
        if not found:
            raise AccessError(self.env._("You may not look for patients."))
        return found

    def find(self, place=None, number=None, authority=None):
        """The list of what is found, as an action for the web client.

        :param place: a key of :meth:`places`
        :param number: the record number, as the clinical system has it
        :param authority: who assigned it, where senders tell
        """
        by_key = {key: finder for finder in self._finders() for key, _label in finder._places()}
        if place not in by_key:
            raise AccessError(self.env._("You may not look for patients here."))
        number, authority = self._typed(number), self._typed(authority)
        if not number:
            raise UserError(self.env._("Type the record number of the patient."))
        names = self.env["hc.keyring"]._ring().pseudonyms(PATIENT, number, authority)
        everyone = pseudonyms.group_of(self.env, names)
        action, count = by_key[place]._open(place, everyone)
        self._trace(place, names, count)
        return {**action, "target": "current"}

    def _typed(self, text):
        """:raise UserError: nothing that a person types; it is not repeated in the answer"""
        if text is not None and not isinstance(text, str):
            raise UserError(self.env._("A record number is a text."))
        text = (text or "").strip()
        if len(text) > MAX_NUMBER:
            raise UserError(self.env._("A record number is shorter."))
        return text

    def _finders(self):
        return self.env["hc.pseudonym.finder"]._finders()

    def _trace(self, place, names, count):
        known = pseudonyms.canonical(self.env, PATIENT, names)
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "patient.search",
                    "outcome": "found" if count else "nothing",
                    "object": place,
                    "user_id": self.env.uid,
                    "company_id": self.env.company.id,
                    "digest": pseudonyms.subject_digest(self.env, known),
                    "count": count,
                }
            ]
        )
