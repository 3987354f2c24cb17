/* SPDX-License-Identifier: MIT */
/*
 * The box: frames to be used up, the kernel's upper tables, everybody else's
 * frames, and a window of addresses with tables of its own, which chance may
 * take apart as it likes. From time to time all is put back, so that not
 * every request fails for what an earlier one did.
 */
#include "kernels/bad-hypercalls/random.h"

#define WINDOW_SLOT (WINDOW >> 39 & 511)
#define LOWER_SLOTS 256
#define GRANT_ENTRIES 64

static uint64_t frames[BOX_FRAMES];
static uint64_t tables[3]; /* the kernel's L4, L3, L2 */
static uint64_t first_pfn; /* of the frames */
static uint64_t kernel_pfns;
static uint64_t shared_frame;
static uint64_t grant_frame;
static uint64_t nr_machine;
static uint8_t grants[PAGE_SIZE] __attribute__((aligned(4096)));

static const uint64_t *m2p(void)
{
	return (const uint64_t *)MACH2PHYS_VIRT_START;
}

/* A frame whose content the kernel lives by. */
static bool is_kernels(uint64_t frame)
{
	if (frame == tables[0] || frame == tables[1] || frame == tables[2]) {
		return false; /* entries for which are chosen with care */
	}
	return frame == shared_frame ||
	       (frame < nr_machine && m2p()[frame] < kernel_pfns);
}

/* As a number, as an address, and as an entry of a table. */
static bool may_be_kernels(uint64_t v)
{
	return is_kernels(v) || is_kernels(v & UINT32_MAX) ||
	       is_kernels(v >> PAGE_SHIFT) ||
	       is_kernels((v & PTE_FRAME_MASK) >> PAGE_SHIFT);
}

uint64_t box_l4(void)
{
	return tables[0];
}

uint64_t box_frame(void)
{
	uint64_t any;

	switch (chance(16)) {
	case 0:
		return tables[chance(3)];
	case 1:
		return grant_frame;
	case 2:
		do {
			any = chance(nr_machine + 16);
		} while (is_kernels(any));
		return any;
	case 3:
		return frames[chance(WINDOW_FRAMES)];
	default:
		return frames[chance(BOX_FRAMES)];
	}
}

/*
 * With A and D always: read as the address of a request, an entry that shows
 * one of the kernel's tables then means a slot above 11, of which the kernel
 * uses none but the upper ones, and those flags are for other frames.
 */
uint64_t box_pte(void)
{
	static const uint64_t usual[] = {MAP_RW,          MAP_RO,
					 MAP_RO | PTE_NX, MAP_RW | PTE_NX,
					 MAP_RW | PTE_PS, MAP_RO | PTE_PCD};
	const uint64_t address = box_frame() << PAGE_SHIFT;

	if (address >> PAGE_SHIFT == tables[0] ||
	    address >> PAGE_SHIFT == tables[1] ||
	    address >> PAGE_SHIFT == tables[2] || !one_in(4)) {
		return address | usual[chance(6)];
	}
	return address | PTE_A | PTE_D | chance(PAGE_SIZE) |
	       (one_in(4) ? PTE_NX : 0);
}

uint64_t box_entry(void)
{
	const uint64_t kind = one_in(8) ? chance(8) : chance(2) * 2;

	switch (chance(8)) {
	case 0:
		return tables[0] << PAGE_SHIFT | chance(LOWER_SLOTS) * 8 | kind;
	case 1:
		return frames[chance(BOX_FRAMES)] << PAGE_SHIFT |
		       chance(PAGE_SIZE);
	case 2:
	case 3:
	case 4:
		/* The L1 table of the window. */
		return frames[3] << PAGE_SHIFT | chance(WINDOW_PAGES) * 8 |
		       kind;
	case 5:
		return frames[chance(WINDOW_FRAMES)] << PAGE_SHIFT |
		       chance(4) * 8 | kind;
	default:
		return frames[chance(BOX_FRAMES)] << PAGE_SHIFT |
		       chance(512) * 8 | kind;
	}
}

uint64_t box_window(void)
{
	return WINDOW + chance(WINDOW_PAGES) * PAGE_SIZE;
}

uint64_t box_bad_pointer(void)
{
	static const uint64_t bad[] = {
		0,
		HYPERVISOR_IMAGE,
		HYPERVISOR_MAP,
		HYPERVISOR_GDT,
		NOT_CANONICAL,
		NOT_MAPPED,
		MACH2PHYS_VIRT_START,
		UINT64_C(0x00007ffffffff000),
		UINT64_C(0xffff7ffffffff000),
		UINT64_C(0xffff800000000000),
		UINT64_C(0xffff87fffffff000),
		UINT64_C(0xfffffffffffff000),
	};
	const uint64_t page = bad[chance(sizeof(bad) / sizeof(bad[0]))];

	if (one_in(4)) {
		return box_window() + chance(512) * 8;
	}
	return one_in(2) ? page + chance(512) * 8 : page + PAGE_SIZE - 8;
}

uint64_t box_domid(void)
{
	switch (chance(16)) {
	case 0:
		return chance(4);
	case 1:
		return DOMID_IO;
	case 2:
		return DOMID_XEN;
	case 3:
		return chance(UINT64_C(1) << 32);
	default:
		return DOMID_SELF;
	}
}

static uint64_t any_value(void)
{
	switch (chance(16)) {
	case 0:
	case 1:
		return 0;
	case 2:
		return (uint64_t)chance(UINT64_MAX);
	case 3:
	case 4:
		return chance(64);
	case 5:
		return chance(16) | chance(16) << 32;
	case 6:
		return box_domid() | chance(4) << 32;
	case 7:
		return UINT64_C(1) << chance(64);
	case 8:
		return (UINT64_C(1) << chance(64)) - 1;
	case 9:
		return box_bad_pointer();
	case 10:
		return box_entry();
	case 11:
		return box_pte();
	case 12:
		return box_window();
	default:
		return box_frame();
	}
}

uint64_t box_value(void)
{
	uint64_t v;

	do {
		v = any_value();
	} while (may_be_kernels(v));
	return v;
}

void box_grants(void)
{
	uint64_t *entry = (uint64_t *)grants;

	for (unsigned int i = 8; i < GRANT_ENTRIES; i++) {
		const uint64_t flags =
			one_in(4) ? chance(32) : GTF_permit_access;

		entry[i] = flags | chance(3) << 16 | box_frame() << 32;
	}
}

static bool clear(unsigned int i)
{
	return mmuext(MMUEXT_CLEAR_PAGE, frames[i], 0) == 0 &&
	       update(frames[i] << PAGE_SHIFT | MMU_MACHPHYS_UPDATE,
		      first_pfn + i) == 0;
}

/* Best effort: what chance has made of a frame may keep it for good. */
static void free_frame(unsigned int i)
{
	struct xen_memory_reservation r = {
		.nr_extents = 1,
		.domid = DOMID_SELF,
	};
	uint64_t pfn = first_pfn + i;

	if (clear(i)) {
		return;
	}
	mmuext(MMUEXT_UNPIN_TABLE, frames[i], 0);
	if (clear(i)) {
		return;
	}
	/* Another in its place. */
	set_xen_guest_handle_raw(r.extent_start, &frames[i]);
	hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
		  (uintptr_t)&r, 0, 0, 0);
	set_xen_guest_handle_raw(r.extent_start, &pfn);
	if (hypercall(__HYPERVISOR_memory_op, XENMEM_populate_physmap,
		      (uintptr_t)&r, 0, 0, 0) == 1) {
		frames[i] = pfn;
	}
}

static void link(unsigned int table, uint64_t slot, unsigned int to)
{
	update((frames[table] << PAGE_SHIFT) + slot * 8,
	       frames[to] << PAGE_SHIFT | MAP_RW);
}

/* A frame that something holds writable can be no table: others may. */
static void shuffle(void)
{
	for (unsigned int i = 0; i < WINDOW_FRAMES; i++) {
		const uint64_t with = chance(BOX_FRAMES);
		const uint64_t frame = frames[i];

		frames[i] = frames[with];
		frames[with] = frame;
	}
}

void box_reset(void)
{
	for (uint64_t slot = 0; slot < LOWER_SLOTS; slot++) {
		update((tables[0] << PAGE_SHIFT) + slot * 8, 0);
	}
	mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
	mmuext(MMUEXT_SET_LDT, 0, 0);
	hypercall(__HYPERVISOR_set_gdt, 0, 0, 0, 0, 0);
	mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
	for (unsigned int i = 0; i < BOX_FRAMES; i++) {
		free_frame(i);
	}
	shuffle();
	link(2, 0, 3);
	link(1, 0, 2);
	update((tables[0] << PAGE_SHIFT) + WINDOW_SLOT * 8,
	       frames[1] << PAGE_SHIFT | MAP_RW);
	for (unsigned int i = 0; i < WINDOW_PAGES; i++) {
		link(3, i, WINDOW_FRAMES + i % (BOX_FRAMES / 2));
	}
	/* The fourth can be a root. */
	mmuext(MMUEXT_PIN_L4_TABLE, frames[0], 0);
}

static void map_grants(void)
{
	uint64_t list = 0;
	struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = 1};

	set_xen_guest_handle_raw(setup.frame_list, &list);
	if (hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table,
		      (uintptr_t)&setup, 1, 0, 0) != 0 ||
	    hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)grants,
		      list << PAGE_SHIFT | MAP_RW, UVMF_INVLPG | UVMF_ALL, 0,
		      0) != 0) {
		die("the grant table cannot be mapped");
	}
	grant_frame = list;
}

void box_init(const struct bad *b)
{
	pte_t *table = b->l4;

	for (unsigned int i = 0; i < 3; i++) {
		tables[i] = mfn_at(b, table);
		table = va_of(
			b,
			pte_mfn(table[pt_index(vaddr(b->virt_base), 4 - i)]).v);
	}
	first_pfn = b->start->nr_pages - BOX_FRAMES;
	/* Whatever lies below: the builder's pages are the first. */
	kernel_pfns = first_pfn;
	shared_frame = b->start->shared_info >> PAGE_SHIFT;
	nr_machine = (uint64_t)hypercall(__HYPERVISOR_memory_op,
					 XENMEM_maximum_ram_page, 0, 0, 0, 0);
	for (unsigned int i = 0; i < BOX_FRAMES; i++) {
		frames[i] = b->p2m[first_pfn + i];
	}
	map_grants();
	box_reset();
}
