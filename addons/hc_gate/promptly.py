# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A cron worker looks for work as soon as it is there.

Odoo's own sleeps a minute first, and a wake-up that was given before it listened is lost to
it: after an outage everything would wait for that minute. So a new worker of a process for
scheduled work has itself woken, by the notification that Odoo's triggers use.
"""

import logging
import os
import threading
import time

import psycopg2

from odoo.sql_db import db_connect
from odoo.tools import config

_logger = logging.getLogger(__name__)
LISTENS_AFTER_SECONDS = 2.0


def post_load():
    """Called in each process that loads the addon; says something to cron workers only."""
    if config["max_cron_threads"] and not config["http_enable"] and not config["stop_after_init"]:
        os.register_at_fork(after_in_child=_start)


def _start():
    threading.Thread(target=_wake, name="hc_gate.promptly", daemon=True).start()


def _wake():
    """Wake whoever listens for the databases of this process."""
    time.sleep(LISTENS_AFTER_SECONDS)
    try:
        with db_connect("postgres").cursor() as cr:
            for name in config["db_name"]:
                cr.execute("SELECT pg_notify('cron_trigger', %s)", [name])
    except psycopg2.Error as error:
        _logger.info("Work is looked for within a minute: %s", type(error).__name__)
