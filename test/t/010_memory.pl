# Where the shared memory comes from: on demand from a running server, or from the start with the
# library preloaded; and what happens when it cannot be had.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;

my $users = 'CREATE TABLE users (id int PRIMARY KEY, v text); '
  . "INSERT INTO users SELECT i, 'user ' || i FROM generate_series(1, 1000) i";

# On demand, without a restart
my $node = start_node('memory', conf => "pg_hotpath.cache_size = '3MB'");
$node->safe_psql('postgres', $users);
my $old_session = Hotpath::Session->new($node);
is($old_session->query('SELECT count(*) FROM users'), '1000', 'a session from before');
$node->safe_psql('postgres', 'CREATE EXTENSION pg_hotpath');
is($node->safe_psql('postgres', 'SELECT count(*) FROM hotpath.cache_memory'), '0',
	'no memory is taken before it is used');
$node->safe_psql('postgres', "SELECT hotpath.cache_table('users')");
is($node->safe_psql('postgres', 'SELECT source, size_bytes FROM hotpath.cache_memory'),
	'on demand|3145728', 'the memory is taken on demand, in the size that is configured');
agrees($node, 'users', -5, 1005, 'read through it');
is($old_session->query('SELECT (hotpath.get(NULL::users, 7)).v'), 'user 7',
	'an older session uses it as well');
$old_session->query("UPDATE users SET v = 'changed' WHERE id = 7");
is($node->safe_psql('postgres', 'SELECT (hotpath.get(NULL::users, 7)).v'), 'changed',
	'its writes are seen');
$old_session->quit;
cmp_ok($node->safe_psql('postgres', 'SELECT hits FROM hotpath.cache_stats'), '>=', 1000,
	'there were hits');

# Everybody at once after a restart
$node->restart;
is($node->safe_psql('postgres', 'SELECT count(*) FROM hotpath.cache_memory'), '0',
	'a restart leaves no memory');
my @crowd = map { Hotpath::Session->new($node) } 1 .. 12;
$_->query('SELECT 1') for @crowd;
$_->send(comparison('users', 1, 500)) for @crowd;
is(join(',', map { $_->receive } @crowd), join(',', (0) x 12), 'twelve sessions make it at once');
is($crowd[0]->query('SELECT count(*) FROM hotpath.cache_memory'), '1', 'there is one');
$_->quit for @crowd;
agrees($node, 'users', -5, 1005, 'and it serves');

# Memory that is made in the middle of a command: what was written before it must not be there afterwards
# as an older version whose trigger fires later
$node->safe_psql('postgres', <<'EOS');
CREATE TABLE nested (id int PRIMARY KEY, v text);
INSERT INTO nested VALUES (1, 'old'), (2, 'old');
SELECT hotpath.cache_table('nested', write_through => true);
CREATE FUNCTION nest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF new.id = 1 THEN
		UPDATE nested SET v = 'nested' WHERE id = 2;
		PERFORM hotpath.get(NULL::nested, 1);
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER summary AFTER UPDATE ON nested FOR EACH ROW EXECUTE FUNCTION nest();
EOS
$node->restart;
$node->safe_psql('postgres', "UPDATE nested SET v = 'outer'");
is($node->safe_psql('postgres', 'SELECT v FROM nested ORDER BY id'), "outer\nnested", 'a nested change is the last');
agrees($node, 'nested', 1, 2, 'nothing older is served') for 1 .. 2;
$node->safe_psql('postgres', 'DROP TABLE nested; DROP FUNCTION nest()');

# A writer from before the memory, which left no note, and readers that make it meanwhile
for my $end ('COMMIT', 'ROLLBACK')
{
	$node->restart;
	my $writer = Hotpath::Session->new($node);
	my $before = $node->safe_psql('postgres', 'SELECT v FROM users WHERE id = 3');
	$writer->query("BEGIN; UPDATE users SET v = 'written before $end' WHERE id = 3; "
		  . 'DELETE FROM users WHERE id = 4; SAVEPOINT s; UPDATE users SET v = v WHERE id = 5');
	is($node->safe_psql('postgres', 'SELECT count(*) FROM hotpath.cache_memory'), '0',
		"$end: a writer makes no memory");
	my $repeatable = Hotpath::Session->new($node);
	$repeatable->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
	agrees($node, 'users', 1, 10, "$end: readers agree while the writer is open") for 1 .. 3;
	is($repeatable->query(comparison('users', 1, 10)), '0', "$end: with an older snapshot");
	is($writer->query(comparison('users', 1, 10)), '0', "$end: and so does the writer itself");
	$writer->query($end);
	is($repeatable->query(comparison('users', 1, 10)), '0', "$end: the old snapshot, after it");
	agrees($node, 'users', 1, 10, "$end: readers agree after it");
	is($node->safe_psql('postgres', 'SELECT (hotpath.get(NULL::users, 3)).v'),
		$end eq 'COMMIT' ? "written before $end" : $before, "$end: they read what it left");
	is($repeatable->query(comparison('users', 1, 10)), '0', "$end: the old snapshot, once more");
	is($repeatable->query('SELECT (hotpath.get(NULL::users, 3)).v'), $before, "$end: is still old");
	$_->quit for $writer, $repeatable;
}

# More than /dev/shm can hold
$node->append_conf('postgresql.conf', "pg_hotpath.cache_size = '2000GB'");
$node->restart;
$node->safe_psql('postgres', 'CREATE TABLE more (id int PRIMARY KEY, v text); '
	  . "INSERT INTO more VALUES (1, 'one')");
my ($status, $out, $err) = $node->psql('postgres', "SELECT hotpath.cache_table('more')");
isnt($status, 0, 'cache_table fails where there is no memory');
like($err, qr/ERROR:  pg_hotpath could not allocate its shared memory/, 'with an error that says so');
like($err, qr/HINT:.*cache_size/s, 'and the way out');
is($node->safe_psql('postgres', 'SELECT (hotpath.get(NULL::more, 1)).v'), 'one',
	'a table that is not cached can be read');
($status, $out, $err) = $node->psql('postgres', 'SELECT (hotpath.get(NULL::users, i)).v '
	  . "FROM generate_series(1, 3) i; UPDATE users SET v = 'no memory' WHERE id = 2; "
	  . 'SELECT (hotpath.get(NULL::users, 2)).v');
is($status, 0, 'a table that is cached can be read and written');
is($out, "user 1\nuser 2\nwritten before COMMIT\nno memory", 'with the right rows');
my $warnings = () = $err =~ /WARNING:/g;
is($warnings, 1, 'and one warning');
agrees($node, 'users', 1, 100, 'all of them');

# Lowered, without a restart
$node->adjust_conf('postgresql.conf', 'pg_hotpath.cache_size', "'2MB'");
$node->reload;
my $size = "SELECT hotpath.cache_table('more'); SELECT size_bytes FROM hotpath.cache_memory";
wait_until(sub { ($node->psql('postgres', $size))[1] =~ /2097152/ }, 'the new size is there');
is($node->safe_psql('postgres', 'SELECT source, size_bytes FROM hotpath.cache_memory'),
	'on demand|2097152', 'a lower size helps at once');
agrees($node, 'users', 1, 100, 'and the cache serves');
is($node->safe_psql('postgres', 'SELECT hits >= 100 FROM hotpath.cache_stats '
		  . "WHERE relation = 'users'::regclass"), 't', 'from memory');

# Preloaded
$node->append_conf('postgresql.conf', preload_line() . "\npg_hotpath.cache_size = '5MB'");
$node->restart;
is($node->safe_psql('postgres', 'SELECT source, size_bytes FROM hotpath.cache_memory'),
	'preload|5242880', 'preloaded, the memory is there from the start');
agrees($node, 'users', -5, 1005, 'read through it');
$node->safe_psql('postgres', "UPDATE users SET v = 'preloaded' WHERE id = 9");
is($node->safe_psql('postgres', 'SELECT (hotpath.get(NULL::users, 9)).v'), 'preloaded',
	'writes are seen');
($status, $out, $err) = $node->psql('postgres', "ALTER SYSTEM SET pg_hotpath.cache_size = '1kB'");
isnt($status, 0, 'a size that is too small is refused');
is($node->safe_psql('postgres', 'SELECT context FROM pg_settings '
		  . "WHERE name = 'pg_hotpath.cache_size'"), 'postmaster', 'the size needs a restart now');
$node->stop;
done_testing();
