"""The audit trail when it has an owner of its own: added to and read by Odoo, never changed."""

import json
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
from hcdev import database, venv
from support import bare as bares
from support.hospital import BASE

OWNER = "hc_audit_owner"
TABLES = ("event", "log", "leaf", "node", "checkpoint")
FUNCTIONS = ("append", "prune", "seal", "version")
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
    "insert a leaf": "INSERT INTO hc_audit.leaf VALUES (0, 1, sha256('x'))",
    "change a leaf": "UPDATE hc_audit.leaf SET hash = sha256('x')",
    "delete a leaf": "DELETE FROM hc_audit.leaf",
    "change a node": "UPDATE hc_audit.node SET hash = sha256('x')",
    "change a checkpoint": "UPDATE hc_audit.checkpoint SET note = ''",
    "date a checkpoint back": "UPDATE hc_audit.checkpoint SET sealed_at = '1999-01-01'",
    "delete a checkpoint": "DELETE FROM hc_audit.checkpoint",
    "truncate checkpoints": "TRUNCATE hc_audit.checkpoint",
    "insert a checkpoint": "INSERT INTO hc_audit.checkpoint (number) VALUES (1)",
    "drop checkpoints": "DROP TABLE hc_audit.checkpoint CASCADE",
    "lower the minimum": "UPDATE hc_audit.log SET minimum_days = 365",
    "another log": "UPDATE hc_audit.log SET id = gen_random_uuid()",
    "other prune": "CREATE OR REPLACE FUNCTION hc_audit.prune(ids bigint[], days integer,"
    " who integer, why text) RETURNS integer LANGUAGE sql AS 'SELECT 0'",
    "other version": "CREATE OR REPLACE FUNCTION hc_audit.version() RETURNS integer"
    " LANGUAGE sql AS 'SELECT 99'",
    "run it as oneself": "ALTER FUNCTION hc_audit.append(jsonb) SECURITY INVOKER",
    "give rights away": "ALTER DEFAULT PRIVILEGES FOR ROLE hc_audit_owner"
    " GRANT ALL ON TABLES TO PUBLIC",
}
SAME = """
SELECT json_build_object(
    'tables', (SELECT array_agg(DISTINCT pg_get_userbyid(relowner)::text) FROM pg_class
                WHERE relnamespace = 'hc_audit'::regnamespace),
    'schema', (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'hc_audit'),
    'functions', (SELECT array_agg(DISTINCT pg_get_userbyid(proowner)::text) FROM pg_proc
                   WHERE pronamespace = 'hc_audit'::regnamespace),
    'rights', (SELECT array_agg(DISTINCT table_name || ' ' || privilege_type::text)
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
            assert found == {
                "tables": [OWNER],
                "schema": OWNER,
                "functions": [OWNER],
                "rights": [f"{table} SELECT" for table in sorted(TABLES)],
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


def test_functions_are_safe(machine):
    """They run as the owner, so nothing of the caller may reach into them."""
    rows = machine.sql(
        "SELECT proname::text, prosecdef, proconfig, prosrc FROM pg_proc"
        " WHERE pronamespace = 'hc_audit'::regnamespace"
    )
    assert sorted(row[0] for row in rows) == list(FUNCTIONS), "these functions only"
    for name, definer, settings, body in rows:
        assert definer or name == "version"
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


# ---------------------------------------------------------------------------- versions

OLD = Path(__file__).with_name("audit_schema_1.sql")
STATE = """
log = env["hc.audit.log"]._sudo_log()
env["hc.audit.event"]._append([{"action": "test.old", "reason": "why", "before": "1"}])
env.cr.commit()
env["hc.audit.log"]._cron_seal()
log.invalidate_recordset()
event = env["hc.audit.event"].search([("action", "=", "test.old")], limit=1)
state = env["hc.audit.event"]._schema_state()
print("STATE", json.dumps([state["version"], state["weaker"], log.seal_error or None,
                           log.event_count > 0, event.reason, event.before_digest]))
"""


def told(machine):
    output = machine.shell("import json\n" + STATE)
    (line,) = [one for one in output.splitlines() if "STATE " in one]
    return json.loads(line.partition("STATE ")[2])


def old(bare, name, *, protected_too):
    """A database as version 1 of the schema has left it."""
    made = bare.machine(name)
    run(made.server, "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", made.database, "-f", OLD)
    made.sql(APPEND, json.dumps([{"action": "before", "details": {"reason": "old"}}]))
    if protected_too:
        for one in ("SCHEMA hc_audit", "TABLE hc_audit.event", "FUNCTION hc_audit.append(jsonb)"):
            made.sql(f"ALTER {one} OWNER TO {OWNER}", superuser=True)
        for right in (
            "USAGE ON SCHEMA hc_audit",
            "SELECT ON hc_audit.event",
            "EXECUTE ON FUNCTION hc_audit.append(jsonb)",
        ):
            made.sql(f"GRANT {right} TO {made.server.user}", superuser=True)
    made.odoo("-i", BASE)
    return made


def test_old_schema_of_odoo_is_brought_up_to_date(bare):
    made = old(bare, "audit_old", protected_too=False)
    assert told(made) == [2, ["no_owner"], None, True, "why", "1"]
    assert made.sql("SELECT reason FROM hc_audit_event WHERE action = 'before'") == [("old",)]
    protect(made)
    assert told(made) == [2, [], None, True, "why", "1"]
    protected(made)


def test_old_schema_of_its_owner_works_until_it_is_brought_up_to_date(bare):
    """Odoo's role may not change it: new keys stay in the details, and nothing is sealed."""
    made = old(bare, "audit_kept", protected_too=True)
    assert told(made) == [1, ["old_schema"], "old_schema", False, "why", "1"]
    kept = "SELECT details FROM hc_audit.event WHERE action = 'test.old'"
    assert made.sql(kept) == [({"reason": "why", "before": "1"},)]
    with bares.quiet(made):
        made.odoo("-u", BASE)
    protect(made)
    # The scheduled action finds the new schema, and so does the view; no update is needed.
    assert told(made) == [2, [], None, True, "why", "1"]
    protected(made)
    assert made.sql("SELECT count(*) FROM hc_audit_event WHERE reason = 'why'") == [(2,)]


def test_owner_takes_nothing_strange_over(bare):
    """What Odoo's role has hung onto the trail would act with the new owner's rights."""
    made = bare.machine("audit_strange")
    run(
        made.server,
        "psql",
        "-XqAt",
        "-d",
        made.database,
        "-f",
        database.OWNER_SQL.with_name("audit_schema.sql"),
    )
    for strange, undo in (
        (
            "CREATE FUNCTION hc_audit.append(text) RETURNS text LANGUAGE sql AS 'SELECT 1::text'",
            "DROP FUNCTION hc_audit.append(text)",
        ),
        (
            (
                "CREATE TRIGGER silent BEFORE INSERT ON hc_audit.event FOR EACH ROW"
                " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
            ),
            "DROP TRIGGER silent ON hc_audit.event",
        ),
        (
            "CREATE RULE silent AS ON INSERT TO hc_audit.event DO INSTEAD NOTHING",
            "DROP RULE silent ON hc_audit.event",
        ),
        ("CREATE TABLE hc_audit.other (id int)", "DROP TABLE hc_audit.other"),
        (
            "ALTER TABLE hc_audit.event ALTER txid SET DEFAULT '1'::xid8",
            "ALTER TABLE hc_audit.event ALTER txid SET DEFAULT pg_current_xact_id()",
        ),
    ):
        made.sql(strange)
        with pytest.raises(AssertionError, match="not of the audit trail"):
            protect(made)
        made.sql(undo)
    protect(made)
    made.sql(APPEND, json.dumps(ENTRY))
    assert made.sql(COUNT) == [(1,)]


# ------------------------------------------------------------------------ the command


def hc_audit(machine, *words, **env):
    done = subprocess.run(
        [venv.ODOO, "hc_audit", *words],
        env=machine.environment() | {"ODOO_RC": str(machine.conf)} | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.returncode, done.stdout + done.stderr


def test_command_seals_verifies_and_names_what_is_wrong(machine, tmp_path):
    """As a compliance officer's cron job runs it; then a superuser changes an event."""
    folder = tmp_path / "outside"
    folder.mkdir()
    env = {"HC_AUDIT_EXPORT_DIR": str(folder)}
    machine.sql(APPEND, json.dumps(ENTRY * 5))
    code, told = hc_audit(machine, "seal", **env)
    assert code == 0, told
    (file,) = folder.glob("*.ndjson")
    code, told = hc_audit(machine, "verify", "--file", str(file), **env)
    assert code == 0 and "Everything is as it was sealed" in told, told
    code, told = hc_audit(machine, "key", **env)
    assert code == 0 and "SHA256:" in told and "PRIVATE" not in told, told
    out = tmp_path / "bundle.zip"
    code, told = hc_audit(machine, "bundle", "--out", str(out), **env)
    assert code == 0, told
    script = database.OWNER_SQL.parents[1] / "static/audit/hc_verify.py"
    command = [sys.executable, "-I", script, out, "--export", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    changed = machine.sql("SELECT event_id FROM hc_audit.leaf ORDER BY place DESC LIMIT 1")[0][0]
    change = "UPDATE hc_audit.event SET outcome = 'changed' WHERE id = %s"
    machine.sql(change, changed, superuser=True)
    code, told = hc_audit(machine, "verify", "--json", **env)
    machine.sql(change.replace("'changed'", "NULL"), changed, superuser=True)
    assert code == 1, told
    found = json.loads(told[told.index("{") : told.rindex("}") + 1])
    assert found["first"]["kind"] == "event_changed" and found["first"]["event"] == changed
    code, told = hc_audit(machine, "verify", **env | {"HC_AUDIT_KEY_FILE": str(tmp_path / "no")})
    assert code == 2 and "HC_AUDIT_KEY_FILE" in told, told
