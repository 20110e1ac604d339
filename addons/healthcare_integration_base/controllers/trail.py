# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What is refused on the web leaves a trace too.

Of a sender that is known, each refusal; of one that is not, their number: strangers must not
be able to fill the trail.
"""

from odoo import SUPERUSER_ID, api
from odoo.http import request

from ..engine import refusals


def known(caller):
    """Remember who calls, for the refusals of this request."""
    request.hc_caller = caller
    return caller


def suspected(credential):
    """Remember which credential was named, before it is proven."""
    request.hc_suspect = credential
    return credential


def refused(errors):
    """Add refusals to the audit trail, one event for each code."""
    caller = getattr(request, "hc_caller", None)
    if caller is not None:
        refusals.record(caller.env, caller.system, errors)
        return
    unproven = [error for error in errors if error.spec.status == 401]
    if unproven:
        env = api.Environment(request.env.cr, SUPERUSER_ID, {})
        refusals.record_unproven(env, getattr(request, "hc_suspect", None), unproven)


def is_dry_run():
    """Whether the request leaves one event and no other: that it was tried."""
    return request.httprequest.path.endswith("/validate")
