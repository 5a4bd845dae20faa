# Dump and restore, template databases: cached tables come back attached, and databases stay apart.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('dump');
my $dir = PostgreSQL::Test::Utils::tempdir();
my @tables = ('users', 'part', '"odd schema"."odd table"');

$node->safe_psql('postgres', 'CREATE DATABASE src');
$node->safe_psql('src', <<'EOS');
CREATE EXTENSION pg_hotpath;
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, gone int);
ALTER TABLE users DROP COLUMN gone;
CREATE UNIQUE INDEX users_name ON users (name);
INSERT INTO users SELECT i, 'user ' || i FROM generate_series(1, 500) i;
CREATE TABLE part (id int, v text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (MINVALUE) TO (100);
CREATE TABLE part_high PARTITION OF part FOR VALUES FROM (100) TO (MAXVALUE);
INSERT INTO part SELECT i, 'part ' || i FROM generate_series(1, 200) i;
CREATE SCHEMA "odd schema";
CREATE TABLE "odd schema"."odd table" (id int PRIMARY KEY, "a b" text);
INSERT INTO "odd schema"."odd table" SELECT i, 'odd' FROM generate_series(1, 50) i;
SELECT hotpath.cache_table('users', ttl => '1 hour');
SELECT hotpath.cache_table('users', 'users_name', write_through => true);
SELECT hotpath.cache_table('part');
SELECT hotpath.cache_table('"odd schema"."odd table"');
EOS

my $configuration = 'SELECT relation, is_primary, key_columns, ttl, write_through '
  . 'FROM hotpath.cached_key ORDER BY relation::text, key_columns::text';
my $checks = 'SELECT relation, hotpath.cache_check(relation) FROM hotpath.cached_key ORDER BY 1, 2';
my $configured = $node->safe_psql('src', $configuration);
is(scalar(split /\n/, $configured), 4, 'four keys are configured');
compare_all('src', 'the original');

# Everything that is cached agrees, is served from memory, and follows writes.
sub compare_all
{
	my ($database, $what) = @_;
	for my $table (@tables)
	{
		agrees($node, $table, -1, 220, "$what: $table agrees", $database);
	}
	is($node->safe_psql($database, 'SELECT count(*) FROM hotpath.cache_stats '
			  . 'WHERE key::text !~ \'users_name\' AND hits < 50'), '0', "$what: from memory");
	$node->safe_psql($database, "UPDATE users SET name = name || '!' WHERE id < 10; "
		  . 'DELETE FROM part WHERE id IN (3, 103, 1000); INSERT INTO part VALUES (3, \'new\'), (1000, \'new\'); '
		  . 'TRUNCATE "odd schema"."odd table"');
	for my $table (@tables)
	{
		agrees($node, $table, -1, 220, "$what: $table agrees after writes", $database);
	}
	is($node->safe_psql($database, "SELECT (hotpath.get_by(NULL::users, 'users_name', name)).id = id "
			  . 'FROM users WHERE id = 5'), 't', "$what: by the other key as well");
	return;
}

sub attached
{
	my ($database, $what) = @_;
	is($node->safe_psql($database, $configuration), $configured, "$what: the same configuration");
	is($node->safe_psql($database, "SELECT count(*) FROM ($checks) c WHERE cache_check IS NOT NULL"),
		'0', "$what: nothing keeps readers from the cache");
	return;
}

for my $way (
	[ 'plain', [], undef ],
	[ 'custom', ['-Fc'], [] ],
	[ 'parallel, from one file', ['-Fc'], [ '-j', '2' ] ],
	[ 'directory, in parallel', ['-Fd'], [ '-j', '3' ] ])
{
	my ($name, $dump, $restore) = @$way;
	my $file = "$dir/dump-" . $name =~ s/\W.*//r;
	my $database = 'to_' . $name =~ s/\W.*//r;

	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
	$node->command_ok([ 'pg_dump', @$dump, '-f', $file, '-d', $node->connstr('src') ], "$name: dump");
	$node->command_ok($restore
		? [ 'pg_restore', '-e', @$restore, '-d', $node->connstr($database), $file ]
		: [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), '-f', $file ],
		"$name: restore");
	attached($database, $name);
	compare_all($database, $name);
}

# Structure and data apart; the configuration is data
$node->safe_psql('postgres', 'CREATE DATABASE apart TEMPLATE template0');
for my $part ('schema', 'data')
{
	$node->command_ok([ 'pg_dump', '-Fc', "--$part-only", '-f', "$dir/$part", '-d',
			$node->connstr('src') ], "$part only: dump");
	$node->command_ok([ 'pg_restore', '-e', '-d', $node->connstr('apart'), "$dir/$part" ],
		"$part only: restore");
	agrees($node, $_, 1, 50, "$part only: $_ agrees", 'apart') for @tables;
}
attached('apart', 'schema, then data');
compare_all('apart', 'schema, then data');

# Once more the data, where the tables are cached already
$node->safe_psql('apart', "TRUNCATE users, part");
$node->command_ok([ 'pg_restore', '-e', '-d', $node->connstr('apart'), "$dir/data" ],
	'data where tables are cached: restore');
attached('apart', 'data where tables are cached');
agrees($node, $_, 1, 50, "data where tables are cached: $_ agrees", 'apart') for @tables;

# Data restored with all triggers disabled, so also those of the configuration, while a session writes
# that has found the table not to be cached
$node->safe_psql('postgres', 'CREATE DATABASE silent TEMPLATE template0');
$node->command_ok([ 'pg_restore', '-e', '-d', $node->connstr('silent'), "$dir/schema" ], 'no triggers: schema');
$node->command_ok([ 'pg_dump', '-Fc', '--data-only', '--exclude-table-data=users', '-f', "$dir/silent", '-d',
		$node->connstr('src') ], 'no triggers: dump of other data');
$node->safe_psql('silent', 'CREATE ROLE writer; GRANT ALL ON users TO writer');
my $writer = Hotpath::Session->new($node, database => 'silent');
$writer->query("SET ROLE writer; INSERT INTO users VALUES (1, 'first'); SELECT hotpath.get(NULL::users, 1)");
$node->command_ok([ 'pg_restore', '-e', '--disable-triggers', '-d', $node->connstr('silent'), "$dir/silent" ],
	'no triggers: restore');
for my $state ('after the restore', 'repaired')
{
	if ($state eq 'repaired')
	{
		like($node->safe_psql('silent', "SELECT hotpath.cache_check('users')"), qr/hotpath.cached_key/,
			'no triggers: nothing is cached, and it says why');
		$node->safe_psql('silent', "SELECT hotpath.cache_table('users', ttl => '1 hour'), hotpath.cache_table('part'), "
			  . q{hotpath.cache_table('"odd schema"."odd table"')});
	}
	for my $value ('one', 'two', 'three')
	{
		$writer->query("UPDATE users SET name = '$value' WHERE id = 1");
		is($node->safe_psql('silent', 'SELECT (hotpath.get(NULL::users, 1)).name; ' x 2), "$value\n$value",
			"no triggers: $value, $state");
	}
}
is($node->safe_psql('silent', 'SELECT tgenabled, count(*) FROM pg_trigger WHERE tgrelid = '
		  . "'hotpath.cached_key'::regclass GROUP BY 1"), 'A|3', 'no triggers: those of the configuration are on again');
attached('silent', 'no triggers, repaired');
$writer->quit;

# Restored over itself, while sessions have it all in memory
my $session = Hotpath::Session->new($node, database => 'to_custom');
$session->query(comparison('users', 1, 100));
# --clean cannot drop the keys of partitions
$node->safe_psql('to_custom', 'DROP TABLE part');
$node->command_ok([ 'pg_restore', '-e', '--clean', '--if-exists', '-d', $node->connstr('to_custom'),
		"$dir/dump-custom" ], 'restored over itself');
is($session->query(comparison('users', 1, 100)), '0', 'an open session agrees afterwards');
$session->quit;
attached('to_custom', 'restored over itself');
compare_all('to_custom', 'restored over itself');

# The whole cluster
my $all = new_node('all');
$all->start;
$node->command_ok([ 'pg_dumpall', '--no-role-passwords', '-f', "$dir/all", '-d',
		$node->connstr('postgres') ], 'pg_dumpall');
# without stopping at the role that is there already
$all->command_ok([ 'psql', '-Xq', '-d', $all->connstr('postgres'), '-f', "$dir/all" ],
	'pg_dumpall: restore');
is($all->safe_psql('src', $configuration), $configured, 'pg_dumpall: the same configuration');
agrees($all, 'users', 1, 220, 'pg_dumpall: agrees', 'src');
$all->stop;

# A copy of a database has the same OIDs inside, and is another one all the same
$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE src');
attached('copy', 'copy');
agrees($node, 'users', 1, 220, 'copy: agrees', 'copy');
agrees($node, 'users', 1, 220, 'copy: and the original', 'src');
for my $database ('copy', 'src')
{
	$node->safe_psql($database, "UPDATE users SET name = 'of $database' WHERE id = 1");
	is($node->safe_psql($_, 'SELECT (hotpath.get(NULL::users, 1)).name'),
		$node->safe_psql($_, 'SELECT name FROM users WHERE id = 1'),
		"a write in $database, seen from $_") for 'copy', 'src';
}
$node->safe_psql('copy', 'DELETE FROM users WHERE id > 100');
agrees($node, 'users', 1, 220, "after a delete in copy: $_ agrees", $_) for 'copy', 'src';

# A dropped database, and one of its name again and again
for my $time (1 .. 4)
{
	$node->safe_psql('postgres', 'DROP DATABASE copy');
	$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE src') if $time < 4;
	agrees($node, 'users', 1, 220, "copy number $time agrees", 'copy') if $time < 4;
}
agrees($node, 'users', 1, 220, 'and the original still does', 'src');

# pg_upgrade, from this major to itself: it takes over files and OIDs, and what it restores meets the event
# triggers as any DDL does
my $new = new_node('upgraded');
my $bindir = $node->config_data('--bindir');
$node->stop;
chdir $dir;
$node->command_ok([ 'pg_upgrade', '--no-sync', '-d', $node->data_dir, '-D', $new->data_dir, '-b', $bindir,
		'-B', $bindir, '-s', $node->host, '-p', $node->port, '-P', $new->port ], 'pg_upgrade');
$new->start;
$node = $new;
attached($_, "pg_upgrade, $_") for 'src', 'to_custom', 'apart';
compare_all('src', 'pg_upgrade');
$node->stop;
done_testing();
