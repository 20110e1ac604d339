# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import argparse
import json
import sys

from odoo import SUPERUSER_ID, api
from odoo.cli.command import Command
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service import server
from odoo.tools import config

SOUND, TAMPERED, UNABLE = 0, 1, 2


class HcAudit(Command):
    """Verify, seal and export the audit trail of the healthcare integration"""

    # Found as hc_mllp is: by the name of its file, through ODOO_RC or --addons-path.
    name = "hc_audit"

    def run(self, args):
        """End with 0 if all is well, 1 if the trail is not as it was sealed, 2 if that cannot
        be told."""
        parser = self._parser()
        given, rest = parser.parse_known_args(args)
        config.parse_config(rest, setup_logging=True)
        if len(config["db_name"]) != 1:
            parser.error("name one database: db_name in the configuration, or -d NAME")
        server.load_server_wide_modules()
        try:
            with Registry(config["db_name"][0]).cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                code = getattr(self, f"_{given.command.replace('-', '_')}")(env, given)
        except (UserError, OSError) as error:
            print(f"odoo hc_audit: {error}", file=sys.stderr)
            code = UNABLE
        sys.exit(code)

    def _parser(self):
        parser = argparse.ArgumentParser(prog=self.prog, description=self.__doc__)
        commands = parser.add_subparsers(dest="command", required=True)
        verify = commands.add_parser("verify", help="recompute all of it")
        verify.add_argument("--file", help="an exported file other than the configured one")
        verify.add_argument("--json", action="store_true", help="tell it as JSON")
        commands.add_parser("seal", help="seal what has come, and export it")
        commands.add_parser("key", help="the public key, and its fingerprint")
        bundle = commands.add_parser("bundle", help="events for an auditor, as a zip file")
        bundle.add_argument("--first", type=int, default=1, help="id of the first event")
        bundle.add_argument("--last", type=int, default=1 << 62, help="id of the last event")
        bundle.add_argument("--out", required=True, help="the file to write")
        accept = commands.add_parser(
            "accept-restore", help="begin a new file after the database was restored"
        )
        accept.add_argument("--reason", required=True, help="why it was restored")
        return parser

    def _verify(self, env, given):
        log = env["hc.audit.log"]._sudo_log()
        if given.file:
            from odoo.addons.healthcare_integration_base.engine import sealing

            found = sealing.verify(env, 0, given.file)
        else:
            found = log._sudo_verify()
        print(json.dumps(found.as_dict(), indent=1) if given.json else log._text(found))
        return SOUND if found.is_sound else TAMPERED

    def _seal(self, env, _given):
        log = env["hc.audit.log"]._sudo_log()
        env["hc.audit.log"]._cron_seal()
        failing = log.seal_error or log.export_error
        print(failing or f"{log.checkpoint_count} checkpoints, {log.event_count} events")
        return UNABLE if failing else SOUND

    def _key(self, env, _given):
        key, _former = env["hc.keyring"]._signing_keys()
        print(key.public.pem + key.public.fingerprint)
        return SOUND

    def _bundle(self, env, given):
        with env["hc.audit.bundle"]._sudo_bundle(given.first, given.last) as file:
            with open(given.out, "xb") as out:
                while part := file.read(1 << 20):
                    out.write(part)
        return SOUND

    def _accept_restore(self, env, given):
        print(env["hc.audit.log"]._sudo_log()._accept_restore(given.reason))
        return SOUND
