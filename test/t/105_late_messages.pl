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

my $files = 8_000;

# Give a prepared transaction files to remove, as those of a very large table.
sub add_files
{
	$node->safe_psql('postgres', 'CREATE TABLE passing ()');
	my $path = $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('passing')");
	append_to_file("$path.$_", '') for 1 .. $files;
	return;
}

for my $round (1 .. 4)
{
	my ($from, $to) = $round % 2 ? ('a', 'b') : ('b', 'a');

	$node->safe_psql('postgres', "CREATE TABLE joins_$round (id int PRIMARY KEY, v int); "
		  . "INSERT INTO joins_$round SELECT i, i FROM generate_series($round * 1000, $round * 1000 + 999) i");
	add_files();
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

# A statement that is analyzed in that moment knows a table by another name, or its columns, whether the
# session has used the table before or not.  Names of columns change in odd rounds, of tables in even ones.
$node->safe_psql('postgres', 'CREATE TABLE elsewhere (id int PRIMARY KEY); '
	  . 'CREATE TABLE one (id int PRIMARY KEY, a text, b text); CREATE TABLE two (LIKE one INCLUDING ALL); '
	  . "INSERT INTO one VALUES (1, 'one a', 'one b'); INSERT INTO two VALUES (1, 'two a', 'two b')");
my @swaps = ('ALTER TABLE one RENAME TO three; ALTER TABLE two RENAME TO one; ALTER TABLE three RENAME TO two',
	'ALTER TABLE one RENAME a TO c; ALTER TABLE one RENAME b TO a; ALTER TABLE one RENAME c TO b');

# Returns when the commit is visible; its messages come when the committer has answered.
sub commit_late
{
	my ($committer, $reader, $sql) = @_;
	add_files();
	$node->safe_psql('postgres', "BEGIN; $sql; DROP TABLE passing; PREPARE TRANSACTION 'ddl'");
	$committer->send("COMMIT PREPARED 'ddl'");
	ok(wait_until(sub { $reader->query('SELECT count(*) FROM pg_prepared_xacts') eq '0' }, 'the commit is visible'),
		'the commit is visible');
	return;
}

# Play a round until the reader has come before the messages; a fast disk is given more to do.
sub play
{
	my ($round, @of) = @_;
	for (1 .. 5)
	{
		my $reader = Hotpath::Session->new($node);
		my $committer = Hotpath::Session->new($node);
		my $in_time = $round->($reader, $committer, @of);
		$_->quit for $reader, $committer;
		return if $in_time;
		$files *= 2 if $files < 100_000;
	}
	fail('the reader has come before the messages');
	return;
}

sub analyze_between
{
	my ($reader, $committer, $round) = @_;

	$reader->query('SELECT one, two FROM one, two');
	$reader->query('SELECT hotpath.get(NULL::' . ($round <= 2 ? 'elsewhere' : 'one') . ', 1)');
	# a commit that the reader's knowledge of the table is older than
	$node->safe_psql('postgres', 'BEGIN; ALTER TABLE elsewhere ADD COLUMN c int; ALTER TABLE elsewhere DROP COLUMN c; COMMIT');
	commit_late($committer, $reader, $swaps[$round % 2]);
	my $in_time = !$committer->has_answered;
	# which looks up the name, and may wait for the messages then
	$reader->query('BEGIN; DECLARE c CURSOR FOR SELECT (hotpath.get(NULL::one, 1)).a');
	$committer->receive;
	my $read = $reader->query('FETCH c');
	my $error = $reader->last_error;
	like($error, qr/^$|were altered while|may not be the table|was renamed while/, "round $round: no other error");
	$reader->query('ROLLBACK');
	is($read, $reader->query('SELECT a FROM one'), "round $round: what a plain SELECT reads") if $error eq '';
	is($reader->query('SELECT (hotpath.get(NULL::one, 1)).a = (SELECT a FROM one)'), 't', "round $round: afterwards");
	return $in_time;
}
play(\&analyze_between, $_) for 1 .. 4;

# The same where the library is loaded after the commit: before its messages are processed, before they are
# sent, and in the transaction before.  What is analyzed afterwards knows the tables as they are.
sub load_between
{
	my ($reader, $committer, $when, $what) = @_;
	my $in_time = 1;

	if ($when eq 'pending')
	{
		$reader->query('PREPARE p AS SELECT (hotpath.get(NULL::one, 1)).a; BEGIN');
		$node->safe_psql('postgres', "BEGIN; $swaps[$what]; COMMIT");
		$reader->query(q{LOAD 'pg_hotpath'});
	}
	else
	{
		$reader->query('SELECT one, two FROM one, two');
		commit_late($committer, $reader, $swaps[$what]);
		$reader->query($when eq 'unsent' ? q{BEGIN; LOAD 'pg_hotpath'} : q{LOAD 'pg_hotpath'; BEGIN});
		$in_time = !$committer->has_answered;
		$reader->query('DECLARE c CURSOR FOR SELECT (hotpath.get(NULL::one, 1)).a');
		$committer->receive;
	}
	$what = "loaded $when, " . ($what ? 'columns' : 'tables');
	my $read = $reader->query($when eq 'pending' ? 'EXECUTE p' : 'FETCH c');
	is($reader->last_error, '', "$what: no error");
	is($read, $reader->query('SELECT a FROM one'), "$what: what a plain SELECT reads");
	return $in_time;
}
for my $when (qw(pending unsent before))
{
	play(\&load_between, $when, $_) for 0, 1;
}
$node->stop;
done_testing();
