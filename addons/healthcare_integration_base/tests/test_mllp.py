# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..mllp.port_config import Figures, PortConfig
from .common import EngineCase

BASE = "healthcare_integration_base"


@tagged("post_install", "-at_install")
class TestMllp(EngineCase):
    """Ports: who may keep them, when they may be enabled, what the server is told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.make_system("beds")
        cls.manager = new_test_user(cls.env, "hc.mllp.manager", f"{BASE}.group_integration_manager")
        cls.operator = new_test_user(
            cls.env, "hc.mllp.operator", f"{BASE}.group_integration_operator"
        )

    def port(self, **values):
        fields = {"name": "Beds", "system_id": self.system.id, "port": 2600}
        return self.env["hc.mllp.port"].with_user(self.manager).create({**fields, **values})

    def config(self, port):
        self.env.flush_all()
        return self.env["hc.mllp.port"]._sudo_configs().get(port.id)

    def trail(self, port):
        self.env.flush_all()
        return (
            self.env["hc.audit.event"]
            .search([("object", "=", f"hc.mllp.port,{port.id}")], order="id")
            .mapped("action")
        )

    def test_enabled_by_a_manager(self):
        port = self.port(allowed_addresses="10.0.0.1\n10.1.0.0/16")
        self.assertIsNone(self.config(port))
        port.action_enable()
        config = self.config(port)
        self.assertIsInstance(config, PortConfig)
        self.assertTrue(config.admits("10.1.2.3"))
        self.assertFalse(config.admits("10.2.2.3"))
        self.assertEqual(config.system_of(None), self.system.id)
        port.action_disable()
        self.assertIsNone(self.config(port))
        self.assertEqual(self.trail(port), ["config.created"] + ["config.changed"] * 2)

    def test_not_by_an_operator(self):
        port = self.port(allowed_addresses="10.0.0.1").with_user(self.operator)
        self.assertEqual(port.name, "Beds")
        for call in (port.action_enable, port.unlink, lambda: port.write({"port": 1})):
            with self.assertRaises(AccessError), mute_logger("odoo.models"):
                call()
        with self.assertRaises(AccessError):
            port.read(["private_key"])

    def test_nobody_listed_is_not_enabled(self):
        port = self.port(allowed_addresses="# nobody\n")
        with self.assertRaises(ValidationError):
            port.action_enable()
        port.allowed_addresses = "10.0.0.1"
        port.action_enable()
        with self.assertRaises(ValidationError):
            port.allowed_addresses = False

    def test_wrong_values(self):
        for values in (
            {"allowed_addresses": "somewhere"},
            {"bind_address": "server.example"},
            {"port": 0},
            {"max_bytes": 5_000_000},
            {"idle_seconds": 0},
        ):
            with self.subTest(values), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                with self.assertRaises(Exception) as caught:
                    self.port(**values)
                self.assertNotIsInstance(caught.exception, TypeError)

    def test_tls_needs_what_it_needs(self):
        port = self.port(allowed_addresses="10.0.0.1", use_tls=True)
        with self.assertRaises(ValidationError):
            port.action_enable()
        port.write({"certificate": "no certificate", "private_key": "no key"})
        with self.assertRaisesRegex(ValidationError, "cannot be used"):
            port.action_enable()

    def test_key_is_sealed_and_bound_to_its_record(self):
        port = self.port(private_key="secret text")
        self.assertTrue(port.has_private_key)
        self.assertFalse(port.private_key)
        with self.assertRaises(AccessError):
            port.read(["private_key_sealed"])
        self.env.flush_all()
        self.assertFalse(self.rows_with("secret text"))
        self.assertEqual(port._sudo_tls().key, "secret text")
        other = self.port(port=2601)
        other.sudo().private_key_sealed = port.sudo().private_key_sealed
        other.write({"use_tls": True, "allowed_addresses": "10.0.0.1"})
        self.env.cr.execute("UPDATE hc_mllp_port SET state = 'enabled' WHERE id = %s", [other.id])
        other.invalidate_recordset()
        self.assertIsInstance(self.config(other), str)

    def test_certificates_name_systems(self):
        lab = self.make_system("lab")
        port = self.port()
        shown = ":".join(["AB"] * 32)
        clients = self.env["hc.mllp.client"].with_user(self.manager)
        first = clients.create(
            {"name": "Engine", "port_id": port.id, "fingerprint": f"sha256 Fingerprint={shown}"}
        )
        self.assertEqual(first.fingerprint, "ab" * 32)
        clients.create(
            {"name": "Lab", "port_id": port.id, "fingerprint": "cd" * 32, "system_id": lab.id}
        )
        with self.assertRaises(ValidationError):
            clients.create({"name": "Short", "port_id": port.id, "fingerprint": "abc"})
        config = port._config()
        self.assertEqual(config.clients, {"ab" * 32: self.system.id, "cd" * 32: lab.id})
        first.active = False
        self.assertEqual(port._config().clients, {"cd" * 32: lab.id})

    def test_nobody_sends_in_odoos_own_name(self):
        own = self.env["hc.system"]._sudo_internal(self.env.company)
        with self.assertRaises(ValidationError):
            self.port(system_id=own.id)

    def test_port_of_an_archived_system_is_closed(self):
        port = self.port(allowed_addresses="10.0.0.1")
        port.action_enable()
        self.system.active = False
        self.assertIsNone(self.config(port))
        self.assertIsNone(self.env["hc.system"]._wire_config_of(self.system.id))

    def test_figures_are_the_servers(self):
        port = self.port(allowed_addresses="10.0.0.1")
        port.action_enable()
        self.assertEqual(port.status, "waiting")
        with self.assertRaises(UserError):
            port.message_count = 7
        self.env.flush_all()
        told = Figures(connections=2, refused=1, messages=5, rejected=3, open=1)
        self.env["hc.mllp.port"]._sudo_report({port.id: told})
        self.env["hc.mllp.port"]._sudo_report({port.id: Figures(messages=1)})
        port.invalidate_recordset()
        self.assertEqual(port.status, "listening")
        self.assertEqual((port.message_count, port.rejected_count), (6, 3))
        self.assertEqual((port.connection_count, port.refused_count), (2, 1))
        self.assertTrue(port.last_message_at)
        self.env["hc.mllp.port"]._sudo_report({port.id: Figures(state="failed", problem="in use")})
        port.invalidate_recordset()
        self.assertEqual((port.status, port.server_problem), ("failed", "in use"))
