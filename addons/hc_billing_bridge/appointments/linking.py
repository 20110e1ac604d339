# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Finding the appointments of charges, for some patients of the present company at once."""

from odoo.fields import Domain

from ..billing.matching import Charge, Visit, match

MATCHABLE = ("booked", "arrived", "fulfilled")


def link(env, patients):
    """Give the charges of these patients their appointments.

    It is worked out anew from all of a patient's appointments and charges, so that it does
    not matter what came first. What a person has chosen stays.

    :param patients: pseudonyms.
    :return: charges whose appointment has changed.
    """
    appointments = env["hc.appointment"].search(
        [
            ("company_id", "=", env.company.id),
            ("patient_ref", "in", list(patients)),
            ("state", "in", MATCHABLE),
        ]
    )
    charges = _charges(env, patients, appointments.mapped("patient_ref"))
    products = appointments._products_by_code()
    chosen = charges.filtered("appointment_by_hand")
    free = charges - chosen
    visits = [_visit(one, products, chosen) for one in appointments if one._day()]
    found = match(visits, [_charge(one) for one in free])
    return _write(env, free, found)


def _charges(env, patients, expected):
    """Charges that may get an appointment, or may lose theirs: where nobody is ``expected``
    there is little to look at, however many charges there are."""
    mine = Domain("patient_id.hc_patient_ref", "in", list(patients))
    met = Domain("patient_id.hc_patient_ref", "in", expected)
    usable = Domain(
        [
            ("company_id", "=", env.company.id),
            ("action", "=", "charge"),
            ("state", "!=", "cancelled"),
        ]
    )
    linked = Domain("appointment_id", "!=", False)
    return env["hc.charge"].search(usable & (met | (mine & linked)))._still_charged()


def _visit(appointment, products, chosen):
    opens, closes = appointment._day()
    services = {code: _key(code, products) for code in appointment.service_ids}
    mine = chosen.filtered(lambda charge: charge.appointment_id == appointment)
    charged = {key for one in mine for key in _keys(one)}
    keys = frozenset(key for key in services.values() if key)
    return Visit(
        id=appointment.id,
        patient=appointment.patient_ref,
        services=keys,
        at=appointment.start or appointment.completed_at,
        opens=opens,
        closes=closes,
        charged=keys & charged,
    )


def _charge(charge):
    return Charge(
        id=charge.id,
        patient=charge.patient_id.hc_patient_ref,
        services=frozenset(_keys(charge)),
        at=charge.occurred_at,
    )


def _key(code, products):
    """The product of a service; of one that is not mapped its code, unless it is a code that
    only its own system knows."""
    if code.id in products:
        return f"product:{products[code.id]}"
    return None if code.code_system == "local" else code._key()


def _keys(charge):
    return [f"product:{charge.product_id.id}", *filter(None, [charge.service_code])]


def _write(env, charges, found):
    by_appointment = {}
    for charge in charges:
        appointment = found.get(charge.id, False)
        if charge.appointment_id.id != appointment:
            by_appointment.setdefault(appointment, []).append(charge.id)
    for appointment, ids in by_appointment.items():
        env["hc.charge"].browse(ids).write({"appointment_id": appointment})
    return env["hc.charge"].browse([id_ for ids in by_appointment.values() for id_ in ids])
