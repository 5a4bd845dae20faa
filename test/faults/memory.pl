#!/usr/bin/perl
# The first use of the cache in a server, which takes shared memory: each call in it fails once; then
# the whole server finds /dev/shm full for a while.  For a server without the library preloaded.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Faults;

my $kinds = $Faults::KIND{palloc} | $Faults::KIND{malloc};
my $taken = 'SELECT count(*) FROM hotpath.cache_memory';
my ($get) = statements('^get$');
my ($cache_table) = statements('^cache_table again$');

# A server that has not used the cache.
sub restart
{
	system('bash', "$FindBin::RealBin/server.sh", 'restart') == 0 or die "the server does not restart\n";
	return;
}

sub value
{
	my ($query) = @_;
	return join "\n", psql('faults0', "$query;\n");
}

# Fault by fault: a first use that fails, further use in that session, and in another one.
sub first_use
{
	my ($s, $kinds, $tries, @codes) = @_;
	my (@wrong, $fired);
	my $whole = $kinds == $Faults::KIND{shm} ? 'true' : 'false';
	my $arm = sub { return "SELECT faults.arm($kinds, '$_[0]', $_[1], $whole);\n$s->{text}" . disarmed($s) };

	reference('faults0', $s);
	restart();
	my @sites = map { /^\@site (\d+)$/ ? $1 : () }
	  psql('faults0', $arm->('record', 0) . "SELECT '\@site ' || n FROM faults.sites() n;\n");
	my @chosen = some($tries * $rounds, @sites);
	for my $n (@chosen)
	{
		restart();
		my $output = join "\n", psql('faults0', $arm->('fail', $n) . questions($s)), '';
		my @found = verdict($s, $output, @codes);
		push @found, $Faults::lost if $Faults::lost;
		push @found, 'another session is not well'
		  if value("SELECT faults.problems('$dir') = ''") ne 't';
		push @wrong, "call $n: " . join(', ', @found) if @found;
		$fired++ if $output =~ /^\@state \w+ [1-9]/m;
	}
	push @wrong, 'no call was reached' unless $fired;
	result(!@wrong, "first use by $s->{name}: " . ($kinds == $Faults::KIND{shm} ? 'calls for shared memory' : 'calls for memory'), @wrong);
	note(sprintf '%d sites, %d tried', scalar @sites, scalar @chosen);
	return;
}

# Whether there is room in /dev/shm, and how far ahead the clock is.
sub control
{
	my ($full, $ahead) = @_;
	open my $out, '+<', $ENV{HP_FAULTS} or die "$ENV{HP_FAULTS}: $!\n";
	printf $out "%d %-28d\n", $full, $ahead;
	close $out;
	return;
}

first_use($get, $Faults::KIND{shm}, 6, '53200');
first_use($cache_table, $Faults::KIND{shm}, 6, '53200', '53000');
first_use($get, $kinds, 8, '53200');

# No room: everything is read from the tables, and what needs memory says so.  The same statements in the
# same order, in two databases that begin alike.
sub run_all
{
	my ($database, @statements) = @_;
	my (@results, $warned);

	psql('postgres', "CREATE DATABASE $database TEMPLATE pristine;\n");
	for my $s (@statements)
	{
		my $output = join "\n", psql($database, "SELECT setseed(0.1) \\g /dev/null\n" . undisturbed($s)), '';
		$output .= $Faults::lost;
		# what tells about the cache itself has less to tell
		$output =~ s/^\@again\n.*?^\@code/\@code/ms if $s->{name} =~ /^(?:cache_|evict|peek|warm)/;
		push @results, $output;
		$warned++ if $Faults::said =~ /WARNING:  pg_hotpath could not allocate its shared memory/;
	}
	return ($warned, @results);
}

my @statements = grep { $_->{text} !~ /cache_table/ && $_->{before} !~ /cache_table/ } statements();
my (undef, @with) = run_all('room', @statements);
restart();
control(1, 0);
my ($warned, @without) = run_all('noroom', @statements);
my @wrong = map { $with[$_] eq $without[$_] ? () : "$statements[$_]{name}: $without[$_]" =~ s/\n/ /gr } 0 .. $#statements;
result(!@wrong && (grep { /\@code 00000/ } @without) > 60, 'without room in /dev/shm every statement gives what it should', @wrong);
result($warned, 'a reader is warned');
result(value($taken) eq '0', 'there is no shared memory');
result(value("SELECT (hotpath.get(NULL::item, 1)).id; SELECT hotpath.cache_check('item')") =~ /^1\nthe shared memory could not be allocated/,
	'cache_check tells it');
psql('faults0', "SELECT hotpath.cache_table('item');\n");
result($Faults::said =~ /ERROR:  pg_hotpath could not allocate.*HINT:  Lower pg_hotpath.cache_size/s,
	'cache_table says that there is no room', $Faults::said);
result(value("SELECT (hotpath.get(NULL::item, 1)).id") eq '1', 'a reader reads the table after that');

# Room again: a reader tries again after a while, cache_table at once
control(0, 0);
result(value("SELECT (hotpath.get(NULL::item, 1)).id; $taken") eq "1\n0", 'a reader does not ask too often');
control(0, 61);
result(value("SELECT (hotpath.get(NULL::item, 1)).id; $taken") eq "1\n1", 'after a minute a reader takes the memory');
result(value("SELECT (hotpath.get(NULL::item, 1)).id, hotpath.peek(NULL::item, 1) IS NULL") eq '1|f', 'and the cache serves');
result(value("SELECT hotpath.cache_check('item') IS NULL AND faults.problems('$dir') = ''") eq 't', 'as it should');
control(0, 0);
restart();
control(1, 0);
value("SELECT (hotpath.get(NULL::item, 1)).id");
control(0, 0);
result(value("SELECT hotpath.cache_table('item'); $taken") eq "\n1", 'cache_table takes the memory at once');

exit $Faults::failed;
