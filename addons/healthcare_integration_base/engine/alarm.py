# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Having the scheduler look for work at a time, to the second.

Odoo's scheduler finds a trigger of the future when it next looks, which is once a minute
where nobody notifies it. So the process that sets one also sets an alarm, which notifies. An
alarm that is lost with its process costs that minute and nothing else: the trigger stands in
the database.
"""

import logging
import threading
import time

import psycopg2

from odoo import sql_db
from odoo.tools import SQL

from odoo.addons.base.models.ir_cron import ODOO_NOTIFY_FUNCTION

_logger = logging.getLogger(__name__)
LATE_SECONDS = 0.1
"""An alarm rather rings a moment late than a moment too early, which would be in vain."""
_lock = threading.Lock()
_alarms = {}


def ring_at(dbname, key, seconds):
    """Notify the scheduler of a database in so many seconds, unless that is done before.

    :param key: of whom the alarm is; everybody has one at a time
    """
    moment = time.monotonic() + seconds
    with _lock:
        known, timer = _alarms.get((dbname, key), (None, None))
        if timer is not None and timer.is_alive():
            if known <= moment:
                return
            timer.cancel()
        timer = threading.Timer(seconds + LATE_SECONDS, _ring, [dbname])
        timer.name, timer.daemon = f"hc-alarm-{key}", True
        _alarms[dbname, key] = (moment, timer)
        timer.start()


def _ring(dbname):
    """As ``ir.cron._notifydb`` does, which needs a registry."""
    try:
        with sql_db.db_connect("postgres").cursor() as cr:
            notify = SQL.identifier(ODOO_NOTIFY_FUNCTION)
            cr.execute(SQL("SELECT %s('cron_trigger', %s)", notify, dbname))
    except psycopg2.Error as error:
        _logger.warning("The scheduler was not notified: %s", type(error).__name__)
