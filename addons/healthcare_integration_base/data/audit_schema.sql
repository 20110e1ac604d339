-- License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
-- The audit trail: a schema of its own, written through its functions only.
-- Run by the addon as Odoo's role, again and again: it brings an older schema up to date.
-- As long as that role owns the schema, the trail is append-only by convention;
-- audit_owner.sql, run by the database administrator, gives it an owner of its own and
-- makes it so by PostgreSQL. docs/audit.md says what each table is for.
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
-- Version 2. A column that is empty is no part of what is sealed, so that the seals of
-- events that are older than the column still hold.
ALTER TABLE hc_audit.event ADD COLUMN IF NOT EXISTS reason text;
ALTER TABLE hc_audit.event ADD COLUMN IF NOT EXISTS contract text;
ALTER TABLE hc_audit.event ADD COLUMN IF NOT EXISTS before_digest text;
ALTER TABLE hc_audit.event ADD COLUMN IF NOT EXISTS after_digest text;

CREATE INDEX IF NOT EXISTS event_object_idx ON hc_audit.event (object);
CREATE INDEX IF NOT EXISTS event_recorded_idx ON hc_audit.event USING brin (recorded_at);
CREATE INDEX IF NOT EXISTS event_correlation_idx ON hc_audit.event (correlation);

-- One row: which log this is, and how long an event is kept at least.
CREATE TABLE IF NOT EXISTS hc_audit.log (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    minimum_days integer NOT NULL DEFAULT 2190 CHECK (minimum_days >= 365)
);
INSERT INTO hc_audit.log DEFAULT VALUES ON CONFLICT DO NOTHING;

-- What is sealed: the place of an event in the tree, and the hash that stays when its
-- content goes.
CREATE TABLE IF NOT EXISTS hc_audit.leaf (
    place bigint PRIMARY KEY,
    event_id bigint NOT NULL UNIQUE,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);

-- Complete subtrees of 256, 65,536 … leaves, so that a proof reads a few hundred hashes.
CREATE TABLE IF NOT EXISTS hc_audit.node (
    level smallint,
    place bigint,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (level, place)
);

-- Signed heads of the tree. The note says it all; the columns are what SQL asks for.
CREATE TABLE IF NOT EXISTS hc_audit.checkpoint (
    number integer PRIMARY KEY,
    tree_size bigint NOT NULL UNIQUE,
    cluster bigint NOT NULL,
    closed_txid xid8 NOT NULL,
    next_txid xid8 NOT NULL,
    high_id bigint NOT NULL,
    note text NOT NULL,
    signatures text NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE OR REPLACE FUNCTION hc_audit.version() RETURNS integer
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS 'SELECT 2';

-- PL/pgSQL keeps its plan; a plain SQL function is planned at every call. What came with a
-- version of the schema is taken out of the details, so that whoever calls need not know
-- which version is there.
CREATE OR REPLACE FUNCTION hc_audit.append(events jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = hc_audit, pg_catalog, pg_temp
AS $$
DECLARE
    added integer;
BEGIN
    INSERT INTO hc_audit.event
        (action, outcome, user_id, system_id, company_id, object, code,
         correlation, digest, reason, contract, before_digest, after_digest, details)
    SELECT e.action, e.outcome, e.user_id, e.system_id, e.company_id, e.object, e.code,
           e.correlation, e.digest, e.details ->> 'reason', e.details ->> 'contract',
           e.details ->> 'before', e.details ->> 'after',
           NULLIF(e.details - '{reason,contract,before,after}'::text[], '{}')
      FROM jsonb_to_recordset(events) AS e(
           action text, outcome text, user_id integer, system_id integer,
           company_id integer, object text, code text, correlation text,
           digest text, details jsonb)
     WHERE e.action <> 'trail.pruned';
    GET DIAGNOSTICS added = ROW_COUNT;
    IF added < jsonb_array_length(events) THEN
        RAISE EXCEPTION 'an event has no action, or one that only hc_audit.prune() tells'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN added;
END
$$;

-- Adds a checkpoint behind the last one. What can be checked without the key is checked, so
-- that a sealer that is wrong spoils nothing.
CREATE OR REPLACE FUNCTION hc_audit.seal(
    sealed_note text, sealed_signatures text, sealed_cluster bigint, closed xid8, upcoming xid8,
    highest bigint, ids bigint[], hashes bytea[], levels smallint[], places bigint[],
    nodes bytea[]
) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = hc_audit, pg_catalog, pg_temp
AS $$
DECLARE
    last hc_audit.checkpoint;
    size bigint;
    lines text[] := string_to_array(sealed_note, E'\n');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('hc_audit.seal', 0));
    SELECT * INTO last FROM hc_audit.checkpoint ORDER BY number DESC LIMIT 1;
    size := COALESCE(last.tree_size, 0) + cardinality(ids);
    IF cardinality(ids) = 0 OR cardinality(hashes) <> cardinality(ids)
        OR lines[2] <> size::text
        OR lines[4] <> 'number ' || COALESCE(last.number, 0) + 1
        OR lines[6] <> 'previous ' || COALESCE(
            encode(sha256(convert_to(last.note, 'UTF8')), 'base64'), '-')
        OR closed > pg_snapshot_xmin(pg_current_snapshot())
        OR (SELECT count(*) FROM hc_audit.event WHERE id = ANY(ids)) <> cardinality(ids)
    THEN
        RAISE EXCEPTION 'this checkpoint does not follow the last one'
            USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO hc_audit.leaf (place, event_id, hash)
    SELECT size - cardinality(ids) + l.place - 1, l.event_id, l.hash
      FROM unnest(ids, hashes) WITH ORDINALITY AS l(event_id, hash, place);
    INSERT INTO hc_audit.node (level, place, hash) SELECT * FROM unnest(levels, places, nodes);
    INSERT INTO hc_audit.checkpoint (number, tree_size, cluster, closed_txid, next_txid,
                                     high_id, note, signatures)
    VALUES (COALESCE(last.number, 0) + 1, size, sealed_cluster, closed, upcoming, highest,
            sealed_note, sealed_signatures);
    RETURN COALESCE(last.number, 0) + 1;
END
$$;

-- Takes the content of old events away: only what was sealed for longer than the log's
-- minimum, and never what tells of it. The hashes stay, and an event says which went.
CREATE OR REPLACE FUNCTION hc_audit.prune(
    ids bigint[], days integer, who integer, why text
) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = hc_audit, pg_catalog, pg_temp
AS $$
DECLARE
    gone bigint[];
    ranges jsonb;
BEGIN
    IF days IS NULL OR days < (SELECT minimum_days FROM hc_audit.log) THEN
        RAISE EXCEPTION 'events are kept for % days at least',
            (SELECT minimum_days FROM hc_audit.log) USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT FROM unnest(ids) AS i(id) LEFT JOIN hc_audit.leaf l ON l.event_id = i.id
         WHERE l.place IS NULL OR (
               SELECT c.sealed_at FROM hc_audit.checkpoint c WHERE c.tree_size > l.place
                ORDER BY c.tree_size LIMIT 1) > clock_timestamp() - make_interval(days => days))
    THEN
        RAISE EXCEPTION 'only what was sealed more than % days ago may go', days
            USING ERRCODE = 'check_violation';
    END IF;
    WITH d AS (
        DELETE FROM hc_audit.event WHERE id = ANY(ids) AND action <> 'trail.pruned' RETURNING id)
    SELECT array_agg(id) INTO gone FROM d;
    IF gone IS NULL THEN
        RETURN 0;
    END IF;
    SELECT jsonb_agg(jsonb_build_array(r.low, r.high) ORDER BY r.low) INTO ranges FROM (
        SELECT min(p.place) AS low, max(p.place) AS high FROM (
            SELECT place, place - row_number() OVER (ORDER BY place) AS island
              FROM hc_audit.leaf WHERE event_id = ANY(gone)) p
         GROUP BY p.island) r;
    INSERT INTO hc_audit.event (action, outcome, user_id, reason, details)
    VALUES ('trail.pruned', 'done', who, why, jsonb_build_object(
        'count', cardinality(gone), 'days', days, 'places', ranges));
    RETURN cardinality(gone);
END
$$;
