# A backend that reads through the cache for ever does not grow.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;

my $limit = 256 * 1024;
my $node = start_node('memory_growth', conf => "pg_hotpath.cache_size = '1MB'");

# 6000 rows are several times the cache: hits, misses and evictions take turns.
$node->safe_psql('postgres', 'CREATE EXTENSION pg_hotpath; '
	  . 'CREATE TABLE t (id int PRIMARY KEY, v text, filler text); '
	  . "INSERT INTO t SELECT i, 'v' || i, repeat('f', 300) FROM generate_series(1, 6000) i; "
	  . 'CREATE TABLE named (name text PRIMARY KEY, n int); '
	  . "INSERT INTO named SELECT 'n' || i, i FROM generate_series(1, 500) i; "
	  . 'CREATE TABLE child (id int PRIMARY KEY, t_id int REFERENCES t, n int); '
	  . 'INSERT INTO child SELECT i, 1 + i % 300, i FROM generate_series(1, 900) i; '
	  . 'CREATE INDEX ON child (t_id, id); '
	  . "SELECT hotpath.cache_table('t', write_through => true); SELECT hotpath.cache_table('named')");

# A procedure for each, with the memory in use before and after, in the transaction that it runs in.
my $used = 'SELECT sum(used_bytes) FROM pg_backend_memory_contexts';
my %calls = (
	'get, hits' => [ 60000, 'r := hotpath.get(NULL::t, 1 + i % 100)' ],
	'get, misses and evictions' => [ 30000, 'r := hotpath.get(NULL::t, 1 + (i * 7919) % 6000)' ],
	'get, no row' => [ 20000, 'r := hotpath.get(NULL::t, -i)' ],
	'get, text key' => [ 20000, "o := hotpath.get(NULL::named, 'n' || i % 600)" ],
	'get_json' => [ 30000, "j := hotpath.get_json('t', 1 + (i * 31) % 3000)" ],
	'get_many' => [
		2000, 'PERFORM count(*) FROM hotpath.get_many(NULL::t, '
		  . 'ARRAY[i % 6000, i * 3 % 6000, i * 5 % 6000, -i, i % 50])'
	],
	'peek' => [ 30000, 'r := hotpath.peek(NULL::t, 1 + i % 6000)' ],
	'evict' => [ 10000, "r := hotpath.get(NULL::t, 1 + i % 50); PERFORM hotpath.evict('t', 1 + i % 50)" ],
	'put' => [ 2000, "PERFORM hotpath.put(ROW(1 + i % 100, 'put', 'x')::t)" ],
	'get after an error' => [
		3000, 'BEGIN r := hotpath.get(NULL::t, i % 100); PERFORM 1 / (i - i); '
		  . 'EXCEPTION WHEN division_by_zero THEN NULL; END'
	],
	'page' => [ 6000, "PERFORM count(*) FROM hotpath.page(NULL::named, 'name desc', 3)" ],
	'page behind a cursor' => [
		6000, "PERFORM hotpath.page_json('named', 'n, name', 3, hotpath.cursor_at('named', 'n, name', 'n' || 1 + i % 500))"
	],
	'page behind a filter' => [
		3000, "PERFORM hotpath.connection('named', 'name', last => 3, "
		  . q~filter => jsonb_build_object('n', jsonb_build_object('$gt', i % 400)))~
	],
	'page of another shape each time' => [
		2000, "PERFORM hotpath.page_json('named', 'name', 2, "
		  . q~filter => ('{"n": {"$in": [1]}, "$or": [' || repeat('{"n": 1},', i % 500) || '{"n": 2}]}')::jsonb)~
	],
	'page, refused' => [
		3000, "BEGIN PERFORM hotpath.page_json('named', 'n', after => 'AQAB' || i); "
		  . 'EXCEPTION WHEN OTHERS THEN NULL; END'
	],
	'page that fails in the middle' => [
		2000, "BEGIN PERFORM hotpath.page_query('SELECT n, 1 / (3 - n) AS x FROM named ORDER BY n', 'n', 5, "
		  . "unique_key => '{n}'); EXCEPTION WHEN division_by_zero THEN NULL; END"
	],
	'pages' => [ 2000, "PERFORM count(*) FROM hotpath.pages(NULL::named, 'n', ARRAY[1, 2, i % 500], 'name', 2)" ],
	'page_query' => [ 2000, "PERFORM hotpath.page_query('SELECT n FROM named', 'n', 5, unique_key => '{n}')" ],
	'embed' => [
		1500, "PERFORM hotpath.embed('t', ARRAY[1 + i % 300, 7, 7, -1], "
		  . q~'{"columns": ["id"], "with": {"child": {"limit": 2, "order_by": "id", "with": {"t": {}}}}}')~
	],
	'embed_where' => [
		1500, "PERFORM hotpath.embed_where('child', jsonb_build_object('filter', jsonb_build_object('id', i % 900), "
		  . q~'with', '{"t": {"columns": ["v"], "join": "inner"}}'::jsonb))~
	],
	'embed, refused' => [
		1500, q~BEGIN PERFORM hotpath.embed('t', ARRAY[1], '{"with": {"child": {"with": {"nope": {}}}}}'); ~
		  . 'EXCEPTION WHEN OTHERS THEN NULL; END'
	],
	'load_children' => [ 1500, "PERFORM count(*) FROM hotpath.load_children(NULL::child, ARRAY[i % 300, 5, 5], per_parent => 2)" ],
	'page that embeds' => [
		1000, q~PERFORM hotpath.page_json('child', 'n desc', 5, embed => '{"t": {"join": "inner"}}')~
	],
	'verify_cache' => [ 20, "PERFORM hotpath.verify_cache('t')" ],
	'warm' => [ 10, "PERFORM hotpath.evict_all('t'); PERFORM hotpath.warm('t')" ]);
my $number = 0;
my $total = 0;

for my $name (sort keys %calls)
{
	my ($times, $call) = @{ $calls{$name} };
	my $procedure = 'p' . ++$number;

	$node->safe_psql('postgres', "CREATE PROCEDURE $procedure(times int, per int, INOUT grown bigint) "
		  . 'LANGUAGE plpgsql AS $$ DECLARE r t; o named; j json; before bigint; BEGIN '
		  . 'FOR i IN 1..times LOOP '
		  # the first tenth may fill what is kept
		  . "IF i = times / 10 + 1 THEN before := ($used); END IF; "
		  . "$call; IF i % per = 0 THEN COMMIT; END IF; END LOOP; "
		  . "grown := ($used) - before; END \$\$");
	my $session = Hotpath::Session->new($node);
	$session->query("CALL $procedure(10, 1000, 0)");
	for my $per ($times + 1, 10)
	{
		# a transaction that writes keeps what it has staged, up to a limit, until it ends
		next if $per > $times && $name eq 'put';
		# PL/pgSQL does not commit inside a block with handlers, nor need it
		my $grown = $session->query("CALL $procedure($times, $per, 0)");
		cmp_ok($grown, '<', $limit, "$name, $times times"
			  . ($per > $times ? ' in one transaction' : ' in transactions of ten') . ": $grown bytes more");
		$total += $times;
	}
	my $idle = $session->query($used);
	$session->query("CALL $procedure($times, 10, 0)");
	my $more = $session->query($used) - $idle;
	cmp_ok($more, '<', $limit, "$name: $more bytes more in an idle session after as many again");
	$session->quit;
}
cmp_ok($total, '>=', 200_000, "enough calls: $total");

# DDL makes descriptors anew; the old ones go
my $session = Hotpath::Session->new($node);
my $ddl = 'DO $$ BEGIN FOR i IN 1..30 LOOP ALTER TABLE t ALTER COLUMN v SET STATISTICS 10; '
  . 'PERFORM hotpath.get(NULL::t, 1); PERFORM hotpath.get_json(\'t\', 1); '
  . 'UPDATE t SET v = v WHERE id = 1; END LOOP; END $$';
$session->query($ddl) for 1 .. 3;
my $before = $session->query($used);
$session->query($ddl) for 1 .. 5;
my $grown = $session->query($used) - $before;
cmp_ok($grown, '<', $limit, "150 times DDL: $grown bytes more");
$session->quit;
$node->stop;
done_testing();
