# Through PgBouncer in transaction mode: the transactions of one client run in many backends.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;

my ($pgbouncer) = grep { -x } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin',
  '/usr/local/sbin';
plan skip_all => 'there is no pgbouncer on this machine' unless $pgbouncer;
plan skip_all => 'no Unix sockets' unless $use_unix_sockets;

my $node = start_node('pooled');
my $dir = PostgreSQL::Test::Utils::tempdir();
my $sockets = PostgreSQL::Test::Utils::tempdir_short();
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $user = $node->safe_psql('postgres', 'SELECT current_user');

$node->safe_psql('postgres', 'CREATE EXTENSION pg_hotpath; '
	  . 'CREATE TABLE t (id int PRIMARY KEY, v text); '
	  . "INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 200) i; "
	  . "SELECT hotpath.cache_table('t', write_through => true)");
append_to_file("$dir/users.txt", "\"$user\" \"\"\n");
append_to_file("$dir/pgbouncer.ini", join "\n", '[databases]',
	'postgres = host=' . $node->host . ' port=' . $node->port,
	'[pgbouncer]', 'listen_addr =', "listen_port = $port", "unix_socket_dir = $sockets",
	'pool_mode = transaction', 'auth_type = trust', "auth_file = $dir/users.txt",
	'default_pool_size = 4', 'server_round_robin = 1', "logfile = $dir/pgbouncer.log", '');
my $proxy = IPC::Run::start([ $pgbouncer, "$dir/pgbouncer.ini" ], '<', \undef, '>', "$dir/out",
	'2>', "$dir/err");
END { local $?; $proxy->kill_kill if $proxy }

my $connection = "host=$sockets port=$port user=$user dbname=postgres";
ok(wait_until(sub { (through('SELECT 1'))[0] eq '1' }, 'pgbouncer answers', 20), 'pgbouncer answers');

# One client; the output, and what went to standard error.
sub through
{
	my ($sql) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-XAtq', '-d', $connection ], '<', \$sql, '>', \$out, '2>', \$err);
	chomp $out;
	return ($out, $err);
}

# Clients that keep their transactions open at the same time make the pool use several backends
my @holders = map { Hotpath::Session->connect($connection) } 1 .. 3;
$_->query('BEGIN; SELECT hotpath.get(NULL::t, 1)') for @holders;
my %backends = map { $_->query('SELECT pg_backend_pid()') => 1 } @holders;
is(scalar(keys %backends), 3, 'open transactions are spread over backends');
$_->query('COMMIT') for @holders;

my $many = join ";\n", map {
	('SELECT pg_backend_pid()', comparison('t', $_, $_ + 3),
		"UPDATE t SET v = 'round $_' WHERE id = $_", "SELECT (hotpath.get(NULL::t, $_)).v = 'round $_'")
} 1 .. 60;
my ($out, $err) = through("$many;");
my @lines = split /\n/, $out;
my (%pids, %seen);
for my $round (0 .. 59)
{
	$pids{ $lines[ 3 * $round ] }++;
	$seen{"$lines[3 * $round + 1] $lines[3 * $round + 2]"}++;
}
cmp_ok(scalar(keys %pids), '>', 1, 'a client is served by several backends');
is_deeply(\%seen, { '0 t' => 60 }, 'and gets right rows, and its own writes, from each');
is($err, '', 'without an error');

# Read by one, written by another, all through the pool
for my $round (1 .. 10)
{
	my ($reader, $writer) = @holders;
	$reader->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
	my $before = $reader->query('SELECT (hotpath.get(NULL::t, 7)).v');
	$writer->query("BEGIN; UPDATE t SET v = 'again $round' WHERE id = 7");
	is($reader->query(comparison('t', 1, 10)), '0', "round $round: right while a writer is open");
	$writer->query($round % 3 ? 'COMMIT' : 'ROLLBACK');
	is($reader->query('SELECT (hotpath.get(NULL::t, 7)).v'), $before, "round $round: snapshot kept");
	$reader->query('COMMIT');
	is($reader->query(comparison('t', 1, 10)), '0', "round $round: right afterwards");
}

# Settings of one transaction do not leak into the next one's rows
is((through("BEGIN; SET LOCAL TimeZone = 'Asia/Tokyo'; SET LOCAL search_path = pg_catalog, public; "
		  . "SELECT hotpath.get_json('public.t', 3); COMMIT; SELECT hotpath.get_json('t', 3)"))[0],
	qq({"id":3,"v":"round 3"}\n{"id":3,"v":"round 3"}), 'SET LOCAL search_path');
is((through('BEGIN; SET LOCAL pg_hotpath.enabled = off; ' . comparison('t', 1, 20) . '; COMMIT; '
		  . comparison('t', 1, 20)))[0], "0\n0", 'SET LOCAL pg_hotpath.enabled');

# DDL in between
through('ALTER TABLE t ADD COLUMN n int DEFAULT 5');
is($_->query('SELECT (hotpath.get(NULL::t, 7)).n'), '5', 'a new column is seen') for @holders;
through('TRUNCATE t');
is($_->query('SELECT count(hotpath.get(NULL::t, i)) FROM generate_series(1, 9) i'), '0',
	'a truncate is seen')
  for @holders;
is($node->safe_psql('postgres', 'SELECT hits > 0 FROM hotpath.cache_stats'), 't', 'there were hits');

$_->quit for @holders;
$proxy->kill_kill;
undef $proxy;
$node->stop;
done_testing();
