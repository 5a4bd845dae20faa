# The rules for every text, and for the tests.
package TextRules;

use strict;
use warnings;
use File::Basename;
use Source;

my $max_file = 800;
my $unfinished = join '|', 'TO' . 'DO', 'FIX' . 'ME', 'X' . 'XX';

# Whom a link or an example may name; example.org and its like are nobody's.
my $public = qr{^(?:[\w.-]+\.)?(?:postgresql\.org|pgxn\.org|debian\.org|example(?:\.\w+)?|localhost|127\.0\.0\.1|w3\.org|github\.com|node-postgres\.com|npmjs\.com)$};

our @rules = (
	[ "files have at most $max_file lines", \&file_length ],
	[ 'nothing is left marked as unfinished', \&unfinished ],
	[ 'every test has its expected output, and every output its test', \&expected ],
	[ 'links between pages lead somewhere', \&links ],
	[ 'addresses are public', \&addresses ],
	[ 'no path of one machine is named', \&paths ],
	[ 'lines end without blanks, files with a line end', \&blanks ],
	[ 'shell scripts parse', \&shell_syntax ]);

sub file_length
{
	return map { "$_: " . @{ $lines{$_} } . ' lines' }
		grep { @{ $lines{$_} } > $max_file && m{^(?:src|test)/(?!expected/|fuzz/)} } @text;
}

sub unfinished
{
	my @found;
	for my $file (@text)
	{
		push @found, map { "$file:" . ($_ + 1) }
			grep { $lines{$file}[$_] =~ /\b(?:$unfinished)\b/ } 0 .. $#{ $lines{$file} };
	}
	return @found;
}

sub expected
{
	my %file = map { $_ => 1 } @text;
	my @found;
	for (@text)
	{
		my ($test, $output) = m{^sql/(\w+)\.sql$} ? ($_, "expected/$1.out")
		  : m{^test/specs/([\w-]+)\.spec$} ? ($_, "test/expected/$1.out") : next;
		push @found, "$test has no $output" unless $file{$output};
	}
	for (@text)
	{
		my ($output, $name) = m{^((?:test/)?expected/([\w-]+?)(?:_\d+)?\.out)$} or next;
		push @found, "$output belongs to no test"
			unless $file{"sql/$name.sql"} || $file{"test/specs/$name.spec"};
	}
	return @found;
}

# The anchors of a page: of its headings, as they are made on the web.
sub anchors
{
	my ($page) = @_;
	my %seen;
	return map {
		/^#+ +(.*?) *$/ ? do {
			my $anchor = lc($1) =~ s/[^\w \-]//gr =~ tr/ /-/r;
			$seen{$anchor}++ ? "$anchor-" . ($seen{$anchor} - 1) : $anchor;
		} : ()
	} @{ $lines{$page} || [] };
}

sub links
{
	my @found;
	for my $page (grep { /\.md$/ } @text)
	{
		for my $i (0 .. $#{ $lines{$page} })
		{
			while ($lines{$page}[$i] =~ /\]\(([^)#:\s]*)(?:#([^)]*))?\)/g)
			{
				my ($to, $anchor) = ($1, $2);
				my $path = $to eq '' ? $page : dirname($page) . "/$to";
				$path =~ s{^(?:\./)+}{};
				1 while $path =~ s{[^/]+/\.\./}{};
				push @found, "$page:" . ($i + 1) . ": $to"
					unless -e $path && (!defined $anchor || grep { $_ eq $anchor } anchors($path));
			}
		}
	}
	return @found;
}

# Places in texts where $pattern matches, unless $allowed says no to what it captures.
sub mentions
{
	my ($pattern, $allowed) = @_;
	my @found;
	for my $file (@text)
	{
		for my $i (0 .. $#{ $lines{$file} })
		{
			push @found, map { $_ =~ $allowed ? () : "$file:" . ($i + 1) . ": $_" } $lines{$file}[$i] =~ /$pattern/g;
		}
	}
	return @found;
}

sub addresses { return mentions(qr{\b(?:https?|ftp)://([\w.-]*\w)}, $public) }

sub paths { return mentions(qr{(?<![\w.\$\}/])(/(?:work|home|root|Users)/\w+)}, qr{^$}) }

# Outputs of tests are what psql makes of them.
sub blanks
{
	my @found;
	for my $file (grep { !/\.out$/ && !m{^test/fuzz/} } @text)
	{
		push @found, map { $lines{$file}[$_] =~ /[ \t]$/ ? "$file:" . ($_ + 1) : () } 0 .. $#{ $lines{$file} };
	}
	return @found;
}

sub shell_syntax { return grep { system("bash -n '$_'") != 0 } @shell }

1;
