# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""One person, several pseudonyms: what was made with another version of a key (ADR 0024).

Messages keep the pseudonym that they came with. When a key was replaced, the first message
that brings a new pseudonym settles what its person is known by: an older pseudonym that
something is known by already, else the new one. Handlers are given what persons are known by.
"""

from collections import OrderedDict

from odoo.tools import SQL

from ..messaging.digest import keyed
from ..messaging.retention import PSEUDONYM

REMEMBERED = 50_000


class _Settled:
    """New pseudonyms that this process knows to be settled, the latest ones."""

    def __init__(self):
        self._by_database = {}

    def add(self, name, pseudonyms):
        known = self._by_database.setdefault(name, OrderedDict())
        known.update(dict.fromkeys(pseudonyms))
        while len(known) > REMEMBERED:
            known.popitem(last=False)

    def open(self, name, pseudonyms):
        known = self._by_database.get(name, ())
        return [one for one in pseudonyms if one not in known]

    def forget(self, name):
        self._by_database.pop(name, None)


settled = _Settled()


def unsettled(cr, groups):
    """What the events of ``groups`` were called before, as far as this process has not seen it
    settled: new pseudonym -> [domain, older ones, the newest of them first]."""
    former = {}
    for group in groups:
        for entry in group.entries:
            if entry.prepared.former:
                former |= entry.prepared.former
    return {one: former[one] for one in settled.open(cr.dbname, former)} if former else former


def settle(env, former):
    """Keep what each new pseudonym is known by; the caller commits, and then says so to
    :data:`settled`.

    :param former: as :func:`unsettled` gives it
    """
    stated = _aliases(env, former)
    fresh = {new: older for new, older in former.items() if new not in stated}
    if not fresh:
        return
    found = known_as(env, fresh)
    rows = [(domain, new, found[new]) for new, (domain, *_older) in fresh.items()]
    env.cr.execute(
        "INSERT INTO hc_pseudonym_alias (domain, pseudonym, known_as, create_date)"
        " SELECT d, p, k, now() AT TIME ZONE 'UTC'"
        " FROM unnest(%s::text[], %s::text[], %s::text[]) AS new(d, p, k)"
        " ON CONFLICT (pseudonym) DO NOTHING",
        [list(column) for column in zip(*rows, strict=True)],
        log_exceptions=False,
    )


def known_as(env, former):
    """What new pseudonyms are known by, or are going to be: the first older one that something
    is known by, else themselves. Nothing is written.

    :return: dict of new pseudonym to the one that counts
    """
    everyone = {one for new, (_domain, *older) in former.items() for one in (new, *older)}
    aliases = _aliases(env, everyone)
    used = set(aliases) | _in_use(env, former, aliases)
    known = {}
    for new, (_domain, *older) in former.items():
        first = next((one for one in (new, *older) if one in aliases), None)
        first = first or next((one for one in older if one in used), new)
        known[new] = aliases.get(first, first)
    return known


def _in_use(env, former, aliases):
    """Older pseudonyms that messages or documents are known by."""
    by_domain = {}
    for new, (domain, *older) in former.items():
        if new not in aliases:
            by_domain.setdefault(domain, set()).update(older)
    finders = env["hc.pseudonym.finder"]._finders()
    return {
        one
        for domain, older in by_domain.items()
        for finder in finders
        for one in finder._in_use(domain, older)
    }


def resolve(env, payloads, former=None):
    """Contents of messages with what their persons are known by in place of pseudonyms.

    A statement for all of them, and none where they are all of the first version. That is seen in
    the contents: a drain that goes on for a while may not know yet that a key was replaced.

    :param former: of messages that are not kept, as :attr:`Prepared.former` has it
    """
    names = {one for payload in payloads for one in _replacing(payload)}
    aliases = _aliases(env, names)
    if former:
        aliases |= known_as(env, former)
    changed = {one: as_ for one, as_ in aliases.items() if one != as_}
    return [_replaced(payload, changed) for payload in payloads] if changed else payloads


def group_of(env, pseudonyms):
    """All pseudonyms of the persons whom these stand for."""
    return _group(env, set(pseudonyms))


def _group(env, names):
    rows = env.execute_query(
        SQL(
            """SELECT a.pseudonym, a.known_as FROM hc_pseudonym_alias a
                WHERE a.known_as IN (
                    SELECT unnest(%(names)s::text[]) UNION
                    SELECT known_as FROM hc_pseudonym_alias WHERE pseudonym = ANY(%(names)s))""",
            names=list(names),
        )
    )
    return names.union(*rows) if rows else names


def _aliases(env, names):
    if not names:
        return {}
    env.cr.execute(
        "SELECT pseudonym, known_as FROM hc_pseudonym_alias WHERE pseudonym = ANY(%s)",
        [list(names)],
        log_exceptions=False,
    )
    return dict(env.cr.fetchall())


def _replacing(value):
    """Pseudonyms that others may have come before: of later versions than the first."""
    if isinstance(value, str):
        if value.startswith("hcp") and value[3:5] != "1_" and PSEUDONYM.fullmatch(value):
            yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _replacing(one)
    elif isinstance(value, list):
        for one in value:
            yield from _replacing(one)


def _replaced(value, names):
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {key: _replaced(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_replaced(one, names) for one in value]
    return value


def canonical(env, domain, names):
    """What a person is known by who has these pseudonyms, the present one first."""
    new, *older = names
    return known_as(env, {new: [domain, *older]})[new]


def subject_digest(env, pseudonym):
    """What the trail says of whom something was about. Whoever knows the pseudonym and holds
    the key can tell that it was this one; nobody else can."""
    return keyed(env["hc.keyring"]._ring().digest_key, "erasure", pseudonym)
