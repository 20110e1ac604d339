# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The database's part of the server, run in threads: messages into the ledger, and the
ports' configuration and figures."""

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

from ..engine import failure
from ..engine.hl7_door import Hl7Door, Taken
from ..messaging.errors import MessageError
from ..messaging.mllp import Block, encode
from ..messaging.translate import hl7v2

_logger = logging.getLogger(__name__)
# A database that has just come back leaves dead connections in the pool, one for each thread.
# Trying again is safe: what was kept meanwhile is recognized.
TRIES = 4
PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back for one block.

    :param data: the block of the acknowledgement; empty where the sender wants none
    :param accepted: whether the message is kept, or was already
    """

    data: bytes
    accepted: bool


class Worker:
    """Works on one database; its methods may be called from any thread."""

    def __init__(self, database: str):
        self.database = database

    # ----------------------------------------------------------------- messages

    def answer(self, system_id: int, blocks: Sequence[Block]) -> list[Answer]:
        """Take the messages of a system, and acknowledge them.

        What is acknowledged as accepted has been committed. Never raises: while the database
        is away every message is refused for the time being.
        """
        return [_answer(one) for one in self._taken(system_id, blocks)]

    def _taken(self, system_id, blocks):
        for attempt in range(TRIES):
            time.sleep(attempt * PAUSE_SECONDS)
            try:
                return self._take(system_id, blocks)
            except psycopg2.errors.LockNotAvailable as error:  # as long as tables are changed
                return [_refused(block, failure.as_message_error(error)) for block in blocks]
            except failure.AWAY as error:
                _logger.debug("The database is away: %s", type(error).__name__)
            except Exception as error:  # every message has an answer
                return self._failed(system_id, blocks, error)
        return [_refused(block, MessageError("database_unavailable")) for block in blocks]

    def _failed(self, system_id, blocks, error):
        """One message must not spoil the others that were taken with it."""
        if len(blocks) > 1:
            return [taken for one in blocks for taken in self._taken(system_id, [one])]
        return [_refused(blocks[0], failure.as_message_error(error))]

    def _take(self, system_id, blocks):
        with self._environment() as env:
            system = env["hc.system"]._wire_config_of(system_id)
            if system is None:
                return [_refused(block, MessageError("not_configured")) for block in blocks]
            door = Hl7Door(env, system)
            whole = [block.content for block in blocks if not block.problem]
            taken = iter(door.take_all(whole) if whole else ())
            return [
                door.refuse(block.content, MessageError(block.problem))
                if block.problem
                else next(taken)
                for block in blocks
            ]

    @contextmanager
    def _environment(self):
        """The engine's environment, on a cursor with no transaction open."""
        threading.current_thread().dbname = self.database
        with Registry(self.database).cursor() as cr:
            Registry(self.database).check_signaling(cr)
            cr.rollback()
            yield api.Environment(cr, SUPERUSER_ID, {})

    # -------------------------------------------------------------------- ports

    def poll(self, figures):
        """Write down what happened on the ports, and read how they shall be.

        :param figures: ``{id: Figures}``
        :return: ``{id: PortConfig or a sentence}``
        """
        with self._environment() as env:
            ports = env["hc.mllp.port"]
            if figures:
                self._report(ports, figures)
            return ports._sudo_configs()

    def _report(self, ports, figures):
        """A manager may be saving the record: the figures are worth another try, no wait."""
        for _attempt in range(TRIES):
            try:
                ports._sudo_report(figures)
                ports.env.cr.commit()  # pylint: disable=invalid-commit
                return
            except psycopg2.errors.SerializationFailure:
                ports.env.cr.rollback()


def _answer(taken):
    data = encode(taken.acknowledgement()) if taken.is_answer_wanted() else b""
    return Answer(data, taken.error is None)


def _refused(block, error):
    return Taken(hl7v2.parse_header(block.content), error)
