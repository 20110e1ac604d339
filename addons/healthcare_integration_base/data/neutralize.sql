-- A staging copy is mute: it sends nothing, takes nothing, and holds nothing by which it could
-- pass for the hospital, or read what the hospital's keys have sealed.

-- Endpoints are off, and what would prove that we are who the receiver knows is gone.
UPDATE hc_endpoint
   SET active = false,
       secret_sealed = NULL,
       client_key_sealed = NULL,
       client_certificate = NULL;

-- Credentials of senders are revoked, and their secrets gone.
UPDATE hc_credential
   SET state = 'revoked',
       secret_sealed = NULL,
       bearer_hash = NULL;

-- A copy of the database takes nothing from the systems of the hospital.
UPDATE hc_mllp_port SET state = 'disabled', private_key_sealed = NULL;

-- Nor does it pull or push by schedule: jobs are off, what was under way has ended, and stores
-- have lost what would let us in.
UPDATE hc_sync_job SET active = false, next_run_at = NULL;
UPDATE hc_sync_run
   SET state = 'cancelled', is_busy = false, finished_at = now() AT TIME ZONE 'UTC'
 WHERE state IN ('queued', 'staging', 'applying', 'finishing', 'failed');
UPDATE hc_file_store
   SET active = false,
       password_sealed = NULL,
       private_key_sealed = NULL;
-- A copy has no original of the hospital's messages, and a master key of its own: pseudonyms are
-- made with that, so that nobody can join the copy's new messages to the hospital's.
DELETE FROM hc_message_original;
DELETE FROM ir_config_parameter WHERE key = 'healthcare_integration.founding_key';
UPDATE hc_pseudonym_key SET master_ref = NULL;

-- Lanes that lead outside are not drained, and no wake-up is left over.
UPDATE ir_cron SET active = false
 WHERE hc_lane_id IN (SELECT id FROM hc_lane WHERE direction = 'out');
DELETE FROM ir_cron_trigger
 WHERE cron_id IN (SELECT id FROM ir_cron WHERE hc_lane_id IS NOT NULL);
UPDATE hc_lane SET signalled = false;

-- What was on its way was sent by the original, not by the copy.
DELETE FROM hc_delivery;

-- The copy is for tests, whatever the original was.
DELETE FROM ir_config_parameter WHERE key = 'healthcare_integration.environment';

-- Nor does it ask the hospital's identity providers for their keys; those it has it keeps.
UPDATE hc_token_issuer SET jwks_url = NULL;
