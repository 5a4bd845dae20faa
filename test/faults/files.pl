#!/usr/bin/perl
# Exports to a file on a disk that is full or broken: the error is told, nothing is left behind, and a
# file that was there stays as it was.  Then what the compressors keep after failures.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Faults;

my %errors = (5 => '58030', 28 => '53100', 24 => '53000');	# EIO, ENOSPC, EMFILE
my $target = "$dir/out";

# What stands in the file.
sub content
{
	open my $in, '<', $target or return 'none';
	local $/;
	return <$in>;
}

sub write_target
{
	my ($text) = @_;
	open my $out, '>', $target or die "$target: $!\n";
	chmod 0666, $target;
	print $out $text;
	close $out;
	return;
}

# One call of a kind fails: what is wrong then.
sub fault
{
	my ($s, $kind, $n, $action, $error) = @_;
	my @wrong;

	write_target('old');
	my $output = join "\n", psql('faults0',
		"SELECT faults.arm($Faults::KIND{$kind}, '$action', $n, true, $error);\n$s->{text}" . disarmed($s)
		  . "SELECT pg_read_file('$target') = 'old' AS old \\gset\n\\echo \@old :old\n" . questions($s)), '';
	my ($code, $fired) = $output =~ /^\@state (\w+) (-?\d+)$/m;
	my ($old) = $output =~ /^\@old (\w)$/m;

	push @wrong, $Faults::lost if $Faults::lost;
	push @wrong, verdict($s, $output, $errors{$error});
	push @wrong, 'it was not reached' unless $fired;
	if ($action eq 'short')
	{
		push @wrong, "a short write ends with $code" if $code ne '00000';
	}
	else
	{
		push @wrong, "the error is $code" if $code ne $errors{$error};
		# the directory is synced after the file has been replaced
		push @wrong, 'the old file is gone' if ($old // '') ne 't' && $kind ne 'sync' && $kind ne 'close';
		push @wrong, 'the message names no file' if $Faults::said !~ /ERROR:  could not \w+ (?:\w+ )?file "/;
	}
	return map { "$kind $n, $action $error: $_" } @wrong;
}

my %actions = (
	open => [ [ 'fail', 28 ], [ 'fail on', 24 ] ],
	write => [ [ 'fail', 28 ], [ 'fail', 5 ], [ 'short', 5 ], [ 'fail on', 28 ] ],
	sync => [ [ 'fail', 5 ], [ 'fail', 28 ] ],
	close => [ [ 'fail', 28 ], [ 'fail', 5 ] ],
	rename => [ [ 'fail', 5 ], [ 'fail', 28 ] ]);

for my $s (statements('^export file'))
{
	my $whole;

	reference('faults0', $s);
	$whole = content();
	for my $kind (sort keys %actions)
	{
		my @sites = map { /^\@site (\d+)$/ ? $1 : () } psql('faults0',
			"SELECT faults.arm($Faults::KIND{$kind}, 'record', 0);\n$s->{text}" . disarmed($s)
			  . "SELECT '\@site ' || n FROM faults.sites() n;\n");
		my @wrong = @sites ? () : 'no such call';
		for my $n (@sites)
		{
			push @wrong, fault($s, $kind, $n, @$_) for @{ $actions{$kind} };
			push @wrong, "$kind $n: the file that was written again differs" if content() ne $whole;
		}
		result(!@wrong, "$s->{name}, $kind fails", @wrong);
		note(scalar(@sites) . ' sites');
	}
}

# What a failure leaves of memory that is in no memory context
for my $s (statements('^export (?:gzip|zstd|lz4|file gzip)|^page signed'))
{
	my $kinds = $Faults::KIND{palloc} | $Faults::KIND{malloc};
	my $warm = $s->{before} . "$s->{text}" x 8;
	my @sites = map { /^\@site (\d+)$/ ? $1 : () } psql('faults0',
		$warm . "SELECT faults.arm($kinds, 'record', 0, false);\n$s->{text}" . disarmed($s)
		  . "SELECT '\@site ' || n FROM faults.sites() n;\n");
	my @chosen = some(15 * $rounds, @sites);
	my $fail = sub { return "SELECT faults.arm($kinds, 'fail', $_[0], false);\n$s->{text}" . disarmed($s) };
	my $memory = "SELECT '\@memory ' || faults.other_memory();\n";
	my @output = psql('faults0', $warm . join '', map { $fail->($_) x 2 . $memory . $fail->($_) x 20 . $memory } @chosen);
	my @memory = map { /^\@memory (-?\d+)$/ ? $1 : () } @output;
	my @wrong = $Faults::lost ? $Faults::lost : ();
	for my $n (@chosen)
	{
		my ($before, $after) = splice @memory, 0, 2;
		push @wrong, "call $n: " . ($after - $before) . ' bytes more after 20 failures'
		  if !defined $after || $after - $before > 20 * 4096;
	}
	result(!@wrong && scalar @chosen, "$s->{name}: failures leave no memory behind", @wrong);
	note(scalar(@sites) . ' sites, ' . scalar(@chosen) . ' tried');
}
exit $Faults::failed;
