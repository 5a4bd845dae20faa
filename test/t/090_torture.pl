# Readers compare the cache with the table in one statement, while writers change, move, delete and
# re-insert rows, roll back, use savepoints, prepare, truncate and alter, and backends are
# terminated or killed.  There must not be one difference.
#
# HP_TORTURE_SECONDS	how long the four phases take together, instead of until enough comparisons
# HP_TORTURE_CLIENTS	how many clients at once (default and least 9); one more terminates backends
#						in the phases in which none is killed
# HP_TORTURE_SEED		seed of the clients' choices; the run prints the one it uses
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

my $wanted = 60_000;			# comparisons in each of the four phases
my ($shortest, $longest) = (9, 60);	# seconds of a phase
if ($ENV{HP_TORTURE_SECONDS})
{
	$shortest = $longest = $ENV{HP_TORTURE_SECONDS} / 4;
}
my $clients = $ENV{HP_TORTURE_CLIENTS} || 9;
my $seed = $ENV{HP_TORTURE_SEED} || int(time) % 1_000_000;
my $torture = "$FindBin::RealBin/../torture";
my %total = (comparisons => 0, mismatches => 0, kills => 0);

note("seed: HP_TORTURE_SEED=$seed");

# One of each, and as many as there may be of those of which more is worse.
my @roles = qw(late-reader repeatable-writer long-writer ddl maintenance);
my @crowd = qw(reader writer repeatable-reader two-phase);
push @roles, $crowd[ @roles % @crowd ] while @roles < $clients || @roles < 9;
note(sprintf '%d clients: %s', scalar @roles, join ' ', sort @roles);

# What clients are counted to have done, by the tags of their commands.
my %deeds = (
	'transactions prepared' => qr/^PREPARE TRANSACTION$/,
	'prepared ones ended' => qr/^(?:COMMIT|ROLLBACK) PREPARED$/,
	'DDL commands' => qr/^(?:ALTER TABLE|TRUNCATE TABLE|VACUUM|CLUSTER|REINDEX)$/,
	'backends terminated' => qr/^TERMINATED$/);

# Start a client; its process id and the file of its output.
sub start_client
{
	my ($node, $role, $number, $dir) = @_;
	my $output = "$dir/$number-$role";
	my @command = ($^X, "$torture/client.pl", $role, $seed * 100 + $number,
		$node->connstr('postgres'), $output, "$dir/stop");

	my $pid = fork();
	die "fork: $!" unless defined $pid;
	return { pid => $pid, role => $role, output => $output } if $pid != 0;
	exec(@command) or POSIX::_exit(127);
}

# Count what the clients have said.
sub look_at
{
	my ($client) = @_;
	my %count = (comparisons => 0, mismatches => 0, found => [], errors => [], map { $_ => 0 } keys %deeds);

	open(my $in, '<', $client->{output}) or return \%count;
	while (<$in>)
	{
		$count{comparisons} += $1 if /NOTICE:  COMPARED (\d+)/;
		if (/MISMATCH|^VERIFIED [1-9]/)
		{
			$count{mismatches}++;
			push @{ $count{found} }, "$client->{role}: $_";
		}
		push @{ $count{errors} }, $_ if /\b(?:ERROR|PANIC):/;
		for my $deed (keys %deeds)
		{
			$count{$deed}++ if $_ =~ $deeds{$deed};
		}
	}
	close($in);
	return \%count;
}

sub sum
{
	my ($what, @clients) = @_;
	my $sum = 0;
	$sum += look_at($_)->{$what} for @clients;
	return $sum;
}

# SIGKILL for the backend of a client: the server restarts all over.
sub kill_a_backend
{
	my ($node) = @_;
	my $pid = try_query($node,
		"SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'torture %' "
		  . 'ORDER BY random() LIMIT 1');
	return 0 unless defined $pid && $pid =~ /^\d+$/;
	return kill 'KILL', $pid;
}

sub accepts
{
	my ($node) = @_;
	return defined try_query($node, 'SELECT 1');
}

# One phase; the clients of it.
sub torment
{
	my ($node, $name, $killing) = @_;
	my $dir = "$PostgreSQL::Test::Utils::tmp_check/torture-" . $node->name . "-$name";
	my $number = 0;
	my $start = time;
	my $kills = 0;

	mkdir $dir or die "$dir: $!";
	my @clients =
	  map { start_client($node, $_, $number++, $dir) } @roles, $killing ? () : 'terminator';
	my $next_kill = $start + 2.5;
	while (1)
	{
		sleep(0.3);
		my $lasted = time - $start;
		last if $lasted > $longest;
		if ($killing && time > $next_kill)
		{
			$kills += kill_a_backend($node);
			$next_kill = time + 3;
		}
		last if $lasted >= $shortest && sum('comparisons', @clients) >= $wanted;
	}
	open(my $stop, '>', "$dir/stop") or die "$dir/stop: $!";
	close($stop);
	waitpid($_->{pid}, 0) for @clients;
	$total{kills} += $kills;
	note(sprintf '%s, %s: %.1f s%s', $node->name, $name, time - $start,
		$killing ? ", $kills backends killed" : '');
	return @clients;
}

sub judge
{
	my ($node, $name, @clients) = @_;
	my $comparisons = sum('comparisons', @clients);
	my $mismatches = sum('mismatches', @clients);
	my %done = map { $_ => sum($_, @clients) } keys %deeds;
	my @errors;

	# but those of whoever waits while a table is altered, truncated or rewritten
	for my $client (grep { $_->{role} =~ /reader|maintenance/ } @clients)
	{
		push @errors, map { "$client->{role}: $_" }
		  grep { !/lock timeout|deadlock detected|columns of \S+ were altered|was truncated or rewritten/ } @{ look_at($client)->{errors} };
	}
	is($mismatches, 0, "$name: not one mismatch in $comparisons comparisons")
	  or diag("HP_TORTURE_SEED=$seed\n", grep { defined } (map { @{ look_at($_)->{found} } } @clients)[ 0 .. 9 ]);
	is(scalar(@errors), 0, "$name: no reader met an error")
	  or diag(join '', @errors > 10 ? @errors[ 0 .. 9 ] : @errors);
	note("$name: " . join ', ', map { "$done{$_} $_" } sort keys %done);
	$total{$_} += $done{$_} for keys %done;
	$total{comparisons} += $comparisons;
	$total{mismatches} += $mismatches;
	return $comparisons;
}

for my $preload (0, 1)
{
	my $node = start_node(
		$preload ? 'preload' : 'on_demand',
		preload => $preload,
		conf => join "\n", 'pg_hotpath.cache_size = 1MB', 'deadlock_timeout = 200ms',
		'fsync = off', 'max_connections = 60', 'log_min_messages = fatal',
		'log_min_error_statement = panic');
	my $mode = $preload ? 'preloaded' : 'on demand';

	$node->command_ok([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'),
			'-f', "$torture/schema.sql" ], "$mode: the tables are there and cached");

	my @clients = torment($node, 'terminated', 0);
	judge($node, "$mode, backends terminated", @clients);
	my $seen = $node->safe_psql('postgres', 'SELECT sum(hits), sum(misses + not_quiet + '
		  . 'bypass_own_write + bypass_unsafe), sum(evictions) FROM hotpath.cache_stats');
	my ($hits, $others, $evictions) = split /\|/, $seen;
	my $share = sprintf '%.0f', 100 * $hits / ($hits + $others || 1);
	# how many depends on for how long writers happen to be at work
	cmp_ok($hits, '>', 1000, "$mode: $hits reads were hits, $share %");
	cmp_ok($evictions, '>', 0, "$mode: the cache was too small: $evictions evictions");

	@clients = torment($node, 'killed', 1);
	wait_until(sub { accepts($node) }, 'the server has recovered');
	judge($node, "$mode, backends killed", @clients);

	# what is left behind agrees as well
	$node->safe_psql('postgres', "SELECT format('ROLLBACK PREPARED %L', gid) "
		  . 'FROM pg_prepared_xacts \gexec');
	for my $table ('acct', 'doc', 'wt', 'part')
	{
		is($node->safe_psql('postgres', "SELECT coalesce(sum(stale), 0) "
				  . "FROM hotpath.verify_cache('$table')"), '0', "$mode: no stale entry of $table");
	}
	is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_locks WHERE NOT granted'), '0',
		"$mode: nobody waits for a lock");
	$node->stop('fast');
}

note('in all: ' . join ', ', map { "$total{$_} $_" } sort keys %total);
cmp_ok($total{$_}, '>', 0, "there were $_: $total{$_}") for 'kills', sort keys %deeds;
cmp_ok($total{comparisons}, '>=', $ENV{HP_TORTURE_SECONDS} ? 1 : 200_000,
	"enough comparisons: $total{comparisons}");
done_testing();
