# Backends that are terminated or killed inside every function: the server goes on or recovers, nobody
# is left with what was theirs, and the cache is right.
#
# HP_INTERRUPT_SEED		repeats the choices of a run
# HP_KILL_ROUNDS		how often each function meets each end, with and without preloading (default 1)
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Calls;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

my $seed = $ENV{HP_INTERRUPT_SEED} || int(time) % 1_000_000;
note("seed: HP_INTERRUPT_SEED=$seed");
srand($seed);

my $rounds = $ENV{HP_KILL_ROUNDS} || 1;
my $folder = PostgreSQL::Test::Utils::tempdir();

# A size that no other server on this machine has, by which we know our segments in /dev/shm.
my $kilobytes = 1100 + $$ % 4000;

sub segments
{
	return grep { -s $_ == $kilobytes * 1024 } glob '/dev/shm/PostgreSQL.*';
}

# A session once the server accepts one again.
sub patient_session
{
	my ($node) = @_;
	my $session;

	wait_until(sub {
			my $try = Hotpath::Session->new($node, name => 'control');
			$session = $try if $try->answers;
			$try->abandon unless $session;
			return $session;
		}, 'the server accepts connections');
	return $session;
}

# Files that the server has in its folders of temporary files.
sub temporary_files
{
	my ($node) = @_;
	return glob $node->data_dir . '/base/pgsql_tmp/*';
}

# End a loop that runs; the session that asks afterwards.
sub end_by
{
	my ($node, $way, $control, $pid) = @_;

	if ($way eq 'terminated')
	{
		$control->query("SELECT pg_terminate_backend($pid, 60000)");
		return $control;
	}
	kill 'KILL', $pid;
	# the server ends all sessions
	1 while $control->answers;
	$control->abandon;
	return patient_session($node);
}

# Kill sessions while they take the memory.  A segment that the server has not registered yet stays in
# /dev/shm then, whoever asked for it: we remove it.
sub kill_beginners
{
	my ($node, $held) = @_;

	$node->start;
	for my $try (1 .. 6 * $rounds)
	{
		my $control = patient_session($node);
		my $victim = Hotpath::Session->new($node, name => 'victim');
		my $pid = $victim->query('SELECT pg_backend_pid()');

		$victim->send('SELECT hotpath.get(NULL::t, 1)');
		sleep(rand(0.01));
		$control = end_by($node, 'killed', $control, $pid);
		$victim->receive;
		$_->abandon for $victim, $control;
	}
	my $control = patient_session($node);
	all_is_well($control, $held, 'killed while they took the memory');
	$control->quit;
	$node->stop;
	unlink segments();
	return;
}

for my $preload (0, 1)
{
	my $mode = $preload ? 'preloaded' : 'on demand';
	my $node = start_node($preload ? 'kills_preload' : 'kills', preload => $preload,
		conf => "pg_hotpath.cache_size = '${kilobytes}kB'\nshared_buffers = '16MB'\nlog_statement = none");

	$node->safe_psql('postgres', fixture());
	my $held = held_query($node);
	my $control = patient_session($node);
	my $log_start = -s $node->logfile;
	my $killed = 0;

	for my $name (chosen(keys %calls))
	{
		for my $way (('terminated', 'killed') x $rounds)
		{
			my $what = "$mode, $name, $way";
			my $victim = Hotpath::Session->new($node, name => 'victim');
			my $pid = start_loop($victim, $control, $calls{$name}{sql}, $folder);

			$control = end_by($node, $way, $control, $pid);
			$victim->receive;
			my $end = qr/terminating connection|server closed the connection|connection to server was lost/;
			# the one file that may be left is that of an export that was killed
			my @left = grep { $way eq 'terminated' || $_ ne ".hotpath-$pid-0" } left_over($folder);
			unlink "$folder/.hotpath-$pid-0";
			is_deeply([ $victim->last_error =~ $end ? 1 : 0, @left, temporary_files($node) ], [1],
				"$what: it was at work, and has left no file");
			$victim->abandon;
			all_is_well($control, $held, $what);
			is(scalar(segments()), $preload ? 0 : 1, "$what: the shared memory is there once");
			$killed++ if $way eq 'killed';
		}
	}
	my $restarts = () = slurp_file($node->logfile, $log_start) =~ /all server processes terminated; reinitializing/g;
	is($restarts, $killed, "$mode: the server has restarted after each of $killed kills");
	$control->quit;
	$node->stop;
	is(scalar(segments()), 0, "$mode: stopped, the server leaves no shared memory");
	kill_beginners($node, $held) unless $preload;
}
done_testing();
