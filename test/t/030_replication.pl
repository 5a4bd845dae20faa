# Rows that arrive by logical replication, tables on a physical standby and after its promotion,
# and session_replication_role.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;

my $table = 'CREATE TABLE t (id int PRIMARY KEY, v text)';
my $get = 'SELECT (hotpath.get(NULL::t, 1)).v, (hotpath.get(NULL::t, 2)).v, (hotpath.get(NULL::t, 3)).v';

# Logical replication into a cached table
my $publisher = new_node('publisher', init => { allows_streaming => 'logical' });
$publisher->start;
my $subscriber = start_node('subscriber');
$publisher->safe_psql('postgres', "$table; INSERT INTO t VALUES (1, 'a'), (2, 'b'); "
	  . 'CREATE PUBLICATION p FOR TABLE t');
$subscriber->safe_psql('postgres', "CREATE EXTENSION pg_hotpath; $table; "
	  . "SELECT hotpath.cache_table('t', write_through => true)");
is($subscriber->safe_psql('postgres', $get), '||', 'no rows, and that is cached');
$subscriber->safe_psql('postgres', 'CREATE SUBSCRIPTION s CONNECTION '
	  . "'" . $publisher->connstr('postgres') =~ s/'/''/gr . "' PUBLICATION p");
$subscriber->wait_for_subscription_sync($publisher, 's');
is($subscriber->safe_psql('postgres', $get), 'a|b|', 'the initial copy is seen');
for my $change (
	[ "UPDATE t SET v = 'c' WHERE id = 1", 'c|b|', 'an update' ],
	[ 'DELETE FROM t WHERE id = 2', 'c||', 'a delete' ],
	[ "INSERT INTO t VALUES (3, 'd')", 'c||d', 'an insert' ],
	[ "UPDATE t SET id = 2 WHERE id = 3", 'c|d|', 'a key that moves' ],
	[ "BEGIN; TRUNCATE t; INSERT INTO t VALUES (1, 'e'); COMMIT", 'e||', 'a truncate' ])
{
	$subscriber->safe_psql('postgres', "$get; $get");
	$publisher->safe_psql('postgres', $change->[0]);
	$publisher->wait_for_catchup('s');
	is($subscriber->safe_psql('postgres', "$get; $get"), "$change->[1]\n$change->[1]",
		"$change->[2] is seen");
	agrees($subscriber, 't', 0, 5, "$change->[2]: all rows");
}

# session_replication_role does not silence our triggers
is($subscriber->safe_psql('postgres', "SET session_replication_role = replica; "
		  . "UPDATE t SET v = 'f' WHERE id = 1; RESET session_replication_role; "
		  . 'SELECT (hotpath.get(NULL::t, 1)).v'), 'f', 'a writer as a replica is seen');
$subscriber->safe_psql('postgres', $get);
$subscriber->safe_psql('postgres', 'SET session_replication_role = replica; TRUNCATE t');
is($subscriber->safe_psql('postgres', $get), '||', 'and so is its truncate');

# A publication of all tables contains the configuration.  What is cached is each server's own affair
my $upgrade = start_node('upgrade');
my $names = q{SELECT string_agg(relation::text, ' ' ORDER BY relation::text) FROM hotpath.cached_key};
# of which newer servers count more kinds
my $failures = q{SELECT sum(value::bigint) FROM pg_stat_subscription_stats s, jsonb_each_text(to_jsonb(s))
	WHERE key LIKE '%\_error\_count'};
$publisher->safe_psql('postgres', 'CREATE EXTENSION pg_hotpath; CREATE TABLE u (id int PRIMARY KEY, v text); '
	  . "SELECT hotpath.cache_table('t'), hotpath.cache_table('u'); CREATE PUBLICATION everything FOR ALL TABLES");
$upgrade->safe_psql('postgres', "CREATE EXTENSION pg_hotpath; $table; CREATE TABLE u (id int PRIMARY KEY, v text); "
	  . "SELECT hotpath.cache_table('t', ttl => '1 hour')");
$upgrade->safe_psql('postgres', 'CREATE SUBSCRIPTION everything CONNECTION '
	  . "'" . $publisher->connstr('postgres') =~ s/'/''/gr . "' PUBLICATION everything");
$upgrade->wait_for_subscription_sync($publisher, 'everything');
is($upgrade->safe_psql('postgres', "$names; SELECT ttl FROM hotpath.cached_key WHERE relation = 't'::regclass"),
	"t u\n01:00:00", 'the initial copy brings the configuration, but for what is cached already');
is($upgrade->safe_psql('postgres', "SELECT hotpath.cache_check('u')"),
	'the TRUNCATE trigger is missing, altered or not ENABLE ALWAYS', 'a table without triggers is read');
$upgrade->safe_psql('postgres', "SELECT hotpath.cache_table('u')");
for my $change (
	[ "CREATE TABLE there (id int PRIMARY KEY); SELECT hotpath.cache_table('there')", 't u', 'a table not known here' ],
	[ "SELECT hotpath.cache_table('u', ttl => '1 day'); ALTER TABLE u RENAME id TO no", 't u', 'other options, other columns' ],
	[ "SELECT hotpath.uncache_table('u'); DROP TABLE there; DROP TABLE u", 't u', 'tables uncached and dropped' ])
{
	$publisher->safe_psql('postgres', "$change->[0]; TRUNCATE t; INSERT INTO t VALUES (1, '$change->[2]')");
	$publisher->wait_for_catchup('everything');
	is($upgrade->safe_psql('postgres', "$get; $get; $names"), "$change->[2]||\n$change->[2]||\n$change->[1]",
		"$change->[2]: replication goes on, and nothing else");
	is($upgrade->safe_psql('postgres', 'SELECT key_columns, ttl FROM hotpath.cached_key WHERE relation::text = '
			  . "'u'"), '{id}|', "$change->[2]: the options are its own");
}
is($upgrade->safe_psql('postgres', $failures), '0', 'without an error');
$upgrade->stop;
$subscriber->stop;
$publisher->stop;

# A physical standby, and its promotion
for my $preload (0, 1)
{
	my $mode = $preload ? 'preloaded' : 'on demand';
	my $primary = new_node("primary$preload", preload => $preload, init => { allows_streaming => 1 });
	$primary->start;
	$primary->safe_psql('postgres', "CREATE EXTENSION pg_hotpath; $table; "
		  . "INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 100) i; "
		  . "SELECT hotpath.cache_table('t'); CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY)");
	agrees($primary, 't', 0, 101, "$mode: on the primary");
	$primary->backup('copy');
	my $standby = PostgreSQL::Test::Cluster->new("standby$preload");
	$standby->init_from_backup($primary, 'copy', has_streaming => 1);
	$standby->start;
	$primary->safe_psql('postgres', "UPDATE t SET v = 'two' WHERE id = 1");
	$primary->wait_for_catchup($standby);
	is($standby->safe_psql('postgres', $get), 'two|v2|v3', "$mode: right rows on the standby");
	agrees($standby, 't', 0, 101, "$mode: all of them");
	is($standby->safe_psql('postgres', 'SELECT hits, entries, bypass_recovery > 0 '
			  . 'FROM hotpath.cache_stats'), '0|0|t', "$mode: past the cache, and counted");

	# pages of a table and of a query, which are read in two ways
	my $pages = q{SELECT string_agg((item).id::text, ' ') FROM hotpath.page(NULL::t, 'v desc', 3,
		hotpath.cursor_at('t', 'v desc', 97)) UNION ALL SELECT string_agg(item ->> 'id', ' ')
		FROM hotpath.page_query('SELECT id FROM t', 'id desc', 3, unique_key => '{id}')};
	is($standby->safe_psql('postgres', $pages), "96 95 94\n100 99 98", "$mode: pages on the standby");
	my (undef, undef, $unlogged) = $standby->psql('postgres', 'SELECT hotpath.page(NULL::unlogged)');
	like($unlogged, qr/cannot access temporary or unlogged relations during recovery/,
		"$mode: but not of an unlogged table");
	is($standby->safe_psql('postgres', "SELECT note FROM hotpath.page_explain('unlogged', 'id')"),
		'the table is unlogged, and this is a standby', "$mode: and page_explain says why");

	# a snapshot and a session from before the promotion
	my $session = Hotpath::Session->new($standby);
	$session->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t');
	$primary->safe_psql('postgres',
		"BEGIN; UPDATE t SET v = 'prepared' WHERE id = 2; PREPARE TRANSACTION 'p'");
	$primary->wait_for_catchup($standby);
	$standby->promote;
	ok(wait_until(sub { $standby->safe_psql('postgres', 'SELECT pg_is_in_recovery()') eq 'f' },
			'promoted'), "$mode: promoted");
	$standby->safe_psql('postgres', "UPDATE t SET v = 'three' WHERE id = 1");
	is($session->query(comparison('t', 0, 101)), '0', "$mode: a snapshot from before");
	is($session->query($get), 'two|v2|v3', "$mode: sees what it saw");
	agrees($standby, 't', 0, 101, "$mode: the new primary agrees");
	$standby->safe_psql('postgres', "COMMIT PREPARED 'p'");
	is($session->query($get), 'two|v2|v3', "$mode: and the old snapshot still");
	$session->query('COMMIT');
	is($session->query($get), 'three|prepared|v3', "$mode: the session then sees all");
	$session->quit;
	agrees($standby, 't', 0, 101, "$mode: as others do");
	is($standby->safe_psql('postgres', 'SELECT hits > 50 FROM hotpath.cache_stats'), 't',
		"$mode: and the cache serves");
	$standby->stop;
	$primary->stop;
}
done_testing();
