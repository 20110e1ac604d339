# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import Command
from odoo.exceptions import AccessError

from .common import SupplyCase

BUSINESS = (
    "account.",
    "analytic.",
    "hc.",
    "product.",
    "purchase.",
    "stock.",
    "uom.",
    "res.partner",
)
# What stock.group_stock_user gives; none of it comes from these addons.
REVIEWED = {
    "stock.lot",
    "stock.move",
    "stock.move.line",
    "stock.package",
    "stock.package.history",
    "stock.picking",
    "stock.quant",
    "stock.reference",
    "stock.scrap",
    "stock.scrap.reason.tag",
}


class TestRights(SupplyCase):
    def _user(self, login, *groups):
        return self.env["res.users"].create(
            {
                "name": login,
                "login": login,
                "group_ids": [Command.set([self.env.ref(group).id for group in groups])],
            }
        )

    def test_only_systems_that_send_supplies_may_post_stock(self):
        stock_user = self.env.ref("stock.group_stock_user")
        other = self.make_system("other-system")
        self.assertIn(stock_user, self.system.user_id.group_ids)
        self.assertNotIn(stock_user, other.user_id.group_ids)
        self.channel.message_type_ids = [Command.clear()]
        self.assertNotIn(stock_user, self.system.user_id.group_ids)

    def test_what_a_system_may_change_is_what_was_reviewed(self):
        models = [
            self.env[name].with_user(self.system.user_id)
            for name in self.env.registry
            if name.startswith(BUSINESS)
        ]
        stored = [model for model in models if not (model._transient or model._abstract)]
        for mode in ("write", "create", "unlink"):
            allowed = {model._name for model in stored if model.has_access(mode)}
            self.assertLessEqual(allowed, REVIEWED, mode)
        self.assertFalse(self.env["res.users"].with_user(self.system.user_id).has_access("create"))

    def test_stock_user_sees_the_move_and_not_the_message(self):
        message = self.consume()
        self.drain()
        user = self._user("stock-only", "stock.group_stock_user")
        move = self.moves(message).with_user(user)
        self.assertEqual(move.quantity, 1)
        with self.assertRaises(AccessError):
            move.action_hc_messages()
        with self.assertRaises(AccessError):
            message.with_user(user).read(["state"])

    def test_viewer_sees_the_message_without_payload(self):
        message = self.consume()
        self.drain()
        user = self._user(
            "viewer",
            "stock.group_stock_user",
            "healthcare_integration_base.group_integration_viewer",
        )
        move = self.moves(message).with_user(user)
        self.assertEqual(move.hc_message_count, 1)
        self.assertEqual(message.with_user(user).state, "done")
        with self.assertRaises(AccessError):
            message.with_user(user).read(["payload"])

    def test_stock_user_creates_the_lot_that_was_missing(self):
        message = self.consume(self.line("SALINE", lot="L9"))
        self.drain()
        user = self._user("stock-only", "stock.group_stock_user")
        self.env["stock.lot"].with_user(user).create({"name": "L9", "product_id": self.saline.id})
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)

    def test_plain_user_is_refused(self):
        user = self._user("nobody", "base.group_user")
        with self.assertRaises(AccessError):
            self.center.with_user(user).read(["code"])
        with self.assertRaises(AccessError):
            self.env["hc.ward.setup"].with_user(user).create({})

    def test_a_group_of_a_domain_opens_messages_and_sees_no_content(self):
        message = self.consume(note="canary note 5519")
        self.drain()
        # As the groups of domain addons are: they imply the viewer, and nothing more of it.
        domain = self.env["res.groups"].create(
            {
                "name": "Clerks of a domain",
                "implied_ids": [
                    Command.link(self.env.ref(group).id)
                    for group in (
                        "stock.group_stock_user",
                        "healthcare_integration_base.group_integration_viewer",
                    )
                ],
            }
        )
        user = self._user("clerk", "base.group_user")
        user.group_ids += domain
        action = self.moves(message).with_user(user).action_hc_messages()
        messages = self.env[action["res_model"]].with_user(user).search(action["domain"])
        self.assertEqual(messages, message)
        form = messages.get_views([(False, "form"), (False, "list"), (False, "search")])
        shown = form["models"]["hc.message"]["fields"]
        readable = messages.read()[0]
        for name in ("payload", "dropped"):
            self.assertNotIn(name, shown)
            self.assertNotIn(name, readable)
            with self.assertRaises(AccessError):
                messages.read([name])
        self.assertEqual(readable["state"], "done")
        for action in ("action_retry", "action_cancel", "action_skip", "action_replay"):
            with self.subTest(action), self.assertRaises(AccessError):
                getattr(messages, action)()
