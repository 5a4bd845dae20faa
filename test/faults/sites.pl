#!/usr/bin/perl
# Lets the statements fail at each call that pg_hotpath makes for memory, one at a time, and looks
# after each failure whether the session, the server and the cache are as they should be.
#
#   sites.pl DIR MODE...     DIR is a directory for files; MODE is one of those below
#
# HP_FAULTS_SEED repeats the choices of a run, HP_FAULTS_ROUNDS multiplies the number of tries.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Faults;
use List::Util qw(shuffle min max sum0);

my %modes = (
	# as it is, in a session that has run it before; three times, for what grows
	warm => { action => 'fail', tries => 30, repeat => 3 },
	# when the session has just lost all that it kept of catalogs
	cold => { action => 'fail', tries => 12, repeat => 3, forget => 1 },
	# in a new session
	fresh => { action => 'fail', tries => 12, repeat => 1, fresh => 1 },
	# all that follows fails as well, until the statement has ended
	exhausted => { action => 'fail on', tries => 6, repeat => 1, forget => 1 },
	# within a transaction that has written, catches the error and writes on
	caught => { action => 'fail', tries => 8, repeat => 1, caught => 1, forget => 1 },
	cancel => { action => 'cancel', tries => 8, repeat => 1, code => '57014', forget => 1 },
	timeout => { action => 'timeout', tries => 2, repeat => 1, code => '57014', timeout => '30ms' });

my $dir = shift;
my $seed = $ENV{HP_FAULTS_SEED} || int(time) % 1_000_000;
my $rounds = $ENV{HP_FAULTS_ROUNDS} || 1;
my $kinds = $Faults::KIND{palloc} | $Faults::KIND{malloc};
my (@statements, $database);

sub wrapped
{
	my ($s, $mode) = @_;
	return $s->{text} unless $mode->{caught};
	my $text = $s->{text} =~ s/;\n$//r;
	return "DO \$do\$ BEGIN UPDATE person SET name = name WHERE id = 9;\n"
	  . "BEGIN EXECUTE \$text\$$text\$text\$; PERFORM set_config('faults.state', '00000', false);\n"
	  . "EXCEPTION WHEN OTHERS THEN PERFORM set_config('faults.state', SQLSTATE, false); END;\n"
	  . "UPDATE person SET name = name WHERE id IN (8, 9);\n"
	  . "PERFORM hotpath.get(NULL::person, 8); END \$do\$;\n";
}

# Runs the statement as the mode has it, armed.
sub armed
{
	my ($s, $mode, $action, $n) = @_;
	my $whole = $mode->{fresh} ? 'false' : 'true';
	return ($mode->{fresh} ? "$s->{before}\\c\n" : '')
	  . $s->{before}
	  . ($mode->{forget} ? "SELECT faults.forget();\n" : '')
	  . ($mode->{timeout} ? "SET statement_timeout = '$mode->{timeout}';\n" : '')
	  . "SELECT faults.arm($kinds, '$action', $n, $whole);\n"
	  . wrapped($s, $mode)
	  . "\\set state :SQLSTATE\n"
	  . ($s->{after} =~ /^ROLLBACK/ ? "ROLLBACK;\n" : '')
	  . "SELECT faults.disarm() AS fired \\gset\n"
	  . ($mode->{timeout} ? "RESET statement_timeout;\n" : '')
	  . $s->{after};
}

# One call that fails, and the questions after it.
sub try
{
	my ($s, $mode, $n) = @_;
	return "\\echo \@try $n\n" . armed($s, $mode, $mode->{action}, $n)
	  . ($mode->{caught} ? "SELECT current_setting('faults.state') AS state \\gset\n" : '')
	  . "\\echo \@state :state :fired\n"
	  . "SELECT '\@held ' || locks || ' ' || cursors FROM faults.held;\n"
	  . "SELECT '\@problems ' || faults.problems('$dir');\n"
	  . $s->{before} . "\\echo \@again\n" . $s->{text} . "\\echo \@code :SQLSTATE\n" . $s->{after}
	  . 'SELECT \'@memory \' || ' . ($mode->{forget} ? 'without_catalogs' : 'bytes')
	  . " FROM faults.memory;\n\\echo \@end\n";
}

# The statement and the questions as they are after a fault, often enough for plans to have settled.
sub undisturbed
{
	my ($s) = @_;
	return "$s->{before}\\echo \@again\n$s->{text}\\echo \@code :SQLSTATE\n$s->{after}"
	  . "SELECT faults.problems('$dir') \\g /dev/null\n";
}

# What the statement gives undisturbed, and the numbers of the calls to try, one of each site.
sub prepare
{
	my ($s, $mode) = @_;
	my @lines = psql($database, undisturbed($s) x 6 . armed($s, $mode, 'record', 0)
		  . "SELECT '\@site ' || n FROM faults.sites() n;\n");
	my $text = join "\n", @lines;
	my @results = $text =~ /\@again\n(.*?)\@code (\w+)/sg;
	my @sites = map { /^\@site (\d+)/ ? $1 : () } @lines;

	$s->{result} = $results[-2];
	$s->{code} = $results[-1];
	return sort { $a <=> $b } @sites;
}

# What is wrong with a try; empty if nothing is.
sub wrong
{
	my ($s, $mode, $text) = @_;
	my @wrong;
	my ($code, $fired) = $text =~ /^\@state (\w+) (-?\d+)$/m;
	my ($held) = $text =~ /^\@held (.*)$/m;
	my ($problems) = $text =~ /^\@problems (.*)$/m;
	my ($result, $again) = $text =~ /^\@again\n(.*?)^\@code (\w+)$/ms;

	return 'the session ended' unless $text =~ /^\@end$/m && defined $code;
	my $expected = $mode->{code} || '53200';
	push @wrong, "error $code" unless $code eq $expected || $code eq '00000' || $code eq $s->{code};
	push @wrong, 'memory was asked for in a critical section' if $fired < 0;
	push @wrong, 'locks and cursors held: ' . ($held // 'no answer') unless ($held // '') eq '0 0';
	push @wrong, $problems // 'no answer to the questions' unless ($problems // '?') eq '';
	push @wrong, "it ends with $again when run again" unless defined $again && $again eq $s->{code};
	push @wrong, "another result when run again" unless defined $result && $result eq $s->{result};
	return @wrong;
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
	my ($s, $mode, $n) = @_;
	my $output = join "\n", psql($database, undisturbed($s) x 6 . try($s, $mode, $n) x 12);
	my @growth = growth(split /^(?=\@try )/m, $output);
	return () if (grep { $_ > 0 } @growth[ 2 .. $#growth ]) < @growth - 4;
	return "memory grows by $growth[-1] bytes each time";
}

# All tries of a statement.
sub run_statement
{
	my ($s, $name) = @_;
	my $mode = $modes{$name};
	my @sites = prepare($s, $mode);
	my @chosen = (shuffle @sites)[ 0 .. min(scalar @sites, $mode->{tries} * $rounds) - 1 ];
	my ($fired, @details) = (0);

	push @details, "it ends with $s->{code}" if $s->{code} ne '00000' && $s->{name} !~ /^fails/;
	my $script = undisturbed($s) x 6 . "\\echo \@begin\n" . join '', map { (try($s, $mode, $_)) x $mode->{repeat} } @chosen;
	my $output = join "\n", psql($database, $script), '';
	my ($said, $lost) = ($Faults::said, $Faults::lost);
	my @tries = split /^(?=\@try )/m, $output =~ s/.*^\@begin\n//msr;
	for my $n (@chosen)
	{
		my @own = splice @tries, 0, $mode->{repeat};
		my %seen;
		my @wrong = grep { !$seen{$_}++ } map { wrong($s, $mode, $_) } @own;
		push @wrong, leaks($s, $mode, $n) if $mode->{repeat} > 2 && @own == $mode->{repeat} && (growth(@own))[-1] > 0 && !@wrong;
		$fired++ if @own && $own[0] =~ /^\@state \w+ [1-9]/m;
		push @details, "call $n: " . join(', ', @wrong) if @wrong;
		last if !@own;
	}
	push @details, "$lost: $said" if $lost;
	return ({ sites => scalar @sites, tried => scalar @chosen, fired => $fired }, @details);
}

# The statements that fall to one of two workers, each with a database of its own.
sub work
{
	my ($mode, $worker, $out) = @_;
	$database = "faults$worker";
	srand($seed + $worker);
	for my $i (grep { $_ % 2 == $worker } 0 .. $#statements)
	{
		my ($count, @details) = run_statement($statements[$i], $mode);
		print $out join("\t", $i, @$count{qw(sites tried fired)}, map { s/\s+/ /gr } @details), "\n";
	}
}

@statements = statements("$FindBin::RealBin/statements.txt", $dir);
if (my $only = $ENV{HP_FAULTS_ONLY})
{
	@statements = grep { $_->{name} =~ /$only/ } @statements;
}
print "# HP_FAULTS_SEED=$seed\n";
for my $mode (@ARGV)
{
	my (@pipes, %total, @details);
	my $start = time;
	
	for my $worker (0, 1)
	{
		my $pid = open my $pipe, '-|';
		if ($pid == 0)
		{
			$| = 1;
			work($mode, $worker, \*STDOUT);
			exit 0;
		}
		push @pipes, $pipe;
	}
	my %groups;
	for my $pipe (@pipes)
	{
		while (<$pipe>)
		{
			chomp;
			my ($i, $sites, $tried, $fired, @found) = split /\t/;
			my $name = $statements[$i]{name};
			$groups{$i} = [ $sites, $tried, $fired ];
			push @details, map { "$name: $_" } @found;
		}
		close $pipe;
	}
	my @sum = map { my $k = $_; sum0 map { $_->[$k] } values %groups } 0 .. 2;
	printf "# %s: %d statements, %d sites, %d tried, %d reached, %d s\n", $mode, scalar keys %groups, @sum, time - $start;
	result(!@details && keys %groups == @statements && $sum[2] > 0, "$mode: every failure is survived", splice @details, 0, 60);
}
exit $Faults::failed;
