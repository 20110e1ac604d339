# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Each check of the set-up, with what it is for and without."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from messaging.setup import CHECKS, Facts, Finding, Status, worst
from messaging.setup.facts import (
    CatalogFacts,
    ClockFacts,
    KeyFacts,
    LaneFacts,
    PostgresFacts,
    RequestFacts,
    ServerFacts,
)

NOW = datetime(2026, 1, 1)
BUSY = LaneFacts("Stock", drainers=2)


def server(**values):
    return Facts(server=ServerFacts(**values))


def web(*, proxy_mode=True, **values):
    return Facts(server=ServerFacts(proxy_mode=proxy_mode), request=RequestFacts(**values))


def key(**values):
    return Facts(key=KeyFacts(**values))


def postgres(**values):
    return Facts(postgres=PostgresFacts(**values))


def setting(**values):
    return postgres(settings=values)


def clock(**values):
    return Facts(clock=ClockFacts(**values))


def catalog(**values):
    return Facts(catalog=CatalogFacts(now=NOW, **values))


def lane(**values):
    return catalog(lanes=(replace(BUSY, **values),))


WRONG = [
    ("gate", "error", server(server_wide=frozenset({"base", "web"}))),
    ("workers", "error", server(workers=0)),
    ("limits", "warning", server(limit_time_real=60)),
    ("limits", "warning", server(limit_time_cpu=60, limit_time_real_cron=120)),
    ("developer_mode", "error", server(dev_mode=("reload", "qweb"))),
    ("developer_mode", "error", server(test_enable=True)),
    ("one_database", "error", server(databases=())),
    ("one_database", "warning", server(dbfilter="^%d$")),
    ("database_list", "error", server(list_db=True)),
    ("manager_password", "warning", server(default_master_password=True)),
    ("manager_password", "error", server(default_master_password=True, list_db=True)),
    ("log_levels", "error", server(log_level="debug_sql")),
    ("log_levels", "error", server(log_level="debug_rpc_answer")),
    ("log_levels", "error", server(log_handlers=(":INFO", "odoo.sql_db:DEBUG"))),
    ("log_levels", "error", server(log_handlers=(":DEBUG",))),
    ("log_database", "warning", server(log_db="hospital")),
    ("base_url", "error", web(base_url="http://odoo.hospital.example")),
    ("base_url", "warning", web(base_url="http://localhost:8069")),
    ("proxy_mode", "error", web(forwarded_proto="", forwarded_for=False)),
    ("proxy_mode", "error", web(proxy_mode=False)),
    ("proxy_mode", "unknown", web(present=False)),
    ("tls", "error", web(scheme="http", forwarded_proto="http")),
    ("tls", "error", web(proxy_mode=False, scheme="http", forwarded_proto="")),
    ("tls", "unknown", web(present=False)),
    ("master_key", "error", key(is_usable=False)),
    ("master_key", "warning", key(origin="made", in_data_dir=True)),
    ("master_key", "warning", key(in_data_dir=True)),
    ("key_file", "error", key(mode=0o640)),
    ("key_file", "error", key(mode=0o604)),
    ("key_file", "warning", key(is_own=False)),
    ("key_file", "unknown", key(mode=None)),
    ("role", "error", postgres(is_superuser=True)),
    ("audit_owner", "error", postgres(audit_owner="odoo")),
    ("audit_owner", "error", postgres(audit_owner="")),
    ("audit_owner", "error", postgres(may_become_owner=True)),
    ("durability", "error", setting(fsync="off")),
    ("durability", "error", setting(full_page_writes="off")),
    ("durability", "error", setting(synchronous_commit="off")),
    ("failing_statements", "error", setting()),
    ("failing_statements", "error", setting(log_min_error_statement="error")),
    (
        "failing_statements",
        "error",
        setting(log_min_error_statement="panic", log_parameter_max_length_on_error="-1"),
    ),
    ("logged_statements", "error", setting(log_statement="mod")),
    ("logged_statements", "warning", setting(log_min_duration_statement="0")),
    ("logged_statements", "warning", setting(log_min_duration_sample="500")),
    ("connection", "error", postgres(is_local=False)),
    ("database_clock", "warning", clock(database=-5)),
    ("database_clock", "error", clock(database=61)),
    ("synchronized", "warning", clock(is_synchronized=False)),
    ("synchronized", "unknown", clock(is_synchronized=None)),
    ("senders_clock", "warning", clock(senders=120)),
    ("senders_clock", "warning", clock(senders=700)),
    ("cron_workers", "error", catalog(cron_workers=0)),
    ("cron_workers", "unknown", catalog(cron_workers=None)),
    ("cron_workers", "warning", catalog(cron_workers=1, lanes=(BUSY,))),
    ("drains", "error", lane(switched_off=1)),
    ("drains", "error", lane(late_seconds=181)),
    ("drains", "warning", lane(failures=2)),
    ("other_actions", "warning", catalog(late_actions=("retention",))),
    ("queue", "warning", lane(due=3, oldest_seconds=901)),
    ("environment", "warning", catalog(environment=None)),
    ("audit_owner", "warning", postgres(trail_is_old=True)),
    ("mllp", "error", catalog(silent_ports=("Beds",), enabled_ports=1)),
    ("paused", "warning", catalog(paused_channels=("Use of supplies",))),
    ("owners", "warning", catalog(unowned_channels=("Use of supplies",))),
    ("ends", "warning", catalog(ending=(("EHR", NOW + timedelta(days=3)),))),
    ("ends", "error", catalog(ending=(("EHR", NOW),))),
    ("copy", "warning", catalog(neutralized=True)),
    ("copy", "warning", catalog(neutralized=True, production_systems=0)),
]
RIGHT = [
    ("limits", server(limit_time_cpu=0, limit_time_real=0)),
    ("log_levels", server(log_handlers=("odoo.addons.web:DEBUG",))),
    ("base_url", web()),
    ("proxy_mode", web(proxy_mode=False, forwarded_proto="", forwarded_for=False)),
    ("tls", web()),
    ("key_file", key(origin="variable", mode=None)),
    ("key_file", key(mode=0o400)),
    ("failing_statements", setting(log_min_error_statement="panic")),
    ("logged_statements", setting(log_statement="ddl", log_min_duration_statement="-1")),
    ("durability", setting(synchronous_commit="remote_apply")),
    ("connection", postgres(is_local=False, uses_tls=True)),
    ("database_clock", clock(database=1.5)),
    ("senders_clock", clock(senders=30)),
    ("cron_workers", catalog(cron_workers=4, lanes=(BUSY,))),
    ("cron_workers", catalog(cron_workers=1)),
    ("drains", lane(late_seconds=100)),
    ("queue", lane(due=0, oldest_seconds=9000)),
    ("queue", lane(due=500, oldest_seconds=20)),
    ("mllp", catalog(enabled_ports=2)),
]
BY_NAME = {check.__name__: check for check in CHECKS}


def names(cases):
    return [f"{case[0]}-{number}" for number, case in enumerate(cases)]


@pytest.mark.parametrize(("name", "status", "facts"), WRONG, ids=names(WRONG))
def test_what_is_wrong_is_found(name, status, facts):
    found = BY_NAME[name](facts)
    assert (found.check, found.status) == (name, status)
    assert found.seen.endswith(".") and found.fix.endswith((".", ")."))


@pytest.mark.parametrize(("name", "facts"), RIGHT, ids=names(RIGHT))
def test_what_is_right_is_left_alone(name, facts):
    found = BY_NAME[name](facts)
    assert (found.check, found.status, found.fix) == (name, Status.OK, "")


def test_a_good_set_up_has_nothing_to_find():
    quiet = {"log_min_error_statement": "panic", "log_parameter_max_length_on_error": "0"}
    findings = [check(replace(Facts(), postgres=PostgresFacts(quiet))) for check in CHECKS]
    assert {one.status for one in findings} == {Status.OK}


def test_every_check_is_tried_both_ways():
    wrong, right = {case[0] for case in WRONG}, {case[0] for case in RIGHT}
    assert wrong == set(BY_NAME)
    assert right <= wrong


def test_each_names_itself_and_a_page():
    from test_docs import RUNBOOK

    pages = {path.stem for path in RUNBOOK.glob("*.md")}
    for name, check in BY_NAME.items():
        found = check(Facts())
        assert found.check == name
        assert found.page in pages


def test_many_names_are_cut():
    found = BY_NAME["owners"](catalog(unowned_channels=tuple(f"c{n}" for n in range(9))))
    assert "c4 and 4 more" in found.seen


def test_the_worst_stands_for_all():
    made = [
        Finding("a", "A", Status.OK, "Fine."),
        Finding("b", "A", Status.UNKNOWN, "Unseen.", "Look."),
        Finding("c", "A", Status.WARNING, "Soon.", "Act."),
    ]
    assert worst(made) == Status.WARNING
    assert worst([]) == Status.OK


def test_what_is_wrong_says_what_to_do():
    with pytest.raises(ValueError):
        Finding("a", "A", Status.ERROR, "Bad.")
