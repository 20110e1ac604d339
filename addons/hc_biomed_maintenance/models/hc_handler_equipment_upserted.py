# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import models

from odoo.addons.healthcare_integration_base.engine.item import Fix

from ..work.alarms import SILENT
from ..work.devices import Devices, pair
from ..work.register import TEXTS, Register, digest


class HcHandlerEquipmentUpserted(models.AbstractModel):
    """The equipment register of another system: the newest message about a device holds.

    A device is recognised by its code, else by its UDI, else by its serial number with
    model and manufacturer; only then it is a new one.
    """

    _name = "hc.handler.equipment.upserted"
    _inherit = "hc.message.handler"
    _description = "Equipment Register"

    _writer = "biomed"
    _groups = ("hc_biomed_maintenance.group_biomed_system",)
    # Devices are told apart by their numbers, and a label is taken to pieces.
    _tolerates = {
        "/serial": ("pseudonymize", "drop"),
        "/udi": ("drop",),
        "/software": ("drop",),
        "/acquired_on": ("drop",),
    }
    _owned_fields = {
        **{name: (field,) for name, field in TEXTS.items()},
        "serial": ("serial_no",),
        "acquired_on": ("effective_date",),
        "facility": ("hc_site_id",),
    }

    def _handle(self, items):
        devices, register = Devices(self.env, items), Register(self.env, items)
        coded = {}
        for item in items:
            if not self._is_here(item, register):
                continue
            code = pair(item.data["equipment"])
            record = coded.get(code) or self._find(item, devices, register)
            if item.state != "done":
                continue
            if record or self._may_make(item):
                coded[code] = self._upsert(item, record, register)
        self._map(items[0].system_id, coded, devices)

    def _plan(self, items):
        devices, register = Devices(self.env, items), Register(self.env, items)
        return [[self._plan_of(item, devices, register)] for item in items]

    def _plan_of(self, item, devices, register):
        record = self._is_here(item, register) and self._find(item, devices, register)
        if item.state == "done" and not record:
            self._may_make(item)
        if item.error_code:
            return {"review" if item.state == "review" else "refused": item.error_code}
        if item.state == "received":
            return {"company": item.company_id}
        return {"effect": "maintenance.equipment", "action": "update" if record else "create"}

    @staticmethod
    def _is_here(item, register):
        """Whether it can be handled in this company; the item has been told if not."""
        if not item.data.get("equipment"):
            item.review("incomplete", detail="/equipment", fix=Fix("channel"))
            return False
        company = register.site(item).company_id.id
        if company and company != item.company_id:
            item.move_to_company(company)
            return False
        return True

    def _find(self, item, devices, register):
        """The equipment that is meant, or nothing when it is new or has to be cleared up."""
        if devices.id_of(item) in devices.companies:
            return self._known(item, devices, register)
        same = register.same(item)
        if len(same) > 1:
            return self._ambiguous(item)
        return next(iter(same), None)

    @staticmethod
    def _ambiguous(item):
        system, value = pair(item.data["equipment"])
        fix = Fix("identifier", "equipment", system, value)
        item.review("equipment_ambiguous", subject=f"{system}|{value}", fix=fix)

    def _known(self, item, devices, register):
        """The one that the code stands for. Where its site is one of another company, the
        device has changed hands: that is not a message's to decide."""
        if devices.is_elsewhere(item) and register.site(item):
            system, value = pair(item.data["equipment"])
            item.review("equipment_elsewhere", subject=f"{system}|{value}")
            return None
        record = devices.of(item)
        if record and register.is_taken(item, record):
            return self._ambiguous(item)
        return record

    # ----------------------------------------------------------------- effects

    def _upsert(self, item, record, register):
        values = self._own(item, register.values(item), record)
        content = digest(values)
        if record and record.hc_digest == content:
            self._restated(item, record, register)
        elif record and self._is_older(item, record):
            item.effect("superseded", record._name, record.id)
            item.supersede(self._told_by(record, register))
        elif record:
            self._write(item, record, values, content, register)
        else:
            record = self._create(item, values, content, register)
        return record

    @staticmethod
    def _is_older(item, record):
        return bool(item.event_time and record.hc_told_at and item.event_time < record.hc_told_at)

    def _restated(self, item, record, register):
        """Nothing has changed since the message that made it what it is."""
        item.duplicate(self._told_by(record, register))

    def _told_by(self, record, register):
        """The message that made it what it is."""
        key = self._key(record)
        told_by = register.told.get(key)
        if told_by is None:
            told_by, _digest = self.env["hc.effect"]._known([key]).get(key, (None, None))
        return told_by

    @staticmethod
    def _key(record):
        return f"equipment.upserted|{record.id}|{record.hc_revision}"

    def _write(self, item, record, values, content, register):
        record.with_context(**SILENT).write(
            {
                **values,
                "hc_digest": content,
                "hc_revision": record.hc_revision + 1,
                "hc_told_at": item.event_time or record.hc_told_at,
            }
        )
        self._effect(item, record, content, register)

    def _effect(self, item, record, content, register):
        key = self._key(record)
        register.told[key] = item.message_id
        item.effect("equipment", record._name, record.id, key, content)

    def _create(self, item, values, content, register):
        record = self.env["maintenance.equipment"].with_context(**SILENT)
        record = record.create(
            {
                "name": register.name(item),
                "company_id": self.env.company.id,
                "owner_user_id": False,
                **values,
                "hc_digest": content,
                "hc_revision": 1,
                "hc_told_at": item.event_time,
            }
        )
        register.know(record)
        self._effect(item, record, content, register)
        return record

    def _map(self, system_id, coded, devices):
        """The codes stand for the equipment from now on."""
        self.env["hc.identifier"].create(
            [
                {
                    "system_id": system_id,
                    "namespace": "equipment",
                    "code_system": code[0],
                    "value": code[1],
                    "res_id": record.id,
                }
                for code, record in coded.items()
                if not devices.is_mapped(code)
            ]
        )
