# Backends that are killed, servers that stop at once, and transactions that were prepared before.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;

for my $preload (0, 1)
{
	my $mode = $preload ? 'preloaded' : 'on demand';
	my $node = start_node($preload ? 'crash_preload' : 'crash', preload => $preload,
		conf => "pg_hotpath.cache_size = '2MB'");

	$node->safe_psql('postgres', 'CREATE EXTENSION pg_hotpath; '
		  . 'CREATE TABLE t (id int PRIMARY KEY, v text); '
		  . "INSERT INTO t SELECT i, 'old' FROM generate_series(1, 1000) i; "
		  . "SELECT hotpath.cache_table('t', write_through => true)");
	agrees($node, 't', 1, 1000, "$mode: before");

	# kill -9 of a writer with staged rows, and of a reader at work
	for my $victim ('writer', 'reader')
	{
		my $writer = Hotpath::Session->new($node, name => 'writer');
		my $reader = Hotpath::Session->new($node, name => 'reader');
		$writer->query("BEGIN; UPDATE t SET v = 'never' WHERE id < 100");
		$reader->send('SELECT count(hotpath.get(NULL::t, i % 1000)) '
			  . 'FROM generate_series(1, 100000000) i');
		my $pid = "SELECT pid FROM pg_stat_activity WHERE application_name = '$victim' "
		  . "AND state IN ('active', 'idle in transaction')";
		$node->poll_query_until('postgres', "SELECT EXISTS ($pid)");
		$pid = $node->safe_psql('postgres', $pid);
		kill 'KILL', $pid;
		ok(wait_until(sub {
					my $alive = try_query($node, "SELECT count(*) FROM pg_stat_activity WHERE pid = $pid");
					return defined $alive && $alive eq '0';
				}, 'the server has restarted'), "$mode: the server restarts after kill -9 of a $victim");
		agrees($node, 't', 1, 1000, "$mode: the cache is right after it");
		$_->abandon for $writer, $reader;
	}
	is($node->safe_psql('postgres', "SELECT count(*) FROM t WHERE v = 'never'"), '0',
		"$mode: what was not committed is gone");

	$node->stop('immediate');
	$node->start;
	agrees($node, 't', 1, 1000, "$mode: after an immediate shutdown");
	$node->restart;
	agrees($node, 't', 1, 1000, "$mode: after a clean restart");

	# A prepared transaction across the ways to restart.  The notes of it are gone then.
	for my $stop ('fast', 'immediate')
	{
		for my $end ('COMMIT', 'ROLLBACK')
		{
			my $case = "$mode, $stop stop, $end PREPARED";

			$node->safe_psql('postgres', "UPDATE t SET v = 'old'; BEGIN; "
				  . "UPDATE t SET v = 'new' WHERE id BETWEEN 1 AND 5; "
				  . 'DELETE FROM t WHERE id = 6; SAVEPOINT s; '
				  . "UPDATE t SET v = 'sub' WHERE id = 7; RELEASE s; "
				  . "INSERT INTO t VALUES (1001, 'new'); PREPARE TRANSACTION 'p'");
			agrees($node, 't', 1, 1010, "$case: before the restart");
			$node->stop($stop);
			$node->start;
			agrees($node, 't', 1, 1010, "$case: the old rows after it");
			my $repeatable = Hotpath::Session->new($node);
			$repeatable->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
			$node->safe_psql('postgres', "UPDATE t SET v = 'other' WHERE id = 10");
			is($node->safe_psql('postgres', 'SELECT (hotpath.get(NULL::t, 3)).v'), 'old',
				"$case: is not there yet");
			$node->safe_psql('postgres', "$end PREPARED 'p'");
			my $expected = $end eq 'COMMIT' ? 'new||sub|new' : 'old|old|old|';
			my $seen = 'SELECT (hotpath.get(NULL::t, 3)).v, (hotpath.get(NULL::t, 6)).v, '
			  . '(hotpath.get(NULL::t, 7)).v, (hotpath.get(NULL::t, 1001)).v';
			is($node->safe_psql('postgres', "$seen; $seen"), "$expected\n$expected",
				"$case: is there afterwards, or not");
			is($repeatable->query($seen), 'old|old|old|', "$case: an old snapshot stays old");
			is($repeatable->query(comparison('t', 1, 1010)), '0', "$case: and agrees");
			$repeatable->quit;
			agrees($node, 't', 1, 1010, "$case: all rows");
			$node->safe_psql('postgres', 'DELETE FROM t WHERE id > 1000; '
				  . "INSERT INTO t VALUES (6, 'old') ON CONFLICT DO NOTHING");
		}
	}

	# within one life of the server, another session ends it
	$node->safe_psql('postgres',
		"BEGIN; UPDATE t SET v = 'two' WHERE id = 1; PREPARE TRANSACTION 'p'");
	agrees($node, 't', 1, 20, "$mode: prepared");
	$node->safe_psql('postgres', "COMMIT PREPARED 'p'");
	agrees($node, 't', 1, 20, "$mode: committed by another session");
	is($node->safe_psql('postgres', 'SELECT (hotpath.get(NULL::t, 1)).v'), 'two',
		"$mode: and there it is");
	is($node->safe_psql('postgres', "SELECT stale FROM hotpath.verify_cache('t')"), '0',
		"$mode: nothing is stale");
	$node->stop;
}
done_testing();
