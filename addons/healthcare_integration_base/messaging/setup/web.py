# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The way of a request: TLS, the proxy in front, the address that is told."""

from __future__ import annotations

from urllib.parse import urlsplit

from .facts import Facts
from .finding import About, Finding

WEB = "Proxy and TLS"


def base_url(facts: Facts) -> Finding:
    about = About("base_url", WEB)
    url = urlsplit(facts.request.base_url)
    if url.scheme == "https":
        return about.ok("The address that Odoo tells others is one of https.")
    if url.hostname in ("localhost", "127.0.0.1", "::1"):
        return about.warning(
            "The address that Odoo tells others (web.base.url) is this machine's own.",
            "Log in once as administrator by the address that people use, or set web.base.url"
            " in Settings / Technical / System Parameters.",
        )
    return about.error(
        "The address that Odoo tells others (web.base.url) is one of http: status addresses,"
        " sessions and links travel in the clear.",
        "Put the proxy with TLS in front (docker/haproxy) and set web.base.url to https.",
    )


def proxy_mode(facts: Facts) -> Finding:
    about = About("proxy_mode", WEB)
    request, on = facts.request, facts.server.proxy_mode
    forwarded = bool(request.forwarded_proto or request.forwarded_for)
    if not request.present:
        return about.unknown("There is no request to look at.", "Open this page in a browser.")
    if on and not forwarded:
        return about.error(
            "proxy_mode is on and no proxy was seen: Odoo believes X-Forwarded headers of"
            " whoever reaches it, and with them any address as the sender's.",
            "Let only the proxy reach Odoo (http_interface = 127.0.0.1), have it set"
            " X-Forwarded-* itself; without a proxy set proxy_mode = False.",
        )
    if forwarded and not on:
        return about.error(
            "There is a proxy in front and proxy_mode is off: all senders have the proxy's"
            " address, and allow-lists of addresses judge that.",
            "Set proxy_mode = True, and have the proxy strip what comes in (docker/haproxy).",
        )
    return about.ok("Odoo and the proxy agree." if on else "No proxy, and none is believed.")


def tls(facts: Facts) -> Finding:
    about = About("tls", WEB)
    request = facts.request
    if not request.present:
        return about.unknown("There is no request to look at.", "Open this page in a browser.")
    if request.scheme == "https":
        return about.ok("This page came by TLS.")
    if request.forwarded_proto:
        return about.error(
            "The proxy says that this page was asked for without TLS: secrets and messages can"
            " be read on their way.",
            "Have the proxy take https only, and send http elsewhere (docker/haproxy).",
        )
    return about.error(
        "This page came without TLS: secrets and messages can be read on their way.",
        "Put a proxy with TLS in front (docker/haproxy), and use its address.",
    )


CHECKS = (base_url, proxy_mode, tls)
