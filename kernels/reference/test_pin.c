/* SPDX-License-Identifier: MIT */
/* Permissions and pins, straight from the hypervisor. */
#include "kernels/reference/selftest.h"

/* A frame can be written, and then, made read-only, cannot. */
static void permission(struct kernel *k)
{
	pfn_t frame = frame_new(k);
	volatile uint64_t *p = frame_ptr(k, frame);

	p[7] = 0x1234;
	check(k, p[7] == 0x1234, "the direct map holds what is written");
	check_value(k, ask_direct(k, frame, frame, FLAGS_RO), 0,
		    "a frame is made read-only");
	check(k, write_faults_at((uintptr_t)&p[7]), "a write to it faults");
	check(k, p[7] == 0x1234, "and changes nothing");
	check_value(k, ask_direct(k, frame, frame, FLAGS_RW), 0,
		    "it is made writable again");
	p[7] = 0;
	frame_free(k, frame);
}

/* One frame, pinned as an L1 table, with all that forbids. */
static void pinned(struct kernel *k)
{
	pfn_t table = frame_new(k);
	uint64_t f = frame_mfn(k, table).v;

	check_value(k, ask_extended(MMUEXT_PIN_L1_TABLE, f), -XEN_EINVAL,
		    "a frame mapped writable is no table");
	check_value(k, ask_direct(k, table, table, FLAGS_RO), 0,
		    "its mapping is made read-only");
	check_value(k, ask_extended(MMUEXT_PIN_L1_TABLE, f), 0,
		    "then it can be pinned");
	check_value(k, ask_extended(MMUEXT_PIN_L1_TABLE, f), -XEN_EINVAL,
		    "but not twice");
	check_value(k, try_writable(k, table), -XEN_EBUSY,
		    "nor mapped writable elsewhere");
	check_value(k, ask_direct(k, table, table, FLAGS_RW), -XEN_EBUSY,
		    "nor in its old place");
	check_value(k, ask_extended(MMUEXT_PIN_L2_TABLE, f), -XEN_EINVAL,
		    "nor be pinned as an L2 table");
	check_value(k, ask_extended(MMUEXT_PIN_L3_TABLE, f), -XEN_EINVAL,
		    "nor as an L3 table");
	check_value(k, ask_extended(MMUEXT_PIN_L4_TABLE, f),
		    LEVELS == 4 ? -XEN_EINVAL : 0,
		    LEVELS == 4 ? "nor as an L4 table"
				: "an L4 table is nobody's, and passed over");
	check_value(k, ask_extended(MMUEXT_NEW_BASEPTR, f), -XEN_EINVAL,
		    "nor be loaded as CR3");
	check_value(k, ask_extended(MMUEXT_NEW_USER_BASEPTR, f), -XEN_EINVAL,
		    "nor as the user's CR3");
	check_value(k, ask_extended(MMUEXT_UNPIN_TABLE, f), 0,
		    "it is unpinned");
	check_value(k, ask_extended(MMUEXT_UNPIN_TABLE, f), -XEN_EINVAL,
		    "but not twice");
	check_value(k, try_writable(k, table), 0,
		    "unpinned, it can be mapped writable");
	check_value(k, ask_direct(k, table, table, FLAGS_RW), 0,
		    "and is memory again");
	frame_free(k, table);
}

/* Each level's table is empty, pinned, and of no other level. */
static void each_level(struct kernel *k)
{
	static const char *const sentence[] = {
		"an empty L2 table can be pinned, as an L2 table only",
		"an empty L3 table can be pinned, as an L3 table only",
		"an empty L4 table can be pinned, as an L4 table only",
	};
	pfn_t table = frame_new(k);
	uint64_t f = frame_mfn(k, table).v;

	check_value(k, ask_direct(k, table, table, FLAGS_RO), 0,
		    "a frame is to be a table of each level");
	for (unsigned int level = 2; level <= SLOT_LEVEL; level++) {
		int64_t error =
			ask_extended(MMUEXT_PIN_L1_TABLE + level - 1, f);
		int64_t other = ask_extended(
			MMUEXT_PIN_L1_TABLE + (level == LEVELS ? 2 : level), f);

		check(k,
		      error == 0 && other == -XEN_EINVAL &&
			      try_writable(k, table) == -XEN_EBUSY,
		      sentence[level - 2]);
		check_value(k, ask_extended(MMUEXT_UNPIN_TABLE, f), 0,
			    "and is unpinned");
		/* The hypervisor has put its own slots there. */
		ask_direct(k, table, table, FLAGS_RW);
		for (unsigned int i = 0; i < PT_ENTRIES; i++) {
			frame_ptr(k, table)[i] = 0;
		}
		ask_direct(k, table, table, FLAGS_RO);
	}
	if (LEVELS > SLOT_LEVEL) {
		check_value(k, ask_extended(MMUEXT_PIN_L3_TABLE, f),
			    -XEN_EINVAL,
			    "but no L3 table without the hypervisor's");
	}
	check_value(k, ask_direct(k, table, table, FLAGS_RW), 0,
		    "and after that it is memory");
	frame_free(k, table);
}

void test_pin(struct kernel *k)
{
	permission(k);
	pinned(k);
	each_level(k);
}
