/*
 * One key, its stripe with the real ring of 3, fills and hits, and the writers' own reads.
 *
 * NA writers change the key (one after the other: the row lock); NO others change keys that collide with it.
 */
#include "fence.pmh"
#ifndef NA
#define NA 2
#endif
#ifndef NO
#define NO 3
#endif
#ifndef NR
#define NR 1
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif

Stripe st[1];
byte row_lock, touched;
bool have; byte e_data, e_v;
byte writers_begun, others_begun;

#define DATA(fin) (committed & (fin) & touched)

/* Entry, then stripe: a hit, or a fill where may_fill. own_bits: the reader's own change. */
inline probe(own, own_bits) {
	if
	:: d_step { have -> data = e_data; v = e_v; seen = true }
	:: skip
	fi;
	d_step {
		if
		:: seen && QUIET(0, own) && st[0].version == v -> HIT(data == (DATA(s_fin) | own_bits)); hit = true
		:: else -> skip
		fi;
		skip
	}
}

inline fill(own, own_bits) {
	data = DATA(s_fin) | own_bits;
	d_step { seen = FILL_QUIET(0, own); v = st[0].version };
	if
	:: d_step { seen -> have = true; e_data = data; e_v = v }
	:: else -> skip
	fi
}

/* Alike, so they begin in a fixed order; so do the others. */
proctype Writer(byte me) {
	byte x, s_fin, s_xmin, s_xmax, data, v; bool seen, hit;
#ifdef OWN
	if
	:: d_step { take_snapshot() }		/* a snapshot older than its own transaction id, kept */
	:: skip
	fi;
#endif
	d_step { writers_begun == me -> writers_begun++; x = next_xid; next_xid++ };
	atomic { row_lock == 0 -> row_lock = x; touched = touched | BIT(x) };
#ifdef MUT_WRITE_LOCK
	/* before its trigger has run, a function of the same command reads under a newer snapshot */
	d_step { take_snapshot() };
	fill(x, BIT(x));
#endif
#ifndef MUT_NOTE_AFTER_COMMIT
	d_step { note(0, x) };
#endif
#ifdef OWN
	if
	:: s_xmin != 0 -> skip
	:: d_step { take_snapshot() }
	fi;
	probe(x, BIT(x));
#ifdef OWN_FILL
	if
	:: !hit -> fill(x, BIT(x))
	:: else -> skip
	fi;
#endif
#endif
	if
	:: d_step { finished = finished | BIT(x); committed = committed | BIT(x); row_lock = 0 }
	:: d_step { finished = finished | BIT(x); row_lock = 0 }
	fi;
#ifdef MUT_NOTE_AFTER_COMMIT
	d_step { note(0, x) };
#endif
	d_step { s_fin = 0; s_xmin = 0; s_xmax = 0; data = 0; v = 0; seen = 0; hit = 0 }
}

proctype Other(byte me) {
	byte x;
	d_step { others_begun == me -> others_begun++; x = next_xid; next_xid++; note(0, x) };
	d_step { finished = finished | BIT(x) }
}

proctype Reader(bool repeatable) {
	byte s_fin, s_xmin, s_xmax, data, v, r; bool seen, hit;
	do
	:: r < ROUNDS ->
		r++;
		if
		:: repeatable && r > 1 -> skip
		:: else -> atomic { take_snapshot() }
		fi;
		probe(0, 0);
		if
		:: hit -> skip
		:: else -> fill(0, 0)
		fi;
		d_step {
			hit = false; seen = false; data = 0; v = 0;
			if
			:: repeatable -> skip
			:: else -> s_fin = 0; s_xmin = 0; s_xmax = 0
			fi;
			skip
		}
	:: else -> break
	od;
	skip;
	d_step { s_fin = 0; s_xmin = 0; s_xmax = 0 }
}

init {
	byte i;
	atomic {
		do :: i < NA -> run Writer(i); i++ :: else -> break od;
		i = 0;
		do :: i < NO -> run Other(i); i++ :: else -> break od;
		run Reader(false);
#if NR > 1
		run Reader(true);
#endif
		i = 0
	}
}
