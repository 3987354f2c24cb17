/* SPDX-License-Identifier: MIT */
/*
 * Which addresses are a guest's: below the hole, or above the hypervisor's
 * slots (xen/arch-x86/xen-x86_64.h). Everyone who asks, asks here.
 */
#ifndef PW_ABI_GUEST_RANGE_H
#define PW_ABI_GUEST_RANGE_H

/* Guest memory ends here below the hole, and begins again here above it. */
#define GUEST_LOW_END 0x0000800000000000
#define GUEST_HIGH_START 0xffff880000000000

#ifndef __ASSEMBLY__

#include <stdbool.h>
#include <stdint.h>

/*
 * May the guest have memory at [start, start + size)? Says nothing of what is
 * mapped there. A size of 0 is right at the very end of a range, too. A 32-bit
 * guest's end sooner, and it has none above.
 */
static inline bool guest_range_below(uint64_t low_end, uint64_t start,
				     uint64_t size)
{
	if (start >= GUEST_HIGH_START) {
		return size <= -start;
	}
	return start <= low_end && size <= low_end - start;
}

static inline bool guest_range_ok(uint64_t start, uint64_t size)
{
	return guest_range_below(GUEST_LOW_END, start, size);
}

#endif
#endif
