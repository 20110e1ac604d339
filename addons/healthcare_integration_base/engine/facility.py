# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The site of a message that names a facility and no location."""

from .item import Fix


class Facilities:
    """Sites of the facilities that the items of one batch name, in one query.

    Of all companies of the system: the site tells the company, not the reverse.

    :param items: of one system and company.
    """

    def __init__(self, env, items):
        self._system = env["hc.system"].browse(items[0].system_id)
        codes = {self._code(item) for item in items} - {None}
        pairs = [(code, None) for code in codes]
        self._sites = env["hc.site"]._resolve_many(self._system, pairs) if pairs else {}

    def of(self, item):
        """The facility's site, or None where the item has to wait or to move.

        The item is told why: ``incomplete``, ``unknown_facility`` with the form that helps,
        or the company that the site belongs to.
        """
        code = self._code(item)
        site = self._sites.get((code, None))
        if site is None:
            self._miss(item, code)
            return None
        if site.company_id.id != item.company_id:
            item.move_to_company(site.company_id.id)
            return None
        return site

    def _code(self, item):
        """As sent, and where the standard leaves it out, by the channel's default."""
        default = item.channel.default_site_id
        return item.data.get("facility") or default.facility_code or None

    def _miss(self, item, code):
        if code:
            item.review("unknown_facility", subject=code, fix=Fix("site", facility=code))
        else:
            item.review("incomplete", fix=Fix("channel"), detail="/facility")
