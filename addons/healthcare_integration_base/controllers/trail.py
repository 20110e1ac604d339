# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What is refused on the web leaves a trace too, as soon as its sender is known."""

from odoo.http import request

from ..engine import refusals


def known(caller):
    """Remember who calls, for the refusals of this request."""
    request.hc_caller = caller
    return caller


def refused(errors):
    """Add refusals to the audit trail, one event for each code."""
    caller = getattr(request, "hc_caller", None)
    if caller is not None:
        refusals.record(caller.env, caller.system, errors)
