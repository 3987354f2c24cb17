/* SPDX-License-Identifier: MIT */
/*
 * engine/table/tags.c, by all of its states: a TLB of two pages, one of them
 * global where that is on, which keeps all that the architecture lets it keep;
 * every order of what can happen to it, until nothing new comes of it. What has
 * been dropped by one of the policy's promises is never usable again: neither
 * with the tag in CR3 nor as global. And what there is no reason to drop stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/table/tags.h"
#include "tests/unit/support/machine.h"

#define ALL_FEATURES (TAGS_PCID | TAGS_INVPCID | TAGS_GLOBAL)

enum page { PAGE_PLAIN, PAGE_GLOBAL, PAGES };

/* What the CPU holds, a set: by the mode that it was found in, and the page. */
#define HELD(tag, page) (1u << ((tag)*PAGES + (page)))
#define OF_TAG(tag) (HELD(tag, PAGE_PLAIN) | HELD(tag, PAGE_GLOBAL))
#define GLOBALS                                                      \
	(HELD(TAG_NONE, PAGE_GLOBAL) | HELD(TAG_USER, PAGE_GLOBAL) | \
	 HELD(TAG_KERNEL, PAGE_GLOBAL))

struct tlb {
	struct tags tags;
	enum tag current;
	uint32_t held;
	uint32_t dead; /* of that: it must not be used any more */
};

static bool has(const struct tlb *t, uint32_t feature)
{
	return (t->tags.features & feature) != 0;
}

static uint32_t globals(const struct tlb *t)
{
	return has(t, TAGS_GLOBAL) ? GLOBALS : 0;
}

/* What is found with the tag in CR3; without identifiers, everything. */
static uint32_t tagged(const struct tlb *t, enum tag tag)
{
	return has(t, TAGS_PCID) ? OF_TAG(tag) : ~0u;
}

static uint32_t usable(const struct tlb *t)
{
	return t->held & (tagged(t, t->current) | globals(t));
}

static void drop(struct tlb *t, uint32_t what)
{
	t->held &= ~what;
	t->dead &= ~what;
}

/* --- what the CPU does, by the SDM ----------------------------------------
 */

static void load_cr3(struct tlb *t, uint64_t cr3)
{
	const uint64_t tag = cr3 & CR3_TAG_MASK;

	/* Reserved without CR4.PCIDE. */
	assert_true(has(t, TAGS_PCID) || (tag | (cr3 & CR3_KEEP)) == 0);
	assert_true(tag < TAGS);
	if (has(t, TAGS_PCID)) {
		t->current = (enum tag)tag;
	}
	if ((cr3 & CR3_KEEP) == 0) {
		drop(t, tagged(t, t->current) & ~globals(t));
	}
}

static uint32_t of_page(enum page page)
{
	return HELD(TAG_NONE, page) | HELD(TAG_USER, page) |
	       HELD(TAG_KERNEL, page);
}

static void obey(struct tlb *t, uint32_t orders, enum page page)
{
	if ((orders & TAGS_RELOAD) != 0) {
		load_cr3(t, has(t, TAGS_PCID) ? t->current : 0);
	}
	if ((orders & TAGS_INVLPG) != 0) {
		drop(t, of_page(page) & (tagged(t, t->current) | globals(t)));
	}
	if ((orders & TAGS_INVPCID_PAGE) != 0) {
		assert_true(has(t, TAGS_INVPCID) && t->current != TAG_NONE);
		drop(t, of_page(page) & ~globals(t) &
				OF_TAG(t->current == TAG_USER ? TAG_KERNEL
							      : TAG_USER));
	}
	if ((orders & TAGS_INVPCID_ALL) != 0) {
		assert_true(has(t, TAGS_INVPCID));
		drop(t, ~0u);
	}
}

/* It caches all that it could. */
static void run(struct tlb *t, enum tag mode)
{
	t->held |= OF_TAG(mode);
}

/* --- what happens ---------------------------------------------------------
 */

enum event {
	EVENT_TO_USER,
	EVENT_TO_KERNEL,
	EVENT_TO_NOBODY,
	EVENT_OTHER_ROOT, /* of the kernel, or another vCPU in kernel mode, */
	EVENT_OTHER_USER, /* or in user mode */
	EVENT_FLUSH_ALL,
	EVENT_FLUSH_PLAIN,
	EVENT_FLUSH_GLOBAL,
	EVENT_LEAVE_USER,
	EVENTS,
};

static uint32_t of_user(const struct tlb *t)
{
	return t->held &
	       (HELD(TAG_USER, PAGE_PLAIN) | HELD(TAG_USER, PAGE_GLOBAL));
}

static void other(struct tlb *t, enum tag tag)
{
	uint64_t cr3;
	uint32_t orders = tags_switch(&t->tags, tag, 0, &cr3);

	t->dead = t->held;
	load_cr3(t, cr3);
	obey(t, orders, PAGE_PLAIN);
}

static void flush_page(struct tlb *t, enum page page)
{
	t->dead |= t->held & of_page(page);
	obey(t, tags_flush_page(&t->tags, t->current), page);
}

/* Without identifiers only the mode says which root is loaded. */
static void happen(struct tlb *t, enum event event, enum tag *mode)
{
	static const enum tag to[] = {[EVENT_TO_USER] = TAG_USER,
				      [EVENT_TO_KERNEL] = TAG_KERNEL,
				      [EVENT_TO_NOBODY] = TAG_NONE,
				      [EVENT_OTHER_ROOT] = TAG_KERNEL,
				      [EVENT_OTHER_USER] = TAG_USER};

	switch (event) {
	case EVENT_TO_USER:
	case EVENT_TO_KERNEL:
		load_cr3(t, tags_cr3(&t->tags, to[event], 0));
		*mode = to[event];
		break;
	case EVENT_TO_NOBODY:
	case EVENT_OTHER_ROOT:
	case EVENT_OTHER_USER:
		other(t, to[event]);
		*mode = to[event];
		break;
	case EVENT_FLUSH_ALL:
		t->dead = t->held;
		obey(t, tags_flush_all(&t->tags, *mode), PAGE_PLAIN);
		break;
	case EVENT_FLUSH_PLAIN:
		flush_page(t, PAGE_PLAIN);
		break;
	case EVENT_FLUSH_GLOBAL:
		flush_page(t, PAGE_GLOBAL);
		break;
	case EVENT_LEAVE_USER:
		t->dead |= of_user(t);
		obey(t, tags_leave_user(&t->tags, *mode), PAGE_PLAIN);
		break;
	case EVENTS:
		break;
	}
}

/* --- all of them ----------------------------------------------------------
 */

struct state {
	struct tlb tlb;
	enum tag mode;
};

#define STATES_MAX 4096

static struct state seen[STATES_MAX];
static unsigned int nr_seen;

static bool is_same(const struct state *a, const struct state *b)
{
	return memcmp(a->tlb.tags.load, b->tlb.tags.load,
		      sizeof(a->tlb.tags.load)) == 0 &&
	       a->tlb.current == b->tlb.current && a->tlb.held == b->tlb.held &&
	       a->tlb.dead == b->tlb.dead && a->mode == b->mode;
}

static void add(const struct state *s)
{
	for (unsigned int i = 0; i < nr_seen; i++) {
		if (is_same(&seen[i], s)) {
			return;
		}
	}
	assert_true(nr_seen < STATES_MAX);
	seen[nr_seen++] = *s;
}

static void first(uint32_t features)
{
	struct state s;

	memset(&s, 0, sizeof(s));
	tags_init(&s.tlb.tags, features);
	nr_seen = 0;
	add(&s);
}

/* One event, and then the CPU runs, or does not. */
static void step(const struct state *from, enum event event)
{
	struct state s = *from;

	happen(&s.tlb, event, &s.mode);
	if (s.tlb.dead & usable(&s.tlb)) {
		fail_msg("features %x, event %d: of what is held (%x), %x is "
			 "dead and can be used with tag %d",
			 s.tlb.tags.features, event, s.tlb.held, s.tlb.dead,
			 s.tlb.current);
	}
	add(&s);
	run(&s.tlb, s.mode);
	add(&s);
}

static void nothing_that_was_dropped_is_ever_used(void **state)
{
	(void)state;
	for (uint32_t features = 0; features <= ALL_FEATURES; features++) {
		first(features);
		for (unsigned int i = 0; i < nr_seen; i++) {
			for (enum event e = 0; e < EVENTS; e++) {
				step(&seen[i], e);
			}
		}
		if (tags_usable(features) == features) {
			print_message("features %x: %u states\n", features,
				      nr_seen);
		}
	}
}

/* --- what there is no reason to drop --------------------------------------
 */

static struct tlb warm(uint32_t features)
{
	enum tag mode;
	struct tlb t;

	memset(&t, 0, sizeof(t));
	tags_init(&t.tags, features);
	happen(&t, EVENT_OTHER_ROOT, &mode);
	run(&t, mode);
	for (unsigned int i = 0; i < 2; i++) {
		happen(&t, EVENT_TO_USER, &mode);
		run(&t, mode);
		happen(&t, EVENT_TO_KERNEL, &mode);
		run(&t, mode);
	}
	return t;
}

static void a_system_call_drops_nothing(void **state)
{
	enum tag mode = TAG_KERNEL;

	(void)state;
	for (uint32_t features = 0; features <= ALL_FEATURES; features++) {
		struct tlb t = warm(features);
		const uint32_t held = t.held;

		happen(&t, EVENT_TO_USER, &mode);
		assert_int_equal(t.held == held, has(&t, TAGS_PCID));
		happen(&t, EVENT_TO_KERNEL, &mode);
		assert_int_equal(t.held == held, has(&t, TAGS_PCID));
	}
}

static void a_page_fault_drops_one_page(void **state)
{
	enum tag mode = TAG_KERNEL;

	(void)state;
	for (uint32_t features = 0; features <= ALL_FEATURES; features++) {
		struct tlb t = warm(features);
		const uint32_t other_page = t.held & ~of_page(PAGE_PLAIN);

		happen(&t, EVENT_FLUSH_PLAIN, &mode);
		happen(&t, EVENT_TO_USER, &mode);
		assert_int_equal((t.held & other_page) == other_page,
				 has(&t, TAGS_INVPCID));
		/* Where an address cannot be named, the kernel's stay. */
		assert_true(!has(&t, TAGS_PCID) ||
			    (t.held & HELD(TAG_KERNEL, PAGE_GLOBAL)) != 0);
		assert_int_equal(t.held & of_page(PAGE_PLAIN), 0);
	}
}

static void a_user_that_was_left_is_left_once(void **state)
{
	(void)state;
	for (uint32_t features = 0; features <= ALL_FEATURES; features++) {
		struct tlb t = warm(features);

		/* As a kernel changes to another process. */
		(void)tags_flush_all(&t.tags, TAG_KERNEL);
		assert_int_equal(tags_leave_user(&t.tags, TAG_KERNEL), 0);
	}
}

static void what_is_of_no_use_is_not_used(void **state)
{
	(void)state;
	assert_int_equal(tags_usable(TAGS_INVPCID | TAGS_GLOBAL), 0);
	assert_int_equal(tags_usable(TAGS_PCID | TAGS_GLOBAL), TAGS_PCID);
	assert_int_equal(tags_usable(TAGS_PCID | TAGS_INVPCID),
			 TAGS_PCID | TAGS_INVPCID);
	assert_int_equal(tags_usable(ALL_FEATURES), ALL_FEATURES);
}

/* --- beside the engine ----------------------------------------------------
 */

#define USER_L4 40
#define PAGE 60

/* A user root maps the page writable, the CPU has it cached, it is unmapped. */
static struct machine *user_had_it(uint32_t features)
{
	struct machine *m = machine_new();
	mfn_t l1 = dom_frame(USER_L4 + 3);

	tags_init(&m->cpu[CPU_FIRST].tags, features);
	standard_space(m);
	raw_space(m, USER_L4, PAGE);
	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE,
				     dom_frame(USER_L4).v, 0),
			 0);
	assert_int_equal(call_mmuext(m, MMUEXT_NEW_USER_BASEPTR,
				     dom_frame(USER_L4).v, 0),
			 0);
	assert_int_equal(call_mmu_update(m, entry_at(l1, 0), 0), 0);
	return m;
}

static void what_a_user_had_mapped_becomes_a_table(void **state)
{
	(void)state;
	for (uint32_t features = 0; features <= ALL_FEATURES; features++) {
		struct machine *m = user_had_it(features);

		/* machine_call() holds all that can be used against I2. */
		assert_int_equal(call_mmuext(m, MMUEXT_PIN_L1_TABLE,
					     dom_frame(PAGE).v, 0),
				 0);
		machine_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_that_was_dropped_is_ever_used),
		cmocka_unit_test(a_system_call_drops_nothing),
		cmocka_unit_test(a_page_fault_drops_one_page),
		cmocka_unit_test(a_user_that_was_left_is_left_once),
		cmocka_unit_test(what_is_of_no_use_is_not_used),
		cmocka_unit_test(what_a_user_had_mapped_becomes_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
