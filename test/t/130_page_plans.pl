# Pages that statements read are range scans too: no filter, no sort, no row read and thrown away, at
# any depth, in every direction. The server's own auto_explain shows the plans that were executed.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('plans', conf => <<'CONF');
session_preload_libraries = 'auto_explain'
auto_explain.log_min_duration = 0
auto_explain.log_nested_statements = on
auto_explain.log_analyze = on
auto_explain.log_timing = off
CONF
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pg_hotpath;
CREATE TABLE secured (id int PRIMARY KEY, a int, b int NOT NULL, c text);
INSERT INTO secured SELECT i, nullif(i % 500, 7), i % 11, md5(i::text) FROM generate_series(1, 20000) i;
CREATE INDEX secured_mixed ON secured (a DESC NULLS LAST, b, id DESC);
CREATE INDEX secured_tenant ON secured (b, a, id);
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON secured USING (true);
CREATE TABLE parts (id int, a int, at date NOT NULL, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
CREATE TABLE parts1 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
CREATE TABLE parts2 PARTITION OF parts FOR VALUES FROM ('2024-07-01') TO ('2025-01-01');
INSERT INTO parts SELECT i, i % 50, '2024-01-01'::date + i % 366 FROM generate_series(1, 20000) i;
CREATE INDEX parts_a ON parts (a, at DESC, id DESC);
CREATE VIEW seen AS SELECT id, a, b FROM secured;
CREATE ROLE pager;
GRANT SELECT ON secured, parts, seen TO pager;
ALTER VIEW seen OWNER TO pager;
VACUUM ANALYZE secured, parts;
SQL

# Walks forward and backward through pages of an order, and returns what the log shows of it.
sub plans_of
{
	my ($rel, $order, $filter) = @_;
	my $offset = -s $node->logfile;
	$node->safe_psql('postgres', <<"SQL");
SET ROLE pager;
DO \$\$
DECLARE
	page json;
	place text;
BEGIN
	FOR i IN 1 .. 12 LOOP
		page := hotpath.page_json('$rel', '$order', first => 40, after => place, filter => $filter, columns => '{id}');
		place := page #>> '{page_info,end_cursor}';
	END LOOP;
	FOR i IN 1 .. 3 LOOP
		page := hotpath.page_json('$rel', '$order', last => 40, before => place, filter => $filter, columns => '{id}');
		place := page #>> '{page_info,start_cursor}';
	END LOOP;
END \$\$;
SQL
	# of the statements that read pages, those behind a cursor
	my @plans = grep { /Query Text: SELECT hp/ } split /(?=^\S.*LOG:\s+duration)/m,
		substr(slurp_file($node->logfile), $offset);
	return @plans;
}

for my $case (
	[ 'secured', 'a desc nulls last, b, id desc', 'NULL', 'mixed directions, nulls, a policy' ],
	[ 'secured', 'a nulls first, b desc, id', 'NULL', 'the same backward' ],
	[ 'secured', 'a, id', q('{"b": 3}'), 'behind a filter' ],
	[ 'secured', 'id', 'NULL', 'the primary key' ],
	[ 'parts', 'a, at desc', 'NULL', 'partitions' ],
	[ 'seen', 'a desc nulls last, b, id desc', 'NULL', 'a view' ])
{
	my ($rel, $order, $filter, $name) = @$case;
	my @plans = plans_of($rel, $order, $filter);
	cmp_ok(scalar @plans, '>=', 15, "$name: plans are logged");
	# a sort of nothing is no harm: newer planners see through a view what cannot be null
	my @bad = grep { !/^\s*One-Time Filter: false$/m }
		grep { /^\s*(?:->)?\s*(?:Filter:|(?:Incremental )?Sort  \(|Seq Scan|Rows Removed)/m } @plans;
	is(scalar @bad, 0, "$name: range scans only") or diag $bad[0];
	my ($most) = sort { $b <=> $a } map { /actual rows=(\d+)/g } @plans;
	cmp_ok($most, '<=', 42, "$name: nothing is read beyond the page");
}

$node->stop;
done_testing();
