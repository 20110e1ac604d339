# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import uuid
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .common import CONSUMED
from .record_use_case import GROUP, RecordUseCase


class TestRecordUse(RecordUseCase):
    # ---------------------------------------------------------------- recording

    def test_what_is_recorded_leaves_the_ward(self):
        entry = self.record(
            self.entry_line(self.glove, "2.5"), self.entry_line(self.saline, "3", "L1")
        )
        self.assertEqual(entry["state"], "waiting")
        self.assertEqual(entry["summary"], "2.5 × Glove, 3 × Saline (L1)")
        message = self.settle(entry)
        self.assertEqual(message.state, "done", message.error_code)
        self.assertEqual(message.message_type_id.name, CONSUMED)
        self.assertTrue(message.system_id.is_internal)
        self.assertEqual(message.system_id.company_id, self.company)
        moves = self.moves(message)
        self.assertEqual(moves.location_id, self.icu)
        self.assertEqual(self.on_hand(self.glove, self.icu), 97.5)
        self.assertEqual(self.on_hand(self.saline, self.icu, self.lot), 47)
        self.assertEqual(self.state_of(entry)["state"], "done")

    def test_the_ward_bears_it_as_for_any_other_system(self):
        move = self.moves(self.settle(self.record()))
        self.assertEqual(move.location_dest_id, self.center.location_id)
        self.assertEqual(move.hc_analytic_account_id, self.account)

    def test_put_back(self):
        self.settle(self.record(self.entry_line(self.saline, "5", "L1")))
        back = self.record(self.entry_line(self.saline, "2", "L1"), kind="return")
        move = self.moves(self.settle(back))
        self.assertEqual((move.location_dest_id, move.state), (self.icu, "done"))
        self.assertEqual(self.on_hand(self.saline, self.icu, self.lot), 47)

    def test_serial_numbers_are_one_each(self):
        with self.assertRaisesRegex(UserError, "line of its own"):
            self.record(self.entry_line(self.stent, "2", "S1"))
        entry = self.record(self.entry_line(self.stent, "1", "S1"))
        self.assertEqual(self.settle(entry).state, "done")
        self.assertEqual(self.on_hand(self.stent, self.icu), 0)

    def test_sent_twice_is_one_effect(self):
        number, at = uuid.uuid4().hex, fields.Datetime.now().isoformat() + "Z"
        first = self.record(transaction=number, at=at)
        self.assertEqual(self.record(transaction=number, at=at), first)
        message = self.settle(first)
        self.assertEqual(self.record(transaction=number, at=at)["state"], "done")
        self.assertEqual(message.channel_id.system_id.is_internal, True)
        messages = self.env["hc.message"].search([("channel_id", "=", message.channel_id.id)])
        self.assertEqual(messages, message)
        self.assertEqual(self.on_hand(self.glove, self.icu), 98)

    def test_answer_and_entry_lost_after_the_ledger_had_it(self):
        """The request of the first try was rolled back once the message was on disk."""
        number, at = uuid.uuid4().hex, fields.Datetime.now().isoformat() + "Z"
        message = self.message_of(self.record(transaction=number, at=at))
        self.env["hc.use.entry"].search([("transaction", "=", number)]).unlink()
        again = self.record(transaction=number, at=at)
        self.assertEqual(self.message_of(again), message)
        self.settle(again)
        self.assertEqual(self.on_hand(self.glove, self.icu), 98)

    def test_changed_after_it_was_received(self):
        number = uuid.uuid4().hex
        self.record(transaction=number)
        with self.assertRaisesRegex(UserError, "received before, with other lines: 2 × Glove"):
            self.record(self.entry_line(self.glove, "9"), transaction=number)

    def test_wards_set_up_later(self):
        self.open_ward()
        ward = self.warehouse._hc_add_ward("Dialysis")
        self.stock(self.glove, ward, 10)
        message = self.settle(self.record(ward=ward))
        self.assertEqual(message.state, "done", message.error_code)
        self.assertEqual(self.on_hand(self.glove, ward), 8)
        sites = message.system_id.site_ids
        self.assertEqual(len(sites.filtered(lambda site: not site.location_code)), 1)
        self.warehouse.code = "RENAM"
        self.settle(self.record(ward=ward))
        self.assertEqual(message.system_id.site_ids, sites)

    # ------------------------------------------------------------------ refusal

    def test_lot_is_required(self):
        with self.assertRaisesRegex(UserError, "Saline: choose the lot"):
            self.record(self.entry_line(self.saline, "1"))

    def test_nothing_of_a_refused_entry_is_kept(self):
        before = self.env["hc.message"].search_count([])
        bad = [
            ("quantity", [self.entry_line(self.glove, text)])
            for text in ("0", "-1", "NaN", "1e400", "", "x", "0.0000001")
        ]
        bad += [
            ("between 1 and", []),
            ("no such item", [{"product_id": 0, "quantity": "1"}]),
            ("no such item", [{"product_id": "1 OR 1", "quantity": "1"}]),
        ]
        for words, lines in bad:
            with self.assertRaisesRegex(UserError, words):
                self.screen.post(self.icu.id, "use", uuid.uuid4().hex, "", lines)
        line = [self.entry_line(self.glove)]
        for kind, number in (("loss", uuid.uuid4().hex), ("use", "1"), ("use", "' OR 1")):
            with self.assertRaises(UserError):
                self.screen.post(self.icu.id, kind, number, "", line)
        with self.assertRaises(UserError):
            self.record(at="yesterday")
        self.assertEqual(self.env["hc.message"].search_count([]), before)
        self.assertFalse(self.env["hc.use.entry"].search([]))

    def test_unknown_lot_waits_for_a_person_in_plain_words(self):
        entry = self.record(self.entry_line(self.saline, "1", "NEVER-SEEN"))
        message = self.settle(entry)
        self.assertReview(message, "unknown_lot")
        state = self.state_of(entry)
        self.assertEqual(state["state"], "review")
        self.assertIn(message.error_title, state["text"])
        self.env["stock.lot"].create({"name": "NEVER-SEEN", "product_id": self.saline.id})
        self.drain()
        self.assertEqual(self.state_of(entry)["state"], "done")

    def test_ids_of_products_mean_nothing_from_other_systems(self):
        code = {"system": "urn:odoo:product", "value": str(self.glove.id)}
        message = self.consume(self.line(code))
        self.drain()
        self.assertReview(message, "unmapped_item")

    # -------------------------------------------------------------- what it shows

    def test_items_of_the_ward_most_used_first(self):
        for product in (self.gauze, self.gauze, self.glove):
            self.settle(self.record(self.entry_line(product)))
        items = self.open_ward()
        self.assertEqual(list(items)[:2], [self.gauze.id, self.glove.id])
        self.assertEqual(
            set(items), {p.id for p in (self.gauze, self.glove, self.saline, self.stent)}
        )
        self.assertEqual(items[self.glove.id]["held"], 99)
        self.assertEqual(items[self.stent.id]["tracking"], "serial")

    def test_par_levels_show_what_has_run_out(self):
        gown = self._item("Gown", None)
        self.env["stock.warehouse.orderpoint"].create(
            {"product_id": gown.id, "location_id": self.icu.id, "warehouse_id": self.warehouse.id}
        )
        self.assertEqual(self.open_ward()[gown.id]["held"], 0)

    def test_search_finds_what_the_ward_does_not_hold(self):
        gown = self._item("Isolation gown", None, default_code="GWN-7")
        for text in ("isolation", "gwn-7"):
            found = self.screen.find_items(self.icu.id, text)
            self.assertEqual([item["id"] for item in found], [gown.id])
        self.assertFalse(self.screen.find_items(self.icu.id, " "))

    def test_lots_first_to_expire_first(self):
        now = fields.Datetime.now()
        for name, days in (("L0", -1), ("L2", 30), ("L3", 600)):
            lot = self.env["stock.lot"].create(
                {
                    "name": name,
                    "product_id": self.saline.id,
                    "expiration_date": now + timedelta(days=days),
                }
            )
            self.stock(self.saline, self.icu, 5, lot)
        lots = self.screen.get_lots(self.icu.id, self.saline.id, "use")
        self.assertEqual([lot["name"] for lot in lots], ["L0", "L2", "L1", "L3"])
        self.assertEqual([lot["expired"] for lot in lots], [True, False, False, False])
        self.assertEqual(lots[2]["held"], 50)

    def test_lots_to_put_back_are_those_used_lately(self):
        self.assertFalse(self.screen.get_lots(self.icu.id, self.stent.id, "return"))
        self.settle(self.record(self.entry_line(self.stent, "1", "S1")))
        self.assertFalse(self.screen.get_lots(self.icu.id, self.stent.id, "use"))
        lots = self.screen.get_lots(self.icu.id, self.stent.id, "return")
        self.assertEqual([lot["name"] for lot in lots], ["S1"])

    def test_entries_are_ones_own_and_todays(self):
        other = new_test_user(self.env, "hc.other.nurse", GROUP)
        self.record()
        mine = self.record(screen=self.env["hc.record.use"].with_user(other))
        entries = self.env["hc.record.use"].with_user(other).get_entries()
        self.assertEqual([one["transaction"] for one in entries], [mine["transaction"]])
        stored = self.env["hc.use.entry"].search([("transaction", "=", mine["transaction"])])
        self.assertEqual((stored.user_id, stored.create_uid), (other, other))

    # --------------------------------------------------------------------- rights

    def _calls(self, screen):
        ward, glove = self.icu.id, self.glove.id
        line = self.entry_line(self.glove)
        return {
            "get_wards": screen.get_wards,
            "open_ward": lambda: screen.open_ward(ward),
            "find_items": lambda: screen.find_items(ward, "glove"),
            "get_lots": lambda: screen.get_lots(ward, glove, "use"),
            "read_barcode": lambda: screen.read_barcode(ward, "0380740000011"),
            "post": lambda: screen.post(ward, "use", uuid.uuid4().hex, "", [line]),
            "get_entries": screen.get_entries,
        }

    def test_every_entrance_is_tried_here(self):
        model = type(self.env["hc.record.use"])
        inherited = set(dir(self.env["hc.cost.center"]))
        own = {n for n in dir(model) if not n.startswith("_") and n not in inherited}
        self.assertEqual(own, set(self._calls(self.screen)))

    def test_others_are_refused_everywhere(self):
        users = [
            new_test_user(self.env, "hc.nobody", "base.group_user"),
            new_test_user(self.env, "hc.portal", "base.group_portal"),
            new_test_user(
                self.env, "hc.op", "healthcare_integration_base.group_integration_operator"
            ),
            self.env.ref("base.public_user"),
        ]
        for user in users:
            for name, call in self._calls(self.env["hc.record.use"].with_user(user)).items():
                with self.subTest(user=user.login, call=name), self.assertRaises(AccessError):
                    call()

    def test_stock_users_may(self):
        user = new_test_user(self.env, "hc.stock", "stock.group_stock_user")
        self.assertTrue(self.env["hc.record.use"].with_user(user).get_wards()["wards"])

    def test_the_group_gives_no_right_on_stock_or_ledger(self):
        self.settle(self.record())
        for model in ("stock.picking", "stock.lot", "stock.warehouse.orderpoint", "hc.message"):
            self.assertFalse(self.env[model].with_user(self.nurse).has_access("read"), model)
        for mode in ("write", "create", "unlink"):
            self.assertFalse(self.env["hc.use.entry"].with_user(self.nurse).has_access(mode))
            self.assertFalse(self.env["stock.move"].with_user(self.nurse).has_access(mode))

    def test_wards_of_other_companies_are_not_there(self):
        company = self.env["res.company"].create({"name": "Second hospital"})
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        warehouse.with_company(company)._hc_set_up(self.env["account.account"])
        ward = warehouse.with_company(company)._hc_add_ward("Foreign Ward")
        names = [ward["name"] for ward in self.screen.get_wards()["wards"]]
        self.assertIn("Intensive Care", names)
        self.assertNotIn("Foreign Ward", names)
        with self.assertRaises(UserError):
            self.screen.open_ward(ward.id)
        with self.assertRaises(UserError):
            self.record(ward=ward)
        self.nurse.company_ids += company
        both = self.screen.with_context(allowed_company_ids=[self.company.id, company.id])
        entry = self.record(ward=ward, screen=both)
        message = self.message_of(entry)
        self.assertEqual((message.company_id, message.system_id.company_id), (company, company))

    def test_only_wards_can_be_used_from(self):
        with self.assertRaises(UserError):
            self.record(ward=self.warehouse.lot_stock_id)

    def test_two_open_a_ward_for_the_first_time(self):
        sites = type(self.env["hc.site"])
        make, failed = sites._sudo_make_for_ward, []

        def beaten(model, ward):
            if not failed:
                failed.append(ward)
                raise UserError("Somebody else is entering the same at this moment.")
            return make(model, ward)

        with patch.object(sites, "_sudo_make_for_ward", beaten):
            self.assertTrue(self.open_ward())
        self.assertTrue(failed)
