/* SPDX-License-Identifier: MIT */
/*
 * Much to say, by the console's ring and as stock kernels do it: what finds
 * room is put there, and told; where there is none the writer waits, and tells
 * nobody. All of it is taken, sooner or later.
 */
#include "kernels/vcpus/vcpus.h"

#include <xen/io/console.h>

#define LINES 4000
#define LINE "# this is one of very many lines that nobody reads\n"
#define LINE_SIZE (sizeof(LINE) - 1)
#define AT_ONCE 100
#define SHOWN_IN (1000 * MS) /* what was taken */
#define RING sizeof(((struct xencons_interface *)0)->out)

static volatile struct xencons_interface *ring;

/* As much as there is room for; how much that was. */
static uint32_t put(const char *bytes, uint32_t size)
{
	const uint32_t cons =
		__atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE);
	uint32_t prod = ring->out_prod;
	uint32_t n = 0;

	while (n < size && prod - cons < RING) {
		ring->out[prod++ % RING] = bytes[n++];
	}
	__atomic_store_n(&ring->out_prod, prod, __ATOMIC_RELEASE);
	return n;
}

static void put_all(const char *bytes, uint32_t size)
{
	evtchn_send_t op = {.port = pv.start->console.domU.evtchn};

	while (size != 0) {
		const uint32_t n = put(bytes, size);

		bytes += n;
		size -= n;
		if (n != 0) {
			hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send,
				  (uintptr_t)&op, 0, 0, 0);
		} else {
			yield();
		}
	}
}

static void wait_for(uint64_t ns)
{
	const uint64_t until = now(&pv) + ns;

	while (now(&pv) < until) {
		yield();
	}
}

void check_talk(void)
{
	static char lines[AT_ONCE * LINE_SIZE];

	for (unsigned int i = 0; i < AT_ONCE; i++) {
		memcpy(lines + i * LINE_SIZE, LINE, LINE_SIZE);
	}
	ring = va_of(&pv, pv.start->console.domU.mfn);
	for (unsigned int i = 0; i < LINES / AT_ONCE; i++) {
		put_all(lines, sizeof(lines));
	}
	while (ring->out_cons != ring->out_prod) {
		yield();
	}
	/* What expect() says has no ring, and is lost where others wait. */
	wait_for(SHOWN_IN);
	expect("all of it is taken", ring->out_cons,
	       LINES / AT_ONCE * AT_ONCE * LINE_SIZE);
}
