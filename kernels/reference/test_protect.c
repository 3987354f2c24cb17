/* SPDX-License-Identifier: MIT */
/* Permissions, by the library, and the CPU's view of them. */
#include "kernels/reference/selftest.h"

/* Of the image: mapped by the builder's mapping and by the direct map. */
static uint8_t twice[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static bool fetch_faulted;

static void readonly(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t frame = frame_new(k);
	volatile uint64_t *p = frame_ptr(k, frame);

	p[0] = 1;
	check(k,
	      guest_make_readonly(g, frame) == 0 && guest_flush(g) == 0 &&
		      guest_flush_address(g, vaddr((uintptr_t)p)) == 0 &&
		      guest_flush(g) == 0,
	      "protect: a frame is made read-only");
	check(k, write_faults(k, frame) && p[0] == 1,
	      "protect: it cannot be written, and is still read");
	check_value(k, try_writable(k, frame), 0,
		    "protect: but it is no table");
	check(k,
	      guest_make_readwrite(g, frame, GUEST_FLUSH) == 0 &&
		      guest_flush(g) == 0 &&
		      probe_write((uintptr_t)p, 2, NULL, NULL) == -1 &&
		      p[0] == 2,
	      "protect: and it is made writable again");
	frame_free(k, frame);
}

/* A frame of the image has two mappings, and both follow. */
static void two_mappings(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t frame =
		pfn(((uintptr_t)twice - g->config.virt_base.v) >> PAGE_SHIFT);
	uint64_t direct = (uintptr_t)frame_ptr(k, frame);
	uint64_t initial = (uintptr_t)twice;

	check(k,
	      pte_mfn(pte(walk_leaf(k, direct))).v ==
		      pte_mfn(pte(walk_leaf(k, initial))).v,
	      "protect: a frame of the image is mapped twice");
	check(k,
	      guest_make_readonly(g, frame) == 0 && guest_flush_tlb(g) == 0 &&
		      guest_flush(g) == 0 && write_faults_at(direct) &&
		      write_faults_at(initial),
	      "protect: and read-only twice");
	check(k,
	      guest_make_readwrite(g, frame, GUEST_FLUSH) == 0 &&
		      guest_flush(g) == 0 &&
		      probe_write(direct, 3, NULL, NULL) == -1 &&
		      probe_write(initial, 4, NULL, NULL) == -1 &&
		      frame_ptr(k, frame)[0] == 4,
	      "protect: and writable twice");
}

static void refused(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t root = g->kernel.root;

	check_value(k, guest_make_readwrite(g, root, GUEST_FLUSH), 0,
		    "protect: the root is asked to be writable");
	check_value(k, guest_flush(g), -XEN_EBUSY,
		    "protect: and it is refused");
	check(k, write_faults(k, root), "protect: it cannot be written");
	check(k,
	      guest_make_readonly(g, pfn(g->room_end.v)) == -XEN_ENOENT &&
		      guest_make_readwrite(g, pfn(g->room_end.v),
					   GUEST_FLUSH) == -XEN_ENOENT,
	      "protect: a frame that nothing maps is not found");
	check_value(k,
		    guest_protect(g, root, vaddr(TEST_BASE), PTE_RW, 0,
				  GUEST_FLUSH),
		    -XEN_ENOENT, "protect: nor is an address without a page");
}

/* Where the caller of a page that cannot be run goes on. */
static __attribute__((noinline)) void back(void)
{
	__asm__ volatile("");
}

static bool fetch_fault(struct trap_frame *f, uint64_t cr2)
{
	if (f->vector != VECTOR_PAGE_FAULT || cr2 != TEST_BASE ||
	    f->rip != TEST_BASE) {
		return false;
	}
	/* Back to the caller, as the page's own "ret" would: by another. */
	fetch_faulted = (f->error & 0x10) != 0;
	f->rip = (uintptr_t)back;
	return true;
}

static bool can_execute(void)
{
	fetch_faulted = false;
	traps_expect(fetch_fault);
	((void (*)(void))TEST_BASE)();
	traps_expect(NULL);
	return !fetch_faulted;
}

static bool protect(struct kernel *k, uint64_t set, uint64_t clear)
{
	struct guest *g = &k->guest;

	return guest_protect(g, g->kernel.root, vaddr(TEST_BASE), set, clear,
			     GUEST_FLUSH) == 0 &&
	       guest_flush(g) == 0 &&
	       (walk_leaf(k, TEST_BASE) & (set | clear)) == set;
}

/* A page with one instruction, "ret". */
static void flags(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t frame = frame_new(k);
	bool nx = g->config.cpu.nx;

	*(uint8_t *)frame_ptr(k, frame) = 0xc3;
	check(k,
	      guest_map(g, &g->kernel, vaddr(TEST_BASE), frame, FLAGS_RW) ==
			      0 &&
		      guest_flush(g) == 0 && can_execute(),
	      "protect: a page can be executed");
	check(k, !nx || (protect(k, PTE_NX, 0) && !can_execute()),
	      "protect: and with NX, if the CPU has it, it cannot");
	check(k, protect(k, 0, nx ? PTE_NX : 0) && can_execute(),
	      "protect: and without it, it can again");
	check(k, protect(k, 0, PTE_RW) && write_faults_at(TEST_BASE),
	      "protect: a page without RW cannot be written");
	check(k,
	      protect(k, PTE_RW, 0) &&
		      probe_write(TEST_BASE, 5, NULL, NULL) == -1 &&
		      frame_ptr(k, frame)[0] == 5,
	      "protect: and with it, it can");
	if (guest_unmap(g, &g->kernel, vaddr(TEST_BASE)) != 0) {
		fail(k, "a page of a test cannot be unmapped");
	}
	drop_tables(k, TEST_BASE);
	frame_free(k, frame);
}

void test_protect(struct kernel *k)
{
	readonly(k);
	two_mappings(k);
	refused(k);
	flags(k);
}
