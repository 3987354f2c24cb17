/* SPDX-License-Identifier: MIT */
/*
 * One request of some seconds, all timers off, while somebody types: the event
 * must come in its midst and not at its end, because a request has a quantum
 * and what waits is taken between two of them (hv/cpu/slice.c). The callback
 * notes when it came; tests/qemu/input-metal types.
 */
#include "kernels/services/services.h"

#define OPS 32768u
#define CALLS 4096u
#define SECONDS 6
#define NS_PER_MS UINT64_C(1000000)

static struct mmuext_op ops[OPS];
static struct multicall_entry calls[CALLS];
static volatile uint64_t input_at;
extern const char input_entry[];

/* Notes the time, and returns with events masked, as it was entered. */
__asm__(".text\n"
	"input_entry:\n"
	"	pop %rcx\n"
	"	pop %r11\n"
	"	orb $3, 8(%rsp)\n"
	"	push %rax\n"
	"	push %rdx\n"
	"	rdtsc\n"
	"	shl $32, %rdx\n"
	"	or %rdx, %rax\n"
	"	mov %rax, input_at(%rip)\n"
	"	pop %rdx\n"
	"	pop %rax\n"
	"	iretq\n");

static int64_t invalidate(void)
{
	return hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)ops, OPS, 0,
			 DOMID_SELF, 0);
}

/* So many calls of one multicall as take the time. */
static unsigned int calls_that_last(const struct pv *s)
{
	uint64_t start = now(s);
	uint64_t one;
	uint64_t nr;

	if (invalidate() != 0) {
		die("a list was refused");
	}
	one = now(s) - start;
	nr = SECONDS * 1000 * NS_PER_MS / (one + 1) + 1;
	nr = nr < CALLS ? nr : CALLS;
	for (uint64_t i = 0; i < nr; i++) {
		calls[i] = (struct multicall_entry){
			.op = __HYPERVISOR_mmuext_op,
			.args = {(uintptr_t)ops, OPS, 0, DOMID_SELF},
		};
	}
	return (unsigned int)nr;
}

void typed_during_a_request(const struct pv *s)
{
	volatile uint8_t *mask = &s->shared->vcpu_info[0].evtchn_upcall_mask;
	struct callback_register callback = {
		.type = CALLBACKTYPE_event,
		.address = (uintptr_t)input_entry,
	};
	uint64_t start;
	uint64_t took;
	unsigned int nr;

	for (unsigned int i = 0; i < OPS; i++) {
		ops[i].cmd = MMUEXT_INVLPG_LOCAL;
		ops[i].arg1.linear_addr = (uintptr_t)ops;
	}
	if (vcpu_op(VCPUOP_stop_periodic_timer, NULL) != 0 ||
	    vcpu_op(VCPUOP_stop_singleshot_timer, NULL) != 0 ||
	    hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register,
		      (uintptr_t)&callback, 0, 0, 0) != 0) {
		die("timers or callback refused");
	}
	nr = calls_that_last(s);
	clear_pending(s, s->start->console.domU.evtchn);
	*mask = 0;
	say("input: now");
	start = rdtsc();
	if (hypercall(__HYPERVISOR_multicall, (uintptr_t)calls, nr, 0, 0, 0) !=
	    0) {
		die("the request was refused");
	}
	took = rdtsc() - start;
	if (input_at == 0 || !is_pending(s, s->start->console.domU.evtchn)) {
		say("input: nothing came");
	} else {
		say("input: %lu of 100 of the request had passed",
		    (input_at - start) / (took / 100 + 1));
	}
	shut_down(SHUTDOWN_poweroff);
}
