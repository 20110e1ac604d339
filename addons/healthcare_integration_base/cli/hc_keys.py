# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import base64
import secrets
import sys

from odoo import SUPERUSER_ID, api
from odoo.cli.command import Command
from odoo.modules.registry import Registry
from odoo.service import server
from odoo.tools import config

USAGE = """usage: ODOO_RC=… odoo hc_keys status|rotate|verify|new [-d DATABASE]

status   under which master keys the secrets of the database are sealed
rotate   seal anew, under the present key, what a former one has sealed
verify   open every secret; says whether former keys may go
new      print a new master key; needs no database
"""
# Beyond that a list of ids is of no help.
MOST_IDS = 20


class HcKeys(Command):
    """Look at the master key of the integration layer, and seal anew under a new one"""

    # See cli/hc_mllp.py on how Odoo finds the command.
    name = "hc_keys"

    def run(self, args):
        """0 when all is well, 1 when something is left to be done, 2 for a wrong call."""
        verb, *rest = args or [""]
        if verb == "new":
            return self._new()
        if verb not in ("status", "rotate", "verify"):
            sys.stderr.write(USAGE)
            sys.exit(2)
        config.parser.prog = self.prog
        config.parse_config(rest, setup_logging=True)
        server.load_server_wide_modules()
        names = config["db_name"]
        if len(names) != 1:
            sys.exit("odoo hc_keys: name one database (-d)")
        registry = Registry(names[0])
        with registry.cursor() as cr:
            sys.exit(getattr(self, f"_{verb}")(api.Environment(cr, SUPERUSER_ID, {})))

    def _new(self):
        """A key as HC_MASTER_KEY and the key files hold it."""
        print(base64.b64encode(secrets.token_bytes(32)).decode())

    def _status(self, env):
        status = env["hc.master.key"]._status()
        for place, found in status.counts.items():
            for key, count in sorted(found.items()):
                print(f"{place}: {count} under key {key}")
        return self._sum_up(status)

    def _rotate(self, env):
        keys = env["hc.master.key"]
        stuck = keys._rotate(
            lambda place, done, failed: print(f"{place}: {done} sealed anew", flush=True)
        )
        env.registry.signal_changes()
        for place, ids in stuck.items():
            print(f"{place}: no key that is loaded opens {_listed(ids)}")
        env.cr.rollback()
        return self._sum_up(keys._status())

    def _verify(self, env):
        keys = env["hc.master.key"]
        broken = keys._check()
        for place, ids in broken.items():
            print(f"{place}: does not open: {_listed(ids)}")
        return self._sum_up(keys._status()) or int(bool(broken))

    def _sum_up(self, status):
        """The sentence that matters; 1 while a former key is needed or one is missing."""
        done = status.under(status.present)
        print(f"{done} of {status.total} under the present key {status.present}")
        for key in status.lost:
            print(f"key {key} is not loaded: name it in HC_MASTER_KEY_PREVIOUS")
        for key in status.idle:
            print(f"key {key} opens nothing any longer and may go")
        for key, why in status.needed.items():
            print(f"key {key} is needed: {why}")
        return int(done != status.total)


def _listed(ids):
    more = f" and {len(ids) - MOST_IDS} more" if len(ids) > MOST_IDS else ""
    return ", ".join(map(str, ids[:MOST_IDS])) + more
