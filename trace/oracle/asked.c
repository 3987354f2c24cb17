/* SPDX-License-Identifier: MIT */
/*
 * From the records of an operation to what the model is asked. A list's
 * requests are copied in one by one; one is asked for when all that came with
 * it is known: that is when the next is copied in, or at the end. An operation
 * that stopped has done what its next issue does not ask for again; all other
 * that is stopped has done nothing yet.
 */
#include "trace/oracle/asked.h"

#include <string.h>

#include "abi/guest_range.h"
#include "trace/file/request.h"
#include "trace/oracle/forms.h"

#define EXTENT_BITS 6
/* In a list's count: it goes on where it was stopped. */
#define LIST_GOES_ON (UINT32_C(1) << 31)

static uint64_t result(int rc)
{
	return (uint64_t)(int64_t)rc;
}

static int check_domid(const struct oracle *o, uint64_t domid)
{
	uint16_t id = (uint16_t)domid;

	if (id == DOMID_SELF || id == o->model.dom->domid) {
		return 0;
	}
	return id == DOMID_IO || id == DOMID_XEN ? -XEN_EPERM : -XEN_ESRCH;
}

static size_t request_size(const struct oracle *o)
{
	return trace_request_size(o->begin.detail, o->model.dom->narrow);
}

static const uint64_t *operands(const struct oracle *o)
{
	return o->begin.word + TRACE_BEGIN_WORDS;
}

static int one_update(struct oracle *o, const uint64_t *w)
{
	uint64_t where = w[0] & ~UINT64_C(7);
	uint64_t f = where >> PAGE_SHIFT;
	unsigned int i = (unsigned int)(where % PAGE_SIZE / 8);

	switch (w[0] & 7) {
	case MMU_NORMAL_PT_UPDATE:
	case MMU_PT_UPDATE_NO_TRANSLATE:
		return model_update(&o->model, f, i, w[1], false);
	case MMU_PT_UPDATE_PRESERVE_AD:
		return model_update(&o->model, f, i, w[1], true);
	case MMU_MACHPHYS_UPDATE:
		return model_owned(&o->model, f) ? 0 : -XEN_EINVAL;
	default:
		return -XEN_ENOSYS;
	}
}

static int one_mmuext(struct oracle *o, const struct mmuext_op *op)
{
	struct model *m = &o->model;
	uint64_t f = op->arg1.mfn;

	switch (op->cmd) {
	case MMUEXT_PIN_L1_TABLE:
	case MMUEXT_PIN_L2_TABLE:
	case MMUEXT_PIN_L3_TABLE:
	case MMUEXT_PIN_L4_TABLE:
		return model_pin(m, f,
				 (enum frame_type)(op->cmd -
						   MMUEXT_PIN_L1_TABLE + 1));
	case MMUEXT_UNPIN_TABLE:
		return model_unpin(m, f);
	case MMUEXT_NEW_BASEPTR:
		return model_kernel_root(m, f);
	case MMUEXT_NEW_USER_BASEPTR:
		return model_user_root(m, f);
	case MMUEXT_TLB_FLUSH_LOCAL:
	case MMUEXT_TLB_FLUSH_ALL:
	case MMUEXT_INVLPG_LOCAL:
	case MMUEXT_INVLPG_ALL:
		return 0;
	case MMUEXT_TLB_FLUSH_MULTI:
	case MMUEXT_INVLPG_MULTI:
		return o->fault ? -XEN_EINVAL : 0;
	case MMUEXT_FLUSH_CACHE:
		return -XEN_EACCES;
	case MMUEXT_FLUSH_CACHE_GLOBAL:
		return -XEN_EINVAL;
	case MMUEXT_SET_LDT:
		return model_set_ldt(m, op->arg1.linear_addr, op->arg2.nr_ents);
	case MMUEXT_CLEAR_PAGE:
		return model_clear_page(m, f);
	case MMUEXT_COPY_PAGE:
		return model_copy_page(m, f, op->arg2.src_mfn);
	case MMUEXT_MARK_SUPER:
	case MMUEXT_UNMARK_SUPER:
		return -XEN_EOPNOTSUPP;
	default:
		return -XEN_ENOSYS;
	}
}

static void ask_request(struct oracle *o)
{
	struct mmuext_op op;
	int rc;

	if (!o->open) {
		return;
	}
	o->open = false;
	o->result.requests++;
	if (o->begin.detail == MMU_OP_MMU_UPDATE) {
		rc = one_update(o, o->request.word);
	} else {
		op = trace_mmuext(&o->request);
		rc = one_mmuext(o, &op);
	}
	o->rc = result(rc);
	o->done += rc == 0;
}

/* The list's request that comes next. */
static void next_request(struct oracle *o, const struct trace_record *r)
{
	ask_request(o);
	if (o->rc != 0) {
		oracle_differs(o, "request %u of the list is refused with %d",
			       o->done, -(int)o->rc);
		return;
	}
	o->fault = false;
	if ((r->detail & TRACE_FAULT) != 0) {
		o->rc = result(-XEN_EFAULT);
		return;
	}
	o->request = *r;
	o->open = true;
}

static void begin_list(struct oracle *o)
{
	const uint64_t *w = operands(o);
	/* A 32-bit domain's addresses end where the hypervisor's begin. */
	bool there = o->model.dom->pae ? w[0] < XEN_COMPAT_START
				       : guest_range_ok(w[0], 1);
	int rc = there ? 0 : -XEN_EFAULT;

	if (rc == 0 && o->begin.detail == MMU_OP_MMU_UPDATE &&
	    (uint32_t)w[3] >> 16 != 0 &&
	    ((uint32_t)w[3] >> 16) - 1 != o->model.dom->domid) {
		rc = -XEN_ESRCH;
	}
	o->rc = result(rc != 0 ? rc : check_domid(o, w[3]));
}

void asked_begin(struct oracle *o)
{
	o->rc = 0;
	o->open = false;
	o->fault = false;
	o->known = true;
	o->done = 0;
	o->has_in = false;
	o->extent = EXTENT_NONE;
	if (request_size(o) != 0) {
		begin_list(o);
	}
}

/* --- memory ----------------------------------------------------------------
 */

/* What the operation is about; false: it was not copied in. */
static bool reservation(const struct oracle *o,
			struct xen_memory_reservation *ret)
{
	return o->has_in &&
	       forms_reservation(&o->in, o->model.dom->narrow, ret);
}

static void decrease(struct oracle *o, uint64_t first)
{
	struct xen_memory_reservation xr;

	if (!reservation(o, &xr)) {
		return;
	}
	for (uint64_t i = 0; i < UINT64_C(1) << xr.extent_order; i++) {
		if (model_decrease(&o->model, first + i) != 0) {
			return;
		}
	}
	o->done++;
}

static void memory_in(struct oracle *o, const struct trace_record *r)
{
	struct xen_memory_reservation xr;
	bool fault = (r->detail & TRACE_FAULT) != 0;

	if (!o->has_in) {
		o->in = *r;
		o->has_in = true;
		o->fault = fault;
		return;
	}
	o->fault = o->fault || fault;
	if (fault || !reservation(o, &xr)) {
		return;
	}
	if (o->begin.detail == MMU_OP_DECREASE_RESERVATION) {
		decrease(o, r->word[0]);
	} else {
		o->extent = r->word[0];
	}
}

/* Frames from the pool: which is the engine's choice, if they were free. */
static void memory_out(struct oracle *o, const struct trace_record *r)
{
	struct model *m = &o->model;
	struct xen_memory_reservation xr;
	uint64_t first, nr;

	o->fault = o->fault || (r->detail & TRACE_FAULT) != 0;
	if (o->begin.detail != MMU_OP_POPULATE_PHYSMAP &&
	    o->begin.detail != MMU_OP_INCREASE_RESERVATION) {
		return;
	}
	if ((r->detail & TRACE_FAULT) != 0 || !reservation(o, &xr)) {
		return;
	}
	first = r->word[0];
	nr = UINT64_C(1) << xr.extent_order;
	for (uint64_t f = first; f < first + nr; f++) {
		if (f >= m->nr_frames || m->frame[f].owner != MODEL_FREE) {
			oracle_differs(o, "mfn %llx is not free to be given",
				       (unsigned long long)f);
			return;
		}
	}
	if (m->dom->nr_pages + nr > m->dom->max_pages) {
		oracle_differs(o, "the domain may have no more frames");
		return;
	}
	model_populate(m, first, nr);
	o->extent = EXTENT_NONE;
	o->done++;
}

/* Extents are left although nothing says why there should be none. */
static bool gave_up(const struct oracle *o,
		    const struct xen_memory_reservation *xr, uint64_t before)
{
	const struct model_domain *d = o->model.dom;

	return o->begin.detail != MMU_OP_DECREASE_RESERVATION && !o->fault &&
	       before + o->done < xr->nr_extents && xr->extent_order == 0 &&
	       d->nr_pages < d->max_pages && o->model.nr_free != 0;
}

static void end_reservation(struct oracle *o)
{
	uint64_t before = operands(o)[0] >> EXTENT_BITS;
	struct xen_memory_reservation xr;

	o->rc = before + o->done;
	if (!reservation(o, &xr)) {
		return;
	}
	if (check_domid(o, xr.domid) == 0 && xr.extent_order <= 9 &&
	    xr.mem_flags == 0 && gave_up(o, &xr, before)) {
		oracle_differs(o, "there are frames, and none is given");
	}
}

static int domain_size(const struct oracle *o, unsigned int op)
{
	const struct model_domain *d = o->model.dom;
	int rc;

	if (o->fault || !o->has_in) {
		return -XEN_EFAULT;
	}
	rc = check_domid(o, o->in.word[0]);
	if (rc != 0) {
		return rc;
	}
	return (int)(op == XENMEM_current_reservation   ? d->nr_pages
		     : op == XENMEM_maximum_reservation ? d->max_pages
							: d->nr_pfns - 1);
}

static int add_to_physmap(const struct oracle *o)
{
	struct xen_add_to_physmap x;
	int rc;

	if (o->fault || !o->has_in ||
	    !forms_physmap(&o->in, o->model.dom->narrow, &x)) {
		return -XEN_EFAULT;
	}
	rc = check_domid(o, x.domid);
	return x.space == XENMAPSPACE_gmfn_foreign ? -XEN_ENOSYS
	       : rc != 0                           ? rc
						   : -XEN_EACCES;
}

static int memory(const struct oracle *o)
{
	unsigned int op =
		(unsigned int)(operands(o)[0] & ((1 << EXTENT_BITS) - 1));

	switch (op) {
	case XENMEM_maximum_ram_page:
		return (int)o->model.nr_frames;
	case XENMEM_current_reservation:
	case XENMEM_maximum_reservation:
	case XENMEM_maximum_gpfn:
		return domain_size(o, op);
	case XENMEM_memory_map:
	case XENMEM_machphys_mapping:
	case XENMEM_machphys_mfn_list:
		return o->fault ? -XEN_EFAULT : 0;
	case XENMEM_add_to_physmap:
		return add_to_physmap(o);
	case XENMEM_machine_memory_map:
	case XENMEM_set_memory_map:
		return -XEN_EPERM;
	default:
		return -XEN_ENOSYS;
	}
}

/* --- all others ------------------------------------------------------------
 */

static int set_gdt(struct oracle *o)
{
	uint64_t frames[MODEL_GDT_FRAMES] = {0};
	unsigned int entries = (uint32_t)operands(o)[1];

	if (entries > MODEL_GDT_FRAMES * MODEL_ENTRIES) {
		return -XEN_EINVAL;
	}
	if (o->fault) {
		return -XEN_EFAULT;
	}
	if (o->has_in) {
		forms_frames(o->t, &o->in, o->model.dom->narrow, frames,
			     MODEL_GDT_FRAMES);
	}
	return model_set_gdt(&o->model, frames, entries);
}

static int direct_write(struct oracle *o)
{
	const uint64_t *w = operands(o);
	uint64_t read = 0;

	return model_direct(&o->model, w[DIRECT_OPERAND_WHERE],
			    w[DIRECT_OPERAND_KIND] == DIRECT_CMPXCHG,
			    w[DIRECT_OPERAND_OLD], w[DIRECT_OPERAND_VAL],
			    &read);
}

static int va_mapping(struct oracle *o)
{
	const uint64_t *w = operands(o);
	int rc = model_va_mapping(&o->model, w[0], w[1]);

	return rc == 0 && o->fault ? -XEN_EINVAL : rc;
}

static int start(struct oracle *o, uint64_t root)
{
	int rc = 0;

	if (!model_owned(&o->model, root) || !o->model.frame[root].pinned) {
		rc = model_pin(&o->model, root,
			       o->model.dom->pae ? FRAME_L3 : FRAME_L4);
	}
	return rc != 0 ? rc : model_kernel_root(&o->model, root);
}

static int hypercall_page(struct oracle *o, uint64_t f)
{
	static const uint64_t page[MODEL_ENTRIES];

	return model_write_page(&o->model, f, page);
}

static int other(struct oracle *o)
{
	const uint64_t *w = operands(o);
	struct model *m = &o->model;
	int rc;

	switch (o->begin.detail) {
	case MMU_OP_UPDATE_VA_MAPPING:
		return va_mapping(o);
	case MMU_OP_UPDATE_VA_MAPPING_OTHER:
		rc = check_domid(o, w[3]);
		return rc != 0 ? rc : va_mapping(o);
	case MMU_OP_SET_GDT:
		return set_gdt(o);
	case MMU_OP_UPDATE_DESCRIPTOR:
		return model_update_descriptor(m, w[0], w[1]);
	case MMU_OP_MEMORY:
		return memory(o);
	case MMU_OP_DIRECT_WRITE:
		return direct_write(o);
	case MMU_OP_LOAD_CR3:
		return model_kernel_root(m, w[0]);
	case MMU_OP_LDT_FAULT:
		return model_ldt_fault(m, (unsigned int)w[1]);
	case MMU_OP_HYPERCALL_PAGE:
		return hypercall_page(o, w[0]);
	case MMU_OP_START:
		return start(o, w[0]);
	case MMU_OP_START_VCPU:
		return model_start_vcpu(
			m, &m->dom->vcpu[w[START_OPERAND_VCPU] % MODEL_VCPUS],
			w[START_OPERAND_KERNEL], w[START_OPERAND_USER],
			w + START_OPERAND_GDT,
			(unsigned int)w[START_OPERAND_ENTRIES]);
	case MMU_OP_HOLD:
		return model_hold(m, w[0]);
	case MMU_OP_LEND:
		return model_unshare(m, w[0], w[1]);
	case MMU_OP_DEATH:
		model_death(m);
		return 0;
	default:
		o->known = false;
		return 0;
	}
}

/* --- what was done before it stopped ---------------------------------------
 */

/* Requests that the next issue does not ask for again; ~0: there is none. */
static uint64_t done_before_next(const struct oracle *o)
{
	const uint64_t *w = operands(o);
	uint64_t at = o->begin.at;
	struct trace_record r;

	(void)trace_next(o->t, &at, &r);
	while (trace_next(o->t, &at, &r)) {
		const uint64_t *n = r.word + TRACE_BEGIN_WORDS;
		uint32_t left = (uint32_t)n[1] & ~LIST_GOES_ON;
		uint64_t done = ((uint32_t)w[1] & ~LIST_GOES_ON) - left;

		if (r.kind == TRACE_BEGIN && r.detail == o->begin.detail &&
		    r.vcpu == o->begin.vcpu && r.domain == o->begin.domain &&
		    (n[1] & LIST_GOES_ON) != 0 &&
		    n[0] == w[0] + done * request_size(o)) {
			return done;
		}
	}
	return ~UINT64_C(0);
}

static void stop_list(struct oracle *o)
{
	uint64_t done = done_before_next(o);

	if (done != ~UINT64_C(0) && done > o->done) {
		ask_request(o);
		if (o->rc != 0) {
			oracle_differs(o, "request %u is refused with %d",
				       o->done, -(int)o->rc);
		}
	}
}

void asked_in(struct oracle *o, const struct trace_record *r)
{
	size_t size = request_size(o);
	unsigned int bytes = r->detail & (TRACE_FAULT - 1);

	if (size != 0 && bytes == size) {
		next_request(o, r);
	} else if (size != 0) {
		/* How many were done before it stopped: no harm if not read. */
		o->fault = o->open && (r->detail & TRACE_FAULT) != 0;
	} else {
		memory_in(o, r);
	}
}

void asked_out(struct oracle *o, const struct trace_record *r)
{
	if (o->begin.detail >= MMU_OP_MEMORY &&
	    o->begin.detail <= MMU_OP_EXCHANGE) {
		memory_out(o, r);
	}
}

static bool is_reservation(uint16_t op)
{
	return op == MMU_OP_INCREASE_RESERVATION ||
	       op == MMU_OP_DECREASE_RESERVATION ||
	       op == MMU_OP_POPULATE_PHYSMAP;
}

void asked_end(struct oracle *o, bool stopped)
{
	if (request_size(o) != 0) {
		if (stopped) {
			stop_list(o);
		} else {
			ask_request(o);
		}
	} else if (is_reservation(o->begin.detail)) {
		if (!stopped) {
			end_reservation(o);
		}
	} else if (!stopped) {
		o->result.requests++;
		o->rc = result(other(o));
	}
}
