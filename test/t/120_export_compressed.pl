# Compressed exports: the tools of each method restore what the plain export gives, whole and from
# the chunks that have arrived so far, and the flushes between chunks cost little.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('export_compressed');
my %tool = (gzip => [ 'gzip', '-1' ], zstd => [ 'zstd', '-1', '-q' ], lz4 => [ 'lz4', '-1', '-q' ]);

$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_hotpath;
	CREATE TABLE t AS SELECT i AS id, 'user' || i || '@example.com' AS email, md5(i::text) AS hash,
		i / 7.0 AS score, E'zwei\nZeilen, h\u00e4\u00df' AS note, json '{"a" : [1,
		2]}' AS doc FROM generate_series(1, 60000) i;
});

# The chunks of a query that returns bytea.
sub chunks
{
	my ($query, $database) = @_;
	return map { pack 'H*', substr($_, 2) }
		split /\n/, $node->safe_psql($database || 'postgres', $query);
}

# What a method's tool makes of bytes.
sub restore
{
	my ($method, $bytes, @options) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ $tool{$method}[0], '-dc', @options ], '<', \$bytes, '>', \$out, '2>', \$err);
	return $out;
}

# The same of bytes that break off.  The programs zstd and lz4 then hold back what they have read,
# so their frame gets an end: no more blocks, and a checksum that is not looked at.
my %ending = (
	zstd => [ "\x01\0\0\0\0\0\0", '--no-check' ],
	lz4 => [ "\0\0\0\0\0\0\0\0", '--no-crc' ]);

sub restore_beginning
{
	my ($method, $bytes) = @_;
	my ($end, @options) = @{ $ending{$method} // [''] };
	return restore($method, $bytes . $end, @options);
}

sub has_tool
{
	my ($name) = @_;
	return scalar grep { -x "$_/$name" } split /:/, $ENV{PATH};
}

my $plain = $node->safe_psql('postgres', q{SELECT hotpath.export_json('SELECT * FROM t')}) . "\n";
is(($plain =~ tr/\n//), 60000, 'the plain export has a line for each row');

for my $method (sort keys %tool)
{
  SKIP:
	{
		skip "no program $method", 1 unless has_tool($tool{$method}[0]);
		for my $level ('NULL', $method eq 'zstd' ? (-7, 1, 19) : (1, 9))
		{
			my @chunks = chunks(
				"SELECT hotpath.export_json_compressed('SELECT * FROM t', '$method', $level)");
			ok(restore($method, join '', @chunks) eq $plain,
				"$method level $level restores the plain export");
		}

		# a chunk is readable, and ends with a row, when it has arrived
		my @chunks = chunks(
			"SELECT hotpath.export_json_compressed('SELECT * FROM t', '$method', 1, chunk_size => 20000)");
		cmp_ok(scalar @chunks, '>', 5, "$method: several chunks");
		my @broken = grep {
			my $part = restore_beginning($method, join '', @chunks[ 0 .. $_ ]);
			!length $part || $part !~ /\n\z/ || substr($plain, 0, length $part) ne $part
		} 0 .. 5;
		is("@broken", '', "$method: chunks are whole rows when they arrive");

		# against the tool, which never flushes
		my $whole = '';
		IPC::Run::run([ @{ $tool{$method} }, '-c' ], '<', \$plain, '>', \$whole);
		my $size = length join '', chunks(
			"SELECT hotpath.export_json_compressed('SELECT * FROM t', '$method', 1)");
		note(sprintf '%s: %d bytes, by the tool %d', $method, $size, length $whole);
		cmp_ok($size, '<', 1.05 * length $whole, "$method: flushes cost little");

		# nothing at all, and formats with something around nothing
		is(restore($method, join '', chunks(
			"SELECT hotpath.export_json_compressed('SELECT 1 WHERE false', '$method')")),
			'', "$method: no rows");
		is(restore($method, join '', chunks(
			"SELECT hotpath.export_json_compressed('SELECT 1 WHERE false', '$method', format => 'array')")),
			"[]\n", "$method: no rows in an array");
		is(restore($method, join '', chunks(
			"SELECT hotpath.export_json_compressed('SELECT i FROM generate_series(1, 3) i', '$method', format => 'array', chunk_size => 1)")),
			qq([{"i":1}\n,{"i":2}\n,{"i":3}\n]\n), "$method: a chunk for each row");

		# a row larger than every buffer
		my $giant = restore($method, join '', chunks(
			"SELECT hotpath.export_json_compressed('SELECT string_agg(md5(i::text), '''') AS x FROM generate_series(1, 200000) i', '$method')"));
		is(length $giant, 200000 * 32 + length qq({"x":""}\n), "$method: a giant row");
	}
}

# JSON is UTF-8, whatever the database is encoded in
$node->safe_psql('postgres', q{CREATE DATABASE latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0});
$node->safe_psql('latin1', 'CREATE EXTENSION pg_hotpath');
is(restore('gzip', join '', chunks(q{SELECT hotpath.export_json_compressed('SELECT chr(228) AS a')}, 'latin1')),
	qq({"a":"\xc3\xa4"}\n), 'LATIN1 becomes UTF-8');

# bytes that are none are an error, not a broken file
$node->safe_psql('postgres', q{CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0});
$node->safe_psql('ascii', 'CREATE EXTENSION pg_hotpath');
my ($status, $out, $err) = $node->psql('ascii',
	q{SELECT hotpath.export_json_compressed($$SELECT convert_from('\xff', 'SQL_ASCII') AS a$$)},
	extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/22021.*invalid byte sequence/, 'invalid encoding is an error');

# what the libraries take is given back, also by exports that end early or fail
my $session = Hotpath::Session->new($node);
my $rss = sub {
	my $status = $session->query(q{SELECT pg_read_file('/proc/self/status')});
	return $status =~ /VmRSS:\s+(\d+)/ ? $1 : 0;
};
my $abandon = join ';', map {
	my $method = $_;
	( "SELECT length(hotpath.export_json_compressed('SELECT * FROM t', '$method', chunk_size => 1000)) LIMIT 1",
		"SELECT length(hotpath.export_json_compressed('SELECT 1 / (100 - id) FROM t', '$method'))" )
} sort keys %tool;
SKIP:
{
	skip 'no /proc', 1 unless -r '/proc/self/status';
	$session->query($abandon) for 1 .. 5;
	my $before = $rss->();
	$session->query($abandon) for 1 .. 40;
	my $grown = $rss->() - $before;
	note("resident memory grew by $grown kB");
	cmp_ok($grown, '<', 4096, 'compressors of abandoned and failed exports are freed');
}
$session->quit;

$node->stop;
done_testing();
