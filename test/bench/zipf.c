/*
 * zipf.c - a Zipf trace, and what eviction policies make of it
 *
 *   zipf trace N S LENGTH                   prints LENGTH keys of 1..N, Zipf with exponent S
 *   zipf simulate N CAPACITY WARM < trace   prints the hit ratios after the first WARM reads
 *
 * One doubly linked list, newest at the head, serves the three policies: FIFO
 * evicts the tail; LRU moves a hit to the head first; SIEVE marks a hit, and
 * its hand walks from the tail towards the head, clearing marks, to the first
 * unmarked entry (Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024,
 * algorithm 1).  The cache as a whole is one list: what a partitioned cache of
 * the same capacity is to be compared with.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum Policy
{
	SIEVE, LRU, FIFO
} Policy;

/* Entry 0 of the arrays is the end of the list; keys count from 1. */
static int *newer, *older;
static char *cached, *marked;
static int	head, tail, hand, used;

static void *
allocate(size_t count, size_t size)
{
	void	   *memory = calloc(count, size);

	if (memory == NULL)
		exit(1);
	return memory;
}

static void
link_at_head(int key)
{
	newer[key] = 0;
	older[key] = head;
	if (head)
		newer[head] = key;
	else
		tail = key;
	head = key;
}

static void
unlink_key(int key)
{
	if (newer[key])
		older[newer[key]] = older[key];
	else
		head = older[key];
	if (older[key])
		newer[older[key]] = newer[key];
	else
		tail = newer[key];
}

static void
evict(Policy policy)
{
	int			victim = tail;

	if (policy == SIEVE)
	{
		victim = hand ? hand : tail;
		while (marked[victim])
		{
			marked[victim] = 0;
			victim = newer[victim] ? newer[victim] : tail;
		}
		hand = newer[victim];
	}
	unlink_key(victim);
	cached[victim] = 0;
	used--;
}

/* Is the key cached?  If not, it is from now on. */
static int
access_key(Policy policy, int key, int capacity)
{
	if (cached[key])
	{
		marked[key] = 1;
		if (policy == LRU)
		{
			unlink_key(key);
			link_at_head(key);
		}
		return 1;
	}
	if (used == capacity)
		evict(policy);
	link_at_head(key);
	cached[key] = 1;
	marked[key] = 0;
	used++;
	return 0;
}

static double
hit_ratio(Policy policy, const int *trace, long length, long warm, int n, int capacity)
{
	long		hits = 0;

	memset(cached, 0, n + 1);
	memset(marked, 0, n + 1);
	head = tail = hand = used = 0;
	for (long i = 0; i < length; i++)
	{
		int			hit = access_key(policy, trace[i], capacity);

		if (i >= warm)
			hits += hit;
	}
	return length > warm ? 100.0 * hits / (length - warm) : 0;
}

static void
simulate(int n, int capacity, long warm)
{
	long		length = 0;
	long		room = 1 << 20;
	int		   *trace = allocate(room, sizeof(int));

	newer = allocate(n + 1, sizeof(int));
	older = allocate(n + 1, sizeof(int));
	cached = allocate(n + 1, 1);
	marked = allocate(n + 1, 1);
	while (scanf("%d", &trace[length]) == 1)
	{
		if (trace[length] < 1 || trace[length] > n)
			exit(1);
		if (++length == room)
		{
			room *= 2;
			trace = realloc(trace, room * sizeof(int));
			if (trace == NULL)
				exit(1);
		}
	}
	printf("SIEVE %.2f %%, LRU %.2f %%, FIFO %.2f %%\n",
		   hit_ratio(SIEVE, trace, length, warm, n, capacity),
		   hit_ratio(LRU, trace, length, warm, n, capacity),
		   hit_ratio(FIFO, trace, length, warm, n, capacity));
}

/* splitmix64, so that the trace is the same on every machine */
static double
uniform(void)
{
	static uint64_t state = 42;
	uint64_t	z = (state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return ((z ^ (z >> 31)) >> 11) * 0x1.0p-53;
}

/* Ranks are drawn from the cumulative distribution, and spread over the keys. */
static void
print_trace(int n, double exponent, long length)
{
	double	   *upto = allocate(n + 1, sizeof(double));
	int		   *key = allocate(n + 1, sizeof(int));

	for (int i = 1; i <= n; i++)
	{
		upto[i] = upto[i - 1] + pow(i, -exponent);
		key[i] = i;
	}
	for (int i = n; i > 1; i--)
	{
		int			j = 1 + (int) (uniform() * i);
		int			swap = key[i];

		key[i] = key[j];
		key[j] = swap;
	}
	while (length-- > 0)
	{
		double		x = uniform() * upto[n];
		int			low = 1;
		int			high = n;

		while (low < high)
		{
			int			middle = low + (high - low) / 2;

			if (upto[middle] < x)
				low = middle + 1;
			else
				high = middle;
		}
		printf("%d\n", key[low]);
	}
}

int
main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "trace") == 0 && atoi(argv[2]) > 0)
		print_trace(atoi(argv[2]), atof(argv[3]), atol(argv[4]));
	else if (argc == 5 && strcmp(argv[1], "simulate") == 0 && atoi(argv[3]) > 0)
		simulate(atoi(argv[2]), atoi(argv[3]), atol(argv[4]));
	else
		return 2;
	return 0;
}
