-- License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
-- Gives the audit trail an owner that is not Odoo's role, and brings it up to date. Run for
-- each database as a superuser, after the addon is installed and after each update of it
-- that the set-up check names; audit_schema.sql lies beside it:
--     psql --set=ON_ERROR_STOP=1 --dbname=ODOO_DATABASE --file=audit_owner.sql
-- Afterwards UPDATE, DELETE, TRUNCATE, ALTER and DROP fail for Odoo, whoever asks.
\set ON_ERROR_STOP on
BEGIN;
SET LOCAL client_min_messages = warning;
-- What somebody has hung onto the trail before would stay, and act with the new owner's rights.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                WHERE c.relnamespace = to_regnamespace('hc_audit') AND NOT t.tgisinternal)
        OR EXISTS (SELECT FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
                    WHERE c.relnamespace = to_regnamespace('hc_audit'))
        OR EXISTS (SELECT FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
                    WHERE c.relnamespace = to_regnamespace('hc_audit'))
        OR EXISTS (SELECT FROM pg_class c
                    WHERE c.relnamespace = to_regnamespace('hc_audit')
                      AND c.relkind NOT IN ('i', 'S') AND (c.relkind <> 'r' OR c.relname NOT IN
                          ('event', 'log', 'leaf', 'node', 'checkpoint')))
        OR EXISTS (SELECT FROM pg_proc p
                    WHERE p.pronamespace = to_regnamespace('hc_audit')
                      AND p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')'
                          NOT IN ('append(events jsonb)', 'version()', 'prune(ids bigint[],'
                          ' days integer, who integer, why text)', 'seal(sealed_note text,'
                          ' sealed_signatures text, sealed_cluster bigint, closed xid8,'
                          ' upcoming xid8, highest bigint, ids bigint[], hashes bytea[],'
                          ' levels smallint[], places bigint[], nodes bytea[])'))
        OR EXISTS (SELECT FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid
                    WHERE c.relnamespace = to_regnamespace('hc_audit')
                      AND pg_get_expr(d.adbin, d.adrelid) NOT IN ('clock_timestamp()',
                          'pg_current_xact_id()', 'gen_random_uuid()', 'true', '2190'))
    THEN
        RAISE EXCEPTION '%', 'schema hc_audit holds triggers, rules, policies, tables,'
            ' functions or defaults that are not of the audit trail: look at them, drop them';
    END IF;
END
$$;
\ir audit_schema.sql
DO $$
DECLARE
    odoo_role name := (SELECT pg_get_userbyid(datdba) FROM pg_database
                        WHERE datname = current_database());
    one record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hc_audit_owner') THEN
        CREATE ROLE hc_audit_owner NOLOGIN;
    END IF;
    IF pg_has_role(odoo_role, 'hc_audit_owner', 'MEMBER') THEN
        RAISE EXCEPTION 'role % may become hc_audit_owner: is it a superuser?', odoo_role;
    END IF;
    ALTER SCHEMA hc_audit OWNER TO hc_audit_owner;
    REVOKE ALL ON SCHEMA hc_audit FROM PUBLIC;
    EXECUTE format('REVOKE ALL ON SCHEMA hc_audit FROM %I', odoo_role);
    EXECUTE format('GRANT USAGE ON SCHEMA hc_audit TO %I', odoo_role);
    FOR one IN SELECT c.oid::regclass AS name FROM pg_class c
                WHERE c.relnamespace = 'hc_audit'::regnamespace AND c.relkind = 'r'
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO hc_audit_owner', one.name);
        EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, %I', one.name, odoo_role);
        EXECUTE format('GRANT SELECT ON %s TO %I', one.name, odoo_role);
    END LOOP;
    FOR one IN SELECT p.oid::regprocedure AS name FROM pg_proc p
                WHERE p.pronamespace = 'hc_audit'::regnamespace
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO hc_audit_owner', one.name);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', one.name);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', one.name, odoo_role);
    END LOOP;
    -- What pg_dump needs.
    EXECUTE format('GRANT SELECT ON SEQUENCE hc_audit.event_id_seq TO %I', odoo_role);
END
$$;
COMMIT;
