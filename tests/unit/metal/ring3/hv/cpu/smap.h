/* SPDX-License-Identifier: MIT */
/* In the place of the hypervisor's: a process has no SMAP. */
#ifndef PW_HV_CPU_SMAP_H
#define PW_HV_CPU_SMAP_H

static inline void guest_access_begin(void)
{
}
static inline void guest_access_end(void)
{
}

#endif
