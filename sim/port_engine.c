/* SPDX-License-Identifier: MIT */
/*
 * The engine's port. A flush that the engine forgets leaves its translations
 * in the simulated TLB, where the check after the operation finds them, or the
 * guest uses them.
 */
#include <stdio.h>
#include <string.h>

#include "engine/port.h"
#include "sim/bounce.h"
#include "sim/cpu.h"
#include "sim/lazy.h"
#include "sim/machine.h"
#include "sim/world.h"

/* Addresses of the upper half are the guest's; below are this process's. */
#define UPPER_HALF (UINT64_C(1) << 63)

/*
 * The bytes of this process that an address stands for, or NULL: the guest's.
 * Of a 32-bit guest all addresses are its own, but for those of bounce.h.
 */
static uint8_t *of_process(struct sim *s, uint64_t at, uint64_t bytes)
{
	if (sim_pae_guest(s)) {
		return bounce_at(s, at, bytes);
	}
	return at < UPPER_HALF ? (uint8_t *)(uintptr_t)at : NULL;
}

static struct sim *sim_of(struct mmu_domain *d)
{
	return sim_of_mmu(d->m);
}

/* Counts down to 0 and there once says yes. */
static bool comes_true(uint64_t *count)
{
	return *count > 0 && --*count == 0;
}

static bool to_stop(struct sim *s)
{
	if (s->preempt_every != 0 && ++s->preempt_asked >= s->preempt_every) {
		s->preempt_asked = 0;
		return true;
	}
	return comes_true(&s->preempt_after);
}

bool port_preempt(struct mmu_domain *d)
{
	struct sim *s = sim_of(d);
	bool answer;

	if (s->world != NULL) {
		return s->world->preempt(d);
	}
	answer = to_stop(s);
	if (s->ear != NULL) {
		s->ear->asked(s, answer);
	}
	return answer;
}

void port_flush_all(struct mmu_domain *d, vcpuset_t vcpus)
{
	struct sim *s = sim_of(d);

	if (s->world != NULL) {
		if (s->world->flush_all != NULL) {
			s->world->flush_all(d);
		}
	} else if ((vcpus & 1) != 0) {
		cpu_obey(s, tags_flush_all(&s->tags, (enum tag)s->tlb.tag),
			 vaddr(0));
		if (s->ear != NULL) {
			s->ear->flushed(s);
		}
	}
}

void port_flush_page(struct mmu_domain *d, vcpuset_t vcpus, vaddr_t va)
{
	struct sim *s = sim_of(d);

	if (s->world != NULL) {
		if (s->world->flush_page != NULL) {
			s->world->flush_page(d, va);
		}
	} else if ((vcpus & 1) != 0) {
		cpu_obey(s, tags_flush_page(&s->tags, (enum tag)s->tlb.tag),
			 va);
		if (s->ear != NULL) {
			s->ear->flushed_page(s, va);
		}
	}
}

void port_load_root(struct mmu_vcpu *v)
{
	struct sim *s = sim_of(v->dom);
	uint32_t orders;
	uint64_t cr3;
	mfn_t root;

	if (s->world != NULL) {
		if (s->world->flush_all != NULL) {
			s->world->flush_all(v->dom);
		}
		return;
	}
	/* The engine has put a 32-bit guest's root into the L4 by now. */
	root = sim_pae_guest(s) ? mfn(SIM_TOP_FRAME) : v->kernel_root;
	orders = tags_switch(&s->tags, TAG_KERNEL, mfn_to_maddr(root).v, &cr3);
	cpu_load_tagged(s, cr3);
	cpu_obey(s, orders, vaddr(0));
	if (s->ear != NULL) {
		s->ear->flushed(s);
	}
}

/* Hypercalls are the kernel's: it is in kernel mode. */
void port_leave_user_root(struct mmu_vcpu *v)
{
	struct sim *s = sim_of(v->dom);

	if (s->world == NULL) {
		cpu_obey(s, tags_leave_user(&s->tags, TAG_KERNEL), vaddr(0));
	}
}

static uint64_t to_page_end(uint64_t at, uint64_t left)
{
	uint64_t n = PAGE_SIZE - page_offset(at);

	return n < left ? n : left;
}

static int copy_in(struct sim *s, void *to, uint64_t from, size_t bytes)
{
	const uint8_t *own = of_process(s, from, bytes);
	uint8_t *out = to;

	if (comes_true(&s->copy_fail_after) || from < PAGE_SIZE) {
		return bytes == 0 ? 0 : -XEN_EFAULT;
	}
	if (own != NULL) {
		memcpy(to, own, bytes);
		return 0;
	}
	while (bytes > 0) {
		uint64_t n = to_page_end(from, bytes);

		if (!cpu_try_read(s, out, vaddr(from), n)) {
			return -XEN_EFAULT;
		}
		out += n;
		from += n;
		bytes -= n;
	}
	return 0;
}

int port_copy_in(struct mmu_vcpu *v, void *to, uint64_t from, size_t bytes)
{
	struct sim *s = sim_of(v->dom);
	int rc;

	if (s->world != NULL) {
		return s->world->copy_in(v, to, from, bytes);
	}
	rc = copy_in(s, to, from, bytes);
	if (s->ear != NULL) {
		s->ear->copied(s, true, to, bytes, rc);
	}
	return rc;
}

static int copy_out(struct sim *s, uint64_t to, const void *from, size_t bytes)
{
	uint8_t *own = of_process(s, to, bytes);
	const uint8_t *in = from;

	if (comes_true(&s->copy_fail_after) || to < PAGE_SIZE) {
		return bytes == 0 ? 0 : -XEN_EFAULT;
	}
	if (own != NULL) {
		memcpy(own, from, bytes);
		return 0;
	}
	while (bytes > 0) {
		uint64_t n = to_page_end(to, bytes);

		if (!cpu_try_write(s, vaddr(to), in, n)) {
			return -XEN_EFAULT;
		}
		in += n;
		to += n;
		bytes -= n;
	}
	return 0;
}

int port_copy_out(struct mmu_vcpu *v, uint64_t to, const void *from,
		  size_t bytes)
{
	struct sim *s = sim_of(v->dom);
	int rc;

	if (s->world != NULL) {
		return s->world->copy_out(v, to, from, bytes);
	}
	rc = copy_out(s, to, from, bytes);
	if (s->ear != NULL) {
		s->ear->copied(s, false, from, bytes, rc);
	}
	return rc;
}

void port_refused(struct mmu_domain *d, struct refusal *r)
{
	struct sim *s = sim_of(d);
	char line[REFUSAL_TEXT_SIZE];

	if (s->world != NULL) {
		return;
	}
	if (mfn_valid(&s->mmu, r->frame)) {
		r->pfn = pfn(sim_m2p(s, r->frame));
	}
	(void)refusal_format(r, line, sizeof(line));
	sim_say(s, "d1v0: %s", line);
	if (operation_is_pin(r->op.id)) {
		sim_say(s, "d1v0: Error while pinning mfn %llx",
			(unsigned long long)r->operand[1]);
	}
	if (s->witness != NULL) {
		s->witness->refused(s, r);
	}
}

unsigned int *port_locks(struct mmu *m)
{
	return &sim_of_mmu(m)->locks;
}

void port_relax(struct mmu_domain *d)
{
	sim_violation(sim_of(d), "an operation within an operation");
}

void port_event(struct mmu_domain *d, const struct mmu_event *event)
{
	struct sim *s = sim_of(d);

	if (s->world != NULL) {
		s->world->event(d, event);
		return;
	}
	if (s->ear != NULL) {
		s->ear->event(s, event);
	}
	record_event(s, event);
}

_Noreturn void port_panic(struct mmu *m, const char *why)
{
	struct sim *s = sim_of_mmu(m);

	if (s->world != NULL) {
		s->world->panic(m, why);
	}
	sim_violation(sim_of_mmu(m), "the engine gave up: %s", why);
}
