# What a user would take instead: Redis and hand-made SQL from Node, and pgmemcache. Sourced by run.sh after
# eager.sh, never run. A case whose tools are missing says so in the page.

PEER_ROWS=${PEER_ROWS:-20000}
PEER_SECONDS=${PEER_SECONDS:-0.5}     # of each way in a round
peer_tools=                           # which took part, with their versions

peer_endpoint_cases='peer_get peer_aside peer_redis peer_rows peer_get_writes peer_aside_writes peer_redis_writes'
peer_tree_cases='peer_tree_n1 peer_tree_loader peer_page'

peers() {
	if peer_wanted peer_memcache peer_memcache_pl peer_stale; then peer_memcached; fi
	# shellcheck disable=SC2086
	if peer_wanted $peer_endpoint_cases peer_stale $peer_tree_cases; then peer_node; fi
}

# peer_wanted NAME...: is any of these cases selected?
peer_wanted() {
	local name
	for name in "$@"; do
		if wanted "$name"; then return 0; fi
	done
	return 1
}

# ---- pgmemcache ---------------------------------------------------------------------------------

# Sets memcached_runs where a memcached does, and pgmemcache asks it.
peer_memcached() {
	local clients missing=
	if ! command -v memcached >/dev/null; then
		missing='memcached is not installed'
	elif [[ -z $(q -c "select 1 from pg_available_extensions where name = 'pgmemcache'") ]]; then
		missing='pgmemcache is not installed for this PostgreSQL'
	fi
	if [[ -n $missing ]]; then
		figure peer_memcache pgmemcache "skipped: $missing"
		return
	fi
	say "peers: memcached"
	if ! as_server "$(command -v memcached)" -d -s "$tmp/memcached.sock" -m 256 -P "$tmp/memcached.pid" 2>>"$tmp/client.log"; then
		figure peer_memcache pgmemcache 'skipped: memcached does not start'
		return
	fi
	until [[ -S $tmp/memcached.sock && -s $tmp/memcached.pid ]]; do sleep 0.1; done
	q -c "load 'pgmemcache'" -c "alter system set pgmemcache.default_servers = '$tmp/memcached.sock'" -c 'select pg_reload_conf()' >/dev/null
	sleep 0.2
	q -v rows="$PEER_ROWS" -f "$here/peers/memcached.sql" >/dev/null
	memcached_runs=1
	# what other cases wrote may have cost entries of this table: a fence is shared by many keys
	q -c "select count(hotpath.get_json('narrow', i)) from generate_series(1, $PEER_ROWS) i" >/dev/null
	peer_tools+=" $(memcached -V), pgmemcache $(q -c "select extversion from pg_extension where extname = 'pgmemcache'")."
	session_pairs peer_memcache_pl "$((PL_CALLS / 5))" "select peer.pl_memcached(1, $((PL_CALLS / 5)))" \
		"select bench.pl_json_get(1, $((PL_CALLS / 5)))"
	for clients in $CLIENTS; do
		pairs prepared "$clients" '' peer_memcache:memcached_get:json_get_few
	done
}

# ---- Node ---------------------------------------------------------------------------------------

# peer_missing: what Node's cases lack, or nothing; installs their modules once, below build/
peer_missing() {
	local name
	for name in node npm redis-server; do
		command -v "$name" >/dev/null || { echo "$name is not installed"; return; }
	done
	if ! cmp -s "$here/peers/package.json" "$peer_modules/package.json"; then
		rm -rf "$peer_modules"
		mkdir -p "$peer_modules"
		cp "$here/peers/package.json" "$peer_modules/new.json"
		(cd "$peer_modules" && cp new.json package.json && npm install --no-package-lock --ignore-scripts --no-audit --no-fund --fetch-retries 1) \
			>"$tmp/npm.log" 2>&1 || { rm -rf "$peer_modules"; echo 'npm could not install pg, redis and dataloader'; }
	fi
}

peer_node() {
	local missing
	peer_modules=$OUT/node
	missing=$(peer_missing)
	if [[ -n $missing ]]; then
		tail -n 3 "$tmp/npm.log" >&2 2>/dev/null || true
		peer_skip "$missing"
		return
	fi
	say "peers: Node"
	q -v rows="$PEER_ROWS" -f "$here/peers/load.sql" >/dev/null
	redis_start
	# shellcheck disable=SC2086
	if peer_wanted $peer_endpoint_cases; then peer_endpoint; fi
	if wanted peer_stale; then peer_stale; fi
	# shellcheck disable=SC2086
	if peer_wanted $peer_tree_cases; then peer_trees; fi
	peer_tools+=" Node $(node --version), $(peer_versions), Redis $(redis-server --version | sed 's/.* v=\([^ ]*\).*/\1/')."
}

# peer_skip WHY: once for each part of the page
peer_skip() {
	local part name
	for part in "$peer_endpoint_cases" peer_stale "$peer_tree_cases"; do
		for name in $part; do
			if wanted "$name"; then
				figure "$name" Node "skipped: $1"
				break
			fi
		done
	done
}

peer_versions() {
	sed -n 's/^ *"\(dataloader\|pg\|redis\)": "\(.*\)".*/\1 \2/p' "$here/peers/package.json" | paste -sd, | sed 's/,/, /g'
}

# peer_program NAME: runs one of Node's programs
peer_program() {
	NODE_PATH=$peer_modules/node_modules REDIS_SOCKET=$tmp/redis.sock PEER_ROWS=$PEER_ROWS ROUNDS=$ROUNDS EAGER_USERS=$EAGER_USERS \
		PEER_SECONDS=$([[ -n ${QUICK:-} ]] && echo 0.2 || echo "$PEER_SECONDS") STALE_SECONDS=$([[ -n ${QUICK:-} ]] && echo 1 || echo 5) \
		MEMCACHED=${memcached_runs:-} node "$here/peers/$1.js" >"$tmp/$1.tsv"
}

peer_endpoint() {
	local suffix flight round plain rows aside cached hits others
	say "peers: the endpoint, by SELECT, Redis and get_json"
	peer_program endpoint
	while read -r suffix flight round plain rows aside cached hits others; do
		if [[ $suffix == reads ]]; then suffix=; fi
		peer_record "peer_get$suffix" "$flight" "$round" "$plain" "$cached" "$hits" "$others"
		peer_record "peer_aside$suffix" "$flight" "$round" "$plain" "$aside"
		peer_record "peer_redis$suffix" "$flight" "$round" "$aside" "$cached" "$hits" "$others"
		if [[ -z $suffix ]]; then peer_record peer_rows "$flight" "$round" "$rows" "$cached" "$hits" "$others"; fi
	done <"$tmp/endpoint.tsv"
}

# peer_record CASE CLIENTS ROUND PLAIN OURS [HITS OTHERS]: if that case is selected
peer_record() {
	if wanted "$1"; then record "${@:1:5}" - "${@:6}"; fi
}

peer_stale() {
	local kind name reads stale rows entries
	local -A ways=([plain]='SELECT' [aside]='Redis, cache-aside' [cached]='`hotpath.get_json`')
	local -A races=([redis]='Redis: a reader fills after the writer has deleted the key'
		[memcached]='pgmemcache: a reader fills between the trigger that deletes the key and the commit'
		[cached_snapshot]='`hotpath.get_json`: a reader whose snapshot is older than the commit reads after it'
		[cached_uncommitted]='`hotpath.get_json`: a reader reads between the UPDATE and its commit')
	say "peers: stale reads, by chance and forced"
	peer_program stale
	peer_program races
	while read -r kind name reads stale rows entries; do
		figure peer_stale "by chance, $rows rows, 16 requests in flight from 4 threads of Node, one in five a write: ${ways[$name]}" \
			"$stale of $reads reads stale; afterwards $entries of $rows entries stale"
	done <"$tmp/stale.tsv"
	while read -r kind name rows entries; do
		figure peer_stale "forced. ${races[$name]}" "afterwards $entries of $rows entries stale"
	done <"$tmp/races.tsv"
	if [[ -z ${memcached_runs:-} ]]; then figure peer_stale 'forced. pgmemcache' 'skipped, see below'; fi
}

peer_trees() {
	local name round hand ours
	say "peers: trees and pages made in Node"
	if [[ ${#page_options[@]} -eq 0 ]]; then page_load; fi
	eager_load
	peer_program trees
	while read -r name round hand ours; do
		peer_record "$name" 1 "$round" "$hand" "$ours"
	done <"$tmp/trees.tsv"
}
