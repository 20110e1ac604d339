# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What a handler is given for each message, and what it says about it.

An item only collects; the engine writes states, effects, attempts and issues of the
whole batch afterwards, in the handler's own transaction (:mod:`.record`).
"""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fix:
    """What is missing, so that an issue can open the form that supplies it.

    :param kind: ``identifier``, ``site``, ``channel``, ``record``, ``ownership`` or ``none``.
    """

    kind: str
    namespace: str | None = None
    code_system: str | None = None
    value: str | None = None
    facility: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """An Odoo record that exists because of a message."""

    role: str
    res_model: str
    res_id: int
    business_key: str | None = None
    content_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One failure or warning of a message; equal ones make one issue."""

    code: str
    subject: str | None = None
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A message that leaves because of this one; see ``hc.outbox._send``."""

    type: str
    data: object
    options: dict


@dataclass(slots=True)
class Item:
    """One message of a batch in a handler's hands."""

    message_id: int
    uuid: str
    type: str
    data: dict
    system_id: int
    channel: object
    company_id: int
    event_id: str
    source: str
    event_time: datetime | None = None
    received_at: datetime | None = None
    weak_key: bool = False
    attempt_count: int = 0
    retry_count: int = 0
    retry_age: float = 0.0
    state: str = "done"
    error_code: str | None = None
    error_detail: str | None = None
    duplicate_of_id: int | None = None
    superseded_by_id: int | None = None
    retry_after: float | None = None
    trigger: str = "arrival"
    correlation: str | None = None
    effects: list[Effect] = field(default_factory=list)
    occurrences: list[Occurrence] = field(default_factory=list)
    dirty_keys: list[tuple[str, dict]] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    causation: str | None = None
    owner_waived: bool = False
    data_domain: str | None = None
    withheld: frozenset[str] = frozenset()
    on_new: str | None = None

    def review(self, code, *, subject=None, fix=None, detail=None):
        """A person is needed: the message waits, with an issue that says for what.

        :param subject: the operational code that is missing, never a personal value.
        """
        self.state = "review"
        self.error_code = self.error_code or code
        self.error_detail = self.error_detail or detail
        self.occurrences.append(Occurrence(code, subject, fix))

    def duplicate(self, of_message_id=None):
        """The same fact was stated before: kept, marked, without a second effect."""
        self.state = "duplicate"
        self.duplicate_of_id = of_message_id

    def supersede(self, by_message_id=None):
        """It came late: what it says was overtaken by a newer message, and holds no more.
        Kept, marked, without an effect."""
        self.state = "superseded"
        self.error_code = "superseded"
        self.superseded_by_id = by_message_id

    def effect(self, role, res_model, res_id, business_key=None, content_digest=None):
        """Say which record the message, or its part ``role``, has brought about."""
        self.effects.append(Effect(role, res_model, res_id, business_key, content_digest))

    def dirty(self, kind, key):
        """Leave follow-up work that is done once for all that ask for it."""
        self.dirty_keys.append((kind, key))

    def reply(self, type_name, data, *, key=None, **options):
        """Have a message leave in the transaction of the outcome, if the message has its
        effect; it carries on the correlation and names this message as its cause.

        :param data: as for ``hc.outbox._send``, which also names the options
        :param key: names the event; without one, the type and what the message was known by
            do: the same after a restore, when the message is sent and answered again
        """
        options["key"] = key
        self.replies.append(Reply(type_name, data, options))

    def warn(self, code, *, subject=None, fix=None):
        """Raise an issue although the message goes on."""
        self.occurrences.append(Occurrence(code, subject, fix))

    def note(self, code):
        """Something is to be known about the message, and nothing to be done: it is done,
        and shows the sentence of the code."""
        self.error_code = code

    def disown(self, action):
        """The data are not the sender's to change.

        :param action: of :class:`..messaging.ownership.Action`: refused and told, left to a
            person, or kept without effect
        """
        if action == "review":
            fix = Fix("ownership", namespace=self.data_domain)
            self.review("not_owner", subject=self.data_domain, fix=fix)
            return
        self.error_code = "not_owner"
        if action == "refuse":
            self.state = "rejected"
            self.warn("not_owner", subject=self.data_domain)

    def move_to_company(self, company_id):
        """The site belongs to another company: have it handled in a batch of that one."""
        self.state = "received"
        self.company_id = company_id

    def fail(self, code, state, retry_after=None):
        """The attempt failed: ``retry`` after so many seconds, ``review`` or ``dead``."""
        self.error_code = code
        self.state = state
        self.retry_after = retry_after
        if state in ("dead", "review"):
            self.occurrences.append(Occurrence(code))
