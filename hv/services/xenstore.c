/* SPDX-License-Identifier: MIT */
/*
 * The store's rings. As on the console, the hypervisor's indices are its own
 * and only published in the page; the guest's are read once each time round
 * and count only as a distance of at most the ring's size.
 *
 * Bytes are moved for as long as either side has some and room, but no longer
 * than the requests of a full ring can take, and after each request it may
 * stop: the guest's kick is then issued again. A guest whose indices make no
 * sense, or whose message claims an impossible length, is told so in the ring's
 * error field and served no further.
 *
 * What one domain changes others may hear of: their events are put into their
 * rings when its own requests have been served.
 */
#include "hv/services/xenstore.h"

#include <xen/io/xs_wire.h>

#include "abi/text.h"
#include "engine/port.h"
#include "hv/domain/domain.h"
#include "hv/report/log.h"
#include "hv/services/deliver.h"

#define MASK (XENSTORE_RING_SIZE - 1)

_Static_assert(STORE_CLIENTS == DOMAINS + 1, "a client for each domain");

static struct store store;

void xenstore_init(void)
{
	store_init(&store);
}

/* As much as lies in one piece of the ring before it wraps. */
static uint32_t piece(uint32_t index, uint32_t n)
{
	uint32_t to_end = XENSTORE_RING_SIZE - (index & MASK);

	return n < to_end ? n : to_end;
}

static void give_up(struct xenstore *x, uint32_t error)
{
	x->client.broken = true;
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
			(uint32_t)store_feed(&store, &x->client,
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
	if (x->client.broken) {
		give_up(x, XENSTORE_ERROR_PROTO);
	}
	return x->req_cons != before;
}

/*
 * Answers and events from the store to the ring, a message at a time; true if
 * any bytes went.
 */
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
			(uint32_t)store_take(&store, &x->client,
					     (uint8_t *)ring->rsp +
						     (x->rsp_prod & MASK),
					     n);

		x->rsp_prod += given;
		room -= given;
		if (given == 0) {
			break;
		}
	}
	__atomic_store_n(&ring->rsp_prod, x->rsp_prod, __ATOMIC_RELEASE);
	return x->rsp_prod != before;
}

/* What others have to hear of what this one did. */
static void tell_others(const struct domain *d)
{
	for (unsigned int i = 0; i < DOMAINS; i++) {
		struct domain *o = domain_at(i);

		if (o != NULL && o != d && o->store.ring != NULL &&
		    !o->store.client.broken &&
		    store_has_output(&o->store.client) &&
		    give_answers(&o->store)) {
			event_notify(o, o->store.port);
		}
	}
}

bool xenstore_kick(struct domain *d)
{
	struct xenstore *x = &d->store;
	bool moved = false;
	bool stopped = false;

	if (x->ring == NULL || x->client.broken) {
		return false;
	}
	/* Each turn takes a byte at least, and a ring has no more than this. */
	for (unsigned int i = 0; i < XENSTORE_RING_SIZE && !stopped; i++) {
		bool taken = take_requests(x);
		bool given = give_answers(x);

		moved |= taken | given;
		if ((!taken && !given) || x->client.broken) {
			break;
		}
		stopped = port_preempt(&d->mmu);
	}
	if (moved) {
		event_notify(d, x->port);
	}
	tell_others(d);
	return stopped;
}

/* "number" in decimal, for values. */
static const char *decimal(char buffer[24], uint64_t n)
{
	struct text t = text_in(buffer, 24);

	text_decimal(&t, n);
	return buffer;
}

/* Where the store tells of the domain as a virtual machine. */
static const char *vm_path(char buffer[48], const struct domain *d)
{
	struct text t = text_in(buffer, 48);

	text_format(&t, "/vm/00000000-0000-0000-0000-%012x",
		    (unsigned int)d->mmu.domid);
	return buffer;
}

struct value {
	const char *path, *value;
	enum store_for who;
};

static int set_all(const struct domain *d, const struct value *values,
		   size_t nr)
{
	const struct store_client *c = &d->store.client;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < nr; i++) {
		rc = store_set(&store, c, values[i].path, values[i].value,
			       values[i].who);
	}
	return rc;
}

/* What it may write is what the toolstack gives it, and no more. */
static int describe_places(const struct domain *d)
{
	static const struct value values[] = {
		{"control", "", STORE_TO_READ},
		{"control/shutdown", "", STORE_TO_WRITE},
		{"control/sysrq", "", STORE_TO_WRITE},
		{"control/feature-poweroff", "", STORE_TO_WRITE},
		{"control/feature-reboot", "", STORE_TO_WRITE},
		{"control/feature-suspend", "", STORE_TO_WRITE},
		{"control/platform-feature-multiprocessor-suspend", "0",
		 STORE_TO_READ},
		{"device", "", STORE_TO_READ},
		{"data", "", STORE_TO_WRITE},
		{"attr", "", STORE_TO_WRITE},
		{"error", "", STORE_TO_WRITE},
		{"drivers", "", STORE_TO_WRITE},
		{"feature", "", STORE_TO_WRITE},
	};

	return set_all(d, values, sizeof(values) / sizeof(values[0]));
}

static int describe_itself(const struct domain *d)
{
	char domid[24], target[24], most[24], vm[48], vm_name[64];
	struct text t = text_in(vm_name, sizeof(vm_name));
	const struct value values[] = {
		{vm_path(vm, d), "", STORE_TO_READ},
		{vm_name, d->config->name, STORE_TO_READ},
		{"domid", decimal(domid, d->mmu.domid), STORE_TO_READ},
		{"name", d->config->name, STORE_TO_READ},
		{"vm", vm, STORE_TO_READ},
		/* In KiB, as the balloon driver reads it. */
		{"memory/target", decimal(target, d->mmu.nr_pages * 4),
		 STORE_TO_READ},
		{"memory/static-max", decimal(most, d->mmu.max_pages * 4),
		 STORE_TO_READ},
	};

	text_format(&t, "%s/name", vm);
	return set_all(d, values, sizeof(values) / sizeof(values[0]));
}

static int describe_cpu(const struct domain *d, unsigned int id)
{
	char path[40];
	struct text t = text_in(path, sizeof(path));

	text_format(&t, "cpu/%u/availability", id);
	return store_set(&store, &d->store.client, path,
			 id < d->store.online ? "online" : "offline",
			 STORE_TO_READ);
}

static int describe_cpus(const struct domain *d)
{
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < d->nr_vcpus; i++) {
		rc = describe_cpu(d, i);
	}
	return rc;
}

void xenstore_set_online(struct domain *d, unsigned int nr)
{
	const unsigned int before = d->store.online;

	if (d->store.ring == NULL) {
		return; /* it ends, or is not yet */
	}
	d->store.online = nr;
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		if ((i < before) != (i < nr) && describe_cpu(d, i) != 0) {
			log_warn("domain %u: no room in its store for vCPU %u",
				 (unsigned int)d->mmu.domid, i);
		}
	}
	/* Nobody would issue this again for us. */
	for (unsigned int i = 0; i < XENSTORE_RING_SIZE; i++) {
		if (!xenstore_kick(d)) {
			break;
		}
	}
}

/* What it may do with other domains' nodes is what it may with them. */
static void join(struct domain *d)
{
	struct store_client *c = &d->store.client;
	const uint32_t everybody = (UINT32_C(1) << DOMAINS) - 1;

	c->domid = d->mmu.domid;
	c->all = d->config->may_map == everybody;
	c->acts_for = d->config->may_map << 1;
	store_join(&store, c, d->slot + 1);
}

void xenstore_domain_end(struct domain *d)
{
	d->store.ring = NULL;
	d->store.port = 0;
}

bool xenstore_domain_leave(struct domain *d)
{
	char vm[48];

	if (store_leave(&store, &d->store.client)) {
		return true;
	}
	store_unset(&store, vm_path(vm, d));
	tell_others(d);
	return false;
}

int xenstore_domain_init(struct domain *d,
			 struct xenstore_domain_interface *ring,
			 evtchn_port_t port)
{
	struct xenstore *x = &d->store;
	uint64_t at = (uint64_t)((uint8_t *)ring - d->mmu.m->ram);
	int rc = mmu_hold(&d->mmu, maddr_to_mfn(maddr(at)));

	if (rc != 0) {
		return rc;
	}
	x->online = d->config->online;
	join(d);
	rc = describe_itself(d);
	if (rc == 0) {
		rc = describe_places(d);
	}
	if (rc == 0) {
		rc = describe_cpus(d);
	}
	if (rc == 0) {
		x->ring = ring;
		x->port = port;
	}
	tell_others(d);
	return rc;
}
