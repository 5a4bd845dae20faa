# The rules for C, most of them from the architecture of the house.
package CRules;

use strict;
use warnings;
use Source;

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

my $max_function = 100;
my $max_columns = 120;
my $exported = qr/^(?:hp_|hotpath_|pg_finfo_hotpath_|_PG_|Pg_magic_func$)/;
my $linker = qr/^(?:_init|_fini|_edata|_end|__bss_start)$/;
my $newer = qr/heap_datum_check|DatumGetHeapTupleHeader(?:Copy)?/;

our @rules = (
	[ 'only src/base/compat.h names PG_VERSION_NUM', \&version_num ],
	[ 'only src/query runs SQL', \&runs_sql ],
	[ 'only src/base/shmem.c sets shared-memory hooks', \&shmem_hooks ],
	[ 'only src/base/guc.c defines parameters, in the order of their names', \&parameters ],
	[ 'only src/cache/store.c and sieve.c turn the number of a block into an entry', \&entries ],
	[ 'only *_functions.c and trigger.c define SQL-callable functions', \&sql_callable ],
	[ 'includes lead to lower floors or the own room', \&floors ],
	[ "functions have at most $max_function lines", \&function_length ],
	[ "lines have at most $max_columns columns", \&line_length ],
	[ 'postgres.h comes first, then the own header', \&own_header ],
	[ 'server headers are in alphabetical order', \&header_order ],
	[ 'no two headers have the same guard', \&guards ],
	[ 'every C file begins with a comment', \&header_comment ],
	[ 'what a header shows is called hp_<file>_<verb>', \&shown_names ],
	[ 'types of headers are HpCamelCase, macros HP_UPPER_CASE', \&types_and_macros ],
	[ 'types of one file are CamelCase', \&own_types ],
	[ 'a header shows the members of a struct only if another file uses them', \&opaque_structs ],
	[ 'loops without an end of their own, or over rows of tables, take interrupts', \&interrupts ],
	[ 'what a header shows is used by another file', \&used_elsewhere ],
	[ 'what one file alone has is called plainly', \&plain_names ],
	[ 'src/pg_hotpath.c begins the rooms and does nothing else with them', \&entry ],
	[ 'what needs a lock held asserts it and is called so', \&lock_asserts ],
	[ 'errors have a code, a message, a detail and a hint', \&errors ],
	[ 'nothing ends the server or the process', \&no_panic ],
	[ 'memory contexts carry our name', \&context_names ],
	[ 'exported symbols carry our prefix', \&symbols ],
	[ 'what older minors of the server lack is referenced weakly', \&weak_references ]);

sub version_num { return places(qr/\bPG_VERSION_NUM\b/, qr{^src/base/compat\.h$}) }

# By SPI, a portal or the executor itself.
sub runs_sql
{
	my $calls = qr/\b(?:SPI_\w+|Portal(?:Start|Run|Define)\w*|CreatePortal|CreateNewPortal|Executor(?:Start|Run)|CreateQueryDesc|hp_executor_run|\w*_plan_quer(?:y|ies))\s*\(/;
	return places(qr{$calls|"executor/spi\.h"}, qr{^src/(?:query/|base/compat\.h)});
}

# The entry of the module knows of the other rooms how they begin.
sub entry
{
	my $file = 'src/pg_hotpath.c';
	return $lines{$file} ? map { /^hp_\w+_init$/ ? () : "$file: $_" } body($file) =~ /\b(hp_\w+)\b/g : ();
}

# Static inline functions of headers are shown.
sub plain_names
{
	my @found;
	for my $file (grep { /\.c$/ } @c)
	{
		my $body = body($file);
		while ($body =~ /^static\b[^;={(]*?\b((?:hp|hotpath)_\w+)\s*[(;=\[]/gm)
		{
			push @found, "$file:" . line_of($body, $-[0]) . ": $1";
		}
	}
	return @found;
}

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
			push @found, "$file: the room $room has no floor yet; give it one in test/lint/CRules.pm";
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

# A tab stands for four columns.
sub line_length
{
	my @found;
	for my $file (@c, @sql)
	{
		push @found, map { length($lines{$file}[$_] =~ s/\t/    /gr) > $max_columns ? "$file:" . ($_ + 1) : () }
			0 .. $#{ $lines{$file} };
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

sub guards { my %seen; return grep { body($_) =~ /^#ifndef (\w+_H)$/m && $seen{$1}++ } @c }

sub header_comment
{
	return grep { !@{ $lines{$_} } || $lines{$_}[0] !~ m{^/\*} } @c;
}


sub entries { return places(qr/\bhp_store_entry\s*\(|\(HpEntry \*\)/, qr{^src/cache/(?:store|sieve|store_private)\.[ch]$}) }

sub parameters
{
	my $guc = 'src/base/guc.c';
	my @found = places(qr/\bDefineCustom\w+Variable\b/, qr{^\Q$guc\E$});
	# those of a table, and those defined one by one
	for my $pattern (qr/\{"(pg_hotpath\.\w+)"/, qr/\bDefineCustom\w+Variable\("([^"]+)"/)
	{
		my $last = '';
		for my $name ($lines{$guc} ? body($guc) =~ /$pattern/g : ())
		{
			push @found, "$guc: $name after $last" if $name lt $last;
			$last = $name;
		}
	}
	return @found;
}

# What the headers show: [header, line, name, is it a function, is it defined there].
sub shown
{
	my @shown;
	for my $header (grep { /\.h$/ } @c)
	{
		my $body = body($header);
		while ($body =~ /^extern\b[^;(]*?\b(\w+)\s*(\(|;|\[)|^(\w+)\([^;]*?\)\n\{/gm)
		{
			push @shown, [ $header, line_of($body, $-[0]), $1 // $3, !defined $2 || $2 eq '(', defined $3 ];
		}
	}
	return @shown;
}

# Its first word is that of a file of the room, or that file's is the beginning of it: hp_compressor_begin
# in compress.c, hp_build_all in builder.c.  compat.h stands in for the server's.
sub shown_names
{
	my (@found, %stems);
	for (@c) { push @{ $stems{$1} }, $2 if m{^src/(\w+)/(\w+)\.[ch]$} }
	for (grep { $_->[0] ne 'src/base/compat.h' } shown())
	{
		my ($header, $line, $name) = @$_;
		my ($word) = $name =~ /^hp_([a-z0-9]+)(?:_|$)/;
		my $ok = defined $word && grep { /^\Q$word\E/ || $word =~ /^\Q$_\E/ } @{ $stems{ room($header) } || [] };
		push @found, "$header:$line: $name" unless $ok;
	}
	return @found;
}

# The types that a file defines: [line, name].
sub types_of
{
	my ($file) = @_;
	my $body = body($file);
	my @types;
	while ($body =~ /^\}\s*(\w+);|^typedef\s[^{};]*?\(\*(\w+)\)|^typedef\s[^{};()]*?(\w+)(?:\[[^\]]*\])?;|^(?:struct|enum|union)\s+(\w+)\s*\n\{/gm)
	{
		push @types, [ line_of($body, $-[0]), $1 // $2 // $3 // $4 ];
	}
	return @types;
}

# compat.h names macros as the functions of the server that they stand in for.
sub types_and_macros
{
	my @found;
	for my $header (grep { /\.h$/ && $_ ne 'src/base/compat.h' } @c)
	{
		my @code = code($header);
		push @found, map { $code[$_] =~ /^#\s*define\s+(\w+)/ && $1 !~ /^HP_[A-Z0-9_]+$/ ? "$header:" . ($_ + 1) . ": $1" : () } 0 .. $#code;
		push @found, map { $_->[1] =~ /^Hp[A-Z]\w+$/ ? () : "$header:$_->[0]: $_->[1]" } types_of($header);
	}
	return @found;
}

sub own_types
{
	return map {
		my $file = $_;
		map { $_->[1] =~ /^[A-Z][a-z][A-Za-z0-9]*$/ ? () : "$file:$_->[0]: $_->[1]" } types_of($file)
	} grep { /\.c$/ } @c;
}

# By a member, by its size, or since one is declared there.  What functions of the header itself do
# with them is done by whoever calls these.
sub opaque_structs
{
	my @found;
	for my $header (grep { /\.h$/ } @c)
	{
		my $body = body($header);
		my $own = $header =~ s/\.h$/.c/r;
		while ($body =~ /^typedef struct(?: \w+)?\s*\n\{(.*?)^\}\s*(\w+);/gms)
		{
			my ($members, $type, $at) = ($1, $2, $-[0]);
			my $any = join '|', $members =~ /\b(\w+)(?:\[[^\]]*\])?\s*[;,]/g, $members =~ /\(\*(\w+)\)/g;
			my $use = qr/(?:->|\.)(?:$any)\b|\b$type\s+\w|\bsizeof\($type\)/;
			my @users = grep { $_ ne $header && $_ ne $own && body($_) =~ /\b$type\b/ && body($_) =~ $use } @c;
			push @found, "$header:" . line_of($body, $at) . ": $type"
				unless @users || $body =~ /^\{[^}]*->(?:$any)\b/m || $body =~ /^\t$type\s+\w/m;
		}
	}
	return @found;
}

# Who holds a lock cannot be interrupted, and has nothing long to do.  Any other loop that needs no
# check says why in its first line, behind "no interrupts:".
sub interrupts
{
	my @found;
	for my $file (@c)
	{
		my $body = body($file);
		while ($body =~ /\b(?:for|while) (?=\()/g)
		{
			my ($start, $head) = ($-[0], bracketed($body, pos $body));
			next unless $head =~ /^\((?:;;|true|1)\)$|\b(?:index|table_scan)_getnext\w*\(/;
			my $behind = pos($body) + length $head;
			my ($brace) = substr($body, $behind) =~ /^(\s*)\{/;
			my $inside = defined $brace ? bracketed($body, $behind + length $brace) : substr($body, $behind) =~ /^([^;]*)/ ? $1 : '';
			my ($function) = substr($body, 0, $start) =~ /^.*^(\w+)\([^;{]*\)\s*\n\{/ms;
			my $line = line_of($body, $start);
			push @found, "$file:$line"
				unless $inside =~ /\bCHECK_FOR_INTERRUPTS\(/ || ($function // '') =~ /_locked$/ || $lines{$file}[$line - 1] =~ /no interrupts: \w/;
		}
	}
	return @found;
}

# A declaration and its definition use no name; what one file alone uses is no matter of a header.
sub used_elsewhere
{
	my (%users, %pasted, @found);
	for my $file (@c)
	{
		my %seen;
		$seen{$_}++ for body($file) =~ /\b(hp_\w+)\b/g;
		$users{$_}{$file} = 1 for keys %seen;
		push @{ $pasted{$_} }, $file for body($file) =~ /\b(hp_\w+_)##/g;
	}
	for (shown())
	{
		my ($header, $line, $name, $is_function, $is_inline) = @$_;
		my @users = grep { $_ ne $header } keys %{ $users{$name} || {} };
		my @definers = grep {
			$is_function ? body($_) =~ /^\Q$name\E\(/m : body($_) =~ /^(?!extern)\w[\w \t*]*\b\Q$name\E\b(?:\[[^\]]*\])?\s*(?:=[^=]|;)/m
		} @users;
		push @users, map { $name =~ /^\Q$_\E/ ? @{ $pasted{$_} } : () } keys %pasted;
		push @found, "$header:$line: $name is not defined" if !@definers && !$is_inline;
		push @found, "$header:$line: $name is used by no other file"
			if @users <= @definers && ($is_inline || @definers) && body($header) !~ /\b\Q$name\E\b.*\b\Q$name\E\b/s;
	}
	return @found;
}

sub lock_asserts
{
	my @found;
	for my $file (@c)
	{
		my $body = body($file);
		while ($body =~ /^(\w+_locked)\([^;{]*\)\s*\n\{(.*?)^\}/gms)
		{
			my ($name, $inside, $at) = ($1, $2, $-[1]);
			push @found, "$file:" . line_of($body, $at) . ": $name"
				unless $inside =~ /\bAssert\(LWLockHeldByMe|\b\w+_locked\(/;
		}
		while ($body =~ /^(\w+)\([^;{]*\)\s*\n\{(.*?)^\}/gms)
		{
			my ($name, $inside, $at) = ($1, $2, $-[1]);
			push @found, "$file:" . line_of($body, $at) . ": $name"
				if $inside =~ /\bAssert\(LWLockHeldByMe/ && $name !~ /_locked$/;
		}
	}
	return @found;
}

# What the brackets that begin at a place hold, with them; those in strings and characters do not count.
sub bracketed
{
	my ($text, $at) = @_;
	my $depth = 0;
	pos($text) = $at;
	while ($text =~ /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)+'|([({])|([)}])/g)
	{
		next unless defined($1 // $2);
		$depth += defined $1 ? 1 : -1;
		return substr($text, $at, pos($text) - $at) if $depth == 0;
	}
	return '';
}

# The arguments of each call of $name.
sub calls_of
{
	my ($name, $body) = @_;
	my @calls;
	while ($body =~ /\b$name\s*(?=\()/g)
	{
		my $start = pos $body;
		my $call = bracketed($body, $start);
		push @calls, [ line_of($body, $start), $call ];
		pos($body) = $start + length $call;
	}
	return @calls;
}

sub errors
{
	my @found;
	for my $file (@c)
	{
		for (calls_of('ereport', body($file)))
		{
			my ($line, $call) = @$_;
			next if $call !~ /^\(\s*[^,]*\bERROR\b/;
			my @missing = grep { $call !~ /\b(?:$_)(?:_\w+)?\s*\(/ } 'errcode(?!_for)|errcode_for', 'errmsg', 'errdetail', 'errhint';
			push @found, "$file:$line lacks @missing" if @missing;
		}
	}
	return @found;
}

sub no_panic { return places(qr/\b(?:PANIC|FATAL|abort\s*\(|_?exit\s*\(|proc_exit\s*\()/, qr/^$/) }

sub context_names
{
	my @found;
	for my $file (@c)
	{
		push @found, map { $_->[1] =~ /"pg_hotpath|\bname\b/ ? () : "$file:$_->[0]" }
			map { calls_of($_, body($file)) } qw(AllocSetContextCreate GenerationContextCreate SlabContextCreate);
	}
	return @found;
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

1;
