# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Statements that make a large ledger; imports nothing, so that measurements can use them."""

MESSAGES = """
INSERT INTO hc_message (uuid, create_date, direction, format, system_id, channel_id, lane_id,
    message_type_id, company_id, message_identifier, source, event_time, correlation_identifier,
    idempotency_key, payload_digest, payload, business_key, ordering_key, shard, weak_key,
    mapping_version, state, attempt_count, kill_count, next_attempt_at, error_code, done_at,
    issue_id)
SELECT gen_random_uuid()::text, moment, way, 'cloudevents', c.system_id, c.id, c.lane_id, c.type_id,
       c.company_id, 'evt-' || n, 'urn:hc:large', moment, md5('c' || n / 2),
       'key-' || n, md5('d' || n),
       jsonb_build_object('facility', 'F', 'value', n %% 100),
       CASE WHEN n %% 10 < 7 THEN 'fact|' || n END,
       CASE WHEN n %% 10 = 0 THEN 'key|' || n %% 500 END,
       0, n %% 211 = 0, 0, s.state, 1, 0, moment,
       CASE WHEN s.state IN ('review', 'dead', 'retry') THEN 'unmapped_item'
            WHEN n %% 97 = 0 THEN 'superseded' END,
       CASE WHEN s.state IN ('done', 'duplicate', 'dead', 'cancelled') THEN moment END,
       CASE WHEN s.state IN ('review', 'dead') THEN issues[1 + n %% cardinality(issues)] END
  FROM (SELECT n, n %% 1000 AS m, %(channels)s::int[] AS channels, %(issues)s::int[] AS issues,
               (now() AT TIME ZONE 'UTC')
                   - (%(count)s - n) * interval '90 days' / %(count)s AS moment
          FROM generate_series(1, %(count)s) n) g
  CROSS JOIN LATERAL (SELECT
       CASE WHEN m < 905 THEN 'done' WHEN m < 940 THEN 'duplicate' WHEN m < 955 THEN 'review'
            WHEN m < 960 THEN 'dead' WHEN m < 965 THEN 'retry' WHEN m < 975 THEN 'received'
            WHEN m < 980 THEN 'cancelled' WHEN m < 985 THEN 'superseded' ELSE 'done' END AS state,
       CASE WHEN m BETWEEN 100 AND 179 THEN 'out' ELSE 'in' END AS way) s
  JOIN LATERAL (SELECT c.*, (SELECT min(hc_message_type_id) FROM hc_channel_hc_message_type_rel r
                              WHERE r.hc_channel_id = c.id) AS type_id
                  FROM hc_channel c
                 -- Most traffic is on few channels; the last ones have nearly none.
                 WHERE c.id = channels[1 + floor(cardinality(channels)
                       * power((hashint4(n) & 1023) / 1024.0, 14))::int]) c ON true
"""
ATTEMPTS = """
INSERT INTO hc_message_attempt (message_id, company_id, started_at, duration_ms, batch_size,
    trigger, outcome, error_code)
SELECT id, company_id, create_date, 5, 50, 'arrival', state, error_code FROM hc_message
 WHERE source = 'urn:hc:large' AND state NOT IN ('received', 'cancelled')
"""
EFFECTS = """
INSERT INTO hc_effect (message_id, company_id, role, res_model, res_id, business_key, create_date)
SELECT id, company_id, 'note', 'res.partner', 1, business_key, create_date FROM hc_message
 WHERE source = 'urn:hc:large' AND state = 'done'
"""
ANALYZE = "ANALYZE hc_message, hc_message_attempt, hc_effect, hc_issue, hc_channel"
