# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import (
    test_appointment,
    test_appointment_handler,
    test_appointment_random,
    test_appointment_rights,
    test_appointment_tours,
    test_charge_gap,
    test_charge_handlers,
    test_charges,
    test_credits,
    test_erasure_billing,
    test_held_charges,
    test_invoicing,
    test_patient_search,
    test_random_charges,
    test_billing_rights,
)
from . import test_appointment_ownership
