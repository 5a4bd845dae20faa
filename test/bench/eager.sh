# Eager loading beside hand-written SQL and beside N+1 queries. Sourced by run.sh after lib.sh, never run.
#
# Both sides of a pair are scripts of one prepared pgbench, which draws one at random each time; a rate is
# 1 / the mean latency of a script. N+1 is what a client without eager loading runs for one tree: a statement for
# the users, one for each user's orders, one for each order's items, as scripts with these weights.

EAGER_USERS=${EAGER_USERS:-100000}
EAGER_ROOTS=100				# users of a tree
EAGER_PARENTS=1000			# of the top 3 children, and of the to-one level

eager_load() {
	[[ -z ${eager_loaded:-} ]] || return 0
	say "eager: $EAGER_USERS users"
	q -v users="$EAGER_USERS" -f "$here/eager.sql" >/dev/null
	eager_scripts
	eager_loaded=1
}

# eager_script NAME [TEXT BEFORE]: a script from stdin
eager_script() {
	{ printf '\\set first random(1, %d)\n%s' "$EAGER_USERS" "${2:-}"; cat; } >"$tmp/scripts/eager_$1.sql"
}

# eager_keys N: an expression for the keys of N users
eager_keys() { echo "array(select (:first + i * 97::bigint) % $EAGER_USERS + 1 from generate_series(1, $1) i)"; }

# eager_tree_scripts KEYS SUFFIX [TEXT BEFORE]: a tree of the users with these keys, in one call, by hand, and the first of N+1
eager_tree_scripts() {
	eager_script "tree$2" "${3:-}" <<<"select hotpath.embed('eager.users', $1, '{\"with\": {\"orders\": {\"order_by\": \"placed_at desc\", \"with\": {\"items\": {}}}}}');"
	eager_script "n1_users$2" "${3:-}" <<<"select * from eager.users where id = any($1);"
	eager_script "tree_plain$2" "${3:-}" <<-SQL
		select row_to_json(x) from (select u.*, o.orders from unnest($1) with ordinality k (id, ord) join eager.users u using (id) left join lateral (select coalesce(json_agg(x), '[]') as orders from (select o.*, i.items from eager.orders o left join lateral (select coalesce(json_agg(i), '[]') as items from eager.items i where i.order_id = o.id) i on true where o.user_id = u.id order by o.placed_at desc) x) o on true order by k.ord) x;
	SQL
}

eager_scripts() {
	local parents far wait=$'\\sleep 500 us\n'
	parents=$(eager_keys "$EAGER_PARENTS")
	for far in '' _far; do
		eager_tree_scripts "$(eager_keys "$EAGER_ROOTS")" "$far" "${far:+$wait}"
		eager_script "n1_orders$far" "${far:+$wait}" <<<"select * from eager.orders where user_id = :first order by placed_at desc;"
		eager_script "n1_items$far" "${far:+$wait}" <<<"select * from eager.items where order_id = :first * 10::bigint;"
	done
	eager_script top3 <<<"select * from hotpath.load_children(null::eager.orders, $parents, order_by => 'placed_at desc', per_parent => 3);"
	eager_script top3_plain <<-SQL
		select k.ord, o from unnest($parents) with ordinality k (id, ord), lateral (select * from eager.orders o where o.user_id = k.id order by placed_at desc limit 3) o;
	SQL
	eager_script top3_columns <<-SQL
		select k.ord, o.* from unnest($parents) with ordinality k (id, ord), lateral (select * from eager.orders o where o.user_id = k.id order by placed_at desc limit 3) o;
	SQL
	eager_script top3_json <<<"select hotpath.embed('eager.users', $parents, '{\"columns\": [\"id\"], \"with\": {\"orders\": {\"limit\": 3, \"order_by\": \"placed_at desc\"}}}');"
	eager_script top3_json_plain <<-SQL
		select row_to_json(x) from (select u.id, o.orders from unnest($parents) with ordinality k (id, ord) join eager.users u using (id) left join lateral (select coalesce(json_agg(o), '[]') as orders from (select * from eager.orders o where o.user_id = u.id order by placed_at desc limit 3) o) o on true order by k.ord) x;
	SQL
	local embed='{"orders": {"limit": 3, "order_by": "placed_at desc", "with": {"items": {}}}}'
	eager_script page <<<"select hotpath.page_json('eager.users', 'id', 20, hotpath.cursor_at('eager.users', 'id', :first), embed => '$embed');"
	eager_script page_plain <<-SQL
		select json_build_object('items', (select json_agg(x) from (select u.*, o.orders from (select * from eager.users where id > :first order by id limit 21) u left join lateral (select coalesce(json_agg(x), '[]') as orders from (select o.*, i.items from (select * from eager.orders o where o.user_id = u.id order by placed_at desc limit 3) o left join lateral (select coalesce(json_agg(i), '[]') as items from eager.items i where i.order_id = o.id) i on true order by o.placed_at desc) x) o on true order by u.id) x), 'has_previous_page', exists (select from eager.users where id <= :first));
	SQL
	local level="format('{\"columns\": [\"id\"], \"filter\": {\"id\": {\"\$gte\": %%s}}, \"order_by\": \"id\", \"limit\": $EAGER_PARENTS, \"with\": {\"product\": {\"relation\": \"%s\"}}}', :first::int)::jsonb"
	# shellcheck disable=SC2059
	eager_script to_one <<<"select hotpath.embed_where('eager.items', $(printf "$level" eager.cached_products));"
	# shellcheck disable=SC2059
	eager_script to_one_plain <<<"select hotpath.embed_where('eager.items', $(printf "$level" eager.products));"
}

# eager_rates SCRIPT[@WEIGHT]...: rates of each script, and of all together
eager_rates() {
	local script
	local -a options=()
	for script in "$@"; do
		if [[ $script == *@* ]]; then options+=(-f "$tmp/scripts/eager_${script%@*}.sql@${script#*@}"); else options+=(-f "$tmp/scripts/eager_$script.sql"); fi
	done
	"$bin/pgbench" -n -M prepared -T "$(seconds 2)" "${options[@]}" 2>>"$tmp/client.log" | awk '
		/^SQL script [0-9]/ { script = $3 + 0 }
		script && /latency average = / { rate[script] = 1000 / $(NF - 1); n = script }
		/^tps = / { all = $3 }
		END { if (!(all > 0)) exit 1; for (i = 1; i <= n; i++) printf "%s ", rate[i]; print all }'
}

# eager_pair NAME PLAIN OURS
eager_pair() {
	local round rates plain ours
	wanted "$1" || return 0
	eager_load
	for ((round = 1; round <= ROUNDS; round++)); do
		say "eager: $1, round $round of $ROUNDS"
		rates=$(eager_rates "$2" "$3")
		read -r plain ours _ <<<"$rates"
		record "$1" 1 "$round" "$plain" "$ours" -
	done
}

# eager_n1 NAME SUFFIX: trees per second, N+1 and in one call
eager_n1() {
	local round plain ours orders=$((EAGER_ROOTS * 10))
	wanted "$1" || return 0
	eager_load
	for ((round = 1; round <= ROUNDS; round++)); do
		say "eager: $1, round $round of $ROUNDS"
		plain=$(eager_rates "n1_users$2@1" "n1_orders$2@$EAGER_ROOTS" "n1_items$2@$orders" |
			awk -v n=$((1 + EAGER_ROOTS + orders)) '{ print $NF / n }')
		ours=$(eager_rates "tree$2" | awk '{ print $NF }')
		record "$1" 1 "$round" "$plain" "$ours" -
	done
}

pairs_eager() {
	eager_pair eager_tree tree_plain tree
	eager_n1 eager_n1 ''
	eager_n1 eager_n1_far _far
	eager_pair eager_top3 top3_plain top3
	eager_pair eager_top3_columns top3_columns top3
	eager_pair eager_top3_json top3_json_plain top3_json
	eager_pair eager_to_one to_one_plain to_one
	eager_pair eager_page page_plain page
	plot_eager
}
