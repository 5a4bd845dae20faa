/*
 * Write-through: a writer stages its own row and publishes it once its commit is visible.
 *
 * One key, a, on key stripe 0; other keys of the stripe show only as notes. Table stripe 1 (with -DDDL).
 */
#include "fence.pmh"
#ifndef NW
#define NW 2
#endif
#ifndef NR
#define NR 1
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#ifndef OPS
#define OPS 3
#endif

Stripe st[2];
byte row_lock;				/* who changed a and has not ended */
byte touch1, touch2;		/* committed writers that changed a once, twice */
bool have; short e_data; byte e_vk, e_vt;	/* the entry */
#ifdef DDL
byte sharers; bool excl;	/* the table's lock */
byte wiped; bool truncated;
#define LOCK_SHARED !excl -> sharers++
#define UNLOCK sharers--
#define TRUNC_MASK(m) ((m) & ~(truncated -> wiped : 0))
#define TRUNC_BIT (truncated -> 1 : 0)
#else
#define LOCK_SHARED true
#define UNLOCK skip
#define TRUNC_MASK(m) (m)
#define TRUNC_BIT 0
#endif

/* a as the snapshot sees it: its committed changes (bit 0 stands for the truncation, which no snapshot hides) */
#define DATA(fin) ((TRUNC_MASK(committed & (fin)) & touch1) | ((TRUNC_MASK(committed & (fin)) & touch2) << 7) | TRUNC_BIT)
#define OWN_DATA(g) (DATA(finished) | (g >= 1 -> BIT(x) : 0) | (g >= 2 -> BIT(x) << 7 : 0))

/* Another transaction in the stripe that has not ended? */
#define OTHER_DONE(s, k) (st[s].ring[k] == 0 || st[s].ring[k] == x || IN(finished, st[s].ring[k]))
#define SETTLED(s) (OTHER_DONE(s, 0) && OTHER_DONE(s, 1) && OTHER_DONE(s, 2) && (st[s].over == 0 || BELOW_ALL(st[s].over)))
#define BELOW_ALL(o) ((((~finished) & (BIT(o + 1) - 2)) & ~BIT(x)) == 0)

#ifdef STAGE_SETTLED
#define STAGE_KEY SETTLED(0)
#else
#define STAGE_KEY true
#endif
/* Every note of a table counts, since who stages a row does not show up in the table's stripe. */
#ifdef MUT_TABLE_NOOP
#define NOTE_TABLE(x) note(1, x)
#else
#define NOTE_TABLE(x) st[1].last = 0; note(1, x)
#endif
#ifdef MUT_LAST_TRIGGER_WINS
#define NEWER(g) true
#else
#define NEWER(g) (!staged || g > sg)
#endif

inline stage(gg) {
	if
	:: STAGE_KEY ->
#ifdef MUT_KEEP_FIRST
		if
		:: !staged -> sg = gg
		:: else -> skip
		fi;
#else
		if
		:: NEWER(gg) -> sg = gg
		:: else -> skip
		fi;
#endif
#if defined(VERSION_OF_FIRST)
		if
		:: !staged -> vk = st[0].version
		:: else -> skip
		fi;
#else
		vk = st[0].version;
#endif
		vt = st[1].version;
		staged = true
	:: else -> spoiled = true
	fi
}

#ifdef MUT_VERSION_AT_PUBLISH
#define VK st[0].version
#else
#define VK vk
#endif
inline publish() {
	if
	:: staged && !spoiled ->
		have = true; e_data = payload; e_vk = VK; e_vt = vt
	:: else -> skip
	fi
}

proctype Writer() {
	byte x, ops, g, sg, vk, vt, late;
	bool staged, spoiled, pend1, pend2;
	bool sub, sub_locked; byte g_sub;
	short payload;

	atomic { LOCK_SHARED; x = next_xid; next_xid++ };
	do
	:: atomic { ops < OPS && g < 2 && (row_lock == 0 || row_lock == x) ->	/* change a */
		ops++;
		if
		:: row_lock == 0 -> row_lock = x; sub_locked = sub
		:: else -> skip
		fi;
		g++;
		if
		:: g == 1 -> pend1 = true
		:: else -> pend2 = true
		fi }
	:: d_step { pend1 -> pend1 = false; note(0, x); stage(1) }		/* its trigger; a nested command's fires before the outer's */
	:: d_step { pend2 -> pend2 = false; note(0, x); stage(2) }
	:: d_step { ops < OPS -> ops++; note(0, x) }					/* another key of the stripe */
#ifdef SUBXACT
	:: atomic { ops < OPS && !sub -> ops++; sub = true; sub_locked = false; g_sub = g; late = (pend1 -> 1 : 0) + (pend2 -> 2 : 0) }
	:: atomic { sub && g > g_sub ->									/* rollback to savepoint, also in the middle of a command */
		sub = false;
		pend1 = pend1 && (late & 1); pend2 = pend2 && (late & 2); late = 0;
		g = g_sub; g_sub = 0;
		if
		:: sub_locked -> row_lock = 0; sub_locked = false
		:: else -> skip
		fi;
#ifndef MUT_KEEP_ABORTED_SUB
		staged = false; spoiled = true; sg = 0; vk = 0; vt = 0;
#endif
		}
#endif
	:: !pend1 && !pend2 -> break
	od;
	payload = OWN_DATA(sg);
#ifdef MUT_PUBLISH_BEFORE_COMMIT	/* which is also what publishing at PREPARE would be */
	d_step { publish(); staged = false };
#endif
	if
	:: d_step {
		finished = finished | BIT(x); committed = committed | BIT(x);
		touch1 = touch1 | (g >= 1 -> BIT(x) : 0); touch2 = touch2 | (g >= 2 -> BIT(x) : 0);
		row_lock = (row_lock == x -> 0 : row_lock); UNLOCK };
		d_step { publish() }
	:: d_step {
		finished = finished | BIT(x);
		row_lock = (row_lock == x -> 0 : row_lock); UNLOCK }
	fi;
	d_step { ops = 0; g = 0; sg = 0; vk = 0; vt = 0; staged = 0; spoiled = 0; sub = 0; sub_locked = 0; g_sub = 0; payload = 0; late = 0 }
}

#ifdef DDL
/* Truncates another table of the same table stripe, then ours. */
proctype Truncate() {
	byte x;
	d_step { x = next_xid; next_xid++ };
	d_step { NOTE_TABLE(x) };
	if
	:: atomic { sharers == 0 -> excl = true };
		d_step { NOTE_TABLE(x) };
		if
		:: d_step { wiped = finished; truncated = true; finished = finished | BIT(x); committed = committed | BIT(x); excl = false }
		:: d_step { finished = finished | BIT(x); excl = false }
		fi
	:: d_step { finished = finished | BIT(x) }
	fi
}
#endif

proctype Reader() {
	byte s_fin, s_xmin, s_xmax, vk, vt, r; short data; bool ok;
	do
	:: r < ROUNDS ->
		r++;
		atomic { LOCK_SHARED; d_step { take_snapshot() } };
		if
		:: d_step { have -> data = e_data; vk = e_vk; vt = e_vt };
			d_step { ok = QUIET(0, 0) && st[0].version == vk };
			d_step {
				if
				:: ok && QUIET(1, 0) && st[1].version == vt -> HIT(data == DATA(s_fin))
				:: else -> ok = false
				fi }
		:: skip
		fi;
		if
		:: ok -> skip
		:: else ->
			data = DATA(s_fin);
			d_step { ok = FILL_QUIET(0, 0); vk = st[0].version };
			d_step { ok = ok && FILL_QUIET(1, 0); vt = st[1].version };
			if
			:: d_step { ok -> have = true; e_data = data; e_vk = vk; e_vt = vt }
			:: else -> skip
			fi
		fi;
		d_step { UNLOCK; ok = false; s_fin = 0; s_xmin = 0; s_xmax = 0; vk = 0; vt = 0; data = 0 }
	:: else -> break
	od
}

init {
	byte i;
	atomic {
		do :: i < NW -> run Writer(); i++ :: else -> break od;
#ifdef DDL
		run Truncate();
#endif
		i = 0;
		do :: i < NR -> run Reader(); i++ :: else -> break od;
		i = 0
	}
}
