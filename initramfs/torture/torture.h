/* SPDX-License-Identifier: MIT */
/* What the files of the torture program share. See main.c. */
#ifndef PW_INITRAMFS_TORTURE_H
#define PW_INITRAMFS_TORTURE_H

/* mremap(), sched_setaffinity(); before any header of the system's. */
#define _GNU_SOURCE

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE ((size_t)4096)
#define THREADS 3 /* of each process */
#define SLOTS 8   /* areas that a thread may have mapped */
#define SPOTS 16  /* places where they may be */
#define SPOT_PAGES ((size_t)512)
#define SPOT_SIZE (SPOT_PAGES * PAGE)
#define STACK_SIZE ((size_t)65536)

enum deed {
	DEED_MAP,
	DEED_CHECK,
	DEED_PROTECT,
	DEED_MOVE,
	DEED_RESIZE,
	DEED_UNMAP,
	DEED_FORK_COPY,
	DEED_FORK_SHARE,
	DEED_FORK_KILL,
	DEED_FORK_EXEC,
	DEED_THREAD,
	DEED_COMMON_WRITE,
	DEED_COMMON_CLOSE,
	DEED_COMMON_TAKE,
	DEED_SIGNAL,
	DEED_FLOAT,
	DEED_MIGRATE,
	DEED_LIFE,
	DEED_HOTPLUG,
	NR_DEEDS,
};

/* One page that all processes share. */
struct tally {
	uint64_t done[NR_DEEDS];
	uint64_t faults; /* that were to come, and came */
	uint64_t busy;   /* a processor that did not go off */
	bool stop;
	bool failed;
};

/* An area of memory and what was written there. */
struct slot {
	unsigned char *at; /* NULL: none */
	size_t pages;
	size_t stride; /* every stride-th page has been written */
	unsigned int spot;
	uint64_t stamp;
};

struct team;

struct worker {
	struct team *team;
	unsigned int index;
	pthread_t thread;
	uint64_t random;
	unsigned char *arena; /* SPOTS times SPOT_SIZE, and one to share */
	bool spot_used[SPOTS];
	struct slot slot[SLOTS];
	unsigned char *stack; /* of threads that we begin */
};

/* A process and its threads. */
struct team {
	struct worker worker[THREADS];
	volatile uint64_t *common; /* a page that all write */
	unsigned char *aside;      /* where it is taken to */
	bool common_taken;         /* by who changes its mapping */
	unsigned int nr_ready;
	unsigned int nr_finished;
	uint64_t signals_sent;
	uint64_t signals_seen;
	unsigned int lifetime_ms;
};

extern struct tally *tally;

/* Says what was wrong, which is the end of everything. Signal-safe. */
_Noreturn void fail(const char *what);
void tally_add(enum deed deed);
uint64_t clock_ms(void);
uint64_t random_next(uint64_t *state);
/* 0 to below-1. */
unsigned int random_below(struct worker *w, unsigned int below);

/* Would a load or a store there be a fault? It is tried. */
void fault_init(void);
bool load_faults(const volatile unsigned char *at);
bool store_faults(volatile unsigned char *at, unsigned char value);
/* Adds 1 to a word n times; false if it came to a fault meanwhile. */
bool add_many(volatile uint64_t *at, unsigned int n);

/* smp.c: no torture, but what that costs; ROWS are bits. */
void smp_measure(unsigned int rows);

/* areas.c */
void area_init(struct worker *w);
void area_map(struct worker *w);
void area_check(struct worker *w);
void area_check_all(struct worker *w);
void area_spoil_all(struct worker *w);
void area_protect(struct worker *w);
void area_move(struct worker *w);
void area_resize(struct worker *w);
void area_unmap(struct worker *w);

/* children.c */
void child_copy(struct worker *w);
void child_share(struct worker *w);
void child_kill(struct worker *w);
void child_exec(struct worker *w);
void child_thread(struct worker *w);
void child_wait(pid_t pid, int wanted);

/* common.c */
void common_init(struct team *t);
void common_write(struct worker *w);
void common_close(struct worker *w);
void common_take(struct worker *w);

/* team.c: a process's life, from its first thread to its exit. */
_Noreturn void team_live(uint64_t seed, unsigned int nr_cpus);

#endif
