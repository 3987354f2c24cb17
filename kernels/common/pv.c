/* SPDX-License-Identifier: MIT */
/*
 * What kernels that try the hypervisor's services share. They live in the
 * mapping that the builder made, so an address is its frame and back by the
 * start-of-day tables alone.
 */
#include "kernels/common/pv.h"

extern const char virt_base[] __asm__("KERNEL_VIRT_BASE");

#define WORD_BITS (8 * sizeof(unsigned long))

static uint8_t shared_page[PAGE_SIZE] __attribute__((aligned(4096)));

uint64_t mfn_at(const struct pv *s, const void *address)
{
	return s->p2m[((uintptr_t)address - s->virt_base) >> PAGE_SHIFT];
}

void *va_of(const struct pv *s, uint64_t frame)
{
	const xen_pfn_t *m2p = (const xen_pfn_t *)MACH2PHYS_VIRT_START;

	return (void *)(uintptr_t)(s->virt_base + (m2p[frame] << PAGE_SHIFT));
}

uint64_t entry_frame(const struct pv *s, const void *address)
{
	vaddr_t va = vaddr((uintptr_t)address);
	pte_t *table = s->root;
	mfn_t frame = mfn(0);

	for (unsigned int level = KERNEL_LEVELS; level > 1; level--) {
		frame = pte_mfn(table[pt_index(va, level)]);
		table = va_of(s, frame.v);
	}
	return frame.v;
}

volatile uint64_t *entry_of(const struct pv *s, const void *address)
{
	pte_t *table = va_of(s, entry_frame(s, address));

	return &table[pt_index(vaddr((uintptr_t)address), 1)].v;
}

int64_t map_page(const void *page, uint64_t entry)
{
	xen_ulong_t args[4];

	xen_mapping_args(args, (uintptr_t)page, entry,
			 UVMF_INVLPG | UVMF_LOCAL);
	return hypercall(__HYPERVISOR_update_va_mapping, args[0], args[1],
			 args[2], args[3], 0);
}

int64_t event_op(unsigned int cmd, void *op)
{
	return hypercall(__HYPERVISOR_event_channel_op, cmd, (uintptr_t)op, 0,
			 0, 0);
}

int64_t vcpu_op(unsigned int cmd, void *op)
{
	return hypercall(__HYPERVISOR_vcpu_op, cmd, 0, (uintptr_t)op, 0, 0);
}

int64_t sched_op(unsigned int cmd, void *op)
{
	return hypercall(__HYPERVISOR_sched_op, cmd, (uintptr_t)op, 0, 0, 0);
}

int64_t grant_op(unsigned int cmd, void *op)
{
	return hypercall(__HYPERVISOR_grant_table_op, cmd, (uintptr_t)op, 1, 0,
			 0);
}

/* A port that waits for ourselves says it. */
domid_t own_number(void)
{
	evtchn_alloc_unbound_t self = {.dom = DOMID_SELF,
				       .remote_dom = DOMID_SELF};
	evtchn_status_t status = {.dom = DOMID_SELF};
	evtchn_close_t end;

	event_op(EVTCHNOP_alloc_unbound, &self);
	status.port = self.port;
	event_op(EVTCHNOP_status, &status);
	end.port = self.port;
	event_op(EVTCHNOP_close, &end);
	return status.u.unbound.dom;
}

int64_t reservation_op(unsigned int cmd, xen_pfn_t *frames, unsigned int nr)
{
	struct xen_memory_reservation r = {.nr_extents = nr,
					   .domid = DOMID_SELF};

	set_xen_guest_handle(r.extent_start, frames);
	return hypercall(__HYPERVISOR_memory_op, cmd, (uintptr_t)&r, 0, 0, 0);
}

bool is_pending(const struct pv *s, evtchn_port_t port)
{
	const volatile unsigned long *words = s->shared->evtchn_pending;

	return words[port / WORD_BITS] >> (port % WORD_BITS) & 1;
}

void clear_pending(const struct pv *s, evtchn_port_t port)
{
	(void)__atomic_fetch_and(&s->shared->evtchn_pending[port / WORD_BITS],
				 ~(1ul << (port % WORD_BITS)),
				 __ATOMIC_SEQ_CST);
}

void pv_find(struct pv *s, uint64_t start_info)
{
	s->start = (const struct start_info *)(uintptr_t)start_info;
	s->virt_base = (uintptr_t)virt_base;
	s->p2m = (const xen_pfn_t *)s->start->mfn_list;
	s->root = (pte_t *)s->start->pt_base;
	s->shared = (struct shared_info *)(void *)shared_page;
	if (map_page(shared_page, s->start->shared_info | MAP_RW) != 0) {
		die("shared info refused");
	}
}

void pv_start(struct pv *s, uint64_t start_info)
{
	pv_find(s, start_info);
	traps_init(s->shared);
}
