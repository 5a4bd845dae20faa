# Libraries that check or log each access by ExecutorCheckPerms_hook, as sepgsql and pgaudit do, are asked
# for what the cache answers as well.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = PostgreSQL::Test::Utils::tempdir();
open my $source, '>', "$folder/watch.c" or die $!;
print $source q{
#include "postgres.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

PG_MODULE_MAGIC;

#if PG_VERSION_NUM < 160000
#define ARGUMENTS List *entries, bool report
#else
#define ARGUMENTS List *entries, List *infos, bool report
#endif

static bool
watch(ARGUMENTS)
{
	ListCell   *lc;

	foreach(lc, entries)
	{
		RangeTblEntry *entry = lfirst(lc);
		char	   *name = entry->rtekind == RTE_RELATION ? get_rel_name(entry->relid) : NULL;

		if (name == NULL || strcmp(name, "secret") != 0)
			continue;
		elog(LOG, "%s reads secret", GetUserNameFromId(GetUserId(), false));
		if (GetUserId() != get_role_oid("kept_out", true))
			continue;
		if (report)
			ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("kept out"));
		return false;
	}
	return true;
}

void		_PG_init(void);

void
_PG_init(void)
{
	ExecutorCheckPerms_hook = watch;
}
};
close $source;
my $pg_config = $ENV{PG_CONFIG} || 'pg_config';
chomp(my $include = `$pg_config --includedir-server`);
system_or_bail('cc', '-shared', '-fPIC', "-I$include", '-o', "$folder/watch.so", "$folder/watch.c");
chmod 0755, $folder, "$folder/watch.so";

my $node = start_node('permission_hook', preload => 1, conf => "session_preload_libraries = '$folder/watch.so'");
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_hotpath;
	CREATE ROLE kept_out; CREATE ROLE let_in;
	CREATE TABLE secret (id int PRIMARY KEY, v text);
	CREATE TABLE open (id int PRIMARY KEY, secret_id int REFERENCES secret);
	INSERT INTO secret SELECT i, 's' || i FROM generate_series(1, 9) i;
	INSERT INTO open SELECT i, i FROM generate_series(1, 9) i;
	GRANT SELECT ON secret, open TO kept_out, let_in;
	SELECT hotpath.cache_table('secret')});
$node->safe_psql('postgres', q{SELECT hotpath.get(NULL::secret, i), hotpath.get_json('secret', i) FROM generate_series(1, 9) i}) for 1 .. 2;
is($node->safe_psql('postgres', q{SELECT hotpath.peek(NULL::secret, 1)}), '(1,s1)', 'the row is cached');

for my $query ('SELECT * FROM secret', 'SELECT hotpath.get(NULL::secret, 1)', 'SELECT hotpath.peek(NULL::secret, 1)',
	q{SELECT hotpath.get_by(NULL::secret, 'secret_pkey', 1)}, q{SELECT hotpath.get_json('secret', 1)},
	'SELECT * FROM hotpath.get_many(NULL::secret, ARRAY[1, 2])', q{SELECT hotpath.evict('secret', 1)},
	q{SELECT * FROM hotpath.page(NULL::secret, 'id', 2)}, q{SELECT hotpath.page_json('secret', 'id', 2)},
	q{SELECT hotpath.embed('open', ARRAY[1], '{"with": {"secret": {}}}')}, q{SELECT hotpath.export_json('SELECT * FROM secret')})
{
	my (undef, undef, $error) = $node->psql('postgres', "SET ROLE kept_out; $query");
	like($error, qr/kept out/, "$query: who is kept out is");
	my $before = -s $node->logfile;
	is($node->psql('postgres', "SET ROLE let_in; $query"), 0, "$query: who is let in is");
	like(slurp_file($node->logfile, $before), qr/let_in reads secret/, "$query: it is logged");
}

done_testing();
