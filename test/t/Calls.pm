# A call of every function of the extension, for tests of what holds whatever is called, and how to
# see that it holds.  065_calls.pl compares the list with the catalog, so a new function has to be
# added here.
#
# HP_CALLS	a pattern: only calls of matching names
package Calls;

use strict;
use warnings;
use Exporter 'import';
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

our @EXPORT = qw(%calls chosen fixture start_loop loop_of held_query all_is_well left_over);

# The tables that the calls need, several times as large as a cache of 1 MB.
sub fixture
{
	return <<'SQL';
CREATE EXTENSION pg_hotpath;
CREATE TABLE t (id int PRIMARY KEY, v text, filler text) WITH (fillfactor = 70);
INSERT INTO t SELECT i, 'v', repeat('f', 300) FROM generate_series(1, 3000) i;
CREATE TABLE pair (a int, b int, v text, PRIMARY KEY (a, b));
CREATE UNIQUE INDEX pair_turned ON pair (b, a);
INSERT INTO pair SELECT i, j, 'p' FROM generate_series(1, 30) i, generate_series(1, 10) j;
CREATE TABLE named (id int PRIMARY KEY, code text NOT NULL UNIQUE, n int);
INSERT INTO named SELECT i, 'n' || i, i FROM generate_series(1, 500) i;
CREATE TABLE child (id int PRIMARY KEY, t_id int REFERENCES t, n int);
INSERT INTO child SELECT i, 1 + i % 300, i FROM generate_series(1, 900) i;
CREATE INDEX ON child (t_id, id);
CREATE TABLE link (t_id int REFERENCES t, named_id int REFERENCES named, PRIMARY KEY (t_id, named_id));
INSERT INTO link SELECT 1 + i % 300, 1 + i % 500 FROM generate_series(1, 900) i ON CONFLICT DO NOTHING;
CREATE TABLE small (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);
CREATE TABLE small_leaf PARTITION OF small FOR VALUES FROM (0) TO (1000);
INSERT INTO small SELECT i, i FROM generate_series(1, 20) i;
CREATE TABLE loose (id int PRIMARY KEY, v int);
INSERT INTO loose SELECT i, i FROM generate_series(1, 20) i;
SELECT hotpath.cache_table('t', write_through => true), hotpath.cache_table('pair'),
	hotpath.cache_table('pair', 'pair_turned'), hotpath.cache_table('named'),
	hotpath.cache_table('named', 'named_code_key'), hotpath.cache_table('small'),
	hotpath.cache_table('loose');
SQL
}

# By what regprocedure shows of the function, without the schema:
#   sql   a statement of PL/pgSQL; i goes up, size is how much one call shall do, folder where files
#         may be written
#   slow  how many calls of get() take about as long, where it is not about one
#   via   the function that is seen to be called, where the planner or the server calls it unseen
our %calls = (
	# cache.sql
	'note_row()' => {
		sql => "UPDATE t SET v = 'update ' || i WHERE id BETWEEN 1 + i % 3000 AND 1 + i % 3000 + size / 20",
		slow => 10
	},
	'note_truncate()' => {
		sql => 'TRUNCATE small; INSERT INTO small SELECT k, i FROM generate_series(1, 20) k',
		slow => 200
	},
	'note_config()' => {
		sql => q~UPDATE hotpath.cached_key SET ttl = i * interval '1 s' WHERE relation = 'loose'::regclass~,
		slow => 50
	},
	'keep_config()' => {
		sql => q~DELETE FROM hotpath.cached_key WHERE relation = 'loose'::regclass;
			INSERT INTO hotpath.cached_key VALUES ('loose', true, '{id}', '{1}', NULL, false)~,
		slow => 50
	},
	'note_start()' => {
		sql => "EXECUTE format('ALTER TABLE small_leaf ALTER v SET STATISTICS %s', i % 100)",
		slow => 100
	},
	'note_ddl()' => {
		sql => 'CREATE TEMPORARY TABLE passing (id int); DROP TABLE passing; '
		  . "EXECUTE format('COMMENT ON TABLE loose IS %L', i)",
		slow => 100
	},
	'note_drop()' => {
		sql => 'CREATE INDEX loose_v ON loose (v); DROP INDEX loose_v',
		slow => 200
	},
	'note_rewrite()' => {
		sql => q~EXECUTE 'ALTER TABLE loose ALTER v TYPE ' || CASE i % 2 WHEN 0 THEN 'int' ELSE 'bigint' END; ~
		  . 'PERFORM hotpath.get(NULL::loose, 1 + i % 20)',
		slow => 400
	},
	'cache_table(regclass,regclass,interval,boolean)' => {
		sql => "PERFORM hotpath.cache_table('loose', ttl => i * interval '1 s', write_through => i % 3 = 0); "
		  . "UPDATE loose SET v = i WHERE id = 1 + i % 20",
		slow => 100
	},
	'uncache_table(regclass)' => {
		sql => "PERFORM hotpath.uncache_table('loose'); UPDATE loose SET v = i WHERE id = 1 + i % 20; "
		  . "PERFORM hotpath.cache_table('loose'), count(hotpath.get(NULL::loose, k)) FROM generate_series(1, 20) k",
		slow => 400
	},
	'cache_check(regclass)' => { sql => "PERFORM hotpath.cache_check('t')" },
	'get(anyelement,anycompatible)' => { sql => 'PERFORM hotpath.get(NULL::t, 1 + i % 3000)' },
	'get(anyelement,"any","any")' => { sql => 'PERFORM hotpath.get(NULL::pair, 1 + i % 30, 1 + i % 10)' },
	'get_by(anyelement,regclass,anycompatible)' => {
		sql => "PERFORM hotpath.get_by(NULL::named, 'named_code_key', 'n' || i % 600)"
	},
	'get_by(anyelement,regclass,"any","any")' => {
		sql => "PERFORM hotpath.get_by(NULL::pair, 'pair_turned', 1 + i % 10, 1 + i % 30)"
	},
	'get_many(anyelement,anycompatiblearray,boolean)' => {
		sql => 'PERFORM hotpath.get_many(NULL::t, ARRAY(SELECT (k * 7) % 3100 FROM generate_series(i, i + size) k), i % 2 = 0)',
		slow => 10
	},
	'get_json(regclass,anycompatible)' => { sql => "PERFORM hotpath.get_json('t', 1 + i % 3000)" },
	'get_json(regclass,"any","any")' => { sql => "PERFORM hotpath.get_json('pair', 1 + i % 30, 1 + i % 10)" },
	'peek(anyelement,anycompatible)' => { sql => 'PERFORM hotpath.peek(NULL::t, 1 + i % 3000)' },
	'peek(anyelement,"any","any")' => { sql => 'PERFORM hotpath.peek(NULL::pair, 1 + i % 30, 1 + i % 10)' },
	'put(anyelement)' => {
		sql => "PERFORM hotpath.put(ROW(1 + i % 3000, 'put ' || i, repeat('p', 200))::t)",
		slow => 10
	},
	'evict(regclass,anycompatible)' => {
		sql => "PERFORM hotpath.get(NULL::t, 1 + i % 50), hotpath.evict('t', 1 + i % 50)",
		slow => 2
	},
	'evict(regclass,"any","any")' => {
		sql => "PERFORM hotpath.get(NULL::pair, 1 + i % 30, 1 + i % 10), hotpath.evict('pair', 1 + i % 30, 1 + i % 10)",
		slow => 2
	},
	'evict_all(regclass)' => {
		sql => "PERFORM hotpath.get(NULL::small, 1 + i % 20), hotpath.evict_all(CASE i % 2 WHEN 0 THEN 'small'::regclass END)",
		slow => 20
	},
	'warm(regclass,bigint)' => {
		sql => "PERFORM hotpath.evict_all('t'), hotpath.warm('t', size * 5)",
		slow => 50
	},
	'verify_cache(regclass,bigint)' => {
		sql => "PERFORM hotpath.get(NULL::t, 1 + i % 3000), hotpath.verify_cache('t', size * 5)",
		slow => 50
	},
	'cache_slots()' => { sql => 'PERFORM count(*) FROM hotpath.cache_slots()', slow => 10 },
	'key_seed(regclass,name[])' => { sql => "PERFORM hotpath.key_seed('t', '{id}')" },
	'key_index(regclass,boolean,name[])' => {
		sql => "PERFORM hotpath.key_index('pair', false, '{b,a}')",
		slow => 20
	},
	'cache_memory_status()' => { sql => 'PERFORM count(*) FROM hotpath.cache_memory_status()', slow => 2 },
	'reset_cache_stats()' => { sql => 'PERFORM hotpath.reset_cache_stats(), hotpath.get(NULL::t, 1 + i % 10)' },
	# json.sql
	'row_to_json(record,boolean)' => {
		sql => 'PERFORM hotpath.row_to_json(hotpath.get(NULL::t, 1 + i % 3000), i % 2 = 0)'
	},
	'row_columns_to_json(text[],boolean,"any")' => {
		sql => 'PERFORM hotpath.row_to_json(t, i % 2 = 0) FROM t WHERE id BETWEEN 1 + i % 3000 AND 1 + i % 3000 + size'
	},
	'row_to_json_support(internal)' => {
		sql => "EXECUTE format('SELECT hotpath.row_to_json(x) FROM (SELECT %s AS a, id FROM t WHERE id = %s) x', i, 1 + i % 3000)",
		slow => 20,
		via => 'row_columns_to_json(text[],boolean,"any")'
	},
	# export.sql
	'export_json(text,jsonb,text,integer)' => {
		sql => q~PERFORM hotpath.export_json('SELECT * FROM t WHERE id <= $1', jsonb_build_array(size), chunk_size => 200)~,
		slow => 20
	},
	'export_json_compressed(text,text,integer,jsonb,text,integer)' => {
		sql => q~PERFORM hotpath.export_json_compressed('SELECT * FROM t WHERE id <= $1', ~
		  . q~(ARRAY['gzip', 'zstd', 'lz4'])[1 + i % 3], 1, jsonb_build_array(size), chunk_size => 200)~,
		slow => 100
	},
	'export_json_file(text,text,jsonb,text,text,integer)' => {
		sql => q~PERFORM hotpath.export_json_file(folder || '/file', 'SELECT id FROM generate_series(1, $1) id', ~
		  . q~jsonb_build_array(size * 100), 'compact')~,
		slow => 400
	},
	# page.sql
	'page(anyelement,text,integer,text,integer,text,jsonb)' => {
		sql => q~PERFORM hotpath.page(NULL::t, 'id desc', size, filter => jsonb_build_object('id', jsonb_build_object('$lt', i % 3000)))~,
		slow => 20
	},
	'page_json(regclass,text,integer,text,integer,text,jsonb,text[],jsonb,text)' => {
		sql => q~PERFORM hotpath.page_json('child', 'n desc', size, hotpath.cursor_at('child', 'n desc', 1 + i % 900), ~
		  . q~embed => '{"t": {}}', count => 'bounded:100')~,
		slow => 100
	},
	'connection(regclass,text,integer,text,integer,text,jsonb,text[],jsonb,text)' => {
		sql => q~PERFORM hotpath.connection('named', 'n, code', last => size, ~
		  . q~filter => jsonb_build_object('n', jsonb_build_object('$gt', i % 400)), count => 'estimated')~,
		slow => 20
	},
	'page_query(text,text,integer,text,integer,text,jsonb,text[])' => {
		sql => q~PERFORM hotpath.page_query('SELECT n, code FROM named WHERE n > $1', 'n', size, ~
		  . q~params => jsonb_build_array(i % 400), unique_key => '{n}')~,
		slow => 50
	},
	'pages(anyelement,text,anycompatiblearray,text,integer,text[],jsonb)' => {
		sql => q~PERFORM hotpath.pages(NULL::child, 't_id', ARRAY(SELECT k % 300 FROM generate_series(i, i + size) k), 'id', 2)~,
		slow => 50
	},
	'cursor_at(regclass,text,anycompatible)' => {
		sql => "PERFORM hotpath.cursor_at('named', 'n, code desc', 1 + i % 500)",
		slow => 10
	},
	'cursor_at(regclass,text,"any","any")' => {
		sql => "PERFORM hotpath.cursor_at('pair', 'v, a', 1 + i % 30, 1 + i % 10)",
		slow => 10
	},
	'page_explain(regclass,text,jsonb)' => {
		sql => q~PERFORM hotpath.page_explain('named', 'n, code', jsonb_build_object('n', i))~,
		slow => 20
	},
	# eager.sql
	'load_children(anyelement,anycompatiblearray,text,jsonb,text,integer)' => {
		sql => 'PERFORM hotpath.load_children(NULL::child, ARRAY(SELECT k % 300 FROM generate_series(i, i + size) k), '
		  . "order_by => 'id', per_parent => 2)",
		slow => 20
	},
	'load_through(anyelement,regclass,anycompatiblearray,text,jsonb,text,integer)' => {
		sql => "PERFORM hotpath.load_through(NULL::named, 'link', ARRAY(SELECT k % 300 FROM generate_series(i, i + size) k), "
		  . "order_by => 'n')",
		slow => 50
	},
	'embed(regclass,anycompatiblearray,jsonb)' => {
		sql => q~PERFORM hotpath.embed('t', ARRAY(SELECT k % 300 FROM generate_series(i, i + size) k), ~
		  . q~'{"columns": ["id"], "with": {"child": {"limit": 2, "order_by": "id", "with": {"t": {}}}}}')~,
		slow => 100
	},
	'embed_where(regclass,jsonb)' => {
		sql => q~PERFORM hotpath.embed_where('child', jsonb_build_object('limit', size, 'filter', jsonb_build_object('id', ~
		  . q~jsonb_build_object('$gt', i % 900)), 'with', '{"t": {"columns": ["v"], "join": "inner"}}'::jsonb))~,
		slow => 100
	},
	'relationships(regclass)' => { sql => "PERFORM hotpath.relationships('t')", slow => 50 });

# Names of calls that are wanted, in order.
sub chosen
{
	my $pattern = $ENV{HP_CALLS} // '.';
	return sort grep { /$pattern/ } @_;
}

# A block that runs a statement so many times, or for ever, and commits now and then.
sub loop_of
{
	my ($sql, $folder, $times) = @_;
	my $first = int(rand(100_000));
	return sprintf q~DO $$ DECLARE size int := 300; folder text := '%s'; BEGIN FOR i IN %d..%d LOOP ~
	  . '%s; IF i %% 7 = 0 THEN COMMIT; END IF; END LOOP; END $$', $folder, $first, $first + ($times || 100_000_000) - 1, $sql;
}

# Run such a block in a session, and come back when it has run for a moment; its process id.
sub start_loop
{
	my ($session, $control, $sql, $folder) = @_;
	my $pid = $session->query('SELECT pg_backend_pid()');

	$session->send(loop_of($sql, $folder));
	wait_until(sub { $control->query("SELECT count(*) FROM pg_stat_activity WHERE pid = $pid "
				  . q{AND state = 'active' AND query LIKE 'DO %'}) eq '1' }, 'the loop runs');
	sleep(rand(0.02));
	return $pid;
}

# The number of keys by which the cache differs from the tables, each pair in one statement.
my $differences = join ' + ',
  (map { '(' . comparison($_->[0], 0, $_->[1]) . ')' } [ 't', 3010 ], [ 'named', 510 ], [ 'small', 30 ], [ 'loose', 30 ]),
  map { "(SELECT count(*) FROM (SELECT $_->[0] AS c, (SELECT $_->[1]) AS t FROM $_->[2] OFFSET 0) x WHERE c IS DISTINCT FROM t)" }
  [ 'hotpath.get(NULL::pair, i, j)', 'p FROM pair p WHERE p.a = i AND p.b = j',
	'generate_series(0, 31) i, generate_series(0, 11) j' ],
  [ "hotpath.get_by(NULL::pair, 'pair_turned', j, i)", 'p FROM pair p WHERE p.a = i AND p.b = j',
	'generate_series(0, 31) i, generate_series(0, 11) j' ],
  [ "hotpath.get_by(NULL::named, 'named_code_key', 'n' || i)", "named FROM named WHERE code = 'n' || i",
	'generate_series(0, 510) i' ],
  [ "hotpath.get_json('t', i)::text", 'row_to_json(t)::text FROM t WHERE t.id = i', 'generate_series(0, 1000) i' ];

my $each = 'FROM unnest(ARRAY[\'t\', \'pair\', \'named\', \'small\', \'loose\']::regclass[]) r';
my $stale = "SELECT sum(stale) $each, LATERAL hotpath.verify_cache(r)";
my $warm = "SELECT count(hotpath.warm(r)) $each";

# What others than the session that asks still hold: how many locks, prepared transactions, snapshots
# and pins.
sub held_query
{
	my ($node) = @_;
	my $buffers = $node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_buffercache'});

	$node->safe_psql('postgres', 'CREATE EXTENSION pg_buffercache') if $buffers;
	return 'SELECT (SELECT count(*) FROM pg_locks WHERE pid IS DISTINCT FROM pg_backend_pid()), '
	  . '(SELECT count(*) FROM pg_prepared_xacts), '
	  . '(SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = \'client backend\' '
	  . 'AND (backend_xid IS NOT NULL OR backend_xmin IS NOT NULL)), '
	  . ($buffers
		? '(SELECT count(*) FROM pg_buffercache WHERE pinning_backends > 0 AND reldatabase <> 0)'
		: '0');
}

# After whatever has happened to a session: nobody holds anything, the cache is right, and emptied it
# gives all its memory back.  It is filled for the next.
sub all_is_well
{
	my ($control, $held, $what) = @_;
	my %found;

	wait_until(sub { ($found{held} = $control->query($held)) eq '0|0|0|0' }, 'nothing is held', 20);
	$found{differences} = $control->query("SELECT $differences");
	$found{errors} = $control->last_error;
	$found{stale} = $control->query($stale);
	$found{memory} = $control->query('SELECT hotpath.evict_all() >= 0; '
		  . 'SELECT used_bytes, entries FROM hotpath.cache_memory; '
		  . 'SELECT coalesce(sum(entries), 0), coalesce(sum(bytes), 0) FROM hotpath.cache_slots()');
	is_deeply(\%found, { held => '0|0|0|0', differences => 0, errors => '', stale => 0, memory => "t\n0|0\n0|0" },
		"$what: all is well");
	$control->query($warm);
	return;
}

# What the calls have left in a folder besides the one file, which is whole if it is there.
sub left_over
{
	my ($folder) = @_;
	my $whole = join '', qq(["id"]\n), map { "[$_]\n" } 1 .. 30_000;
	my @left = grep { !/^\.\.?$|^file$/ } do { opendir(my $dir, $folder) or die "$folder: $!"; readdir $dir };

	push @left, 'half a file' if -e "$folder/file" && slurp_file("$folder/file") ne $whole;
	return @left;
}

1;
