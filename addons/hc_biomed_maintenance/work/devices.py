# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which equipment the codes of a batch mean."""

from odoo.addons.healthcare_integration_base.engine.item import Fix

OWN = "urn:hc:odoo:equipment"
"""Code system of what staff choose in Odoo: the value is the id of the record."""
LOCAL = "local"


def pair(code):
    """A code of the contract as (system, value)."""
    return code.get("system") or LOCAL, str(code["value"])


class Devices:
    """The equipment of a batch by its codes, in two queries."""

    def __init__(self, env, items):
        self.env = env
        self.system = env["hc.system"].browse(items[0].system_id)
        pairs = {pair(item.data["equipment"]) for item in items if item.data.get("equipment")}
        self._ids = env["hc.identifier"]._resolve_many(self.system, "equipment", pairs)
        self._ids |= self._own(pairs) if self.system.is_internal else {}
        found = env["maintenance.equipment"].browse(self._ids.values())
        self.companies = {one.id: one.company_id.id for one in found._sudo_companies()}
        here = [one for one, company in self.companies.items() if company in self._allowed]
        # Archived ones too: a device that alarms is still there.
        equipment = env["maintenance.equipment"].with_context(active_test=False)
        self.records = {one.id: one for one in equipment.search([("id", "in", here)])}

    @property
    def _allowed(self):
        return (False, self.env.company.id)

    @staticmethod
    def _own(pairs):
        """What staff have chosen; nobody but the system "Odoo" can name records."""
        return {
            (system, value): int(value)
            for system, value in pairs
            if system == OWN and value.isascii() and value.isdigit() and len(value) < 10
        }

    def id_of(self, item):
        """The id behind the item's code, whether it may be used here or not; None without."""
        code = item.data.get("equipment")
        return self._ids.get(pair(code)) if code else None

    def is_elsewhere(self, item):
        """Whether the equipment is one of another company than the batch."""
        company = self.companies.get(self.id_of(item))
        return bool(company) and company != self.env.company.id

    def is_mapped(self, code):
        """Whether the pair stands for a record, also for one that is gone."""
        return code in self._ids

    def of(self, item):
        """The equipment, or nothing, and the item has been told why."""
        code = item.data.get("equipment")
        if not code:
            item.review("incomplete", detail="/equipment", fix=Fix("channel"))
            return None
        found = self._ids.get(pair(code))
        if found in self.records:
            return self.records[found]
        company = self.companies.get(found)
        if company and company in self.env.user.company_ids.ids:
            item.move_to_company(company)
            return None
        return self.miss(item)

    def miss(self, item):
        """Nobody knows the device: a person maps the code or registers it."""
        system, value = pair(item.data["equipment"])
        fix = Fix("identifier", "equipment", system, value)
        item.review("unknown_equipment", subject=f"{system}|{value}", fix=fix)
