# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Files of rows: reading, identity, writing, schedule, and the stores that hold them."""

from .. import errors_batch
