/* SPDX-License-Identifier: MIT */
/*
 * The Xen ABI, from the public headers of Debian's libxen-dev, and what they
 * lack: the errno values as XEN_E*, and the constants of the PV-64 layout.
 */
#ifndef PW_ABI_XEN_H
#define PW_ABI_XEN_H

#include <stddef.h>
#include <stdint.h>

/* Without this the headers describe the ABI of 2005: other numbers, too. */
#define __XEN_INTERFACE_VERSION__ 0x00040e00
#include <xen/xen.h>

#include <xen/callback.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#define XEN_ERRNO(name, value) XEN_##name = (value),
enum xen_errno {
#include <xen/errno.h>
};

/*
 * Not part of the ABI: a guest never sees it, because the call that returned
 * it is issued again. The value is the one Xen uses inside.
 */
#define XEN_ERESTART 85

/*
 * The arguments of update_va_mapping: an entry of 64 bits takes two words of a
 * 32-bit kernel's.
 */
static inline void xen_mapping_args(xen_ulong_t args[4], uint64_t va,
				    uint64_t entry, unsigned long flags)
{
	args[0] = (xen_ulong_t)va;
#ifdef __i386__
	args[1] = (xen_ulong_t)entry;
	args[2] = (xen_ulong_t)(entry >> 32);
	args[3] = flags;
#else
	args[1] = entry;
	args[2] = flags;
	args[3] = 0;
#endif
}

/* L4 slots that belong to the hypervisor (xen/arch-x86/xen-x86_64.h). */
#define XEN_L4_FIRST 256
#define XEN_L4_LAST 271
#define XEN_L4_SLOTS (XEN_L4_LAST - XEN_L4_FIRST + 1)

/*
 * Where a 32-bit domain's addresses end, and the slots from there on of the L2
 * that maps its last gigabyte (xen/arch-x86/xen-x86_32.h).
 */
#define XEN_COMPAT_START UINT64_C(0xf5800000)
#define XEN_L2_FIRST 428
#define XEN_L2_LAST 511
#define XEN_L2_SLOTS (XEN_L2_LAST - XEN_L2_FIRST + 1)
/* Its M2P begins there, of 4 bytes a frame, and has room to here. */
#define XEN_COMPAT_M2P_END UINT64_C(0xffe00000)
#define XEN_COMPAT_M2P_FRAMES ((XEN_COMPAT_M2P_END - XEN_COMPAT_START) / 4)

#endif
