#!/usr/bin/perl
# extract.pl FILE.md DIRECTORY: writes each block that is headed by <!-- file: NAME --> to
# DIRECTORY/NAME, and prints the names.
use strict;
use warnings;
use File::Basename;
use File::Path 'make_path';

my ($markdown, $directory) = @ARGV;
my ($name, $out);

open my $in, '<', $markdown or die "$markdown: $!\n";
while (my $line = <$in>)
{
	if ($out)
	{
		if ($line =~ /^```$/) { close $out or die "$name: $!\n"; undef $out; undef $name }
		else { print $out $line }
	}
	elsif ($line =~ /^<!-- file: ([\w.\/-]+) -->$/)
	{
		die "$markdown:$.: $name has no block\n" if defined $name;
		$name = $1;
	}
	elsif (defined $name)
	{
		die "$markdown:$.: a block should follow\n" unless $line =~ /^```\w+$/;
		die "$markdown:$.: a second block of $name\n" if -e "$directory/$name";
		make_path(dirname("$directory/$name"));
		open $out, '>', "$directory/$name" or die "$directory/$name: $!\n";
		print "$name\n";
	}
}
die "$markdown: the block of $name does not end\n" if defined $name;
