# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import base64
import hashlib
import ssl
import subprocess
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging import client_cert
from messaging.errors import MessageError
from messaging.pem import PemError
from support.certificates import Authority


@pytest.fixture(scope="module")
def authority():
    return Authority("Hospital")


@pytest.fixture(scope="module")
def issued(authority):
    return authority.issue("cabinet")


def header(issued):
    der = ssl.PEM_cert_to_DER_cert(issued.certificate)
    return f":{base64.b64encode(der).decode()}:"


def test_of_header(issued):
    found = client_cert.of_header(header(issued))
    assert found.thumbprint == issued.fingerprint.replace(":", "")
    assert found.subject == "CN=cabinet"
    assert found.is_valid(found.not_before) and found.is_valid(found.not_after)
    assert not found.is_valid(found.not_after + timedelta(seconds=1))
    assert not found.is_valid(found.not_before - timedelta(seconds=1))


def test_as_openssl_sees_it(issued, tmp_path):
    path, _key = issued.write(tmp_path, "client")
    command = ["openssl", "x509", "-in", path, "-noout", "-fingerprint", "-sha256"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert client_cert.fingerprint(said) == client_cert.of_pem(issued.certificate).thumbprint


def test_example_of_rfc_9440():
    """RFC 9440, 2.3."""
    value = (
        ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBg"
        "NVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBA"
        "MMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/"
        "3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbE"
        "YCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYm"
        "RjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAi"
        "EAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:"
    )
    found = client_cert.of_header(value)
    assert found.subject == "CN=BC"
    assert (found.not_before.year, found.not_after.year) == (2020, 2021)


@pytest.mark.parametrize(
    "change",
    [
        lambda value: "",
        lambda value: "::",
        lambda value: value.strip(":"),
        lambda value: value[:-1],
        lambda value: value[:200] + ":",
        lambda value: f"{value}, {value}",
        lambda value: f"{value},{value}",
        lambda value: f"{value};chain=?1",
        lambda value: f'"{value}"',
        lambda value: value.replace("A", "-"),
        lambda value: ":" + base64.b64encode(b"\x30\x03\x02\x01\x01").decode() + ":",
        lambda value: ":" + base64.b64encode(b"no certificate").decode() + ":",
        lambda value: value[:-1] + "AAAA:",
        lambda value: ":" + "A" * 20_000 + ":",
        lambda value: value.replace("M", "М"),  # Cyrillic
    ],
)
def test_malformed_headers(issued, change):
    with pytest.raises(MessageError) as caught:
        client_cert.of_header(change(header(issued)))
    assert caught.value.code == "certificate_malformed"
    assert caught.value.spec.status == 401


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(der):
    with pytest.raises(MessageError):
        client_cert.of_header(f":{base64.b64encode(der).decode()}:")


@given(st.data())
def test_a_changed_certificate_is_another_one(data):
    """Whatever byte of it is changed: it is refused, or it has another thumbprint."""
    der = bytearray(ssl.PEM_cert_to_DER_cert(CHANGED.certificate))
    place = data.draw(st.integers(0, len(der) - 1))
    der[place] ^= data.draw(st.integers(1, 255))
    try:
        found = client_cert.of_header(f":{base64.b64encode(der).decode()}:")
    except MessageError:
        return
    assert found.thumbprint == hashlib.sha256(der).hexdigest()
    assert found.thumbprint != CHANGED.fingerprint.replace(":", "")


CHANGED = Authority("Changed").issue("cabinet")


def test_of_pem(authority, issued):
    assert client_cert.of_pem(issued.certificate) == client_cert.of_header(header(issued))
    for wrong, sentence in (
        ("", "in PEM"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "in PEM"),
        (issued.certificate + authority.certificate, "alone"),
        (issued.certificate + issued.key, "private key"),
    ):
        with pytest.raises(PemError, match=sentence):
            client_cert.of_pem(wrong)


def test_first_end(authority):
    short, long = (authority.issue("x", until=timedelta(days=days)) for days in (3, 300))
    both = long.certificate + short.certificate
    assert client_cert.first_end(both) == client_cert.of_pem(short.certificate).not_after
