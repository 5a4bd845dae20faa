# What newer majors of PostgreSQL have and 15 has not: tables with virtual generated columns, foreign
# keys that are not enforced, keys over ranges of time, NOT NULL that is NOT VALID.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('majors', conf => preload_line());
plan skip_all => 'this server has none of it'
  if $node->safe_psql('postgres', "SELECT current_setting('server_version_num')::int < 180000") eq 't';

# Virtual generated columns: null in a stored row, computed when it is read, by functions that may look at
# the reader's settings, or depend on what nothing tells of.  So the cache does not serve them.
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_hotpath;
	CREATE TABLE v (id int PRIMARY KEY, a int NOT NULL, label text);
	CREATE TABLE child (id int PRIMARY KEY, v_id int REFERENCES v, twice int GENERATED ALWAYS AS (v_id * 2) VIRTUAL);
	SELECT hotpath.cache_table('v', write_through => true);
	ALTER TABLE v ADD twice int GENERATED ALWAYS AS (a * 2) VIRTUAL, ADD ends timestamptz GENERATED ALWAYS AS
		((timestamp '2026-01-01 12:00' + a * interval '1 day') AT TIME ZONE 'IST') VIRTUAL;
	INSERT INTO v (id, a, label) SELECT i, i % 7, 'label ' || i FROM generate_series(1, 40) i;
	CREATE INDEX ON v (a, id);
	INSERT INTO child SELECT i, 1 + i % 40 FROM generate_series(1, 120) i});

# Is what the cache gives what the table gives, read again and again?
sub agrees_with_table
{
	my ($when) = @_;
	my $json = q{SELECT count(*) FROM generate_series(0, 45) k
		WHERE hotpath.get_json('v', k)::text IS DISTINCT FROM (SELECT row_to_json(v) FROM v WHERE id = k)::text};

	for my $zone ('UTC', 'Asia/Kolkata', 'Asia/Jerusalem')
	{
		local $ENV{PGOPTIONS} = "-c timezone=$zone";

		agrees($node, 'v', 0, 45, "$when, $zone: rows are those of the table");
		# each time in a session of its own
		is($node->safe_psql('postgres', $json), '0', "$when, $zone, read $_: so is their JSON") for 1 .. 2;
	}
	return;
}

# The SQLSTATE of a statement that fails.
sub failure
{
	my ($sql) = @_;
	my (undef, undef, $error) = $node->psql('postgres', $sql, extra_params => [ '-v', 'VERBOSITY=sqlstate' ]);
	return $error;
}

is($node->safe_psql('postgres', q{SELECT hotpath.cache_check('v')}), 'it has virtual generated columns', 'cache_check tells of them');
like(failure(q{SELECT hotpath.cache_table('child')}), qr/ERROR:  42809$/m, 'a table that has them is not cached');
like(failure(q{SELECT hotpath.cache_table('v')}), qr/ERROR:  42809$/m, 'nor cached again');
agrees_with_table('virtual columns');
is($node->safe_psql('postgres', 'SELECT (hotpath.get(NULL::v, 5)).twice'), '10', 'they are computed');
$node->safe_psql('postgres', q{UPDATE v SET a = a + 100 WHERE id % 3 = 0; INSERT INTO v (id, a, label) VALUES (41, 3, 'new')});
agrees_with_table('after a write');
is($node->safe_psql('postgres', q{SELECT (hotpath.put(ROW(42, 11, 'put', NULL, NULL)::v)).twice}), '22', 'put computes them');
$node->safe_psql('postgres', q{SELECT hotpath.put(ROW(3, 12, 'put', 0, NULL)::v)});
agrees_with_table('after put');
is($node->safe_psql('postgres', q{SELECT peek IS NULL FROM hotpath.peek(NULL::v, 5)}), 't', 'none is in the cache');

# A table is served again when they are gone
$node->safe_psql('postgres', 'ALTER TABLE v DROP ends, DROP twice');
agrees_with_table('without them');
is($node->safe_psql('postgres', q{SELECT hotpath.cache_check('v') IS NULL, hotpath.evict_all('v') > 0; SELECT hotpath.warm('v') > 0; SELECT checked > 0, stale FROM hotpath.verify_cache('v')}),
	"t|t\nt\nt|0", 'warmed rows are verified');
$node->safe_psql('postgres', 'ALTER TABLE v ADD twice int GENERATED ALWAYS AS (a * 3) VIRTUAL');
agrees_with_table('with one again');

# They come by a command that does not name the table
$node->safe_psql('postgres', q{
	CREATE TABLE parent (id int, a int);
	CREATE TABLE heir (PRIMARY KEY (id)) INHERITS (parent);
	INSERT INTO heir (id, a) SELECT i, i FROM generate_series(1, 40) i;
	SELECT hotpath.cache_table('heir')});
agrees($node, 'heir', 0, 45, "heir: cached");
$node->safe_psql('postgres', 'BEGIN; ALTER TABLE parent ADD twice int GENERATED ALWAYS AS (a * 5) VIRTUAL; '
	  . comparison('heir', 0, 45) . '; ROLLBACK');
agrees($node, 'heir', 0, 45, "heir: with a column of the parent's, given up");
$node->safe_psql('postgres', 'ALTER TABLE parent ADD twice int GENERATED ALWAYS AS (a * 3) VIRTUAL');
agrees($node, 'heir', 0, 45, "heir: with a column of the parent's");
is($node->safe_psql('postgres', q{SELECT (hotpath.get(NULL::heir, 5)).twice, hotpath.cache_check('heir')}), '15|it has virtual generated columns',
	'heir: it is computed');

is($node->safe_psql('postgres', q{SELECT count(*) FROM hotpath.page(NULL::v, 'a, id', 100) p
		WHERE p.item IS DISTINCT FROM (SELECT v FROM v WHERE id = (p.item).id)}), '0', 'page: the rows of the table');
is($node->safe_psql('postgres', q{SELECT array_agg((p.item).id) = (SELECT array_agg(id) FROM (SELECT id FROM v ORDER BY twice DESC, id LIMIT 9) o)
		FROM hotpath.page(NULL::v, 'twice desc, id', 9) p}), 't', 'a page in the order of one');
is($node->safe_psql('postgres', q{SELECT hotpath.page_json('v', 'a, id', 3, filter => '{"twice": 15}') -> 'items' ->> 0
		= (SELECT row_to_json(v)::text FROM v WHERE twice = 15 ORDER BY a, id LIMIT 1)}), 't', 'page_json: filtered by one');
is($node->safe_psql('postgres', q{SELECT note FROM hotpath.page_explain('v', 'a, id')}),
	'the table has virtual generated columns, which a stored row lacks', 'page_explain tells of them');
is($node->safe_psql('postgres', q{SELECT hotpath.embed('v', ARRAY[5], '{"with": {"child": {"columns": ["id", "twice"], "order_by": "id"}}}') ->> 'child'}),
	$node->safe_psql('postgres', q{SELECT json_agg(json_build_object('id', id, 'twice', twice) ORDER BY id) FROM child WHERE v_id = 5}) =~ s/ //gr,
	'embed: of children');
is($node->safe_psql('postgres', q{SELECT hotpath.embed('child', ARRAY[4], '{"with": {"v": {}}}') ->> 'v'}),
	$node->safe_psql('postgres', q{SELECT row_to_json(v) FROM v WHERE id = 5}), 'embed: of a parent that is cached');
is($node->safe_psql('postgres', q{SELECT count(*) FROM hotpath.load_children(NULL::child, ARRAY[5, 6], order_by => 'id') c
		WHERE c.item IS DISTINCT FROM (SELECT child FROM child WHERE id = (c.item).id)}), '0', 'load_children: the rows of the table');
is($node->safe_psql('postgres', q{SELECT count(*) FROM v WHERE hotpath.row_to_json(v)::text IS DISTINCT FROM row_to_json(v)::text}),
	'0', "row_to_json is the server's");
is($node->safe_psql('postgres', q{SELECT hotpath.export_json('SELECT * FROM v WHERE id = 5')}),
	$node->safe_psql('postgres', q{SELECT row_to_json(v) FROM v WHERE id = 5}), 'export_json: of all columns');

# Foreign keys that nobody enforces say nothing about what is related
$node->safe_psql('postgres', q{
	CREATE TABLE loose (id int PRIMARY KEY, v_id int REFERENCES v NOT ENFORCED);
	INSERT INTO loose VALUES (1, 5), (2, -5)});
is($node->safe_psql('postgres', q{SELECT count(*) FROM hotpath.relationships('loose')}), '0',
	'a foreign key that is not enforced is no relationship');
like(failure(q{SELECT hotpath.embed('loose', ARRAY[2], '{"with": {"v": {}}}')}), qr/HP007/, 'nor can it be embedded');
$node->safe_psql('postgres', q{DELETE FROM loose WHERE id = 2; ALTER TABLE loose ALTER CONSTRAINT loose_v_id_fkey ENFORCED});
is($node->safe_psql('postgres', q{SELECT hotpath.embed('loose', ARRAY[1], '{"with": {"v": {"columns": ["id"]}}}') ->> 'v'}), '{"id":5}',
	'once it is enforced it is one');

# A key over ranges has several rows for a value
$node->safe_psql('postgres', q{CREATE TABLE temporal (r int4range, during daterange, PRIMARY KEY (r, during WITHOUT OVERLAPS));
	INSERT INTO temporal VALUES ('[1,2)', '[2024-01-01,2024-02-01)'), ('[1,2)', '[2024-02-01,2024-03-01)')});
like(failure(q{SELECT hotpath.cache_table('temporal')}), qr/42704/, 'a key over ranges of time is none to cache by');
like(failure(q{SELECT hotpath.page(NULL::temporal, 'r, during', 2)}), qr/HP005/, 'nor does it tell the rows of a page apart');

# A column that is NOT NULL, but not for the rows that it had, has nulls; so it has for a snapshot of before VALIDATE
$node->safe_psql('postgres', q{CREATE TABLE nv (id int PRIMARY KEY, a int); INSERT INTO nv VALUES (1, NULL), (2, 5);
	ALTER TABLE nv ADD CONSTRAINT a_given NOT NULL a NOT VALID});
my $page = q{SELECT hotpath.page_json('nv', 'a', columns => ARRAY['id', 'a']) -> 'items'};
my $session = Hotpath::Session->new($node);
is($session->query($page), '[{"id":2,"a":5},{"id":1,"a":null}]', 'NOT VALID: pages have the row with the null');
$session->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
$node->safe_psql('postgres', 'UPDATE nv SET a = 0 WHERE a IS NULL; ALTER TABLE nv VALIDATE CONSTRAINT a_given');
$session->query($page);
like($session->last_error, qr/declared after the snapshot/, 'validated since: a snapshot of before has it still, and pages are refused');
$session->query('ROLLBACK');
is($session->query($page), '[{"id":1,"a":0},{"id":2,"a":5}]', 'and of after they are not');
$session->quit;

done_testing();
