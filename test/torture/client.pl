#!/usr/bin/perl
# One client of the torture run (see ../t/090_torture.pl):
#   client.pl ROLE SEED CONNECTION-STRING OUTPUT STOP-FILE
# Runs psql with one script after the other until the stop file is there; reconnects when its
# backend or the server is gone.  Counts, mismatches and the tags of commands
# are lines of the output.
use strict;
use warnings;
use Time::HiRes qw(sleep);

my ($role, $seed, $connection, $output, $stop) = @ARGV;
my $round = 0;

srand($seed);

sub one_of { return $_[ int(rand(@_)) ] }

sub chance { return rand() < $_[0] }

# A number for setseed().
sub next_seed { return sprintf '%.6f', rand(2) - 1 }

my $quick = "SET lock_timeout = '300ms';";

# Savepoints and two-phase commit, which procedures cannot do.
sub two_phase
{
	my $gid = "torture-$$-$round";
	my $end = one_of('COMMIT', 'ROLLBACK');
	my @script = ($quick, "SELECT setseed(@{[next_seed()]});", 'BEGIN;');
	for my $i (1 .. 1 + int(rand(4)))
	{
		push @script, "SAVEPOINT s$i;", 'CALL change_something();';
		push @script, 'CALL change_something();' if chance(0.5);
		push @script, "ROLLBACK TO s$i;" if chance(0.4);
		push @script, "RELEASE s$i;" if chance(0.4);
	}
	if (chance(0.4))
	{
		push @script, "$end;";
	}
	else
	{
		push @script, "PREPARE TRANSACTION '$gid';", 'SELECT pg_sleep(random() * 0.3);',
		  "$end PREPARED '$gid';";
	}
	# those whose session was terminated meanwhile
	push @script, "SELECT format('$end PREPARED %L', gid) FROM pg_prepared_xacts "
	  . "WHERE prepared < now() - interval '2 s' \\gexec";
	return @script;
}

sub long_writer
{
	my @script = ($quick, "SELECT setseed(@{[next_seed()]});", 'BEGIN;');
	for (1 .. 5)
	{
		push @script, 'SAVEPOINT s;', 'CALL change_something();', 'ROLLBACK TO s;'
		  if chance(0.3);
		push @script, 'SAVEPOINT s;', 'CALL change_something();', 'RELEASE s;',
		  'SELECT pg_sleep(random() * 0.8);';
	}
	return (@script, one_of('COMMIT;', 'ROLLBACK;'), 'SELECT pg_sleep(random() * 2);');
}

# What changes a table behind its rows' backs, with repairs in the same transaction or later.
sub ddl
{
	my $t = one_of(qw(acct acct part doc wt));
	my $leaf = $t eq 'part' ? one_of(qw(part part_0 part_1 part_2)) : $t;
	my $change = 'DO $$ BEGIN FOR i IN 1..5 LOOP CALL change_something(); END LOOP; '
	  . 'EXCEPTION WHEN unique_violation THEN NULL; END $$;';
	my $update = "UPDATE $t SET n = fresh() WHERE ctid IN (SELECT ctid FROM $t LIMIT 20);";
	my $repair = 'CALL cache_all();';
	my @ways = (
		[ "TRUNCATE $leaf;", "CALL refill('$t');" ],
		[ 'BEGIN;', "TRUNCATE $leaf;", "CALL refill('$t');", one_of('COMMIT;', 'ROLLBACK;') ],
		[ "ALTER TABLE $t ADD COLUMN extra int DEFAULT 7;" ],
		[ "ALTER TABLE $t DROP COLUMN extra;" ],
		[
			"ALTER TABLE $t ADD COLUMN volatile_default float DEFAULT random();",
			"ALTER TABLE $t DROP COLUMN volatile_default;"
		],
		[ 'BEGIN;', "ALTER TABLE $t ALTER COLUMN n TYPE numeric;", $update, one_of('COMMIT;', 'ROLLBACK;') ],
		[ "ALTER TABLE $t ALTER COLUMN n TYPE bigint;" ],
		[ "VACUUM FULL $leaf;" ],
		[ "VACUUM $leaf;" ],
		[ "CLUSTER acct USING acct_pkey;" ],
		[ "REINDEX TABLE $t;" ],
		[
			'BEGIN;', "ALTER TABLE $leaf DISABLE TRIGGER USER;", $update, $repair,
			one_of('COMMIT;', 'ROLLBACK;')
		],
		[ "ALTER TABLE $leaf DISABLE TRIGGER USER;", $update, $change, $repair ],
		[ "ALTER TABLE $leaf ENABLE TRIGGER USER;", $change, $repair ],
		[ "SET session_replication_role = replica;", $update, $change ],
		[
			'BEGIN;', 'ALTER TABLE part DETACH PARTITION part_1;',
			'UPDATE part_1 SET n = fresh() WHERE id % 7 = 0;', 'DELETE FROM part_1 WHERE id % 11 = 0;',
			'ALTER TABLE part ATTACH PARTITION part_1 FOR VALUES IN (1);',
			one_of('COMMIT;', 'ROLLBACK;')
		],
		[
			'ALTER TABLE part DETACH PARTITION part_1;', 'UPDATE part_1 SET n = fresh() WHERE id % 7 = 0;',
			'CALL attach_again();'
		],
		[
			'BEGIN;', "SELECT hotpath.uncache_table('$t');", $update, $repair,
			one_of('COMMIT;', 'ROLLBACK;')
		],
		[ "SELECT hotpath.uncache_table('$t');", $update, $repair ],
	);
	my $way = one_of(@ways);
	return ($quick, "SELECT setseed(@{[next_seed()]});", @$way, 'ROLLBACK;',
		'RESET session_replication_role;',
		# whatever a time-out has left half done
		'CALL attach_again();', $repair, "CALL refill('$t');", 'SELECT pg_sleep(random() * 0.15);');
}

sub maintenance
{
	my @ways = (
		"SELECT hotpath.evict('acct', 1 + floor(random() * 20)::int) FROM generate_series(1, 20);",
		"SELECT hotpath.evict_all('part');",
		"SELECT hotpath.evict('wt', i) FROM generate_series(1, 50) i;",
		"SELECT hotpath.warm('doc');",
		"SELECT hotpath.warm('acct', 500);",
		"SELECT 'VERIFIED ' || stale || ' of acct' FROM hotpath.verify_cache('acct', 300);",
		"SELECT 'VERIFIED ' || stale || ' of wt' FROM hotpath.verify_cache('wt', 300);",
	);
	return ($quick, one_of(@ways), 'SELECT pg_sleep(random() * 0.1);');
}

# One of our backends goes every now and then; nobody is asked.
sub terminate
{
	return ("SELECT 'TERMINATED' FROM (SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity "
		  . "WHERE application_name LIKE 'torture %' AND pid <> pg_backend_pid() "
		  . "ORDER BY random() LIMIT 1) t WHERE done;", 'SELECT pg_sleep(0.2 + random() * 0.4);');
}

my %scripts = (
	reader => sub { return "CALL read_and_compare(15, 60, @{[next_seed()]});" },
	'repeatable-reader' => sub {
		return ("SET default_transaction_isolation = 'repeatable read';",
			"CALL read_and_compare(8, 120, @{[next_seed()]});");
	},
	'late-reader' => sub {
		return ("SET default_transaction_isolation = 'repeatable read';",
			"CALL read_and_compare(4, 30, @{[next_seed()]}, 0.5);");
	},
	writer => sub { return ($quick, "CALL write(60, @{[next_seed()]});") },
	'repeatable-writer' => sub {
		return ($quick, "SET default_transaction_isolation = 'repeatable read';",
			"CALL write(60, @{[next_seed()]});");
	},
	'two-phase' => \&two_phase,
	'long-writer' => \&long_writer,
	ddl => \&ddl,
	maintenance => \&maintenance,
	terminator => \&terminate);

$ENV{PGAPPNAME} = "torture $role";
while (!-e $stop)
{
	my @script = $scripts{$role}->();
	$round++;
	open(my $psql, '|-', "psql -XAt -d '$connection' >>'$output' 2>&1") or die "psql: $!";
	local $SIG{PIPE} = 'IGNORE';
	print $psql map { "$_\n" } @script;
	close($psql);
	sleep(0.1) if $? != 0;
}
