# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import optparse
import sys

from odoo.cli.command import Command
from odoo.service import server
from odoo.tools import config


class HcMllp(Command):
    """Take HL7 v2 messages over MLLP, on the ports that are set up in Odoo"""

    # Odoo finds the command by the name of its file, and where ODOO_RC or --addons-path (as
    # the very first argument) lead to this addon: `odoo NAME -c …` does not look there.
    name = "hc_mllp"

    def run(self, args):
        """Serve until SIGTERM; 0 then, and 1 with one line when that cannot be."""
        given = self._options(args)
        # Odoo's own modules first, as in a server; the addon is where the configuration says.
        server.load_server_wide_modules()
        from odoo.addons.healthcare_integration_base.mllp import front, process

        chosen = {
            name: getattr(given, f"mllp_{name}")
            for name in ("threads", "connections")
            if getattr(given, f"mllp_{name}") is not None
        }
        try:
            process.main(front.Options(**chosen), given.mllp_check)
        except process.Misconfigured as error:
            sys.exit(f"odoo hc_mllp: {error}")

    def _options(self, args):
        parser = config.parser
        parser.prog = self.prog
        group = optparse.OptionGroup(parser, "MLLP")
        group.add_option(
            "--mllp-threads",
            dest="mllp_threads",
            type="int",
            file_loadable=False,
            help="threads that work on the database (4); each takes a connection",
        )
        group.add_option(
            "--mllp-connections",
            dest="mllp_connections",
            type="int",
            file_loadable=False,
            help="connections of all ports together (1000)",
        )
        group.add_option(
            "--mllp-check",
            action="store_true",
            dest="mllp_check",
            file_loadable=False,
            help="only say what is wrong with the enabled ports",
        )
        parser.add_option_group(group)
        return config.parse_config(args, setup_logging=True)
