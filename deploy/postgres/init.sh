#!/usr/bin/env bash
# The accounts of the database, made at the first start of an empty volume.
#
# aurora_owner owns the tables and changes them, aurora_app works in them and cannot get around row-level security;
# neither is a superuser (docs/crm/tenancy.md). aurora_backup reads every row, and makes databases in which backups are tried
# (docs/core/backup.md); aurora_monitor sees statistics and no rows.
#
# Variables: AURORA_SECRETS, the folder of the passwords; AURORA_DATABASE, the database after which the accounts are named.
set -euo pipefail
folder=${AURORA_SECRETS:-/run/secrets}
name=${AURORA_DATABASE:-aurora}
owner=$(<"$folder/owner_password")
app=$(<"$folder/app_password")
backup=$(<"$folder/backup_password")
monitor=$(<"$folder/monitor_password")
# Passwords are hexadecimal, so that they need no quoting; psql quotes them all the same.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set database="$name" --set owner="${name}_owner" --set app="${name}_app" --set backup="${name}_backup" \
    --set monitor="${name}_monitor" --set owner_password="$owner" --set app_password="$app" --set backup_password="$backup" \
    --set monitor_password="$monitor" <<'SQL'
create role :"owner" login password :'owner_password' nosuperuser nobypassrls nocreatedb nocreaterole;
create role :"app" login password :'app_password' nosuperuser nobypassrls nocreatedb nocreaterole;
create role :"backup" login password :'backup_password' nosuperuser bypassrls createdb nocreaterole connection limit 10;
create role :"monitor" login password :'monitor_password' nosuperuser nobypassrls connection limit 5;
grant pg_read_all_data to :"backup";
grant pg_monitor to :"monitor";
create database :"database" owner :"owner";
revoke all on database :"database" from public;
grant connect on database :"database" to :"app", :"backup", :"monitor";
-- A client that hangs in the middle of something holds nobody else up for ever.
alter role :"app" set idle_in_transaction_session_timeout = '60s';
alter role :"app" set lock_timeout = '10s';
SQL
