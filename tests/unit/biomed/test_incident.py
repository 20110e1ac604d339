# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from datetime import datetime, timedelta

from biomed.incident import Alarm, Book, Incident
from hypothesis import given
from hypothesis import strategies as st

T0 = datetime(2026, 11, 20, 10)


def at(minutes):
    return T0 + timedelta(minutes=minutes)


def tell(book, number, phase, minutes, priority="medium"):
    """What the handler does with a phase that has to become work."""
    alarm = book.alarm(1, "BATT", number, phase, at(minutes))
    alarm.take(phase, at(minutes), priority)
    if alarm.incident is None:
        alarm.join(book.incident(1, "BATT", alarm.first_at))
    return alarm


def test_a_storm_is_one_incident():
    book = Book()
    for number in range(50):
        tell(book, f"A{number}", "start", number)
    (incident,) = book.incidents
    assert (incident.count, incident.first_at, incident.last_at) == (50, at(0), at(49))


def test_end_before_start():
    book = Book()
    tell(book, "A1", "end", 5)
    alarm = tell(book, "A1", "start", 1)
    assert alarm.is_over
    (incident,) = book.incidents
    assert (incident.count, incident.first_at, incident.last_at) == (1, at(1), at(5))


def test_missing_end():
    book = Book()
    tell(book, "A1", "start", 1)
    assert not tell(book, "A1", "update", 2).is_over


def test_flapping_counts():
    book = Book()
    for minute in range(0, 20, 2):
        tell(book, "A1", "start", minute)
        tell(book, "A1", "end", minute + 1)
    (incident,), (alarm,) = book.incidents, book.alarms
    assert (incident.count, alarm.starts, alarm.messages) == (10, 10, 20)


def closed(minutes):
    book = Book()
    incident = Incident(1, "BATT", id=7, closed_at=at(minutes), count=1, first_at=at(0))
    book.know_incident(incident)
    alarm = Alarm(1, "BATT", "A1", id=3, starts=1, messages=1, incident=incident)
    book.know_alarm(alarm)
    return book, incident


def test_after_closing_it_is_another_incident():
    book, first = closed(30)
    alarm = tell(book, "A2", "start", 31)
    assert alarm.incident is not first
    assert alarm.incident.id is None


def test_what_comes_late_belongs_to_what_is_closed():
    book, first = closed(30)
    assert tell(book, "A2", "start", 29).incident is first
    assert tell(book, "A1", "end", 40).incident is first
    assert tell(book, "A1", "update", 41).incident is first
    assert len(book.incidents) == 1


def test_a_device_counts_from_one_again():
    book, first = closed(30)
    alarm = tell(book, "A1", "start", 45)
    assert alarm.id is None
    assert alarm.incident is not first
    assert tell(book, "A1", "end", 46) is alarm


def test_the_earliest_closing_after_it():
    book, first = closed(30)
    book.know_incident(Incident(1, "BATT", id=8, closed_at=at(60)))
    book.know_incident(Incident(1, "BATT", id=9))
    assert book.incident(1, "BATT", at(30)) is first
    assert book.incident(1, "BATT", at(31)).id == 8
    assert book.incident(1, "BATT", at(61)).id == 9
    assert book.incident(1, "LEAK", at(61)).id is None


def test_an_alarm_that_becomes_work_later_brings_all_of_it():
    book = Book()
    alarm = book.alarm(1, "BATT", "A1", "start", at(0))
    alarm.take("start", at(0), "low")
    assert not book.incidents
    tell(book, "A1", "update", 9, "high")
    (incident,) = book.incidents
    assert (incident.count, incident.first_at, alarm.priority) == (1, at(0), "high")


PHASES = st.sampled_from(["start", "update", "end"])
FACTS = st.lists(
    st.tuples(st.sampled_from("ABC"), PHASES, st.integers(0, 30)), min_size=1, unique=True
)


@given(FACTS, st.randoms(use_true_random=False))
def test_any_order_gives_the_same(facts, random):
    def outcome(order):
        book = Book()
        for fact in order:
            tell(book, *fact)
        (incident,) = book.incidents
        alarms = {(a.number, a.starts, a.is_over, a.first_at, a.last_at) for a in book.alarms}
        return incident.count, incident.first_at, incident.last_at, alarms

    mixed = list(facts)
    random.shuffle(mixed)
    assert outcome(mixed) == outcome(facts)
