#!/bin/bash
# Installs what a command of the README needs: setup.sh demo | test | bench; or what a suite of
# test/run.sh needs beyond "test": setup.sh build | fuzz | faults | drivers | package; or test/matrix:
# setup.sh matrix
#
# Quick when everything is there.  As root on Debian it installs; anyone else is told what is
# missing and how to get it.  Exit status: 0 all there, 3 something is missing, 1 apt failed.
# PG_MAJOR chooses a packaged server, PG_CONFIG any other one (which is then yours to install).
set -euo pipefail
. "$(dirname "$0")/lib.sh"

profile=${1:-test}
[ -z "${PG_CONFIG:-}" ] || command -v "$PG_CONFIG" >/dev/null ||
	die "PG_CONFIG is \"$PG_CONFIG\", which is no program"
major=$(pg_major)

packages=(gcc libc6-dev make binutils perl zlib1g-dev liblz4-dev libzstd-dev)
optional=()		# what not every distribution has; nothing fails without it
commands=(gcc make nm perl)
if [ -z "${PG_CONFIG:-}" ]; then
	packages+=("postgresql-$major" "postgresql-server-dev-$major")
fi
case $profile in
	demo) ;;
	test) packages+=(libipc-run-perl spin zstd lz4); commands+=(prove spin) ;;
	bench)
		packages+=(redis-tools valgrind zstd gnuplot-nox)
		command -v npm >/dev/null || packages+=(nodejs npm)
		[ -n "${PG_CONFIG:-}" ] || optional+=("postgresql-$major-pgmemcache")
		;;
	build) packages+=(clang); commands+=(clang) ;;
	fuzz) packages+=(clang libclang-rt-dev); commands+=(clang) ;;
	faults) ;;
	package) packages+=(build-essential debhelper fakeroot lintian postgresql-server-dev-all) ;;
	matrix) packages=(debootstrap) commands=(debootstrap) ;;
	drivers)
		packages+=(pgbouncer gunicorn python3-django python3-psycopg python3-psycopg2 puma ruby-activerecord
			ruby-pg ruby-railties golang-go golang-github-jackc-pgx-v4-dev)
		commands+=(pgbouncer node npm python3 ruby go)
		# there are other sources of Node than Debian's, with which Debian's npm would not go together
		command -v npm >/dev/null || packages+=(nodejs npm)
		;;
	*) die "setup.sh: no profile \"$profile\"; the head of the file names them" ;;
esac

# Prints those of these names that are not installed, one a line.
not_installed() {
	local name
	for name in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
	done
}

# Those that can be had here and are not installed; for somebody who cannot install, none.
missing_optional() {
	local name
	[ "$(id -u)" = 0 ] || return 0
	for name in $(not_installed "${optional[@]}"); do
		[ -z "$(apt-cache show "$name" 2>/dev/null)" ] || echo "$name"
	done
}

# The same question where there is no dpkg: by what the packages would have brought.
missing_commands() {
	local name config
	for name in "${commands[@]}"; do
		command -v "$name" >/dev/null || echo "$name"
	done
	config=$(pg_config_path)
	[ -x "$(command -v "$config")" ] || echo "pg_config (PostgreSQL $major with its server headers)"
	if [ "$profile" = test ]; then
		perl -MIPC::Run -e 1 2>/dev/null || echo "the Perl module IPC::Run"
	fi
}

apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
		-o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

# A server package creates and starts a cluster on port 5432 unless told not to beforehand.  We
# need none, and must not occupy that port; a setting that is there already is respected.
no_main_cluster() {
	local conf=/etc/postgresql-common/createcluster.conf
	if ! grep -qsE '^[[:space:]]*create_main_cluster' "$conf"; then
		say "writing create_main_cluster = false to $conf"
		printf '\n# Written by the setup of pg_hotpath, which starts its own private servers.\n%s\n' \
			'create_main_cluster = false' >>"$conf"
	fi
}

# The package memcached would start a server on its default port, so only its program is taken, into
# build/, and the libraries that it needs are installed.
take_memcached() {
	local at=$ROOT/build/memcached libraries
	[ "$(id -u)" = 0 ] || return 0
	if command -v memcached >/dev/null || [ -x "$ROOT/build/bin/memcached" ]; then return 0; fi
	say "taking the program of the package memcached"
	rm -rf "$at"
	mkdir -p "$at" "$ROOT/build/bin"
	(cd "$at" && apt download memcached >/dev/null 2>&1 && dpkg-deb -x memcached_*.deb .) || return 1
	libraries=$(dpkg-deb -f "$at"/memcached_*.deb Depends | tr ',' '\n' | sed -n 's/^ *\(lib[^ :|]*\).*/\1/p')
	# shellcheck disable=SC2086
	apt install --no-install-recommends $libraries >/dev/null || return 1
	ln -sf "$at/usr/bin/memcached" "$ROOT/build/bin/memcached"
}

# What a profile can do without.
install_optional() {
	local more
	mapfile -t more < <(missing_optional)
	if [ ${#more[@]} -gt 0 ]; then
		say "installing ${more[*]}"
		apt install --no-install-recommends "${more[@]}" >/dev/null ||
			warn "apt-get could not install ${more[*]}; going on without"
	fi
	[ "$profile" != bench ] || take_memcached || warn "there is no memcached to be had; going on without"
}

if ! command -v dpkg-query >/dev/null; then
	mapfile -t missing < <(missing_commands)
	[ ${#missing[@]} -gt 0 ] || exit 0
	warn "missing for \"make $profile\":"
	printf '  %s\n' "${missing[@]}" >&2
	warn "This is not a Debian system, so please install them with its own package manager;"
	warn "PG_CONFIG=/path/to/pg_config names a PostgreSQL elsewhere (15 to 19)."
	exit 3
fi

mapfile -t missing < <(not_installed "${packages[@]}")
if [ ${#missing[@]} = 0 ]; then
	install_optional
	exit 0
fi

if [ "$(id -u)" != 0 ]; then
	warn "missing for \"make $profile\": ${missing[*]}"
	warn "To get them, as root:"
	warn "  apt-get update && apt-get install --no-install-recommends ${missing[*]}"
	exit 3
fi

say "installing ${missing[*]}"
apt update || warn "apt-get update failed; trying with the package lists that are there"
# On a bare machine the lists were empty until now, and with them the default major unknown.
if [ -z "${PG_CONFIG:-}" ] && [ "$(pg_major)" != "$major" ]; then
	exec bash "$0" "$profile"
fi
if [[ " ${missing[*]} " == *" postgresql-$major "* ]]; then
	apt install --no-install-recommends postgresql-common >/dev/null ||
		die "apt-get could not install postgresql-common; its message is above"
	no_main_cluster
fi
apt install --no-install-recommends "${missing[@]}" >/dev/null ||
	die "apt-get could not install: ${missing[*]}; its message is above"
install_optional
