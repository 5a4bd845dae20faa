#!/bin/bash
# cassert.sh: the leg of the matrix on a PostgreSQL with assertions, built from Debian's source
# package.  Three questions to it: does an assertion fail; do we hold on to what a cache
# invalidation has freed; and does the server still pass its own tests with us in it?
set -euo pipefail
. "$(dirname "$0")/chroot.sh"

package=postgresql-18
prefix=/opt/cassert
configure=(--enable-debug --enable-cassert --enable-tap-tests --with-openssl --with-lz4 --with-zstd
	--without-icu --without-readline)
# little optimized and with short debug information: the build is half of the leg
cflags="-Og -g1 -fno-omit-frame-pointer"

# The compiler of the stable suite, and the source of the newest release.
use_chroot cassert trixie "deb-src $MIRROR forky main"
chroot_apt install --no-install-recommends gcc libc6-dev make binutils perl bison flex bzip2 \
	pkgconf libipc-run-perl zlib1g-dev liblz4-dev libzstd-dev libssl-dev
in_chroot sh -c 'id postgres >/dev/null 2>&1 || useradd --system --create-home postgres'

# The build is kept with the chroot, until anything that it is made from changes.
version=$(in_chroot apt-cache showsrc --only-source "$package" | sed -n 's/^Version: //p' |
	sort -V | tail -n 1)
[ -n "$version" ] || die "the archive has no source of $package"
build=$(printf '%s\n' "$version" "$(in_chroot gcc --version)" |
	cat - "$HERE/cassert.sh" | sha256sum | cut -c 1-12)
if [ ! -e "$ROOTFS$prefix/build-$build" ]; then
	say "=== building $package $version"
	rm -rf "$ROOTFS$prefix" "$ROOTFS/build"
	mkdir -p "$ROOTFS/build"
	in_chroot sh -c "cd /build && apt-get -qq -o APT::Sandbox::User=root source --download-only \
		$package=$version && mkdir tree && tar -C tree --strip-components=1 -xf *.orig.tar.*"
	time in_chroot sh -euc "cd /build/tree
		./configure --prefix=$prefix ${configure[*]} CFLAGS='$cflags' >/build/configure.log
		make -s -j$(nproc) -C src/backend generated-headers >/build/make.log
		make -s -j$(nproc) -C src >>/build/make.log
		make -s -C src install >>/build/make.log
		make -s -C contrib/file_fdw install >>/build/make.log	# for page_relations
		make -s -C contrib/citext install >>/build/make.log	# for refusals
		chown -R postgres: /build/tree"
	touch "$ROOTFS$prefix/build-$build"
fi

bring_tree
in_chroot PG_CONFIG=$prefix/bin/pg_config bash /src/test/setup.sh test
keep_chroot

test_cassert() { test_tree "$1" PG_CONFIG=$prefix/bin/pg_config "${@:2}"; }

# server_suite FOLDER TARGET: tests of the server's own, in the tree that it was built in.
server_suite() {
	local folder=/build/tree/src/test/$1 log=$ROOTFS/build/$1.log status=0
	say "" "=== the server's own $1 tests"
	in_chroot timeout -k 30 "${SUITE_TIMEOUT:-1200}" runuser -u postgres -- make -s -C "$folder" "$2" \
		EXTRA_REGRESS_OPTS="--temp-instance=/tmp/instance --temp-config=/preload.conf" 2>&1 |
		tee "$log" || status=$?
	rm -rf "$ROOTFS/tmp/instance"
	parse_regress "the server's own $1" <"$log" | tee "$log.results" >>"$RESULTS"
	if ! grep -q '^ok ' "$log.results"; then
		echo "not ok - the server's own $1: ended with status $status" >>"$RESULTS"
	elif grep -q '^not ok ' "$log.results"; then
		find "$ROOTFS$folder" -name regression.diffs -exec head -n 200 {} +
	fi
}

test_cassert "" SUITES="regress isolation tap" TAP=046_majors PRELOAD=yes

# A parallel worker, if only one, for whatever may run in one.  Not for tests whose functions write
# or alter while they are read, which parallel mode forbids; nor for those that would start tens of thousands of
# workers, which takes minutes for each.
echo "debug_parallel_query = regress" >"$ROOTFS/parallel.conf"
parallel=$(cd "$ROOT/sql" && ls *.sql | sed 's/\.sql$//' |
	grep -vxE 'discard_caches|eager_(changes|random|security)|json_changes|page_(edges|filters|random)|rights_matrix')
test_cassert "parallel: " SUITES="regress isolation" PRELOAD=no TEMP_CONFIG=/parallel.conf \
	REGRESS="$(echo $parallel)"

# A hundred times slower, so only a few; discard_caches, among the above, calls every function so.  Not
# those that look at what is in the cache: a read whose descriptor is gone at its end publishes nothing.
echo "debug_discard_caches = 1" >"$ROOTFS/discard.conf"
test_cassert "discard: " SUITES=regress PRELOAD=yes TEMP_CONFIG=/discard.conf \
	REGRESS="export_params inheritance_keys keys_name keys_untyped trigger_functions"

echo "shared_preload_libraries = 'pg_hotpath'" >"$ROOTFS/preload.conf"
server_suite regress installcheck-parallel
server_suite isolation installcheck
