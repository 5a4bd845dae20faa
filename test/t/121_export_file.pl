# Exports to files: what they hold, who may write them, and that a file is whole or not there.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('export_file');
my $dir = PostgreSQL::Test::Utils::tempdir();
my $slow = q{SELECT i, repeat('x', 10000) AS pad, pg_sleep(0.01) IS NULL AS s FROM generate_series(1, 100000) i};

$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_hotpath;
	CREATE TABLE t AS SELECT i AS id, 'n' || i AS name FROM generate_series(1, 100000) i;
	CREATE ROLE writer LOGIN IN ROLE pg_write_server_files;
	CREATE ROLE nobody LOGIN;
	GRANT SELECT ON t TO writer, nobody;
});

sub files
{
	opendir my $handle, $dir or die "$dir: $!";
	return join ' ', sort grep { !/^\.\.?$/ } readdir $handle;
}

sub fails
{
	my ($sql, $pattern, $what, @params) = @_;
	my ($status, $out, $err) = $node->psql('postgres', $sql,
		extra_params => [ '-v', 'VERBOSITY=verbose', @params ]);
	like($err, $pattern, $what);
	return;
}

# contents
my $result = $node->safe_psql('postgres',
	"SELECT rows, bytes, elapsed > '0 s' AND elapsed < '1 min' FROM hotpath.export_json_file('$dir/all', 'SELECT * FROM t')");
my $plain = $node->safe_psql('postgres', q{SELECT hotpath.export_json('SELECT * FROM t')}) . "\n";
is($result, '100000|' . length($plain) . '|t', 'rows, bytes, elapsed');
ok(slurp_file("$dir/all") eq $plain, 'the file is the export');
is(sprintf('%o', (stat "$dir/all")[2] & 0777), '644', "readable as a file of COPY");
is(files(), 'all', 'nothing else is there');

for my $format (qw(array json-seq compact))
{
	$node->safe_psql('postgres',
		"SELECT hotpath.export_json_file('$dir/all', 'SELECT id FROM t LIMIT 2', format => '$format')");
	my %expected = (array => qq([{"id":1}\n,{"id":2}\n]\n), 'json-seq' => qq(\x1e{"id":1}\n\x1e{"id":2}\n),
		compact => qq(["id"]\n[1]\n[2]\n));
	is(slurp_file("$dir/all"), $expected{$format}, "$format, over the file that was there");
}
for my $method (qw(gzip zstd lz4))
{
	my $size = $node->safe_psql('postgres',
		"SELECT bytes FROM hotpath.export_json_file('$dir/packed', 'SELECT * FROM t', compression => '$method', level => 1)");
	is(-s "$dir/packed", $size, "$method: bytes are those of the file");
  SKIP:
	{
		skip "no program $method", 1 unless grep { -x "$_/$method" } split /:/, $ENV{PATH};
		ok(`$method -dc <"$dir/packed"` eq $plain, "$method: the file holds the export");
	}
}
unlink "$dir/packed";
is($node->safe_psql('postgres', "SELECT rows, bytes FROM hotpath.export_json_file('$dir/none', 'SELECT 1 WHERE false')"),
	'0|0', 'no rows');
is(-s "$dir/none", 0, 'an empty file');
unlink "$dir/none";

# parallel workers may help: nobody waits between the rows
$node->safe_psql('postgres', qq{
	SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
	SELECT hotpath.export_json_file('$dir/all', 'SELECT * FROM t')});
is(length slurp_file("$dir/all"), length $plain, 'a parallel plan exports every row');

# who may, and where
fails("SELECT hotpath.export_json_file('$dir/no', 'SELECT 1')", qr/42501/, 'not everyone may', '-U', 'nobody');
is($node->safe_psql('postgres', "SELECT rows FROM hotpath.export_json_file('$dir/yes', 'SELECT 1')",
		extra_params => [ '-U', 'writer' ]), '1', 'a member of pg_write_server_files may');
unlink "$dir/yes";
mkdir "$dir/sub";
fails("SELECT hotpath.export_json_file('$dir/sub', 'SELECT 1')", qr/42809/, 'a directory is no file');
rmdir "$dir/sub";
fails("SELECT hotpath.export_json_file('$dir/sub/x', 'SELECT 1')", qr/58P01/, 'a directory that is not there');
fails("SELECT hotpath.export_json_file('$dir/' || repeat('x', 300), 'SELECT 1')", qr/ERROR/, 'a name too long');
fails("SELECT hotpath.export_json_file('/' || repeat('x/', 2000), 'SELECT 1')", qr/ERROR/, 'a path too long');
is(files(), 'all', 'none of them has left a file');

# an error keeps what was there
my $before = slurp_file("$dir/all");
fails("SELECT hotpath.export_json_file('$dir/all', 'SELECT 1 / (99000 - id) FROM t')", qr/22012/, 'the query fails');
fails("SELECT hotpath.export_json_file('$dir/new', 'SELECT 1 / (99000 - id) FROM t', compression => 'zstd')", qr/22012/, 'compressed');
fails("SET statement_timeout = '300ms'; SELECT hotpath.export_json_file('$dir/new', \$\$$slow\$\$)", qr/57014/, 'a timeout');
is(files(), 'all', 'an error leaves nothing behind');
ok(slurp_file("$dir/all") eq $before, 'and the old file as it was');

# exports within exports, more than the server has room for callbacks
$node->safe_psql('postgres', qq{
	CREATE FUNCTION nest(n int, deepest text) RETURNS bigint LANGUAGE sql AS \$\$
		SELECT rows FROM hotpath.export_json_file('$dir/nest' || n,
			CASE WHEN n = 1 THEN deepest ELSE format('SELECT nest(%s, %L)', n - 1, deepest) END) \$\$});
is($node->safe_psql('postgres', q{SELECT nest(30, 'SELECT 1')}), '1', 'exports, thirty deep');
is(unlink(glob "$dir/nest*"), 30, 'each a file');
fails(q{SELECT nest(30, 'SELECT 1 / 0')}, qr/22012/, 'an error in the innermost');
is(files(), 'all', 'leaves nothing of any behind');
{
	my $session = Hotpath::Session->new($node, name => 'nested');
	# what is called at the end comes in the reverse order of these
	$session->query(q{SELECT nest(2, 'SELECT 1')});
	unlink glob "$dir/nest*";
	$session->query('CREATE TEMP TABLE brief (a int)');
	$session->send(q{SELECT nest(3, 'SELECT pg_sleep(600)')});
	ok(wait_until(sub { files() =~ /(\.hotpath\S+ ){3}all/ }, 'three files'), 'three are written');
	$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nested'});
	ok(wait_until(sub { files() eq 'all' }, 'the files are gone'), 'terminated, nothing of any is left');
	$session->abandon;
}

# cancelled and terminated while rows are written, seen in the progress view
for my $function ('pg_cancel_backend', 'pg_terminate_backend')
{
	my $session = Hotpath::Session->new($node, name => $function);
	$session->send("SELECT hotpath.export_json_file('$dir/all', \$\$$slow\$\$)");
	my $progress = sub {
		return $node->safe_psql('postgres', qq{
			SELECT command, type, tuples_processed > 0, bytes_processed > 0
			FROM pg_stat_progress_copy JOIN pg_stat_activity USING (pid) WHERE application_name = '$function'
			AND tuples_processed > 20});
	};
	ok(wait_until(sub { $progress->() eq 'COPY TO|FILE|t|t' }, 'progress shows'), 'a running export shows');
	like(files(), qr/^\.hotpath-\d+-0 all$/, 'it writes beside');
	$node->safe_psql('postgres',
		"SELECT $function(pid) FROM pg_stat_activity WHERE application_name = '$function'");
	ok(wait_until(sub { files() eq 'all' }, 'the file is gone'), "$function leaves nothing behind");
	ok(wait_until(sub { $progress->() eq '' }, 'progress ends'), 'nor in the progress view');
	eval { $session->receive } if $function eq 'pg_cancel_backend';
	$session->abandon;
}
ok(slurp_file("$dir/all") eq $before, 'the old file is as it was');

$node->stop;
done_testing();
