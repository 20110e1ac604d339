-- License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
-- The audit trail: a schema of its own, written through one function only.
-- Run by the addon at installation, as Odoo's role. As long as that role owns the
-- schema, the trail is append-only by convention; audit_owner.sql, run once by the
-- database administrator, gives it an owner of its own and makes it so by PostgreSQL.
CREATE SCHEMA IF NOT EXISTS hc_audit;

CREATE TABLE IF NOT EXISTS hc_audit.event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    action text NOT NULL,
    outcome text,
    user_id integer,
    system_id integer,
    company_id integer,
    object text,
    code text,
    correlation text,
    digest text,
    details jsonb
);

CREATE INDEX IF NOT EXISTS event_object_idx ON hc_audit.event (object);
CREATE INDEX IF NOT EXISTS event_recorded_idx ON hc_audit.event USING brin (recorded_at);

-- PL/pgSQL keeps its plan; a plain SQL function is planned at every call.
CREATE OR REPLACE FUNCTION hc_audit.append(events jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = hc_audit, pg_catalog, pg_temp
AS $$
DECLARE
    added integer;
BEGIN
    INSERT INTO hc_audit.event
        (action, outcome, user_id, system_id, company_id, object, code,
         correlation, digest, details)
    SELECT e.action, e.outcome, e.user_id, e.system_id, e.company_id, e.object, e.code,
           e.correlation, e.digest, e.details
      FROM jsonb_to_recordset(events) AS e(
           action text, outcome text, user_id integer, system_id integer,
           company_id integer, object text, code text, correlation text,
           digest text, details jsonb);
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN added;
END
$$;
