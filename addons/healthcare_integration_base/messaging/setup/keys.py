# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The master key, which never is in the database or beside its backups."""

from __future__ import annotations

import stat

from .facts import Facts
from .finding import About, Finding

KEYS = "Keys"
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def master_key(facts: Facts) -> Finding:
    about = About("master_key", KEYS)
    if not facts.key.is_usable:
        return about.error(
            "The master key cannot be read: no signed request is accepted, and no secret opens.",
            "Make HC_MASTER_KEY_FILE name a file with at least 32 random bytes in base64 that"
            " Odoo's user can read, and restart all processes.",
        )
    if facts.key.origin == "made":
        return about.warning(
            "No master key was named, so the suite made one in Odoo's data directory. A backup"
            " of that directory holds it together with what it protects, and another machine"
            " has another key.",
            "Move the file of healthcare_integration/ out of the data directory, name it by"
            " HC_MASTER_KEY_FILE for all processes, and keep a copy apart from the backups.",
        )
    if facts.key.in_data_dir:
        return about.warning(
            "The master key lies in Odoo's data directory: a backup of that directory holds it"
            " together with what it protects.",
            "Move it elsewhere, change HC_MASTER_KEY_FILE and restart all processes.",
        )
    return about.ok("The master key is named, and lies outside of Odoo's data directory.")


def key_file(facts: Facts) -> Finding:
    about = About("key_file", KEYS)
    key = facts.key
    if key.mode is None:
        if key.origin == "variable":
            return about.ok("The master key is in the environment; there is no file of it.")
        return about.unknown(
            "The file of the master key cannot be looked at.",
            "See whether it exists, and whether Odoo's user may read it.",
        )
    if key.mode & OTHERS:
        return about.error(
            f"The file of the master key can be reached by others (mode {key.mode & 0o777:04o}).",
            "chmod 0600 on the file, chown to Odoo's user; where others had access, replace"
            " the key.",
        )
    if not key.is_own:
        return about.warning(
            "The file of the master key belongs to another user, who can change it.",
            "chown the file to Odoo's user or to root.",
        )
    return about.ok("Only Odoo's user can read the file of the master key.")


CHECKS = (master_key, key_file)
