/* SPDX-License-Identifier: MIT */
/*
 * A granter dies in the midst of what another domain does with its pages. The
 * second lives for a while that is another in each of its lives, and reboots;
 * the first copies from its pages and to them, in lists that take the
 * hypervisor several turns, and maps one of them again and again. Each copy is
 * whole or was not made; once the granter is gone nothing of it is to be had;
 * and the page that is mapped when it dies stays what it was until it is
 * unmapped, which is when the next life can begin.
 */
#include "kernels/neighbours/neighbours.h"

#define PAGES 32
#define FROM 40           /* their grants, for reading */
#define TO (FROM + PAGES) /* and for writing */
#define KEPT (TO + PAGES)
#define PATTERN UINT64_C(0xd1e5d1e5d1e50000)
#define OURS UINT64_C(0x0a11600d0a11600d)
#define MICROSECOND UINT64_C(1000)
#define AFTER 20 /* rounds when it is known to be dead */

static volatile uint64_t pages[PAGES][512] __attribute__((aligned(4096)));
static volatile uint64_t targets[PAGES][512] __attribute__((aligned(4096)));
static volatile uint64_t window[512] __attribute__((aligned(4096)));
static volatile uint64_t kept_at[512] __attribute__((aligned(4096)));

/* What a round with one granter came to. */
struct round {
	unsigned int done;
	unsigned int gone;  /* GNTST_bad_domain */
	unsigned int other; /* any other answer */
	unsigned int torn;  /* pages that are neither */
};

static void fill(volatile uint64_t *page, uint64_t word)
{
	for (unsigned int i = 0; i < 512; i++) {
		page[i] = word;
	}
}

/* By words of its beginning, middle and end: most of the time is to go by in
 * the hypervisor. */
static void mark(volatile uint64_t *page)
{
	page[0] = OURS;
	page[255] = OURS;
	page[511] = OURS;
}

static bool holds(const volatile uint64_t *page, uint64_t word)
{
	return page[0] == word && page[255] == word && page[511] == word;
}

/* --- the second: it lives, and dies ----------------------------------------
 */

static void live(const struct neighbour *n, unsigned int lives)
{
	const unsigned int life = n->self - n->peer;
	uint64_t end;

	for (unsigned int i = 0; i < PAGES; i++) {
		fill(pages[i], PATTERN + i);
		grant(n, FROM + i, GTF_permit_access | GTF_readonly,
		      mfn_at(&n->pv, (const void *)pages[i]));
		grant(n, TO + i, GTF_permit_access,
		      mfn_at(&n->pv, (const void *)targets[i]));
	}
	/* The last that is seen: the rest is there when it is. */
	grant(n, KEPT, GTF_permit_access | GTF_readonly,
	      mfn_at(&n->pv, (const void *)pages[0]));
	/* Not before the other one is in the midst of it. */
	while ((grant_flags(KEPT) & GTF_reading) == 0 ||
	       targets[PAGES - 1][511] == 0) {
		yield();
	}
	end = now(&n->pv) + (5000 + 3777 * life) * MICROSECOND;
	while (now(&n->pv) < end) {
	}
	shut_down(life == lives ? SHUTDOWN_poweroff : SHUTDOWN_reboot);
}

/* --- the first: it copies and maps -----------------------------------------
 */

static void count(struct round *r, int status)
{
	r->done += status == GNTST_okay;
	r->gone += status == GNTST_bad_domain;
	r->other += status != GNTST_okay && status != GNTST_bad_domain;
}

static void copy_all(const struct neighbour *n, struct round *r)
{
	static gnttab_copy_t ops[2 * PAGES];

	for (unsigned int i = 0; i < PAGES; i++) {
		const uint64_t own = mfn_at(&n->pv, (const void *)pages[i]);

		mark(pages[i]);
		ops[i] = (gnttab_copy_t){
			.source = {.u.ref = FROM + i, .domid = n->peer},
			.dest = {.u.gmfn = own, .domid = DOMID_SELF},
			.len = PAGE_SIZE,
			.flags = GNTCOPY_source_gref,
		};
		ops[PAGES + i] = (gnttab_copy_t){
			.source = {.u.gmfn = own, .domid = DOMID_SELF},
			.dest = {.u.ref = TO + i, .domid = n->peer},
			.len = PAGE_SIZE,
			.flags = GNTCOPY_dest_gref,
		};
	}
	hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_copy, (uintptr_t)ops,
		  2 * PAGES, 0, 0);
	for (unsigned int i = 0; i < PAGES; i++) {
		count(r, ops[i].status);
		count(r, ops[PAGES + i].status);
		r->torn += !holds(pages[i], ops[i].status == GNTST_okay
						    ? PATTERN + i
						    : OURS);
	}
}

static void map_one(const struct neighbour *n, struct round *r)
{
	struct mapping m;
	const int status =
		map(n, FROM + 1, GNTMAP_host_map | GNTMAP_readonly, window, &m);

	count(r, status);
	if (status == GNTST_okay) {
		r->torn += !holds(window, PATTERN + 1);
		r->other += unmap(&m) != GNTST_okay;
	}
}

/* Until the granter is gone, and some more. */
static void use(const struct neighbour *n, struct round *r)
{
	unsigned int back = 0;

	while (r->gone == 0) {
		copy_all(n, r);
		map_one(n, r);
	}
	for (unsigned int i = 0; i < AFTER; i++) {
		struct round later = {0};

		copy_all(n, &later);
		map_one(n, &later);
		back += later.done;
		r->other += later.other;
		r->torn += later.torn;
	}
	expect("what is done with the pages of a dead one", back, 0);
}

static void see_it_die(const struct neighbour *n)
{
	struct round r = {0};
	struct mapping kept;

	while (map(n, KEPT, GNTMAP_host_map | GNTMAP_readonly, kept_at,
		   &kept) != GNTST_okay) {
		yield();
	}
	use(n, &r);
	say("domain %u: %u done, %u too late", (unsigned int)n->peer, r.done,
	    r.gone);
	expect_true("much is done before it dies", r.done > PAGES);
	expect("other answers than that and that it is gone", r.other, 0);
	expect("pages that are neither old nor new", r.torn, 0);
	expect_true("what is mapped stays as it was", holds(kept_at, PATTERN));
	expect("until it is unmapped", unmap(&kept), GNTST_okay);
}

void check_dying(struct neighbour *n, unsigned int lives)
{
	own_table();
	if (!n->first) {
		live(n, lives);
	}
	for (unsigned int life = 1; life <= lives; life++) {
		n->peer = (domid_t)(n->self + life);
		see_it_die(n);
	}
}
