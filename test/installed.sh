#!/bin/bash
# installed.sh PROFILE COMMAND...: installs what the profile needs (see setup.sh), builds and
# installs the extension, then runs the command with PG_CONFIG set to that PostgreSQL.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

profile=$1
shift
bash "$ROOT/test/setup.sh" "$profile" || [ $? = 3 ] || die "the setup failed"
isolate_environment
find_postgres
make_work_dir "install-$profile"
copy_sources "$WORK/tree"
build_in "$WORK/tree"
install_from "$WORK/tree"
remove_work_dir "install-$profile"

# Programs that setup.sh took from packages which would also start a server with them. Debian's
# redis-tools has the whole server in it, by another name.
if [ "$profile" = bench ] && ! command -v redis-server >/dev/null &&
	command -v redis-check-rdb >/dev/null; then
	mkdir -p "$ROOT/build/bin"
	ln -sf "$(command -v redis-check-rdb)" "$ROOT/build/bin/redis-server"
fi
PATH=$ROOT/build/bin:$PATH
exec "$@"
