-- A staging copy sends nothing: its endpoints are off, and what would prove that we are who
-- the receiver knows is gone.
UPDATE hc_endpoint
   SET active = false,
       secret_sealed = NULL,
       client_key_sealed = NULL;
-- A copy of the database takes nothing from the systems of the hospital.
UPDATE hc_mllp_port SET state = 'disabled';
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
-- Nor does it ask the hospital's identity providers for their keys; those it has it keeps.
UPDATE hc_token_issuer SET jwks_url = NULL;
