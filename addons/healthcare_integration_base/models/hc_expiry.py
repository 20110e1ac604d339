# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .hc_credential import SOON

STAGES = (30, 14, 7, 1)
VIEWER = "healthcare_integration_base.group_integration_viewer"


class HcExpiry(models.Model):
    """Everything that ends at a known time: secrets, certificates, providers, agreements.

    The list follows the records (``hc.expiring.mixin``) and is made anew each day. 30, 14, 7
    and 1 days before the end the system's owner gets an activity, once each.
    """

    _name = "hc.expiry"
    _description = "Expiry"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "expires_at, id"

    name = fields.Char("What", required=True, readonly=True)
    kind = fields.Selection(
        [
            ("credential", "Credential"),
            ("certificate", "Client certificate of a system"),
            ("mllp_certificate", "Certificate of an MLLP port"),
            ("mllp_ca", "Client authority of an MLLP port"),
            ("mllp_client", "Client certificate for MLLP"),
            ("endpoint_certificate", "Our client certificate"),
            ("endpoint_ca", "Trusted certificate of an endpoint"),
            ("issuer", "Identity provider"),
            ("agreement", "Agreement"),
        ],
        required=True,
        readonly=True,
    )
    system_id = fields.Many2one("hc.system", readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    user_id = fields.Many2one("res.users", "Told to", readonly=True)
    res_model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)
    expires_at = fields.Datetime("Expires", required=True, readonly=True, index=True)
    days_left = fields.Integer("Days left", compute="_compute_days_left")
    status = fields.Selection(
        [("fine", "Good"), ("soon", "Expires soon"), ("over", "Expired")],
        compute="_compute_days_left",
    )
    told_at_days = fields.Integer(
        "Told before (days)", readonly=True, help="The last of 30, 14, 7 and 1 that was told."
    )

    _thing_uniq = models.UniqueIndex("(res_model, res_id, kind)")

    @api.depends("expires_at")
    def _compute_days_left(self):
        now = fields.Datetime.now()
        for expiry in self:
            left = expiry.expires_at - now
            expiry.days_left = left // timedelta(days=1)
            expiry.status = "over" if left <= timedelta() else "soon" if left <= SOON else "fine"

    # ----------------------------------------------------------- following records

    @api.model
    def _sudo_follow(self, records):
        """Have the list as these records say. Whoever changes a record has no right to write
        the list, which is the server's."""
        self = self.sudo()
        known = self.search([("res_model", "=", records._name), ("res_id", "in", records.ids)])
        found = {(one.res_id, one.kind): one for one in known}
        for record in records.sudo().exists():
            for kind, label, moment, system in record._expiries():
                values = self._values(record, kind, label, moment, system)
                if old := found.pop((record.id, kind), None):
                    old._update_from(values)
                else:
                    self.create(values)
        for gone in found.values():
            gone.unlink()

    @api.model
    def _sudo_drop(self, model, ids):
        """As above, for records that are gone."""
        self.sudo().search([("res_model", "=", model), ("res_id", "in", ids)]).unlink()

    @api.model
    def _sudo_drop_of(self, systems):
        """As above, with the activities."""
        self.sudo().search([("system_id", "in", systems.ids)]).unlink()

    def _values(self, record, kind, label, moment, system):
        company = (system or record).company_id
        return {
            "name": label,
            "kind": kind,
            "system_id": system.id if system else False,
            "company_id": company.id,
            "res_model": record._name,
            "res_id": record.id,
            "expires_at": moment.replace(microsecond=0),
        }

    def _update_from(self, values):
        """Renewed: what was told about the old end is over."""
        if values["expires_at"] > self.expires_at:
            self.activity_ids.unlink()
            values = {**values, "told_at_days": 0}
        self.write(values)

    @api.model
    def _models(self):
        """Models whose records expire."""
        names = self.env.registry
        return [
            name
            for name in sorted(names)
            if not self.env[name]._abstract and hasattr(self.env[name], "_expiries")
        ]

    # -------------------------------------------------------------------- telling

    @api.model
    def _cron_watch(self):
        """Scheduled action, daily: make the list anew, and tell what ends soon."""
        for name in self._models():
            records = self.env[name].sudo().with_context(active_test=False).search([])
            self._sudo_follow(records)
            gone = [("res_model", "=", name), ("res_id", "not in", records.ids)]
            self.sudo().search(gone).unlink()
        for expiry in self.sudo().search([("expires_at", "<=", fields.Datetime.now() + SOON)]):
            expiry._sudo_tell()

    def _sudo_tell(self):
        """An activity for whoever looks after it, at each stage once; the scheduled action has
        no user."""
        stage = min((days for days in STAGES if self.days_left < days), default=0)
        if not stage or (self.told_at_days and self.told_at_days <= stage):
            return
        user = self._whom()
        self.activity_ids.unlink()
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            date_deadline=self.expires_at.date(),
            user_id=user.id,
            summary=self.env._(
                "%(what)s ends on %(day)s", what=self.name, day=self.expires_at.date()
            ),
        )
        self.write({"told_at_days": stage, "user_id": user.id})

    def _whom(self):
        """The owner, if he may see it; else who made the record, else the administrator."""
        record = self.env[self.res_model].browse(self.res_id)
        owned = self.system_id or record
        people = owned.owner_id if "owner_id" in owned._fields else self.env["res.users"]
        people |= record.create_uid | self.env.ref("base.user_admin")
        fit = people.filtered(lambda user: user.active and not user.share)
        return next((user for user in fit if user.has_group(VIEWER)), fit[-1:])

    def action_open_record(self):
        """Button: what expires."""
        self.ensure_one()
        self.check_access("read")
        record = self.env[self.res_model].browse(self.res_id)
        if "port_id" in record._fields:
            record = record.port_id
        elif "credential_id" in record._fields:
            record = record.credential_id
        if not record.exists():
            raise UserError(self.env._("The record is gone; the list is made anew each day."))
        record.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "view_mode": "form",
        }
