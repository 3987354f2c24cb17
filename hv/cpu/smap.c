/* SPDX-License-Identifier: MIT */
/*
 * SMAP: while AC is clear, the CPU refuses us what is the guests'. The places
 * that mean to reach a guest say so around it; where the CPU has SMAP their
 * no-operations become STAC and CLAC, at boot, before the text is read-only.
 * A fault on the way leaves AC set: trap_own() clears it with the fixup, and
 * every entry that the guest's own AC might come in by clears it, too.
 */
#include "hv/cpu/smap.h"

#include "hv/cpu/x86.h"

#define CPUID_FEATURES7 7
#define CPUID7_B_SMAP (1u << 20)
#define CPUID1_C_HYPERVISOR (1u << 31)

struct smap_site {
	uint8_t *at;
	uint64_t last_byte;
};

extern const struct smap_site smap_sites_start[], smap_sites_end[];

bool smap_forced;

/*
 * QEMU's own translator takes the frame of a guest's IRETQ from the stack with
 * ring 0's rights, which SMAP then refuses.
 */
static bool is_translated(void)
{
	const struct cpuid c = x86_cpuid(0x40000000, 0);

	return (x86_cpuid(1, 0).c & CPUID1_C_HYPERVISOR) != 0 &&
	       __builtin_memcmp(&c.b, "TCGTCGTCGTCG", 12) == 0;
}

bool smap_present(void)
{
	return x86_cpuid(0, 0).a >= CPUID_FEATURES7 &&
	       (x86_cpuid(CPUID_FEATURES7, 0).b & CPUID7_B_SMAP) != 0 &&
	       (smap_forced || !is_translated());
}

void smap_init(void)
{
	const uint64_t nr =
		((uint64_t)smap_sites_end - (uint64_t)smap_sites_start) /
		sizeof(struct smap_site);

	for (uint64_t i = 0; i < nr && smap_present(); i++) {
		smap_sites_start[i].at[1] = 0x01;
		smap_sites_start[i].at[2] =
			(uint8_t)smap_sites_start[i].last_byte;
	}
}
