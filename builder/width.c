/* SPDX-License-Identifier: MIT */
/*
 * The two widths. Bounds of the narrow one are those of a 32-bit domain on a
 * 64-bit hypervisor (xen/arch-x86/xen-x86_32.h): the kernel's addresses end at
 * 0xf5800000, where the M2P begins that it sees, with entries of 4 bytes. Xen
 * gives that window all but the last 2 MiB, so that it, and no field of 32
 * bits, says how far machine frames may go.
 */
#include "builder/width.h"

#include "abi/guest_range.h"
#include "abi/xen.h"
#include "builder/layout.h"

#define COMPAT_M2P_END UINT64_C(0xffe00000)
#define COMPAT_M2P_FRAMES \
	((COMPAT_M2P_END - XEN_COMPAT_START) / sizeof(uint32_t))

/* SYSCALL destroys rcx and r11, so that they are saved around it. */
static const uint8_t call_64[] = {
	0x51,                /* push %rcx */
	0x41, 0x53,          /* push %r11 */
	0xb8, 0,    0, 0, 0, /* mov $number, %eax */
	0x0f, 0x05,          /* syscall */
	0x41, 0x5b,          /* pop %r11 */
	0x59,                /* pop %rcx */
	0xc3,                /* ret */
};
static const uint8_t iret_64[] = {
	0x51,       /* push %rcx */
	0x41, 0x53, /* push %r11 */
	0x50,       /* push %rax */
	0xb8, __HYPERVISOR_iret,
	0,    0,
	0,          /* mov $number, %eax */
	0x0f, 0x05, /* syscall */
};
static const struct guest_hypercall hypercall_64 = {
	.call = call_64,
	.call_size = sizeof(call_64),
	.number_at = 4,
	.iret = iret_64,
	.iret_size = sizeof(iret_64),
};

static const uint8_t call_pae[] = {
	0xb8, 0,    0, 0, 0, /* mov $number, %eax */
	0xcd, 0x82,          /* int $0x82 */
	0xc3,                /* ret */
};
static const uint8_t iret_pae[] = {
	0x50, /* push %eax */
	0xb8, __HYPERVISOR_iret,
	0,    0,
	0,          /* mov $number, %eax */
	0xcd, 0x82, /* int $0x82 */
};
static const struct guest_hypercall hypercall_pae = {
	.call = call_pae,
	.call_size = sizeof(call_pae),
	.number_at = 1,
	.iret = iret_pae,
	.iret_size = sizeof(iret_pae),
};

const struct guest_width guest_64 = {
	.name = "64-bit",
	.magic = "xen-3.0-x86_64",
	.word = 8,
	.levels = 4,
	.root_entries = 512,
	.last_address = UINT64_MAX,
	.va_mask = (UINT64_C(1) << 48) - 1,
	.hv_start = HYPERVISOR_VIRT_START,
	.guest_end = GUEST_LOW_END,
	.guest_resumes = GUEST_HIGH_START - 1,
	.max_pages = LAYOUT_MAX_PAGES,
	.max_mfn = (UINT64_C(1) << MFN_BITS) - 1,
	.hypercall = &hypercall_64,
};

const struct guest_width guest_pae = {
	.name = "32-bit PAE",
	.magic = "xen-3.0-x86_32p",
	.word = 4,
	.levels = 3,
	.root_entries = 4,
	.full_root = true,
	.last_address = UINT32_MAX,
	.va_mask = UINT32_MAX,
	.hv_start = XEN_COMPAT_START,
	.guest_end = XEN_COMPAT_START,
	.guest_resumes = UINT32_MAX,
	.max_pages = COMPAT_M2P_FRAMES,
	.max_mfn = COMPAT_M2P_FRAMES - 1,
	.hypercall = &hypercall_pae,
};

bool guest_width_has(const struct guest_width *width, vaddr_t first,
		     uint64_t size)
{
	if (first.v <= width->guest_end) {
		return size <= width->guest_end - first.v;
	}
	return first.v > width->guest_resumes &&
	       first.v <= width->last_address &&
	       (size == 0 || size - 1 <= width->last_address - first.v);
}
