#!/bin/sh
# Run by the image's entry point on a new cluster, as the superuser.
set -eu
psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname "${POSTGRES_DB:-$POSTGRES_USER}" \
	--command 'create extension pg_hotpath'
