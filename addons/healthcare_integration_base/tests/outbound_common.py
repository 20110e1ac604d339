# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Sending for real: the engine's dispatch against a receiver that listens."""

from urllib.parse import urlsplit

from odoo.tests.common import _super_send

from ..engine.outbound.dispatch import Dispatch
from .common import EngineCase

NOTED = "test.noted.v1"
SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="


class Reaching:
    """Mixed into a case that calls receivers of its own on this machine."""

    @classmethod
    def _request_handler(cls, s, r, /, **kw):
        """Odoo's own looks at time-outs of one number; elsewhere than here nobody listens."""
        if urlsplit(r.url).hostname not in ("127.0.0.1", "localhost"):
            return super()._request_handler(s, r, **{**kw, "timeout": None})
        return _super_send(s, r, **kw)

    @classmethod
    def make_endpoint(cls, system, **values):
        return cls.env["hc.endpoint"].create(
            {
                "name": f"Orders of {system.code}",
                "system_id": system.id,
                "url": "https://partner.example/events",
                "secret": SECRET,
                "allow_private": True,
                "allow_insecure": True,
                "connect_timeout": 5,
                "read_timeout": 20,
                "total_timeout": 30,
                **values,
            }
        )


class OutboundCase(Reaching, EngineCase):
    """One system with an endpoint, which a test leads to its receiver."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.out_lane = cls.env["hc.lane"].create(
            {"name": "Out", "code": f"out-{cls.__name__.lower()}", "direction": "out"}
        )
        cls.noted = cls.make_noted()
        cls.partner_system = cls.make_system("partner")
        cls.endpoint = cls.make_endpoint(cls.partner_system)
        cls.channel = cls.make_out_channel(cls.partner_system, cls.endpoint)

    @classmethod
    def make_out_channel(cls, system, endpoint, **values):
        return cls.make_channel(
            system,
            values.pop("types", cls.noted),
            **{
                "code": "out",
                "direction": "out",
                "lane_id": cls.out_lane.id,
                "endpoint_id": endpoint.id,
                "retry_base_seconds": 1,
                **values,
            },
        )

    def lead_to(self, receiver, **values):
        """Have the endpoint be where the receiver listens."""
        self.endpoint.write({"url": receiver.url(), **values})

    def queue(self, number=1, **options):
        """An outbound message of the test's company."""
        data = options.pop("data", {"facility": "NORTH", "value": number})
        new = self.env["hc.outbox"]._send(NOTED, data, company=self.env.company, **options)
        return self.env["hc.message"].search([("uuid", "in", new)], order="id")

    def dispatch(self, limit=100):
        """Send what is due, as the lane's scheduled action would."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            lane = self.env(cr=cr)["hc.lane"].browse(self.out_lane.id)
            sent = Dispatch(lane).run(limit)
        self.env.invalidate_all()
        return sent

    def pass_time(self, messages=None):
        """Let waiting times of messages and of the breaker pass."""
        if messages:
            self.make_due(messages)
        self.env.cr.execute(
            "UPDATE hc_endpoint SET breaker_until = now() AT TIME ZONE 'UTC' - interval '1 hour'"
            " WHERE breaker_until IS NOT NULL"
        )
        self.env.invalidate_all()

    def trail(self, message):
        """Actions of the trail about a message, in their order."""
        events = self.env["hc.audit.event"].search([("object", "=", message.uuid)], order="id")
        return events.mapped("action")
