#!/bin/sh
# Verifies the protocol's model, and that every rule is needed: prints "ok - name" or "not ok - name" per check.
# Needs spin and a C compiler.

here=$(cd "$(dirname "$0")" && pwd) || exit 2
for tool in spin gcc; do
	command -v $tool >/dev/null || { echo "not ok - $tool is not installed"; exit 1; }
done
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
failed=0

# check EXPECTED NAME FILE [-Dflag ...]; EXPECTED: holds | fails
check() {
	expected=$1 name=$2 file=$3
	shift 3
	rm -rf "$work/x" && mkdir "$work/x" && cp "$here"/*.pml "$here"/*.pmh "$work/x" && cd "$work/x" || exit 2
	if spin -a "$@" "$file" >out 2>&1 &&
		gcc -O1 -w -DSAFETY -DCOLLAPSE -DMEMLIM=2000 -o pan pan.c >>out 2>&1; then
		./pan -m10000 -w22 >>out 2>&1
	fi
	if grep -q 'errors: 0$' out && ! grep -Eq 'Search not completed|max search depth|out of memory|reached -DMEMLIM' out; then
		result=holds
	elif grep -q 'assertion violated' out; then
		result=fails
	else
		result=broken
	fi
	cd "$work" || exit 2
	if [ $result = $expected ]; then
		echo "ok - $name"
	else
		echo "not ok - $name ($file $*: $result)"
		sed 's/^/# /' "$work/x/out" | tail -n 30
		failed=1
	fi
}

good() { check holds "$@"; }
hits() { check fails "$1: hits happen" "$2" -DREACH_HIT; }
mutant() { name=$1 && shift && check fails "without: $name" "$@"; }

good 'ring of 3 overflows, 5 writers' ring.pml
good 'ring: fills alone allow the lazy no-op' ring.pml -DNOOP_IN_RING
good 'ring: old and new snapshots fill together' ring.pml -DNR=2 -DNO=0
good "ring: a writer's own reads" ring.pml -DOWN -DNO=1
good "ring: a writer's own fills after its note" ring.pml -DOWN -DOWN_FILL -DNO=1
hits ring ring.pml
mutant 'the version grows' ring.pml -DMUT_NO_BUMP -DNO=1
mutant 'a fill publishes only when quiet' ring.pml -DMUT_PUBLISH_UNQUIET -DNO=1
mutant "the ring's transactions are tested" ring.pml -DMUT_RING_IGNORED -DNO=1
mutant 'overflow is kept' ring.pml -DMUT_NO_OVERFLOW
mutant 'a note comes before the commit' ring.pml -DMUT_NOTE_AFTER_COMMIT -DNO=1
mutant 'a transaction that may have written does not fill' ring.pml -DMUT_WRITE_LOCK -DNO=1
mutant "one's own transaction is not quiet" ring.pml -DMUT_OWN_XID -DOWN -DOWN_FILL -DNO=1

good 'seqlock: the copy of a stripe' seqlock.pml -DNO=3
good 'seqlock: version read first needs no second look (in this memory model)' seqlock.pml -DNO_SECOND_LOOK
hits seqlock seqlock.pml
mutant 'the copy is consistent' seqlock.pml -DMUT_TORN -DNO=2
mutant 'an odd version is refused' seqlock.pml -DMUT_ODD_ACCEPTED -DNO=2

good 'rows: two keys, moves, TRUNCATE' rows.pml
good 'rows: a snapshot that is kept' rows.pml -DREPEATABLE -DNW=0
good 'rows: TRUNCATE of a partition' rows.pml -DLEAF
good 'rows: a fill may read the stripes before the data' rows.pml -DSTRIPES_FIRST
good 'rows: a hit may read the stripes before it looks for the entry' rows.pml -DSTRIPES_BEFORE_ENTRY
hits rows rows.pml
hits 'rows, stripes first' rows.pml -DSTRIPES_BEFORE_ENTRY
mutant 'the old key is noted' rows.pml -DMUT_NO_OLD_KEY
mutant "the table's stripe is checked" rows.pml -DMUT_KEY_STRIPE_ONLY
mutant 'TRUNCATE is noted' rows.pml -DMUT_TRUNCATE_UNNOTED
mutant 'a hit reads the stripes after its snapshot' rows.pml -DMUT_VERSION_BEFORE_SNAPSHOT

good 'write-through: no-op only for the last to note' through.pml
good 'write-through: savepoints' through.pml -DSUBXACT -DROUNDS=1
good 'write-through: a table stripe shared with a TRUNCATE' through.pml -DDDL -DOPS=1
good 'write-through: every note counts' through.pml -DNOOP_NEVER -DROUNDS=1
good 'write-through: lazy no-op, staged only when all others ended' through.pml -DNOOP_IN_RING -DSTAGE_SETTLED
hits write-through through.pml
mutant 'a no-op needs to be the last to note' through.pml -DMUT_NOOP_IN_RING
mutant "the same, with the first note's version" through.pml -DMUT_NOOP_IN_RING -DVERSION_OF_FIRST
mutant 'the same, same key after a savepoint' through.pml -DMUT_NOOP_IN_RING -DSUBXACT
mutant 'the version is that of the note, not of the publication' through.pml -DMUT_VERSION_AT_PUBLISH
mutant 'published after the commit (and not at PREPARE)' through.pml -DMUT_PUBLISH_BEFORE_COMMIT
mutant "a rolled-back savepoint's row is dropped" through.pml -DMUT_KEEP_ABORTED_SUB -DSUBXACT -DROUNDS=1
mutant 'the newest row is staged, not the last trigger' through.pml -DMUT_LAST_TRIGGER_WINS
mutant 'a later change replaces the staged row' through.pml -DMUT_KEEP_FIRST
mutant "a table's note always counts" through.pml -DMUT_TABLE_NOOP -DDDL -DOPS=2

good 'start: memory made on first use' start.pml
good 'start: prepared transactions outlive a crash' start.pml -DCRASH
good 'start: promotion' start.pml -DPROMOTE
hits start start.pml
mutant 'the start fence' start.pml -DMUT_NO_START_FENCE
mutant 'the start fence, after a crash' start.pml -DMUT_NO_START_FENCE -DCRASH
mutant 'a skipped note holds the lock' start.pml -DMUT_SKIP_UNLOCKED
mutant 'absence is looked up each time' start.pml -DMUT_ABSENCE_REMEMBERED
mutant 'the creator reads the next xid under the lock' start.pml -DMUT_XID_BEFORE_LOCK
mutant 'the start fence is read after recovery' start.pml -DMUT_FENCE_IN_RECOVERY -DPROMOTE

good 'catalogs: a fingerprint is announced, and confirmed' catalogs.pml
good 'catalogs: the first closing of the fence is spare' catalogs.pml -DNO_FIRST_CLOSE
good 'catalogs: the versions of a fill may pass' catalogs.pml -DVERSION_MAY_PASS
good 'catalogs: rows are published by writers' catalogs.pml -DSTAGE -DROUNDS=1
good 'catalogs: noted DDL that changes how rows are rendered' catalogs.pml -DDDL
good 'catalogs: and writers that publish rows' catalogs.pml -DDDL -DSTAGE -DND=1
hits catalogs catalogs.pml
hits 'catalogs, of noted DDL' catalogs.pml -DDDL
mutant 'what turns the notes off is noted' catalogs.pml -DMUT_DDL_UNNOTED
mutant 'a fingerprint waits for all who had an id' catalogs.pml -DMUT_LINK_AT_ONCE
mutant 'they have not ended before their messages are sent' catalogs.pml -DMUT_FINISHED_IS_ENDED
mutant 'the fence is closed again at the end' catalogs.pml -DMUT_NO_SECOND_CLOSE
mutant 'a writer processes messages for each row' catalogs.pml -DMUT_NO_MESSAGES
mutant 'a fill waits for messages of noted DDL' catalogs.pml -DMUT_NOT_SETTLED -DDDL
mutant 'a fill processes these messages' catalogs.pml -DMUT_NO_SECOND_LOOK -DDDL
mutant 'a writer publishes only what it wrote when all had told' catalogs.pml -DMUT_STAGE_UNSETTLED -DDDL -DSTAGE -DND=1

exit $failed
