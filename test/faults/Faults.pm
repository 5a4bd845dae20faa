# What the scripts of this suite share: the statements, sessions, and the questions after a fault.
#
# The environment names the server: PGHOST and PGUSER; FAULTS_DIR has a directory for the files of
# each database.
package Faults;

use strict;
use warnings;
use Exporter 'import';
use File::Temp;
use FindBin;
use List::Util qw(shuffle min);

our @EXPORT = qw($seed $rounds $dir result note statements psql undisturbed reference questions verdict
  disarmed some in_two_databases);

# Kinds of calls, as in faults.h, and error numbers.
our %KIND = (palloc => 1, malloc => 2, shm => 4, open => 8, write => 16, sync => 32, close => 64, rename => 128);

our $dir = "$ENV{FAULTS_DIR}/faults0";
our $seed = $ENV{HP_FAULTS_SEED};
our $rounds = $ENV{HP_FAULTS_ROUNDS} || 1;
our $failed = 0;
our ($said, $lost) = ('', '');

$| = 1;
srand($seed);

# One line for each check; details begin with #.
sub result
{
	my ($ok, $name, @details) = @_;
	print $ok ? "ok - $name\n" : "not ok - $name\n";
	return $ok if $ok;
	note(@details > 40 ? (@details[ 0 .. 39 ], '...') : @details);
	$failed = 1;
	return $ok;
}

sub note { print map { "#   $_\n" } @_; return }

# A number of elements, chosen at random; all when there are no more.
sub some
{
	my ($n, @list) = @_;
	return (shuffle @list)[ 0 .. min($n, scalar @list) - 1 ];
}

# The statements, as hashes: name, before, text, after; several: more than one statement.
sub statements
{
	my ($pattern) = @_;
	my @statements;

	$pattern = $ENV{HP_FAULTS_ONLY} || '' unless defined $pattern;
	my $file = $ENV{FAULTS_STATEMENTS} || "$FindBin::RealBin/statements.txt";
	open my $in, '<', $file or die "$file: $!\n";
	while (<$in>)
	{
		chomp;
		next if /^#/ || /^\s*$/;
		my ($name, $rest) = /^([^:]+): (.*)$/ or die "$file, line $.: no name\n";
		$rest =~ s/:dir/$dir/g;
		my @parts = split / ;; /, $rest;
		my ($before, $text, $after) = @parts == 1 ? ('', $parts[0], '') : (@parts, '');
		$_ = $_ eq '' ? '' : "$_;\n" for $before, $text, $after;
		$after = "ROLLBACK;\n$after" if $text =~ /^BEGIN/;
		push @statements, { name => $name, before => $before, text => $text, after => $after,
			several => $text =~ /\\;/ ? 1 : 0 } if $name =~ /(?:$pattern)/;
	}
	close $in;
	return @statements;
}

# Runs a script in one session of a database; its output as lines.  Then $Faults::said is what went
# to standard error, and $Faults::lost says how the session ended if it did before the script.
sub psql
{
	my ($database, $script) = @_;
	my $file = File::Temp->new;
	my $errors = File::Temp->new;

	print $file "SET client_min_messages = warning;\n", $script;
	close $file;
	my @lines = `psql -XAtq -d $database -f $file 2>$errors`;
	my $status = $? >> 8;
	chomp @lines;
	local $/;
	$said = <$errors>;
	$lost = $status == 0 ? '' : "psql ended with status $status: " . $said =~ s/\s+/ /gr;
	return @lines;
}

# The statement as it is without a fault.
sub undisturbed
{
	my ($s) = @_;
	return "$s->{before}\\echo \@again\n$s->{text}\\echo \@code :SQLSTATE\n$s->{after}";
}

# Notes in the statement what it gives undisturbed, when plans have settled.
sub reference
{
	my ($database, $s) = @_;
	my $text = join "\n", psql($database, undisturbed($s) x 2), '';
	my @results = $text =~ /^\@again\n(.*?)^\@code (\w+)$/msg;

	$s->{result} = $results[-2];
	$s->{code} = $results[-1] || 'none';
	return;
}

# Ends what faults.arm() began; :state and :fired are then what came of it.  A timeout that came when the
# statement was being committed strikes the next one, which is here for that.
sub disarmed
{
	my ($s) = @_;
	return "\\set state :SQLSTATE\nSELECT;\n" . ($s->{after} =~ /^ROLLBACK/ ? "ROLLBACK;\n" : '')
	  . "SELECT faults.disarm() AS fired \\gset\n";
}

# After a fault: was it met, does the session hold anything, is the cache right, does the statement
# give what it should?
sub questions
{
	my ($s) = @_;
	return "\\echo \@state :state :fired\n"
	  . "SELECT '\@held ' || locks || ' ' || cursors FROM faults.held;\n"
	  . "SELECT '\@problems ' || faults.problems('$dir');\n\\echo \@asked :SQLSTATE :LAST_ERROR_MESSAGE\n"
	  . undisturbed($s)
	  . "SELECT '\@memory ' || bytes FROM faults.memory;\n\\echo \@end\n";
}

# What is wrong with the answers; empty if nothing is.
sub verdict
{
	my ($s, $text, @codes) = @_;
	my @wrong;
	my ($code, $fired) = $text =~ /^\@state (\w+) (-?\d+)$/m;
	my ($held) = $text =~ /^\@held (.*)$/m;
	my ($problems) = $text =~ /^\@problems (.*)$/m;
	my ($asked) = $text =~ /^\@asked (.*)$/m;
	my ($result, $again) = $text =~ /^\@again\n(.*?)^\@code (\w+)$/ms;

	return 'the session ended' unless $text =~ /^\@end$/m && defined $code;
	# of a signature the server knows no more than that OpenSSL has failed
	push @codes, 'XX000' if $s->{before} =~ /cursor_secret/;
	push @wrong, "error $code" unless grep { $_ eq $code } @codes, '00000', $s->{code};
	push @wrong, 'memory was asked for in a critical section' if $fired < 0;
	push @wrong, 'locks and cursors held: ' . ($held // 'no answer') unless ($held // '') eq '0 0';
	push @wrong, $problems // "the questions end with $asked" unless ($problems // '?') eq '';
	push @wrong, "it ends with $again when run again" unless ($again // '') eq $s->{code};
	push @wrong, 'another result when run again' unless ($result // '') eq ($s->{result} // 'none');
	return @wrong;
}

# Calls a function for each statement, half of them in either of two databases at the same time.  The
# function returns counts and what is wrong; so does this one, with the sums, and before them the
# number of statements.
sub in_two_databases
{
	my ($function) = @_;
	my (@pipes, @sums, @wrong);
	my $seen = 0;

	for my $worker (0, 1)
	{
		my $pid = open(my $pipe, '-|') // die "fork: $!\n";
		if ($pid == 0)
		{
			srand($seed + $worker);
			$dir = "$ENV{FAULTS_DIR}/faults$worker";
			my @statements = statements();
			for my $i (grep { $_ % 2 == $worker } 0 .. $#statements)
			{
				my ($counts, @found) = $function->("faults$worker", $statements[$i]);
				print join("\t", "@$counts", map { "$statements[$i]{name}: " . s/\s+/ /gr } @found), "\n";
			}
			exit 0;
		}
		push @pipes, $pipe;
	}
	for my $pipe (@pipes)
	{
		while (<$pipe>)
		{
			chomp;
			my ($counts, @found) = split /\t/;
			my @counts = split / /, $counts;
			$sums[$_] += $counts[$_] for 0 .. $#counts;
			push @wrong, @found;
			$seen++;
		}
		close $pipe or push @wrong, 'a worker died';
	}
	push @wrong, 'not all statements were run' if $seen == 0 || $seen != statements();
	return ([ $seen, @sums ], @wrong);
}

1;
