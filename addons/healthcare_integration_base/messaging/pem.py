# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Certificates and keys that people paste into a form."""

from __future__ import annotations

import os
import ssl

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key


class PemError(ValueError):
    """It is not what it should be; the sentence says what, and holds nothing of it."""


def check_certificates(pem: str) -> None:
    """:raise PemError: unless there is at least one certificate, and nothing but those."""
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        found = []
    if not found or "PRIVATE KEY" in pem:
        raise PemError("Certificates are in PEM: -----BEGIN CERTIFICATE----- and so on.")


def check_key(pem: str) -> None:
    """:raise PemError: unless it is one private key without a password."""
    try:
        load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        raise PemError("The key is a private key in PEM, without a password.") from None


def client_context(ca_bundle: str = "", certificate: str = "", key: str = "") -> ssl.SSLContext:
    """What TLS trusts and shows; TLS 1.2 at least, the server's name is always verified.

    OpenSSL reads a client's key from a file only: it is one in memory, without a name.

    :raise PemError: when key and certificate do not belong together
    """
    context = ssl.create_default_context(cadata=ca_bundle or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate and key:
        handle = os.memfd_create("hc", os.MFD_CLOEXEC)
        try:
            os.write(handle, f"{certificate.strip()}\n{key.strip()}\n".encode())
            context.load_cert_chain(f"/proc/self/fd/{handle}")
        except ssl.SSLError:
            raise PemError("Client certificate and key do not belong together.") from None
        finally:
            os.close(handle)
    return context
