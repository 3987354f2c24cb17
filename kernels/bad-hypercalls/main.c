/* SPDX-License-Identifier: MIT */
/*
 * A guest that asks for what it may not have. Every request here is wrong, and
 * must come back with the errno that Xen returns for it, or as a trap, and
 * leave everything as it was: the kernel goes on with the same few pages until
 * the end, and the hypervisor's audit counts them afterwards. One line of TAP
 * for each, and the sum.
 */
#include "kernels/bad-hypercalls/bad.h"

#include "abi/xen.h"

extern const char virt_base[] __asm__("KERNEL_VIRT_BASE");
void kernel_main(uint64_t start_info);

uint8_t page_a[PAGE_SIZE] __attribute__((aligned(4096)));
uint8_t page_b[PAGE_SIZE] __attribute__((aligned(4096)));

uint64_t mfn_at(const struct bad *b, const void *address)
{
	return b->p2m[((uintptr_t)address - b->virt_base) >> PAGE_SHIFT];
}

void *va_of(const struct bad *b, uint64_t frame)
{
	const uint64_t *m2p = (const uint64_t *)MACH2PHYS_VIRT_START;

	return (void *)(b->virt_base + (m2p[frame] << PAGE_SHIFT));
}

pte_t *l1_of(const struct bad *b, const void *address)
{
	pte_t *table = b->l4;

	for (unsigned int level = 4; level > 1; level--) {
		pte_t e = table[pt_index(vaddr((uintptr_t)address), level)];

		table = va_of(b, pte_mfn(e).v);
	}
	return table;
}

int64_t remap(const struct bad *b, void *page, uint64_t flags)
{
	uint64_t e = mfn_at(b, page) << PAGE_SHIFT | flags;

	return hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)page, e,
			 UVMF_INVLPG | UVMF_LOCAL, 0, 0);
}

int64_t mmuext(unsigned int cmd, uint64_t arg1, uint64_t arg2)
{
	struct mmuext_op op = {.cmd = cmd};

	op.arg1.linear_addr = arg1;
	op.arg2.src_mfn = arg2;
	return hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0,
			 DOMID_SELF, 0);
}

int64_t update(uint64_t ptr, uint64_t val)
{
	struct mmu_update req = {.ptr = ptr, .val = val};

	return hypercall(__HYPERVISOR_mmu_update, (uintptr_t)&req, 1, 0,
			 DOMID_SELF, 0);
}

void kernel_main(uint64_t start_info)
{
	struct bad b = {
		.start = (const struct start_info *)start_info,
		.virt_base = (uintptr_t)virt_base,
	};

	const char *cmdline = (const char *)b.start->cmd_line;

	b.p2m = (const uint64_t *)b.start->mfn_list;
	b.l4 = (pte_t *)b.start->pt_base;
	traps_init(NULL);
	if (cmdline_text(cmdline, "random") != NULL) {
		random_calls(&b, cmdline_number(cmdline, "random", 1),
			     cmdline_number(cmdline, "ops", 1000),
			     cmdline_number(cmdline, "show", UINT64_MAX));
		shut_down(SHUTDOWN_poweroff);
	}
	if (cmdline_text(cmdline, "end") != NULL) {
		end_by(&b, cmdline_text(cmdline, "end"));
	}
	check_requests(&b);
	check_tables(&b);
	check_descriptors(&b);
	check_services(&b);
	check_access(&b);
	check_hostile(&b);
	check_linear(&b);
	check_more(&b);
	expect_end();
}
