# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Lookups for a whole batch: one query per kind of code, whatever its size."""

from odoo.addons.healthcare_integration_base.messaging.units import UCUM


def pair(code):
    """A code of the contract as (system, value); a bare string is a local code."""
    if isinstance(code, dict):
        return (code.get("system") or "local", code["value"])
    return ("local", str(code))


def lines_of(item):
    """The services that an item names: its lines, or itself."""
    services = item.data.get("services")
    return [item.data] if services is None else services


class Codes:
    """Services, payers, units, cost centers and currencies that the items of one batch
    name.

    :param items: of one system and company.
    """

    def __init__(self, env, items):
        self.env = env
        self.company = env.company
        self.system = env["hc.system"].browse(items[0].system_id)
        lines = [line for item in items for line in lines_of(item)]
        self._services = self._find("service", "product.product", self._named(lines, "service"))
        self._payers = self._find("payer", "res.partner", self._payer_pairs(items))
        self._units = self._find_units(self._named(lines, "uom"))
        centers = self._named(lines, "cost_center")
        self._centers = self._find_centers(centers) if centers else {}
        self._currencies = self._find_currencies()

    def service(self, code):
        """The product of a service code, or None."""
        return self._services.get(pair(code))

    def payer(self, code):
        """The partner of a payer code, or None."""
        return self._payers.get(pair(code))

    def unit(self, code, product):
        """The unit of a line, the product's own if it names none; None if unknown."""
        return self._units.get(pair(code)) if code else product.uom_id

    def analytic(self, code):
        """The analytic account that a cost center is booked to: id, or None."""
        return self._centers.get(pair(code))

    def currency(self, name):
        """An active currency, or None."""
        return self._currencies.get(name)

    # ------------------------------------------------------------------ lookups

    @staticmethod
    def _named(lines, name):
        return {pair(line[name]) for line in lines if line.get(name)}

    @staticmethod
    def _payer_pairs(items):
        covers = [item.data.get("coverage") or {} for item in items]
        return {pair(cover["payer"]) for cover in covers if cover.get("payer")}

    def _find(self, namespace, model, pairs):
        ids = self.env["hc.identifier"]._resolve_many(self.system, namespace, pairs)
        records = self.env[model].browse(set(ids.values())).exists()
        companies = (self.company, self.env["res.company"])
        usable = {record.id: record for record in records if record.company_id in companies}
        return {key: usable[ids[key]] for key in pairs if ids.get(key) in usable}

    def _find_units(self, pairs):
        ids = self.env["hc.identifier"]._resolve_many(self.system, "uom", pairs)
        known = {unit.id: unit for unit in self.env["uom.uom"].browse(set(ids.values())).exists()}
        units = {key: known[ids[key]] for key in pairs if ids.get(key) in known}
        for key in pairs - units.keys():
            unit = UCUM.get(key[1])
            unit = unit and self.env.ref(unit, raise_if_not_found=False)
            if unit:
                units[key] = unit
        return units

    def _find_centers(self, pairs):
        """By the system's own map, else by the code of the analytic account."""
        found = self._mapped_centers(pairs)
        left = pairs - found.keys()
        accounts = self.env["account.analytic.account"].search_fetch(
            [
                ("code", "in", [value for _system, value in left]),
                ("company_id", "in", (False, self.company.id)),
            ],
            ["code"],
        )
        by_code = {account.code: account.id for account in accounts}
        return {key: by_code[key[1]] for key in left if key[1] in by_code} | found

    def _mapped_centers(self, pairs):
        """The map leads to an analytic account, or to a cost center that has one."""
        identifiers = self.env["hc.identifier"]
        ids = identifiers._resolve_many(self.system, "cost_center", pairs)
        model = self.env[identifiers._namespace_models()["cost_center"]]
        accounts = {}
        for record in model.browse(set(ids.values())).exists():
            is_account = record._name == "account.analytic.account"
            accounts[record.id] = record.id if is_account else record.analytic_account_id.id
        return {key: accounts[ids[key]] for key in pairs if accounts.get(ids.get(key))}

    def _find_currencies(self):
        return {currency.name: currency for currency in self.env["res.currency"].search([])}
