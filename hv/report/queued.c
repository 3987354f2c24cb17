/* SPDX-License-Identifier: MIT */
/*
 * Kernels write requests into a queue, and send it when it is full or somebody
 * cannot wait: the callers of the hypercall are then the sender's, and the one
 * who asked has long returned. When a run is repeated it is known beforehand
 * which request is the one, and where in the guest's memory it stood. So the
 * CPU is told to report each write to that place, from some requests before it
 * on; of these reports the last counts, as does a write, and is told when the
 * request has ended.
 *
 * The numbers of requests are the first domain's.
 */
#include "hv/report/queued.h"

#include "abi/control.h"
#include "abi/guest_range.h"
#include "engine/report/event.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/debugreg.h"
#include "hv/domain/domain.h"
#include "hv/report/control.h"
#include "hv/report/stack.h"
#include "hv/vcpu/vcpu.h"

/* A queue holds much less, on as many vCPUs as there may be. */
#define REQUESTS_BEFORE 4096

struct slot {
	uint64_t request; /* 0: none */
	uint64_t address;
	bool told;
	/* The last write. */
	uint64_t writes; /* how many so far */
	uint64_t rip;    /* behind the instruction */
	unsigned int vcpu;
	unsigned int nr_words;
	uint64_t word[STACK_WORDS_TOLD];
};

static struct slot slots[DEBUGREGS];
static unsigned int nr_slots;
static bool took_breakpoints;

bool queued_add(uint64_t request, uint64_t address)
{
	if (nr_slots == DEBUGREGS || !guest_range_ok(address, 8)) {
		return false;
	}
	slots[nr_slots++] = (struct slot){.request = request,
					  .address = address & ~UINT64_C(7)};
	return true;
}

void queued_took_breakpoints(void)
{
	took_breakpoints = true;
}

bool queued_wanted(void)
{
	return nr_slots != 0;
}

/* Each CPU has debug registers of its own. */
static void begin(uint64_t serial)
{
	uint64_t address[DEBUGREGS] = {0};
	bool now = false;

	for (unsigned int i = 0; i < nr_slots; i++) {
		address[i] = slots[i].address;
		now |= serial + REQUESTS_BEFORE >= slots[i].request;
	}
	if (now) {
		took_breakpoints |= (current->debugreg[7] & DR7_ENABLES) != 0;
		debugreg_watch(address);
	}
}

static void tell(struct slot *s, const struct domain *d,
		 const struct mmu_event *e)
{
	s->told = true;
	control_begin(EVENT_QUEUED);
	control_number(QUEUED_DOMAIN, d->mmu.domid);
	control_number(QUEUED_REQUEST, s->request);
	control_text(QUEUED_OP, operation_info[e->op.id].name);
	control_hex(QUEUED_ADDRESS, s->address);
	control_number(QUEUED_WRITES, s->writes);
	if (s->writes != 0) {
		control_number(QUEUED_VCPU, s->vcpu);
		control_hex(QUEUED_RIP, s->rip);
	}
	if (took_breakpoints) {
		control_flag(QUEUED_DEAF, true);
	}
	stack_tell_words(QUEUED_STACK, s->word, s->nr_words);
	control_end();
}

void queued_request(struct domain *d, const struct mmu_event *e)
{
	if (nr_slots == 0 || d != domain_at(0) || current == NULL) {
		return;
	}
	if (!cpu_here()->watching) {
		begin(e->serial);
	}
	for (unsigned int i = 0; i < nr_slots; i++) {
		if (!slots[i].told && e->serial == slots[i].request) {
			tell(&slots[i], d, e);
		}
	}
}

void queued_write(const struct vcpu *v, const struct regs *r, uint64_t set)
{
	for (unsigned int i = 0; i < nr_slots; i++) {
		struct slot *s = &slots[i];

		if ((set >> i & 1) == 0 || s->told ||
		    v->domain != domain_at(0)) {
			continue;
		}
		s->writes++;
		s->rip = r->rip;
		s->vcpu = v->id;
		s->nr_words = stack_read(v, r, s->word);
	}
}
