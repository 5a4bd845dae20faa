/*
 * The stripe's copy, piece by piece: version is a sequence lock, writers serialise by a spinlock.
 *
 * One writer changes the key, NO others collide with it; the ring starts with one finished transaction, so that the
 * fifth pushes one out.
 */
#define BIT(x) (1 << (x))
#define IN(m, x) (((m) >> (x)) & 1)
#ifndef NO
#define NO 3
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif

byte next_xid = 2, finished = BIT(1), committed = BIT(1), touched;
byte others_begun;
byte ring[3], over, version;
bool spin;
bool have; byte e_data, e_v;

#define DATA(fin) (committed & (fin) & touched)

#define OPEN version++
#define CLOSE version++

inline note(x) {
	if
	:: ring[0] == x || ring[1] == x || ring[2] == x -> skip
	:: else ->
		atomic { !spin -> spin = true };
		OPEN;
		d_step {
			if
			:: ring[0] == 0 -> k = 0
			:: ring[0] != 0 && ring[1] == 0 -> k = 1
			:: ring[0] != 0 && ring[1] != 0 && ring[2] == 0 -> k = 2
			:: else ->
				k = (ring[0] < ring[1] -> 0 : 1);
				k = (ring[k] < ring[2] -> k : 2)
			fi;
			out = (x < ring[k] -> x : ring[k])
		};
		if
		:: x > out -> ring[k] = x
		:: else -> skip
		fi;
		if
		:: out > over -> over = out
		:: else -> skip
		fi;
		CLOSE;
		spin = false;
		k = 0; out = 0
	fi
}

proctype Writer() {
	byte x, k, out;
	d_step { x = next_xid; next_xid++; touched = BIT(x) };
	note(x);
	if
	:: d_step { finished = finished | BIT(x); committed = committed | BIT(x) }
	:: d_step { finished = finished | BIT(x) }
	fi
}

proctype Other(byte me) {
	byte x, k, out;
	d_step { others_begun == me -> others_begun++; x = next_xid; next_xid++ };
	note(x);
	d_step { finished = finished | BIT(x) }
}

#define SLOT_DONE(x) ((x) == 0 || IN(s_fin, x))

/* Sets v and ok: a consistent copy was had, and it was quiet. */
inline copy() {
#ifdef MUT_TORN
	ok = SLOT_DONE(ring[0]);
	ok = ok && SLOT_DONE(ring[1]);
	ok = ok && SLOT_DONE(ring[2]);
	ok = ok && over < s_xmin;
	v = version
#else
	v = version;
#ifdef MUT_ODD_ACCEPTED
	ok = true; v = v + (v & 1);
#else
	ok = !(v & 1);
#endif
	ok = ok && SLOT_DONE(ring[0]);
	ok = ok && SLOT_DONE(ring[1]);
	ok = ok && SLOT_DONE(ring[2]);
	ok = ok && over < s_xmin;
#ifndef NO_SECOND_LOOK
	ok = ok && version == v
#endif
#endif
}

proctype Reader() {
	byte s_fin, s_xmin, data, v, want, r; bool ok, seen;
	do
	:: r < ROUNDS ->
		r++;
		d_step {
			s_fin = finished; s_xmin = 1;
			do
			:: s_xmin < next_xid && IN(s_fin, s_xmin) -> s_xmin++
			:: else -> break
			od
		};
		if
		:: d_step { have -> data = e_data; want = e_v; seen = true };
			copy();
			if
			:: ok && v == want ->
#ifdef REACH_HIT
				assert(false)
#else
				assert(data == DATA(s_fin))
#endif
			:: else -> seen = false
			fi
		:: skip
		fi;
		if
		:: seen -> skip
		:: else ->
			data = DATA(s_fin);
			copy();
			if
			:: d_step { ok -> have = true; e_data = data; e_v = v }
			:: else -> skip
			fi
		fi;
		d_step { s_fin = 0; s_xmin = 0; data = 0; v = 0; want = 0; ok = 0; seen = 0 }
	:: else -> break
	od
}

init {
	byte i;
	atomic {
		ring[0] = 1;
		run Writer();
		do :: i < NO -> run Other(i); i++ :: else -> break od;
		run Reader();
		i = 0
	}
}
