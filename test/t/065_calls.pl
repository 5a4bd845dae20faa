# The list of calls that other tests go through (Calls.pm) has every function of the extension, and
# each call is one of its function.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Calls;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('calls', conf => "pg_hotpath.cache_size = '1MB'\ntrack_functions = all");
my $folder = PostgreSQL::Test::Utils::tempdir();

$node->safe_psql('postgres', fixture());

my $listed = $node->safe_psql('postgres', q{
	SELECT regexp_replace(p.oid::regprocedure::text, '^hotpath[.]', '')
	FROM pg_proc p WHERE p.pronamespace = 'hotpath'::regnamespace});
is(join("\n", sort keys %calls), join("\n", sort split /\n/, $listed),
	'the list has every function of the schema, and no other');

# What the server has counted in the same transaction
for my $name (sort keys %calls)
{
	my $function = 'hotpath.' . ($calls{$name}{via} || $name);
	my ($status, $out, $err) = $node->psql('postgres', qq{
		BEGIN;
		DO \$\$ DECLARE size int := 3; folder text := '$folder'; BEGIN
			FOR i IN 1..10 LOOP $calls{$name}{sql}; END LOOP;
		END \$\$;
		SELECT count(*) FROM pg_stat_xact_user_functions
		WHERE funcid = '$function'::regprocedure AND calls >= 10;
		COMMIT});
	is("$out$err", '1', "it calls $name");
}
$node->stop;
done_testing();
