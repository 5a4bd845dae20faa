# From every released version: its SQL works with the library of today, the upgrade gives exactly what
# a new installation gives, and what was cached stays cached and right.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('upgrade');
my $version = $node->safe_psql('postgres',
	"SELECT default_version FROM pg_available_extensions WHERE name = 'pg_hotpath'");
my @released = grep { $_ ne $version } split /\n/, $node->safe_psql('postgres',
	"SELECT version FROM pg_available_extension_versions WHERE name = 'pg_hotpath' ORDER BY 1");

# Every object of the extension, with all that a dump would say of it.
my $objects = <<'EOS';
SELECT d.classid::regclass, pg_describe_object(d.classid, d.objid, d.objsubid) AS object,
	coalesce(to_jsonb(p) - '{oid,pronamespace,proowner,proacl,prosupport,proargdefaults,prorettype,proargtypes,proallargtypes}'::text[],
		to_jsonb(c) - '{oid,relnamespace,reltype,relowner,relfilenode,relpages,reltuples,relallvisible,relallfrozen,reltoastrelid,relfrozenxid,relminmxid,relacl}'::text[],
		to_jsonb(e) - '{oid,evtowner,evtfoid}'::text[]) AS properties,
	CASE WHEN p.oid IS NOT NULL THEN pg_get_functiondef(p.oid)
		WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END AS definition,
	p.prosupport::regproc AS support, coalesce(p.proacl, c.relacl)::text AS acl,
	coalesce(obj_description(d.objid, d.classid::regclass::name), '') AS comment,
	(SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' '
			|| a.attnotnull::text || ' ' || coalesce(col_description(c.oid, a.attnum), ''), ', ' ORDER BY a.attnum)
		FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns,
	(SELECT string_agg(pg_get_triggerdef(t.oid) || t.tgenabled::text, ', ' ORDER BY t.tgname)
		FROM pg_trigger t WHERE t.tgrelid = c.oid) AS triggers,
	(SELECT string_agg(pg_get_indexdef(i.indexrelid), ', ' ORDER BY 1) FROM pg_index i WHERE i.indrelid = c.oid) AS indexes
FROM pg_depend d
	JOIN pg_extension x ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid AND d.deptype = 'e'
	LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
	LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
	LEFT JOIN pg_event_trigger e ON d.classid = 'pg_event_trigger'::regclass AND d.objid = e.oid
WHERE x.extname = 'pg_hotpath'
ORDER BY 1, 2
EOS

$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('fresh', 'CREATE EXTENSION pg_hotpath');
my $fresh = $node->safe_psql('fresh', $objects);
cmp_ok(scalar(split /\n/, $fresh), '>', 40, 'a new installation has objects');
my $configured = "SELECT extversion, extconfig::regclass[], extcondition FROM pg_extension WHERE extname = 'pg_hotpath'";

ok(@released > 0, "there are versions before $version");
for my $old (@released)
{
	my $database = "from_$old" =~ s/\W/_/gr;
	my $work = "UPDATE t SET v = v || '+' WHERE id < 10; "
	  . "SELECT hotpath.put(ROW(11, 'put')::t); SELECT hotpath.evict('t', 12)";

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, "CREATE EXTENSION pg_hotpath VERSION '$old'; "
		  . "CREATE TABLE t (id int PRIMARY KEY, v text UNIQUE); INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 100) i; "
		  . "SELECT hotpath.cache_table('t', ttl => '1 hour', write_through => true); SELECT hotpath.cache_table('t', 't_v_key')");
	agrees($node, 't', 1, 100, "$old: rows agree before the upgrade", $database);
	$node->safe_psql($database, $work);
	agrees($node, 't', 1, 100, "$old: and after writes", $database);
	is($node->safe_psql($database, "SELECT count(*) FROM hotpath.cached_key; SELECT sum(hits) > 0 FROM hotpath.cache_stats"),
		"2\nt", "$old: the cache is in use");

	my $session = Hotpath::Session->new($node, database => $database);
	$session->query("PREPARE page AS SELECT count(*) FROM hotpath.page(NULL::t, 'id', 5)");
	is($session->query('SELECT (hotpath.get(NULL::t, 5)).v; EXECUTE page'), "v5+\n5", "$old: an open session");

	$node->safe_psql($database, 'ALTER EXTENSION pg_hotpath UPDATE');
	is($node->safe_psql($database, $configured), $node->safe_psql('fresh', $configured),
		"$old: version and configuration tables after the upgrade");
	is($node->safe_psql($database, $objects), $fresh, "$old: the objects are those of a new installation");

	agrees($node, 't', 1, 100, "$old: rows agree after the upgrade", $database);
	$node->safe_psql($database, $work);
	agrees($node, 't', 1, 100, "$old: and after writes", $database);
	is($session->query('SELECT (hotpath.get(NULL::t, 5)).v; EXECUTE page'), "v5++\n5",
		"$old: the session goes on");
	is($node->safe_psql($database, "SELECT hotpath.cache_check('t') IS NULL, count(*) FROM hotpath.cached_key"), 't|2',
		"$old: the table is cached as before");
	$session->quit;
	$node->safe_psql($database, 'DROP EXTENSION pg_hotpath');
	is($node->safe_psql($database, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 't'::regclass AND NOT tgisinternal; "
			  . "SELECT count(*) FROM pg_proc WHERE probin LIKE '%pg_hotpath'"), "0\n0", "$old: and can be removed");
}

# The library is replaced by one with another layout of shared memory while the server runs.  A database
# whose functions are those of such a library stands for the sessions that begin after that.
my $dir = PostgreSQL::Test::Utils::tempdir();
system_or_bail('cp', '-a', 'src', 'Makefile', 'pg_hotpath.control', 'upgrade', $dir);
unlink("$dir/src/base/shmem.o");
system_or_bail('make', '-s', '-C', $dir, 'with_llvm=no', 'HP_CFLAGS=-DHP_SHMEM_LAYOUT=999', 'pg_hotpath.so');
$node->safe_psql('postgres', 'CREATE DATABASE before');
$node->safe_psql('before', 'CREATE EXTENSION pg_hotpath; CREATE TABLE t (id int PRIMARY KEY, v text); '
	  . "INSERT INTO t SELECT i, 'v' FROM generate_series(1, 100) i; SELECT hotpath.cache_table('t')");
my $old = Hotpath::Session->new($node, database => 'before');
$old->query(comparison('t', 1, 100));
is($old->query("SELECT hotpath.cache_check('t') IS NULL, (hotpath.peek(NULL::t, 1)).v"), 't|v', 'the cache is in use');

# and one that has loaded the library, but not yet asked for the memory
my $loaded = Hotpath::Session->new($node, database => 'before');
$loaded->query("LOAD 'pg_hotpath'");

sub change_library
{
	my ($from, $to) = @_;
	$node->safe_psql('before', "UPDATE pg_proc SET probin = '$to' WHERE probin = '$from'");
	return;
}
change_library('$libdir/pg_hotpath', "$dir/pg_hotpath");
my $new = Hotpath::Session->new($node, database => 'before');
is($new->query("SELECT hotpath.cache_check('t')"), 'two versions of the library have met in this server; restart it',
	'a session with another library says so when it is asked');
$new->query("UPDATE t SET v = 'new' WHERE id = 1");
is($new->query('SELECT (hotpath.get(NULL::t, 1)).v'), 'new', 'a session with another library writes and reads');
like($new->last_error, qr/WARNING:.*laid out by another version/, 'and says why it does not cache');
$new->query("SELECT hotpath.cache_table('t')");
like($new->last_error, qr/ERROR:.*laid out by another version/, 'nor can it cache more');
$new->query("UPDATE t SET v = 'newer' WHERE id = 1");
change_library("$dir/pg_hotpath", '$libdir/pg_hotpath');
is($old->query('SELECT (hotpath.get(NULL::t, 1)).v'), 'newer', 'an older session reads what it wrote');
is($old->query("SELECT (hotpath.peek(NULL::t, 1)).v, hotpath.cache_check('t')"),
	'|two versions of the library have met in this server; restart it', 'is not served, and says why');
is($old->query(comparison('t', 1, 100)), '0', 'all rows agree');
is($loaded->query('SELECT (hotpath.get(NULL::t, 1)).v'), 'newer', 'nor is one that has only loaded the older library');
$_->quit for $old, $new, $loaded;
$node->restart;
$node->safe_psql('before', comparison('t', 1, 100));
is($node->safe_psql('before', "SELECT hotpath.cache_check('t') IS NULL, (hotpath.peek(NULL::t, 1)).v"), 't|newer',
	'after a restart the cache serves again');

my ($status, $out, $error) = $node->psql('fresh', "ALTER EXTENSION pg_hotpath UPDATE TO '0.1'");
like($error, qr/no update path/, 'there is no way back');
$node->stop;
done_testing();
