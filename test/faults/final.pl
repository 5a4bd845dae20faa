#!/usr/bin/perl
# After all: was every function called, does anybody hold anything, is the cache's memory free again?
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Faults;

# The planner alone calls what works on "internal".
my @called = map { psql("faults$_", <<'EOF') } 0, 1;
SELECT funcid::regprocedure FROM pg_stat_user_functions WHERE schemaname = 'hotpath' AND calls > 0;
EOF
my @all = psql('faults0', <<'EOF');
SELECT oid::regprocedure FROM pg_proc
WHERE pronamespace = 'hotpath'::regnamespace AND prorettype <> 'internal'::regtype;
EOF
my %called = map { $_ => 1 } @called;
my @missing = grep { !$called{$_} } @all;
result(@all > 30 && !@missing, 'every function was called', @missing) unless $ENV{HP_FAULTS_ONLY};

my @held = psql('postgres', "SELECT locktype, mode, pid FROM pg_locks WHERE pid IS DISTINCT FROM pg_backend_pid();\n");
result(!@held, "$ENV{FAULTS_SERVER}: nobody holds a lock", @held);
psql("faults$_", "SELECT hotpath.evict_all();\n") for 0, 1;
my @used = psql('faults0', "SELECT used_bytes, entries FROM hotpath.cache_memory;\n");
result("@used" eq '0|0', "$ENV{FAULTS_SERVER}: all memory of the cache is free again", @used);
exit $Faults::failed;
