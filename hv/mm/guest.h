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

#define GUEST_LOAD(value, address, fault)                                 \
	__asm__ volatile goto(                                            \
		"1: movq %1, %0\n" EX_TABLE_ENTRY("1b", "%l[" #fault "]") \
		: "=r"(value)                                             \
		: "m"(*(const uint64_t *)(address))                       \
		:                                                         \
		: fault)

/* The same for 4 bytes, as a 32-bit guest's words are. */
#define GUEST_LOAD_32(value, address, fault)                              \
	__asm__ volatile goto(                                            \
		"1: movl %1, %0\n" EX_TABLE_ENTRY("1b", "%l[" #fault "]") \
		: "=r"(value)                                             \
		: "m"(*(const uint32_t *)(address))                       \
		:                                                         \
		: fault)

#define GUEST_STORE(address, value, fault)                                   \
	__asm__ volatile goto("1: movq %0, %1\n" EX_TABLE_ENTRY("1b",        \
								"%l[" #fault \
								"]")         \
			      :                                              \
			      : "r"(value), "m"(*(uint64_t *)(address))      \
			      : "memory"                                     \
			      : fault)

#define GUEST_STORE_32(address, value, fault)                                \
	__asm__ volatile goto("1: movl %0, %1\n" EX_TABLE_ENTRY("1b",        \
								"%l[" #fault \
								"]")         \
			      :                                              \
			      : "r"(value), "m"(*(uint32_t *)(address))      \
			      : "memory"                                     \
			      : fault)

#endif
