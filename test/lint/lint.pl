#!/usr/bin/perl
# The rules of the source tree that a compiler does not know.  Run in the top directory; prints
# "ok - rule" or "not ok - rule" with the places, and fails if any rule is broken.
# selftest.sh proves that every rule can fail.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;

use Source;
use CRules;
use SqlRules;
use TextRules;

Source::read_tree();
my $failed = 0;
for my $rule (@CRules::rules, @SqlRules::rules, @TextRules::rules)
{
	my ($name, $check) = @$rule;
	my @places = $check->();
	print @places ? "not ok - $name\n" : "ok - $name\n";
	print "#   $_\n" for @places;
	$failed = 1 if @places;
}
exit $failed;
