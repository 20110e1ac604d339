# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine.sync.pull_http import HttpPull
from ..engine.sync.push_http import HttpPush
from ..messaging.batch import columns
from ..messaging.batch.pages import MAX_CURSOR, NextIs, Paging

PARAMETER = re.compile(r"[A-Za-z0-9_.$\[\]-]{1,64}")


class HcSyncJob(models.Model):
    """Scheduled jobs over HTTP: a source that is read page by page behind a cursor, or a
    receiver that takes everything that waits in one body."""

    _inherit = "hc.sync.job"

    endpoint_id = fields.Many2one(
        "hc.endpoint",
        domain="[('system_id', '=', system_id)]",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        help="URL, proof, certificates and time limits.",
    )
    cursor_parameter = fields.Char(
        "Cursor parameter",
        default="cursor",
        tracking=True,
        help="Name of the query parameter that says from where on the source is read.",
    )
    limit_parameter = fields.Char(
        "Limit parameter",
        default="limit",
        tracking=True,
        help="Name of the query parameter for the number of rows of a page. Empty: none is sent.",
    )
    page_size = fields.Integer("Rows of a page", default=500, tracking=True)
    items_field = fields.Char(
        "Rows stand in",
        default="/items",
        tracking=True,
        help="Pointer of the list in an answer that is a JSON object.",
    )
    next_is = fields.Selection(
        [
            (NextIs.BODY, "A field of the answer"),
            (NextIs.LAST_ROW, "A field of the last row"),
            (NextIs.LINK, "The header Link, rel=next"),
        ],
        "Next cursor is",
        required=True,
        default=NextIs.BODY,
        tracking=True,
        help="Where an answer says how it goes on. Without a next cursor the end is reached, "
        "and the last page is asked for again the next time.",
    )
    next_field = fields.Char(
        "Next cursor stands in",
        default="/next",
        tracking=True,
        help="Pointer in the answer or in the last row.",
    )
    cursor = fields.Char(
        copy=False,
        help="Up to where the source was read. A manager may set it back, or empty it to read "
        "from the beginning: what is known already is a duplicate.",
    )

    _page_sound = models.Constraint(
        "CHECK(page_size BETWEEN 1 AND 10000)", "A page has 1 to 10,000 rows."
    )

    @api.onchange("transport")
    def _onchange_transport(self):
        """What files start with does not fit pages."""
        if self.transport == "http" and self.file_format == "csv":
            self.file_format = "json"
        if self.transport == "http" and self.rows_are == "data":
            self.identity = "fields"

    @api.constrains("transport", "endpoint_id", "channel_id")
    def _check_endpoint(self):
        for job in self.filtered(lambda one: one.transport == "http"):
            if not job.endpoint_id:
                raise ValidationError(self.env._("Choose the endpoint."))
            if job.endpoint_id.system_id != job.system_id:
                raise ValidationError(self.env._("The endpoint belongs to another system."))
            asks = job.direction == "out" and job.channel_id.on_unknown == "ask"
            if asks and not job.endpoint_id.status_url:
                raise ValidationError(
                    self.env._("The receiver can be asked only at the endpoint's status URL.")
                )

    @api.constrains(
        "transport",
        "channel_id",
        "file_format",
        "rows_are",
        "identity",
        "next_is",
        "next_field",
        "items_field",
        "cursor_parameter",
        "limit_parameter",
        "cursor",
    )
    def _check_pages(self):
        pulls = self.filtered(lambda one: one.transport == "http" and one.direction == "in")
        for job in pulls:
            if job.file_format == "csv":
                raise ValidationError(self.env._("Pages are NDJSON or JSON."))
            if job.rows_are == "data" and job.identity != "fields":
                raise ValidationError(
                    self.env._("A row of a page is known by its fields: pages move.")
                )
            job._check_names()

    def _check_names(self):
        named = [self.cursor_parameter or "", self.limit_parameter or "limit"]
        if not all(map(PARAMETER.fullmatch, named)) or len({*named}) < len(named):
            raise ValidationError(self.env._("Name two parameters of a query, such as cursor."))
        if self.next_is == NextIs.BODY and self.file_format == "ndjson":
            raise ValidationError(
                self.env._("NDJSON has no field beside its rows: take the last row, or the header.")
            )
        pointers = [self.items_field] if self.items_field else []
        if self.next_is != NextIs.LINK:
            pointers.append(self.next_field or "")
        if not all(map(columns.is_pointer, pointers)):
            raise ValidationError(self.env._("Fields are named by pointers: /item/value."))
        if self.cursor and not (len(self.cursor) <= MAX_CURSOR and self.cursor.isprintable()):
            raise ValidationError(self.env._("A cursor is a line of at most %s.", MAX_CURSOR))

    def write(self, vals):
        result = super().write(vals)
        if not self.env.su and "cursor" in vals:
            self._trace_cursor()
        return result

    def _trace_cursor(self):
        """That it was set, and by whom; what it is may be a number of a row."""
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": "sync.cursor_set",
                    "outcome": "done",
                    "object": f"{job._name},{job.id}",
                    "system_id": job.system_id.id,
                    "company_id": job.company_id.id,
                }
                for job in self
            ]
        )

    def _paging(self):
        return Paging(
            cursor_name=self.cursor_parameter,
            limit_name=self.limit_parameter or "",
            limit=self.page_size,
            items=self.items_field or "",
            next_is=self.next_is,
            next=self.next_field or "",
        )

    def _worker(self, run, deadline):
        if self.transport != "http":
            return super()._worker(run, deadline)
        kind = HttpPush if self.direction == "out" else HttpPull
        return kind(run, deadline)
