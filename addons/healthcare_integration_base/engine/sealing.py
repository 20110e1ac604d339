# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Sealing the trail, telling of it outside the database, and verifying it (ADR 0027)."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from odoo.tools import config

from ..messaging.sealing import syslog
from ..messaging.sealing.check import Check
from ..messaging.sealing.export import ExportFile
from ..messaging.sealing.sealer import Sealer
from ..messaging.sealing.store import Store
from .locks import lock_key

LOCK = lock_key("hc.audit.seal")
FOLDER, FOLDER_OPTION = "HC_AUDIT_EXPORT_DIR", "hc_audit_export_dir"
SYSLOG, SYSLOG_OPTION = "HC_AUDIT_SYSLOG", "hc_audit_syslog"
MARGIN = 100_000
"""What waits to be sealed is looked for so far before the last sealed event: transactions
that began long ago may have taken lower ids."""
PAGE = 100
"""So many checkpoints are written at once."""


class AheadError(Exception):
    """The file has checkpoints that the database has not, or others."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where checkpoints are told outside the database; either may be missing."""

    file: ExportFile | None
    log: syslog.Address | None

    def __bool__(self):
        return bool(self.file or self.log)


def target_of(env):
    """As the environment, else Odoo's configuration says; a neutralized copy has none.

    :raises syslog.AddressError: the system log's address is none
    """
    if is_neutralized(env):
        return Target(None, None)
    folder = os.environ.get(FOLDER) or config.get(FOLDER_OPTION)
    address = os.environ.get(SYSLOG) or config.get(SYSLOG_OPTION)
    return Target(
        ExportFile(Path(folder) / file_name(env.cr)) if folder else None,
        syslog.address_of(address) if address else None,
    )


def is_neutralized(env):
    """A staging copy neither seals nor tells: it would go on with the log of another."""
    return bool(env["ir.config_parameter"].sudo().get_param("database.is_neutralized"))


def file_name(cr):
    """A copy of the database writes to another file, and a new log too."""
    return f"audit-{cr.dbname}-{Store(cr).log_id()[:8]}.ndjson"


def seal(env):
    """Add one checkpoint; says whether there was anything to seal."""
    key, former = env["hc.keyring"]._signing_keys()
    return Sealer(Store(env.cr), key, former).seal() is not None


def write_file(env, file):
    """Bring the file up to date with what is committed.

    :return: the number of its last checkpoint
    :raises OSError: it cannot be written
    :raises AheadError: see there
    """
    store = Store(env.cr)
    last = file.last_batch()
    number = last.checkpoint.number if last else 0
    if last and last.signed.note != _note(store, number):
        raise AheadError
    _write_key(env, file)
    while added := file.append(store.batches(number, PAGE)):
        number = added
    return number


def _note(store, number):
    return next((one.signed.note for one in store.batches(number - 1, 1)), None)


def _write_key(env, file):
    """The public key lies beside the file; one that is there already stays."""
    key, _former = env["hc.keyring"]._signing_keys()
    name = key.public.fingerprint.partition(":")[2].replace("/", "_")[:16]
    path = file.path.with_suffix(f".{name}.pem")
    if not path.exists():
        path.write_text(key.public.pem)


def write_log(env, address, above):
    """Tell the system log of checkpoints above a number; the number of the last one."""
    store, host = Store(env.cr), socket.gethostname()
    number = above
    while batches := list(store.batches(number, PAGE)):
        syslog.send(
            address,
            (syslog.line_of(host, one.checkpoint.time, one.signed.text) for one in batches),
        )
        number = batches[-1].checkpoint.number
    return number


def verify(env, written, path=None):
    """Look at the whole trail, and at the exported file, where there is one.

    :param written: up to which checkpoint the file was written
    :param path: another file than the configured one
    """
    key, former = env["hc.keyring"]._signing_keys()
    file = ExportFile(Path(path)) if path else target_of(env).file
    return Check(
        Store(env.cr),
        [key.public, *(one.public for one in former)],
        file.batches() if file else None,
        written if file and not path else 0,
    ).run()
