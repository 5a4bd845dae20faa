# A backend that calls a function for ever does not grow: neither its memory contexts, nor its
# process, nor what it has open; and the server's shared memory is given back.
#
# HP_GROWTH_CALLS	how many calls of each function, instead of what takes about a second
# HP_CALLS			a pattern: only calls of matching names, and what is no call of one function
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Calls;
use Hotpath;
use List::Util qw(min);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my %limit = (top => 16 * 1024, ours => 16 * 1024, used => 48 * 1024, rss => 1024, files => 40);
my $node = start_node('memory_growth', conf => "pg_hotpath.cache_size = '1MB'\n"
	  . "autovacuum = on\nautovacuum_naptime = 1s\nlog_min_messages = fatal");
my $folder = PostgreSQL::Test::Utils::tempdir();
my $linux = -r '/proc/self/status';

$node->safe_psql('postgres', fixture());

# What is not the plain call of a function: misses, errors, statements left early.
my %ways = (
	'get, misses and evictions' => { sql => 'PERFORM hotpath.get(NULL::t, 1 + (i * 7919::bigint) % 3000)' },
	'get, no row' => { sql => 'PERFORM hotpath.get(NULL::t, -i)' },
	'get after an error' => {
		sql => 'BEGIN PERFORM hotpath.get(NULL::t, i % 100), 1 / (i - i); EXCEPTION WHEN division_by_zero THEN NULL; END',
		slow => 5
	},
	'evict what is not there' => { sql => "PERFORM hotpath.evict('t', -i)" },
	'uncache_table, nothing read' => {
		sql => "PERFORM hotpath.uncache_table('loose'); PERFORM hotpath.cache_table('loose')",
		slow => 20
	},
	'verify_cache of one row' => {
		sql => "PERFORM hotpath.get(NULL::loose, 1 + i % 20), hotpath.verify_cache('loose', 1)",
		slow => 10
	},
	'put, rolled back' => {
		sql => "BEGIN PERFORM hotpath.put(ROW(1 + i % 3000, 'put', 'x')::t), 1 / (i - i); "
		  . 'EXCEPTION WHEN division_by_zero THEN NULL; END',
		slow => 20
	},
	'page, refused' => {
		sql => "BEGIN PERFORM hotpath.page_json('named', 'n', after => 'AQAB' || i); EXCEPTION WHEN OTHERS THEN NULL; END",
		slow => 20
	},
	'page that fails in the middle' => {
		sql => "BEGIN PERFORM hotpath.page_query('SELECT n, 1 / (3 - n) AS x FROM named ORDER BY n', 'n', 5, "
		  . "unique_key => '{n}'); EXCEPTION WHEN division_by_zero THEN NULL; END",
		slow => 50
	},
	'embed, refused' => {
		sql => q~BEGIN PERFORM hotpath.embed('t', ARRAY[1], '{"with": {"child": {"with": {"nope": {}}}}}'); ~
		  . 'EXCEPTION WHEN OTHERS THEN NULL; END',
		slow => 50
	},
	'embed, left early' => {
		sql => "PERFORM hotpath.embed('t', ARRAY(SELECT generate_series(1, 100))) LIMIT 1",
		slow => 50
	},
	'export_json, left early' => {
		sql => "PERFORM hotpath.export_json('SELECT * FROM t', chunk_size => 100) LIMIT 1",
		slow => 20
	},
	'export_json_compressed, left early' => {
		sql => "PERFORM hotpath.export_json_compressed('SELECT * FROM t', (ARRAY['gzip', 'zstd', 'lz4'])[1 + i % 3], 1, "
		  . 'chunk_size => 100) LIMIT 1',
		slow => 100
	},
	'export_json, which fails' => {
		sql => "BEGIN PERFORM hotpath.export_json('SELECT 1 / (3 - id) FROM t'); EXCEPTION WHEN division_by_zero THEN NULL; END",
		slow => 50
	},
	'export_json_file, which fails' => {
		sql => q~BEGIN PERFORM hotpath.export_json_file(folder || '/fails', 'SELECT 1 / (3 - id) FROM t', ~
		  . q~compression => (ARRAY['gzip', 'zstd', 'lz4'])[1 + i % 3]); EXCEPTION WHEN division_by_zero THEN NULL; END~,
		slow => 100
	});

# What a session has now: bytes of TopMemoryContext itself, bytes in use of the contexts that we name
# and of all, kB of the process that are not shared, and open files.
sub measure
{
	my ($session) = @_;
	my %has;

	@has{qw(top ours used rss files)} = split /\|/, $session->query(
		q{SELECT sum(total_bytes) FILTER (WHERE name = 'TopMemoryContext'), }
		  . q{coalesce(sum(used_bytes) FILTER (WHERE name LIKE 'pg_hotpath%'), 0), sum(used_bytes), }
		  . ($linux
			? q{(SELECT substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s+(\d+)')), }
			  . q{(SELECT count(*) FROM pg_ls_dir('/proc/self/fd'))}
			: '0, 0')
		  . ' FROM pg_backend_memory_contexts');
	die $session->last_error unless defined $has{files};
	return \%has;
}

# Call a statement so many times in one backend; how much it grows meanwhile.
sub growth_of
{
	my ($name, $call, $number) = @_;
	my $times = $ENV{HP_GROWTH_CALLS} || int(20_000 / ($call->{slow} || 1)) + 50;
	my $few = int($times / 10) + 20;
	my $used = 'SELECT sum(used_bytes) FROM pg_backend_memory_contexts';

	# grown is what one transaction has added after its first half, if it has written nothing:
	# one that writes keeps what it must do at its end
	$node->safe_psql('postgres', qq{
		CREATE PROCEDURE p$number(first int, last int, per int, INOUT grown bigint) LANGUAGE plpgsql AS \$\$
		DECLARE
			size int := 3;
			folder text := '$folder';
		BEGIN
			FOR i IN first..last LOOP
				$call->{sql};
				IF i % per = 0 THEN
					COMMIT;
				END IF;
				IF i = (first + last) / 2 THEN
					grown := ($used);
				END IF;
			END LOOP;
			grown := CASE WHEN pg_current_xact_id_if_assigned() IS NULL THEN ($used) - grown END;
		END \$\$});
	my $session = Hotpath::Session->new($node, timeout => 100_000);
	my $start = time;
	my $errors = '';
	# in several calls: only between them the session tells what it has left for autovacuum to do
	my $run = sub {
		my ($last, $per) = @_;
		my $out;
		for (my $first = 1; $first <= $last; $first += 10_000)
		{
			$out = $session->query(sprintf "CALL p$number(%d, %d, %d, 0)", $first, min($last, $first + 9_999), $per);
			$errors .= $session->last_error;
		}
		return $out;
	};
	$run->($few, 10) for 1 .. 2;
	my $before = measure($session);
	$run->($times, 10);
	my $after = measure($session);
	my $in_one = $run->(20, 21);
	$in_one = $run->($few, $few + 1) if $in_one ne '';
	my %grown = map { $_ => $after->{$_} - $before->{$_} } keys %limit;

	is($errors, '', "$name: works");
	note(sprintf '%s | %d | %d | %d | %d | %d | %d | %d | %.0f s', $name, $times,
		@grown{qw(top ours used rss files)}, $in_one || 0, time - $start);
	cmp_ok($grown{$_}, '<', $limit{$_}, "$name, $times calls: $_") for sort keys %limit;
	cmp_ok($in_one, '<', $limit{used}, "$name: in one transaction") if $in_one ne '';
	$session->quit;
	return;
}

note('name | calls | TopMemoryContext | our contexts | all contexts | kB of the process | files '
	  . '| in one transaction | time');
my %all = (%calls, %ways);
my $number = 0;
growth_of($_, $all{$_}, ++$number) for chosen(keys %all);

# Run a statement with i from FIRST to LAST in a session.
sub repeat
{
	my ($session, $sql, $first, $last) = @_;
	$session->query("DO \$\$ BEGIN FOR i IN $first..$last LOOP $sql; IF i % 10 = 0 THEN COMMIT; END IF; END LOOP; END \$\$");
	return $session->last_error;
}

# How much the figures of measure(), or contexts of a name, grow from the first repetitions, which fill
# what is kept, to the second.
sub compare_halves
{
	my ($what, $sql, $first, $second, %allowed) = @_;
	my $session = Hotpath::Session->new($node, timeout => 100_000);
	my $look = sub {
		my $has = measure($session);
		$has->{$_} = $session->query("SELECT coalesce(sum(used_bytes), 0) FROM pg_backend_memory_contexts WHERE name = '$_'")
		  for grep { /^pg_hotpath/ } keys %allowed;
		return $has;
	};

	is(repeat($session, $sql, @$first), '', "$what: works");
	my $before = $look->();
	is(repeat($session, $sql, @$second), '', "$what: goes on working");
	my $after = $look->();
	for my $figure (sort keys %allowed)
	{
		my $grown = $after->{$figure} - $before->{$figure};
		cmp_ok($grown, '<', $allowed{$figure}, "$what: $figure grew by $grown");
	}
	$session->quit;
	return;
}

# More statements than are kept, in number and in length
compare_halves('queries of another text each time',
	q~PERFORM hotpath.page_query('SELECT n, ' || i || ' AS k FROM named', 'n', 2, unique_key => '{n}')~,
	[ 10_000, 11_500 ], [ 11_501, 14_500 ], %limit);
compare_halves('filters of another shape each time',
	q~PERFORM hotpath.page_json('named', 'code', 2, filter => ~
	  . q~('{"n": {"$in": [1]}, "$or": [' || repeat('{"n": 1},', i % 500) || '{"n": 2}]}')::jsonb)~,
	[ 1, 500 ], [ 1, 500 ], %limit, rss => 8 * 1024);

compare_halves('specifications of another shape each time',
	q~PERFORM hotpath.embed('t', ARRAY[1], format('{"columns": [%s], "with": {"child": {"aggregate": {"a%s": "count"}}}}', ~
	  . q~(ARRAY['"id"', '"v", "id"', '"id", "filler", "v"', '"filler"'])[1 + i % 4], i)::jsonb)~,
	[ 1, 1500 ], [ 1501, 4500 ], %limit, rss => 8 * 1024, 'pg_hotpath encoders' => 4 * 1024);

# Types, tables and partitions that come and go.  The server itself keeps something for each of them.
compare_halves('types that come and go',
	q~CREATE TYPE passing AS ENUM ('a'); ~
	  . q~EXECUTE 'SELECT hotpath.row_to_json(x) FROM (SELECT ''a''::passing AS v OFFSET 0) x'; DROP TYPE passing~,
	[ 1, 1100 ], [ 1, 1500 ], 'pg_hotpath watched types' => 32 * 1024, 'pg_hotpath encoders' => 16 * 1024);
compare_halves('tables that come and go',
	'CREATE TABLE passing (id int PRIMARY KEY, t_id int REFERENCES t); '
	  . "PERFORM hotpath.cache_table('passing', write_through => true); INSERT INTO passing VALUES (1, NULL), (2, NULL); "
	  . q~EXECUTE 'SELECT hotpath.get(NULL::passing, 1), hotpath.get(NULL::passing, -1)'; ~
	  . q~PERFORM hotpath.page_json('passing', 't_id'), hotpath.embed('passing', ARRAY[1], '{"with": {"t": {}}}'); ~
	  . 'DROP TABLE passing',
	[ 1, 280 ], [ 1, 256 ], ours => 256 * 1024, files => 40);
compare_halves('partitions that come and go',
	'CREATE TABLE passing PARTITION OF small (FOREIGN KEY (v) REFERENCES t) FOR VALUES FROM (1000) TO (2000); '
	  . "INSERT INTO small VALUES (1000, NULL); PERFORM hotpath.get(NULL::small, 1000), hotpath.relationships('t'); "
	  . 'DROP TABLE passing',
	[ 1, 280 ], [ 1, 300 ], 'pg_hotpath partitions' => 4 * 1024, 'pg_hotpath related relations' => 4 * 1024);
is($node->safe_psql('postgres', q{SELECT count(*) FROM hotpath.cached_key k
		WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = k.relation)}), '0',
	'nothing is left of them in the configuration');
is($node->safe_psql('postgres', 'SELECT count(*) FROM hotpath.cache_slots() '
		  . 'WHERE relation NOT IN (SELECT relation FROM hotpath.cached_key)'), '0',
	'nor among the counters');

# Sessions that come and go, killed or not: what they have shared is given back
my $script = "$folder/script.sql";
append_to_file($script, 'SELECT hotpath.get(NULL::t, 7), hotpath.page_json(\'named\', \'n\', 3), '
	  . "hotpath.embed('t', ARRAY[1, 2], '{\"with\": {\"child\": {}}}'), hotpath.export_json('SELECT 1');\n"
	  . "UPDATE t SET v = 'short' WHERE id = 1 + :client_id;\n");
my $shared = q{SELECT (SELECT count(*) FROM pg_shmem_allocations), (SELECT size_bytes FROM hotpath.cache_memory),
	(SELECT count(*) FROM hotpath.cache_slots())};
my $postmaster = slurp_file($node->data_dir . '/postmaster.pid');
$postmaster =~ s/\n.*//s;
my $resident = sub { return $linux && slurp_file("/proc/$postmaster/status") =~ /RssAnon:\s+(\d+)/ ? $1 : 0 };
my @pgbench = ('pgbench', '-n', '-C', '-c', '4', '-f', $script);
$node->command_ok([ @pgbench, '-t', '20' ], 'short sessions');
my ($allocated, $rss) = ($node->safe_psql('postgres', $shared), $resident->());
$node->command_ok([ @pgbench, '-t', $ENV{HP_GROWTH_CALLS} ? 5000 : 100 ], 'many more of them');
is($node->safe_psql('postgres', $shared), $allocated, 'they leave the shared memory as it was');
cmp_ok($resident->() - $rss, '<', 1024, 'and the process that starts them');

is($node->safe_psql('postgres', 'SELECT hotpath.evict_all() > 0'), 't', 'the cache is emptied');
is($node->safe_psql('postgres', 'SELECT used_bytes, entries FROM hotpath.cache_memory'), '0|0',
	'and has no memory in use');
is($node->safe_psql('postgres', 'SELECT coalesce(sum(entries), 0), coalesce(sum(bytes), 0) FROM hotpath.cache_slots()'),
	'0|0', 'as its counters say');
$node->stop;
done_testing();
