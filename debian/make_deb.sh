#!/bin/bash
# make deb: builds postgresql-MAJOR-hotpath from a copy of the tree, by Debian's own tools, into build/deb.
#
#   PG_SUPPORTED_VERSIONS="15 17"   for these majors instead of those that the distribution supports
#   DEB_OUTPUT=/some/where          where the packages go
set -euo pipefail
. "$(dirname "$0")/../test/lib.sh"

output=${DEB_OUTPUT:-$ROOT/build/deb}

bash "$ROOT/test/setup.sh" package || die "the tools that build Debian packages are missing"
isolate_environment
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir "$tree/pg-hotpath"
tar -C "$ROOT" --exclude=./.git --exclude=./build --exclude='*.o' --exclude='*.bc' --exclude='*.so' \
	--exclude='./pg_hotpath--*.sql' --exclude=./results --exclude=./output_iso \
	--exclude='./tmp_check*' -cf - . | tar -C "$tree/pg-hotpath" -xf - --no-same-owner
cd "$tree/pg-hotpath"

# The list of packages is that of the majors.
pg_buildext updatecontrol
dpkg-buildpackage --build=binary --no-sign -j"$(nproc)" >"$tree/log" 2>&1 || {
	tail -n 60 "$tree/log" >&2
	die "dpkg-buildpackage failed; the end of what it said is above"
}
mkdir -p "$output"
rm -f "$output"/*.deb
mv "$tree"/*.deb "$output"
say "built:" "$output"/*.deb
