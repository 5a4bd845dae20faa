#!/bin/bash
# The server of this suite, which PGDATA, BINDIR, HP_FAULTS and FAULTS_PRELOAD name:
# server.sh start | restart | stop.  Logs go to $PGDATA.log.
set -euo pipefail

start() {
	printf '%-31s\n' '0 0' >"$HP_FAULTS"
	# only the server itself is to meet faults
	LD_PRELOAD=$FAULTS_PRELOAD "$BINDIR/postgres" -D "$PGDATA" >>"$PGDATA.log" 2>&1 </dev/null &
	for _ in {1..600}; do
		"$BINDIR/pg_isready" -q && return
		kill -0 $! 2>/dev/null || break
		sleep 0.1
	done
	echo "ERROR: the server does not start; the end of its log:" >&2
	tail -n 20 "$PGDATA.log" >&2
	return 1
}

stop() {
	"$BINDIR/pg_ctl" -s -D "$PGDATA" stop -m fast -t 30 || "$BINDIR/pg_ctl" -s -D "$PGDATA" stop -m immediate
}

case $1 in
	start) start ;;
	restart) stop; start ;;
	stop) stop ;;
esac
