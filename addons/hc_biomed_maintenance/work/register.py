# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A batch of messages about equipment: which record each means, and what it says of it."""

import hashlib
import json

from ..biomed import udi

# Field of the contract: field of the equipment, where the text goes as it is.
TEXTS = {
    "name": "name",
    "serial": "serial_no",
    "model": "model",
    "manufacturer": "hc_manufacturer",
    "udi": "hc_udi",
    "udi_di": "hc_udi_di",
    "software": "hc_software",
    "location": "hc_location",
    "criticality": "hc_criticality",
    "status": "hc_status",
}


class Register:
    """Looks equipment up by the numbers on it, and reads what a message says."""

    def __init__(self, env, items):
        self.env = env
        self.system = env["hc.system"].browse(items[0].system_id)
        self._sites = self._find_sites(items)
        self._by_serial, self._by_udi = {}, {}
        # Message of this batch by the business key of what it has told.
        self.told = {}
        for record in self._numbered(items):
            self.know(record)

    # -------------------------------------------------------------------- sites

    def _find_sites(self, items):
        pairs = {pair for item in items for pair in self._site_pairs(item)}
        return self.env["hc.site"]._resolve_many(self.system, pairs) if pairs else {}

    @staticmethod
    def _site_pairs(item):
        default = item.channel.default_site_id
        facility = item.data.get("facility") or default.facility_code or None
        location = item.data.get("location") or None
        return [(facility, location), (facility, None)] if facility else []

    def site(self, item):
        """The site of the most exact code that is known; an empty record without."""
        found = (self._sites.get(pair) for pair in self._site_pairs(item))
        return next(filter(None, found), self.env["hc.site"])

    # ------------------------------------------------------------------ numbers

    def _numbered(self, items):
        serials = [number for item in items for number in (self.serial(item),) if number]
        labels = [label for item in items for label in (self.label(item),) if label]
        if not serials and not labels:
            return self.env["maintenance.equipment"]
        domain = ["|", ("serial_no", "in", serials), ("hc_udi", "in", labels)]
        return self.env["maintenance.equipment"].with_context(active_test=False).search(domain)

    @staticmethod
    def serial(item):
        """As it is told, else as the label says it."""
        return item.data.get("serial") or udi.parse(item.data.get("udi") or "").serial

    @staticmethod
    def label(item):
        """A UDI that names the piece; one without serial number is that of all its like."""
        label = item.data.get("udi") or ""
        return label if udi.parse(label).serial else ""

    def know(self, record):
        """Remember an equipment, also one that this very batch has made."""
        if record.serial_no:
            self._by_serial.setdefault(record.serial_no, set()).add(record)
        if record.hc_udi:
            self._by_udi.setdefault(record.hc_udi, set()).add(record)

    def same(self, item):
        """Equipment that carries the numbers of the message: a set of none, one or several."""
        labelled = self._by_udi.get(self.label(item), set())
        if labelled:
            return labelled
        numbered = self._by_serial.get(self.serial(item), set())
        return {one for one in numbered if self._agrees(one, item)}

    def is_taken(self, item, record):
        """Whether the serial number that the message gives is that of another equipment."""
        serial = self.serial(item)
        if not serial or serial == record.serial_no:
            return False
        return bool(self.same(item) - {record})

    @staticmethod
    def _agrees(record, item):
        """Model and manufacturer are the same as far as both sides name them."""
        pairs = (
            (record.model, item.data.get("model")),
            (record.hc_manufacturer, item.data.get("manufacturer")),
        )
        return all(
            not (ours and theirs) or ours.casefold() == theirs.casefold() for ours, theirs in pairs
        )

    # ------------------------------------------------------------------- values

    def values(self, item):
        """What the message says, as values of an equipment; nothing of what it leaves out."""
        data = item.data
        values = {field: data[name] for name, field in TEXTS.items() if data.get(name)}
        serial = self.serial(item)
        if serial:
            values["serial_no"] = serial
        if data.get("acquired_on"):
            values["effective_date"] = data["acquired_on"][:10]
        site = self.site(item)
        if site:
            values["hc_site_id"] = site.id
        return values

    @staticmethod
    def name(item):
        """What to call a new one."""
        data = item.data
        made = " ".join(filter(None, (data.get("manufacturer"), data.get("model"))))
        return data.get("name") or made or data["equipment"]["value"]


def digest(values):
    """Tells one state of an equipment from the next."""
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
