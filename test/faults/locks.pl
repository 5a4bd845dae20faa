#!/usr/bin/perl
# lock_timeout: each statement meets a lock on a table that it may need, and is looked at as after any
# fault.  Then cancels and timeouts that come whenever they come, while each statement is run over and
# over again.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Faults;

my @tables = qw(person item pair part part_high spare tag item_tag hotpath.cached_key);

# A prepared transaction holds the lock, so that one session can do it all.
sub meet_lock
{
	my ($database, $s) = @_;
	my @wrong;
	my $met = 0;

	reference($database, $s);
	my @chosen = some(3 * $rounds, @tables);
	my @tries = map {
		"\\echo \@try\n$s->{before}RESET ROLE;\n"
		  . "BEGIN;\nLOCK TABLE $_ IN ACCESS EXCLUSIVE MODE;\nPREPARE TRANSACTION 'lock in $database';\n"
		  . ($s->{before} =~ /^SET/ ? $s->{before} : '')
		  . "SET lock_timeout = '15ms';\n$s->{text}" . disarmed($s) . "RESET lock_timeout;\n"
		  . "RESET ROLE;\nROLLBACK PREPARED 'lock in $database';\n$s->{after}" . questions($s)
	} @chosen;
	my $output = join "\n", psql($database, join '', @tries), '';
	push @wrong, $Faults::lost if $Faults::lost;
	my (undef, @answers) = split /^\@try\n/m, $output, -1;
	for my $i (0 .. $#chosen)
	{
		my @found = verdict($s, $answers[$i] // '', '55P03');
		push @wrong, "a lock on $chosen[$i]: " . join(', ', @found) if @found;
		$met++ if ($answers[$i] // '') =~ /^\@state 55P03/m;
	}
	return ([ scalar @chosen, $met ], @wrong);
}

# The statement in a loop, which ends by a cancel, a timeout, or after some turns.
sub be_cancelled
{
	my ($database, $s) = @_;
	my @wrong;
	my $met = 0;

	reference($database, $s);
	# what cannot be in a loop
	return ([ 0, 0 ]) if $s->{several} || $s->{text} =~ /^DROP/;
	my $text = $s->{text} =~ s/;\n$//r;
	my $before = $s->{before} =~ s/\\;/;/gr =~ s/SELECT/PERFORM/gr;
	my $loop = "DO \$do\$ BEGIN FOR i IN 1..100000 LOOP "
	  . ($s->{before} =~ /^SELECT (?:hotpath\.(?:evict|warm)|faults\.until)/ ? $before : '')
	  . "EXECUTE \$text\$$text\$text\$; END LOOP; END \$do\$;\n";
	# a cancel that is under way strikes the first of these, or comes before it
	my $settled = 'SELECT pg_advisory_xact_lock(1) \g /dev/null' . "\n";
	my @tries = map {
		"\\echo \@try\n$s->{before}"
		  . ($_ ? "SET statement_timeout = '${_}ms';\n" : "SET application_name = 'victim';\n")
		  . "$loop\\set state :SQLSTATE\n\\set fired 0\n$settled$settled"
		  . "RESET statement_timeout;\nRESET application_name;\n$s->{after}" . questions($s)
	} map { $_ % 2 ? 1 + int(rand(25)) : 0 } 1 .. 4 * $rounds;
	my $output = join "\n", psql($database, join '', @tries), '';
	push @wrong, $Faults::lost if $Faults::lost;
	my (undef, @answers) = split /^\@try\n/m, $output, -1;
	for my $i (0 .. $#tries)
	{
		my @found = verdict($s, $answers[$i] // '', '57014');
		push @wrong, 'try ' . ($i + 1) . ': ' . join(', ', @found) if @found;
		$met++ if ($answers[$i] // '') =~ /^\@state 57014/m;
	}
	return ([ scalar @tries, $met ], @wrong);
}

my ($counts, @wrong) = in_two_databases(\&meet_lock);
push @wrong, 'no lock was met' unless $counts->[2];
result(!@wrong, "$ENV{FAULTS_SERVER}: all is well after lock_timeout", @wrong);
note("$counts->[1] tries, $counts->[2] of them waited in vain");

# Cancels whoever calls itself a victim, after a random time, until somebody says that it is enough.
sub cancel_others
{
	my ($database) = @_;
	psql($database, <<"SQL");
SET statement_timeout = 0;
DO \$\$
BEGIN
	PERFORM setseed($seed % 1000000 / 1000000.0);
	LOOP
		PERFORM pg_sleep(random() * 0.03);
		PERFORM pg_advisory_lock(1);
		PERFORM pg_stat_clear_snapshot();
		PERFORM pg_cancel_backend(a.pid) FROM pg_stat_get_activity(NULL) a, pg_database d
			WHERE a.application_name = 'victim' AND a.state = 'active' AND a.query LIKE 'DO%'
			AND d.oid = a.datid AND d.datname = current_database();
		PERFORM pg_advisory_unlock(1);
		EXIT WHEN EXISTS (SELECT FROM pg_stat_get_activity(NULL) WHERE application_name = 'enough');
	END LOOP;
END \$\$;
SQL
	return;
}

my @cancellers = map {
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0)
	{
		cancel_others("faults$_");
		exit 0;
	}
	$pid;
} 0, 1;
($counts, @wrong) = in_two_databases(\&be_cancelled);
psql('postgres', "SET application_name = 'enough'; SELECT pg_sleep(1);\n");
waitpid $_, 0 for @cancellers;
push @wrong, "only $counts->[2] were cancelled" if $counts->[2] < $counts->[1] / 2;
result(!@wrong, "$ENV{FAULTS_SERVER}: all is well after cancels at any time", @wrong);
note("$counts->[1] tries, $counts->[2] of them cancelled");
exit $Faults::failed;
