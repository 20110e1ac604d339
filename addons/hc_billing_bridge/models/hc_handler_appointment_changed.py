# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from ..appointments.book import Book
from ..billing.versions import Verdict


class HcHandlerAppointmentChanged(models.AbstractModel):
    """Keeps appointments as the scheduling system has them.

    Events may come late, twice and in any order. A service whose code is not mapped is no
    reason to hold an appointment: whether it is charged is asked later.
    """

    _name = "hc.handler.appointment.changed"
    _inherit = "hc.message.handler"
    _description = "Appointments Made, Moved, Kept or Cancelled"

    _groups = ("hc_billing_bridge.group_appointment_keeper",)
    _tolerates = {"/patient/mrn": ("drop",)}
    _owned_fields = {
        "status": ("state",),
        "start": ("start",),
        "end": ("end",),
        "services": ("services",),
        "resources": ("resources",),
        "patient": ("patient_ref",),
    }

    def _handle(self, items):
        book = Book(self.env, items)
        entries = book.enter(self._judged)
        book.save()
        for entry in entries:
            self._record(entry)

    def _judged(self, item, stated, is_first):
        """What an event may say of an appointment: of one that is known without the fields of
        others; nothing where the sender may not bring it about."""
        if is_first:
            return stated if self._may_make(item) else None
        return self._own(item, stated, True)

    def _plan(self, items):
        entries = {
            entry.item.message_id: entry for entry in Book(self.env, items).enter(self._judged)
        }
        return [self._plan_of(item, entries.get(item.message_id)) for item in items]

    def _record(self, entry):
        item, appointment = entry.item, entry.page.record
        if entry.verdict == Verdict.RESTATED:
            item.duplicate(entry.known_from)
            return
        if entry.verdict == Verdict.SUPERSEDED:
            item.effect("superseded", appointment._name, appointment.id)
            item.supersede(entry.known_from)
            return
        key = entry.page.business_key if entry.is_first else None
        item.effect("appointment", appointment._name, appointment.id, key)
        for patient in entry.page.patients:
            item.dirty("appointment_match", {"patient": patient})

    def _plan_of(self, item, entry):
        """Codes and names of Odoo's own records; nothing that the sender wrote."""
        if entry is None:
            return [_against(item)]
        if entry.verdict == Verdict.RESTATED:
            return [{"duplicate": True}]
        return [
            {
                "effect": "hc.appointment",
                "site": entry.page.site.display_name,
                "change": "create" if entry.is_first else entry.verdict.value,
                "state": entry.page.history.values["state"],
            }
        ]


def _against(item):
    """Why an event gets no further."""
    if item.error_code:
        return {"review" if item.state == "review" else "refused": item.error_code}
    return {"company": item.company_id}
