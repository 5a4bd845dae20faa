/*
 * Catalogs that change: what writers note, and how rows are rendered, goes by catalogs, and each backend learns that
 * they have changed by a message, which is sent after the change has become visible.
 *
 * One key on stripe 0, its table on stripe 1. In odd versions of the catalogs writers note nothing that readers look
 * at: the trigger is off, or keys are hashed otherwise. What leads to an odd version is noted in the table's stripe,
 * what leads back is not. No lock keeps those who change catalogs and those who write apart.
 *
 * With -DDDL all versions have the trigger and the same fingerprint, every change is noted, and an entry must have been
 * rendered by just the catalogs that the snapshot sees. With -DSTAGE writers publish their row after the commit.
 */
#include "fence.pmh"
#ifndef NW
#define NW 1
#endif
#ifndef ND
#define ND 2
#endif
#ifndef NR
#define NR 1
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif

Stripe st[2];
byte cat;					/* the catalogs' committed version */
byte changes;				/* transactions that have changed them */
byte told;					/* changes whose messages are sent */
byte ended;					/* transactions that hold the lock on their id no more; a set */
byte row_lock, touched;
#ifdef DDL
byte print = 1;				/* the slot's fingerprint; 0 is none */
#else
byte print;
#endif
byte announced_print, announced_upto;
bool have; byte e_data, e_cat, e_vk, e_vt;
byte settled = 255;			/* of the table's stripe */

#ifdef DDL
#define ON(c) true
#define NOTES(me) true
#define PRINT(c) 1
#else
#define ON(c) (((c) & 1) == 0)
#define NOTES(me) (((me) & 1) == 0)
#define PRINT(c) ((c) + 1)
#endif
#define DATA(fin) (committed & (fin) & touched)
#define UPTO(m, x) ((m) & (BIT((x) + 1) - 1))
#define ALL(x) (BIT((x) + 1) - 2)
#define ENDED_UPTO(x) (UPTO(ended, x) == ALL(x))
#define SLOT_TOLD(s, k) (st[s].ring[k] == 0 || IN(ended, st[s].ring[k]))
/* One's own lock does not count: who has changed catalogs does not ask. */
#define ALL_TOLD(s, own) (SLOT_TOLD(s, 0) && SLOT_TOLD(s, 1) && SLOT_TOLD(s, 2) && \
	UPTO(ended | BIT(own), st[s].over) == UPTO(ALL(st[s].over) | BIT(own), st[s].over))

#ifdef DDL
/* The version that a snapshot sees. */
#define SEES(fin, x) IN(changes & (fin), x)
#define SEEN(fin) (SEES(fin, 1) + SEES(fin, 2) + SEES(fin, 3) + SEES(fin, 4) + SEES(fin, 5))
#define RIGHT(data, c) (data == DATA(s_fin) && c == SEEN(s_fin))
#else
#define RIGHT(data, c) (data == DATA(s_fin))
#endif

/* To be used inside d_step. */
inline close(upto) {
	st[1].over = (upto > st[1].over -> upto : st[1].over);
	BUMP(1)
}

/* Process messages; other messages may make a backend look as well. */
inline accept() {
	if
	:: d_step { seen < told -> seen = told; linked = linked && my == cat; announced = announced && my == cat; my = cat }
	:: d_step { seen == told -> skip }
	:: d_step { my != cat -> linked = false; announced = false; my = cat }
	fi
}

#ifdef MUT_FINISHED_IS_ENDED
#define HAVE_ENDED(x) (UPTO(finished, x) == ALL(x))
#else
#define HAVE_ENDED(x) ENDED_UPTO(x)
#endif

/* Announce the fingerprint, wait until all have ended who had an id by then, confirm it. */
inline link(own) {
	if
	:: linked -> skip
	:: else ->
		if
		:: announced -> skip
		:: else ->
			d_step { linked = print == PRINT(my) };
			if
			:: linked -> skip
			:: else ->
#ifdef MUT_LINK_AT_ONCE
				n = next_xid - 1;
				d_step { close(n); n = 0 };
				print = PRINT(my);
				linked = true
#else
				n = next_xid - 1;
				d_step {
					if
					:: announced_print != PRINT(my) -> announced_print = PRINT(my); announced_upto = n; first = true
					:: else -> n = announced_upto; first = false
					fi };
				if
#ifndef NO_FIRST_CLOSE
				:: d_step { first -> close(n) }
#endif
				:: else -> skip
				fi;
				d_step { upto = n; announced = true; first = false; n = 0 }
#endif
			fi
		fi;
		if
		:: linked -> skip
		:: d_step { !linked && HAVE_ENDED(upto) && (own == 0 -> s_xmin > upto : own > upto) -> n = 1 }
		:: !linked -> skip		/* waits no longer */
		fi;
		if
		:: n == 0 -> skip
		:: else ->
			d_step { n = 0; linked = print == PRINT(my) };
			if
			:: linked -> skip
			:: else ->
#ifndef MUT_NO_SECOND_CLOSE
				n = next_xid - 1;
				d_step { close(n); n = 0 };
#endif
				d_step { print = PRINT(my); linked = true }
			fi
		fi
	fi
}

proctype Change(byte me) {
	byte x;
	d_step { cat == me -> x = next_xid; next_xid++; changes = changes | BIT(x) };
#ifndef MUT_DDL_UNNOTED
	if
	:: NOTES(me) -> d_step { st[1].last = 0; note(1, x) }
	:: else -> skip
	fi;
#endif
	d_step { finished = finished | BIT(x); committed = committed | BIT(x); cat++ };
	told++;
	ended = ended | BIT(x)
}

proctype Writer() {
	byte x, my, seen, v, vk, vt, upto, n, was, s_xmin;
	bool linked, announced, first, staged;

	accept();		/* some time before */
	d_step { x = next_xid; next_xid++ };
	atomic { row_lock == 0 -> row_lock = x; touched = touched | BIT(x) };
#ifndef MUT_NO_MESSAGES
	accept();
#endif
	if
	:: d_step { ON(my) -> note(0, x); vk = st[0].version };
#ifdef STAGE
		link(x);
		if
		:: linked ->
			d_step { vt = st[1].version; was = my; staged = true };
#ifndef MUT_STAGE_UNSETTLED
			if
			:: d_step { settled != vt && vt == st[1].version && ALL_TOLD(1, x) -> settled = vt }
			:: d_step { settled == vt -> skip }
			:: staged = false
			fi;
			accept();
			staged = staged && my == was && linked
#endif
		:: else -> skip
		fi
#endif
	:: else -> skip
	fi;
	if
	:: d_step { finished = finished | BIT(x); committed = committed | BIT(x); row_lock = 0; v = DATA(finished) };
#ifdef STAGE
		if
		:: d_step { staged -> have = true; e_data = v; e_cat = my; e_vk = vk; e_vt = vt }
		:: else -> skip
		fi;
#endif
		ended = ended | BIT(x)
	:: d_step { finished = finished | BIT(x); ended = ended | BIT(x); row_lock = 0 }
	fi;
	d_step { my = 0; seen = 0; v = 0; vk = 0; vt = 0; upto = 0; n = 0; was = 0; linked = 0; announced = 0; staged = 0 }
}

proctype Reader() {
	byte my, seen, s_fin, s_xmin, s_xmax, data, vk, vt, upto, n, was, r;
	bool linked, announced, first, ok, hit;

	do
	:: r < ROUNDS ->
		r++;
		d_step { take_snapshot() };
		accept();
		if
		:: ON(my) -> link(0)
		:: else -> skip
		fi;
		if
		:: ON(my) && linked ->
			/* hit */
			d_step { ok = QUIET(1, 0); vt = st[1].version };
			d_step { ok = ok && QUIET(0, 0); vk = st[0].version };
			d_step {
				if
				:: ok && have && e_vk == vk && e_vt == vt -> hit = true; HIT(RIGHT(e_data, e_cat))
				:: else -> skip
				fi;
				skip };
			/* fill */
			if
			:: ok && !hit ->
#ifndef MUT_NOT_SETTLED
				if
				:: d_step { ok && settled != vt && vt == st[1].version && ALL_TOLD(1, 0) -> settled = vt }
				:: d_step { settled == vt -> skip }
				:: ok = false
				fi;
#endif
				was = my;
#ifndef MUT_NO_SECOND_LOOK
				accept();
#endif
				ok = ok && my == was && linked;
				data = DATA(s_fin);
				n = my;
#ifdef VERSION_MAY_PASS
				d_step { ok = ok && QUIET(1, 0); vt = st[1].version };
#else
				ok = ok && QUIET(1, 0) && st[1].version == vt;
#endif
				d_step { ok = ok && QUIET(0, 0); vk = st[0].version };
				if
				:: atomic { ok -> have = true; e_data = data; e_cat = n; e_vk = vk; e_vt = vt }
				:: else -> skip
				fi;
				n = 0
			:: else -> skip
			fi
		:: else -> skip
		fi;
		skip;
		atomic { s_fin = 0; s_xmin = 0; s_xmax = 0; data = 0; vk = 0; vt = 0; n = 0; was = 0; ok = 0; hit = 0 }
	:: else -> break
	od;
	atomic { my = 0; seen = 0; linked = 0; announced = 0; upto = 0 }
}

init {
	byte i;
	atomic {
		do :: i < ND -> run Change(i); i++ :: else -> break od;
		i = 0;
		do :: i < NW -> run Writer(); i++ :: else -> break od;
		i = 0;
		do :: i < NR -> run Reader(); i++ :: else -> break od;
		i = 0
	}
}
