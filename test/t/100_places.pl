# Places for cached keys: they are few in a small cache, are given back, and cache_check() tells
# when there is none left.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;

my $places = 32;	# the least there are
my $more = $places + 8;
my $node;

sub query { return $node->safe_psql($_[1] || 'postgres', $_[0]) }

# SQL that makes a table, caches it and reads its row.
sub fresh
{
	my ($table) = @_;
	return "CREATE TABLE $table (id int PRIMARY KEY, v text); INSERT INTO $table VALUES (1, 'one'); "
	  . "SELECT FROM hotpath.cache_table('$table'); SELECT FROM hotpath.get(NULL::$table, 1)";
}

# Is the row of a table in the cache, after it was read?
sub served
{
	my ($table, $database) = @_;
	return query("SELECT FROM hotpath.get(NULL::$table, 1); "
		  . "SELECT (hotpath.peek(NULL::$table, 1)).v", $database) =~ /one/ ? 1 : 0;
}

for my $preload (0, 1)
{
	my $how = $preload ? 'preloaded' : 'not preloaded';

	$node = start_node("places_$preload", preload => $preload,
		conf => "pg_hotpath.cache_size = '1MB'\nmax_prepared_transactions = 1");
	query('CREATE EXTENSION pg_hotpath');

	# Dropped tables give their places back, one at a time and in other sessions
	query(fresh("dropped_$_") . "; DROP TABLE dropped_$_") for 1 .. $more;
	query(fresh('after_drops'));
	is(served('after_drops'), 1, "$how: cached after $more dropped tables");
	is(query("SELECT hotpath.cache_check('after_drops') IS NULL"), 't', "$how: and it says so");
	my $session = Hotpath::Session->new($node);
	$session->query(fresh("same_$_") . "; DROP TABLE same_$_") for 1 .. $more;
	$session->query(fresh('last'));
	is($session->query('SELECT (hotpath.peek(NULL::last, 1)).v'), 'one', "$how: the same in one session");
	$session->query("BEGIN; " . fresh("in_schema") . "; ROLLBACK") for 1 .. $more;
	is(served('last'), 1, "$how: tables that were never committed take no place for ever");
	query('CREATE SCHEMA many; ' . join('; ', map { fresh("many.t_$_") } 1 .. $places / 2)
		  . '; DROP SCHEMA many CASCADE') for 1 .. 4;
	query(fresh('after_schemas'));
	is(served('after_schemas'), 1, "$how: dropped with their schemas");

	# Tables that are uncached, or whose keys are gone
	query(fresh("un_$_") . "; SELECT FROM hotpath.uncache_table('un_$_')") for 1 .. $more;
	query(fresh('after_uncaching'));
	is(served('after_uncaching'), 1, "$how: cached after $more uncached tables");

	# Databases
	query('CREATE DATABASE other');
	query('CREATE EXTENSION pg_hotpath; ' . join('; ', map { fresh("t_$_") } 1 .. $places / 2), 'other');
	query('DROP DATABASE other');
	query('CREATE DATABASE other');
	query('CREATE EXTENSION pg_hotpath; ' . join('; ', map { fresh("t_$_") } 1 .. $places / 2), 'other');
	is(served('t_' . $places / 2, 'other'), 1, "$how: cached after a dropped database");
	query('DROP DATABASE other');

	# The extension, and drops that nobody notes
	query('CREATE DATABASE other; CREATE ROLE its_owner SUPERUSER');
	for my $way (
		[ '', 'DROP EXTENSION pg_hotpath CASCADE' ],
		[ '', 'DROP SCHEMA hotpath CASCADE' ],
		[ '', 'DROP OWNED BY its_owner CASCADE' ],
		[ 'CREATE SCHEMA hotpath', 'DROP OWNED BY its_owner CASCADE' ],
		[ '', 'BEGIN; DROP EXTENSION pg_hotpath CASCADE; PREPARE TRANSACTION \'drop\'' ])
	{
		my ($before, $drop) = @$way;
		query("$before; SET ROLE its_owner; CREATE EXTENSION pg_hotpath; RESET ROLE; "
			  . join('; ', map { fresh("t_$_") } 1 .. $places / 2), 'other');
		query($drop, 'other');
		query('COMMIT PREPARED \'drop\'', 'other') if $drop =~ /PREPARE/;
		query('DROP SCHEMA IF EXISTS hotpath; DROP SCHEMA public CASCADE; CREATE SCHEMA public', 'other');
		query('DROP SCHEMA IF EXISTS by_extension CASCADE; CREATE SCHEMA by_extension; '
			  . 'SET search_path = by_extension, public; '
			  . join('; ', map { fresh("t_$_") } 1 .. $places / 2));
		is(query('SELECT hotpath.cache_check(\'by_extension.t_' . $places / 2 . '\')'), '',
			"$how: cached after $before $drop in another database");
	}
	query('BEGIN; DROP SCHEMA by_extension CASCADE; PREPARE TRANSACTION \'drop\'');
	query('COMMIT PREPARED \'drop\'');
	query('CREATE SCHEMA by_two; SET search_path = by_two, public; '
		  . join('; ', map { fresh("t_$_") } 1 .. $places / 2));
	is(query('SELECT hotpath.cache_check(\'by_two.t_' . $places / 2 . '\')'), '',
		"$how: cached after tables were dropped by two-phase commit");
	query('DROP SCHEMA by_two CASCADE; DROP DATABASE other; DROP ROLE its_owner');

	# All of them taken
	query(fresh("full_$_")) for 1 .. $more;
	my @not = grep { !served("full_$_") } 1 .. $more;
	cmp_ok(scalar(@not), '>', 0, "$how: no more than there are places are cached");
	cmp_ok(scalar(@not), '<=', $more - $places + 8, "$how: and not many fewer");
	my ($in, $out) = ('full_1', "full_$not[-1]");
	is(query("SELECT hotpath.cache_check('$in') IS NULL"), 't', "$how: one that has a place");
	like(query("SELECT hotpath.cache_check('$out')"), qr/places/, "$how: one that has none says why");
	is(query("SELECT (hotpath.get(NULL::$out, 1)).v"), 'one', "$how: it is read all the same");
	query("UPDATE $out SET v = 'two'; INSERT INTO $out VALUES (2, 'more')");
	agrees($node, $out, 0, 3, "$how: and written");
	is(query("BEGIN; UPDATE $out SET v = 'one'; SELECT (hotpath.get(NULL::$out, 1)).v; "
			  . "SELECT (hotpath.put(row(3, 'put')::$out)).v; COMMIT"), "one\nput", "$how: and put to");
	agrees($node, $out, 0, 4, "$how: as everything is");
	is(query("SELECT stale FROM hotpath.verify_cache('$out')"), '0', "$how: nothing of it is stale");
	is(query("SELECT coalesce(sum(entries), 0) FROM hotpath.cache_stats WHERE relation = '$out'::regclass"),
		'0', "$how: nothing of it is cached");
	like($session->query("SELECT hotpath.cache_check('$out')"), qr/places/, "$how: a session that stays");

	# One becomes free
	query("SELECT FROM hotpath.uncache_table('$in')");
	is(served($out), 1, "$how: it takes a place that has become free");
	is(query("SELECT hotpath.cache_check('$out') IS NULL"), 't', "$how: and says so");
	query("UPDATE $out SET v = 'one more'");
	is($session->query("SELECT (hotpath.get(NULL::$out, 1)).v"), 'one more', "$how: it follows writes");
	agrees($node, $out, 0, 4, "$how: and agrees");
	$session->quit;
	$node->stop;
}
done_testing();
