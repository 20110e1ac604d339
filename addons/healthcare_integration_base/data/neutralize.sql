-- A copy of the database takes nothing from the systems of the hospital.
UPDATE hc_mllp_port SET state = 'disabled';
