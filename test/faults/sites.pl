#!/usr/bin/perl
# Lets the statements fail at each call that pg_hotpath makes for memory, one at a time, and looks
# after each failure whether the session, the server and the cache are as they should be.
#
#   sites.pl MODE...     one of those below
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Faults;

my %modes = (
	# as it is, in a session that has run it before
	warm => { action => 'fail', tries => 15, repeat => 3 },
	# when the session has just lost all that it kept of catalogs
	cold => { action => 'fail', tries => 6, repeat => 3, forget => 1 },
	# in a new session
	fresh => { action => 'fail', tries => 8, fresh => 1 },
	# all that follows fails as well, until the statement has ended
	exhausted => { action => 'fail on', tries => 8, forget => 1 },
	# again and again at the same place, with no success in between
	persistent => { action => 'fail at', tries => 5 },
	# within a transaction that has written, catches the error and writes on
	caught => { action => 'fail', tries => 10, caught => 1, forget => 1 },
	# no failure, but the session is told to cancel, or its time is over
	cancel => { action => 'cancel', tries => 10, code => '57014', forget => 1 },
	timeout => { action => 'timeout', tries => 2, code => '57014', timeout => '30ms' });

my $kinds = $Faults::KIND{palloc} | $Faults::KIND{malloc} | $Faults::KIND{shm};

# The statement as the mode has it.
sub text_of
{
	my ($s, $mode) = @_;
	return $s->{text} if !$mode->{caught} || $s->{several};
	my $text = $s->{text} =~ s/;\n$//r;
	return "DO \$do\$ BEGIN UPDATE person SET born = born + 1 WHERE id = 9;\n"
	  . "BEGIN EXECUTE \$text\$$text\$text\$; PERFORM set_config('faults.state', '00000', false);\n"
	  . "EXCEPTION WHEN OTHERS THEN PERFORM set_config('faults.state', SQLSTATE, false); END;\n"
	  . "UPDATE person SET born = born + 1 WHERE id IN (8, 9);\n"
	  . "PERFORM hotpath.get(NULL::person, 8); END \$do\$;\n"
	  . "SELECT CASE :'SQLSTATE' WHEN '00000' THEN current_setting('faults.state') ELSE :'SQLSTATE' END AS state \\gset\n";
}

# The statement, armed, and what came of it.
sub armed
{
	my ($s, $mode, $action, $n) = @_;
	my $whole = $mode->{fresh} ? 'false' : 'true';
	# the server takes over what was set before the library was loaded, and cannot do so twice
	my $load = $s->{before} =~ /SET pg_hotpath/ ? "LOAD 'pg_hotpath';\n" : '';
	return ($mode->{fresh} ? "$s->{before}\\c\n$load" : '')
	  . $s->{before}
	  . ($mode->{forget} ? "SELECT faults.forget();\n" : '')
	  . ($mode->{timeout} ? "SET statement_timeout = '$mode->{timeout}';\n" : '')
	  . "SELECT faults.arm($kinds, '$action', $n, $whole);\n"
	  . text_of($s, $mode)
	  . ($mode->{caught} && !$s->{several} ? "SELECT faults.disarm() AS fired \\gset\n" : disarmed($s))
	  . ($mode->{timeout} ? "RESET statement_timeout;\n" : '')
	  . $s->{after};
}

# As after a try, often enough for plans to have settled.
sub settle
{
	my ($s) = @_;
	return (undisturbed($s) . "SELECT faults.problems('$dir');\n") x 6 . "\\echo \@begin\n";
}

# The answers after tries of the statement with the calls of these numbers failing.
sub try
{
	my ($database, $s, $mode, @numbers) = @_;
	my $script = join '', map { "\\echo \@try\n" . armed($s, $mode, $mode->{action}, $_) . questions($s) } @numbers;
	my $output = join "\n", psql($database, settle($s) . $script), '';
	return split /^\@try\n/m, $output =~ s/.*^\@begin\n(\@try\n)?//msr;
}

# How much the memory that the session uses grows from each try to the next.
sub growth
{
	my @memory = map { /^\@memory (\d+)$/m ? $1 : () } @_;
	return map { $memory[$_] - $memory[ $_ - 1 ] } 1 .. $#memory;
}

# Does it grow with every try?  Once or twice may be for what is kept.
sub leaks
{
	my ($database, $s, $mode, $n) = @_;
	# a new table each time, which is forgotten with some hundred others
	return () if $s->{name} eq 'ddl drop';
	my @growth = growth(try($database, $s, $mode, ($n) x 12));
	return () if (grep { $_ > 0 } @growth[ 2 .. $#growth ]) < @growth - 4;
	return "memory grows by $growth[-1] bytes each time";
}

# The mode persistent: failures of one site that follow upon each other, after the session has lost what
# it kept of catalogs, so that nothing is ever completed.
sub run_persistently
{
	my ($database, $s, $mode) = @_;
	my (@wrong, $fired);

	reference($database, $s);
	my $begin = "$s->{before}SELECT faults.forget();\n";
	my @sites = map { /^\@site (-?\d+)$/ ? $1 : () } psql($database,
		settle($s) . $begin . armed($s, $mode, 'record', 0) . "SELECT '\@site ' || stack FROM faults.sites();\n");
	my @chosen = some($mode->{tries} * $rounds, @sites);
	my $memory = "SELECT '\@memory ' || bytes FROM faults.memory;\n\\echo \@next\n";
	my $script = join '', map {
		"\\echo \@try\n$begin" . (armed($s, $mode, $mode->{action}, $_) . $memory) x 8 . questions($s) } @chosen;
	my (undef, @tries) = split /^\@try\n/m, join("\n", psql($database, settle($s) . $script), ''), -1;
	push @wrong, $Faults::lost if $Faults::lost;
	for my $stack (@chosen)
	{
		my @own = split /^\@next\n/m, shift @tries // '', -1;
		my @found = verdict($s, $own[-1] // '', '53200');
		my @growth = growth(@own[ 0 .. 7 ]);
		push @found, "memory grows by $growth[-1] bytes each time"
		  if !@found && @growth && $s->{name} ne 'ddl drop' && !grep { $_ <= 0 } @growth[ 2 .. $#growth ];
		$fired++ if ($own[-1] // '') =~ /^\@state \w+ [1-9]/m;
		push @wrong, "site $stack: " . join(', ', @found) if @found;
	}
	return ([ scalar @sites, scalar @chosen, $fired // 0 ], @wrong);
}

# All tries of a statement: numbers of sites, tries and calls reached, and what is wrong.
sub run_statement
{
	my ($database, $s, $mode) = @_;
	my $repeat = $mode->{repeat} || 1;
	my $code = $mode->{code} || '53200';

	reference($database, $s);
	my @wrong = $s->{code} eq '00000' || $s->{name} =~ /^fails/ ? () : "it ends with $s->{code}";
	my @sites = map { /^\@site (\d+)$/ ? $1 : () } psql($database,
		settle($s) . armed($s, $mode, 'record', 0) . "SELECT '\@site ' || n FROM faults.sites() n;\n");
	my @chosen = some($mode->{tries} * $rounds, @sites);
	my $fired = 0;
	my @tries = try($database, $s, $mode, map { ($_) x $repeat } @chosen);
	push @wrong, $Faults::lost if $Faults::lost;
	for my $n (@chosen)
	{
		my @own = splice @tries, 0, $repeat;
		my %seen;
		my @found = grep { !$seen{$_}++ } map { verdict($s, $_, $code) } @own;
		push @found, leaks($database, $s, $mode, $n)
		  if !@found && @own > 2 && (growth(@own))[-1] > 0;
		$fired++ if @own && $own[0] =~ /^\@state (?:57014 0|\w+ [1-9])/m;
		push @wrong, "call $n: " . join(', ', @found) if @found;
		last if !@tries;
	}
	return ([ scalar @sites, scalar @chosen, $fired ], @wrong);
}

for my $name (@ARGV)
{
	my $mode = $modes{$name} or die "no mode $name\n";
	my $start = time;
	my $function = $name eq 'persistent' ? \&run_persistently : \&run_statement;
	my ($counts, @wrong) = in_two_databases(sub { return $function->(@_, $mode) });
	my ($statements, $sites, $tried, $fired) = @$counts;
	push @wrong, "only $fired calls were reached" if $fired < $tried * 0.8 || $fired == 0;
	result(!@wrong, "$ENV{FAULTS_SERVER}, $name: all is well after each fault", @wrong);
	note(sprintf '%d statements, %d sites, %d tried, %d reached, %d s', $statements, $sites, $tried, $fired, time - $start);
}
exit $Faults::failed;
