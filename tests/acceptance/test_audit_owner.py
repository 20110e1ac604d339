"""The audit trail when it has an owner of its own: added to and read by Odoo, never changed."""

import json
import subprocess

import psycopg2
import pytest
from hcdev import database
from support import bare as bares
from support.hospital import BASE

OWNER = "hc_audit_owner"
ENTRY = [{"action": "test.appended", "object": "one", "details": {"n": 1}}]
APPEND = "SELECT hc_audit.append(%s::jsonb)"
TRAIL = "SELECT to_jsonb(e) FROM hc_audit.event e ORDER BY id"
COUNT = "SELECT count(*) FROM hc_audit.event"
REFUSED = {
    "insert": "INSERT INTO hc_audit.event (action) VALUES ('forged')",
    "insert with an id": "INSERT INTO hc_audit.event (id, action) OVERRIDING SYSTEM VALUE"
    " VALUES (1, 'forged')",
    "copy": "COPY hc_audit.event (action) FROM STDIN",
    "update": "UPDATE hc_audit.event SET action = 'other'",
    "update through the view": "UPDATE hc_audit_event SET action = 'other'",
    "delete": "DELETE FROM hc_audit.event",
    "delete through the view": "DELETE FROM hc_audit_event",
    "truncate": "TRUNCATE hc_audit.event",
    "lock": "DO 'BEGIN LOCK TABLE hc_audit.event IN ACCESS EXCLUSIVE MODE; END'",
    "add a column": "ALTER TABLE hc_audit.event ADD COLUMN extra text",
    "drop a column": "ALTER TABLE hc_audit.event DROP COLUMN action",
    "rename the table": "ALTER TABLE hc_audit.event RENAME TO old",
    "move the table": "ALTER TABLE hc_audit.event SET SCHEMA public",
    "switch off triggers": "ALTER TABLE hc_audit.event DISABLE TRIGGER ALL",
    "take the table": "ALTER TABLE hc_audit.event OWNER TO CURRENT_USER",
    "take the schema": "ALTER SCHEMA hc_audit OWNER TO CURRENT_USER",
    "take the function": "ALTER FUNCTION hc_audit.append(jsonb) OWNER TO CURRENT_USER",
    "rename the schema": "ALTER SCHEMA hc_audit RENAME TO old",
    "drop the table": "DROP TABLE hc_audit.event CASCADE",
    "drop the schema": "DROP SCHEMA hc_audit CASCADE",
    "drop the function": "DROP FUNCTION hc_audit.append(jsonb)",
    "drop an index": "DROP INDEX hc_audit.event_object_idx",
    "other function": "CREATE OR REPLACE FUNCTION hc_audit.append(events jsonb) RETURNS integer"
    " LANGUAGE sql AS 'SELECT 0'",
    "function beside it": "CREATE FUNCTION hc_audit.append(events json) RETURNS integer"
    " LANGUAGE sql AS 'SELECT 0'",
    "search path of the function": "ALTER FUNCTION hc_audit.append(jsonb) RESET search_path",
    "rule": "CREATE RULE silent AS ON INSERT TO hc_audit.event DO INSTEAD NOTHING",
    "trigger": "CREATE TRIGGER silent BEFORE INSERT ON hc_audit.event"
    " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "policy": "ALTER TABLE hc_audit.event ENABLE ROW LEVEL SECURITY",
    "table beside it": "CREATE TABLE hc_audit.other (id int)",
    "wind the ids back": "SELECT setval('hc_audit.event_id_seq', 1)",
    "spend ids": "SELECT nextval('hc_audit.event_id_seq')",
    "become the owner": f"SET ROLE {OWNER}",
    "become the owner for the session": f"SET SESSION AUTHORIZATION {OWNER}",
    "join the owner": f"GRANT {OWNER} TO CURRENT_USER",
    "drop the owner": f"DROP ROLE {OWNER}",
    "leave it all": f"REASSIGN OWNED BY {OWNER} TO CURRENT_USER",
    "skip triggers": "SET session_replication_role = replica",
}
SAME = """
SELECT json_build_object(
    'table', (SELECT pg_get_userbyid(relowner) FROM pg_class
               WHERE oid = 'hc_audit.event'::regclass),
    'schema', (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'hc_audit'),
    'function', (SELECT pg_get_userbyid(proowner) FROM pg_proc
                  WHERE oid = 'hc_audit.append(jsonb)'::regprocedure),
    'rights', (SELECT array_agg(privilege_type::text ORDER BY 1)
                 FROM information_schema.role_table_grants
                WHERE table_schema = 'hc_audit' AND grantee = %s))
"""


@pytest.fixture(scope="module")
def machine(bare):
    """A database whose audit trail is protected."""
    made = bare.machine("audit")
    made.odoo("-i", BASE)
    made.sql(APPEND, json.dumps(ENTRY))
    protect(made)
    return made


def protect(machine, name=None, **env):
    """What the database administrator does, once."""
    command = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", database.OWNER_SQL]
    done = subprocess.run(
        [*command, "-d", name or machine.database],
        env=machine.server.env(superuser=True) | env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stderr)


def run(server, *command, superuser=False):
    env = server.env(superuser=superuser)
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout


def protected(machine, name=None):
    """Owners and rights are as they should be, and what counts does not work."""
    connection = machine.connect(database=name)
    try:
        with connection.cursor() as cursor:
            cursor.execute(SAME, [machine.server.user])
            found = cursor.fetchone()[0]
            assert found == dict.fromkeys(("table", "schema", "function"), OWNER) | {
                "rights": ["SELECT"]
            }
            for name_ in ("update", "delete", "truncate", "drop the table", "insert"):
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    cursor.execute(REFUSED[name_])
            cursor.execute(COUNT)
            before = cursor.fetchone()[0]
            cursor.execute(APPEND, [json.dumps(ENTRY)])
            cursor.execute(COUNT)
            assert cursor.fetchone()[0] == before + 1
            cursor.execute("SELECT count(*) FROM hc_audit_event")
            assert cursor.fetchone()[0] == before + 1
    finally:
        connection.close()


def test_added_to_and_read(machine):
    before = machine.sql(COUNT)[0][0]
    assert machine.sql(APPEND, json.dumps(ENTRY * 3)) == [(3,)]
    assert machine.sql(COUNT)[0][0] == before + 3
    last = "SELECT action, object, details, user_id FROM hc_audit.event ORDER BY id DESC LIMIT 1"
    assert machine.sql(last) == [("test.appended", "one", {"n": 1}, None)]
    seen = machine.sql("SELECT action FROM hc_audit_event ORDER BY id DESC LIMIT 1")
    assert seen == [("test.appended",)]
    shown = machine.shell("print('last:', env['hc.audit.event'].search([], limit=1).action)")
    assert "last: test.appended" in shown


@pytest.mark.parametrize("name", REFUSED)
def test_refused(machine, name):
    trail = machine.sql(TRAIL)
    refusals = (psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ObjectNotInPrerequisiteState)
    with pytest.raises(refusals):
        machine.sql(REFUSED[name])
    assert machine.sql(TRAIL) == trail


def test_rights_that_one_gives_oneself_are_none(machine):
    """PostgreSQL only warns where there is nothing that the grantor could give."""
    machine.sql("GRANT ALL ON hc_audit.event TO CURRENT_USER")
    machine.sql("GRANT ALL ON SCHEMA hc_audit TO CURRENT_USER")
    protected(machine)


def test_time_and_transaction_are_the_servers(machine):
    """What a caller says of them is not heard."""
    forged = {"action": "forged", "recorded_at": "1999-01-01", "txid": "1", "id": 1}
    machine.sql(APPEND, json.dumps([forged]))
    query = "SELECT id > 1, recorded_at > now() - interval '1 hour', txid::text <> '1'"
    assert machine.sql(f"{query} FROM hc_audit.event ORDER BY id DESC LIMIT 1") == [
        (True, True, True)
    ]


def test_function_is_safe(machine):
    """It runs as the owner, so nothing of the caller may reach into it."""
    rows = machine.sql(
        "SELECT prosecdef, proconfig, pg_get_function_identity_arguments(oid), prosrc"
        " FROM pg_proc WHERE pronamespace = 'hc_audit'::regnamespace"
    )
    assert len(rows) == 1, "one function only"
    definer, settings, arguments, body = rows[0]
    assert definer and arguments == "events jsonb"
    (path,) = [one for one in settings if one.startswith("search_path=")]
    names = [name.strip() for name in path.partition("=")[2].split(",")]
    assert "public" not in names and "$user" not in names
    assert names[-1] == "pg_temp", "temporary objects are looked up last"
    assert "EXECUTE" not in body.upper()


def test_search_path_of_the_caller_does_not_matter(machine):
    """Objects of the caller with the same names are not used."""
    connection = machine.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE event (action text)")
            cursor.execute(
                "CREATE FUNCTION pg_temp.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
                " AS $$ SELECT '1999-01-01'::timestamptz $$"
            )
            cursor.execute("SET search_path = pg_temp, public, pg_catalog")
            cursor.execute(APPEND, [json.dumps(ENTRY)])
            cursor.execute("SELECT count(*) FROM pg_temp.event")
            assert cursor.fetchone()[0] == 0
            cursor.execute("SELECT max(recorded_at) > '2020-01-01' FROM hc_audit.event")
            assert cursor.fetchone()[0]
    finally:
        connection.close()


def test_text_is_text(machine):
    """A value is never run."""
    hostile = "'); DROP TABLE hc_audit.event; --"
    machine.sql(APPEND, json.dumps([{"action": hostile}]))
    last = machine.sql("SELECT action FROM hc_audit.event ORDER BY id DESC LIMIT 1")
    assert last == [(hostile,)]


def test_twice_is_fine(machine):
    for _time in range(2):
        protect(machine)
    protected(machine)


def test_update_keeps_it(machine):
    trail = machine.sql(TRAIL)
    with bares.quiet(machine):
        machine.odoo("-u", BASE)
    assert machine.sql(TRAIL)[: len(trail)] == trail
    protected(machine)


def test_copy_keeps_it(machine):
    database.copy(machine.server, machine.database, "hc_audit_copy")
    protected(machine, "hc_audit_copy")


def test_dump_and_restore_keep_it(machine, tmp_path):
    """A dump by Odoo's role; the restore of foreign owners takes a superuser."""
    file = tmp_path / "dump"
    run(machine.server, "pg_dump", "-Fc", "-Z0", "-f", file, machine.database)
    run(machine.server, "createdb", "hc_audit_restored")
    run(
        machine.server,
        *("pg_restore", "--exit-on-error", "-d", "hc_audit_restored", file),
        superuser=True,
    )
    counts = "SELECT count(*) FROM hc_audit_event"
    restored = run(machine.server, "psql", "-XAtd", "hc_audit_restored", "-c", counts)
    assert int(restored) == machine.sql(counts)[0][0]
    protected(machine, "hc_audit_restored")


@pytest.mark.parametrize("how", ["superuser", "member"])
def test_role_that_could_become_the_owner_is_refused(machine, how):
    """Nothing is half done then, and the message says what to look at."""
    name, role = f"hc_audit_{how}", f"hc_test_{how}"
    rights = "SUPERUSER" if how == "superuser" else f"IN ROLE {OWNER}"
    machine.sql(f"CREATE ROLE {role} LOGIN {rights}", superuser=True)
    run(machine.server, "createdb", "-O", role, "-T", bares.EMPTY, name, superuser=True)
    schema = database.OWNER_SQL.with_name("audit_schema.sql")
    command = ("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-U", role, "-d", name)
    run(machine.server, *command, "-f", schema)
    with pytest.raises(AssertionError, match=f"role {role} may become {OWNER}.*superuser"):
        protect(machine, name)
    owner = "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'hc_audit.event'::regclass"
    assert run(machine.server, *command, "-c", owner).strip() == role
