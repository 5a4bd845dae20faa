#!/bin/bash
# minor.sh MAJOR: the leg of the matrix on an older minor release of this machine's own PostgreSQL: that of the
# last point release of Debian, while the headers are the newest: a library must go with the minor
# releases before the one that it was built for.  In no chroot, but in a copy of the installation, over which the
# files of the older package are laid.
set -euo pipefail
. "$(dirname "$0")/chroot.sh"

major=$1
server=usr/lib/postgresql/$major
copy=$CACHE/minor

skip() {
	echo "skipped: $*" | tee -a "$RESULTS"
	exit 0
}

headers=$(dpkg-query -f '${Version}' -W "postgresql-server-dev-$major" 2>/dev/null) ||
	skip "this machine has no headers of $major"
version=$(apt-cache madison "postgresql-$major" | awk '{ print $3 }' | sort -V | head -n 1)
dpkg --compare-versions "$version" lt "$headers" ||
	skip "the archive has no $major that is older than $headers"

say "=== headers of $headers, a server of $version"
rm -rf "$copy"
mkdir -p "$copy/package" "$copy/usr"
cd "$copy"
apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 download "postgresql-$major=$version"
dpkg-deb -x "postgresql-$major"_*.deb package
PG_CONFIG=/$server/bin/pg_config copy_postgres "$copy"
ln -s /usr/include usr/include
cp -a "package/$server/." "$server"
cp -a "package/usr/share/postgresql/$major/." "usr/share/postgresql/$major"
"$server/bin/postgres" --version

# The tests of what differs between minor releases, if any does: what calls the server.
suites="regress isolation"
[ -z "${MATRIX_ALL:-}" ] || suites="$suites tap"
copy_tree "$copy/src"
status=0
RESULTS=$copy/results make -C "$copy/src" test PG_CONFIG="$copy/$server/bin/pg_config" SUITES="$suites" \
	PRELOAD="${MATRIX_ALL:+no }yes" || status=$?
count_results "" "$copy/results" "$status"
