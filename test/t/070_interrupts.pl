# Statements that are cancelled, time out, or lose their backend at any point: no lock stays behind,
# the server is well, and the cache is right.
#
# HP_INTERRUPT_SEED repeats the choices of a run.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Hotpath;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

my $seed = $ENV{HP_INTERRUPT_SEED} || int(time) % 1_000_000;
note("seed: HP_INTERRUPT_SEED=$seed");
srand($seed);

my %loops = (
	get => 'PERFORM hotpath.get(NULL::t, 1 + i % 3000)',
	get_json => "PERFORM hotpath.get_json('t', 1 + i % 3000)",
	get_many => 'PERFORM count(*) FROM hotpath.get_many(NULL::t, '
	  . 'ARRAY(SELECT k FROM generate_series(i, i + 500) k))',
	warm => "PERFORM hotpath.evict_all('t'); PERFORM hotpath.warm('t')",
	verify => "PERFORM hotpath.verify_cache('t')",
	put => "PERFORM hotpath.put(ROW(1 + i % 3000, 'put ' || i, repeat('p', 200))::t)",
	update => "UPDATE t SET v = 'update ' || i WHERE id BETWEEN i % 3000 AND i % 3000 + 20",
	subtransactions => "BEGIN PERFORM hotpath.put(ROW(1 + i % 3000, 'sub', 'x')::t); "
	  . "PERFORM 1 / (i % 2); EXCEPTION WHEN division_by_zero THEN NULL; END",
	page => "PERFORM hotpath.page_json('t', 'id desc', 500, hotpath.cursor_at('t', 'id desc', 1 + i % 3000))",
	page_sorted => "PERFORM hotpath.page_json('t', 'v, filler', 50, filter => '{\"v\": {\"\$ne\": \"x\"}}')",
	pages => "PERFORM count(*) FROM hotpath.pages(NULL::t, 'id', ARRAY(SELECT generate_series(i, i + 300)))",
	embed => "PERFORM hotpath.embed('t', ARRAY(SELECT generate_series(i, i + 300)), "
	  . "'{\"with\": {\"child\": {\"limit\": 2, \"order_by\": \"id\"}}}')",
	evict => "PERFORM hotpath.get(NULL::t, 1 + i % 50); PERFORM hotpath.evict('t', 1 + i % 50)");

for my $preload (0, 1)
{
	my $mode = $preload ? 'preloaded' : 'on demand';
	my $node = start_node($preload ? 'interrupt_preload' : 'interrupt', preload => $preload,
		conf => "pg_hotpath.cache_size = '1MB'\nlog_min_messages = fatal");

	$node->safe_psql('postgres', 'CREATE EXTENSION pg_hotpath; '
		  . 'CREATE TABLE t (id int PRIMARY KEY, v text, filler text); '
		  . "INSERT INTO t SELECT i, 'v', repeat('f', 200) FROM generate_series(1, 3000) i; "
		  . "SELECT hotpath.cache_table('t', write_through => true); CREATE TABLE other (id int PRIMARY KEY); "
		  . "INSERT INTO other VALUES (1); SELECT hotpath.cache_table('other'); "
		  . 'CREATE TABLE child (id int PRIMARY KEY, t_id int REFERENCES t); '
		  . 'INSERT INTO child SELECT i, 1 + i % 3000 FROM generate_series(1, 3000) i; '
		  . 'CREATE INDEX ON child (t_id, id)');
	my $control = Hotpath::Session->new($node, name => 'control');

	for my $name (sort keys %loops)
	{
		my $loop = "DO \$\$ BEGIN FOR i IN 1..100000000 LOOP $loops{$name}; END LOOP; END \$\$";
		my $session = Hotpath::Session->new($node, name => 'victim');
		my %met = (timeout => 0, cancel => 0, terminate => 0);

		for my $try (1 .. 6)
		{
			$session->query(sprintf "SET statement_timeout = '%dms'", 1 + int(rand(30)));
			$session->query($loop);
			$met{timeout}++ if $session->last_error =~ /statement timeout/;
		}
		$session->query('RESET statement_timeout');
		for my $way (('cancel') x 4, 'terminate')
		{
			my $victim = "FROM pg_stat_activity WHERE application_name = 'victim' "
			  . "AND query LIKE 'DO %' AND state = 'active'";
			$session->send($loop);
			# on a busy machine it may take a while until it begins; before that nothing can end it
			1 until $control->query("SELECT count(*) $victim") ne '0';
			sleep(rand(0.02));
			do
			{
				$control->query("SELECT pg_${way}_backend(pid) $victim");
			} until $control->query("SELECT count(*) $victim") eq '0';
			$session->receive;
			$met{$way}++ if $session->last_error =~ /canceling|terminating|closed/;
		}
		$session->abandon;
		is_deeply(\%met, { timeout => 6, cancel => 4, terminate => 1 },
			"$mode, $name: ended each time");
		is($control->query(comparison('t', 1, 3000)), '0', "$mode, $name: the cache is right");
		is($control->query("SELECT stale FROM hotpath.verify_cache('t')"), '0',
			"$mode, $name: nothing is stale");
	}

	# Nobody holds anything; everything can be had
	is($control->query('SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid()'), '0',
		"$mode: no lock is left");
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
		is($control->query('SELECT hotpath.get(NULL::other, 1)'), '(1)', "$mode: other tables are served");
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
