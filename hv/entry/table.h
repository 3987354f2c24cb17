/* SPDX-License-Identifier: MIT */
/* table.S. */
#ifndef PW_HV_ENTRY_TABLE_H
#define PW_HV_ENTRY_TABLE_H

#include "hv/entry/hypercall.h"

/* The entries that are not the engine's. */
extern int64_t (*const hypercall_table[HYPERCALLS])(struct vcpu *v,
						    uint64_t arg[6]);
/* Those of 32-bit guests. */
extern int64_t (*const hypercall_table_32[HYPERCALLS])(struct vcpu *v,
						       uint64_t arg[6]);

#endif
