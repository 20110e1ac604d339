#!/bin/sh
# Odoo's role: it may create its database, and is no superuser (the audit trail depends on it).
set -eu
password="$(cat /run/secrets/odoo_db_password)"
psql -X -v ON_ERROR_STOP=1 -v password="$password" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE odoo LOGIN CREATEDB NOSUPERUSER NOCREATEROLE PASSWORD :'password';
SQL
