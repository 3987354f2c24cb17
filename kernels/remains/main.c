/* SPDX-License-Identifier: MIT */
/*
 * What a life leaves behind. A domain that dies and is made again gets much of
 * the memory that it had, or that another had. "first=DOMID" says which number
 * the first life has: in that one the kernel fills all memory that it can
 * reach, the pages that the hypervisor lends it, and the registers with a
 * secret, leaves some of it in page tables, and dies. In each later life it
 * looks everywhere before it writes anywhere, and finds nothing.
 */
#include "kernels/common/pv.h"

void kernel_main(uint64_t start_info);

#define SECRET UINT64_C(0x5ec3e75ec3e75ec3)
#define NOBODY 77
#define GRANT_FRAMES 64 /* or as many as there may be */
#define TABLES 16       /* that are pinned when it dies */
#define XMMS 16

static uint64_t window[512] __attribute__((aligned(4096)));
static uint64_t lent[GRANT_FRAMES];

/*
 * The first frame after the image, and all that there are but those that the
 * start of day is in: tables, the stack behind them, the list of frames.
 */
static uint64_t first_free(const struct pv *s)
{
	const uint64_t tables =
		(s->start->pt_base - s->virt_base) >> PAGE_SHIFT;

	return tables + s->start->nr_pt_frames + 1;
}

static bool is_of_list(const struct pv *s, uint64_t pfn)
{
	return pfn >= s->start->first_p2m_pfn &&
	       pfn - s->start->first_p2m_pfn < s->start->nr_p2m_frames;
}

static void look_at(uint64_t frame)
{
	if (map_page(window, frame << PAGE_SHIFT | MAP_RW) != 0) {
		die("a frame of our own is refused");
	}
}

static void fill(void)
{
	for (unsigned int i = 0; i < 512; i++) {
		window[i] = SECRET + i;
	}
}

static bool is_clean(void)
{
	uint64_t all = 0;

	for (unsigned int i = 0; i < 512; i++) {
		all |= window[i];
	}
	return all == 0;
}

static unsigned int lent_frames(void)
{
	gnttab_query_size_t size = {.dom = DOMID_SELF};
	gnttab_setup_table_t setup = {.dom = DOMID_SELF};

	grant_op(GNTTABOP_query_size, &size);
	setup.nr_frames = size.max_nr_frames < GRANT_FRAMES ? size.max_nr_frames
							    : GRANT_FRAMES;
	set_xen_guest_handle(setup.frame_list, lent);
	if (grant_op(GNTTABOP_setup_table, &setup) != 0 || setup.status != 0) {
		die("no grant table");
	}
	return setup.nr_frames;
}

/* --- registers -------------------------------------------------------------
 */

static void save_xmm(uint8_t to[XMMS][16])
{
	__asm__ volatile(
		"movups %%xmm0, (%0)\n\tmovups %%xmm1, 16(%0)\n\t"
		"movups %%xmm2, 32(%0)\n\tmovups %%xmm3, 48(%0)\n\t"
		"movups %%xmm4, 64(%0)\n\tmovups %%xmm5, 80(%0)\n\t"
		"movups %%xmm6, 96(%0)\n\tmovups %%xmm7, 112(%0)\n\t"
		"movups %%xmm8, 128(%0)\n\tmovups %%xmm9, 144(%0)\n\t"
		"movups %%xmm10, 160(%0)\n\tmovups %%xmm11, 176(%0)\n\t"
		"movups %%xmm12, 192(%0)\n\tmovups %%xmm13, 208(%0)\n\t"
		"movups %%xmm14, 224(%0)\n\tmovups %%xmm15, 240(%0)"
		:
		: "r"(to)
		: "memory");
}

static void fill_xmm(void)
{
	const uint64_t secret[2] = {SECRET, SECRET};

	__asm__ volatile("movups (%0), %%xmm0\n\tmovups (%0), %%xmm1\n\t"
			 "movups (%0), %%xmm7\n\tmovups (%0), %%xmm8\n\t"
			 "movups (%0), %%xmm15"
			 :
			 : "r"(secret)
			 : "memory");
}

static void check_registers(uint8_t xmm[XMMS][16])
{
	unsigned int dirty = 0;

	for (unsigned int i = 0; i < XMMS * 16; i++) {
		dirty += xmm[i / 16][i % 16] != 0;
	}
	expect("vector registers that are not 0", dirty, 0);
	for (unsigned int i = 0; i < 4; i++) {
		expect("a debug register",
		       hypercall(__HYPERVISOR_get_debugreg, i, 0, 0, 0, 0), 0);
	}
}

/* --- the lives -------------------------------------------------------------
 */

/* Pages of entries, which are tables still when the domain dies. */
static void leave_tables(const struct pv *s, uint64_t from)
{
	for (unsigned int t = 0; t < TABLES; t++) {
		struct mmuext_op op = {.cmd = MMUEXT_PIN_L1_TABLE,
				       .arg1.mfn = s->p2m[from + t]};

		look_at(op.arg1.mfn);
		for (unsigned int i = 0; i < 512; i++) {
			window[i] = s->p2m[from + TABLES + i] << PAGE_SHIFT |
				    MAP_RW;
		}
		map_page(window, 0);
		expect("a table that is left",
		       hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0,
				 DOMID_SELF, 0),
		       0);
	}
}

/* Masks of ports that nobody has, and the state of vCPUs that are not there. */
static void fill_shared(const struct pv *s)
{
	for (unsigned int i = 1; i < 64; i++) {
		s->shared->evtchn_mask[i] = SECRET;
	}
	for (unsigned int i = 1; i < XEN_LEGACY_MAX_VCPUS; i++) {
		s->shared->vcpu_info[i].arch.cr2 = SECRET;
	}
}

static void check_shared(const struct pv *s)
{
	uint64_t all = 0;

	for (unsigned int i = 1; i < 64; i++) {
		all |= s->shared->evtchn_mask[i];
	}
	for (unsigned int i = 1; i < XEN_LEGACY_MAX_VCPUS; i++) {
		all |= s->shared->vcpu_info[i].arch.cr2;
	}
	expect("what is left in the page that is shared", (int64_t)all, 0);
}

static void live_first(const struct pv *s)
{
	const uint64_t first = first_free(s);
	const uint64_t end = s->start->nr_pages;
	const unsigned int nr_lent = lent_frames();

	for (uint64_t pfn = first; pfn < end; pfn++) {
		if (!is_of_list(s, pfn)) {
			look_at(s->p2m[pfn]);
			fill();
		}
	}
	for (unsigned int i = 0; i < nr_lent; i++) {
		look_at(lent[i]);
		fill();
	}
	fill_shared(s);
	leave_tables(s, end - TABLES - 512);
	for (unsigned int i = 0; i < 4; i++) {
		expect("a debug register is set",
		       hypercall(__HYPERVISOR_set_debugreg, i,
				 (uintptr_t)window, 0, 0, 0),
		       0);
	}
	say("remains: %lu and %u frames filled", end - first, nr_lent);
	fill_xmm();
	shut_down(SHUTDOWN_reboot);
}

static void live_again(const struct pv *s, uint8_t xmm[XMMS][16])
{
	const uint64_t first = first_free(s);
	const uint64_t end = s->start->nr_pages;
	const unsigned int nr_lent = lent_frames();
	uint64_t dirty = 0;

	check_registers(xmm);
	check_shared(s);
	for (uint64_t pfn = first; pfn < end; pfn++) {
		if (!is_of_list(s, pfn)) {
			look_at(s->p2m[pfn]);
			dirty += !is_clean();
		}
	}
	say("remains: %lu and %u frames looked at", end - first, nr_lent);
	expect("of its own frames, with something in them", (int64_t)dirty, 0);
	dirty = 0;
	for (unsigned int i = 0; i < nr_lent; i++) {
		look_at(lent[i]);
		/* The first entries are the hypervisor's own use. */
		memset(window, 0, i == 0 ? 8 * sizeof(grant_entry_v1_t) : 0);
		dirty += !is_clean();
	}
	expect("of those that are lent", (int64_t)dirty, 0);
}

void kernel_main(uint64_t start_info)
{
	static struct pv s;
	static uint8_t xmm[XMMS][16];

	save_xmm(xmm);
	pv_start(&s, start_info);
	if (cmdline_number((const char *)s.start->cmd_line, "first", NOBODY) ==
	    own_number()) {
		live_first(&s);
	}
	live_again(&s, xmm);
	expect_end();
}
