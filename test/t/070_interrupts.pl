# Statements that are cancelled or time out at any point, in every function: the session keeps
# nothing that was theirs, the server is well, and the cache is right.
#
# HP_INTERRUPT_SEED		repeats the choices of a run
# HP_INTERRUPT_ROUNDS	how often each function is interrupted each way (default 2)
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Calls;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $seed = $ENV{HP_INTERRUPT_SEED} || int(time) % 1_000_000;
note("seed: HP_INTERRUPT_SEED=$seed");
srand($seed);

my $rounds = $ENV{HP_INTERRUPT_ROUNDS} || 2;
my $folder = PostgreSQL::Test::Utils::tempdir();
my %loops = (
	%calls,
	'put in subtransactions' => {
		sql => "BEGIN PERFORM hotpath.put(ROW(1 + i % 3000, 'sub', 'x')::t), 1 / (i % 2); "
		  . 'EXCEPTION WHEN division_by_zero THEN NULL; END'
	},
	'page that is sorted' => {
		sql => q~PERFORM hotpath.page_json('t', 'v, filler', 50, filter => '{"v": {"$ne": "x"}}')~
	});

# Open files of a process in the folder of the exports.
sub open_exports
{
	my ($pid) = @_;
	return grep { (readlink($_) // '') =~ /^\Q$folder\E/ } glob "/proc/$pid/fd/*";
}

for my $preload (0, 1)
{
	my $mode = $preload ? 'preloaded' : 'on demand';
	my $node = start_node($preload ? 'interrupt_preload' : 'interrupt', preload => $preload,
		conf => "pg_hotpath.cache_size = '1MB'\nshared_buffers = '16MB'\nlog_min_messages = fatal");

	$node->safe_psql('postgres', fixture());
	my $held = held_query($node);
	my $control = Hotpath::Session->new($node, name => 'control');

	for my $name (chosen(keys %loops))
	{
		my $sql = $loops{$name}{sql};
		my $session = Hotpath::Session->new($node, name => 'victim');
		my $used = 'SELECT sum(used_bytes) FROM pg_backend_memory_contexts';
		my %met = (timeout => 0, cancel => 0);
		my ($pid, $before);

		# what a session keeps is filled undisturbed, and by the first round
		$session->query(loop_of($sql, $folder, 20));
		for my $round (0 .. $rounds)
		{
			$session->query(sprintf "SET statement_timeout = '%dms'", 1 + int(rand(30)));
			$session->query(loop_of($sql, $folder));
			$met{timeout}++ if $session->last_error =~ /statement timeout/;
			# which may time out, too
			do { $session->query('RESET statement_timeout') } while ($session->last_error ne '');
			$pid = start_loop($session, $control, $sql, $folder);
			$control->query("SELECT pg_cancel_backend($pid)");
			$session->receive;
			$met{cancel}++ if $session->last_error =~ /canceling statement due to user request/;
			$before = $session->query($used) if $round == 0;
		}
		is_deeply(\%met, { timeout => $rounds + 1, cancel => $rounds + 1 }, "$mode, $name: ended each time");
		all_is_well($control, $held, "$mode, $name");
		my $grown = $session->query($used) - $before;
		cmp_ok($grown, '<', 256 * 1024, "$mode, $name: the session has $grown bytes more");
		is(join(' ', $session->query('SELECT name FROM pg_cursors'), left_over($folder), open_exports($pid)), '',
			"$mode, $name: no portal and no file is left");
		$session->quit;
	}

	# Everything can be had
	is($control->query("SET lock_timeout = '2s'; BEGIN; LOCK TABLE t, hotpath.cached_key; COMMIT"), '',
		"$mode: the tables can be locked");
	is($control->last_error, '', "$mode: without waiting");
	is($control->query("SELECT hotpath.evict_all('t') >= 0, hotpath.warm('t') > 0"), 't|t',
		"$mode: every partition of the cache can be");

	# lock_timeout
	my $locker = Hotpath::Session->new($node);
	$control->query("SET lock_timeout = '50ms'");
	for my $lock ('LOCK TABLE t', 'TRUNCATE t CASCADE', "SELECT hotpath.uncache_table('t')")
	{
		$locker->query("BEGIN; $lock");
		for my $read ('SELECT hotpath.get(NULL::t, 1)', "SELECT hotpath.get_json('t', 1)",
			'SELECT * FROM hotpath.get_many(NULL::t, ARRAY[1, 2])', 'SELECT hotpath.warm(\'t\')',
			'SELECT hotpath.put(ROW(1, \'late\', NULL)::t)', "SELECT hotpath.page_json('t')",
			"SELECT hotpath.embed('child', ARRAY[1], '{\"with\": {\"t\": {}}}')")
		{
			$control->query($read);
			like($control->last_error, qr/canceling statement due to lock timeout/,
				"$mode: lock_timeout ends $read while another runs $lock");
		}
		is($control->query('SELECT hotpath.get(NULL::named, 1)'), '(1,n1,1)', "$mode: other tables are served");
		$locker->query('ROLLBACK');
		is($control->query(comparison('t', 1, 3000)), '0', "$mode: the cache is right after $lock");
	}
	$control->query("BEGIN; SELECT hotpath.get(NULL::t, 1)");
	$locker->query("SET lock_timeout = '50ms'; TRUNCATE t CASCADE");
	like($locker->last_error, qr/lock timeout/, "$mode: a reader holds the lock of a reader");
	$control->query('COMMIT');
	$locker->query("SELECT hotpath.cache_table('t', ttl => '1 hour')");
	is($locker->last_error, '', "$mode: cache_table gets its lock");
	$_->quit for $control, $locker;
	$node->stop;
}
done_testing();
