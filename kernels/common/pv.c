/* SPDX-License-Identifier: MIT */
/*
 * What kernels that try the hypervisor's services share. They live in the
 * mapping that the builder made, so an address is its frame and back by the
 * start-of-day tables alone.
 */
#include "kernels/common/pv.h"

extern const char virt_base[] __asm__("KERNEL_VIRT_BASE");

static uint8_t shared_page[PAGE_SIZE] __attribute__((aligned(4096)));

static uint64_t passed;
static uint64_t failed;

void expect(const char *what, int64_t got, int64_t want)
{
	if (got == want) {
		passed++;
		say("ok %lu - %s", passed + failed, what);
		return;
	}
	failed++;
	say("not ok %lu - %s: %ld, expected %ld", passed + failed, what, got,
	    want);
}

void expect_true(const char *what, bool got)
{
	expect(what, got, true);
}

uint64_t mfn_at(const struct pv *s, const void *address)
{
	return s->p2m[((uintptr_t)address - s->virt_base) >> PAGE_SHIFT];
}

void *va_of(const struct pv *s, uint64_t frame)
{
	const uint64_t *m2p = (const uint64_t *)MACH2PHYS_VIRT_START;

	return (void *)(s->virt_base + (m2p[frame] << PAGE_SHIFT));
}

uint64_t entry_frame(const struct pv *s, const void *address)
{
	vaddr_t va = vaddr((uintptr_t)address);
	pte_t *table = s->l4;
	mfn_t frame = mfn(0);

	for (unsigned int level = 4; level > 1; level--) {
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
	return hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)page, entry,
			 UVMF_INVLPG | UVMF_LOCAL, 0, 0);
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

int64_t reservation_op(unsigned int cmd, uint64_t *frames, unsigned int nr)
{
	struct xen_memory_reservation r = {.nr_extents = nr,
					   .domid = DOMID_SELF};

	set_xen_guest_handle(r.extent_start, frames);
	return hypercall(__HYPERVISOR_memory_op, cmd, (uintptr_t)&r, 0, 0, 0);
}

uint64_t now_by(const volatile struct vcpu_time_info *t)
{
	uint64_t delta = rdtsc() - t->tsc_timestamp;

	delta = t->tsc_shift >= 0 ? delta << t->tsc_shift
				  : delta >> -t->tsc_shift;
	return t->system_time +
	       (uint64_t)((unsigned __int128)delta * t->tsc_to_system_mul >>
			  32);
}

uint64_t now(const struct pv *s)
{
	return now_by(&s->shared->vcpu_info[0].time);
}

bool is_pending(const struct pv *s, evtchn_port_t port)
{
	const volatile unsigned long *words = s->shared->evtchn_pending;

	return words[port / 64] >> (port % 64) & 1;
}

void clear_pending(const struct pv *s, evtchn_port_t port)
{
	(void)__atomic_fetch_and(&s->shared->evtchn_pending[port / 64],
				 ~(1ul << (port % 64)), __ATOMIC_SEQ_CST);
}

void pv_start(struct pv *s, uint64_t start_info)
{
	s->start = (const struct start_info *)start_info;
	s->virt_base = (uintptr_t)virt_base;
	s->p2m = (const uint64_t *)s->start->mfn_list;
	s->l4 = (pte_t *)s->start->pt_base;
	s->shared = (struct shared_info *)(void *)shared_page;
	if (map_page(shared_page, s->start->shared_info | MAP_RW) != 0) {
		die("shared info refused");
	}
	traps_init(s->shared);
}

_Noreturn void expect_end(void)
{
	say("%lu passed, %lu failed", passed, failed);
	shut_down(failed == 0 ? SHUTDOWN_poweroff : SHUTDOWN_crash);
}
