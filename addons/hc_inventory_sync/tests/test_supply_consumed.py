# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import fields

from odoo.addons.healthcare_integration_base.engine import run
from odoo.addons.healthcare_integration_base.engine.item import Item

from .common import CONSUMED, SupplyCase


class TestSupplyConsumed(SupplyCase):
    def test_posted_with_value_and_cost_center(self):
        message = self.consume(self.line(quantity=3), transaction="T1")
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)
        move = self.moves(message)
        self.assertEqual(move.state, "done")
        self.assertEqual(move.quantity, 3)
        self.assertEqual(move.location_id, self.icu)
        self.assertEqual(move.location_dest_id, self.center.location_id)
        self.assertEqual(self.on_hand(self.glove, self.icu), 97)
        entry = move.account_move_id
        self.assertEqual(entry.state, "posted")
        debit = entry.line_ids.filtered("debit")
        self.assertEqual((debit.account_id, debit.debit), (self.expense, 6.0))
        self.assertEqual(debit.analytic_distribution, {str(self.account.id): 100})
        self.assertEqual(move.create_uid, self.system.user_id)

    def test_dated_at_use(self):
        used_at = fields.Datetime.now().replace(microsecond=0) - timedelta(days=3, hours=2)
        message = self.consume(consumed_at=used_at.isoformat() + "Z")
        self.drain()
        move = self.moves(message)
        self.assertEqual(move.date, used_at)
        self.assertEqual(move.move_line_ids.date, used_at)
        self.assertEqual(move.picking_id.date_done, used_at)
        self.assertEqual(move.account_move_id.date, used_at.date())

    def test_naive_time_is_in_the_zone_of_the_site(self):
        self.system.site_ids.timezone = "America/New_York"
        day = fields.Date.today() - timedelta(days=2)
        message = self.consume(consumed_at=f"{day}T22:30:00")
        self.drain()
        move = self.moves(message)
        self.assertIn(move.date.hour, (2, 3))
        self.assertEqual(move.date.date(), day + timedelta(days=1))
        self.assertEqual(move.account_move_id.date, day)

    def test_batch_is_added_up(self):
        messages = self.env["hc.message"]
        for number in range(10):
            messages += self.consume(self.line(quantity=number + 1), transaction=f"T{number}")
        messages += self.consume(
            self.line(quantity=1), self.line("SALINE", 2, number=2, lot="L1"), transaction="T10"
        )
        self.drain()
        self.assertEqual(set(messages.mapped("state")), {"done"})
        moves = self.env["stock.move"].browse(set(messages.effect_ids.mapped("res_id")))
        self.assertEqual(len(moves), 2)
        self.assertEqual(len(moves.picking_id), 1)
        self.assertEqual(len(moves.account_move_id), 1)
        self.assertEqual(self.on_hand(self.glove, self.icu), 100 - 55 - 1)
        self.assertEqual(self.on_hand(self.saline, self.icu, self.lot), 48)
        self.assertEqual(len(messages.effect_ids), 12)

    def test_reserved_stock_is_taken_and_reservation_freed(self):
        other = self.env["stock.move"].create(
            {
                "product_id": self.glove.id,
                "product_uom_qty": 95,
                "product_uom": self.glove.uom_id.id,
                "location_id": self.icu.id,
                "location_dest_id": self.er.id,
            }
        )
        other._action_confirm()
        other._action_assign()
        message = self.consume(self.line(quantity=10))
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)
        quant = self.env["stock.quant"].search(
            [("product_id", "=", self.glove.id), ("location_id", "=", self.icu.id)]
        )
        self.assertEqual(quant.quantity, 90)
        self.assertEqual(quant.reserved_quantity, other.quantity)
        self.assertLessEqual(other.quantity, 90)

    def test_barcode_in_another_length(self):
        code = {"system": "gtin", "value": "00380740000011"}
        message = self.consume(self.line(code, 2))
        self.drain()
        self.assertEqual(self.moves(message).product_id, self.gauze)

    def test_units(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.env["hc.identifier"].create(
            {
                "system_id": self.system.id,
                "namespace": "uom",
                "code_system": "local",
                "value": "DZ",
                "res_id": dozen.id,
            }
        )
        mapped = self.consume(self.line(quantity=2, uom="DZ"))
        ucum = self.consume(self.line(quantity="3.0", uom="{each}"))
        unknown = self.consume(self.line(uom="BUCKET"))
        wrong = self.consume(self.line(uom="kg"))
        self.drain()
        self.assertEqual(self.moves(mapped).quantity, 27)
        self.assertEqual(self.moves(ucum), self.moves(mapped))
        self.assertReview(unknown, "unknown_unit")
        self.assertReview(wrong, "unit_not_convertible")

    # ---------------------------------------------------------------- tracking

    def test_lots(self):
        missing = self.consume(self.line("SALINE"))
        unknown = self.consume(self.line("SALINE", lot="L9"))
        known = self.consume(self.line("SALINE", lot="L1"))
        self.drain()
        self.assertReview(missing, "lot_required")
        self.assertReview(unknown, "unknown_lot")
        self.assertEqual(self.moves(known).move_line_ids.lot_id, self.lot)

    def test_unknown_lot_goes_on_when_it_is_created(self):
        message = self.consume(self.line("SALINE", lot="L9"))
        self.drain()
        issue = message.issue_id
        action = issue.action_fix()
        self.assertEqual(action["context"]["default_product_id"], self.saline.id)
        lot = self.env["stock.lot"].with_context(**action["context"]).create({})
        self.assertEqual(issue.state, "resolved")
        self.stock(self.saline, self.icu, 5, lot)
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)
        self.assertEqual(self.on_hand(self.saline, self.icu, lot), 4)

    def test_serials(self):
        two = self.consume(self.line("STENT", 2, serial="S1"))
        one = self.consume(self.line("STENT", 1, serial="S1"))
        self.drain()
        self.assertReview(two, "serial_quantity")
        self.assertEqual(one.state, "done", one.error_code)
        self.assertEqual(self.on_hand(self.stent, self.icu), 0)

    def test_expiry(self):
        other = self.consume(self.line("SALINE", lot="L1", expiry="2020-01-31"))
        fresh = self.env["stock.lot"].create({"name": "L2", "product_id": self.saline.id})
        fresh.expiration_date = False
        self.stock(self.saline, self.icu, 5, fresh)
        expired = self.consume(self.line("SALINE", lot="L2", expiry="2021-06-30"))
        self.drain()
        self.assertEqual((other.state, expired.state), ("done", "done"))
        codes = set(self.env["hc.issue"].search([]).mapped("error_code"))
        self.assertLessEqual({"expiry_mismatch", "lot_expired"}, codes)
        self.assertEqual(fresh.expiration_date.date().isoformat(), "2021-06-30")

    # ------------------------------------------------------------------ review

    def test_unmapped_item_waits_whole_and_goes_on_once(self):
        message = self.consume(self.line(), self.line("NEW", 4, number=2), transaction="T1")
        self.drain()
        self.assertReview(message, "unmapped_item")
        self.assertEqual(self.on_hand(self.glove, self.icu), 100)
        self.env["hc.identifier"].create(
            {
                "system_id": self.system.id,
                "namespace": "item",
                "code_system": "local",
                "value": "NEW",
                "res_id": self.gauze.id,
            }
        )
        self.drain()
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)
        self.assertEqual(len(message.effect_ids), 2)
        self.assertEqual(self.on_hand(self.gauze, self.icu), 96)

    def test_unknown_sites(self):
        facility = self.consume(facility="ELSEWHERE")
        location = self.consume(location="ATTIC")
        self.drain()
        self.assertReview(facility, "unknown_facility")
        self.assertReview(location, "unknown_location")
        self.env["hc.site"].create(
            {
                "name": "Attic",
                "system_id": self.system.id,
                "facility_code": "MAIN",
                "location_code": "ATTIC",
                "location_id": self.er.id,
            }
        )
        self.drain()
        self.assertEqual(location.state, "done", location.error_code)
        self.assertEqual(self.moves(location).location_id, self.er)

    def test_site_without_stock_waits_for_it(self):
        site = self.env["hc.site"].create(
            {
                "name": "Attic",
                "system_id": self.system.id,
                "facility_code": "MAIN",
                "location_code": "ATTIC",
            }
        )
        message = self.consume(location="ATTIC")
        self.drain()
        self.assertReview(message, "unknown_location")
        site.location_id = self.er
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)

    def test_incomplete_takes_the_default_site(self):
        data = self.use()
        del data["facility"], data["location"]
        message = self.consume()
        self.spoil(message, data)
        self.drain()
        self.assertReview(message, "incomplete")
        self.channel.default_site_id = self.system.site_ids.filtered("location_code")[:1]
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)

    def test_cost_centers(self):
        message = self.consume(cost_center="CC-ICU", location="ER")
        unknown = self.consume(cost_center="CC-NONE")
        self.drain()
        self.assertEqual(self.moves(message).location_dest_id, self.center.location_id)
        self.assertEqual(self.moves(message).hc_analytic_account_id, self.account)
        # The stock has left the ward all the same: posted to the site's own place, and told.
        self.assertEqual(unknown.state, "done", unknown.error_code)
        self.assertTrue(self.moves(unknown))
        issue = self.env["hc.issue"].search([("error_code", "=", "cost_center_unknown")])
        self.assertEqual(issue.fix_value, "CC-NONE")
        self.assertNotEqual(issue.state, "resolved")

    def test_dates(self):
        now = fields.Datetime.now()
        old = self.consume(consumed_at=(now - timedelta(days=400)).isoformat() + "Z")
        future = self.consume(consumed_at=(now + timedelta(hours=1)).isoformat() + "Z")
        ancient = self.consume(consumed_at="0001-01-01")
        self.drain()
        for message in (old, future, ancient):
            self.assertReview(message, "date_implausible")
        self.channel.max_age_days = 0
        self.drain()
        self.assertEqual(old.state, "done", old.error_code)
        self.assertEqual(future.state, "review")

    def test_locked_period(self):
        today = fields.Date.today()
        self.company.sudo().fiscalyear_lock_date = today - timedelta(days=10)
        used = (today - timedelta(days=20)).isoformat()
        message = self.consume(consumed_at=used)
        self.drain()
        self.assertReview(message, "date_locked")

    # ---------------------------------------------------------- stated before

    def test_same_fact_and_other_content(self):
        first = self.consume(self.line(quantity=2), transaction="T1")
        same = self.consume(self.line(quantity="2.0"), transaction="T1")
        other = self.consume(self.line(quantity=3), transaction="T1")
        self.drain()
        late = self.consume(self.line(quantity=2), transaction="T1")
        self.drain()
        self.assertEqual(first.state, "done")
        self.assertEqual((same + late).mapped("state"), ["duplicate", "duplicate"])
        self.assertEqual((same + late).duplicate_of_id, first)
        self.assertReview(other, "business_key_conflict")
        self.assertEqual(self.on_hand(self.glove, self.icu), 98)

    def test_only_the_new_line_has_an_effect(self):
        self.consume(self.line(), transaction="T1")
        self.drain()
        more = self.consume(self.line(), self.line("SALINE", number=2, lot="L1"), transaction="T1")
        self.drain()
        self.assertEqual(more.state, "done")
        self.assertEqual(more.effect_ids.role, "line:2")
        self.assertEqual(self.on_hand(self.glove, self.icu), 99)

    def test_equal_event_ids_of_two_sources(self):
        for source in ("urn:hc:cabinet:A", "urn:hc:cabinet:B"):
            event = self.event(self.use(), CONSUMED, id="evt-1", source=source)
            self.assertTrue(self.send(self.channel, event))
        self.drain()
        self.assertEqual(self.on_hand(self.glove, self.icu), 98)

    # ------------------------------------------------------------- below zero

    def test_below_zero_is_posted_and_raised(self):
        message = self.consume(self.line(quantity=120))
        self.drain()
        self.assertEqual(message.state, "done", message.error_code)
        self.assertEqual(self.on_hand(self.glove, self.icu), -20)
        self.assertIn("stock_negative", self.env["hc.issue"].search([]).mapped("error_code"))

    def test_below_zero_is_held(self):
        self.channel.negative_stock = "hold"
        first = self.consume(self.line(quantity=90))
        second = self.consume(self.line(quantity=20))
        third = self.consume(self.line(quantity=10))
        self.drain()
        self.assertEqual((first.state, third.state), ("done", "done"))
        self.assertReview(second, "stock_negative")
        self.stock(self.glove, self.icu, 50)
        second.issue_id.action_retry()
        self.drain()
        self.assertEqual(second.state, "done")
        self.assertEqual(self.on_hand(self.glove, self.icu), 30)

    # -------------------------------------------------------------------- plan

    def test_plan_writes_nothing(self):
        moves = self.env["stock.move"].search_count([])
        good, bad = self._plan(self.use()), self._plan(self.use(self.line("NEW")))
        self.assertEqual(good[0]["effect"], "stock.move")
        self.assertEqual(good[0]["product"], self.glove.display_name)
        self.assertEqual(bad, [{"review": "unmapped_item"}])
        self.assertEqual(self.env["stock.move"].search_count([]), moves)

    def _plan(self, data):
        item = Item(
            message_id=0,
            uuid="",
            type=CONSUMED,
            data=data,
            system_id=self.system.id,
            channel=self.channel,
            company_id=self.company.id,
            event_id="evt",
            source="urn:test",
        )
        return run.plan(self.env, [item])[0]

    def test_buttons_lead_to_the_messages(self):
        message = self.consume()
        self.drain()
        move = self.moves(message)
        for record in (move, move.picking_id):
            self.assertEqual(record.hc_message_count, 1)
            self.assertEqual(record.action_hc_messages()["domain"], [("id", "in", message.ids)])
