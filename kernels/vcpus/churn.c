/* SPDX-License-Identifier: MIT */
/*
 * Waking, many thousand times over: the first vCPU wakes the second from each
 * of the ways to wait, at whatever moment it happens to be on its way into it.
 * A wake-up that is lost is not made up for by the next: none comes before the
 * second has said that it is awake.
 */
#include "kernels/vcpus/vcpus.h"

#define SPINS 200
#define LOST (20000 * MS) /* the second would have come by then */

static evtchn_port_t port;
static volatile uint64_t answered;
static volatile uint64_t wanted; /* answers; no more waiting after the last */

#define LATE (5 * MS) /* as a host that does other things makes some */
static uint64_t late;

/* Sometimes without a hypercall in between, sometimes with many. */
static bool await_answer(uint64_t nr)
{
	const uint64_t begin = now(&pv);
	const uint64_t end = begin + LOST;
	unsigned int spins = 0;

	while (answered < nr) {
		if (++spins > SPINS) {
			if (now(&pv) > end) {
				return false;
			}
			if (nr % 2 == 0) {
				yield();
			}
		}
	}
	late += now(&pv) - begin > LATE;
	return true;
}

static void answer(void)
{
	forget(port, 1);
	__atomic_fetch_add(&answered, 1, __ATOMIC_SEQ_CST);
}

static bool is_last(void)
{
	return answered >= wanted;
}

/* --- jobs of the second ----------------------------------------------------
 */

static void blocks(void)
{
	do {
		block();
		answer();
	} while (!is_last());
}

static void polls(void)
{
	struct sched_poll poll = {.nr_ports = 1};

	set_xen_guest_handle(poll.ports, (evtchn_port_t *)&port);
	do {
		sched_op(SCHEDOP_poll, &poll);
		answer();
	} while (!is_last());
}

/* It is told to come up while it goes down, by who saw that it goes. */
static void goes(void)
{
	do {
		vcpu_op_on(VCPUOP_down, 1, NULL);
		answer();
	} while (!is_last());
}

#define DEEDS 20
#define MSR_EFER 0xc0000080

/* What a CPU that comes up asks: all of it traps into the hypervisor. */
static void ask_about_itself(void)
{
	for (unsigned int i = 0; i < DEEDS; i++) {
		uint32_t eax = 1, ecx = 0;

		__asm__ volatile("ud2a; .ascii \"xen\"; cpuid"
				 : "+a"(eax), "+c"(ecx)
				 :
				 : "ebx", "edx");
		__asm__ volatile("rdmsr" : "=a"(eax) : "c"(MSR_EFER) : "edx");
	}
}

/* Meanwhile the first does nothing but hypercalls. */
static void goes_and_asks(void)
{
	do {
		vcpu_op_on(VCPUOP_down, 1, NULL);
		ask_about_itself();
		answer();
	} while (!is_last());
}

static void sleeps(void)
{
	struct vcpu_set_singleshot_timer once;

	do {
		once = (struct vcpu_set_singleshot_timer){
			.timeout_abs_ns = now(&pv) + (answered % 64) * 1000};
		vcpu_op_on(VCPUOP_set_singleshot_timer, 1, &once);
		while (!is_pending(&pv, port)) {
			block();
			info_of(1)->evtchn_upcall_pending = 0;
		}
		answer();
	} while (!is_last());
}

/* --- and how the first wakes it --------------------------------------------
 */

static void send(void)
{
	evtchn_send_t op = {.port = port};

	event_op(EVTCHNOP_send, &op);
}

static void bring_up(void)
{
	while (vcpu_op_on(VCPUOP_is_up, 1, NULL) != 0) {
	}
	vcpu_op_on(VCPUOP_up, 1, NULL);
}

/* It is due by itself. */
static void leave(void)
{
}

static void churn(const char *what, unsigned int times, second_fn *job,
		  void (*wake)(void))
{
	const uint64_t begin = now(&pv);
	uint64_t nr = 0;

	late = 0;
	forget(port, 1);
	answered = 0;
	wanted = times;
	second_begin(job);
	do {
		nr++;
		wake();
	} while (await_answer(nr) && nr < times);
	say("churn: %s: %lu of %u, %lu late, %lu ms", what, answered, times,
	    late, (now(&pv) - begin) / MS);
	expect(what, (int64_t)answered, times);
	if (answered == times) {
		second_finish();
	}
}

void check_churn(unsigned int times)
{
	evtchn_bind_ipi_t ipi = {.vcpu = 1};
	struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER, .vcpu = 1};

	vcpu_op_on(VCPUOP_stop_periodic_timer, 1, NULL);
	event_op(EVTCHNOP_bind_ipi, &ipi);
	port = ipi.port;
	churn("a send to one that blocks", times, blocks, send);
	churn("a send to one that polls", times, polls, send);
	churn("up to one that goes down", times, goes, bring_up);
	churn("up to one that asks much then", times, goes_and_asks, bring_up);
	event_op(EVTCHNOP_bind_virq, &virq);
	port = virq.port;
	churn("a timer of one that blocks", times, sleeps, leave);
}
