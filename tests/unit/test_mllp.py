# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Framing: whatever the pieces, the same blocks; whatever the noise, an answer or nothing."""

import itertools
import random
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging.mllp import HEAD, RETURN_WITHIN, Block, Decoder, Patience, encode
from messaging.networks import holds, parse

MESSAGE = b"MSH|^~\\&|EHR|MAIN|ODOO|MAIN|20261124||ADT^A01|1|P|2.5\rPID|1\r"
CONTENT = st.binary(max_size=40).map(lambda raw: raw.translate(None, b"\x0b\x1c"))
# Bytes that mean something are frequent.
ANY = st.lists(
    st.one_of(st.sampled_from([b"\x0b", b"\x1c", b"\r", b"MSH|", b"\x1c\r"]), st.binary(max_size=8))
).map(b"".join)


def pieces(data, cuts):
    """The data in pieces, cut where the cuts say."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in itertools.pairwise(places)]


def decode(parts, limit=1024, finish=True):
    decoder, blocks = Decoder(limit), []
    for part in parts:
        blocks += decoder.feed(part)
    return blocks + (decoder.finish() if finish else [])


@given(st.lists(CONTENT, max_size=6), st.lists(st.integers(0, 500), max_size=12))
def test_any_split_of_any_blocks(contents, cuts):
    data = b"".join(map(encode, contents))
    assert decode(pieces(data, cuts)) == [Block(content) for content in contents]


@given(ANY, st.lists(st.integers(0, 500), max_size=12))
def test_any_split_of_anything_is_the_same(data, cuts):
    assert decode(pieces(data, cuts)) == decode([data])


@given(ANY)
def test_byte_by_byte(data):
    whole, single = Decoder(20), Decoder(20)
    blocks = whole.feed(data)
    assert [one for byte in data for one in single.feed(bytes([byte]))] == blocks
    assert (whole.noise, whole.is_open, whole.kept) == (single.noise, single.is_open, single.kept)


@given(ANY)
def test_a_message_behind_noise_is_found(noise):
    """A sender that begins again is heard, whatever was said before."""
    blocks = decode([noise, encode(MESSAGE)], limit=10_000)
    assert blocks[-1] == Block(MESSAGE)


@given(ANY, st.integers(0, 64))
def test_memory_is_bounded_by_the_limit(data, limit):
    decoder = Decoder(limit)
    for byte in data:
        for block in decoder.feed(bytes([byte])):
            assert len(block.content) <= max(limit, HEAD)
        assert decoder.kept <= max(limit, HEAD)


def test_line_ends_between_blocks_are_no_noise():
    decoder = Decoder()
    assert decoder.feed(b"\r\n" + encode(b"a") + b"\n\r\n" + encode(b"b")) == [
        Block(b"a"),
        Block(b"b"),
    ]
    assert decoder.noise == 0
    decoder.feed(b"GET / HTTP/1.1\r\n")
    assert decoder.noise == len("GET / HTTP/1.1")


def test_without_return():
    """A block may end in FS alone: the next one, the end or silence ends it."""
    decoder = Decoder()
    assert decoder.feed(b"\x0bone\x1c\x0btwo\x1c") == [Block(b"one")]
    assert decoder.is_ending
    assert decoder.finish() == [Block(b"two")]
    assert not decoder.is_open
    assert decoder.feed(b"\r" + encode(b"three")) == [Block(b"three")]


def test_cut_off_is_no_block():
    assert decode([b"\x0b" + MESSAGE]) == []
    assert decode([b"\x0b"]) == []


def test_separator_within_the_content_is_refused():
    """Nobody can say whether the message ended there."""
    [block] = decode([b"\x0b" + MESSAGE + b"\x1cPV1|1\r\x1c\r"])
    assert block.problem == "malformed_hl7"
    assert block.content.startswith(b"MSH|")


def test_sender_that_begins_anew_again_and_again():
    data = b"\x0bMSH|1\x0bMSH|2\x0bnoise\x0b" + MESSAGE + b"\x1c\r"
    assert decode([data]) == [
        Block(b"MSH|1", "malformed_hl7"),
        Block(b"MSH|2", "malformed_hl7"),
        Block(MESSAGE),
    ]


def test_sender_that_begins_anew():
    """A message that had begun is answered, so that answers stay in the order of messages."""
    broken, whole = decode([b"\x0b" + MESSAGE[:30] + encode(MESSAGE)])
    assert broken == Block(MESSAGE[:30], "malformed_hl7")
    assert whole == Block(MESSAGE)


@pytest.mark.parametrize("size", [99, 100, 101, 5000])
def test_limit(size):
    content = MESSAGE.ljust(size, b"x")
    decoder = Decoder(100)
    data = encode(content) + encode(b"next")
    blocks = [one for part in pieces(data, range(0, 6000, 7)) for one in decoder.feed(part)]
    if size <= 100:
        assert blocks[0] == Block(content)
    else:
        assert blocks[0] == Block(content[: min(size, HEAD)], "too_large")
    assert blocks[1:] == [Block(b"next")]


@pytest.mark.parametrize(
    "noise",
    [
        b"\x0b" * 1_000_000,
        b"\x1c" * 1_000_000,
        b"\x0b\x1c" * 500_000,
        b"\x1cx" * 500_000,
        b"x" * 1_000_000,
        random.Random(1).randbytes(1_000_000),
    ],
    ids=["VT", "FS", "VT FS", "FS x", "x", "random"],
)
def test_noise_needs_no_memory_and_does_not_hang(noise):
    """Quadratic work would take hours; the limit is far from what a slow machine needs."""
    decoder = Decoder()
    tracemalloc.start()
    try:
        began = time.process_time()
        for start in range(0, len(noise), 4096):
            decoder.feed(noise[start : start + 4096])
        used = time.process_time() - began
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * 1024 * 1024
    assert used < 60
    decoder.feed(b"\x1c\r")
    assert decoder.feed(encode(MESSAGE))[-1:] == [Block(MESSAGE)]


def test_patience():
    patience, decoder = Patience(idle=100, block=10), Decoder()
    assert patience.left(decoder, 50, 60) == 90
    decoder.feed(b"noise")
    assert patience.left(decoder, 50, 150) == 0
    decoder.feed(b"\x0bMSH")
    assert patience.left(decoder, 150, 155) == 5
    assert patience.left(decoder, 150, 161) < 0
    decoder.feed(b"\x1c")
    assert patience.left(decoder, 150, 161) == RETURN_WITHIN


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("10.1.2.4", False),
        ("192.168.7.9", True),
        ("fe80::1%eth0", True),
        ("fd00::1", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_lists_of_addresses(address, inside):
    networks = parse("10.1.2.3  # the health record\n\n192.168.0.0/16\nfe80::/10\n")
    assert holds(networks, address) is inside


def test_empty_list_holds_nobody():
    assert not holds(parse(" \n# nobody\n"), "127.0.0.1")


@pytest.mark.parametrize("text", ["10.1.2", "host.example", "10.0.0.1/8", "10.0.0.0/33", "1,2"])
def test_wrong_lists_of_addresses(text):
    with pytest.raises(ValueError, match="line 2"):
        parse(f"10.0.0.1\n{text}")
