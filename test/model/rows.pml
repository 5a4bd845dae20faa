/*
 * Two keys on stripes 0 and 1, and their table on stripe 2. An entry depends on its key's stripe and on the table's.
 *
 * A mover updates the key column (row of one key becomes row of the other), a writer changes one key, a truncation
 * empties the table for everybody, whatever their snapshot.
 */
#include "fence.pmh"
#ifndef NW
#define NW 1
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#define TABLE 2

Stripe st[3];
byte row_lock[2], touched[2];
typedef Entry { bool have; byte data; byte vk; byte vt };
Entry e[2];
byte sharers, readers; bool excl;
byte wiped; bool truncated;

/* Bit 0 stands for the truncation. */
#define DATA(k, fin) ((committed & (fin) & touched[k] & ~(truncated -> wiped : 0)) | (truncated -> 1 : 0))

inline finish(x) {
	finished = finished | BIT(x);
	row_lock[0] = (row_lock[0] == x -> 0 : row_lock[0]);
	row_lock[1] = (row_lock[1] == x -> 0 : row_lock[1]);
}

proctype Mover() {
	byte x, k;
	atomic { !excl -> sharers++; x = next_xid; next_xid++; if :: k = 0 :: k = 1 fi };
	atomic { row_lock[0] == 0 && row_lock[1] == 0 ->
		row_lock[0] = x; row_lock[1] = x;
		touched[0] = touched[0] | BIT(x); touched[1] = touched[1] | BIT(x) };
#ifndef MUT_NO_OLD_KEY
	d_step { note(k, x) };
#endif
	d_step { note(1 - k, x) };
	if
	:: d_step { committed = committed | BIT(x); finish(x); sharers-- }
	:: d_step { finish(x); sharers-- }
	fi
}

proctype Writer() {
	byte x;
	atomic { !excl -> sharers++; x = next_xid; next_xid++ };
	atomic { row_lock[0] == 0 -> row_lock[0] = x; touched[0] = touched[0] | BIT(x) };
	d_step { note(0, x) };
	if
	:: d_step { committed = committed | BIT(x); finish(x); sharers-- }
	:: d_step { finish(x); sharers-- }
	fi
}

/* Of a partition only (-DLEAF): holds off writers, but not readers of the parent that hit. */
proctype Truncate() {
	byte x;
	d_step { x = next_xid; next_xid++ };
#ifdef LEAF
	atomic { sharers == 0 && !excl -> excl = true };
#else
	atomic { sharers == 0 && readers == 0 && !excl -> excl = true };
#endif
#ifndef MUT_TRUNCATE_UNNOTED
	d_step { note(TABLE, x) };
#endif
	if
	:: d_step { wiped = finished; truncated = true; finished = finished | BIT(x); committed = committed | BIT(x); excl = false }
	:: d_step { finished = finished | BIT(x); excl = false }
	fi
}

#ifdef LEAF
#define LOCK true
#else
#define LOCK !excl -> readers++
#endif
#ifdef LEAF
#define UNLOCK skip
#else
#define UNLOCK readers--
#endif

#ifdef MUT_KEY_STRIPE_ONLY
#define TABLE_OK(vt) true
#define TABLE_QUIET true
#else
#define TABLE_OK(vt) (QUIET(TABLE, 0) && st[TABLE].version == vt)
#define TABLE_QUIET FILL_QUIET(TABLE, 0)
#endif

proctype Reader(bool repeatable) {
	byte s_fin, s_xmin, s_xmax, data, vk, vt, r, k; bool ok, early;
	d_step { take_snapshot() };
	do
	:: r < ROUNDS ->
		r++;
		if :: k = 0 :: k = 1 fi;
#ifdef MUT_VERSION_BEFORE_SNAPSHOT
		early = e[k].have && st[k].version == e[k].vk && st[TABLE].version == e[k].vt;
#endif
		if
		:: repeatable -> skip
		:: else -> d_step { take_snapshot() }
		fi;
		if
		:: repeatable && r > 1 -> skip
		:: else -> atomic { LOCK }
		fi;
		if
#ifdef STRIPES_BEFORE_ENTRY
		:: d_step { ok = TABLE_QUIET; vt = st[TABLE].version };
			d_step { ok = ok && QUIET(k, 0); vk = st[k].version };
			d_step {
				ok = ok && e[k].have && e[k].vk == vk && e[k].vt == vt;
				if
				:: ok -> data = e[k].data; HIT(data == DATA(k, s_fin))
				:: else -> skip
				fi;
				skip }
#else
		:: d_step { e[k].have -> data = e[k].data; vk = e[k].vk; vt = e[k].vt };
#ifdef MUT_VERSION_BEFORE_SNAPSHOT
			d_step { ok = early && QUIET(k, 0) && QUIET(TABLE, 0);
				if :: ok -> HIT(data == DATA(k, s_fin)) :: else -> skip fi; skip }
#else
			d_step { ok = QUIET(k, 0) && st[k].version == vk };
			d_step {
				if
				:: ok && TABLE_OK(vt) -> HIT(data == DATA(k, s_fin))
				:: else -> ok = false
				fi;
				skip }
#endif
#endif
		:: skip
		fi;
		if
		:: ok -> skip
		:: else ->
#ifdef LEAF
			!excl;		/* the plain read waits for the partition's lock */
#endif
#ifdef STRIPES_FIRST
			d_step { ok = FILL_QUIET(k, 0); vk = st[k].version };
			d_step { ok = ok && TABLE_QUIET; vt = st[TABLE].version };
			data = DATA(k, s_fin);
#else
			data = DATA(k, s_fin);
			d_step { ok = FILL_QUIET(k, 0); vk = st[k].version };
			d_step { ok = ok && TABLE_QUIET; vt = st[TABLE].version };
#endif
			if
			:: d_step { ok -> e[k].have = true; e[k].data = data; e[k].vk = vk; e[k].vt = vt }
			:: else -> skip
			fi
		fi;
		d_step {
			ok = false; early = false; data = 0; vk = 0; vt = 0; k = 0;
			if
			:: repeatable && r < ROUNDS -> skip
			:: else -> UNLOCK; s_fin = 0; s_xmin = 0; s_xmax = 0
			fi;
			skip
		}
	:: else -> break
	od
}

init {
	byte i;
	atomic {
		run Mover();
		do :: i < NW -> run Writer(); i++ :: else -> break od;
#ifndef NO_TRUNCATE
		run Truncate();
#endif
		run Reader(false);
#ifdef REPEATABLE
		run Reader(true);
#endif
		i = 0
	}
}
