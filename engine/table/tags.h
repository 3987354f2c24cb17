/* SPDX-License-Identifier: MIT */
/*
 * Which translations a CPU keeps when it changes between the roots of a vCPU,
 * and what it has to be told so that none outlives its right. See tags.c.
 */
#ifndef PW_ENGINE_TAGS_H
#define PW_ENGINE_TAGS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"

/* Process-context identifiers: what a translation is tagged with. */
enum tag {
	TAG_NONE,   /* the hypervisor without a guest */
	TAG_USER,   /* found from the vCPU's user root */
	TAG_KERNEL, /* found from its kernel root */
	TAGS,
};

/* What the CPU has: a set. TAGS_GLOBAL needs all of it. */
enum tags_features {
	TAGS_PCID = 1 << 0,
	TAGS_INVPCID = 1 << 1,
	TAGS_GLOBAL = 1 << 2,
};

/* What the CPU has to be told, a set, in this order. */
enum tags_orders {
	TAGS_RELOAD = 1 << 0, /* MOV to CR3 of what it holds, bit 63 clear */
	TAGS_INVLPG = 1 << 1,
	/* INVPCID of the address, for the vCPU's tag that is not in CR3; */
	TAGS_INVPCID_PAGE = 1 << 2,
	TAGS_INVPCID_ALL = 1 << 3, /* of all tags, global entries included */
};

/* MOV to CR3: what has the tag is kept. */
#define CR3_KEEP (UINT64_C(1) << 63)
#define CR3_TAG_MASK UINT64_C(0xfff)

/* Of one CPU. */
struct tags {
	/* What CR3 takes beside the root; without CR3_KEEP, a flush is owed. */
	uint64_t load[TAGS];
	uint64_t kept[TAGS]; /* the same when nothing is */
	uint32_t features;
};

/* Nothing is kept of what there was before. */
void tags_init(struct tags *t, uint32_t features);
/* What of these features is used: each where it is of use. */
uint32_t tags_usable(uint32_t features);

static inline bool tags_owes(const struct tags *t, enum tag tag)
{
	return (t->load[tag] & CR3_KEEP) == 0;
}

/* For CR3, which must then be loaded with it: what is owed is paid by that. */
static inline uint64_t tags_cr3(struct tags *t, enum tag tag, uint64_t root)
{
	const uint64_t cr3 = root | t->load[tag];

	t->load[tag] = t->kept[tag];
	return cr3;
}

/*
 * Another root for a tag, or another vCPU's: *ret_cr3 is to be loaded, then
 * what is returned is to be done, and nothing that was cached before is used.
 */
uint32_t tags_switch(struct tags *t, enum tag tag, uint64_t root,
		     uint64_t *ret_cr3);
/* Nothing that is cached now is used any more. `current` is CR3's tag. */
uint32_t tags_flush_all(struct tags *t, enum tag current);
/* The same of one page. */
uint32_t tags_flush_page(struct tags *t, enum tag current);
/* Nothing that was found from the user's root in user mode is. */
uint32_t tags_leave_user(struct tags *t, enum tag current);

#endif
