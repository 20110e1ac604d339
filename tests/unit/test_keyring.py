# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging.keyring import (
    KeyRing,
    KeyState,
    MasterKeyError,
    SealError,
    Version,
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


# -- versions of pseudonym keys


def rotated(numbers=(2, 1), masters=(), founding="", linked=("patient",)):
    versions = tuple(
        Version(number, masters[place] if masters else "") for place, number in enumerate(numbers)
    )
    return KeyState(founding, {"patient": versions}, frozenset(linked))


def test_a_new_version_makes_other_pseudonyms():
    ring = KeyRing(MASTER, state=rotated())
    new, old = ring.pseudonyms("patient", "4711", "HOSP")
    assert new == ring.pseudonym("patient", "4711", "HOSP")
    assert re.fullmatch(r"hcp2_[a-z2-7]{32}", new)
    assert old == RING.pseudonym("patient", "4711", "HOSP") == "hcp1_" + VECTORS[0]
    assert new[5:] != old[5:]
    assert ring.pseudonyms("order", "4711") == [RING.pseudonym("order", "4711")]
    assert (ring.is_rotated, RING.is_rotated) == (True, False)


def test_a_removed_version_is_not_looked_for():
    ring = KeyRing(MASTER, state=rotated((3, 2)))
    assert [one[:5] for one in ring.pseudonyms("patient", "4711")] == ["hcp3_", "hcp2_"]
    assert not KeyRing(MASTER, state=rotated((3,))).is_rotated


def test_keys_of_versions_and_domains_are_apart():
    """Whatever a domain is called, no version of one is a version of another."""
    state = KeyState(
        versions={"a": (Version(2),), "2:a": (Version(1),), "-2:a": (Version(1),)},
    )
    ring = KeyRing(MASTER, state=state)
    assert len({ring.pseudonym(name, "x")[5:] for name in ("a", "2:a", "-2:a")}) == 3


def test_digests_outlive_the_master_key():
    """What is stored stays comparable when the master key is replaced."""
    ring = KeyRing(OTHER, previous=[MASTER])
    assert ring.digest_key == RING.digest_key
    assert ring.surrogate("4711") == RING.surrogate("4711")
    assert ring.pseudonym("patient", "4711") == RING.pseudonym("patient", "4711")
    assert ring.founding_id == RING.sealing_id != ring.sealing_id
    third = KeyRing(bytes(32), previous=[OTHER, MASTER])
    assert third.digest_key == RING.digest_key


def test_the_founding_key_is_named_whatever_the_order():
    state = KeyState(founding=RING.sealing_id)
    ring = KeyRing(OTHER, previous=[MASTER, bytes(32)], state=state)
    assert ring.digest_key == RING.digest_key
    with pytest.raises(MasterKeyError, match=RING.sealing_id):
        KeyRing(OTHER, state=state)


def test_a_version_belongs_to_its_master_key():
    other = KeyRing(OTHER).sealing_id
    state = rotated((2, 1), (other, ""), founding=RING.sealing_id)
    ring = KeyRing(OTHER, previous=[MASTER], state=state)
    third = KeyRing(bytes(32), previous=[OTHER, MASTER], state=state)
    assert third.pseudonyms("patient", "4711") == ring.pseudonyms("patient", "4711")
    assert ring.pseudonyms("patient", "4711")[1] == RING.pseudonym("patient", "4711")
    with pytest.raises(MasterKeyError, match=other):
        KeyRing(MASTER, state=state)


def test_recording_remembers_what_it_was_called_before():
    ring = KeyRing(MASTER, state=rotated())
    recording = ring.recording()
    new = recording.pseudonym("patient", "4711", "HOSP")
    recording.pseudonym("order", "4711")
    assert recording.former == {new: ["patient", RING.pseudonym("patient", "4711", "HOSP")]}
    assert ring.recording().former == {}
    unlinked = KeyRing(MASTER, state=rotated(linked=())).recording()
    assert unlinked.pseudonym("patient", "4711", "HOSP") == new
    assert unlinked.former == {}


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
