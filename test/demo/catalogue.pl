#!/usr/bin/perl
# Takes Debian's package catalogue apart: reads "apt-cache dumpavail", writes packages.tsv,
# maintainers.tsv, sections.tsv and dependencies.tsv for COPY into the directory given.
use strict;
use warnings;

my $dir = shift // die "usage: apt-cache dumpavail | catalogue.pl DIRECTORY\n";
my @kinds = qw(pre-depends depends recommends suggests enhances conflicts breaks replaces provides);
my %is_kind = map { $_ => 1 } @kinds;
my (%out, %package, %maintainer, %section, @lists);
my ($last_maintainer, $last_section, $edges) = (0, 0, 0);

for my $table (qw(packages maintainers sections dependencies))
{
	open $out{$table}, '>', "$dir/$table.tsv" or die "$dir/$table.tsv: $!\n";
}

# Progress stays on one line of a terminal; a log gets a line now and then.
my $terminal = -t STDERR;
sub progress
{
	my ($count, $final) = @_;
	return unless $final || $count % ($terminal ? 1000 : 20000) == 0;
	printf STDERR "%s  read %6d packages%s", $terminal ? "\r" : '', $count,
		$final || !$terminal ? "\n" : '';
}

# A value as COPY's text format wants it.
sub copy_text
{
	my ($value) = @_;
	return '\N' unless defined $value && $value ne '';
	$value =~ s/\\/\\\\/g;
	$value =~ s/\t/\\t/g;
	$value =~ s/\n/\\n/g;
	return $value;
}

sub row { my $table = shift; print { $out{$table} } join("\t", map { copy_text($_) } @_), "\n" }

sub maintainer_id
{
	my ($name, $email) = $_[0] =~ /^\s*"?(.*?)"?\s*<([^>]*)>/ ? ($1, lc $2) : ($_[0], lc $_[0]);
	return $maintainer{$email} //= do {
		my $id = ++$last_maintainer;
		row('maintainers', $id, $name, $email);
		$id;
	};
}

sub section_id
{
	my ($name) = @_;
	return $section{$name} //= do {
		my $id = ++$last_section;
		row('sections', $id, $name);
		$id;
	};
}

# A stanza is a paragraph of "Field: value" lines, continued by lines that begin with a blank.
$/ = '';
while (my $stanza = <STDIN>)
{
	$stanza =~ s/\n[ \t]+/ /g;
	my %field = map { /^([\w-]+):\s*(.*)$/ ? (lc $1 => $2) : () } split /\n/, $stanza;
	my $name = $field{package};
	next if !defined $name || $package{$name};
	my $id = $package{$name} = 1 + keys %package;
	row('packages', $id, $name, $field{version}, $field{architecture},
		section_id($field{section} // 'unknown'), maintainer_id($field{maintainer} // 'unknown'),
		$field{'installed-size'}, $field{homepage}, $field{description} // $name);
	push @lists, [ $id, $_, $field{$_} ] for grep { defined $field{$_} } @kinds;
	progress($id);
}
progress(scalar(keys %package), 1);

# Dependencies name packages that come later in the catalogue, so they have to wait until now.
for my $list (@lists)
{
	my ($id, $kind, $value) = @$list;
	my $position = 0;
	for my $group (split /\s*,\s*/, $value)
	{
		my $alternative = 'f';
		for my $target (split /\s*\|\s*/, $group)
		{
			my ($name, $constraint) = $target =~ /^([^\s:(]+)(?::\S+)?\s*(?:\(([^)]*)\))?/ or next;
			row('dependencies', $id, $kind, ++$position, $name, $package{$name}, $constraint,
				$alternative);
			$alternative = 't';
			$edges++;
		}
	}
}
close $_ or die "$dir: $!\n" for values %out;
printf STDERR "  found %d dependencies, %d maintainers, %d sections\n",
	$edges, scalar(keys %maintainer), scalar(keys %section);
