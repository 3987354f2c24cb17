/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's eyes. What the library claims is read back through the
 * M2P, which only the hypervisor writes; by a page walk that finds tables by
 * the M2P and not by the library's P2M; and by requests whose refusal tells
 * the type of a frame.
 */
#include "kernels/reference/selftest.h"

struct guest scratch_guest;

bool says(const struct guest *g, const char *text)
{
	for (const char *at = g->message; *at != 0; at++) {
		size_t i = 0;

		while (text[i] != 0 && at[i] == text[i]) {
			i++;
		}
		if (text[i] == 0) {
			return true;
		}
	}
	say("# the message is \"%s\"", g->message);
	return false;
}

uint64_t m2p(mfn_t frame)
{
	const uint64_t entries = KERNEL_M2P_BYTES / sizeof(xen_pfn_t);
	uint64_t at = MACH2PHYS_VIRT_START + frame.v * sizeof(xen_pfn_t);
	xen_pfn_t own;

	if (frame.v >= entries || probe_read(at, NULL, NULL) >= 0) {
		return INVALID_FRAME;
	}
	own = *(const volatile xen_pfn_t *)(uintptr_t)at;
	return own == (xen_pfn_t)INVALID_FRAME ? INVALID_FRAME : own;
}

pfn_t walk_table(struct kernel *k, pfn_t root, uint64_t va, unsigned int level)
{
	pfn_t table = root;

	for (unsigned int l = k->guest.config.geometry->levels; l > level;
	     l--) {
		pte_t e = pte_read((const pte_t *)frame_ptr(k, table) +
				   pt_index(vaddr(va), l));

		if (!pte_present(e) || (e.v & PTE_PS) != 0) {
			return PFN_INVALID;
		}
		table = pfn(m2p(pte_mfn(e)));
		if (table.v >= k->guest.room_end.v) {
			return PFN_INVALID;
		}
	}
	return table;
}

uint64_t walk(struct kernel *k, pfn_t root, uint64_t va, unsigned int level)
{
	pfn_t table = walk_table(k, root, va, level);

	if (pfn_eq(table, PFN_INVALID)) {
		return 0;
	}
	return pte_read((const pte_t *)frame_ptr(k, table) +
			pt_index(vaddr(va), level))
		.v;
}

uint64_t walk_leaf(struct kernel *k, uint64_t va)
{
	return walk(k, k->guest.kernel.root, va, 1) & ENTRY_MASK;
}

int64_t ask_entry(struct kernel *k, pfn_t table, unsigned int index,
		  uint64_t entry)
{
	return ask_update(mfn_to_maddr(frame_mfn(k, table)).v + index * 8,
			  entry);
}

int64_t ask_direct(struct kernel *k, pfn_t at, pfn_t shown, uint64_t flags)
{
	return ask_mapping((uintptr_t)frame_ptr(k, at),
			   pte_make(frame_mfn(k, shown), flags).v);
}

int64_t try_writable(struct kernel *k, pfn_t frame)
{
	pfn_t other = frame_new(k);
	int64_t result = ask_direct(k, other, frame, FLAGS_RW);

	if (ask_direct(k, other, other, FLAGS_RW) != 0) {
		fail(k, "a frame of the direct map is lost");
	}
	frame_free(k, other);
	return result;
}

bool write_faults_at(uint64_t va)
{
	uint64_t error = 0;
	uint64_t cr2 = 0;
	int vector = probe_write(va, UINT64_MAX, &error, &cr2);

	if (vector != VECTOR_PAGE_FAULT || cr2 != va) {
		say("# vector %ld, error %lx, CR2 %lx", (int64_t)vector, error,
		    cr2);
		return false;
	}
	return (error & ERROR_WRITE_PRESENT) == ERROR_WRITE_PRESENT;
}

bool write_faults(struct kernel *k, pfn_t frame)
{
	return write_faults_at((uintptr_t)frame_ptr(k, frame));
}

bool frame_sound(struct kernel *k, pfn_t frame)
{
	mfn_t behind = frame_mfn(k, frame);
	uint64_t e = walk_leaf(k, (uintptr_t)frame_ptr(k, frame));

	if (m2p(behind) == frame.v && pte_mfn(pte(e)).v == behind.v) {
		return true;
	}
	say("# pfn %lx is mfn %lx is pfn %lx, its mapping %lx", frame.v,
	    behind.v, m2p(behind), e);
	return false;
}

static bool is_empty(struct kernel *k, pfn_t table)
{
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		if (frame_ptr(k, table)[i] != 0) {
			return false;
		}
	}
	return true;
}

void drop_tables(struct kernel *k, uint64_t va)
{
	pfn_t root = k->guest.kernel.root;

	if (guest_flush(&k->guest) != 0) {
		fail(k, "what a test left in the queue is refused");
	}
	for (unsigned int level = 1; level < LEVELS; level++) {
		pfn_t table = walk_table(k, root, va, level);
		struct guest_slot slot = {
			.level = level + 1,
			.table = walk_table(k, root, va, level + 1),
			.index = pt_index(vaddr(va), level + 1),
		};

		if (pfn_eq(table, PFN_INVALID) || !is_empty(k, table)) {
			continue;
		}
		if (guest_unhook(&k->guest, slot) != 0) {
			fail(k, "a table of a test cannot be unhooked");
		}
		frame_free(k, table);
	}
}

uint64_t nr_free(struct kernel *k)
{
	return guest_memblock_nr_free(&k->guest.memblock);
}

uint64_t p2m_digest(struct kernel *k)
{
	uint64_t limit = k->guest.config.memory_limit.v;
	uint64_t end = k->guest.p2m.nr;
	uint64_t sum = 0;

	/* Of what is used: one form may reach further than another. */
	end = limit != 0 && limit < end ? limit : end;
	for (uint64_t i = 0; i < end; i++) {
		uint64_t behind = guest_p2m_get(&k->guest, pfn(i)).v;

		if (behind != INVALID_FRAME) {
			sum = (sum * 31 + i) * 31 + behind;
		}
	}
	return sum;
}
