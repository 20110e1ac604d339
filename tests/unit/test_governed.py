# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What the trail tells of a change."""

from messaging.governed import told

KEY = b"k" * 32
PLAIN = {"retries", "state"}


def test_no_change_is_told_to_nobody():
    assert told(KEY, {"retries": 3}, {"retries": 3}, PLAIN) is None
    assert told(KEY, {"name": None}, {"name": ""}, PLAIN) is None
    assert told(KEY, {}, {}, PLAIN) is None


def test_plain_settings_are_told_with_their_values():
    change = told(KEY, {"retries": 3, "state": "draft"}, {"retries": 5, "state": "draft"}, PLAIN)
    assert change.fields == ("retries",)
    assert change.values == {"retries": [3, 5]}
    assert change.before != change.after


def test_a_secret_is_told_by_digest_alone():
    change = told(KEY, {"secret": "hunter2"}, {"secret": "hunter3"}, PLAIN)
    assert change.fields == ("secret",)
    assert change.values == {}
    assert "hunter" not in repr(change.event())
    assert len(change.before) == len(change.after) == 64


def test_digests_are_keyed_and_repeatable():
    first = told(KEY, {"name": "A"}, {"name": "B"}, PLAIN)
    again = told(KEY, {"name": "A"}, {"name": "B"}, PLAIN)
    back = told(KEY, {"name": "B"}, {"name": "A"}, PLAIN)
    other = told(b"o" * 32, {"name": "A"}, {"name": "B"}, PLAIN)
    assert first == again
    assert (first.before, first.after) == (back.after, back.before)
    assert first.before != other.before


def test_what_is_made_has_no_before_and_what_is_deleted_no_after():
    made = told(KEY, None, {"name": "A", "retries": 0, "state": False}, PLAIN)
    assert (made.fields, made.before) == (("name",), None)
    assert made.after
    gone = told(KEY, {"name": "A", "retries": 2}, None, PLAIN)
    assert (gone.fields, gone.after) == (("name", "retries"), None)
    assert gone.values == {"retries": [2, None]}


def test_without_a_key_there_are_names_and_no_digests():
    change = told(None, {"name": "A"}, {"name": "B"}, PLAIN)
    assert change.fields == ("name",)
    assert (change.before, change.after) == (None, None)
