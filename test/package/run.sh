#!/bin/bash
# What is handed to others: the metadata, the Debian package, the steps of the Dockerfile.  Prints a line for
# each check.  Run by test/run.sh in a built copy of the tree.
set -uo pipefail
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1
isolate_environment
find_postgres

status=0
work=$(mktemp -d)
servers=()

report() {
	echo "$1 - $2"
	[ "$1" = ok ] || status=1
}

# check NAME COMMAND...: the output is shown when it fails.
check() {
	local name=$1
	shift
	if "$@" >"$work/out" 2>&1; then report ok "$name"; else
		report 'not ok' "$name"
		sed 's/^/#   /' "$work/out" | tail -n 40
	fi
}

finish() {
	local data
	trap - EXIT INT TERM
	for data in "${servers[@]}"; do
		"${data%/data}/pg/bin/pg_ctl" -s -D "$data" stop -m immediate >/dev/null 2>&1
	done
	rm -rf "$work"
	exit "$status"
}
trap finish EXIT
trap 'status=130; exit' INT TERM

version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" pg_hotpath.control)

# ---- one version everywhere ----

meta() { perl -MJSON::PP -0777 -e 'my $m = decode_json(<STDIN>); print eval shift' "$1" <META.json; }

meta_is_complete() {
	perl -MJSON::PP -0777 -e '
		my $m = decode_json(<STDIN>);
		my @missing = grep { !defined $m->{$_} } qw(name version abstract maintainer license provides meta-spec);
		die "META.json lacks @missing\n" if @missing;
		die "unknown version of the specification\n" if $m->{"meta-spec"}{version} ne "1.0.0";
		die "no semantic version: $m->{version}\n" if $m->{version} !~ /^\d+\.\d+\.\d+$/;
		for (values %{ $m->{provides} }) {
			die "no file $_->{file}\n" unless -e $_->{file};
			die "no file $_->{docfile}\n" unless -e $_->{docfile};
			die "version $_->{version}\n" if $_->{version} ne $m->{version};
		}' <META.json
}

same() { [ "$1" = "$2" ] || { echo "\"$1\" is not \"$2\""; return 1; }; }

check "META.json has what PGXN requires" meta_is_complete
check "META.json has the version of the control file" same "$(meta '$m->{version}')" "$version.0"
check "META.json provides the extension" same "$(meta 'join " ", keys %{$m->{provides}}')" pg_hotpath
check "META.json names the oldest PostgreSQL of the sources" \
	same "$(meta '$m->{prereqs}{runtime}{requires}{PostgreSQL}')" \
	"$(sed -n 's/^#if PG_VERSION_NUM < \([0-9]*\)0000$/\1.0.0/p' src/base/compat.h | head -n 1)"
check "the Debian changelog has the version of the control file" \
	same "$(sed -n '1s/.*(\(.*\)-[0-9]*).*/\1/p' debian/changelog)" "$version"
check "CHANGELOG.md has the version of the control file" grep -q "^## $version\b" CHANGELOG.md
check "there is an upgrade to the version of the control file" compgen -G "upgrade/pg_hotpath--*--$version.sql"
check "LICENSE is the PostgreSQL licence" grep -q '^PostgreSQL Licence$' LICENSE

# ---- a server whose files are a copy of the installed ones, less ours, plus those below DIRECTORY ----

# place NAME DIRECTORY
place() {
	local prefix=$work/$1
	copy_postgres "$prefix/files"
	cp -a "$2/." "$prefix/files/"
	ln -s "files$(dirname "$BINDIR")" "$prefix/pg"
}

# server NAME SETTING...: starts it.
server() {
	local prefix=$work/$1
	shift
	"$prefix/pg/bin/initdb" -D "$prefix/data" -U postgres -A trust -E UTF8 --no-locale --no-sync &&
		servers+=("$prefix/data") &&
		"$prefix/pg/bin/pg_ctl" -s -w -D "$prefix/data" -l "$prefix/log" -o "-k $prefix -c listen_addresses='' $*" start
}

sql() { psql -XAtq -v ON_ERROR_STOP=1 -h "$work/$1" -U postgres -d postgres -c "$2"; }

# The extension can be created, from the files of that place alone, and serves a cached row.
works() {
	sql "$1" "create extension if not exists pg_hotpath;
		create table t (id int primary key, v text); insert into t values (1, 'a');
		select hotpath.cache_table('t')" &&
		same "$(sql "$1" "update t set v = 'b'; select (hotpath.get(null::t, 1)).v")" b &&
		same "$(sql "$1" "select (hotpath.get(null::t, 1)).v; select (hotpath.get(null::t, 1)).v;
			select hotpath.peek(null::t, 1)")" $'b\nb\n(1,b)' &&
		same "$(sql "$1" "select extversion from pg_extension where extname = 'pg_hotpath'")" "$version"
}

# The path of the packaged files in a package is that of Debian, that of the server under test its own.
relocated() {
	local from=$1 major=$2 to=$3
	mkdir -p "$to$("$PG_CONFIG" --pkglibdir)" "$to$("$PG_CONFIG" --sharedir)"
	cp -a "$from/usr/lib/postgresql/$major/lib/." "$to$("$PG_CONFIG" --pkglibdir)/" &&
		cp -a "$from/usr/share/postgresql/$major/." "$to$("$PG_CONFIG" --sharedir)/"
}

# ---- the Debian package ----

major=$(pg_major)
build_deb() { PG_SUPPORTED_VERSIONS=$major DEB_OUTPUT=$work/deb bash debian/make_deb.sh; }

if [ ! -e /usr/lib/postgresql/"$major"/lib/pgxs/src/makefiles/pgxs.mk ]; then
	echo "# PostgreSQL $major is none of Debian's packages, so there is no package to build for it"
else
	check "make deb" build_deb
	deb=$(compgen -G "$work/deb/postgresql-$major-hotpath_$version-*.deb")
	check "it is called postgresql-$major-hotpath" test -n "$deb"
	check "lintian finds no error and no warning but the missing bug number of a first upload" lintian \
		--fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$deb"
	check "it depends on its server and its libraries" eval 'dpkg-deb -f "$deb" Depends | grep -w "postgresql-$major" |
		grep libzstd1 | grep liblz4-1 | grep zlib1g'
	dpkg-deb -x "$deb" "$work/unpacked"
	(cd "$work/unpacked" && find . -type f ! -path '*/bitcode/*' | sed 's/^\.//' | sort) >"$work/files"
	{
		echo "/usr/lib/postgresql/$major/lib/pg_hotpath.so"
		for file in README.md.gz changelog.Debian.gz changelog.gz copyright docs/coherence.md.gz \
			docs/coherence.svg docs/cookbook.md.gz; do
			echo "/usr/share/doc/postgresql-$major-hotpath/$file"
		done
		for file in pg_hotpath.control "pg_hotpath--$version.sql" upgrade/*.sql; do
			echo "/usr/share/postgresql/$major/extension/${file##*/}"
		done
	} | sort >"$work/expected"
	check "it has these files and no others" diff "$work/expected" "$work/files"
	relocated "$work/unpacked" "$major" "$work/relocated"
	place deb "$work/relocated"
	check "a server with its files starts" server deb
	check "and the extension works" works deb
fi

# ---- the Dockerfile: what its instructions do, in their order, without an engine ----

docker_names_files() {
	local name
	while read -r name; do
		[ -e "$name" ] || { echo "there is no $name"; return 1; }
	done < <(sed -n 's/^COPY \([^-][^ ]*\) .*/\1/p' Dockerfile)
}

docker_ignores_nothing_needed() {
	! grep -qE '^(src|docker|Makefile|upgrade|pg_hotpath.control)' .dockerignore
}

check "the files that the Dockerfile copies are there" docker_names_files
check ".dockerignore leaves what the build needs" docker_ignores_nothing_needed
check "the Dockerfile builds by docker/build.sh" grep -qx 'RUN sh /src/docker/build.sh /src /built' Dockerfile
copy_sources "$work/src"
check "docker/build.sh" env PG_MAJOR="$major" PG_CONFIG="$PG_CONFIG" sh docker/build.sh "$work/src" "$work/built"
needs_no_more_than_the_server() {
	comm -23 <(ldd "$1" | awk '/=>/ { print $1 }' | sort) <(ldd "$BINDIR/postgres" | awk '/=>/ { print $1 }' | sort) >"$work/more"
	[ ! -s "$work/more" ] || { cat "$work/more"; return 1; }
}

check "what it built needs no library that the server does not need" \
	needs_no_more_than_the_server "$(find "$work/built" -name pg_hotpath.so)"
if [ "$PG_CONFIG" = "/usr/lib/postgresql/$major/bin/pg_config" ]; then
	# that they run, and a few: the same tests have all run, on what is the same
	check "the package's own tests, with what is installed" eval '(cd "$work/src" &&
		sh debian/tests/installcheck "$major" "REGRESS=basics ISOLATION=index")'
fi
place docker "$work/built"
read -r -a command < <(sed -n 's/^CMD \["postgres", //p' Dockerfile | tr -d '[],"')
check "the command of the image starts a server that has the library preloaded" server docker "${command[@]}"
check "its entry point creates the extension" env PGHOST="$work/docker" POSTGRES_USER=postgres POSTGRES_DB=postgres \
	sh docker/create_extension.sh
check "and it works" works docker
check "the cache is preloaded" eval '[ "$(sql docker "show shared_preload_libraries")" = pg_hotpath ]'
