# DDL is visible to others a moment before they are told to look at their catalogs again; in COMMIT
# PREPARED the files of dropped tables are unlinked in between.  What is read in that moment, by catalogs
# of before and under a snapshot of after, must not be there for everybody afterwards.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('late_messages');
my $dir = PostgreSQL::Test::Utils::tempdir();

$node->safe_psql('postgres', <<'EOS');
CREATE EXTENSION pg_hotpath;
CREATE TYPE mood AS ENUM ('a');
CREATE TABLE t (id int PRIMARY KEY, m mood);
INSERT INTO t SELECT i, 'a' FROM generate_series(1, 4000) i;
CREATE TABLE root (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);
CREATE TABLE root_0 PARTITION OF root FOR VALUES FROM (0) TO (1000);
SELECT hotpath.cache_table('t'), hotpath.cache_table('root');
EOS
append_to_file("$dir/read.sql", "\\set id random(1, 4000)\n"
	  . "SELECT hotpath.get_json('t', :id), hotpath.get(NULL::root, :id);\n");

# Readers that stay, and some that come and go.
sub start_readers
{
	my ($out, @options) = @_;
	return IPC::Run::start([ 'pgbench', '-n', '-M', 'prepared', '-T', '3', @options, '-f', "$dir/read.sql",
			$node->connstr('postgres') ], '>', $out, '2>', $out);
}

for my $round (1 .. 4)
{
	my ($from, $to) = $round % 2 ? ('a', 'b') : ('b', 'a');

	$node->safe_psql('postgres', "CREATE TABLE joins_$round (id int PRIMARY KEY, v int); "
		  . "INSERT INTO joins_$round SELECT i, i FROM generate_series($round * 1000, $round * 1000 + 999) i");
	# a table of many files, as those of a very large one
	$node->safe_psql('postgres', 'CREATE TABLE passing ()');
	my $path = $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('passing')");
	append_to_file("$path.$_", '') for 1 .. 20_000;
	$node->safe_psql('postgres', "BEGIN; ALTER TYPE mood RENAME VALUE '$from' TO '$to'; "
		  . "ALTER TABLE root ATTACH PARTITION joins_$round FOR VALUES FROM ($round * 1000) TO (($round + 1) * 1000); "
		  . q{DROP TABLE passing; PREPARE TRANSACTION 'ddl'});
	# what was prepared before a restart is noted nowhere
	$node->restart if $round > 2;
	my @out = ('', '');
	my @readers = (start_readers(\$out[0], '-c', '3'), start_readers(\$out[1], '-C'));
	sleep 1;
	$node->safe_psql('postgres', "COMMIT PREPARED 'ddl'");
	$_->finish for @readers;
	like($_, qr/transactions actually processed: [1-9]/, "round $round: rows were read all the while") for @out;
	is($node->safe_psql('postgres', 'SELECT count(*) FROM t '
			  . "WHERE hotpath.get_json('t', id)::text IS DISTINCT FROM row_to_json(t)::text"), '0',
		"round $round: the labels are those of now");
	agrees($node, 'root', 1, 4000, "round $round: the partitions are those of now");
}
$node->stop;
done_testing();
