# The extension goes, comes back, changes hands; the tables stay what they were.
use strict;
use warnings;
use File::Copy;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('extension');
my $left = 'SELECT (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal), '
  . '(SELECT count(*) FROM pg_event_trigger), '
  . "(SELECT count(*) FROM pg_proc WHERE probin LIKE '%pg_hotpath')";

sub query { return $node->safe_psql('postgres', $_[0]) }

query('CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, \'v\' FROM generate_series(1, 100) i; '
	  . 'CREATE TABLE part (id int PRIMARY KEY, v text) PARTITION BY HASH (id); '
	  . 'CREATE TABLE part_0 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 0); '
	  . 'CREATE TABLE part_1 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 1); '
	  . 'INSERT INTO part SELECT i, \'v\' FROM generate_series(1, 100) i');
my $without = query($left);
my $cache = 'CREATE EXTENSION pg_hotpath; '
  . "SELECT hotpath.cache_table('t', write_through => true); SELECT hotpath.cache_table('part')";

# Dropped without CASCADE while other sessions have used it
query($cache);
agrees($node, 't', 1, 100, 'cached');
agrees($node, 'part', 1, 100, 'cached, partitioned');
my $session = Hotpath::Session->new($node);
$session->query("UPDATE t SET v = 'w' WHERE id = 1; SELECT hotpath.get(NULL::t, 1)");
query('DROP EXTENSION pg_hotpath');
is(query($left), $without, 'nothing is left of it');
is($session->query("UPDATE t SET v = 'x' WHERE id = 1 RETURNING v"), 'x', 'the table can be written');
is($session->query("UPDATE part SET v = 'x' WHERE id = 1 RETURNING v"), 'x', 'and the other one');
$session->query('SELECT hotpath.get(NULL::t, 1)');
like($session->last_error, qr/hotpath.get.* does not exist/, 'the functions are gone');
query('TRUNCATE part; INSERT INTO part VALUES (1, \'y\'); ALTER TABLE t ADD COLUMN n int; DELETE FROM t WHERE id = 2');

# Back again: what was cached before must not be served
query($cache);
is($session->query('SELECT (hotpath.get(NULL::t, 1)).v, (hotpath.get(NULL::t, 2)).v'), 'x|',
	'created again, in a session that knew the old one');
agrees($node, 't', 1, 100, 'and all rows agree');
agrees($node, 'part', 1, 100, 'of the other one, too');
query("UPDATE t SET v = 'z' WHERE id = 1");
is($session->query('SELECT (hotpath.get(NULL::t, 1)).v'), 'z', 'writes are seen');

# Dropped and created by a transaction that writes in between; and one that rolls back
query('BEGIN; DROP EXTENSION pg_hotpath; UPDATE t SET v = \'in between\' WHERE id < 10; ROLLBACK');
agrees($node, 't', 1, 100, 'a drop that is rolled back');
query("BEGIN; DROP EXTENSION pg_hotpath; UPDATE t SET v = 'in between' WHERE id < 10; $cache; COMMIT");
is($session->query(comparison('t', 1, 100)), '0', 'dropped and created in one transaction');
is($session->query('SELECT (hotpath.get(NULL::t, 5)).v'), 'in between', 'with a write between');
agrees($node, 't', 1, 100, 'seen by others');

# Owners
query('CREATE ROLE alice; CREATE ROLE bob; GRANT ALL ON SCHEMA public TO alice, bob; '
	  . 'ALTER TABLE t OWNER TO alice');
agrees($node, 't', 1, 100, 'another owner');
is(query("SET ROLE alice; UPDATE t SET v = 'hers' WHERE id = 3; SELECT (hotpath.get(NULL::t, 3)).v"),
	'hers', 'who writes and reads');
$session->query('SET ROLE alice');
is($session->query('SELECT (hotpath.get(NULL::t, 3)).v'), 'hers', 'in another session, as the owner');
query('ALTER TABLE t OWNER TO bob');
$session->query('SELECT (hotpath.get(NULL::t, 3)).v');
like($session->last_error, qr/permission denied/, 'who may not read it any more once it is not hers');
is(query("SET ROLE bob; SELECT hotpath.uncache_table('t'); SELECT hotpath.cache_table('t')"), "\n",
	'the new owner may attach it');
is(query('SELECT hotpath.cache_check(\'t\') IS NULL'), 't', 'and it is');
$session->query('RESET ROLE');

# DROP OWNED, REASSIGN OWNED
query('CREATE TABLE hers (id int PRIMARY KEY, v text); INSERT INTO hers VALUES (1, \'a\'); '
	  . "SELECT hotpath.cache_table('hers'); ALTER TABLE hers OWNER TO alice");
agrees($node, 'hers', 1, 3, 'a table of hers');
query('REASSIGN OWNED BY alice TO bob');
agrees($node, 'hers', 1, 3, 'reassigned');
query('ALTER TABLE hers OWNER TO alice; DROP OWNED BY alice');
is(query('SELECT count(*) FROM hotpath.cached_key WHERE relation::text = \'hers\''), '0',
	'DROP OWNED takes its configuration along');
is(query("SELECT count(*) FROM hotpath.cached_key c LEFT JOIN pg_class r ON r.oid = c.relation "
		  . 'WHERE r.oid IS NULL'), '0', 'none is left without a table');
agrees($node, 't', 1, 100, 'others are as before');

# A database without it, on the same server
query('CREATE DATABASE other');
is($node->safe_psql('other', 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); '
		  . 'TRUNCATE t; ALTER TABLE t ADD COLUMN v text; SELECT count(*) FROM t'), '0',
	'a database without the extension is not disturbed');

# Another file with the library
my $folder = PostgreSQL::Test::Utils::tempdir();
my $library = query(q{SELECT setting || '/pg_hotpath.so' FROM pg_config WHERE name = 'PKGLIBDIR'});
copy($library, "$folder/pg_hotpath.so") or die "$library: $!";
my (undef, undef, $refused) = $node->psql('postgres', "LOAD 'pg_hotpath'; LOAD '$folder/pg_hotpath.so'");
like($refused, qr/pg_hotpath is loaded already, from another file/, 'a second copy of the library is refused');
(undef, undef, $refused) = $node->psql('postgres', "LOAD '$folder/pg_hotpath.so'; SELECT hotpath.get(NULL::t, 1)");
like($refused, qr/pg_hotpath is loaded already, from another file/, 'whichever comes first');

query('DROP EXTENSION pg_hotpath CASCADE');
is(query($left), $without, 'CASCADE leaves no more behind');
is(query('SELECT count(*) FROM t'), '99', 'and takes no row');
$session->quit;
$node->stop;
done_testing();
