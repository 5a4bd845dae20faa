# What the scripts of this suite share: the statements, psql, and the questions after a fault.
package Faults;

use strict;
use warnings;
use Exporter 'import';
use File::Temp;

our @EXPORT = qw(result statements psql value);

# Kinds of calls, as in faults.h.
our %KIND = (palloc => 1, malloc => 2, shm => 4, open => 8, write => 16, sync => 32, close => 64, rename => 128);

our $failed = 0;

# One line for each check; details begin with #.
sub result
{
	my ($ok, $name, @details) = @_;
	print $ok ? "ok - $name\n" : "not ok - $name\n";
	print map { "#   $_\n" } @details;
	$failed = 1 unless $ok;
	return $ok;
}

# The statements, as hashes: name, before, text, after; several: more than one statement.
sub statements
{
	my ($file, $dir) = @_;
	my @statements;

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
		$after = "ROLLBACK;\n$after" if $text =~ /^BEGIN/ && $text !~ /PREPARE TRANSACTION/;
		push @statements, { name => $name, before => $before, text => $text, after => $after,
			several => $text =~ /\\;/ ? 1 : 0 };
	}
	close $in;
	return @statements;
}

# Runs a script in one session of a database; its output as lines.  Then $Faults::said is what went
# to standard error, and $Faults::lost says how the session ended if it did before the script.
our ($said, $lost);
sub psql
{
	my ($database, $script) = @_;
	my $file = File::Temp->new;
	my $errors = File::Temp->new;

	print $file "SET client_min_messages = warning;\nSET lock_timeout = '30s';\n", $script;
	close $file;
	my @lines = `psql -XAtq -d $database -f $file 2>$errors`;
	$lost = $? == 0 ? '' : "psql ended with status $?";
	chomp @lines;
	local $/;
	$said = <$errors>;
	return @lines;
}

# The one value that a query gives.
sub value
{
	my ($database, $query) = @_;
	my @lines = psql($database, "$query;\n");
	return join "\n", @lines;
}

1;
