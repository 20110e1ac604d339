# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which records the codes of a batch stand for, one query per kind."""


class Book:
    """:param pairs: all codes of the batch"""

    def __init__(self, env, items, model, namespace, pairs):
        self.env = env
        self.model = model
        self.namespace = namespace
        self.type = items[0].type
        self.system = env["hc.system"].browse(items[0].system_id)
        self.told = {}
        self.known = env["hc.identifier"]._resolve_many(self.system, namespace, pairs)
        records = env[model].with_context(active_test=False)
        found = records.browse(set(self.known.values())).exists()
        companies = (env.company, env["res.company"])
        self._usable = {one.id: one for one in found if one.company_id in companies}

    def mapped(self, codes):
        """The records that these codes are mapped to: one, none, or several by mistake."""
        ids = {self.known[code] for code in codes if self.known.get(code) in self._usable}
        found = self.env[self.model].with_context(active_test=False)
        return found.browse(sorted(ids))

    def map(self, codes, record):
        """The codes stand for the record from now on."""
        self._usable[record.id] = record
        new = [code for code in dict.fromkeys(codes) if code not in self.known]
        self.known.update(dict.fromkeys(new, record.id))
        self.env["hc.identifier"].create(
            [
                {
                    "system_id": self.system.id,
                    "namespace": self.namespace,
                    "code_system": system,
                    "value": value,
                    "res_id": record.id,
                }
                for system, value in new
            ]
        )

    def key(self, record):
        """Business key of what the record was told last."""
        return f"{self.type.rpartition('.')[0]}|{record.id}|{record.hc_told_revision}"

    def told_by(self, record):
        """The message that made the record what it is."""
        key = self.key(record)
        if key not in self.told:
            self.told[key] = self.env["hc.effect"]._known([key]).get(key, (None, None))[0]
        return self.told[key]
