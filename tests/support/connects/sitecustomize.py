"""Loaded by every Python of a server that must not call anybody: notes each connection.

PostgreSQL is reached by a library in C, which Python's audit hooks do not see; everything else
that Odoo does goes through Python's sockets.
"""

import os
import sys

FILE = os.environ["HC_CONNECTS_FILE"]


def note(event, args):
    """One line for each connection that is tried."""
    if event != "socket.connect":
        return
    line = f"{os.getpid()} {args[1]!r}\n".encode()
    handle = os.open(FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line)
    finally:
        os.close(handle)


sys.addaudithook(note)
