# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The bundle for an auditor, as a temporary file: a year of events is larger than memory."""

import tempfile

from odoo.tools import file_open

from ..messaging.sealing.bundle import Prover, write
from ..messaging.sealing.store import Store

SCRIPT = "healthcare_integration_base/static/audit/hc_verify.py"
MEMORY = 1 << 24


def bundle(cr, first, last, companies=None):
    """Events with ids from one to another.

    :param companies: ids of those whose events are shown, of others the hash; none: all
    :return: the open file, at its beginning, and the number of leaves
    :raises NotSealedError: nothing of it is sealed
    """
    with file_open(SCRIPT, "rb") as script:
        text = script.read()
    target = tempfile.SpooledTemporaryFile(max_size=MEMORY)  # noqa: SIM115 the caller closes it
    try:
        count = write(Prover(Store(cr), companies), first, last, text, target)
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return target, count
