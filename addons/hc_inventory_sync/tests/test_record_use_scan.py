# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from .record_use_case import RecordUseCase

GTIN = "00380740000011"
SALINE_GTIN = "04006501003638"
FNC1 = "\x1d"


class TestRecordUseScan(RecordUseCase):
    """What a scanner may send: GTINs in any length, GS1 with everything, lots, wards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.saline.barcode = SALINE_GTIN.lstrip("0")
        cls.stent.barcode = "5901234123457"

    def scan(self, barcode):
        return self.screen.read_barcode(self.icu.id, barcode)

    def assertScanned(self, barcode, product, quantity="1", lot=None):
        found = self.scan(barcode)
        self.assertTrue(found, barcode)
        self.assertEqual(found["item"]["id"], product.id)
        self.assertEqual(found["quantity"], quantity)
        self.assertEqual((found["lot"] or {}).get("name"), lot)
        return found

    def test_gtin_in_any_length(self):
        for barcode in (GTIN, GTIN[1:], GTIN[2:], f" {GTIN} "):
            self.assertScanned(barcode, self.gauze)

    def test_gs1(self):
        self.assertScanned(f"01{GTIN}", self.gauze)
        self.assertScanned(f"]C101{GTIN}3012", self.gauze, "12")
        found = self.assertScanned(f"01{SALINE_GTIN}1728063010L1", self.saline, lot="L1")
        self.assertTrue(found["lot"]["known"])
        self.assertEqual(found["lot"]["held"], 50)
        self.assertScanned(f"01{SALINE_GTIN}10L1{FNC1}305", self.saline, "5", "L1")
        self.assertScanned(f"0105901234123457{'21S1'}{FNC1}10X9", self.stent, lot="S1")
        unknown = self.assertScanned(f"01{SALINE_GTIN}10NEW-7", self.saline, lot="NEW-7")
        self.assertFalse(unknown["lot"]["known"])

    def test_packaging_counts_what_it_holds(self):
        box = self.env["uom.uom"].create(
            {
                "name": "Box of 50",
                "relative_factor": 50,
                "relative_uom_id": self.gauze.uom_id.id,
            }
        )
        self.env["product.uom"].create(
            {"product_id": self.gauze.id, "uom_id": box.id, "barcode": "10380740000018"}
        )
        self.assertScanned("10380740000018", self.gauze, "50")
        self.assertScanned("01103807400000183702", self.gauze, "100")

    def test_lot_number_alone(self):
        self.assertScanned("S1", self.stent, lot="S1")
        twin = self.env["stock.lot"].create({"name": "S1", "product_id": self.saline.id})
        self.stock(self.saline, self.icu, 1, twin)
        self.assertFalse(self.scan("S1"))

    def test_code_that_is_mapped_for_another_system(self):
        self.env["hc.identifier"].create(
            {
                "system_id": self.system.id,
                "namespace": "item",
                "code_system": "gtin",
                "value": "04012345678901",
                "res_id": self.glove.id,
            }
        )
        self.assertScanned("4012345678901", self.glove)

    def test_ward(self):
        self.er.barcode = "WARD-ER"
        self.assertEqual(self.scan("WARD-ER"), {"ward": self.er.id})
        self.assertEqual(self.screen.read_barcode(False, "WARD-ER"), {"ward": self.er.id})

    def test_what_nothing_has_adds_nothing(self):
        self.gauze.active = False
        for barcode in ("99999999999994", "", "01", "0100000000000000", GTIN, f"01{GTIN}", "10L1"):
            self.assertIs(self.scan(barcode), False, barcode)
