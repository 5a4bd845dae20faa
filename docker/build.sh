#!/bin/sh
# build.sh SOURCES DESTINATION: what the Dockerfile's first stage runs. Builds the extension for the image's
# PostgreSQL and installs it below DESTINATION. As root it installs the compiler and the headers first.
set -eu

sources=$1
destination=$2
: "${PG_MAJOR:?the official image sets it}"
pg_config=${PG_CONFIG:-/usr/lib/postgresql/$PG_MAJOR/bin/pg_config}

if [ "$(id -u)" = 0 ]; then
	apt-get update
	apt-get install --yes --no-install-recommends \
		gcc libc6-dev make "postgresql-server-dev-$PG_MAJOR" zlib1g-dev libzstd-dev liblz4-dev
	rm -rf /var/lib/apt/lists/*
fi

# Without the bitcode: functions of C are not inlined by the JIT, and clang is large.
make -C "$sources" -j"$(nproc)" PG_CONFIG="$pg_config" with_llvm=no
make -C "$sources" PG_CONFIG="$pg_config" with_llvm=no DESTDIR="$destination" install
