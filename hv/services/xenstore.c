/* SPDX-License-Identifier: MIT */
/*
 * The store's ring. As on the console, the hypervisor's indices are its own
 * and only published in the page; the guest's are read once each time round
 * and count only as a distance of at most the ring's size.
 *
 * Bytes are moved for as long as either side has some and room, but no longer
 * than the requests of a full ring can take, and after each request it may
 * stop: the guest's kick is then issued again. A guest whose indices make no
 * sense, or whose message claims an impossible length, is told so in the ring's
 * error field and served no further.
 */
#include "hv/services/xenstore.h"

#include <xen/io/xs_wire.h>

#include "abi/text.h"
#include "engine/port.h"
#include "hv/domain/domain.h"
#include "hv/services/deliver.h"

#define MASK (XENSTORE_RING_SIZE - 1)

/* As much as lies in one piece of the ring before it wraps. */
static uint32_t piece(uint32_t index, uint32_t n)
{
	uint32_t to_end = XENSTORE_RING_SIZE - (index & MASK);

	return n < to_end ? n : to_end;
}

static void give_up(struct xenstore *x, uint32_t error)
{
	x->store.broken = true;
	x->ring->error = error;
}

/* Requests from the ring to the store; true if any bytes went. */
static bool take_requests(struct xenstore *x)
{
	struct xenstore_domain_interface *ring = x->ring;
	uint32_t prod = __atomic_load_n(&ring->req_prod, __ATOMIC_ACQUIRE);
	uint32_t there = prod - x->req_cons;
	uint32_t before = x->req_cons;

	if (there > XENSTORE_RING_SIZE) {
		give_up(x, XENSTORE_ERROR_RINGIDX);
		return false;
	}
	while (there != 0) {
		uint32_t n = piece(x->req_cons, there);
		uint32_t taken =
			(uint32_t)store_feed(&x->store,
					     (const uint8_t *)ring->req +
						     (x->req_cons & MASK),
					     n);

		x->req_cons += taken;
		there -= taken;
		if (taken != n) {
			break;
		}
	}
	__atomic_store_n(&ring->req_cons, x->req_cons, __ATOMIC_RELEASE);
	if (x->store.broken) {
		give_up(x, XENSTORE_ERROR_PROTO);
	}
	return x->req_cons != before;
}

/* Answers and events from the store to the ring; true if any bytes went. */
static bool give_answers(struct xenstore *x)
{
	struct xenstore_domain_interface *ring = x->ring;
	uint32_t cons = __atomic_load_n(&ring->rsp_cons, __ATOMIC_ACQUIRE);
	uint32_t room = XENSTORE_RING_SIZE - (x->rsp_prod - cons);
	uint32_t before = x->rsp_prod;

	if (room > XENSTORE_RING_SIZE) {
		give_up(x, XENSTORE_ERROR_RINGIDX);
		return false;
	}
	while (room != 0) {
		uint32_t n = piece(x->rsp_prod, room);
		uint32_t given =
			(uint32_t)store_take(&x->store,
					     (uint8_t *)ring->rsp +
						     (x->rsp_prod & MASK),
					     n);

		x->rsp_prod += given;
		room -= given;
		if (given != n) {
			break;
		}
	}
	__atomic_store_n(&ring->rsp_prod, x->rsp_prod, __ATOMIC_RELEASE);
	return x->rsp_prod != before;
}

bool xenstore_kick(struct domain *d)
{
	struct xenstore *x = &d->store;
	bool moved = false;
	bool stopped = false;

	if (x->ring == NULL || x->store.broken) {
		return false;
	}
	/* Each turn takes a byte at least, and a ring has no more than this. */
	for (unsigned int i = 0; i < XENSTORE_RING_SIZE && !stopped; i++) {
		bool taken = take_requests(x);
		bool given = give_answers(x);

		moved |= taken | given;
		if (!taken || x->store.broken) {
			break;
		}
		stopped = port_preempt(&d->mmu);
	}
	if (moved) {
		event_notify(d, x->port);
	}
	return stopped;
}

#define VM "/vm/00000000-0000-0000-0000-000000000001"
#define VM_NAME VM "/name"

/* "number" in decimal, for values. */
static const char *decimal(char buffer[24], uint64_t n)
{
	struct text t = text_in(buffer, 24);

	text_decimal(&t, n);
	return buffer;
}

/* What every guest may ask of its domain. The store has room for these. */
static int describe_cpu(struct store *s, unsigned int id)
{
	char path[40];
	struct text t = text_in(path, sizeof(path));

	text_format(&t, "cpu/%u/availability", id);
	return store_set(s, path, "online");
}

static int describe(struct domain *d, struct store *s)
{
	char number[24];
	const char *domid = decimal(number, d->mmu.domid);
	static const struct {
		const char *path, *value;
	} values[] = {
		{"vm", VM},
		{"control/shutdown", ""},
		{"control/platform-feature-multiprocessor-suspend", "0"},
		{"data", ""},
		{"attr", ""},
		{"error", ""},
		{"drivers", ""},
		{"feature", ""},
	};
	int rc = store_set(s, "domid", domid);

	if (rc == 0) {
		rc = store_set(s, "name", d->config->name);
	}
	if (rc == 0) {
		rc = store_set(s, VM_NAME, d->config->name);
	}

	for (size_t i = 0; rc == 0 && i < sizeof(values) / sizeof(values[0]);
	     i++) {
		rc = store_set(s, values[i].path, values[i].value);
	}
	for (unsigned int i = 0; rc == 0 && i < d->nr_vcpus; i++) {
		rc = describe_cpu(s, i);
	}
	if (rc == 0) {
		/* In KiB, as the balloon driver reads it. */
		rc = store_set(s, "memory/target",
			       decimal(number, d->mmu.nr_pages * 4));
	}
	if (rc == 0) {
		rc = store_set(s, "memory/static-max",
			       decimal(number, d->mmu.max_pages * 4));
	}
	return rc;
}

void xenstore_domain_end(struct domain *d)
{
	d->store.ring = NULL;
	d->store.port = 0;
}

int xenstore_domain_init(struct domain *d,
			 struct xenstore_domain_interface *ring,
			 evtchn_port_t port)
{
	struct xenstore *x = &d->store;
	uint64_t at = (uint64_t)((uint8_t *)ring - d->mmu.m->ram);
	int rc;

	store_init(&x->store, d->mmu.domid);
	rc = describe(d, &x->store);
	if (rc == 0) {
		rc = mmu_hold(&d->mmu, maddr_to_mfn(maddr(at)));
	}
	if (rc == 0) {
		x->ring = ring;
		x->port = port;
	}
	return rc;
}
