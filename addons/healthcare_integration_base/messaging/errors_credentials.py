# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Errors of certificates, access tokens and addresses: who calls, and from where."""

from __future__ import annotations

from .errors import ErrorSpec, Kind, register

# fmt: off
_ERRORS: tuple[tuple[str, int, str, str, str], ...] = (
    # code, status, title, action, FHIR issue type
    ("proxy_not_trusted", 401, "The header Client-Cert did not come from a trusted proxy.",
     "Connect to the proxy. The hospital names its proxies in HC_TRUSTED_PROXIES.", "login"),
    ("certificate_malformed", 401, "The header Client-Cert is not one certificate of RFC 9440.",
     "Have the proxy send one certificate, as :base64:, and no second header.", "login"),
    ("certificate_unknown", 401, "The client certificate is not that of a credential.",
     "Send the hospital the certificate, or its SHA-256 fingerprint, before it is used.", "login"),
    ("certificate_expired", 401, "The client certificate is not valid at this time.",
     "Renew the certificate, and send the hospital the new one before it is used.", "expired"),
    ("token_invalid", 401, "The access token is not one that is accepted here.",
     "Ask the identity provider for an access token of this audience; send it unchanged.", "login"),
    ("token_expired", 401, "The access token is not valid at this time.",
     "Ask the identity provider for a new token; set the clocks by NTP.", "expired"),
    ("token_key_unknown", 401, "The access token is signed with a key that is not known.",
     "Send again in a minute; then the hospital updates the keys of the identity provider.",
     "login"),
    ("token_replayed", 401, "The access token was used before, and is good for one request.",
     "Ask the identity provider for a new token for each request.", "login"),
    ("token_unknown", 401, "The access token is good, but its client is no system here.",
     "Ask the hospital to make a credential for this client of the identity provider.", "login"),
    ("scope_missing", 403, "The access token lacks a scope that the credential asks for.",
     "Ask for the scope at the identity provider, or have the credential changed.", "forbidden"),
    ("address_not_allowed", 403, "The credential is not good for requests from this address.",
     "Send from an address of the credential's list, or ask the hospital to add this one.",
     "forbidden"),
)
# fmt: on
for _code, _status, _title, _action, _fhir in _ERRORS:
    register(ErrorSpec(_code, _status, Kind.PERMANENT, _title, _action, _fhir, ("R", "207")))
