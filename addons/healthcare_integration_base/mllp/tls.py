# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Server contexts; keys that are kept in the database touch no disk."""

import hashlib
import os
import ssl
from contextlib import contextmanager
from dataclasses import replace

from ..messaging.errors import MessageError


def context(config):
    """A context for servers: TLS 1.2 at the least.

    :raise OSError, ValueError: when certificate, key or CA cannot be used; see :func:`reason`
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    with _files(config) as (certificate, key):
        made.load_cert_chain(certificate, key, password=_no_password)
    if config.client_ca:
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_verify_locations(cadata=config.client_ca)
    return made


def stamped(config):
    """The configuration with the times of its files."""
    if not config.certificate_file:
        return config
    paths = (config.certificate_file, config.key_file)
    return replace(config, stamp=tuple(os.stat(path).st_mtime_ns for path in paths))


def fingerprint(transport):
    """SHA-256 of the certificate that the other side has shown; none without one."""
    connection = transport.get_extra_info("ssl_object")
    shown = connection and connection.getpeercert(binary_form=True)
    return hashlib.sha256(shown).hexdigest() if shown else None


def reason(error):
    """What is wrong, in words that hold nothing of a key."""
    if isinstance(error, ssl.SSLError):
        return f"certificate, private key or client CA: {error.reason or 'not readable'}"
    if isinstance(error, FileNotFoundError | PermissionError):
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, MessageError):
        return error.code
    return str(error) or type(error).__name__


def _no_password():
    raise ValueError("the private key is encrypted; keep it without a pass phrase")


@contextmanager
def _files(config):
    """Paths of certificate and key; OpenSSL only reads those from files."""
    if config.certificate_file:
        yield config.certificate_file, config.key_file
        return
    with _memory(config.certificate) as certificate, _memory(config.key) as key:
        yield certificate, key


@contextmanager
def _memory(text):
    """A file that is in memory only, and gone afterwards."""
    number = os.memfd_create("hc_mllp", os.MFD_CLOEXEC)
    try:
        os.write(number, text.encode())
        yield f"/proc/self/fd/{number}"
    finally:
        os.close(number)
