-- A staging copy sends nothing: its endpoints are off, and what would prove that we are who
-- the receiver knows is gone.
UPDATE hc_endpoint
   SET active = false,
       secret_sealed = NULL,
       client_key_sealed = NULL;
-- A copy of the database takes nothing from the systems of the hospital.
UPDATE hc_mllp_port SET state = 'disabled';
