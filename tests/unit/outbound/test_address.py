# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Which addresses may be connected to."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging.address import AddressPolicy, AddressRefused, UrlError, parse_url

PUBLIC = ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")
PRIVATE = (
    "127.0.0.1",
    "127.255.0.9",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fd12::1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "2002:0a00:0001::1",
)
NEVER = (
    "169.254.169.254",
    "169.254.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "224.0.0.1",
    "239.1.1.1",
    "ff02::1",
    "0.0.0.0",
    "::",
    "255.255.255.255",
    "::ffff:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "2002:a9fe:a9fe::1",
    "no address",
)


def allowed(text, allow_private):
    try:
        AddressPolicy(allow_private).check(text)
    except AddressRefused as refused:
        assert not str(refused)
        return False
    return True


@pytest.mark.parametrize("text", PUBLIC)
def test_public(text):
    assert allowed(text, False)
    assert allowed(text, True)


@pytest.mark.parametrize("text", PRIVATE)
def test_private(text):
    assert not allowed(text, False)
    assert allowed(text, True)


@pytest.mark.parametrize("text", NEVER)
def test_never(text):
    assert not allowed(text, False)
    assert not allowed(text, True)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_other_clothes(address):
    for made in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert ipaddress.ip_address(made).version == 6
        for allow in (True, False):
            assert allowed(made, allow) == allowed(str(address), allow)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "partner.example",
        "ftp://partner.example/",
        "http://partner.example/",
        "https:///events",
        "https://user:secret@partner.example/",
        "https://partner.example/#part",
        "https://partner.example:99999/",
        "https://partner.example:0/",
        "https://[::1/",
        "https://partner.example/a b",
        "https://pärtner.example/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://x/" + "a" * 2000,
    ],
)
def test_urls_that_are_none(url):
    with pytest.raises(UrlError) as caught:
        parse_url(url)
    assert "secret" not in str(caught.value) or "field" in str(caught.value)


def test_urls():
    assert parse_url("https://partner.example:8443/a?b=c").port == 8443
    assert parse_url("http://10.0.0.1/", allow_insecure=True).hostname == "10.0.0.1"
