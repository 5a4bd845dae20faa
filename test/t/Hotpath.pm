# What the TAP tests share: servers with and without the library preloaded, sessions that stay
# open, and the one question behind most tests: does the cache agree with the table?
package Hotpath;

use strict;
use warnings;
use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes ();

our @EXPORT = qw(new_node start_node agrees comparison preload_line try_query wait_until);

# The same on every machine, whatever its locale is.
$ENV{PGCLIENTENCODING} = 'UTF8';

# A server that is not started yet.  preload => 1, conf => lines, init => arguments of init().
sub new_node
{
	my ($name, %how) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(extra => [ '--encoding=UTF8', '--no-locale' ], %{ $how{init} || {} });
	# test nodes do not survive a crash by default
	$node->append_conf('postgresql.conf',
		join "\n", 'restart_after_crash = on', 'max_prepared_transactions = 20',
		'autovacuum = off', $how{preload} ? preload_line() : (), $how{conf} || '', '');
	return $node;
}

sub preload_line { return "shared_preload_libraries = 'pg_hotpath'" }

# The same, started.
sub start_node
{
	my $node = new_node(@_);
	$node->start;
	return $node;
}

# SQL that reads keys FROM..TO of table t (id, ...) through the cache and plainly, in one
# statement, and counts those that differ.
sub comparison
{
	my ($table, $from, $to) = @_;
	return "SELECT count(*) FROM (SELECT hotpath.get(NULL::$table, i) AS c, "
	  . "(SELECT t FROM $table t WHERE t.id = i) AS t FROM generate_series($from, $to) i "
	  . 'OFFSET 0) x WHERE c IS DISTINCT FROM t';
}

# Twice, so that the second time reads what the first has left in the cache.
sub agrees
{
	my ($node, $table, $from, $to, $what, $database) = @_;
	my $sql = comparison($table, $from, $to);
	my $differ = $node->safe_psql($database || 'postgres', "$sql; $sql");
	is($differ, "0\n0", $what);
	return;
}

# What a server that may be down answers; undef when it does not.  The query is an argument: a psql that
# has ended before it was written to would end the test.
sub try_query
{
	my ($node, $sql) = @_;
	my ($out, $err);
	my $answered = IPC::Run::run([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', $sql ],
		'<', '/dev/null', '>', \$out, '2>', \$err);

	chomp $out;
	return $answered ? $out : undef;
}

# Poll a condition for some seconds.
sub wait_until
{
	my ($condition, $what, $seconds) = @_;
	my $deadline = Time::HiRes::time() + ($seconds || 60);
	while (!$condition->())
	{
		if (Time::HiRes::time() > $deadline)
		{
			diag("timed out waiting until $what");
			return 0;
		}
		Time::HiRes::sleep(0.05);
	}
	return 1;
}

# A psql that stays connected.
package Hotpath::Session;

sub new
{
	my ($class, $node, %how) = @_;
	my $connection = $node->connstr($how{database} || 'postgres');

	$connection .= " application_name=$how{name}" if $how{name};
	return $class->connect($connection, %how);
}

sub connect
{
	my ($class, $connection, %how) = @_;
	my $self = bless { in => '', out => '', err => '', n => 0 }, $class;

	$self->{run} = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $connection, '-f', '-' ],
		'<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err},
		IPC::Run::timeout($how{timeout} || 120));
	return $self;
}

# Send statements without waiting for their end.
sub send
{
	my ($self, $sql) = @_;
	$self->{n}++;
	$self->{in} .= "$sql\n;\n\\echo end-of-$self->{n}\n\\warn end-of-$self->{n}\n";
	$self->{run}->pump_nb;
	return;
}

# Wait for what was sent; its output.  What went to standard error is in {err}.
sub receive
{
	my ($self) = @_;
	$self->{run}->pump until $self->is_marked || !$self->{run}->pumpable;
	my ($out, $err) = ($self->{out}, $self->{err});
	$self->{out} = $self->{err} = '';
	s/^end-of-\d+\n//mg for $out, $err;
	$self->{last_error} = $err;
	chomp $out;
	return $out;
}

# Has it answered what was sent?
sub has_answered
{
	my ($self) = @_;
	$self->{run}->pump_nb;
	return $self->is_marked;
}

# Is the end of what was sent in both outputs?
sub is_marked
{
	my ($self) = @_;
	my $mark = "end-of-$self->{n}\n";
	return $self->{out} =~ /\Q$mark\E/ && $self->{err} =~ /\Q$mark\E/;
}

sub query
{
	my ($self, $sql) = @_;
	$self->send($sql);
	return $self->receive;
}

# Does the server answer?  Not a psql that has ended with its connection: it cannot even be written to.
sub answers
{
	my ($self) = @_;
	my $answer = eval { $self->query('SELECT 1') };

	die $@ if $@ ne '' && $@ !~ /Broken pipe|ended prematurely/;
	return ($answer // '') eq '1';
}

# What the last query has written to standard error.
sub last_error { return $_[0]->{last_error} }

sub quit
{
	my ($self) = @_;
	$self->{in} .= "\\q\n";
	eval { $self->{run}->finish };
	return;
}

# When its backend is gone, or the test is over.
sub abandon
{
	my ($self) = @_;
	eval { $self->{run}->kill_kill };
	return;
}

1;
