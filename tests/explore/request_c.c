/* SPDX-License-Identifier: MIT */
/*
 * Requests as statements of a unit test, on the machine of
 * tests/unit/support/machine.h. There the named frames are dom_frame(0),
 * dom_frame(1) and so on. `explore -c` prints them all, and tests/explore/as-c
 * has a compiler look at them.
 */
#include <stdio.h>
#include <string.h>

#include "tests/explore/request.h"

#define LIST "GUEST_BUFFER + 128"
#define MEMORY(op)                                                            \
	"memcpy(m->guest, &(struct xen_memory_reservation){.nr_extents = 1, " \
	".domid = DOMID_SELF, .extent_start.p = (void *)(" LIST ")}, "        \
	"sizeof(struct xen_memory_reservation)); "                            \
	"memcpy(m->guest + 128, &(uint64_t){$frame}, 8); "                    \
	"machine_call(m, hc_memory_op, " op ", GUEST_BUFFER, 0, 0);"
#define GRANT(call, more)                                             \
	"(void)!" call "($vcpu, &(struct granted){.owner = &m->dom, " \
	".address = $place, .by_pte = true, .writable = $level, "     \
	".frame = mfn($other)}" more ");"
#define OF_VCPUS(op)                                       \
	"memcpy(m->guest + 128, &(uint64_t){$level}, 8); " \
	"call_mmuext(m, " op ", 0, " LIST ");"

/* What stands behind each $ is in expand(). */
static const char *const statements[REQUEST_KINDS] = {
	[REQUEST_UPDATE] = "call_mmu_update(m, $place, $entry);",
	[REQUEST_UPDATE_AD] = "call_mmu_update(m, $place | "
			      "MMU_PT_UPDATE_PRESERVE_AD, $entry);",
	[REQUEST_UPDATES] =
		"for (size_t i = 0; i < 17; i++) { memcpy(m->guest + 16 * i, "
		"(uint64_t[]){$place, $entry}, 16); } machine_call(m, "
		"hc_mmu_update, GUEST_BUFFER, 17, 0, DOMID_SELF);",
	[REQUEST_STORE] = "raw_entry(m, mfn($frame), $slot, pte($entry));",
	[REQUEST_VA_MAPPING] = "call_va_mapping(m, $va, $entry, $how);",
	[REQUEST_DIRECT] =
		"(void)!mmu_direct_write($vcpu, &(struct direct_write){.where "
		"= maddr($place)}, DIRECT_WRITE, &(uint64_t){0}, $entry);",
	[REQUEST_CMPXCHG] =
		"(void)!mmu_direct_write($vcpu, &(struct direct_write){.where "
		"= maddr($place)}, DIRECT_CMPXCHG, &(uint64_t){entry_of(m, "
		"mfn($frame), $slot).v ^ ($level != 0 ? PTE_A : 0)}, $entry);",
	[REQUEST_DIRECT_FIND] = "(void)!mmu_direct_find($vcpu, vaddr($va), "
				"&(struct direct_write){0});",
	[REQUEST_PIN] =
		"call_mmuext(m, MMUEXT_PIN_L1_TABLE + $level - 1, $frame, 0);",
	[REQUEST_UNPIN] = "call_mmuext(m, MMUEXT_UNPIN_TABLE, $frame, 0);",
	[REQUEST_BASEPTR] = "call_mmuext(m, MMUEXT_NEW_BASEPTR, $frame, 0);",
	[REQUEST_USER_BASEPTR] =
		"call_mmuext(m, MMUEXT_NEW_USER_BASEPTR, $frame, 0);",
	[REQUEST_LOAD_CR3] = "(void)!mmu_load_cr3($vcpu, mfn($frame));",
	[REQUEST_SET_GDT] =
		"memcpy(m->guest, (uint64_t[]){$frame, $other}, 16); "
		"machine_call(m, hc_set_gdt, GUEST_BUFFER, $other != 0 ? 520 : "
		"$frame != 0 ? 8 : 0, 0, 0);",
	[REQUEST_SET_LDT] =
		"call_mmuext(m, MMUEXT_SET_LDT, 0, $level != 0 ? 8 : 0);",
	[REQUEST_LDT_FAULT] = "(void)!mmu_ldt_fault($vcpu, 0);",
	[REQUEST_DESCRIPTOR] =
		"machine_call(m, hc_update_descriptor, $place, $entry, 0, 0);",
	[REQUEST_CLEAR_PAGE] = "call_mmuext(m, MMUEXT_CLEAR_PAGE, $frame, 0);",
	[REQUEST_COPY_PAGE] =
		"call_mmuext(m, MMUEXT_COPY_PAGE, $frame, $other);",
	[REQUEST_DECREASE] = MEMORY("XENMEM_decrease_reservation"),
	[REQUEST_INCREASE] = MEMORY("XENMEM_increase_reservation"),
	[REQUEST_POPULATE] = MEMORY("XENMEM_populate_physmap"),
	[REQUEST_EXCHANGE] =
		"memcpy(m->guest, &(struct xen_memory_exchange){.in = "
		"{.nr_extents = $nr, .domid = DOMID_SELF, .extent_start.p = "
		"(void *)(" LIST ")}, .out = {.nr_extents = $nr, .domid = "
		"DOMID_SELF, .extent_start.p = (void *)(" LIST " + 16)}}, "
		"sizeof(struct xen_memory_exchange)); memcpy(m->guest + 128, "
		"(uint64_t[4]){$frame, $other}, 32); machine_call(m, "
		"hc_memory_op, XENMEM_exchange, GUEST_BUFFER, 0, 0);",
	[REQUEST_GRANT_MAP] = GRANT("mmu_grant_map", ""),
	[REQUEST_GRANT_UNMAP] = GRANT("mmu_grant_unmap", ""),
	[REQUEST_GRANT_REPLACE] = GRANT("mmu_grant_replace", ", 0"),
	[REQUEST_OTHERS] =
		"mmu_may_map(&m->dom, &m->other); memcpy(m->guest, "
		"(uint64_t[]){$place, $entry}, 16); machine_call(m, "
		"hc_mmu_update, GUEST_BUFFER, 1, 0, m->other.domid);",
	[REQUEST_BORROW] =
		"if (mmu_borrow($vcpu->dom, mfn($frame), $level) == 0) { "
		"mmu_give_back($vcpu->dom, mfn($frame), $level); }",
	[REQUEST_TAKE] = "{ mfn_t f; if (mmu_pool_take($vcpu->dom, 0, &f)) { "
			 "mmu_pool_give($vcpu->dom, f, 1); } }",
	[REQUEST_HOLD] = "(void)!mmu_hold($vcpu->dom, mfn($frame));",
	[REQUEST_HYPERCALL_PAGE] =
		"(void)!mmu_write_hypercall_page($vcpu, mfn($frame), "
		"(uint8_t[PAGE_SIZE]){0});",
	[REQUEST_FLUSH_ALL] = "call_mmuext(m, MMUEXT_TLB_FLUSH_ALL, 0, 0);",
	[REQUEST_FLUSH_LOCAL] = "call_mmuext(m, MMUEXT_TLB_FLUSH_LOCAL, 0, 0);",
	[REQUEST_BATCH] =
		"memcpy(m->guest, (struct mmuext_op[]){{.cmd = "
		"MMUEXT_UNPIN_TABLE, .arg1.mfn = $frame}, {.cmd = "
		"MMUEXT_PIN_L1_TABLE + $level - 1, .arg1.mfn = $other}}, 2 * "
		"sizeof(struct mmuext_op)); machine_call(m, hc_mmuext_op, "
		"GUEST_BUFFER, 2, 0, DOMID_SELF);",
	[REQUEST_MULTICALL] =
		"memcpy(m->guest + 256, (struct mmuext_op[]){{.cmd = "
		"MMUEXT_UNPIN_TABLE, .arg1.mfn = $frame}, {.cmd = "
		"MMUEXT_PIN_L1_TABLE + $level - 1, .arg1.mfn = $other}}, 2 * "
		"sizeof(struct mmuext_op)); memcpy(m->guest, (struct "
		"multicall_entry[]){{.op = __HYPERVISOR_mmuext_op, .args = "
		"{GUEST_BUFFER + 256, 1, 0, DOMID_SELF}}, {.op = "
		"__HYPERVISOR_mmuext_op, .args = {GUEST_BUFFER + 256 + "
		"sizeof(struct mmuext_op), 1, 0, DOMID_SELF}}}, 2 * "
		"sizeof(struct multicall_entry)); machine_call(m, "
		"hc_multicall, GUEST_BUFFER, 2, 0, 0);",
	[REQUEST_FLUSH_MULTI] = OF_VCPUS("MMUEXT_TLB_FLUSH_MULTI"),
	[REQUEST_INVLPG_ALL] = "call_mmuext(m, MMUEXT_INVLPG_ALL, "
			       "(uint64_t)($level != 0) << 48, 0);",
	[REQUEST_INVLPG_MULTI] = OF_VCPUS("MMUEXT_INVLPG_MULTI"),
	[REQUEST_START_VCPU] =
		"(void)!mmu_start_vcpu($vcpu, &m->second, mfn($frame), "
		"mfn($to), &(uint64_t){$other}, $other != 0 ? 8 : 0);",
	[REQUEST_SHARE] = "mmu_share($vcpu->dom, mfn($frame), $level);",
	[REQUEST_UNSHARE] = "(void)!mmu_unshare($vcpu->dom, mfn($frame), 1);",
	[REQUEST_CPU_AD] =
		"raw_entry(m, mfn($frame), $slot, pte(entry_of(m, mfn($frame), "
		"$slot).v | PTE_A | PTE_D));",
	[REQUEST_DEATH] = "(void)!mmu_domain_destroy(&m->other);",
};

/* The number of a frame, as an expression. */
static const char *frame_c(const uint8_t *at, uint8_t operand, char *text)
{
	switch (operand) {
	case OPERAND_XEN:
		return "5";
	case OPERAND_DEVICE:
		return "6";
	case OPERAND_BEYOND:
		return "MACHINE_FRAMES";
	case OPERAND_INVALID:
		return "0xffffffffff";
	case OPERAND_NONE:
		return "0";
	default:
		snprintf(text, 24, "dom_frame(%u).v", at[operand]);
		return text;
	}
}

static const char *vcpu_c(const struct world *w, unsigned int vcpu)
{
	return vcpu == 0                    ? "(&m->vcpu)"
	       : vcpu >= w->scope->nr_vcpus ? "(&m->other_vcpu)"
					    : "(&m->second)";
}

/* What a word of a statement stands for. */
static void expand(const struct world *w, const struct request *r,
		   const uint8_t *at, const char *word, char text[96])
{
	static const char *const how[] = {"UVMF_NONE",
					  "UVMF_TLB_FLUSH | UVMF_ALL",
					  "UVMF_INVLPG | UVMF_ALL"};
	unsigned int slot = w->scope->slot[r->slot];
	char frame[24];

	if (strcmp(word, "frame") == 0) {
		snprintf(text, 96, "%s", frame_c(at, r->frame, frame));
	} else if (strcmp(word, "other") == 0) {
		snprintf(text, 96, "%s", frame_c(at, r->other, frame));
	} else if (strcmp(word, "to") == 0) {
		snprintf(text, 96, "%s", frame_c(at, r->to, frame));
	} else if (strcmp(word, "place") == 0) {
		snprintf(text, 96, "entry_at(mfn(%s), %u)",
			 frame_c(at, r->frame, frame), slot);
	} else if (strcmp(word, "entry") == 0) {
		snprintf(text, 96, "pte_make(mfn(%s), %#lx).v",
			 frame_c(at, r->to, frame), r->flags);
	} else if (strcmp(word, "va") == 0) {
		snprintf(text, 96, "%#lxul", request_address(w, slot));
	} else if (strcmp(word, "slot") == 0) {
		snprintf(text, 96, "%u", slot);
	} else if (strcmp(word, "level") == 0) {
		snprintf(text, 96, "%u", r->level);
	} else if (strcmp(word, "how") == 0) {
		snprintf(text, 96, "%s", how[r->level % 3]);
	} else if (strcmp(word, "nr") == 0) {
		snprintf(text, 96, "%u", request_is_list(r) ? 2u : 1u);
	} else {
		snprintf(text, 96, "%s", vcpu_c(w, r->vcpu));
	}
}

void request_print_c(const struct world *w, const struct request *r,
		     const uint8_t *at, char *text, size_t size)
{
	const char *from = statements[r->kind];
	size_t used = 0;

	if (from == NULL) {
		char line[160];

		request_print(w, r, at, line, sizeof(line));
		snprintf(text, size, "/* %s */", line);
		return;
	}
	if (w->nr_vcpus > 1) {
		used = (size_t)snprintf(text, size, "m->caller = %s; ",
					vcpu_c(w, r->vcpu));
	}
	while (*from != '\0' && used + 96 < size) {
		char word[8] = "";
		size_t length;

		if (*from != '$') {
			text[used++] = *from++;
			continue;
		}
		length = strspn(++from, "abcdefghijklmnopqrstuvwxyz");
		memcpy(word, from, length < 7 ? length : 7);
		from += length;
		expand(w, r, at, word, text + used);
		used += strlen(text + used);
	}
	text[used] = '\0';
}
