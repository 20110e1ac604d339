# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import uuid

from odoo import fields
from odoo.tests import new_test_user

from .common import SupplyCase

GROUP = "hc_inventory_sync.group_record_use"


class RecordUseCase(SupplyCase):
    """A nurse who may record what her ward has used, and nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.nurse = new_test_user(cls.env, "hc.nurse", GROUP)
        cls.nurse.tz = "UTC"
        cls.screen = cls.env["hc.record.use"].with_user(cls.nurse)

    @staticmethod
    def entry_line(product, quantity="1", lot=False):
        return {"product_id": product.id, "quantity": quantity, "lot": lot}

    def record(self, *lines, kind="use", transaction=None, screen=None, ward=None, at=None):
        """Post as the screen does; the entry as the screen is told."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            return (self.screen if screen is None else screen).post(
                (ward or self.icu).id,
                kind,
                transaction or uuid.uuid4().hex,
                at or fields.Datetime.now().isoformat() + "Z",
                list(lines) or [self.entry_line(self.glove, "2")],
            )

    def open_ward(self, ward=None):
        with self.enter_registry_test_mode():
            items = self.screen.open_ward((ward or self.icu).id)["items"]
        return {item["id"]: item for item in items}

    def message_of(self, entry):
        stored = self.env["hc.use.entry"].search([("transaction", "=", entry["transaction"])])
        self.env.invalidate_all()
        return self.env["hc.message"].search([("uuid", "=", stored.message_uuid)])

    def settle(self, entry):
        """Drain the lane of the entry's message; the message."""
        message = self.message_of(entry)
        self.lane = message.lane_id
        self.drain()
        return message

    def state_of(self, entry):
        entries = {one["transaction"]: one for one in self.screen.get_entries()}
        return entries[entry["transaction"]]
