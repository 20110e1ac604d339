# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import pytest
from messaging import peer
from messaging.peer import Peer

TRUSTED = peer.parse_trusted("10.0.0.5, 192.168.4.0/24\nfd00::/64")


@pytest.mark.parametrize(
    ("socket_address", "forwarded", "expected"),
    [
        ("203.0.113.9", None, Peer("203.0.113.9", is_proxy=False)),
        # What a stranger says of himself counts for nothing.
        ("203.0.113.9", "10.0.0.5", Peer("203.0.113.9", is_proxy=False)),
        ("10.0.0.5", None, Peer("10.0.0.5", is_proxy=True)),
        ("10.0.0.5", "203.0.113.9", Peer("203.0.113.9", is_proxy=True)),
        # Only the last entry is the proxy's.
        ("10.0.0.5", "10.1.1.1, 203.0.113.9", Peer("203.0.113.9", is_proxy=True)),
        ("192.168.4.7", "203.0.113.9:5060", Peer("203.0.113.9", is_proxy=True)),
        ("fd00::9", "[2001:db8::1]:443", Peer("2001:db8::1", is_proxy=True)),
        ("::ffff:10.0.0.5", "2001:db8::1", Peer("2001:db8::1", is_proxy=True)),
        ("10.0.0.5", "203.0.113.9, unknown", Peer("", is_proxy=True)),
        ("10.0.0.5", "203.0.113.9,", Peer("", is_proxy=True)),
        ("<local>", "203.0.113.9", Peer("<local>", is_proxy=False)),
    ],
)
def test_proven(socket_address, forwarded, expected):
    assert peer.proven(socket_address, forwarded, TRUSTED) == expected


def test_nobody_is_trusted_unless_named():
    assert peer.parse_trusted("") == ()
    assert not peer.proven("127.0.0.1", "10.0.0.1", ()).is_proxy


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.0/99", "10.0.0.1/8", "*"])
def test_a_wrong_list_is_said(text):
    with pytest.raises(ValueError, match="line 2"):
        peer.parse_trusted(f"10.0.0.5 {text}")
