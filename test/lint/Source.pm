# The files of the tree, for the rules of lint.pl.
package Source;

use strict;
use warnings;
use Exporter 'import';
use File::Find;

our @EXPORT = qw(@c @sql @shell @text %lines code body places line_of);

our (@c, @sql, @shell, @text, %lines);
my %code;

# Read all there is below the top directory that is ours.
sub read_tree
{
	find({ no_chdir => 1, wanted => \&collect },
		grep { -e } qw(src sql expected test upgrade docs docker debian .ci Makefile Dockerfile),
		glob('*.md'));
	@$_ = sort @$_ for \@text, \@c, \@sql, \@shell;
	return;
}

sub collect
{
	return unless -f $_;
	my $path = $File::Find::name =~ s{^\./}{}r;
	return if $path =~ /\.(?:o|bc|so)$/ || $path =~ m{^test/(?:[^/]*/)*tmp_check/};
	open my $in, '<', $path or die "$path: $!\n";
	my @content = <$in>;
	return if grep { /\0/ } @content;
	chomp @content;
	$lines{$path} = \@content;
	push @text, $path;
	push @c, $path if $path =~ m{^src/.*\.[ch]$};
	push @sql, $path if $path =~ m{^src/.*\.sql$};
	push @shell, $path if $path =~ /\.sh$/ || (@content && $content[0] =~ /^#!.*\bbash\b/);
	return;
}

# A C file as one string with comments blanked, so that line numbers stay true.
sub body
{
	my ($file) = @_;
	return $code{$file} //= join("\n", @{ $lines{$file} }) =~
	  s{("(?:[^"\\\n]|\\.)*")|(/\*.*?\*/)}{defined $1 ? $1 : $2 =~ s/[^\n]//gr}gsexr;
}

# The same, line by line.
sub code { return split /\n/, body($_[0]), -1 }

# The number of the line that a position of a string is in.
sub line_of { return 1 + (substr($_[0], 0, $_[1]) =~ tr/\n//) }

# Places in the C files, but for those whose path matches $allowed, where code matches $pattern.
sub places
{
	my ($pattern, $allowed) = @_;
	my @found;
	for my $file (grep { $_ !~ $allowed } @c)
	{
		my @code = code($file);
		push @found, map { "$file:" . ($_ + 1) . ": $code[$_]" }
			grep { $code[$_] =~ $pattern } 0 .. $#code;
	}
	return @found;
}

1;
