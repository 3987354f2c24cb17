/* SPDX-License-Identifier: MIT */
/* Requests as text, a line for those who read. request_c.c has them as C. */
#include <stdio.h>

#include "tests/explore/request.h"

static const char *const names[REQUEST_KINDS] = {
	[REQUEST_UPDATE] = "mmu_update",
	[REQUEST_UPDATE_AD] = "mmu_update, preserving A and D,",
	[REQUEST_UPDATES] = "a list of equal mmu_updates",
	[REQUEST_STORE] = "the guest stores",
	[REQUEST_VA_MAPPING] = "update_va_mapping",
	[REQUEST_DIRECT] = "direct write",
	[REQUEST_CMPXCHG] = "direct cmpxchg",
	[REQUEST_DIRECT_FIND] = "a direct write is looked for",
	[REQUEST_PIN] = "pin as L",
	[REQUEST_UNPIN] = "unpin",
	[REQUEST_BASEPTR] = "new_baseptr",
	[REQUEST_USER_BASEPTR] = "new_user_baseptr",
	[REQUEST_LOAD_CR3] = "mov to cr3",
	[REQUEST_SET_GDT] = "set_gdt",
	[REQUEST_SET_LDT] = "set_ldt",
	[REQUEST_LDT_FAULT] = "fault on the LDT",
	[REQUEST_DESCRIPTOR] = "update_descriptor",
	[REQUEST_CLEAR_PAGE] = "clear_page",
	[REQUEST_COPY_PAGE] = "copy_page",
	[REQUEST_DECREASE] = "decrease_reservation",
	[REQUEST_INCREASE] = "increase_reservation",
	[REQUEST_POPULATE] = "populate_physmap",
	[REQUEST_EXCHANGE] = "exchange",
	[REQUEST_GRANT_MAP] = "map_grant_ref",
	[REQUEST_GRANT_UNMAP] = "unmap_grant_ref",
	[REQUEST_GRANT_REPLACE] = "unmap_and_replace",
	[REQUEST_OTHERS] = "mmu_update, the other's frame,",
	[REQUEST_BORROW] = "the hypervisor borrows",
	[REQUEST_TAKE] = "the hypervisor takes a free frame and gives it back",
	[REQUEST_HOLD] = "hold",
	[REQUEST_HYPERCALL_PAGE] = "write the hypercall page",
	[REQUEST_FLUSH_ALL] = "tlb_flush_all",
	[REQUEST_FLUSH_LOCAL] = "tlb_flush_local",
	[REQUEST_BATCH] = "unpin, then pin as L",
	[REQUEST_MULTICALL] = "a multicall: unpin, then pin as L",
	[REQUEST_FLUSH_MULTI] = "tlb_flush_multi",
	[REQUEST_INVLPG_ALL] = "invlpg_all",
	[REQUEST_INVLPG_MULTI] = "invlpg_multi",
	[REQUEST_START_VCPU] = "initialise the last vCPU with",
	[REQUEST_SHARE] = "the hypervisor lends",
	[REQUEST_UNSHARE] = "the hypervisor takes back",
	[REQUEST_CPU_AD] = "the CPU sets A and D in",
	[REQUEST_ODD] = "malformed:",
	[REQUEST_DEATH] = "the second domain dies",
};

/* "frame 2", or what it is that has no name. */
static const char *frame_text(const uint8_t *at, uint8_t operand, char *text)
{
	switch (operand) {
	case OPERAND_XEN:
		return "the hypervisor's frame";
	case OPERAND_DEVICE:
		return "a device's frame";
	case OPERAND_BEYOND:
		return "a frame beyond RAM";
	case OPERAND_INVALID:
		return "the invalid frame";
	case OPERAND_NONE:
		return "none";
	default:
		snprintf(text, 16, "frame %u", at[operand]);
		return text;
	}
}

static bool has_entry(const struct request *r)
{
	return r->kind <= REQUEST_CMPXCHG || r->kind == REQUEST_DESCRIPTOR ||
	       r->kind == REQUEST_OTHERS;
}

void request_print(const struct world *w, const struct request *r,
		   const uint8_t *at, char *text, size_t size)
{
	char frame[16];
	char other[16];
	char to[16];
	int n = snprintf(text, size, "vCPU %u: %s", r->vcpu, names[r->kind]);
	size_t used = (size_t)n;

	if (r->kind == REQUEST_ODD) {
		used += (size_t)snprintf(text + used, size - used, " %s,",
					 request_odd_name(r->level));
	}
	if (r->kind == REQUEST_PIN || r->kind == REQUEST_BATCH ||
	    r->kind == REQUEST_MULTICALL) {
		used += (size_t)snprintf(text + used, size - used, "%u",
					 r->level);
	}
	used += (size_t)snprintf(text + used, size - used, " %s",
				 frame_text(at, r->frame, frame));
	if (has_entry(r)) {
		used += (size_t)snprintf(text + used, size - used,
					 " slot %u := %s, flags %#lx",
					 w->scope->slot[r->slot],
					 frame_text(at, r->to, to), r->flags);
	}
	if (r->other != OPERAND_NONE) {
		used += (size_t)snprintf(text + used, size - used, ", %s",
					 frame_text(at, r->other, other));
	}
	if (r->level != 0 && r->kind != REQUEST_PIN && r->kind != REQUEST_ODD &&
	    r->kind != REQUEST_BATCH && r->kind != REQUEST_MULTICALL) {
		snprintf(text + used, size - used, " (%u)", r->level);
	}
}
