/*
 * Where the fences begin: memory made on first use, prepared transactions that outlive a crash, promotion of a standby.
 */
#define START_OK (start_xid <= s_xmin)
#include "fence.pmh"
#ifndef NW
#define NW 2
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#ifdef MUT_NO_START_FENCE
#undef START_OK
#define START_OK true
#endif

Stripe st[1];
byte start_xid;
bool exists, excl; byte sharers;	/* the memory, and the control lock */
byte row_lock, touched, prepared, dead;
bool have; byte e_data, e_v;
bool recovery, crashed;

#define DATA(fin) (committed & (fin) & touched)

inline trigger(x) {
#ifdef MUT_SKIP_UNLOCKED
	if
	:: exists -> d_step { note(0, x) }
	:: else -> skip
	fi
#else
	atomic { !excl -> sharers++ };
	if
	:: atomic { exists -> d_step { note(0, x) } ; sharers-- }
	:: atomic { !exists -> sharers-- }
	fi
#endif
}

inline finish(x) {
	if
	:: d_step { finished = finished | BIT(x); committed = committed | BIT(x); row_lock = 0 }
	:: d_step { finished = finished | BIT(x); row_lock = 0 }
	fi
}

proctype Writer() {
	byte x;
	{
		!recovery;
		atomic { row_lock == 0 -> x = next_xid; next_xid++; row_lock = x; touched = touched | BIT(x) };
		trigger(x);
#ifdef MUT_ABSENCE_REMEMBERED
		/* a backend's next transaction trusts what the last one found */
		if
		:: !exists ->
			finish(x);
			atomic { row_lock == 0 -> x = next_xid; next_xid++; row_lock = x; touched = touched | BIT(x) }
		:: skip
		fi;
#endif
		if
		:: d_step { prepared = prepared | BIT(x) }
		:: finish(x); goto done
		fi
	} unless { IN(dead, x) -> goto done };
	finish(x);
done:	skip
}

/* The first user of the memory. */
proctype Creator() {
	byte n;
	do
	:: !exists ->
#ifndef MUT_FENCE_IN_RECOVERY
		!recovery;
#endif
#ifdef MUT_XID_BEFORE_LOCK
		n = next_xid;
		atomic { !excl && sharers == 0 -> excl = true };
#else
		atomic { !excl && sharers == 0 -> excl = true };
		n = next_xid;
#endif
		d_step { start_xid = n; exists = true };
		excl = false;
#ifdef CRASH
	:: crashed && exists -> break
#else
	:: exists -> break
#endif
	od
}

proctype Reader() {
	byte s_fin, s_xmin, s_xmax, data, v, r; bool ok, was;
	do
	:: r < ROUNDS ->
		atomic { exists && !recovery -> r++; was = crashed; take_snapshot() };
		if
		:: atomic { was == crashed && have -> data = e_data; v = e_v };
			atomic {
				if
				:: was == crashed && QUIET(0, 0) && st[0].version == v -> ok = true; HIT(data == DATA(s_fin))
				:: else -> skip
				fi }
		:: skip
		fi;
		if
		:: ok || was != crashed -> skip
		:: else ->
			data = DATA(s_fin);
			d_step { ok = FILL_QUIET(0, 0); v = st[0].version };
			if
			:: d_step { ok && was == crashed -> have = true; e_data = data; e_v = v }
			:: else -> skip
			fi
		fi;
		d_step { s_fin = 0; s_xmin = 0; s_xmax = 0; data = 0; v = 0; ok = false; was = false }
	:: else -> break
	od
}

#ifdef CRASH
/* Takes the memory and everybody who is not prepared. */
proctype Crash() {
	d_step { exists && !excl && sharers == 0 ->
		crashed = true; exists = false; have = false; e_data = 0; e_v = 0;
		dead = (BIT(next_xid) - 2) & ~(prepared | finished);
		finished = finished | dead;
		row_lock = (row_lock != 0 && !IN(prepared, row_lock) -> 0 : row_lock);
		st[0].ring[0] = 0; st[0].ring[1] = 0; st[0].ring[2] = 0; st[0].over = 0; st[0].last = 0; st[0].version = 0 }
}
#endif

#ifdef PROMOTE
/* A transaction prepared on the primary reaches the standby by replay: no trigger runs for it here. */
proctype Replay() {
	byte x;
	d_step { x = next_xid; next_xid++; row_lock = x; touched = touched | BIT(x); prepared = prepared | BIT(x) };
	recovery = false;
	finish(x)
}
#endif

init {
	byte i;
	atomic {
#ifdef PROMOTE
		recovery = true;
		run Replay();
#endif
#ifdef CRASH
		run Crash();
#endif
		do :: i < NW -> run Writer(); i++ :: else -> break od;
		run Creator();
		run Reader();
		i = 0
	}
}
