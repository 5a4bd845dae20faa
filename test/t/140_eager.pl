# Eager loading: one statement per level whatever the number of parents, each with a plan that does
# not read a table once per parent; bounded memory; nothing left behind by a cancel.
#
# auto_explain logs every statement that runs inside another, with what its plan did.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('eager', conf => join "\n", "session_preload_libraries = 'auto_explain'",
	'auto_explain.log_min_duration = 0', 'auto_explain.log_nested_statements = on',
	'auto_explain.log_analyze = on', 'auto_explain.log_timing = off', 'jit = off',
	'max_parallel_workers_per_gather = 0');

$node->safe_psql('postgres', q{
	SET auto_explain.log_min_duration = -1;
	CREATE EXTENSION pg_hotpath;
	CREATE TABLE users (id bigint PRIMARY KEY, name text);
	CREATE TABLE products (id int PRIMARY KEY, title text);
	CREATE TABLE orders (id int PRIMARY KEY, user_id bigint REFERENCES users, status text, placed_at timestamptz);
	CREATE TABLE items (id int PRIMARY KEY, order_id int REFERENCES orders, product_id int REFERENCES products);
	CREATE TABLE notes (id int PRIMARY KEY, user_id bigint REFERENCES users, body text);
	INSERT INTO users SELECT i, 'user ' || i FROM generate_series(1, 20000) i;
	INSERT INTO products SELECT i, 'product ' || i FROM generate_series(1, 500) i;
	INSERT INTO orders SELECT i, i % 10000 + 1, 'open', '2024-01-01'::timestamptz + i * interval '1 minute'
		FROM generate_series(1, 40000) i;
	INSERT INTO items SELECT i, i % 40000 + 1, i % 500 + 1 FROM generate_series(1, 80000) i;
	INSERT INTO notes SELECT i, i % 20000 + 1, 'note' FROM generate_series(1, 30000) i;
	CREATE INDEX ON orders (user_id, placed_at DESC);
	CREATE INDEX ON items (order_id);
});

my $session = Hotpath::Session->new($node, name => 'loader');
my $spec = q{'{"with": {"orders": {"with": {"items": {"with": {"product": {}}}}}, "notes": {}}}'};

# The plans that a query logs of the statements inside it; the query's own is the last one.
sub plans
{
	my ($sql) = @_;
	my $start = -s $node->logfile;

	$session->query($sql);
	is($session->last_error, '', 'no error') if $session->last_error;
	my @plans = split /LOG:  duration: [\d.]+ ms  plan:\n/, slurp_file($node->logfile, $start);
	shift @plans;
	pop @plans;
	return @plans;
}

sub keys_sql { my ($n, $step) = @_; return "ARRAY(SELECT (i * $step) % 20000 + 1 FROM generate_series(1, $n) i)" }

# ---- the number of statements ----

for my $n (1, 100, 2000)
{
	my @plans = plans("SELECT count(e) FROM hotpath.embed('users', " . keys_sql($n, 3) . ", $spec) e");
	is(scalar @plans, 5, "$n parents: a statement for the root and for each of four levels");
}
is(scalar plans("SELECT count(*) FROM hotpath.embed_where('users', $spec)"), 1 + (1 + 4 + 1 + 1) + (1 + 1),
	'20,000 rows in two batches, the first of them with 40,000 orders: one statement for each 10,000 keys of a level');
is(scalar plans("SELECT count(*) FROM hotpath.load_children(NULL::orders, " . keys_sql(5000, 1) . ')'), 1,
	'load_children: one');
$session->query('SET pg_hotpath.batch_size = 1000');
is(scalar plans("SELECT count(e) FROM hotpath.embed('users', " . keys_sql(5000, 1) . q{, '{"with": {"notes": {}}}') e}), 10,
	'batches are cut');
$session->query('RESET pg_hotpath.batch_size');

# ---- distinct keys once ----

{
	my @plans = plans(q{SELECT count(e) FROM hotpath.embed('orders', ARRAY(SELECT i % 50 + 1 FROM generate_series(1, 2000) i),
		'{"with": {"user": {"with": {"notes": {}}}}}') e});
	my @rows = map { /Function Scan on .* k .*actual rows=(\d+)/ ? $1 : '?' } @plans;
	is("@rows", '50 50 50', 'keys that repeat are asked for once');
	@plans = plans(q{SELECT count(e) FROM hotpath.embed('items', ARRAY(SELECT generate_series(1, 2000)), '{"with": {"product": {}}}') e});
	@rows = map { /Function Scan on .* k .*actual rows=(\d+)/ ? $1 : '?' } @plans;
	is("@rows", '2000 500', 'and so are those of many children with one parent');
}

# ---- plans ----

# How often the busiest sequential scan of a plan ran.
sub seq_scans
{
	my @loops = sort { $b <=> $a } map { /Seq Scan on .*loops=(\d+)/g } @_;
	return $loops[0] || 0;
}

my $limited = q{'{"with": {"orders": {"limit": 2, "order_by": "placed_at desc"}}}'};
for my $try (1 .. 8)
{
	my @plans = plans("SELECT count(e) FROM hotpath.embed('users', " . keys_sql(1000, 7) . ", $limited) e");
	like($plans[1], qr/Limit .*loops=1000.*Index Scan using orders_user_id_placed_at_idx/s,
		'a limit for each parent: an index scan for each') if $try == 1 || $try == 8;
	is(seq_scans(@plans), 0, 'no sequential scan') if $try == 8;
}
{
	my @plans = plans("SELECT count(e) FROM hotpath.embed('users', " . keys_sql(1000, 7) . q{, '{"with": {"notes": {"limit": 1}}}') e});
	like($plans[1], qr/WindowAgg/, 'a limit without an index: rows are numbered');
	is(seq_scans($plans[1]), 1, 'in one pass over the table');
	@plans = plans("SELECT count(e) FROM hotpath.embed('users', " . keys_sql(1000, 7) . q{, '{"with": {"notes": {}}}') e});
	is(seq_scans(@plans), 1, 'no limit, no index: one pass over the table');
	@plans = plans("SELECT count(e) FROM hotpath.embed('users', " . keys_sql(1000, 7) . q{, '{"with": {"notes": {"aggregate": {"n": "count"}}}}') e});
	is(seq_scans(@plans), 1, 'aggregates without an index: the same');
}

# few values of a foreign key, which the planner takes for very many rows each, and keys without rows
$session->query(q{
	SET auto_explain.log_min_duration = -1;
	CREATE TABLE visits (id int PRIMARY KEY, user_id bigint REFERENCES users, at int);
	INSERT INTO visits SELECT i, i % 3 + 1, i FROM generate_series(1, 30000) i;
	CREATE INDEX ON visits (user_id);
	ANALYZE visits;
	CREATE TABLE fresh (id int PRIMARY KEY, user_id bigint REFERENCES users, at int);
	CREATE INDEX ON fresh (user_id);
	INSERT INTO fresh SELECT i, i, i FROM generate_series(1, 20000) i;
	CREATE TABLE small (id int PRIMARY KEY, user_id bigint REFERENCES users, at int);
	CREATE INDEX ON small (user_id);
	INSERT INTO small SELECT i, i, i FROM generate_series(1, 50) i;
	SET auto_explain.log_min_duration = 0});
for my $table (qw(visits fresh small))
{
	for my $how ('"limit": 1, "order_by": "at"', '"order_by": "at"', '')
	{
		my @plans = plans("SELECT count(e) FROM hotpath.embed('users', " . keys_sql(1000, 7) . qq{, '{"columns": ["id"], "with": {"$table": {$how}}}') e});
		cmp_ok(seq_scans(@plans), '<=', 1, "$table {$how}: the table is not read for each parent");
	}
}
# nor is an index on the order alone read to the end for each parent that has no rows
{
	my @plans = plans("SELECT count(e) FROM hotpath.embed('users', " . keys_sql(1000, 7) . q{, '{"columns": ["id"], "with": {"visits": {"limit": 1, "order_by": "id"}}}') e});
	unlike($plans[1], qr/Removed by Filter/, 'rows of other parents are not read for each');
}
is($session->query('SHOW enable_seqscan'), 'on', 'the setting that such plans are made with is gone');

# ---- the cache ----

$session->query("SELECT hotpath.cache_table('products')");
is(scalar plans(q{SELECT count(e) FROM hotpath.embed('items', ARRAY(SELECT generate_series(1, 2000)), '{"with": {"product": {}}}') e}), 2,
	'a cached level that is cold: one statement');
is(scalar plans(q{SELECT count(e) FROM hotpath.embed('items', ARRAY(SELECT generate_series(1, 2000)), '{"with": {"product": {}}}') e}), 1,
	'warm: none');

# ---- memory ----

$session->query('SET auto_explain.log_min_duration = -1; SET pg_hotpath.batch_size = 500');
my $memory = sub { return $session->query('SELECT sum(total_bytes) FROM pg_backend_memory_contexts') };
my $resident = sub {
	return $session->query(q{SELECT substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s+(\d+)')});
};
$session->query('BEGIN; DECLARE c CURSOR FOR SELECT hotpath.embed(\'users\', '
	  . "ARRAY(SELECT i % 20000 + 1 FROM generate_series(1, 100000) i), $spec)");
$session->query('MOVE 2000 FROM c');
my ($early, $early_rss) = ($memory->(), $resident->());
$session->query('MOVE 90000 FROM c');
my ($late, $late_rss) = ($memory->(), $resident->());
$session->query('COMMIT');
cmp_ok($late - $early, '<', 1024 * 1024, 'memory does not grow with the batches');
cmp_ok($late_rss - $early_rss, '<', 8192, 'nor does the process');
$session->query("SELECT count(*) FROM hotpath.embed_where('users', $spec)") for 1 .. 3;
my $before = $memory->();
$session->query("SELECT count(*) FROM hotpath.embed_where('users', $spec)") for 1 .. 5;
cmp_ok($memory->() - $before, '<', 256 * 1024, 'nor with the calls');

# ---- cancelled, failed ----

my $cancelled = 0;
for my $ms (1 .. 12)
{
	$session->query('SET statement_timeout = ' . $ms * 5);
	$session->query("SELECT count(*) FROM hotpath.embed_where('users', '{\"with\": {\"orders\": {\"limit\": 1, \"with\": {\"items\": {\"limit\": 1}}}}}')");
	$cancelled++ if $session->last_error =~ /statement timeout/;
}
$session->query('RESET statement_timeout');
cmp_ok($cancelled, '>', 0, "$cancelled calls were cancelled");
$session->query(q{CREATE FUNCTION fail(int) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN 1 / ($1 - 77) IS NOT NULL; END';
	CREATE ROLE reader; GRANT SELECT ON users, orders TO reader; ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
	CREATE POLICY p ON orders USING (fail(id)); SET ROLE reader});
$session->query(q{SELECT count(*) FROM hotpath.embed_where('users', '{"with": {"orders": {"limit": 2}}}')});
like($session->last_error, qr/division by zero/, 'an error inside a level is raised');
is($session->query('SHOW enable_seqscan'), 'on', 'and leaves no setting behind');
$session->query('RESET ROLE');
is($session->query(q{SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'orders'::regclass}), '0',
	'no lock stays');
is($session->query(q{SELECT hotpath.embed('users', ARRAY[1], '{"columns": ["id"], "with": {"orders": {"aggregate": {"n": "count"}}}}')}),
	'{"id":1,"orders":{"n":4}}', 'and the session is well');

# ---- the same answers under another planner's choice and with plans thrown away all the time ----

my $answer = sub {
	return $session->query("SELECT md5(string_agg(e::text, '' ORDER BY e::text)) FROM hotpath.embed('users', "
		  . keys_sql(300, 11) . q{, '{"with": {"orders": {"limit": 2, "order_by": "placed_at desc, id", "with": {"items": {"order_by": "id", "with": {"product": {}}}}}, "notes": {"order_by": "id", "limit": 1}}}') e});
};
my $plain = $answer->();
for my $setting ('enable_nestloop = off', 'enable_hashjoin = off', 'enable_indexscan = off', 'pg_hotpath.batch_size = 7',
	'plan_cache_mode = force_custom_plan', 'max_parallel_workers_per_gather = 2')
{
	$session->query("DISCARD PLANS; SET $setting");
	is($answer->(), $plain, "the same with $setting");
	$session->query('RESET ALL; SET auto_explain.log_min_duration = -1');
}

done_testing();
