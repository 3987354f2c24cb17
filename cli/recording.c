/* SPDX-License-Identifier: MIT */
/*
 * The reading end of a recording. The hypervisor's ring is in memory that QEMU
 * and we share, so a thread of ours looks at it all the time and takes what is
 * there; when QEMU has ended the memory is still there, and so is what it wrote
 * last. The machine may say anything: where the ring is and how much is in it
 * are compared with what can be.
 */
#include "cli/recording.h"

#include <sys/mman.h>
#include <time.h>

#include "abi/control.h"
#include "cli/ram.h"

#define WORDS_MAX (UINT64_C(1) << 24)
#define NAP_NS 500000

static void fail(struct recording *r, const char *why)
{
	if (!r->writer.failed) {
		r->writer.failed = true;
		snprintf(r->writer.error, sizeof(r->writer.error), "%s", why);
	}
}

/* What is there now; false: nothing was. */
static bool take(struct recording *r)
{
	const uint64_t *data = (const uint64_t *)(r->ring + 1);
	uint64_t tail = r->tail;
	uint64_t head = __atomic_load_n(&r->ring->head, __ATOMIC_ACQUIRE);
	uint64_t nr = head - tail;
	uint64_t from = tail & (r->words - 1);
	uint64_t first = nr < r->words - from ? nr : r->words - from;

	if (nr > r->words) {
		fail(r, "the machine has overwritten its ring");
		return false;
	}
	trace_writer_put(&r->writer, data + from, first);
	trace_writer_put(&r->writer, data, nr - first);
	r->tail = head;
	__atomic_store_n(&r->ring->tail, head, __ATOMIC_RELEASE);
	return nr != 0;
}

/* Goes on when writing has failed, too: the machine must not wait for ever. */
static void *take_all(void *argument)
{
	struct recording *r = argument;
	const struct timespec nap = {.tv_nsec = NAP_NS};

	while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE)) {
		if (!take(r)) {
			nanosleep(&nap, NULL);
		}
	}
	while (take(r)) {
	}
	return NULL;
}

bool recording_open(struct recording *r, const char *path, int memory,
		    uint64_t size)
{
	*r = (struct recording){.memory = memory, .size = size};
	return trace_writer_open(&r->writer, path);
}

static bool map_ring(struct recording *r, uint64_t at)
{
	if (r->words == 0 || r->words > WORDS_MAX ||
	    (r->words & (r->words - 1)) != 0) {
		return false;
	}
	r->ring = ram_map(r->memory, r->size, at,
			  sizeof(*r->ring) + r->words * 8);
	return r->ring != NULL && r->ring->magic == TRACE_RING_MAGIC &&
	       r->ring->tail == 0;
}

static void start(struct recording *r, const cJSON *event)
{
	r->words = monitor_number(event, RECORDING_WORDS, 0);
	if (!map_ring(r, monitor_hex(event, RECORDING_RING))) {
		fail(r, "the machine's ring is not where it says");
	} else if (pthread_create(&r->thread, NULL, take_all, r) != 0) {
		fail(r, "no thread for it");
	} else {
		r->running = true;
	}
}

bool recording_update(struct recording *r, const struct monitor *m)
{
	if (m->recording != NULL && !r->running && !r->writer.failed) {
		start(r, m->recording);
	}
	return m->recording == NULL || r->running;
}

bool recording_close(struct recording *r)
{
	bool good;

	if (r->running) {
		__atomic_store_n(&r->stop, true, __ATOMIC_RELEASE);
		pthread_join(r->thread, NULL);
	} else {
		fail(r, "the machine never began");
	}
	good = trace_writer_close(&r->writer);
	if (r->ring != NULL) {
		munmap(r->ring, sizeof(*r->ring) + r->words * 8);
	}
	return good;
}
