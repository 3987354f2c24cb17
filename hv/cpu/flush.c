/* SPDX-License-Identifier: MIT */
/*
 * The CPU's instructions for what engine/table/tags.c decides: that file says
 * which, and why that is enough; this one knows how they are written. A change
 * between the two roots of a vCPU is vcpu_toggle_mode() and entry.S, which take
 * CR3 from the same words.
 *
 * Whether a CPU has identifiers, INVPCID and global pages is asked of it. Our
 * own mappings are global in any case (mm/paging.c), and those that change, the
 * descriptor windows, are not.
 */
#include "hv/cpu/flush.h"

#include "hv/cpu/cpu.h"
#include "hv/cpu/x86.h"

#define CPUID_FEATURES7 7
#define CPUID1_C_PCID (1u << 17)
#define CPUID1_D_PGE (1u << 13)
#define CPUID7_B_INVPCID (1u << 10)

#define INVPCID_ADDRESS 0
#define INVPCID_EVERYTHING 2

static uint32_t features(void)
{
	const struct cpuid basic = x86_cpuid(1, 0);
	uint32_t f = 0;

	f |= (basic.c & CPUID1_C_PCID) != 0 ? TAGS_PCID : 0;
	f |= (basic.d & CPUID1_D_PGE) != 0 ? TAGS_GLOBAL : 0;
	if (x86_cpuid(0, 0).a >= CPUID_FEATURES7 &&
	    (x86_cpuid(CPUID_FEATURES7, 0).b & CPUID7_B_INVPCID) != 0) {
		f |= TAGS_INVPCID;
	}
	return tags_usable(f);
}

uint64_t flush_init(void)
{
	const uint32_t f = features();

	tags_init(&cpu_here()->tags, f);
	return ((f & TAGS_PCID) != 0 ? X86_CR4_PCIDE : 0) |
	       ((f & TAGS_GLOBAL) != 0 ? X86_CR4_PGE : 0);
}

static inline enum tag tag_here(void)
{
	return (enum tag)(x86_read_cr3() & CR3_TAG_MASK);
}

static void obey(uint32_t orders, uint64_t va)
{
	if ((orders & TAGS_RELOAD) != 0) {
		/* It reads as zero what would have it kept. */
		x86_write_cr3(x86_read_cr3());
	}
	if ((orders & TAGS_INVLPG) != 0) {
		x86_invlpg(va);
	}
	if ((orders & TAGS_INVPCID_PAGE) != 0) {
		x86_invpcid(INVPCID_ADDRESS,
			    tag_here() == TAG_USER ? TAG_KERNEL : TAG_USER, va);
	}
	if ((orders & TAGS_INVPCID_ALL) != 0) {
		x86_invpcid(INVPCID_EVERYTHING, 0, 0);
	}
}

void flush_switch(enum tag tag, uint64_t root)
{
	uint64_t cr3;
	const uint32_t orders = tags_switch(&cpu_here()->tags, tag, root, &cr3);

	x86_write_cr3(cr3);
	obey(orders, 0);
}

void flush_all_tagged(void)
{
	obey(tags_flush_all(&cpu_here()->tags, tag_here()), 0);
}

void flush_page_tagged(uint64_t va)
{
	obey(tags_flush_page(&cpu_here()->tags, tag_here()), va);
}

/* Without identifiers CR3 does not tell what it holds. */
void flush_leave_user(enum tag mode)
{
	struct tags *t = &cpu_here()->tags;

	obey(tags_leave_user(t, (t->features & TAGS_PCID) != 0 ? tag_here()
							       : mode),
	     0);
}
