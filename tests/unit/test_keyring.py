# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging.keyring import (
    KeyRing,
    MasterKeyError,
    SealError,
    load_master,
    load_previous,
    sealed_with,
)

MASTER = bytes(range(32))
OTHER = bytes(range(1, 33))
RING = KeyRing(MASTER)


def test_vectors_stand_still():
    """A change here would part every stored pseudonym and digest from its like."""
    assert RING.pseudonym("patient", "4711", "HOSP") == "hcp1_" + VECTORS[0]
    assert RING.surrogate("4711") == "hcs1_" + VECTORS[1]
    assert RING.digest_key.hex()[:16] == VECTORS[2]


VECTORS = (
    "gbjj23phirnner5eii7muuoenkwxi2kr",
    "uc26tebr5uq2h6wdgxqx6eyhmbzcgbid",
    "04ac3c4c5c53794d",
)


def test_pseudonyms():
    value = RING.pseudonym("patient", "4711")
    assert re.fullmatch(r"hcp1_[a-z2-7]{32}", value)
    assert value == KeyRing(MASTER).pseudonym("patient", "4711")
    others = {
        RING.pseudonym("order", "4711"),
        RING.pseudonym("patient", "4712"),
        RING.pseudonym("patient", "4711", "A"),
        RING.pseudonym("patient", "711", "4"),
        RING.pseudonym("patient", "", "4711"),
        KeyRing(OTHER).pseudonym("patient", "4711"),
        RING.surrogate("4711"),
        value,
    }
    assert len(others) == 8
    assert re.fullmatch(r"hcs1_[a-z2-7]{32}", RING.surrogate("4711"))


@given(st.binary(max_size=100), st.text(max_size=20))
def test_seal_and_open(secret, aad):
    blob = RING.seal(secret, aad)
    assert RING.open(blob, aad) == secret
    assert blob != RING.seal(secret, aad)
    with pytest.raises(SealError):
        RING.open(blob, aad + "x")
    with pytest.raises(SealError):
        KeyRing(OTHER).open(blob, aad)


def test_master_keys_change():
    blob = RING.seal(b"secret", "credential,1")
    ring = KeyRing(OTHER, previous=[MASTER])
    assert ring.open(blob, "credential,1") == b"secret"
    with pytest.raises(SealError):
        RING.open(ring.seal(b"new", "a"), "a")


@given(st.text(max_size=60))
def test_damaged_blobs(text):
    good = RING.seal(b"secret", "a")
    for blob in (text, good[:-4], good + "AAAA", good.replace("hcs1.", "hcs2."), f"hcs1.x.{text}"):
        with pytest.raises(SealError) as caught:
            RING.open(blob, "a")
        assert caught.value.__cause__ is None


def test_nothing_shows_in_repr():
    assert MASTER.hex() not in repr(RING)
    assert repr(RING).startswith("<KeyRing ")


def test_load_master(tmp_path):
    text = base64.b64encode(MASTER).decode()
    path = tmp_path / "key"
    path.write_text(f"{text}\n")
    assert load_master({"HC_MASTER_KEY": text}) == MASTER
    assert load_master({"HC_MASTER_KEY": base64.urlsafe_b64encode(MASTER).decode()}) == MASTER
    assert load_master({"HC_MASTER_KEY_FILE": str(path)}) == MASTER
    assert load_master({"HC_MASTER_KEY": text, "HC_MASTER_KEY_FILE": "/nowhere"}) == MASTER


@pytest.mark.parametrize(
    ("environ", "match"),
    [
        ({}, "Set HC_MASTER_KEY"),
        ({"HC_MASTER_KEY": "", "HC_MASTER_KEY_FILE": ""}, "Set HC_MASTER_KEY"),
        ({"HC_MASTER_KEY": "$$$"}, "does not hold base64"),
        ({"HC_MASTER_KEY": "c2hvcnQ="}, "at least 32 bytes"),
        ({"HC_MASTER_KEY_FILE": "/nowhere/key"}, "cannot be read"),
    ],
)
def test_load_master_says_what_to_mend(environ, match):
    with pytest.raises(MasterKeyError, match=match) as caught:
        load_master(environ)
    assert "c2hvcnQ" not in str(caught.value)


def test_short_master():
    with pytest.raises(MasterKeyError):
        KeyRing(b"short")
    with pytest.raises(MasterKeyError):
        KeyRing(MASTER, previous=[b"short"])


# ------------------------------------------------------------------- former master keys


def test_former_keys_open_and_do_not_seal():
    old, new = KeyRing(OTHER), KeyRing(MASTER, [OTHER])
    blob = old.seal(b"secret", "place")
    assert new.open(blob, "place") == b"secret"
    assert sealed_with(blob) == old.sealing_id
    assert sealed_with(new.seal(b"x", "place")) == new.sealing_id == RING.sealing_id
    assert new.known_ids == {old.sealing_id, new.sealing_id}


def test_reseal():
    old, both, new = KeyRing(OTHER), KeyRing(MASTER, [OTHER]), RING
    blob = both.reseal(old.seal(b"secret", "place"), "place")
    assert new.open(blob, "place") == b"secret"
    with pytest.raises(SealError):
        old.open(blob, "place")
    with pytest.raises(SealError):
        both.reseal(old.seal(b"secret", "place"), "another place")


@pytest.mark.parametrize("blob", ["", "x", "hcs1", "hcs2.abc.def", "sha256:abc"])
def test_what_is_not_sealed_has_no_key(blob):
    assert sealed_with(blob) == ""


def test_load_previous(tmp_path):
    texts = [base64.b64encode(key).decode() for key in (OTHER, MASTER)]
    path = tmp_path / "previous"
    path.write_text("\n".join(texts) + "\n")
    by_name = {"HC_MASTER_KEY_PREVIOUS": ", ".join(texts)}
    by_file = {"HC_MASTER_KEY_PREVIOUS_FILE": str(path)}
    assert load_previous(by_name) == load_previous(by_file) == (OTHER, MASTER)
    assert load_previous({}) == ()


@pytest.mark.parametrize(
    "environ",
    [
        {"HC_MASTER_KEY_PREVIOUS": "c2hvcnQ="},
        {"HC_MASTER_KEY_PREVIOUS": base64.b64encode(MASTER).decode() + " !!"},
        {"HC_MASTER_KEY_PREVIOUS_FILE": "/nowhere"},
    ],
)
def test_unusable_former_keys(environ):
    with pytest.raises(MasterKeyError) as caught:
        load_previous(environ)
    assert "HC_MASTER_KEY_PREVIOUS" in str(caught.value)
    assert "!!" not in str(caught.value)
