# Sourced by the legs of the matrix: a chroot of another Debian suite, the tests in it, and what counts.
# run.sh gives CACHE, MIRROR and RESULTS, and mount and process name spaces of their own.

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$HERE/../lib.sh"

# in_chroot [NAME=VALUE...] COMMAND...
in_chroot() {
	local name proxies=()
	for name in http_proxy https_proxy no_proxy; do
		[ -z "${!name:-}" ] || proxies+=("$name=${!name}")
	done
	chroot "$ROOTFS" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive ${proxies[@]+"${proxies[@]}"} "$@" </dev/null
}

chroot_apt() {
	in_chroot timeout -k 30 900 apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 \
		-o APT::Update::Error-Mode=any "$@"
}

# use_chroot NAME SUITE [SOURCE-LINE...]: sets ROOTFS to a chroot of the suite, with the lists of
# packages of this moment.  It is kept for the next run under all that it depends on, if the leg
# comes to say so by keep_chroot: when the packages that it tests are installed, and the newest.
use_chroot() {
	local name=$1 suite=$2 key old
	shift 2
	key=$(printf '%s\n' "$MIRROR" "$suite" "$(dpkg --print-architecture)" "$@" |
		cat - "$HERE/chroot.sh" | sha256sum | cut -c 1-12)
	ROOTFS=$CACHE/$name-$key
	for old in "$CACHE/$name"-*; do
		[ "$old" = "$ROOTFS" ] || rm -rf --one-file-system "$old"
	done
	if [ -e "$ROOTFS/kept" ]; then
		rm "$ROOTFS/kept"
	else
		make_chroot "$suite" "$@"
	fi
	mount -t proc proc "$ROOTFS/proc"
	mkdir -p "$ROOTFS/dev/shm"
	mount -t tmpfs -o size=2g tmpfs "$ROOTFS/dev/shm"
	cp -L /etc/resolv.conf "$ROOTFS/etc/resolv.conf"
	apt-config dump | grep -iE '^Acquire::https?::Proxy' >"$ROOTFS/etc/apt/apt.conf.d/98proxy" || true
	chroot_apt update
}

keep_chroot() {
	chroot_apt clean
	touch "$ROOTFS/kept"
}

make_chroot() {
	local suite=$1 script=/usr/share/debootstrap/scripts/$1
	shift
	say "=== making $ROOTFS"
	# suites that are younger than our debootstrap are made as it makes the one that they came from
	[ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
	rm -rf --one-file-system "$ROOTFS"
	timeout -k 30 900 debootstrap --variant=minbase --include=ca-certificates "$suite" "$ROOTFS" \
		"$MIRROR" "$script"
	[ $# = 0 ] || printf '%s\n' "$@" >>"$ROOTFS/etc/apt/sources.list"
	# the lists of suites in motion may be past their date where the archive is a copy
	echo 'Acquire::Check-Valid-Until "false";' >"$ROOTFS/etc/apt/apt.conf.d/99stale"
	printf '#!/bin/sh\nexit 101\n' >"$ROOTFS/usr/sbin/policy-rc.d"
	chmod +x "$ROOTFS/usr/sbin/policy-rc.d"
	# neither safe from a power cut nor complete: clang comes with much to link, and needs its own headers only
	printf '%s\n' force-unsafe-io 'path-exclude=/usr/share/doc/*' 'path-exclude=/usr/share/man/*' \
		'path-exclude=/usr/lib/llvm-*/lib/*.a' 'path-exclude=/usr/lib/llvm-*/include/*' \
		'path-include=/usr/lib/llvm-*/lib/clang/*/include/*' \
		>"$ROOTFS/etc/dpkg/dpkg.cfg.d/matrix"
}

# Puts the tree, as it is now, into the chroot.
bring_tree() {
	rm -rf "$ROOTFS/src"
	copy_tree "$ROOTFS/src"
}

# test_tree LABEL NAME=VALUE...: make test in the chroot; its results count, under the label.
test_tree() {
	local label=$1 status=0
	shift
	say "" "=== ${label:-make test} $*"
	rm -f "$ROOTFS/results"
	in_chroot RESULTS=/results SUITE_TIMEOUT="${SUITE_TIMEOUT:-1200}" "$@" make -C /src test || status=$?
	count_results "$label" "$ROOTFS/results" "$status"
}

# count_results LABEL FILE STATUS: the results and the status of a make test.
count_results() {
	sed -E "s/^((not )?ok - )/\1$1/" "$2" >>"$RESULTS"
	if [ "$3" != 0 ] && ! grep -q '^not ok ' "$2"; then
		echo "not ok - ${1}make test: ended with status $3" >>"$RESULTS"
	fi
}
