/* SPDX-License-Identifier: MIT */
/*
 * What is recorded is what the engine cannot know by itself: who asks for what,
 * what was in the guest's memory when it was copied or judged, and whether it
 * was told to stop. All else follows from that, so it is left out; results and
 * refusals are kept only for the comparison. A table's contents are recorded
 * when it is about to be validated and never again: from then on all changes
 * come through the engine, but for the CPU's accessed and dirty bits, which
 * decide nothing except whether a direct compare-and-exchange succeeds; so a
 * direct write's record says what was read.
 *
 * A record is published when it is whole. In between nobody sees it, unless it
 * is longer than the ring: then it is published in pieces.
 */
#include "trace/record/recorder.h"

#include "engine/table/level.h"

static void publish(struct recorder *r)
{
	__atomic_store_n(&r->ring->head, r->head, __ATOMIC_RELEASE);
}

static void make_room(struct recorder *r)
{
	uint64_t tail;

	publish(r);
	for (;;) {
		tail = __atomic_load_n(&r->ring->tail, __ATOMIC_ACQUIRE);
		if (r->head - tail <= r->mask) {
			break;
		}
		recorder_wait(r);
	}
	r->limit = tail + r->mask + 1;
}

static inline void word(struct recorder *r, uint64_t w)
{
	if (unlikely(r->head == r->limit)) {
		make_room(r);
	}
	r->data[r->head++ & r->mask] = w;
}

static void head(struct recorder *r, enum trace_kind kind, unsigned int vcpu,
		 unsigned int domain, unsigned int words, unsigned int detail)
{
	word(r, trace_head(kind, vcpu, domain, words, detail));
}

/* Letters, eight to a word. */
struct letters {
	struct recorder *r;
	uint64_t word;
	unsigned int nr;
	bool counting;
	unsigned int words;
};

static void letter(struct letters *l, char c)
{
	l->word |= (uint64_t)(unsigned char)c << l->nr++ * 8;
	if (l->nr < 8) {
		return;
	}
	l->words++;
	if (!l->counting) {
		word(l->r, l->word);
	}
	l->word = 0;
	l->nr = 0;
}

static void text(struct letters *l, const char *s)
{
	for (; *s != '\0'; s++) {
		letter(l, *s);
	}
	letter(l, '\0');
}

/* Zeros to the end of the word under way. */
static void end_word(struct letters *l)
{
	while (l->nr != 0) {
		letter(l, '\0');
	}
}

static void all_names(struct letters *l, enum trace_names list)
{
	if (list == TRACE_NAMES_OPERATIONS) {
		for (unsigned int i = 0; i < MMU_OPERATIONS; i++) {
			text(l, operation_info[i].name);
		}
	} else {
		for (unsigned int i = 0; i < RULES; i++) {
			text(l, rule_info[i].name);
		}
	}
	end_word(l);
}

static void names(struct recorder *r, enum trace_names list)
{
	struct letters count = {.r = r, .counting = true};
	struct letters l = {.r = r};

	all_names(&count, list);
	head(r, TRACE_NAMES, TRACE_NO_VCPU, 0, count.words, list);
	all_names(&l, list);
	publish(r);
}

void recorder_init(struct recorder *r, struct trace_ring *ring, uint64_t words)
{
	*ring = (struct trace_ring){.words = words};
	*r = (struct recorder){
		.ring = ring,
		.data = (uint64_t *)(ring + 1),
		.mask = words - 1,
		.limit = words,
	};
	__atomic_store_n(&ring->magic, TRACE_RING_MAGIC, __ATOMIC_RELEASE);
	names(r, TRACE_NAMES_OPERATIONS);
	names(r, TRACE_NAMES_RULES);
}

void recorder_frames(struct recorder *r, enum trace_kind kind, mfn_t first,
		     uint64_t nr)
{
	if (!r->machine) {
		return;
	}
	head(r, kind, TRACE_NO_VCPU, 0, 2, 0);
	word(r, first.v);
	word(r, nr);
	publish(r);
}

void recorder_machine(struct recorder *r, const struct mmu *m, uint64_t m2p)
{
	uint64_t first = 0;

	r->machine = true;
	head(r, TRACE_MACHINE, TRACE_NO_VCPU, 0, TRACE_MACHINE_WORDS, 0);
	word(r, m->nr_frames);
	word(r, m2p);
	word(r, m->pte_nx);
	word(r, m->zero_frame.v);
	for (unsigned int i = 0; i < XEN_L4_SLOTS; i++) {
		word(r, m->xen_slots[i].v);
	}
	publish(r);
	for (uint64_t f = 0; f <= m->nr_frames; f++) {
		if (f < m->nr_frames && m->frames[f].owner == OWNER_XEN) {
			continue;
		}
		if (f != first) {
			recorder_frames(r, TRACE_OWN, mfn(first), f - first);
		}
		first = f + 1;
	}
}

void recorder_clock(struct recorder *r, uint64_t tsc_khz)
{
	head(r, TRACE_CLOCK, TRACE_NO_VCPU, 0, 1, 0);
	word(r, tsc_khz);
	publish(r);
}

_Static_assert(TRACE_MACHINE_32_WORDS == 1 + XEN_L2_SLOTS, "all of them");

/* What the machine has for domains of 32 bits it has before the first. */
static void machine_32(struct recorder *r, const struct mmu *m)
{
	if (r->machine_32) {
		return;
	}
	r->machine_32 = true;
	head(r, TRACE_MACHINE_32, TRACE_NO_VCPU, 0, TRACE_MACHINE_32_WORDS, 0);
	word(r, m->m2p32 == NULL
			? 0
			: (uint64_t)((const uint8_t *)m->m2p32 - m->ram));
	for (unsigned int i = 0; i < XEN_L2_SLOTS; i++) {
		word(r, m->xen_l2_slots[i].v);
	}
	publish(r);
}

void recorder_domain(struct recorder *r, struct mmu_domain *d)
{
	const bool pae = d->width == &pt_pae;

	if (pae) {
		machine_32(r, d->m);
	}
	head(r, TRACE_DOMAIN, TRACE_NO_VCPU, d->tag, pae ? 1 : 0, d->domid);
	if (pae) {
		word(r, TRACE_PAE | (d->narrow ? TRACE_NARROW : 0));
	}
	publish(r);
	d->watched = true;
}

void recorder_extended_cr3(struct recorder *r, const struct mmu_domain *d)
{
	head(r, TRACE_EXTENDED_CR3, TRACE_NO_VCPU, d->tag, 0,
	     d->extended_cr3 ? 1 : 0);
	publish(r);
}

void recorder_vcpu(struct recorder *r, const struct mmu_vcpu *v)
{
	head(r, TRACE_VCPU, v->id, v->dom->tag, 0, 0);
	publish(r);
}

void recorder_limit(struct recorder *r, const struct mmu_domain *d)
{
	head(r, TRACE_LIMIT, TRACE_NO_VCPU, d->tag, 1, 0);
	word(r, d->max_pages);
	publish(r);
}

void recorder_cached(struct recorder *r, const struct mmu_vcpu *v, vaddr_t va)
{
	head(r, TRACE_CACHED, v->id, v->dom->tag, 1, 0);
	word(r, va.v);
	publish(r);
}

void recorder_page_fault(struct recorder *r, const struct mmu_vcpu *v,
			 vaddr_t va, uint32_t code, bool stale)
{
	head(r, TRACE_PAGE_FAULT, v->id, v->dom->tag, 3,
	     stale ? TRACE_STALE : 0);
	word(r, va.v);
	word(r, code);
	word(r, recorder_time(r));
	publish(r);
}

void recorder_stopped(struct recorder *r, const struct mmu_domain *d,
		      unsigned int reason, const char *words)
{
	struct letters count = {.r = r, .counting = true};
	struct letters l = {.r = r};

	text(&count, words);
	end_word(&count);
	head(r, TRACE_STOPPED, TRACE_NO_VCPU, d->tag, count.words, reason);
	text(&l, words);
	end_word(&l);
	publish(r);
}

static void begin(struct recorder *r, const struct mmu_domain *d,
		  const struct mmu_event *e)
{
	const struct mmu_vcpu *v = e->op.vcpu;
	unsigned int operands = operation_info[e->op.id].nr_words;

	r->inside = true;
	r->vcpu = v == NULL ? TRACE_NO_VCPU : (uint8_t)v->id;
	r->domain = d->tag;
	r->asked = 0;
	r->refused = d->stats.refused;
	head(r, TRACE_BEGIN, r->vcpu, r->domain, TRACE_BEGIN_WORDS + operands,
	     e->op.id);
	word(r, recorder_time(r));
	word(r, v == NULL ? 0 : recorder_rip(r, v));
	word(r, e->serial);
	word(r, e->op.call);
	for (unsigned int i = 0; i < operands; i++) {
		word(r, e->op.operand[i]);
	}
	publish(r);
}

static void end(struct recorder *r, const struct mmu_domain *d,
		const struct mmu_event *e)
{
	bool direct = e->op.id == MMU_OP_DIRECT_WRITE;

	if (d->stats.refused != r->refused) {
		head(r, TRACE_REFUSED, r->vcpu, r->domain, 2, d->refusal.rule);
		word(r, d->refusal.frame.v);
		word(r, d->refusal.op.index);
	}
	head(r, TRACE_END, r->vcpu, r->domain, direct ? 3 : 2, 0);
	word(r, (uint64_t)e->result);
	word(r, recorder_time(r));
	if (direct) {
		word(r, e->op.operand[DIRECT_OPERAND_OLD]);
	}
	publish(r);
	r->inside = false;
}

/* The words that are not zero, and before them a bit for each of the 512. */
static void table(struct recorder *r, const struct mmu_domain *d, mfn_t f,
		  unsigned int type)
{
	const uint64_t *data = frame_data(d->m, f);
	uint64_t bits[TRACE_BITMAP_WORDS] = {0};
	unsigned int nr = 0;

	for (unsigned int i = 0; i < TRACE_TABLE_WORDS; i++) {
		bool there = data[i] != 0;

		bits[i / 64] |= (uint64_t)there << i % 64;
		nr += there;
	}
	head(r, TRACE_TABLE, r->vcpu, r->domain, 1 + TRACE_BITMAP_WORDS + nr,
	     type);
	word(r, f.v);
	for (unsigned int i = 0; i < TRACE_BITMAP_WORDS; i++) {
		word(r, bits[i]);
	}
	for (unsigned int i = 0; i < TRACE_BITMAP_WORDS; i++) {
		for (uint64_t left = bits[i]; left != 0; left &= left - 1) {
			word(r, data[i * 64 +
				     (unsigned int)__builtin_ctzll(left)]);
		}
	}
	publish(r);
}

static void assigned(struct recorder *r, const struct mmu_domain *d,
		     const struct mmu_event *e)
{
	head(r, TRACE_ASSIGN, TRACE_NO_VCPU, d->tag, 3, 0);
	word(r, e->frame.v);
	word(r, e->where.v >> PAGE_SHIFT);
	word(r, (uint64_t)e->result);
	publish(r);
}

void recorder_event(struct recorder *r, const struct mmu_domain *d,
		    const struct mmu_event *e)
{
	switch (e->kind) {
	case MMU_EVENT_BEGIN:
		begin(r, d, e);
		break;
	case MMU_EVENT_END:
		end(r, d, e);
		break;
	case MMU_EVENT_TYPED:
	case MMU_EVENT_JUDGED:
		table(r, d, e->frame, e->type);
		break;
	case MMU_EVENT_ASSIGNED:
		assigned(r, d, e);
		break;
	case MMU_EVENT_LENT:
		head(r, TRACE_LEND, TRACE_NO_VCPU, d->tag, 1,
		     e->type == FRAME_WRITABLE);
		word(r, e->frame.v);
		publish(r);
		break;
	case MMU_EVENT_ENTRY:
	case MMU_EVENT_UNTYPED:
	case MMU_EVENT_PINNED:
	case MMU_EVENT_UNPINNED:
	case MMU_EVENT_FREED:
	case MMU_EVENT_GIVEN:
	case MMU_EVENT_FLUSHED:
		break;
	}
}

void recorder_asked(struct recorder *r, bool answer)
{
	r->asked++;
	if (unlikely(answer)) {
		head(r, TRACE_PREEMPTED, r->vcpu, r->domain, 1, 0);
		word(r, r->asked);
		publish(r);
	}
}

void recorder_copied(struct recorder *r, enum trace_kind kind, const void *data,
		     uint64_t bytes, int rc)
{
	uint64_t whole = rc == 0 ? bytes : 0;
	const uint8_t *from = data;

	head(r, kind, r->vcpu, r->domain, (unsigned int)((whole + 7) / 8),
	     (unsigned int)bytes | (rc == 0 ? 0 : TRACE_FAULT));
	for (; whole != 0; from += 8) {
		uint64_t nr = whole < 8 ? whole : 8;
		uint64_t w = 0;

		if (nr == 8) {
			__builtin_memcpy(&w, from, 8);
		} else {
			__builtin_memcpy(&w, from, nr);
		}
		word(r, w);
		whole -= nr;
	}
	publish(r);
}
