#!/usr/bin/perl
# The rules of the source tree that a compiler does not know.  Run in the top directory; prints
# "ok - rule" or "not ok - rule" with the places, and fails if any rule is broken.
# selftest.sh proves that every rule can fail.
use strict;
use warnings;
use File::Find;

# A file includes headers of lower floors, or of its own room.
my %floor = (
	base => 0,
	catalog => 1, query => 1.5,		# statements are built from descriptors
	json => 2,
	cache => 3, page => 3, eager => 3, export => 3,
	document => 3, jobs => 3, scan => 3, advise => 3,
	'' => 4);

# Pages embed related rows: the one place where two capabilities meet.
my %meeting = ('page -> eager/eager.h' => 1);

my $max_file = 800;
my $max_function = 100;
my $exported = qr/^(?:hp_|hotpath_|pg_finfo_hotpath_|_PG_|Pg_magic_func$)/;
my $linker = qr/^(?:_init|_fini|_edata|_end|__bss_start)$/;
my $newer = qr/heap_datum_check|DatumGetHeapTupleHeader(?:Copy)?/;
my $unfinished = join '|', 'TO' . 'DO', 'FIX' . 'ME', 'X' . 'XX';

my (@c, @sql, @shell, @text, %lines);
my $failed = 0;

find({ no_chdir => 1, wanted => \&collect }, grep { -e } qw(src sql test .ci Makefile));
for my $rule (
	[ 'only src/base/compat.h names PG_VERSION_NUM', \&version_num ],
	[ 'only src/query calls SPI', \&spi ],
	[ 'only src/base/shmem.c sets shared-memory hooks', \&shmem_hooks ],
	[ 'only *_functions.c and trigger.c define SQL-callable functions', \&sql_callable ],
	[ 'includes lead to lower floors or the own room', \&floors ],
	[ "files have at most $max_file lines", \&file_length ],
	[ "functions have at most $max_function lines", \&function_length ],
	[ 'postgres.h comes first, then the own header', \&own_header ],
	[ 'server headers are in alphabetical order', \&header_order ],
	[ 'every C file begins with a comment', \&header_comment ],
	[ 'nothing is left marked as unfinished', \&unfinished ],
	[ 'every object of the install script has a comment', \&sql_comments ],
	[ 'exported symbols carry our prefix', \&symbols ],
	[ 'what older minors of the server lack is referenced weakly', \&weak_references ],
	[ 'shell scripts parse', \&shell_syntax ])
{
	my ($name, $check) = @$rule;
	my @places = $check->();
	print @places ? "not ok - $name\n" : "ok - $name\n";
	print "#   $_\n" for @places;
	$failed = 1 if @places;
}
exit $failed;

sub collect
{
	return unless -f $_;
	my $path = $File::Find::name;
	return if $path =~ /\.(?:o|bc|so)$/ || $path =~ m{^test/(?:[^/]*/)*tmp_check/};
	open my $in, '<', $path or die "$path: $!\n";
	my @content = <$in>;
	chomp @content;
	$lines{$path} = \@content;
	push @text, $path;
	push @c, $path if $path =~ m{^src/.*\.[ch]$};
	push @sql, $path if $path =~ m{^src/.*\.sql$};
	push @shell, $path if $path =~ /\.sh$/ || (@content && $content[0] =~ /^#!.*\bbash\b/);
	@$_ = sort @$_ for \@text, \@c, \@sql, \@shell;
}

# The lines of a C file with comments blanked, so that line numbers stay true.
sub code
{
	my $text = join "\n", @{ $lines{ $_[0] } };
	$text =~ s{("(?:[^"\\\n]|\\.)*")|(/\*.*?\*/)}{
		defined $1 ? $1 : $2 =~ s/[^\n]//gr }gsex;
	return split /\n/, $text, -1;
}

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

sub version_num { return places(qr/\bPG_VERSION_NUM\b/, qr{^src/base/compat\.h$}) }

sub spi { return places(qr{\bSPI_\w+\s*\(|"executor/spi\.h"}, qr{^src/query/}) }

sub shmem_hooks { return places(qr/\bshmem_(?:request|startup)_hook\b/, qr{^src/base/shmem\.c$}) }

sub sql_callable
{
	return places(qr/\bPG_FUNCTION_INFO_V1\b/, qr{(?:_functions|/trigger)\.c$});
}

# [line number, name] of a file's #include "..." lines.
sub includes
{
	my @code = code($_[0]);
	return map { $code[$_] =~ /^\s*#\s*include\s+"([^"]+)"/ ? [ $_ + 1, $1 ] : () } 0 .. $#code;
}

# Rooms and the server's directories may share a name, such as "catalog/".
sub is_own { return -e "src/$_[0]" }

sub room { return $_[0] =~ m{^(?:src/)?(\w+)/} ? $1 : '' }

sub floors
{
	my @found;
	for my $file (@c)
	{
		my $room = $file =~ m{^src/(\w+)/} ? $1 : '';
		if (!defined $floor{$room})
		{
			push @found, "$file: the room $room has no floor yet; give it one in test/lint/lint.pl";
			next;
		}
		for my $include (includes($file))
		{
			my ($line, $name) = @$include;
			next unless is_own($name);
			my $other = room($name);
			next if $other eq $room || $meeting{"$room -> $name"};
			push @found, "$file:$line: $name is not on a lower floor"
				unless defined $floor{$other} && $floor{$other} < $floor{$room};
		}
	}
	return @found;
}

sub file_length
{
	return map { "$_: " . @{ $lines{$_} } . ' lines' }
		grep { @{ $lines{$_} } > $max_file && m{^(?:src|test)/(?!expected/)} } @text;
}

# A body is what lies between braces in the first column.
sub function_length
{
	my @found;
	for my $file (@c)
	{
		my @code = code($file);
		my $start;
		for my $i (0 .. $#code)
		{
			$start = $i if $code[$i] =~ /^\{/;
			next unless $code[$i] =~ /^\}/ && defined $start;
			push @found, "$file:" . ($start + 1) . ': ' . ($i - $start - 1) . ' lines'
				if $code[$i] =~ /^\}\s*$/ && $i - $start - 1 > $max_function;
			undef $start;
		}
	}
	return @found;
}

sub own_header
{
	my @found;
	for my $file (grep { /\.c$/ } @c)
	{
		my @code = code($file);
		my @all = map { /^\s*#\s*include\s+["<]([^">]+)/ ? $1 : () } @code;
		my $own = $file =~ s{^src/}{}r =~ s/\.c$/.h/r;
		if (!@all || $all[0] ne 'postgres.h')
		{
			push @found, "$file: the first include is not postgres.h";
		}
		elsif (-e "src/$own" && (@all < 2 || $all[1] ne $own))
		{
			push @found, "$file: the second include is not $own";
		}
	}
	return @found;
}

# Within a conditional block a header stands where its condition is, so only the others count.
sub header_order
{
	my @found;
	for my $file (@c)
	{
		my ($depth, $last) = (0, '');
		my @code = code($file);
		my $guard = $file =~ /\.h$/ ? 1 : 0;
		for my $i (0 .. $#code)
		{
			$depth++ if $code[$i] =~ /^\s*#\s*if/;
			$depth-- if $code[$i] =~ /^\s*#\s*endif/;
			next if $depth > $guard || $code[$i] !~ /^\s*#\s*include\s+"([^"]+)"/;
			my $name = $1;
			next if $name eq 'postgres.h' || is_own($name);
			next if $name eq 'lib/simplehash.h';	# a template: it stands behind what it is made for
			push @found, "$file:" . ($i + 1) . ": $name after $last" if $name lt $last;
			$last = $name;
		}
	}
	return @found;
}

sub header_comment
{
	return grep { !@{ $lines{$_} } || $lines{$_}[0] !~ m{^/\*} } @c;
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

# By kind and name: as many comments as there are objects, overloads included.
sub sql_comments
{
	my $kinds = 'FUNCTION|PROCEDURE|AGGREGATE|VIEW|TABLE|TYPE|EVENT TRIGGER|SEQUENCE|CAST|OPERATOR';
	my (%missing, @found);
	for my $file (@sql)
	{
		my $text = join "\n", map { s/--.*//r } @{ $lines{$file} };
		while ($text =~ /^\s*CREATE\s+(?:OR\s+REPLACE\s+)?($kinds)\s+([\w.]+)/gim)
		{
			$missing{ uc($1) . ' ' . lc($2) }++;
		}
		while ($text =~ /\bCOMMENT\s+ON\s+($kinds)\s+([\w.]+)/gi)
		{
			$missing{ uc($1) . ' ' . lc($2) }--;
		}
	}
	return map { "$_ lacks a comment" } grep { $missing{$_} > 0 } sort keys %missing;
}

# All extensions share one name space in the server; needs a build.
sub symbols
{
	my @found;
	for my $library (glob '*.so')
	{
		for (`nm -D --defined-only $library`)
		{
			my ($name) = /^\S* *[A-Za-z] ([^\s@]+)/ or next;
			push @found, "$library: $name" unless $name =~ $exported || $name =~ $linker;
		}
	}
	return @found;
}

# One binary loads into all minors of a major; src/base/compat.h says how. Needs a build.
sub weak_references
{
	my @found;
	for my $library (glob '*.so')
	{
		push @found, map { /\bU ($newer)\b/ ? "$library: $1" : () } `nm -D --undefined-only $library`;
	}
	return @found;
}

sub shell_syntax { return grep { system("bash -n '$_'") != 0 } @shell }
