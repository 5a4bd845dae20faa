# Exports stream: the first chunk comes at once, memory does not grow with the rows, nothing goes to
# temporary files, and another session can watch.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rows = $ENV{HP_EXPORT_ROWS} || 600_000;
my $node = start_node('export_stream', conf => "log_temp_files = 0\njit = off");

$node->safe_psql('postgres', qq{
	CREATE EXTENSION pg_hotpath;
	CREATE TABLE t AS SELECT i AS id, md5(i::text) AS hash, i / 7.0 AS score, json '{"a": 1}' AS doc,
		now() + i * interval '1 s' AS at, ARRAY[i, i + 1] AS list
	FROM generate_series(1, $rows) i;
	VACUUM FREEZE t;
});

my $log_start = -s $node->logfile;
my $session = Hotpath::Session->new($node, name => 'exporter');
my $memory = sub {
	return $session->query('SELECT sum(total_bytes) FROM pg_backend_memory_contexts');
};
my $resident = sub {
	return $session->query(q{SELECT substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s+(\d+)')});
};

# its progress, from another session
my $progress = sub {
	return $node->safe_psql('postgres', qq{
		SELECT command, type, tuples_processed, bytes_processed
		FROM pg_stat_progress_copy JOIN pg_stat_activity USING (pid) WHERE application_name = 'exporter'});
};

# a plain export and each compression, read from a cursor
for my $call ("export_json('SELECT * FROM t')", map { "export_json_compressed('SELECT * FROM t', '$_', 1)" } qw(gzip zstd lz4))
{
	my $chunks = $node->safe_psql('postgres', "SELECT count(*) FROM (SELECT hotpath.$call OFFSET 0) x");
	$session->query("BEGIN; DECLARE c CURSOR FOR SELECT hotpath.$call");
	is($session->query('MOVE 1 FROM c; SELECT 1'), '1', "$call begins");
	my ($first) = $progress->() =~ /\|(\d+)\|/;
	$session->query('MOVE 10 FROM c');
	my ($early, $early_rss) = ($memory->(), $resident->());
	$session->query('MOVE ' . ($chunks - 12) . ' FROM c');
	my ($late, $late_rss) = ($memory->(), $resident->());
	is($session->query('FETCH FORWARD 1 FROM c') ne '', 1, 'the last chunk is still to come');
	is($session->query('FETCH FORWARD 1 FROM c'), '', 'and is the last');
	$session->query('COMMIT');
	note(sprintf '%s: first chunk after %d of %d rows, memory %d then %d, resident %d kB then %d kB',
		$call, $first, $rows, $early, $late, $early_rss, $late_rss);
	cmp_ok($first, '<', $rows / 20, 'the first chunk comes early');
	cmp_ok($late - $early, '<', 256 * 1024, 'memory contexts stay as they are');
	cmp_ok($late_rss - $early_rss, '<', 4096, 'the process too');
}

# in the SELECT list, as a client would
is($node->safe_psql('postgres', q{SELECT count(*) FROM (SELECT hotpath.export_json('SELECT * FROM t') OFFSET 0) x}) > 10,
	1, 'in many chunks');
unlike(slurp_file($node->logfile, $log_start), qr/LOG:  temporary file/, 'nothing was written to temporary files');

# progress, from another session
$session->send(q{SELECT length(hotpath.export_json('SELECT i, pg_sleep(0.02) IS NULL AS s FROM generate_series(1, 100000) i'))});
ok(wait_until(sub { $progress->() =~ /^COPY TO\|PIPE\|[1-9]/ }, 'progress shows'), 'a running export shows');
my ($seen) = $progress->() =~ /\|(\d+)\|/;
ok(wait_until(sub { ($progress->() =~ /\|(\d+)\|/)[0] > $seen }, 'progress grows'), 'its rows grow');
$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'exporter'});
$session->receive;
like($session->last_error, qr/canceling statement/, 'it can be cancelled');
is($progress->(), '', 'and shows no more');

# inside COPY the report is COPY's
$session->send(q{COPY (SELECT hotpath.export_json('SELECT i, pg_sleep(0.02) IS NULL AS s FROM generate_series(1, 100000) i', chunk_size => 1)) TO '/dev/null'});
ok(wait_until(sub { $progress->() =~ /^COPY TO\|FILE\|[1-9]/ }, 'progress shows'), "COPY's own report is left alone");
$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'exporter'});
$session->receive;

# a subtransaction that aborts ends the report, the export takes it up again
$node->safe_psql('postgres', q{
	CREATE FUNCTION stumble(i int) RETURNS int LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM pg_sleep(0.02);
		RETURN 1 / (i % 2);
	EXCEPTION WHEN division_by_zero THEN
		RETURN 0;
	END $$});
$session->send(q{SELECT length(hotpath.export_json('SELECT stumble(i) FROM generate_series(1, 1000) i'))});
ok(wait_until(sub { $progress->() =~ /^COPY TO\|PIPE\|[1-9]\d/ }, 'progress shows'), 'the report survives subtransactions');
$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'exporter'});
$session->receive;
$session->quit;

$node->stop;
done_testing();
