# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from odoo import api, models
from odoo.exceptions import UserError


def _on_the_primary(method):
    """Not for a replica, as the method that it stands before: reading may leave a trace."""
    method._readonly = False
    return method


class HcContentMixin(models.AbstractModel):
    """Records with content of messages: whoever reads or exports that, leaves a trace.

    Whatever gives values to a person comes through ``_read_format`` (``read``, the forms and
    lists of the web client, ``search_read``) or ``_export_rows``. The engine's own reading is
    no reading by a person.
    """

    _name = "hc.content.mixin"
    _description = "Reading the Content Leaves a Trace"

    def _traced_fields(self):
        """Names of the fields with content."""
        raise TypeError(f"{self._name} does not say what its content is")

    def _content_event(self):
        """What the trail says of the record whose content was read."""
        raise TypeError(f"{self._name} does not say how the trail names it")

    def _read_format(self, fnames, load="_classic_read"):
        rows = super()._read_format(fnames, load)
        names = self._traced_fields().intersection(fnames)
        if names and not self.env.su:
            read = [row["id"] for row in rows if any(row.get(name) for name in names)]
            self.browse(read)._sudo_trace_content("content.read", names)
        return rows

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        names = self._traced_fields().intersection(path[0] for path in fields if path)
        if names and not self.env.su:
            self._sudo_trace_content("content.exported", names)
        return super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)

    def _sudo_trace_content(self, action, names):
        """Who may read a message may not read all that the trail says of it."""
        self.env["hc.audit.event"]._append(
            [
                {
                    "action": action,
                    "outcome": "done",
                    "fields": sorted(names),
                    **record._content_event(),
                }
                for record in self.sudo()
            ]
        )

    def _read_group_select(self, aggregate_spec, query):
        self._check_not_content(aggregate_spec)
        return super()._read_group_select(aggregate_spec, query)

    def _read_group_groupby(self, alias, groupby_spec, query):
        self._check_not_content(groupby_spec)
        return super()._read_group_groupby(alias, groupby_spec, query)

    def _check_not_content(self, spec):
        """Nobody reads content as the name of a group."""
        if spec.partition(":")[0].partition(".")[0] in self._traced_fields() and not self.env.su:
            raise UserError(self.env._("The content of messages is not grouped or added up."))

    @_on_the_primary
    def read(self, fields=None, load="_classic_read"):
        return super().read(fields, load)

    @_on_the_primary
    def web_read(self, specification):
        return super().web_read(specification)

    @_on_the_primary
    @api.model
    def search_read(self, domain=None, fields=None, offset=0, limit=None, order=None, **read):
        return super().search_read(domain, fields, offset, limit, order, **read)

    @_on_the_primary
    @api.model
    def web_search_read(
        self, domain, specification, offset=0, limit=None, order=None, count_limit=None
    ):
        return super().web_search_read(domain, specification, offset, limit, order, count_limit)
