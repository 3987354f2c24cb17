/* SPDX-License-Identifier: MIT */
/*
 * The oracle takes the records that the replay took, and nothing else: what it
 * comes to does not depend on the engine. What it is asked for is in asked.c.
 *
 * After each operation the frames that the model touched are compared with the
 * engine's records of them; every so often, and at the end, all frames and all
 * tables, and the model's own counts with a count of all it has. The engine
 * puts work off (tables on their way down, tables half looked at): what depends
 * on it is compared when it is done.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/pte.h"
#include "engine/report/operation.h"
#include "trace/oracle/asked.h"

void oracle_differs(struct oracle *o, const char *format, ...)
{
	va_list args;

	if (!o->result.differs) {
		o->result.differs = true;
		va_start(args, format);
		vsnprintf(o->result.line, sizeof(o->result.line), format, args);
		va_end(args);
	}
}

static void touched(struct model *m, uint64_t frame)
{
	struct oracle *o = (struct oracle *)m;

	if (o->nr_touched == TOUCHED_MAX) {
		o->touched_more = true;
	} else {
		o->touched[o->nr_touched++] = (uint32_t)frame;
	}
}

struct oracle *oracle_new(const struct trace *t, uint64_t whole_every)
{
	struct oracle *o = calloc(1, sizeof(*o));

	if (o != NULL) {
		o->t = t;
		o->whole_every = whole_every;
	}
	return o;
}

void oracle_free(struct oracle *o)
{
	model_fini(&o->model);
	free(o);
}

const struct oracle_result *oracle_result(const struct oracle *o)
{
	return &o->result;
}

/* --- comparison ------------------------------------------------------------
 */

static void compare_frame(struct oracle *o, const struct mmu *m, uint64_t f)
{
	const struct model_frame *mine = &o->model.frame[f];
	const struct frame *fr = &m->frames[f];
	uint16_t owner = fr->owner == OWNER_FREED ? OWNER_FREE : fr->owner;
	uint32_t refs = frame_type_refs(fr);
	bool pinned = (fr->flags & FRAME_PINNED) != 0;

	o->result.frames++;
	if (owner != mine->owner) {
		oracle_differs(o, "mfn %llx belongs to %x, by the model to %x",
			       (unsigned long long)f, owner, mine->owner);
	} else if (owner == MODEL_HOLE || owner >= OWNER_XEN) {
		return;
	} else if (fr->count != mine->plain || refs != mine->typed ||
		   (refs != 0 && fr->type != mine->type) ||
		   pinned != mine->pinned) {
		oracle_differs(
			o,
			"mfn %llx has %u references, %u by type %u%s; by the "
			"model %u, %u by type %u%s",
			(unsigned long long)f, fr->count, refs, fr->type,
			pinned ? ", pinned" : "", mine->plain, mine->typed,
			mine->type, mine->pinned ? ", pinned" : "");
	}
}

/* Nothing is put off in the engine. */
static bool is_quiet(struct oracle *o, const struct mmu *m)
{
	for (unsigned int i = 0; i < MMU_MAX_DOMAINS; i++) {
		if (m->domain[i] != NULL && m->domain[i]->dying_head != 0) {
			return false;
		}
	}
	for (uint64_t f = 0; o->stopped && f < m->nr_frames; f++) {
		if ((m->frames[f].flags & FRAME_PARTIAL) != 0 &&
		    m->frames[f].owner < OWNER_FREED) {
			return false;
		}
	}
	o->stopped = false;
	return true;
}

static void compare_counts(struct oracle *o)
{
	struct model *m = &o->model;
	struct model_refs *refs = calloc(m->nr_frames + 1, sizeof(*refs));

	/* What could not be looked at is not said to agree. */
	if (refs == NULL) {
		oracle_differs(o, "no memory to recount the model");
		return;
	}
	model_recount(m, refs);
	for (uint64_t f = 0; f < m->nr_frames; f++) {
		const struct model_frame *fr = &m->frame[f];

		if (fr->plain != refs[f].plain || fr->typed != refs[f].typed) {
			oracle_differs(o, "the model miscounts mfn %llx",
				       (unsigned long long)f);
			break;
		}
	}
	free(refs);
}

static void compare_all(struct oracle *o, const struct mmu *m)
{
	struct model *mine = &o->model;

	for (uint64_t f = 0; f < mine->nr_frames && !o->result.differs; f++) {
		compare_frame(o, m, f);
		if (mine->frame[f].type != FRAME_NONE &&
		    mine->frame[f].type != FRAME_WRITABLE &&
		    memcmp(mine->mem[f], m->ram + (f << PAGE_SHIFT),
			   PAGE_SIZE) != 0) {
			oracle_differs(o, "mfn %llx has other entries",
				       (unsigned long long)f);
		}
	}
	compare_counts(o);
	o->result.machines++;
	o->nr_touched = 0;
	o->touched_more = false;
}

static void compare(struct oracle *o, const struct mmu *m)
{
	if (!is_quiet(o, m)) {
		return;
	}
	if (o->touched_more || o->result.operations % o->whole_every == 0) {
		compare_all(o, m);
		return;
	}
	while (o->nr_touched != 0 && !o->result.differs) {
		compare_frame(o, m, o->touched[--o->nr_touched]);
	}
}

/* --- records ---------------------------------------------------------------
 */

static bool select_domain(struct oracle *o, const struct trace_record *r)
{
	struct model *m = &o->model;

	for (unsigned int i = 0; i < m->nr_domains; i++) {
		if (m->domain[i]->tag == r->domain) {
			m->dom = m->domain[i];
			m->cpu = &m->dom->vcpu[r->vcpu % MODEL_VCPUS];
			return true;
		}
	}
	return false;
}

static void lose(struct oracle *o, const char *why)
{
	o->result.lost = true;
	snprintf(o->result.line, sizeof(o->result.line), "%s", why);
}

static void set_owner(struct oracle *o, const struct trace_record *r)
{
	bool pool = r->kind == TRACE_POOL;

	for (uint64_t i = 0; i < r->word[1]; i++) {
		o->model.frame[r->word[0] + i] = (struct model_frame){
			.owner = pool ? MODEL_FREE : MODEL_OURS};
	}
	o->model.nr_free += pool ? r->word[1] : 0;
}

static void new_domain(struct oracle *o, const struct trace_record *r)
{
	struct model_domain *d =
		model_add_domain(&o->model, r->domain, r->detail);

	if (d == NULL) {
		lose(o, "too many domains for the model");
	} else if (r->nr != 0) {
		d->pae = (r->word[0] & TRACE_PAE) != 0;
		d->narrow = (r->word[0] & TRACE_NARROW) != 0;
	}
}

static void set_up(struct oracle *o, const struct trace_record *r)
{
	struct model *m = &o->model;
	bool known = select_domain(o, r);

	switch (r->kind) {
	case TRACE_MACHINE:
		if (!model_init(m, r->word[0], r->word + 4, r->word[2])) {
			lose(o, "no memory for the model");
		}
		m->touched = touched;
		break;
	case TRACE_OWN:
	case TRACE_POOL:
		set_owner(o, r);
		break;
	case TRACE_DOMAIN:
		new_domain(o, r);
		break;
	case TRACE_MACHINE_32:
		memcpy(m->xen_l2_slot, r->word + 1, sizeof(m->xen_l2_slot));
		break;
	case TRACE_EXTENDED_CR3:
		m->dom->extended_cr3 = r->detail != 0;
		break;
	case TRACE_VCPU:
		if (known && m->dom->nr_vcpus <= r->vcpu) {
			m->dom->nr_vcpus = r->vcpu + 1u;
		}
		break;
	case TRACE_ASSIGN:
		model_assign(m, r->word[0], r->word[2]);
		if (m->dom->nr_pfns < r->word[1] + r->word[2]) {
			m->dom->nr_pfns = r->word[1] + r->word[2];
		}
		break;
	case TRACE_LIMIT:
		m->dom->max_pages = r->word[0];
		break;
	case TRACE_LEND:
		model_share(m, r->word[0], r->detail != 0);
		break;
	default:
		break;
	}
}

static void begin(struct oracle *o, const struct trace_record *r)
{
	(void)select_domain(o, r);
	o->begin = *r;
	switch (r->detail) {
	case MMU_OP_EXCHANGE:
	case MMU_OP_GRANT_MAP:
	case MMU_OP_GRANT_UNMAP:
	case MMU_OP_GRANT_REPLACE:
	case MMU_OP_LOAN:
	case MMU_OP_RETURN:
		snprintf(o->result.line, sizeof(o->result.line),
			 "the model knows no %s",
			 operation_info[r->detail].name);
		o->result.lost = true;
		break;
	default:
		asked_begin(o);
	}
}

static void table(struct oracle *o, const struct trace_record *r)
{
	uint64_t f = r->word[0];
	const uint64_t *word = r->word + 1 + TRACE_BITMAP_WORDS;
	uint64_t *data = o->model.mem[f];

	if (o->model.frame[f].typed != 0) {
		oracle_differs(o, "mfn %llx is judged, and is in use by type",
			       (unsigned long long)f);
		return;
	}
	for (unsigned int i = 0; i < TRACE_TABLE_WORDS; i++) {
		bool there = r->word[1 + i / 64] >> i % 64 & 1;

		data[i] = there ? *word++ : 0;
	}
}

/* The CPU may have set accessed and dirty before the guest wrote the entry. */
static void set_accessed(struct oracle *o, const struct trace_record *end)
{
	uint64_t where =
		o->begin.word[TRACE_BEGIN_WORDS + DIRECT_OPERAND_WHERE];
	uint64_t *e = &o->model.mem[where >> PAGE_SHIFT]
				   [where % PAGE_SIZE / sizeof(*e)];

	if (end->nr == 3 && end->word[0] == 0 && where % sizeof(*e) == 0 &&
	    ((*e ^ end->word[2]) & ~(PTE_A | PTE_D)) == 0) {
		*e = end->word[2];
	}
}

static void end(struct oracle *o, const struct trace_record *r)
{
	bool stopped = r->word[0] == (uint64_t)-XEN_ERESTART;

	if (o->begin.detail == MMU_OP_DIRECT_WRITE) {
		set_accessed(o, r);
	}
	asked_end(o, stopped);
	if (stopped) {
		o->stopped = true;
	} else if (o->known && o->rc != r->word[0]) {
		oracle_differs(o, "%s ends with %lld, by the model with %lld",
			       operation_info[o->begin.detail].name,
			       (long long)r->word[0], (long long)o->rc);
	} else {
		o->result.operations += o->known;
	}
}

static void take(struct oracle *o, const struct trace_record *r)
{
	switch (r->kind) {
	case TRACE_BEGIN:
		begin(o, r);
		break;
	case TRACE_COPIED_IN:
		asked_in(o, r);
		break;
	case TRACE_COPIED_OUT:
		asked_out(o, r);
		break;
	case TRACE_TABLE:
		table(o, r);
		break;
	case TRACE_END:
		end(o, r);
		break;
	default:
		set_up(o, r);
	}
}

bool oracle_follow(struct oracle *o, uint64_t from, uint64_t to,
		   const struct mmu *m)
{
	struct trace_record r = {.kind = TRACE_NAMES};

	while (from < to && !o->result.differs && !o->result.lost &&
	       trace_next(o->t, &from, &r)) {
		take(o, &r);
	}
	if (r.kind == TRACE_END && !o->result.differs && !o->result.lost) {
		compare(o, m);
	}
	return !o->result.differs;
}

bool oracle_finish(struct oracle *o, const struct mmu *m)
{
	if (!o->result.differs && !o->result.lost && is_quiet(o, m)) {
		compare_all(o, m);
	}
	return !o->result.differs;
}
