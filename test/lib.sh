# Sourced by the scripts of this folder: which PostgreSQL, who runs it, and where.
#
# The server refuses to run as root, so for root everything below a work directory belongs to, and
# runs as, user postgres; for anybody else as that user.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Each argument is a line.
say() { printf '%s\n' "$@"; }
warn() { say "$@" >&2; }
die() { warn "ERROR: $*"; exit 1; }

# Settings of the caller's environment must not lead us to some other server, nor a make that
# called us pass its flags to the makes that we call.
isolate_environment() {
	local name
	for name in $(compgen -v PG); do
		case $name in PG_*) ;; *) unset "$name" ;; esac
	done
	unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
	export LC_ALL=C.UTF-8
	umask 022
}

# The packaged PostgreSQL to use: as asked for, else the newest with headers and server, else the
# distribution's default.
pg_major() {
	local dir major=
	if [ -n "${PG_MAJOR:-}" ]; then
		major=$PG_MAJOR
	elif [ -n "${PG_CONFIG:-}" ]; then
		major=$("$PG_CONFIG" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
	else
		for dir in $(printf '%s\n' /usr/lib/postgresql/* | sort -V); do
			if [ -x "$dir/bin/postgres" ] && [ -e "$dir/lib/pgxs/src/makefiles/pgxs.mk" ]; then
				major=${dir##*/}
			fi
		done
		if [ -z "$major" ] && command -v apt-cache >/dev/null; then
			major=$(apt-cache depends postgresql 2>/dev/null |
				sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1)
		fi
	fi
	echo "${major:-15}"
}

# The pg_config of that PostgreSQL.  The one on the PATH is only the last resort: on Debian it
# answers for the client library when the server's headers are not there.
pg_config_path() {
	local packaged
	packaged=/usr/lib/postgresql/$(pg_major)/bin/pg_config
	if [ -n "${PG_CONFIG:-}" ]; then
		echo "$PG_CONFIG"
	elif [ -x "$packaged" ]; then
		echo "$packaged"
	else
		echo pg_config
	fi
}

# Sets PG_CONFIG, BINDIR and OWNER, or says why it cannot.
find_postgres() {
	PG_CONFIG=$(command -v "$(pg_config_path)") ||
		die "there is no pg_config of PostgreSQL $(pg_major)"
	BINDIR=$("$PG_CONFIG" --bindir)
	[ -x "$BINDIR/postgres" ] || die "there is no PostgreSQL server in $BINDIR"
	[ -e "$("$PG_CONFIG" --pgxs)" ] || die "the server headers for $BINDIR/postgres are not installed"
	export PG_CONFIG BINDIR
	find_owner
}

# Runs a command as the user who owns work directories; OWNER is the prefix that does it.
as_owner() { "${OWNER[@]}" "$@"; }

find_owner() {
	OWNER=()
	[ "$(id -u)" = 0 ] || return 0
	id postgres >/dev/null 2>&1 ||
		die "the server does not run as root, and there is no user postgres to run it"
	OWNER=(runuser -u postgres --)
}

# Makes an empty work directory, build/NAME in the checkout, and sets WORK to it.  Where its owner
# cannot get at the checkout (one below /root), or make cannot handle its path, or paths of sockets
# in it would grow too long, it is a new directory below /tmp instead, and build/NAME.at remembers
# it for the next clean-up.
make_work_dir() {
	local name=$1 at=$ROOT/build/$1.at
	remove_work_dir "$name"
	WORK=$ROOT/build/$name
	if mkdir -p "$WORK" 2>/dev/null && own "$WORK" && [ ${#WORK} -le 80 ] &&
		[[ $WORK != *[[:space:]]* ]] && as_owner test -r "$WORK" 2>/dev/null; then
		return
	fi
	rmdir "$WORK" 2>/dev/null || true
	WORK=$(mktemp -d "/tmp/hotpath-$name.XXXXXX")
	own "$WORK"
	chmod 755 "$WORK"
	echo "$WORK" 2>/dev/null >"$at" || true
}

# Removes what make_work_dir made in an earlier run, after stopping servers that it left.
remove_work_dir() {
	local name=$1 at=$ROOT/build/$1.at old
	for old in "$ROOT/build/$name" "$(cat "$at" 2>/dev/null || true)"; do
		case $old in
			"$ROOT/build/$name" | /tmp/hotpath-"$name".*)
				[ -d "$old" ] || continue
				stop_servers_below "$old"
				rm -rf "$old" || die "cannot remove $old; did another user make it?"
				;;
		esac
	done
	rm -f "$at"
}

own() {
	[ "$(id -u)" != 0 ] || chown -R postgres: "$1"
}

# Fast, but not forever: a server in end-of-recovery may not heed a fast stop.
stop_server() {
	as_owner "$BINDIR/pg_ctl" -s -D "$1" stop -m fast -t 30 >/dev/null 2>&1 ||
		as_owner "$BINDIR/pg_ctl" -s -D "$1" stop -m immediate >/dev/null 2>&1 || true
}

stop_servers_below() {
	local pidfile
	[ -n "${BINDIR:-}" ] || return 0
	find "$1" -name postmaster.pid 2>/dev/null | while read -r pidfile; do
		stop_server "$(dirname "$pidfile")"
	done
}

# Copies the sources, as they are now, to a directory; copy_sources to one of the owner's.
copy_tree() {
	mkdir -p "$1"
	tar -C "$ROOT" --exclude=./.git --exclude=./build --exclude='*.o' --exclude='*.bc' \
		--exclude='*.so' --exclude='./pg_hotpath--*.sql' --exclude=./results \
		--exclude=./output_iso --exclude='./tmp_check*' -cf - . | tar -C "$1" -xf - --no-same-owner
}

copy_sources() {
	copy_tree "$1"
	own "$1"
}

# Copies the programs, libraries and shared files of the PostgreSQL of PG_CONFIG, less ours, below a directory.
# They find each other, and headers, by where the programs are.
copy_postgres() {
	local option from
	for option in --bindir --pkglibdir --sharedir; do
		from=$("$PG_CONFIG" $option)
		mkdir -p "$1${from%/*}"
		cp -a "$from" "$1${from%/*}/" || return 1
	done
	find "$1" -name 'pg_hotpath*' -prune -exec rm -rf {} +
}

# Builds in such a copy.  Bitcode is only of use for inlining by the JIT, and needs the very clang
# that the server was built with.  The same sources give the same binary in any directory.
build_in() {
	as_owner make -s -C "$1" -j"$(nproc)" PG_CONFIG="$PG_CONFIG" with_llvm=no \
		HP_CFLAGS="${HP_CFLAGS:--Werror} -ffile-prefix-map=$1=." all
}

# Whether just this is installed already, so that somebody without root can go on.
is_installed() {
	local file
	cmp -s "$1/pg_hotpath.so" "$("$PG_CONFIG" --pkglibdir)/pg_hotpath.so" || return 1
	for file in "$1"/pg_hotpath.control "$1"/pg_hotpath--*.sql "$1"/upgrade/*.sql; do
		cmp -s "$file" "$("$PG_CONFIG" --sharedir)/extension/${file##*/}" || return 1
	done
}

# Installs from there into the PostgreSQL of PG_CONFIG.  Two runs that come with the same at once do it one
# after the other: then the second has nothing to replace under the servers of the first.
install_from() {
	local lock status=0
	exec {lock}<"$("$PG_CONFIG" --pkglibdir)"
	flock "$lock"
	install_unless_there "$1" || status=$?
	exec {lock}<&-
	return "$status"
}

install_unless_there() {
	is_installed "$1" && return 0
	local install=(make -s -C "$1" PG_CONFIG="$PG_CONFIG" with_llvm=no install)
	if [ "$(id -u)" = 0 ] || [ -w "$("$PG_CONFIG" --pkglibdir)" ]; then
		"${install[@]}" >/dev/null
	elif sudo -n true 2>/dev/null; then
		sudo -n "${install[@]}" >/dev/null
	else
		warn "ERROR: installing into $("$PG_CONFIG" --pkglibdir) needs root."
		warn "  As root: ${install[*]}"
		warn "  or name a PostgreSQL of your own: PG_CONFIG=/path/to/pg_config"
		return 1
	fi
}

# parse_regress SUITE: turns the output of pg_regress and of the isolation tester into lines
# "ok - SUITE: test".  They write "test a ... ok" up to 15, "ok 1 - a" from 16 on.
parse_regress() {
	sed -nE -e "s#^test +([^ ]+) +\.\.\. ok( .*)?\$#ok - $1: \1#p" \
		-e "s#^test +([^ ]+) +\.\.\. FAILED( .*)?\$#not ok - $1: \1#p" \
		-e "s#^((not )?ok) +[0-9]+ +[-+] ([^ ]+)( .*)?\$#\1 - $1: \3#p"
}
