#!/usr/bin/perl
# Inputs of the fuzz suite as lines of a text file, one an input, in printable ASCII with \xNN.
#
#   corpus.pl unpack FILE DIRECTORY			a file for each line, named by its content
#   corpus.pl pack DIRECTORY...				the lines, sorted, each once
#   corpus.pl cover CONTROL-FILE			of the files that a merge of libFuzzer has run, those that
#											cover what no shorter one does
use strict;
use warnings;
use Digest::SHA 'sha1_hex';

my ($command, @arguments) = @ARGV;
my %commands = (unpack => \&unpack_file, pack => \&pack_directories, cover => \&cover);
die "usage: see the head of $0\n" unless $command && $commands{$command} && @arguments;
$commands{$command}->(@arguments);

sub read_all
{
	my ($path) = @_;
	open my $in, '<:raw', $path or die "$path: $!\n";
	local $/;
	return scalar <$in> // '';
}

sub unpack_file
{
	my ($path, $directory) = @_;
	open my $in, '<', $path or die "$path: $!\n";
	while (my $line = <$in>)
	{
		chomp $line;
		next if $line =~ /^#/ || $line eq '';
		my $input = $line =~ s/\\x([0-9a-f]{2})/chr hex $1/ger;
		my $file = "$directory/" . sha1_hex($input);
		open my $out, '>:raw', $file or die "$file: $!\n";
		print $out $input;
		close $out or die "$file: $!\n";
	}
}

sub pack_directories
{
	my %lines;
	for my $file (grep { -f } map { glob "$_/*" } @_)
	{
		my $input = read_all($file);
		# a number sign begins a comment
		$lines{ $input =~ s/([^ -~]|\\|^#)/sprintf '\\x%02x', ord $1/ger } = 1 if $input ne '';
	}
	print "$_\n" for sort keys %lines;
}

# An FT line has the features of a file that no file before it had; files come in the order of their
# size.
sub cover
{
	my ($control) = @_;
	my @lines = split /\n/, read_all($control);
	my @files = splice @lines, 2, $lines[0];
	for (@lines)
	{
		my ($kind, $number, @features) = split;
		print "$files[$number]\n" if $kind eq 'FT' && @features;
	}
}
