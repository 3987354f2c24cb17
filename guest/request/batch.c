/* SPDX-License-Identifier: MIT */
/*
 * Batches of requests to the hypervisor. Each request knows the call of the
 * multicall that carries it and its place in that call, so that a result of
 * the call, with its count of what was done, becomes a result of each
 * request. Records are written from these results and from nothing else, so
 * that they say what the hypervisor says.
 */
#include "guest/request/request.h"

int64_t guest_hypercall(struct guest *g, unsigned int nr, uint64_t a1,
			uint64_t a2, uint64_t a3, uint64_t a4)
{
	g->stats.hypercalls++;
	return guest_port_call(g, nr, a1, a2, a3, a4);
}

/* What went out makes room for what comes. */
static void batch_open(struct guest_batch *b)
{
	if (b->issued) {
		b->issued = false;
		b->nr_requests = 0;
		b->nr_calls = 0;
	}
}

static bool extends(const struct guest_batch *b, unsigned long op)
{
	return b->nr_calls > 0 && b->call[b->nr_calls - 1].op == op;
}

/* A place in the batch for one more request of a kind of call. */
static struct guest_batch_request *batch_next(struct guest *g, unsigned long op,
					      bool may_extend)
{
	struct guest_batch *b = &g->batch;
	struct guest_batch_request *r;
	bool extend;

	batch_open(b);
	extend = may_extend && extends(b, op);
	if (b->nr_requests == GUEST_BATCH_MAX_REQUESTS ||
	    (!extend && b->nr_calls == GUEST_BATCH_MAX_CALLS)) {
		guest_batch_issue(g);
		batch_open(b);
		extend = false;
	}
	r = &b->request[b->nr_requests];
	if (!extend) {
		b->call[b->nr_calls] = (struct multicall_entry){.op = op};
		b->done[b->nr_calls] = 0;
		b->nr_calls++;
	}
	*r = (struct guest_batch_request){.call = b->nr_calls - 1};
	if (extend) {
		r->index = r[-1].index + 1;
	}
	guest_port_queued(g, b->nr_requests);
	return r;
}

/* mmu_update and mmuext_op have their arguments in the same places. */
static void batch_count(struct guest *g, struct guest_batch_request *r,
			uint64_t array)
{
	struct guest_batch *b = &g->batch;
	struct multicall_entry *call = &b->call[r->call];

	if (r->index == 0) {
		call->args[0] = (xen_ulong_t)array;
		call->args[2] = (uintptr_t)&b->done[r->call];
		call->args[3] = DOMID_SELF;
	}
	call->args[1] = r->index + 1;
	b->nr_requests++;
}

static void batch_update(struct guest *g, struct guest_batch_request *r,
			 uint64_t ptr, uint64_t val)
{
	struct mmu_update *u = &g->batch.update[g->batch.nr_requests];

	u->ptr = ptr;
	u->val = val;
	batch_count(g, r, (uintptr_t)u);
}

void guest_batch_entry(struct guest *g, maddr_t entry, pte_t value)
{
	struct guest_batch_request *r =
		batch_next(g, __HYPERVISOR_mmu_update, true);

	r->kind = GUEST_BATCH_ENTRY;
	r->where = entry.v;
	r->value = value.v;
	batch_update(g, r, entry.v | MMU_NORMAL_PT_UPDATE, value.v);
}

static void note_error(struct guest_batch *b,
		       const struct guest_batch_request *r)
{
	if (r->result == GUEST_BATCH_NOT_ATTEMPTED) {
		b->error.nr_not_attempted++;
		return;
	}
	if (b->error.nr_refused++ == 0) {
		b->error.request = *r;
	}
}

void guest_batch_m2p_at(struct guest *g, pfn_t frame, mfn_t to,
			vaddr_t p2m_entry)
{
	struct guest_batch_request *r =
		batch_next(g, __HYPERVISOR_mmu_update, true);

	r->kind = GUEST_BATCH_M2P;
	r->where = frame.v;
	r->value = to.v;
	r->p2m_entry = p2m_entry;
	batch_update(g, r, mfn_to_maddr(to).v | MMU_MACHPHYS_UPDATE, frame.v);
}

void guest_batch_m2p_unsent(struct guest *g, pfn_t frame, mfn_t to, int error)
{
	const struct guest_batch_request unsent = {
		.kind = GUEST_BATCH_M2P,
		.where = frame.v,
		.value = to.v,
		.result = error,
	};

	note_error(&g->batch, &unsent);
}

void guest_batch_mapping(struct guest *g, vaddr_t va, pte_t value,
			 unsigned long uvmf_flags)
{
	struct guest_batch_request *r =
		batch_next(g, __HYPERVISOR_update_va_mapping, false);
	struct multicall_entry *call = &g->batch.call[r->call];

	r->kind = GUEST_BATCH_MAPPING;
	r->where = va.v;
	r->value = value.v;
	xen_mapping_args(call->args, va.v, value.v, uvmf_flags);
	g->batch.nr_requests++;
}

int guest_batch_mapping_now(struct guest *g, vaddr_t va, pte_t value)
{
	xen_ulong_t args[4];

	guest_batch_issue(g);
	g->stats.entry_writes++;
	xen_mapping_args(args, va.v, value.v, UVMF_INVLPG | UVMF_ALL);
	return (int)guest_hypercall(g, __HYPERVISOR_update_va_mapping, args[0],
				    args[1], args[2], args[3]);
}

void guest_batch_extended(struct guest *g, unsigned int command, uint64_t arg1)
{
	struct guest_batch_request *r =
		batch_next(g, __HYPERVISOR_mmuext_op, true);
	struct mmuext_op *op = &g->batch.ext[g->batch.nr_requests];

	r->kind = GUEST_BATCH_EXTENDED;
	r->command = command;
	r->where = arg1;
	*op = (struct mmuext_op){.cmd = command};
	op->arg1.linear_addr = (xen_ulong_t)arg1; /* or the mfn: one union */
	batch_count(g, r, (uintptr_t)op);
}

/* The outcome of one request from that of its call. */
static int request_result(const struct guest_batch *b,
			  const struct guest_batch_request *r)
{
	/* Errors are negative in the words of the guest. */
	int64_t result = (long)b->call[r->call].result;

	if (result >= 0 ||
	    (r->kind != GUEST_BATCH_MAPPING && r->index < b->done[r->call])) {
		return 0;
	}
	if (r->kind == GUEST_BATCH_MAPPING || r->index == b->done[r->call]) {
		return result < -4095 ? -XEN_EINVAL : (int)result;
	}
	return GUEST_BATCH_NOT_ATTEMPTED;
}

/* What the library keeps in mind follows what was accepted. */
static void record(struct guest *g, const struct guest_batch_request *r)
{
	switch (r->kind) {
	case GUEST_BATCH_ENTRY:
	case GUEST_BATCH_MAPPING:
		g->stats.entry_writes++;
		break;
	case GUEST_BATCH_M2P:
		guest_p2m_entry_store(g, r->p2m_entry, r->value);
		break;
	case GUEST_BATCH_EXTENDED:
		if (r->command == MMUEXT_TLB_FLUSH_LOCAL ||
		    r->command == MMUEXT_TLB_FLUSH_ALL ||
		    r->command == MMUEXT_INVLPG_LOCAL ||
		    r->command == MMUEXT_INVLPG_ALL) {
			g->stats.flushes++;
		}
		break;
	}
}

static int64_t batch_send(struct guest *g)
{
	struct guest_batch *b = &g->batch;
	struct multicall_entry *c = &b->call[0];

	if (b->nr_calls > 1) {
		return guest_hypercall(g, __HYPERVISOR_multicall,
				       (uintptr_t)b->call, b->nr_calls, 0, 0);
	}
	c->result = (xen_ulong_t)guest_hypercall(g, (unsigned int)c->op,
						 c->args[0], c->args[1],
						 c->args[2], c->args[3]);
	return 0;
}

void guest_batch_issue(struct guest *g)
{
	struct guest_batch *b = &g->batch;
	int64_t error;

	if (b->issued || b->nr_requests == 0) {
		return;
	}
	b->issued = true;
	error = batch_send(g);
	for (unsigned int i = 0; i < b->nr_requests; i++) {
		struct guest_batch_request *r = &b->request[i];

		r->result = error < 0 ? (int)error : request_result(b, r);
		g->stats.requests++;
		if (r->result == 0) {
			record(g, r);
		} else {
			note_error(b, r);
		}
	}
}

static const char *request_name(const struct guest_batch_request *r)
{
	static const char *const extended[] = {
		[MMUEXT_PIN_L1_TABLE] = "pinning as L1 mfn",
		[MMUEXT_PIN_L2_TABLE] = "pinning as L2 mfn",
		[MMUEXT_PIN_L3_TABLE] = "pinning as L3 mfn",
		[MMUEXT_PIN_L4_TABLE] = "pinning as L4 mfn",
		[MMUEXT_UNPIN_TABLE] = "unpinning mfn",
		[MMUEXT_NEW_BASEPTR] = "loading the root mfn",
		[MMUEXT_NEW_USER_BASEPTR] = "loading the user root mfn",
	};

	switch (r->kind) {
	case GUEST_BATCH_ENTRY:
		return "setting the entry at machine address";
	case GUEST_BATCH_MAPPING:
		return "setting the mapping of";
	case GUEST_BATCH_M2P:
		return "giving a new frame to pfn";
	case GUEST_BATCH_EXTENDED:
		break;
	}
	if (r->command < sizeof(extended) / sizeof(extended[0]) &&
	    extended[r->command] != NULL) {
		return extended[r->command];
	}
	return "extended operation on";
}

bool guest_batch_is_about(const struct guest *g, vaddr_t va, maddr_t entry)
{
	const struct guest_batch *b = &g->batch;

	for (unsigned int i = 0; !b->issued && i < b->nr_requests; i++) {
		const struct guest_batch_request *r = &b->request[i];

		if ((r->kind == GUEST_BATCH_MAPPING && r->where == va.v) ||
		    (r->kind == GUEST_BATCH_ENTRY && r->where == entry.v)) {
			return true;
		}
	}
	return false;
}

int guest_batch_flush(struct guest *g, struct guest_batch_error *ret_error)
{
	struct guest_batch_error error;

	guest_batch_issue(g);
	error = g->batch.error;
	g->batch.error = (struct guest_batch_error){.nr_refused = 0};
	if (ret_error != NULL) {
		*ret_error = error;
	}
	if (error.nr_refused == 0) {
		return 0;
	}
	return guest_fail(g, -error.request.result,
			  "refused: %s %lx (value %lx): error %lu; request %lu "
			  "of call %lu; %lu refused, %lu not attempted",
			  request_name(&error.request), error.request.where,
			  error.request.value, (uint64_t)-error.request.result,
			  (uint64_t)error.request.index,
			  (uint64_t)error.request.call,
			  (uint64_t)error.nr_refused,
			  (uint64_t)error.nr_not_attempted);
}

int guest_batch_result(const struct guest *g, unsigned int n)
{
	const struct guest_batch *b = &g->batch;

	return b->issued && n < b->nr_requests ? b->request[n].result
					       : -XEN_EINVAL;
}
