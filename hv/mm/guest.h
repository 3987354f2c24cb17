/* SPDX-License-Identifier: MIT */
/*
 * Loads and stores of guest memory, by the tables that are loaded. Addresses
 * must have passed guest_range_ok(); what is not mapped, not writable or not
 * canonical faults, and goes on at the label.
 */
#ifndef PW_HV_MM_GUEST_H
#define PW_HV_MM_GUEST_H

#include <stdint.h>

#define EX_TABLE_ENTRY(at, fixup)         \
	".pushsection .ex_table, \"a\"\n" \
	".quad " at ", " fixup "\n"       \
	".popsection\n"

#define GUEST_LOAD_BY(mov, type, value, address, fault)                      \
	__asm__ volatile goto(                                               \
		"1: " mov " %1, %0\n" EX_TABLE_ENTRY("1b", "%l[" #fault "]") \
		: "=r"(value)                                                \
		: "m"(*(const type *)(address))                              \
		:                                                            \
		: fault)

#define GUEST_STORE_BY(mov, type, address, value, fault)                   \
	__asm__ volatile goto("1: " mov                                    \
			      " %0, %1\n" EX_TABLE_ENTRY("1b",             \
							 "%l[" #fault "]") \
			      :                                            \
			      : "r"(value), "m"(*(type *)(address))        \
			      : "memory"                                   \
			      : fault)

#define GUEST_LOAD(value, address, fault) \
	GUEST_LOAD_BY("movq", uint64_t, value, address, fault)
#define GUEST_STORE(address, value, fault) \
	GUEST_STORE_BY("movq", uint64_t, address, value, fault)
/* The same for 4 bytes, as a 32-bit guest's words are. */
#define GUEST_LOAD_32(value, address, fault) \
	GUEST_LOAD_BY("movl", uint32_t, value, address, fault)
#define GUEST_STORE_32(address, value, fault) \
	GUEST_STORE_BY("movl", uint32_t, address, value, fault)

#endif
