/* SPDX-License-Identifier: MIT */
/*
 * A kernel to begin from: it boots with the guest library, makes an address
 * space beside the kernel's, goes there and back, and powers off. Each step
 * says its name when it is done, or why it failed, and crashes the domain.
 */
#include "kernels/common/kernel.h"
#include "pagewarden/guest.h"

#define DIRECT_BASE UINT64_C(0xffff888000000000)
#define LOW vaddr(0x400000)
#define LOW_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

/* From the linker script. */
extern const char image_start[], image_end[], text_start[], text_end[];
extern const char virt_base[] __asm__("KERNEL_VIRT_BASE");
void kernel_main(uint64_t start_info);

static char windows[GUEST_WINDOWS * PAGE_SIZE] __attribute__((aligned(4096)));
static struct guest guest;

static void step(const char *name, int error)
{
	if (error != 0) {
		say("example: %s: %s", name, guest.message);
		shut_down(SHUTDOWN_crash);
	}
	say("example: %s", name);
}

static pfn_t image_pfn(const char *at)
{
	return pfn((uint64_t)(at - virt_base) >> PAGE_SHIFT);
}

static void boot(struct guest *g, vaddr_t start_info)
{
	const struct guest_config config = {
		.geometry = &guest_geometry_4level,
		.cpu = {.nx = cpuid(0x80000001).edx >> 20 & 1},
		.virt_base = vaddr((uintptr_t)virt_base),
		.kernel_start = image_pfn(image_start),
		.kernel_end = image_pfn(image_end),
		.text_start = image_pfn(text_start),
		.text_end = image_pfn(text_end),
		.direct_base = vaddr(DIRECT_BASE),
		.windows = vaddr((uintptr_t)windows),
	};

	step("start of day", guest_start(g, &config, start_info));
	step("memory map", guest_memory_map(g));
	step("own tables", guest_own_tables(g));
	step("direct map", guest_direct_map(g));
	step("own P2M", guest_p2m_build(g, GUEST_P2M_TREE, vaddr(0)));
	step("run time", guest_run_time(g));
	step("builder's P2M dropped", guest_drop_p2m(g));
	step("initial mapping dropped", guest_drop_surplus(g));
	step("holes emptied", guest_move_holes(g, NULL));
}

/* All memory is in the direct map; a table in use is there to be read. */
static volatile uint64_t *words(pfn_t frame)
{
	return (volatile uint64_t *)guest_direct_va(&guest, frame).v;
}

static void visit_space(struct guest *g, struct guest_space *space, pfn_t page)
{
	pfn_t kernel = g->kernel.root;

	/* What the kernel has, but for the hypervisor's slots, is shared. */
	for (unsigned int i = XEN_L4_LAST + 1; i < PT_ENTRIES; i++) {
		words(space->root)[i] = words(kernel)[i];
	}
	step("page mapped", guest_map(g, space, LOW, page, LOW_FLAGS));
	step("space pinned", guest_pin_space(g, space));
	step("space entered", guest_load_root(g, space->root));
	*(volatile uint64_t *)LOW.v = 42;
	say("example: 42 at %lx is %lu in the direct map", LOW.v, *words(page));
	step("space left", guest_load_root(g, kernel));
	step("space unpinned", guest_unpin_space(g, space));
}

void kernel_main(uint64_t start_info)
{
	struct guest_space space = {.end_slot = XEN_L4_FIRST};
	pfn_t page;

	boot(&guest, vaddr(start_info));
	say("example: %lu frames, %lu free",
	    guest_memblock_nr_memory(&guest.memblock),
	    guest_memblock_nr_free(&guest.memblock));
	step("a root", guest_alloc_frames(&guest, 1, &space.root));
	step("a page", guest_alloc_frames(&guest, 1, &page));
	visit_space(&guest, &space, page);
	say("example: done");
	shut_down(SHUTDOWN_poweroff);
}
