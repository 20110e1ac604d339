# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo.tests import tagged

from .common import CAPTURED, BillingCase


@tagged("post_install", "-at_install")
class TestErasureBilling(BillingCase):
    """A patient leaves billing; what accounting has to keep stays."""

    def setUp(self):
        super().setUp()
        ring = self.env["hc.keyring"]._ring()
        self.patient = ring.pseudonym("patient", "P-1", "HOSP")
        self.visit_ref = ring.pseudonym("encounter", "V-1")
        self.event_again = self.event(self.charge("C-1"), CAPTURED)
        self.send(self.channel, self.event_again)
        # Billed to the patient's own account, and a message that names the visit alone.
        self.mine = self.bill(self.charge("C-2", "CBC", coverage=None, encounter="V-2"))
        self.mine += self.bill(self.charge("C-3", "CBC", patient=None))
        self.others = self.bill(
            self.charge("C-9", encounter="V-9", patient={"mrn": "P-2", "authority": "HOSP"})
        )
        self.mine += self.env["hc.charge"].search([("name", "=", "C-1")])
        self.others.move_line_id.move_id.action_post()
        self.mine[-1:].move_line_id.move_id.action_post()

    def erase(self, pseudonym):
        erasure = self.env["hc.erasure"]._sudo_request(pseudonym, "Asked for.", "DSR-1").sudo()
        for _step in range(30):
            self.step(erasure)
            if erasure.state == "found":
                erasure.action_erase()
            if erasure.state in ("done", "blocked"):
                break
        return erasure

    def step(self, erasure):
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["hc.erasure"].browse(erasure.id)._step()
        self.env.invalidate_all()

    def test_a_patient_is_erased(self):
        visits = {one for one in self.mine.mapped("encounter") if one}
        self.assertIn(self.visit_ref, visits)
        self.assertEqual(len(visits), 2)
        moves = self.mine.move_line_id.move_id
        names = ["name", "amount_total", "state", "invoice_date", "partner_id"]
        kept = moves.read(names, load=None)
        erasure = self.erase(self.patient)
        self.assertEqual((erasure.state, erasure.blocked_by), ("done", False))
        counts = {line.label: line.erased_count for line in erasure.line_ids}
        self.assertEqual(counts["Messages"], 3)
        self.assertEqual(counts["Charges"], 3)
        self.assertEqual(counts["Patient accounts"], 1)
        self.assertEqual(counts["Invoices and credit notes"], len(moves))
        for pseudonym in (self.patient, *visits):
            short = pseudonym.removeprefix("hcp1_")[:8]
            self.assertFalse(self.rows_with(pseudonym, short))
        self.assertEqual(kept, moves.read(names, load=None))

    def test_what_belongs_together_still_does(self):
        before = {one.id: one.encounter for one in self.mine}
        moves = self.mine.move_line_id.move_id
        accounts = self.mine.patient_id
        self.erase(self.patient)
        after = {one.id: one.encounter for one in self.mine}
        pairs = {(before[one], after[one]) for one in before}
        self.assertEqual(len(pairs), len(set(before.values())))
        self.assertEqual(moves, self.mine.move_line_id.move_id)
        self.assertEqual(accounts, self.mine.patient_id)
        self.assertTrue(accounts.name.startswith("Erased patient"))

    def test_another_patient_stays(self):
        before = self.others.read(["encounter", "patient_id"])
        content = self.others.message_id.payload
        self.erase(self.patient)
        self.assertEqual(before, self.others.read(["encounter", "patient_id"]))
        self.assertEqual(content, self.others.message_id.payload)

    def test_the_archive_again(self):
        """The same event, and the same fact under another id: no second charge."""
        self.erase(self.patient)
        count = self.env["hc.charge"].search_count([])
        message = self.send(self.channel, self.event_again)
        self.assertEqual(message.state, "done")
        data = {**self.event_again.data}
        again = self.send(self.channel, self.event(data, CAPTURED))
        self.run_all()
        self.assertEqual((again.state, again.error_code), ("duplicate", False))
        self.assertEqual(self.env["hc.charge"].search_count([]), count)

    def test_two_patients_of_one_visit_are_told_apart(self):
        """A visit that another person shares does not lead from one to the other."""
        shared = self.bill(self.charge("C-7", patient={"mrn": "P-3", "authority": "HOSP"}))
        erasure = self.erase(self.patient)
        self.assertEqual(erasure.state, "done")
        self.assertEqual(shared.encounter, self.visit_ref)
        self.assertTrue(shared.message_id.payload)
