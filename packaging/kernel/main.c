/* SPDX-License-Identifier: MIT */
/*
 * A kernel to begin from: it boots with the guest library, takes a page of
 * memory, says so, and powers off. kernels/example/main.c goes on from here
 * with an address space for processes.
 */
#include "kernels/common/kernel.h"
#include "pagewarden/guest.h"

#ifndef KERNEL_NAME
#define KERNEL_NAME "my-kernel"
#endif
#define DIRECT_BASE UINT64_C(0xffff888000000000)

/* From the linker script. */
extern const char image_start[], image_end[], text_start[], text_end[];
extern const char virt_base[] __asm__("KERNEL_VIRT_BASE");
void kernel_main(uint64_t start_info);

static char windows[GUEST_WINDOWS * PAGE_SIZE] __attribute__((aligned(4096)));
static struct guest guest;

/* A step that fails says why, and crashes the domain. */
static void step(const char *name, int error)
{
	if (error != 0) {
		say(KERNEL_NAME ": %s: %s", name, guest.message);
		shut_down(SHUTDOWN_crash);
	}
	say(KERNEL_NAME ": %s", name);
}

static pfn_t image_pfn(const char *at)
{
	return pfn((uint64_t)(at - virt_base) >> PAGE_SHIFT);
}

void kernel_main(uint64_t start_info)
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
	pfn_t page;

	step("start of day", guest_start(&guest, &config, vaddr(start_info)));
	step("memory map", guest_memory_map(&guest));
	step("own tables", guest_own_tables(&guest));
	step("direct map", guest_direct_map(&guest));
	step("own P2M", guest_p2m_build(&guest, GUEST_P2M_TREE, vaddr(0)));
	step("run time", guest_run_time(&guest));
	step("a page", guest_alloc_frames(&guest, 1, &page));
	*(volatile uint64_t *)guest_direct_va(&guest, page).v = 42;
	say(KERNEL_NAME ": %lu frames, %lu free",
	    guest_memblock_nr_memory(&guest.memblock),
	    guest_memblock_nr_free(&guest.memblock));
	say(KERNEL_NAME ": done");
	shut_down(SHUTDOWN_poweroff);
}
