/* SPDX-License-Identifier: MIT */
/* What engineers read in numbers after years, for those who have just begun. */
#include "cli/why/words.h"

#include "abi/pte.h"

#define TYPE_SHIFT 60
#define INFO_PINNED (UINT64_C(1) << 59)
#define INFO_VALIDATED (UINT64_C(1) << 58)
#define INFO_LAST_L2 (UINT64_C(1) << 57)
#define INFO_PARTIAL (UINT64_C(1) << 56)
#define INFO_COUNT (INFO_PARTIAL - 1)

void words_flags(struct text *t, uint64_t flags)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} names[] = {
		{PTE_P, "P"},       {PTE_RW, "RW"},           {PTE_US, "US"},
		{PTE_PWT, "PWT"},   {PTE_PCD, "PCD"},         {PTE_A, "A"},
		{PTE_D, "D"},       {PTE_PS, "PS"},           {PTE_G, "G"},
		{PTE_AVAIL, "AVL"}, {PTE_AVAIL_HIGH, "AVLH"}, {PTE_NX, "NX"},
	};
	const char *between = "";

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((flags & names[i].bit) != 0) {
			text_string(t, between);
			text_string(t, names[i].name);
			between = " ";
		}
	}
	if (*between == '\0') {
		text_string(t, "none");
	}
}

const char *words_type(uint64_t type_info)
{
	static const char *const names[16] = {
		[0] = "no type",  [1] = "L1 table", [2] = "L2 table",
		[3] = "L3 table", [4] = "L4 table", [5] = "descriptor page",
		[7] = "writable",
	};
	const char *name = (type_info & INFO_LAST_L2) != 0
				   ? "last L2 table of a 32-bit domain"
				   : names[type_info >> TYPE_SHIFT];

	return name == NULL ? "an unknown type" : name;
}

void words_type_info(struct text *t, uint64_t type_info)
{
	uint64_t count = type_info & INFO_COUNT;

	text_string(t, words_type(type_info));
	if ((type_info & INFO_PINNED) != 0) {
		text_string(t, ", pinned");
	}
	if ((type_info & INFO_VALIDATED) != 0) {
		text_string(t, ", validated");
	}
	if ((type_info & INFO_PARTIAL) != 0) {
		text_string(t, ", half done");
	}
	text_format(t, ", %lu type reference%s", count, count == 1 ? "" : "s");
}

bool words_is_table(uint64_t type_info)
{
	const uint64_t type = type_info >> TYPE_SHIFT;

	return type >= 1 && type <= 4;
}

bool words_is_pinned(uint64_t type_info)
{
	return (type_info & INFO_PINNED) != 0;
}
