# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Errors of sending. None of them is ever an answer of our own door."""

from __future__ import annotations

from .errors import ErrorSpec, Kind, register

_TRANSIENT, _PERMANENT, _PERSON = Kind.TRANSIENT, Kind.PERMANENT, Kind.PERSON
_UNKNOWN = Kind.UNKNOWN

# fmt: off
_ERRORS: tuple[tuple[str, Kind, str, str], ...] = (
    ("receiver_unreachable", _TRANSIENT, "The receiver could not be reached; nothing was sent.",
     "It is tried again by itself; if it goes on, check name, network and firewall."),
    ("receiver_failed", _TRANSIENT, "The receiver answered that it failed.",
     "It is tried again by itself; if it goes on, ask whoever runs the receiver."),
    ("receiver_busy", _TRANSIENT, "The receiver asked to come back later.",
     "Nothing: it is tried again by itself when the receiver said."),
    ("tls_failed", _TRANSIENT, "No trusted connection could be made; nothing was sent.",
     "Test the endpoint's connection: the server's certificate, or ours, is wrong or expired."),
    ("refused_by_receiver", _PERMANENT, "The receiver refused the message.",
     "Ask the receiver why by the message's number; send again when it is settled."),
    ("credential_refused", _PERSON, "The receiver refused our credential.",
     "Put the present secret into the endpoint, then send again."),
    ("redirect_refused", _PERMANENT, "The receiver pointed to another address, which is refused.",
     "Ask the receiver for its present address and put that into the endpoint."),
    ("address_refused", _PERSON, "The endpoint's name leads to an address that is not allowed.",
     "Check the URL; allow private addresses on the endpoint where that is meant."),
    ("endpoint_unusable", _PERSON, "The endpoint cannot be used as it is set up.",
     "Open the endpoint and complete it: URL, secret, certificate."),
    ("sending_interrupted", _TRANSIENT, "Sending was interrupted after several failures in a row.",
     "Test the endpoint's connection; it goes on by itself when the receiver works again."),
    ("delivery_unknown", _UNKNOWN, "It was sent, and no answer came.",
     "Ask the receiver whether it has the message, then say so by the buttons."),
    ("answer_implausible", _UNKNOWN, "It was sent, and something else than the receiver answered.",
     "Ask the receiver whether it has the message, and what stands in between."),
    ("delivery_interrupted", _UNKNOWN, "Our server was stopped while it was sending.",
     "Ask the receiver whether it has the message, then say so by the buttons."),
)
# fmt: on

for _code, _kind, _title, _action in _ERRORS:
    register(ErrorSpec(_code, 0, _kind, _title, _action, "processing", ("E", "207")))

UNSETTLED = (
    "delivery_unknown",
    "answer_implausible",
    "delivery_interrupted",
    "restored_meanwhile",
)
"""Nobody knows whether the message arrived."""
