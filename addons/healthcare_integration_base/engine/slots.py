# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""How many cron workers of a server one segment may have in hand.

A drain keeps its worker for up to :data:`.drain.RUN_SECONDS`. Where all lanes of one segment
have much to do, inbound and outbound, they would take all workers, and the other segment would
wait for one. So a segment takes all but one.
"""

import os
import socket
from contextlib import ExitStack, contextmanager

from odoo.tools import config

from .locks import lock_key, session_lock

SLOT = "hc.segment"


def limit():
    """Workers of this server that one segment may have; one at the least."""
    return max(1, (config["max_cron_threads"] or 1) - 1)


@contextmanager
def slot(cr, segment):
    """Have one of the segment's workers for as long as this lasts; yields whether there was
    one left. It is freed with the connection, whatever becomes of the process."""
    server = socket.gethostname(), os.getppid()
    with ExitStack() as stack:
        keys = (lock_key(SLOT, *server, segment, number) for number in range(limit()))
        yield any(stack.enter_context(session_lock(cr, key)) for key in keys)
