-- License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
-- Gives the audit trail an owner that is not Odoo's role. Run once per database, after
-- the addon is installed, as a superuser:
--     psql --dbname=ODOO_DATABASE --file=audit_owner.sql
-- Afterwards UPDATE, DELETE, TRUNCATE, ALTER and DROP fail for Odoo, whoever asks.
DO $$
DECLARE
    odoo_role name := (SELECT pg_get_userbyid(datdba) FROM pg_database
                        WHERE datname = current_database());
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hc_audit_owner') THEN
        CREATE ROLE hc_audit_owner NOLOGIN;
    END IF;
    IF pg_has_role(odoo_role, 'hc_audit_owner', 'MEMBER') THEN
        RAISE EXCEPTION 'role % may become hc_audit_owner: is it a superuser?', odoo_role;
    END IF;
    ALTER SCHEMA hc_audit OWNER TO hc_audit_owner;
    ALTER TABLE hc_audit.event OWNER TO hc_audit_owner;
    ALTER FUNCTION hc_audit.append(jsonb) OWNER TO hc_audit_owner;
    REVOKE ALL ON SCHEMA hc_audit FROM PUBLIC;
    REVOKE ALL ON hc_audit.event FROM PUBLIC;
    REVOKE ALL ON FUNCTION hc_audit.append(jsonb) FROM PUBLIC;
    EXECUTE format('REVOKE ALL ON hc_audit.event FROM %I', odoo_role);
    EXECUTE format('REVOKE ALL ON SCHEMA hc_audit FROM %I', odoo_role);
    EXECUTE format('GRANT USAGE ON SCHEMA hc_audit TO %I', odoo_role);
    EXECUTE format('GRANT SELECT ON hc_audit.event TO %I', odoo_role);
    EXECUTE format('GRANT SELECT ON SEQUENCE hc_audit.event_id_seq TO %I', odoo_role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION hc_audit.append(jsonb) TO %I', odoo_role);
END
$$;
