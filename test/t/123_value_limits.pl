# What is longer than a value can be, 1 GB, is refused, and the session that asked is as it was before.  Not
# with the regression tests, which many servers run: to fill a gigabyte is dear.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('value_limits', conf => 'jit = off');

# escaped, each is six times as long
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_hotpath;
	CREATE TABLE long (id int PRIMARY KEY, v text);
	INSERT INTO long SELECT i, repeat(repeat(e'\x01', 1000), 40000) FROM generate_series(1, 5) i;
});

my $session = Hotpath::Session->new($node);
my $memory = sub { return $session->query('SELECT sum(total_bytes) FROM pg_backend_memory_contexts') };

$session->query('\set VERBOSITY sqlstate');
my $before = $memory->();
for my $call (
	'hotpath.row_to_json(row(v, v, v, v, v))::text FROM long WHERE id = 1',
	q{hotpath.export_json('SELECT v || v || v || v || v AS v FROM long WHERE id = 1')},
	q{hotpath.page_json('long', 'id', first => 5)::text})
{
	my ($name) = $call =~ /hotpath\.(\w+)/;
	is($session->query("SELECT length(x) FROM (SELECT $call) s (x)"), '', "$name gives nothing");
	like($session->last_error, qr/ERROR:  54000$/m, "$name refuses a document of more than 1 GB");
}
# a megabyte for what a session keeps of tables and plans
cmp_ok($memory->(), '<', $before + 1024 * 1024, 'nothing of them is left');
is($session->query('SELECT hotpath.row_to_json(x) FROM (SELECT 1 AS id) x'), '{"id":1}', 'and the session goes on');
$session->quit;
done_testing();
