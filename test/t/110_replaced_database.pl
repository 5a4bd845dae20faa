# A database is dropped, and another one gets its OID: the OIDs of the tables in it are the same,
# too, as both are copies of one template.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;

for my $preload (0, 1)
{
	my $how = $preload ? 'preloaded' : 'not preloaded';
	my $node = start_node("replaced_$preload", preload => $preload);

	if ($node->safe_psql('postgres', 'SELECT current_setting(\'server_version_num\')::int') < 150000)
	{
		plan skip_all => 'CREATE DATABASE has no option OID';
	}
	$node->safe_psql('postgres', 'CREATE DATABASE pattern');
	$node->safe_psql('pattern', <<'EOS');
CREATE EXTENSION pg_hotpath;
CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE TABLE part (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (100);
INSERT INTO t SELECT i, 'template' FROM generate_series(1, 50) i;
INSERT INTO part SELECT i, 'template' FROM generate_series(1, 50) i;
SELECT hotpath.cache_table('t', write_through => true);
SELECT hotpath.cache_table('part');
EOS
	for my $time (1 .. 3)
	{
		# both ways of copying: file by file, and through the log
		my $strategy = $time == 2 ? 'STRATEGY file_copy' : '';
		$node->safe_psql('postgres', "CREATE DATABASE d TEMPLATE pattern OID = 50000 $strategy");
		for my $table ('t', 'part')
		{
			agrees($node, $table, -1, 60, "$how, number $time: $table agrees at once", 'd');
			is($node->safe_psql('d', "SELECT hotpath.cache_check('$table') IS NULL"), 't',
				"$how, number $time: $table is cached");
		}
		is($node->safe_psql('d', 'SELECT (hotpath.get(NULL::t, 1)).v'), 'template',
			"$how, number $time: nothing of the one before");
		$node->safe_psql('d', "UPDATE t SET v = 'changed $time' WHERE id < 20; DELETE FROM t WHERE id = 40; "
			  . "INSERT INTO t VALUES (55, 'new $time'); UPDATE part SET v = 'changed $time'; "
			  . 'DELETE FROM part WHERE id = 30');
		for my $table ('t', 'part')
		{
			agrees($node, $table, -1, 60, "$how, number $time: $table agrees after writes", 'd');
		}
		is($node->safe_psql('d', 'SELECT sum(stale) FROM (SELECT stale FROM hotpath.verify_cache(\'t\') '
				  . 'UNION ALL SELECT stale FROM hotpath.verify_cache(\'part\')) v'), '0',
			"$how, number $time: nothing is stale");
		$node->safe_psql('postgres', 'DROP DATABASE d');
	}

	# Renamed away, and another copy takes the name
	$node->safe_psql('postgres', 'CREATE DATABASE d TEMPLATE pattern OID = 50000');
	agrees($node, 't', -1, 60, "$how: once more", 'd');
	$node->safe_psql('postgres', 'ALTER DATABASE d RENAME TO e');
	$node->safe_psql('postgres', 'CREATE DATABASE d TEMPLATE pattern OID = 50001');
	$node->safe_psql('e', "UPDATE t SET v = 'of e'");
	$node->safe_psql('d', "UPDATE t SET v = 'of d' WHERE id < 10");
	for my $database ('d', 'e')
	{
		agrees($node, 't', -1, 60, "$how: $database agrees", $database);
		is($node->safe_psql($database, 'SELECT (hotpath.get(NULL::t, 1)).v'), "of $database",
			"$how: a row of $database");
	}
	$node->stop;
}
done_testing();
