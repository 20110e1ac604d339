# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import fields

from odoo.addons.healthcare_integration_base.tests.common import EngineCase

CAPTURED = "charge.captured.v1"
COMPLETED = "service.completed.v1"


class BillingCase(EngineCase):
    """A hospital with four services, a payer with a price list, and a record that sends."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.currency = cls.company.currency_id
        cls.env.ref("base.group_user").implied_ids |= cls.env.ref("product.group_product_pricelist")
        cls.system = cls.make_system("ehr-test")
        cls.site = cls._make_site(cls.system, "MAIN", cls.company)
        cls._make_services()
        cls._make_payers()
        cls.channel = cls.make_channel(
            cls.system,
            cls.env.ref("hc_billing_bridge.message_type_charge_captured_v1")
            + cls.env.ref("hc_billing_bridge.message_type_service_completed_v1"),
        )

    @classmethod
    def _make_site(cls, system, code, company):
        return cls.env["hc.site"].create(
            {
                "name": code.title(),
                "system_id": system.id,
                "facility_code": code,
                "company_id": company.id,
                "timezone": "UTC",
            }
        )

    @classmethod
    def _make_services(cls):
        cls.xray = cls._service("X-ray of the chest", "XR", 80.0)
        cls.blood = cls._service("Blood count", "CBC", 12.5)
        cls.visit = cls._service("Consultation", "VISIT", 45.0)
        cls.unpriced = cls._service("New method", "NEW", 0.0)

    @classmethod
    def _service(cls, name, code, list_price, **values):
        product = cls.env["product.product"].create(
            {
                "name": name,
                "type": "service",
                "list_price": list_price,
                "taxes_id": False,
                **values,
            }
        )
        cls._map("service", code, product)
        return product

    @classmethod
    def _map(cls, namespace, code, record, system=None):
        return cls.env["hc.identifier"].create(
            {
                "system_id": (system or cls.system).id,
                "namespace": namespace,
                "code_system": "local",
                "value": code,
                "res_id": record.id,
            }
        )

    @classmethod
    def _make_payers(cls):
        # The first list holds for all who have no other.
        cls.env["product.pricelist"].create({"name": "Hospital prices", "sequence": -1})
        cls.pricelist = cls.env["product.pricelist"].create(
            {
                "name": "Contract",
                "item_ids": [
                    (
                        0,
                        0,
                        {
                            "applied_on": "0_product_variant",
                            "product_id": cls.xray.id,
                            "compute_price": "fixed",
                            "fixed_price": 71.25,
                        },
                    )
                ],
            }
        )
        cls.payer = cls.env["res.partner"].create({"name": "Health Plus", "is_company": True})
        cls.payer.specific_property_product_pricelist = cls.pricelist
        cls.other_payer = cls.env["res.partner"].create({"name": "City Fund", "is_company": True})
        cls._map("payer", "PLUS", cls.payer)
        cls._map("payer", "CITY", cls.other_payer)

    # ------------------------------------------------------------------ sending

    @staticmethod
    def code(value):
        return {"system": "local", "value": value}

    def charge(self, number, service="XR", quantity=1, **values):
        """Data of a charge of the visit V-1, of patient P-1, now, paid by Health Plus."""
        data = {
            "charge": number,
            "encounter": "V-1",
            "facility": "MAIN",
            "service": self.code(service),
            "quantity": quantity,
            "occurred_at": fields.Datetime.now().isoformat() + "Z",
            "action": "charge",
            "patient": {"mrn": "P-1", "authority": "HOSP"},
            "coverage": {"payer": self.code("PLUS"), "policy": "POL-1"},
            **values,
        }
        return {name: value for name, value in data.items() if value is not None}

    def credit(self, number, reverses=None, service="XR", quantity=1, **values):
        """Data of a credit of a charge."""
        return self.charge(number, service, quantity, action="credit", reverses=reverses, **values)

    def services(self, *lines, **values):
        """Data of a visit's services, just done."""
        return {
            "encounter": "V-1",
            "facility": "MAIN",
            "completed_at": fields.Datetime.now().isoformat() + "Z",
            "services": list(lines) or [self.service_line(1)],
            "patient": {"mrn": "P-1", "authority": "HOSP"},
            "coverage": {"payer": self.code("PLUS")},
            **values,
        }

    def service_line(self, number, service="XR", quantity=1, **values):
        return {"line": number, "service": self.code(service), "quantity": quantity, **values}

    def capture(self, data, event_type=CAPTURED, channel=None):
        return self.send(channel or self.channel, self.event(data, event_type))

    def money(self, amount, currency=None):
        return {"amount": str(amount), "currency": currency or self.currency.name}

    # ------------------------------------------------------------------ looking

    def charges_of(self, *messages):
        ids = [effect.res_id for message in messages for effect in message.effect_ids.sorted("id")]
        return self.env["hc.charge"].browse(ids)

    def run_all(self):
        """Handle what is due, and what follows from it."""
        self.drain()
        self.follow_up()

    def bill(self, *data):
        """Charges of these data, handled and invoiced."""
        messages = [self.capture(one) for one in data]
        self.run_all()
        for message in messages:
            self.assertEqual((message.state, message.error_code), ("done", False))
        return self.charges_of(*messages)

    def assertReview(self, message, code):
        self.assertEqual((message.state, message.error_code), ("review", code))
        self.assertFalse(message.effect_ids)
        self.assertEqual(message.issue_id.error_code, code)

    def assertHeld(self, charge, reason):
        self.assertEqual((charge.state, charge.hold_reason), ("on_hold", reason))
        self.assertFalse(charge.move_line_id)
