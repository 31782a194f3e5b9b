#!/bin/sh
# Brings the two databases of a Temporal cluster to the schema that the image carries. It is safe to
# run again: databases and version tables that exist are left alone, and only newer versions are applied.
set -eu

: "${POSTGRES_SEEDS:?the host name of PostgreSQL is missing}"
: "${POSTGRES_USER:?the user of PostgreSQL is missing}"
: "${SQL_PASSWORD:?the password of PostgreSQL is missing}"

schema_root=/etc/temporal/schema/postgresql/v12

prepare() {
  database=$1
  versions=$2
  set -- temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" --port "${DB_PORT:-5432}" \
    --user "$POSTGRES_USER" --database "$database"
  "$@" create-database
  "$@" setup-schema --version 0.0
  "$@" update-schema --schema-dir "$schema_root/$versions/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility
