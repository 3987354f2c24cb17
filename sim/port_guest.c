/* SPDX-License-Identifier: MIT */
/*
 * The guest library's port: every access of the library goes through TLB and
 * page walk, so that what it may not do fails here as it would on metal.
 */
#include <string.h>

#include "engine/mmu.h"
#include "pagewarden/port.h"
#include "sim/bounce.h"
#include "sim/cpu.h"
#include "sim/hypercall.h"
#include "sim/lazy.h"

/* Notes what the CPU is executing, for a crash report. */
static struct sim *executing(struct guest *g, const char *at, vaddr_t rdi,
			     uint64_t rax, uint64_t rcx)
{
	struct sim *s = sim_of_guest(g);

	s->regs.at = at;
	s->regs.rdi = rdi.v;
	s->regs.rax = rax;
	s->regs.rcx = rcx;
	return s;
}

uint32_t guest_port_load32(struct guest *g, vaddr_t from)
{
	struct sim *s = executing(g, "guest_port_load32", from, 0, 0);
	uint32_t value;

	cpu_read(s, &value, from, sizeof(value));
	return value;
}

uint64_t guest_port_load64(struct guest *g, vaddr_t from)
{
	struct sim *s = executing(g, "guest_port_load64", from, 0, 0);
	uint64_t value;

	cpu_read(s, &value, from, sizeof(value));
	return value;
}

void guest_port_store32(struct guest *g, vaddr_t to, uint32_t value)
{
	struct sim *s = executing(g, "guest_port_store32", to, value, 0);

	cpu_write(s, to, &value, sizeof(value));
}

/*
 * A store of an entry to a table that is mapped read-only: with the assist on,
 * the hypervisor carries it out if the entry is one that may be written.
 */
static bool emulated(struct sim *s, vaddr_t to, uint64_t value)
{
	struct direct_write w;
	uint64_t old = 0;
	maddr_t at;
	struct access write = {.write = true, .user = s->user};
	bool done;

	if (!s->config.hypervisor ||
	    (s->vm_assist >> VMASST_TYPE_writable_pagetables & 1) == 0 ||
	    !vaddr_canonical(to) ||
	    cpu_translate(s, to, write, &at) !=
		    (PF_PRESENT | PF_WRITE | (s->user ? PF_USER : 0u))) {
		return false;
	}
	record_hypercall(s, true);
	done = mmu_direct_find(&s->vcpu, to, &w) == 0 &&
	       mmu_direct_write(&s->vcpu, &w, DIRECT_WRITE, &old, value) == 0;
	record_hypercall(s, false);
	return done;
}

void guest_port_store64(struct guest *g, vaddr_t to, uint64_t value)
{
	struct sim *s = executing(g, "guest_port_store64", to, value, 0);

	if (!emulated(s, to, value)) {
		cpu_write(s, to, &value, sizeof(value));
	}
}

static uint64_t to_page_end(uint64_t at, uint64_t left)
{
	uint64_t n = PAGE_SIZE - page_offset(at);

	return n < left ? n : left;
}

void guest_port_read(struct guest *g, void *to, vaddr_t from, size_t nr)
{
	uint8_t *out = to;

	while (nr > 0) {
		struct sim *s =
			executing(g, "guest_port_read", from, 0, nr / 4);
		uint64_t n = to_page_end(from.v, nr);

		cpu_read(s, out, from, n);
		out += n;
		from = vaddr_add(from, n);
		nr -= n;
	}
}

void guest_port_write(struct guest *g, vaddr_t to, const void *from, size_t nr)
{
	const uint8_t *in = from;

	while (nr > 0) {
		struct sim *s = executing(g, "guest_port_write", to, 0, nr / 4);
		uint64_t n = to_page_end(to.v, nr);

		cpu_write(s, to, in, n);
		in += n;
		to = vaddr_add(to, n);
		nr -= n;
	}
}

void guest_port_clear_page(struct guest *g, vaddr_t page)
{
	struct sim *s = executing(g, "guest_port_clear_page", page, 0,
				  PAGE_SIZE / sizeof(uint64_t));

	cpu_write(s, page, NULL, PAGE_SIZE);
}

void guest_port_copy_page(struct guest *g, vaddr_t to, vaddr_t from)
{
	struct sim *s = executing(g, "guest_port_copy_page", to, 0,
				  PAGE_SIZE / sizeof(uint64_t));
	uint8_t page[PAGE_SIZE];

	s->regs.rsi = from.v;
	cpu_read(s, page, from, sizeof(page));
	cpu_write(s, to, page, sizeof(page));
}

bool guest_port_m2p(struct guest *g, mfn_t frame, pfn_t *ret)
{
	struct sim *s = sim_of_guest(g);

	if (!s->config.hypervisor) {
		*ret = pfn(frame.v);
		return frame.v < s->mmu.nr_frames;
	}
	if (!mfn_valid(&s->mmu, frame)) {
		return false;
	}
	*ret = pfn(sim_m2p(s, frame));
	return true;
}

int64_t guest_port_call(struct guest *g, unsigned int nr, uint64_t a1,
			uint64_t a2, uint64_t a3, uint64_t a4)
{
	/* Arguments can be addresses of this process: not for the report. */
	struct sim *s = executing(g, "guest_port_call", vaddr(0), nr, 0);
	uint64_t arg[6] = {a1, a2, a3, a4, 0, 0};
	int64_t rc;

	s->regs.rsi = 0;
	record_hypercall(s, true);
	rc = sim_pae_guest(s) ? bounce_hypercall(s, nr, arg)
			      : sim_hypercall(s, nr, arg);
	record_hypercall(s, false);
	return rc;
}

void guest_port_queued(struct guest *g, unsigned int request)
{
	record_queued(sim_of_guest(g), request);
}

void guest_port_invlpg(struct guest *g, vaddr_t va)
{
	cpu_invlpg(executing(g, "guest_port_invlpg", va, 0, 0), va);
}

void guest_port_write_cr3(struct guest *g, maddr_t root)
{
	struct sim *s =
		executing(g, "guest_port_write_cr3", vaddr(root.v), 0, 0);

	cpu_load_cr3(s, root, false);
}

void guest_port_log(struct guest *g, const char *line)
{
	sim_log_line(&sim_of_guest(g)->log, "%s", line);
}
