#!/bin/bash
# packaged.sh MAJOR: a leg of the matrix, on the PostgreSQL of that major as Debian packages it.
set -euo pipefail
. "$(dirname "$0")/chroot.sh"

major=$1
# What looks at nothing that differs between majors is left to make test, unless all is asked for.
left_out='07._|08._|09._|12._'
preload=yes
if [ -n "${MATRIX_ALL:-}" ]; then
	left_out=090_torture
	preload="no yes"
fi
tap=$(cd "$ROOT/test/t" && ls [0-9]*.pl | sed 's/\.pl$//' | grep -vE "$left_out")

case $major in
	17) use_chroot 17 trixie ;;
	18) use_chroot 18 forky ;;
	# Not yet in a suite of its own; the rest comes from the suite that experimental adds to.
	19)
		use_chroot 19 sid "deb $MIRROR experimental main"
		printf '%s\n' 'Package: src:postgresql-19' 'Pin: release a=experimental' \
			'Pin-Priority: 990' >"$ROOTFS/etc/apt/preferences.d/experimental"
		;;
	*) die "no suite is known to have PostgreSQL $major" ;;
esac
if [ -z "$(in_chroot apt-cache madison "postgresql-$major")" ]; then
	echo "skipped: the archive has no $major" | tee -a "$RESULTS"
	exit 0
fi

bring_tree
chroot_apt install --no-install-recommends make
in_chroot PG_MAJOR="$major" bash /src/test/setup.sh test
chroot_apt install --no-install-recommends "postgresql-$major" "postgresql-server-dev-$major"
keep_chroot

# leg_check NAME COMMAND...: in the chroot, in a copy of the tree; counts like a test.
leg_check() {
	local name=$1
	shift
	say "=== $name"
	rm -rf "$ROOTFS/tmp/copy" "$ROOTFS/tmp/built"
	cp -a "$ROOTFS/src" "$ROOTFS/tmp/copy"
	if in_chroot "$@"; then echo "ok - $name" >>"$RESULTS"; else echo "not ok - $name" >>"$RESULTS"; fi
}

# With the clang that the headers came with.
# shellcheck disable=SC2016 # for the shell in there
leg_check "builds with clang" sh -euc '
	makefile=$(dirname "$("$1" --pgxs)")/../Makefile.global
	make -s -C /tmp/copy -j2 PG_CONFIG="$1" with_llvm=no HP_CFLAGS=-Werror \
		CC="$(sed -n "s/^CLANG *= *//p" "$makefile")" all' sh "/usr/lib/postgresql/$major/bin/pg_config"
if [ "$major" = 17 ]; then	# the one of the Dockerfile
	# shellcheck disable=SC2016
	leg_check "the Dockerfile's build" sh -euc '
		PG_MAJOR=17 sh /tmp/copy/docker/build.sh /tmp/copy /tmp/built
		! ldd /tmp/built/usr/lib/postgresql/17/lib/pg_hotpath.so | grep "not found"'
fi

test_tree "" PG_MAJOR="$major" SUITES="regress isolation tap" PRELOAD="$preload" TAP="$(echo $tap)"
