/* SPDX-License-Identifier: MIT */
/* What tests of grant tables begin with: a table, and requests of the guest. */
#ifndef PW_TESTS_METAL_GRANTS_H
#define PW_TESTS_METAL_GRANTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/metal/metal.h"

#include "hv/services/grant.h"
#include "hv/services/grant_table.h"

#define REF 9
#define OTHER_REF 10
#define GRANTED \
	30 /* frames of the domain that are granted: this and the next */
/* An entry of the L1 that maps nothing. */
#define FREE_ENTRY 40
#define FREE_VA ((uint64_t)FREE_ENTRY << PAGE_SHIFT)
#define MARKS (GTF_reading | GTF_writing)

#define OP(t, cmd, op) \
	metal_op((t), hc_grant_table_op, (cmd), &(op), sizeof(op))

static inline int set_up(void **state)
{
	int rc = metal_set_up(state);
	struct metal *t = *state;

	grant_domain_init(&t->d, mfn(METAL_GRANTS), metal_frame(20),
			  metal_frame(21));
	return rc;
}

static inline grant_entry_v1_t *entry(struct metal *t, uint32_t ref)
{
	return (grant_entry_v1_t *)frame_data(&t->m.mmu, mfn(METAL_GRANTS)) +
	       ref;
}

static inline void grant(struct metal *t, uint32_t ref, uint16_t flags,
			 mfn_t frame)
{
	*entry(t, ref) =
		(grant_entry_v1_t){.flags = (uint16_t)(GTF_permit_access |
						       flags),
				   .domid = TEST_DOMID,
				   .frame = (uint32_t)frame.v};
}

static inline gnttab_map_grant_ref_t map(struct metal *t, uint32_t ref,
					 uint32_t flags)
{
	gnttab_map_grant_ref_t op = {.host_addr = FREE_VA,
				     .flags = flags,
				     .ref = ref,
				     .dom = TEST_DOMID};

	assert_int_equal(OP(t, GNTTABOP_map_grant_ref, op), 0);
	return op;
}

static inline int16_t unmap(struct metal *t, grant_handle_t handle,
			    uint64_t host, uint64_t bus)
{
	gnttab_unmap_grant_ref_t op = {.host_addr = host,
				       .dev_bus_addr = bus,
				       .handle = handle};

	assert_int_equal(OP(t, GNTTABOP_unmap_grant_ref, op), 0);
	return op.status;
}

#endif
