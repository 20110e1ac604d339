# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import re

from odoo import api, fields, models

SEPARATORS = re.compile("[:/#]")


class HcAppointmentCode(models.Model):
    """A service or a resource as a system calls it: what appointments are grouped by."""

    _name = "hc.appointment.code"
    _description = "Appointment Code"
    _order = "value, id"
    _rec_name = "value"
    _log_access = False

    system_id = fields.Many2one("hc.system", required=True, readonly=True, ondelete="cascade")
    kind = fields.Selection(
        [("service", "Service"), ("resource", "Resource")], required=True, readonly=True
    )
    code_system = fields.Char(string="Code system", required=True, readonly=True)
    value = fields.Char(string="Code", required=True, readonly=True)

    _code_uniq = models.UniqueIndex("(system_id, kind, code_system, value)")

    @api.depends("code_system", "value")
    def _compute_display_name(self):
        """A code of a common list says which, by the end of its name: "70551 (cpt)"."""
        for code in self:
            listed = SEPARATORS.split((code.code_system or "").rstrip("/:"))[-1]
            own = code.code_system == "local"
            code.display_name = code.value if own else f"{code.value} ({listed})"

    def _key(self):
        """The code as messages, identifiers and charges write it."""
        self.ensure_one()
        return f"{self.code_system}|{self.value}"

    @api.model
    def _ids_of(self, system, kind, pairs):
        """Ids of many (code system, value), made where they are new; two statements at most."""
        pairs = set(pairs)
        if not pairs:
            return {}
        found = self._find(system, kind, pairs)
        missing = sorted(pairs - found.keys())
        made = self.create(
            [
                {"system_id": system.id, "kind": kind, "code_system": code_system, "value": value}
                for code_system, value in missing
            ]
        )
        return found | dict(zip(missing, made.ids, strict=True))

    @api.model
    def _find(self, system, kind, pairs):
        codes = self.search_fetch(
            [
                ("system_id", "=", system.id),
                ("kind", "=", kind),
                ("value", "in", list({value for _code_system, value in pairs})),
            ],
            ["code_system", "value"],
        )
        known = {(code.code_system, code.value): code.id for code in codes}
        return {pair: known[pair] for pair in pairs if pair in known}
