# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from lxml.builder import E

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..messaging import governed

TECHNICAL = frozenset({"id", *models.MAGIC_COLUMNS, "change_reason"})
COLLECTIONS = frozenset({"one2many", "many2many"})


class HcGovernedMixin(models.AbstractModel):
    """Records whose every change is told to the audit trail, in its transaction.

    Making, changing and deleting such a record through the ORM appends ``config.created``,
    ``config.changed`` or ``config.deleted``, with who, the names of the fields and keyed
    digests of what they held before and after. The values themselves are told of plain
    settings only (:data:`messaging.governed.PLAIN_KINDS`): a text may name a person, and a
    secret is a secret. What changes nothing is told to nobody.

    Hooks are :meth:`_ungoverned_fields`, :meth:`_governed_texts`, :meth:`_governed_system`
    and :meth:`_governed_contract`.
    """

    _name = "hc.governed.mixin"
    _description = "Changes Are Told to the Audit Trail"
    _inherit = ["hc.history.mixin"]
    _asks_reason = False
    """Whether managers are asked in the form why they change it."""

    change_reason = fields.Char(
        "Reason for the change",
        store=False,
        copy=False,
        exportable=False,
        help="Kept in the audit trail with this change.",
    )
    """Not a column: whatever is written here goes to the trail with the other values. Wizards
    pass the reason this way, ``record.write({..., "change_reason": reason})``."""

    # --------------------------------------------------------------------- hooks

    def _ungoverned_fields(self):
        """Fields that the engine writes, and that say nothing about a decision."""
        return frozenset()

    def _governed_texts(self):
        """Text fields whose values may be told: codes and the like, never free text."""
        return frozenset({"code"})

    def _governed_system(self):
        """The system that the record belongs to, if any."""
        self.ensure_one()
        if "system_id" in self._fields:
            return self["system_id"]
        return self["channel_id"].system_id if "channel_id" in self._fields else None

    def _governed_contract(self):
        """Type and version of the contract that the record is about, if any."""
        self.ensure_one()
        for name in ("message_type_id", "message_type_ids"):
            if name in self._fields:
                return ", ".join(self[name].mapped("name")) or None
        return None

    # ------------------------------------------------------------------- changes

    @api.model_create_multi
    def create(self, vals_list):
        reasons = [vals.get("change_reason") for vals in vals_list]
        records = super().create([_without_reason(vals) for vals in vals_list])
        after = records._sudo_governed_values(records._governed_fields())
        records._tell_changes("config.created", {}, after, reasons)
        return records

    def write(self, vals):
        self.check_access("write")
        names = self._governed_fields() & (vals.keys() | self._following_fields())
        if not names:
            return super().write(_without_reason(vals))
        before = self._sudo_governed_values(names)
        result = super().write(_without_reason(vals))
        after = self._sudo_governed_values(names)
        reasons = [vals.get("change_reason")] * len(self)
        self._tell_changes("config.changed", before, after, reasons)
        return result

    def unlink(self):
        self.check_access("unlink")
        events = self._sudo_deletion_events()
        result = super().unlink()
        self.env["hc.audit.event"]._append(events)
        return result

    def _governed_fields(self):
        """Names of the fields whose changes are told: what people set, and secrets."""
        left_out = TECHNICAL | self._ungoverned_fields()
        return {
            name
            for name, field in self._fields.items()
            if field.store
            and field.type != "one2many"
            and name not in left_out
            and not (field.compute and field.readonly)
        }

    def _following_fields(self):
        """Fields that may change along with others: computed until somebody sets them."""
        return {name for name, field in self._fields.items() if field.compute and field.store}

    def _plain_fields(self):
        texts = self._governed_texts()
        return {
            name
            for name, field in self._fields.items()
            if not field.groups and (field.type in governed.PLAIN_KINDS or name in texts)
        }

    def _sudo_governed_values(self, names):
        """The values of fields by record id; closed fields too, of which a digest is told."""
        records = self.sudo().with_context(active_test=False)
        return {
            record.id: {name: _as_json(record._fields[name], record[name]) for name in names}
            for record in records
        }

    def _tell_changes(self, action, before, after, reasons):
        key, plain = self._governed_key(), self._plain_fields()
        events = []
        for record, reason in zip(self, reasons, strict=True):
            told = governed.told(key, before.get(record.id), after.get(record.id), plain)
            if told:
                events.append(record._sudo_governed_event(action, told, reason))
        self.env["hc.audit.event"]._append(events)

    def _sudo_deletion_events(self):
        """What is to be told when these go, with all that PostgreSQL deletes along with
        them; asked before, when it is still there."""
        key, plain = self._governed_key(), self._plain_fields()
        before = self._sudo_governed_values(self._governed_fields())
        events = [
            record._sudo_governed_event("config.deleted", told, None)
            for record in self
            if (told := governed.told(key, before[record.id], None, plain))
        ]
        for children in self._sudo_governed_children():
            events += children._sudo_deletion_events()
        return events

    def _sudo_governed_children(self):
        """Governed records that are deleted with these, whoever may see them."""
        for name in self.env.registry.descendants(["hc.governed.mixin"], "_inherit"):
            model = self.env[name].sudo().with_context(active_test=False)
            if model._abstract:
                continue
            for field in model._fields.values():
                if (
                    field.type == "many2one"
                    and field.store
                    and field.comodel_name == self._name
                    and field.ondelete == "cascade"
                ):
                    found = model.search([(field.name, "in", self.ids)])
                    yield found - self if name == self._name else found

    def _sudo_governed_event(self, action, told, reason):
        """Whoever changes a record, the trail says whose it is."""
        record = self.sudo()
        system = record._governed_system()
        return {
            "action": action,
            "outcome": "done",
            "object": f"{self._name},{self.id}",
            "system_id": system.id if system else None,
            "company_id": (record["company_id"].id or None)
            if "company_id" in self._fields
            else None,
            "reason": reason or None,
            "contract": record._governed_contract(),
            **told.event(),
        }

    def _governed_key(self):
        """Key of the digests. There is none while addons are installed: what their files
        bring is no secret, and the server's key may not be there yet."""
        if not self.env.registry.ready:
            return None
        try:
            return self.env["hc.keyring"]._ring().audit_key
        except UserError:  # a server without its key: the change is told all the same
            return None

    # ---------------------------------------------------------------------- form

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        sheet = arch.find(".//sheet") if view_type == "form" and self._asks_reason else None
        if sheet is not None:
            sheet.append(self._reason_node())
        return arch, view

    def _reason_node(self):
        return E.group(
            E.field(
                name="change_reason",
                placeholder=self.env._("Why it is changed: kept in the audit trail"),
            ),
            name="change_reason",
            invisible="not id",
            groups="healthcare_integration_base.group_integration_manager",
        )


def _without_reason(vals):
    return {name: value for name, value in vals.items() if name != "change_reason"}


def _as_json(field, value):
    """A value as a digest can be taken of it."""
    if field.type in COLLECTIONS:
        return sorted(value.ids)
    if field.type == "many2one":
        return value.id or None
    if field.type in ("date", "datetime"):
        return value.isoformat() if value else None
    if field.type in ("json", "integer", "float", "monetary", "boolean", "many2one_reference"):
        return value
    return str(value) if value else None
