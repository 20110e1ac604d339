# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Client certificates of a test's own. Imports no odoo."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Shown:
    """A certificate as people enter it, as openssl names it, and as a proxy hands it on."""

    pem: str
    fingerprint: str
    header: str


def issue(name, begin=-2 * DAY, end=90 * DAY):
    """A certificate that is good from and until so long from now."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begin)
        .not_valid_after(now + end)
        .sign(key, hashes.SHA256())
    )
    return Shown(
        made.public_bytes(Encoding.PEM).decode(),
        made.fingerprint(hashes.SHA256()).hex(),
        f":{base64.b64encode(made.public_bytes(Encoding.DER)).decode()}:",
    )
