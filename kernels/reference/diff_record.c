/* SPDX-License-Identifier: MIT */
/*
 * The record: what was asked and what came of it goes into a digest (FNV-1a,
 * a word at a time), and into a line of text if the operation is traced. The
 * CPU sets A and D when it likes, so they are left out; and the hypervisor's
 * slots of an L4 are its own affair.
 */
#include "kernels/reference/diff.h"

#include "abi/text.h"

#define M2P ((const volatile uint64_t *)MACH2PHYS_VIRT_START)
#define FNV_PRIME UINT64_C(0x100000001b3)
#define NOT_SHOWN (PTE_A | PTE_D)
/* The software bit of a page that the kernel's user has not. */
#define GUEST_KERNEL (UINT64_C(1) << 52)

static const char *const special_name[DIFF_FRAMES - DIFF_POOL] = {
	"root",    "table",   "shared",  "xen",     "beyond",
	"ones",    "given 0", "given 1", "given 2", "given 3",
	"given 4", "given 5", "device",
};

static void mix(struct diff *d, uint64_t v)
{
	d->digest = (d->digest ^ v) * FNV_PRIME;
	d->digest ^= d->digest >> 29;
}

static void put(struct diff *d, const char *text)
{
	while (d->trace && *text && d->used < DIFF_LINE - 1) {
		d->line[d->used++] = *text++;
	}
	d->line[d->used] = '\0';
}

static void put_number(struct diff *d, uint64_t v)
{
	char digits[20];
	struct text t = text_in(digits, sizeof(digits));

	text_hex(&t, v, 1);
	put(d, digits);
}

unsigned int diff_number(const struct diff *d, mfn_t f)
{
	unsigned int i = 0;

	while (i < DIFF_FRAMES && d->frame[i].v != f.v) {
		i++;
	}
	return i;
}

static void put_frame(struct diff *d, unsigned int nr)
{
	if (nr < DIFF_POOL) {
		put(d, "#");
		put_number(d, nr);
	} else {
		put(d, nr < DIFF_FRAMES ? special_name[nr - DIFF_POOL] : "?");
	}
}

void record_op(struct diff *d, const char *name)
{
	for (const char *c = name; *c; c++) {
		mix(d, (uint8_t)*c);
	}
	put(d, d->used ? "; " : "");
	put(d, name);
}

void record(struct diff *d, const char *name, uint64_t value)
{
	mix(d, value);
	put(d, " ");
	put(d, name);
	put(d, " ");
	put_number(d, value);
}

void record_frame(struct diff *d, mfn_t f)
{
	unsigned int nr = diff_number(d, f);

	mix(d, nr);
	put(d, " ");
	put_frame(d, nr);
}

/* What is compared of an entry's flags. */
static uint64_t shown(const struct diff *d, uint64_t entry)
{
	uint64_t flags = entry & PTE_FLAGS_MASK & ~NOT_SHOWN;

	if ((flags & GUEST_KERNEL) != 0 && rule_holds(d, RULE_GLOBAL_KERNEL)) {
		flags &= ~PTE_G;
	}
	return flags;
}

/* With the frame's number in place of the frame. */
static uint64_t neutral(const struct diff *d, uint64_t entry)
{
	if ((entry & ~NOT_SHOWN) == 0) {
		return 0;
	}
	return shown(d, entry) | (uint64_t)diff_number(d, pte_mfn(pte(entry)))
					 << PAGE_SHIFT;
}

void record_entry(struct diff *d, uint64_t entry)
{
	mix(d, neutral(d, entry));
	put(d, " = ");
	put_frame(d, diff_number(d, pte_mfn(pte(entry))));
	put(d, "|");
	put_number(d, shown(d, entry));
}

void record_maddr(struct diff *d, uint64_t maddr)
{
	record_frame(d, mfn(maddr >> PAGE_SHIFT));
	mix(d, maddr & (PAGE_SIZE - 1));
	put(d, "[");
	put_number(d, (maddr & (PAGE_SIZE - 1)) / 8);
	put(d, "]");
	if (maddr & 7) {
		put(d, "+");
		put_number(d, maddr & 7);
	}
}

void record_result(struct diff *d, int64_t result)
{
	mix(d, (uint64_t)result);
	put(d, result < 0 ? " -> -" : " -> ");
	put_number(d, result < 0 ? -(uint64_t)result : (uint64_t)result);
}

bool diff_visible(const struct diff *d, unsigned int nr)
{
	return nr < DIFF_POOL ||
	       (nr >= FRAME_GIVEN && nr < FRAME_GIVEN + d->nr_given);
}

const volatile uint64_t *diff_view(unsigned int nr)
{
	unsigned int page = nr < DIFF_POOL ? nr : VIEW_GIVEN + nr - FRAME_GIVEN;

	return (const volatile uint64_t *)(VIEW_BASE + page * PAGE_SIZE);
}

/* Not ours to compare: see pick_index(). */
static bool hypervisors(unsigned int index)
{
	return index >= XEN_L4_FIRST && index <= XEN_L4_LAST;
}

uint64_t direct_entry(struct diff *d, unsigned int nr)
{
	struct guest_slot slot;
	pte_t e = pte(0);
	int error = guest_lookup(&d->k->guest, d->k->guest.kernel.root,
				 vaddr(direct_va(d, nr)), &slot, &e);

	return error == 0 || error == -XEN_ENOENT ? e.v : 0;
}

/* The type shows in whether the frame may be mapped writable just now. */
static int64_t try_writable(const struct diff *d, unsigned int nr)
{
	uint64_t e = pte_make(d->frame[nr], PTE_P | PTE_RW | PTE_A | PTE_D).v;
	int64_t result = hypercall(__HYPERVISOR_update_va_mapping,
				   VIEW_BASE + VIEW_SPARE * PAGE_SIZE, e,
				   UVMF_NONE, 0, 0);

	(void)view_map(VIEW_SPARE, 0);
	return result;
}

static void record_content(struct diff *d, unsigned int nr)
{
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		uint64_t e = neutral(d, diff_view(nr)[i]);

		if (e != 0 && !hypervisors(i)) {
			mix(d, nr << 16 | i);
			mix(d, e);
		}
	}
	mix(d, (uint64_t)try_writable(d, nr));
}

void record_state(struct diff *d)
{
	for (unsigned int nr = 0; nr < DIFF_POOL; nr++) {
		record_content(d, nr);
		mix(d, neutral(d, direct_entry(d, nr)));
		/* An entry, if the update of the entry came as one of it. */
		mix(d, M2P[d->frame[nr].v] == d->pfn[nr].v
			       ? UINT64_MAX
			       : neutral(d, M2P[d->frame[nr].v]));
	}
	for (unsigned int i = 0; i < d->nr_given; i++) {
		record_content(d, FRAME_GIVEN + i);
	}
}

static void dump_entry(struct diff *d, uint64_t entry)
{
	put_frame(d, diff_number(d, pte_mfn(pte(entry))));
	put(d, "|");
	put_number(d, entry & PTE_FLAGS_MASK);
}

static void dump_frame(struct diff *d, unsigned int nr)
{
	d->trace = true;
	put_frame(d, nr);
	put(d, try_writable(d, nr) == 0 ? " may be" : " is not");
	put(d, " writable");
	if (nr < DIFF_POOL) {
		put(d, ", seen as ");
		dump_entry(d, direct_entry(d, nr));
	}
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		uint64_t e = diff_view(nr)[i];

		if (e != 0 && !hypervisors(i)) {
			put(d, " ");
			put_number(d, i);
			put(d, ":");
			dump_entry(d, e);
		}
	}
	say("diff: %lu %s", d->nr, d->line);
	d->used = 0;
}

void record_dump(struct diff *d)
{
	for (unsigned int nr = 0; nr < DIFF_POOL; nr++) {
		dump_frame(d, nr);
	}
	for (unsigned int i = 0; i < d->nr_given; i++) {
		dump_frame(d, FRAME_GIVEN + i);
	}
}

void record_flush(struct diff *d)
{
	if (d->trace) {
		say("diff: %lu %s, %lx", d->nr, d->line, d->digest);
	}
	d->used = 0;
}
