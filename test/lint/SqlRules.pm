# The rules for the install script, and for what it shares with C and the README.
package SqlRules;

use strict;
use warnings;
use Source;

our @rules = (
	[ 'every object of the install script has a comment', \&sql_comments ],
	[ 'functions say their volatility and what they mean to parallel plans', \&marks ],
	[ 'a function of SQL is hotpath_<name> in C, and every such symbol is declared', \&symbols_declared ],
	[ 'the install script is made of all SQL of the rooms', \&parts ],
	[ 'operators in bodies are qualified, unless the search_path is set', \&operators ],
	[ 'the README names every function that all may call', \&documented_functions ],
	[ 'the README has a line for every parameter, and no others', \&documented_parameters ]);

# The C names of the first release that differ from those of SQL; databases of 0.1 refer to them.
my %older_name = (cache_memory_status => 'cache_memory');

sub parts
{
	my ($parts) = join("\n", @{ $lines{Makefile} || [] }) =~ /^SQL_PARTS\s*=\s*(.*)/m;
	my %used = map { $_ => 1 } split ' ', $parts // '';
	return grep { !$used{$_} } @sql;
}

# By kind and name: as many comments as there are objects, overloads included.
sub sql_comments
{
	my $kinds = 'FUNCTION|PROCEDURE|AGGREGATE|VIEW|TABLE|TYPE|EVENT TRIGGER|SEQUENCE|CAST|OPERATOR';
	my (%missing, @found);
	for my $file (@sql)
	{
		my $text = join "\n", map { s/--.*//r } @{ $lines{$file} };
		while ($text =~ /^\s*CREATE\s+(?:OR\s+REPLACE\s+)?($kinds)\s+([\w.@]+)/gim)
		{
			$missing{ uc($1) . ' ' . lc($2) }++;
		}
		while ($text =~ /\bCOMMENT\s+ON\s+($kinds)\s+([\w.@]+)/gi)
		{
			$missing{ uc($1) . ' ' . lc($2) }--;
		}
	}
	return map { "$_ lacks a comment" } grep { $missing{$_} > 0 } sort keys %missing;
}

# CREATE FUNCTION statements of the install script: [file, line, name, text].
sub functions
{
	my @functions;
	for my $file (@sql)
	{
		my $text = join "\n", map { s/--.*//r } @{ $lines{$file} };
		while ($text =~ /^CREATE\s+FUNCTION\s+(?:[\w@]+)\.(\w+)(.*?;)(?=\s*(?:\n\s*\n|^\w|\z))/gms)
		{
			push @functions, [ $file, line_of($text, $-[1]), $1, $2 ];
		}
	}
	return @functions;
}

sub marks
{
	my @found;
	for (functions())
	{
		my ($file, $line, $name, $text) = @$_;
		next if $text =~ /RETURNS\s+(?:(?:event_)?trigger|internal)\b/;
		push @found, "$file:$line: $name" unless $text =~ /\b(?:IMMUTABLE|STABLE|VOLATILE)\b/ && $text =~ /\bPARALLEL\b/;
	}
	return @found;
}

sub symbols_declared
{
	my (@found, %declared);
	for (functions())
	{
		my ($file, $line, $name, $text) = @$_;
		my ($symbol) = $text =~ /'MODULE_PATHNAME',\s*'(\w+)'/ or next;
		$declared{$symbol} = 1;
		my $expected = 'hotpath_' . ($older_name{$name} // $name);
		push @found, "$file:$line: $name is $symbol in C" if $symbol ne $expected;
	}
	for my $file (@c)
	{
		push @found, map { $declared{$_} ? () : "$file: no SQL declares $_" }
			body($file) =~ /\bPG_FUNCTION_INFO_V1\((\w+)\)/g;
	}
	return @found;
}

# Else an operator of the same name in a schema that the caller's search_path names first would be called.
sub operators
{
	my @found;
	for my $file (@sql)
	{
		my $text = join "\n", map { s/--.*//r } @{ $lines{$file} };
		while ($text =~ /([^;]*)\$\$(.*?)\$\$/gs)
		{
			my ($head, $inside, $at) = ($1, $2, $-[2]);
			next if $head =~ /\bSET\s+search_path\b/;
			$inside =~ s/'[^']*'|\b(?:ERRCODE|DETAIL|HINT|MESSAGE)\s+=/$& =~ s{[^\n]}{}gr/ge;
			while ($inside =~ /\s(=|<>|<|>|<=|>=|\|\||->>?|@>|&&|~|[-+*\/])\s/g)
			{
				push @found, "$file:" . (line_of($text, $at) + line_of($inside, $-[1]) - 1) . ": $1";
			}
		}
	}
	return @found;
}

sub readme { return join "\n", @{ $lines{'README.md'} || [] } }

# Those for triggers and for the planner, and those that our views call, are nobody's to call.
sub documented_functions
{
	my ($readme, %called, @found) = (readme());
	for my $file (@sql)
	{
		my $text = join "\n", @{ $lines{$file} };
		$called{$1} = 1 while $text =~ /(?<!FUNCTION )\@extschema\@\.(\w+)\(/g;
	}
	for (functions())
	{
		my ($file, $line, $name, $text) = @$_;
		next if $text =~ /RETURNS\s+(?:(?:event_)?trigger|internal)\b/ || $called{$name};
		push @found, "$file:$line: $name" if $readme !~ /\bhotpath\.\Q$name\E\b/;
	}
	return @found;
}

sub documented_parameters
{
	my $guc = 'src/base/guc.c';
	return () unless $lines{$guc};
	my %defined = map { $_ => 1 } body($guc) =~ /(?:\{|\bDefineCustom\w+Variable\()"(pg_hotpath\.\w+)"/g;
	my %documented = map { $_ => 1 } readme() =~ /^\| `(pg_hotpath\.\w+)` \|/gm;
	return ((map { $documented{$_} ? () : "$_ is not in the README" } sort keys %defined),
		map { $defined{$_} ? () : "there is no $_" } sort keys %documented);
}

1;
