/* SPDX-License-Identifier: MIT */
/*
 * Which records a stream may have, and where. A replay hands what they say to
 * the engine as a hypervisor would, and a hypervisor knows what it says: frames
 * that the machine has, domains and vCPUs that it has made. So all of that is
 * judged here, and no reader behind it looks again. What a guest may say wrong
 * (operands, contents of tables) is the engine's to judge.
 */
#include "trace/file/check.h"

#include <stdlib.h>
#include <string.h>

#include "engine/report/event.h"

struct check {
	struct trace *t;
	bool machine;   /* is known */
	bool inside;    /* an operation of: */
	uint64_t begun; /* where that begins */
	uint8_t vcpu;
	uint16_t domain;
	/* Domains by tag, with their vCPUs as bits. */
	uint16_t tag[MMU_MAX_DOMAINS];
	uint32_t vcpus[MMU_MAX_DOMAINS];
	unsigned int nr_domains;
	bool machine_32; /* is known */
};

static const char *name_of(enum trace_names list, unsigned int i)
{
	if (list == TRACE_NAMES_OPERATIONS) {
		return i < MMU_OPERATIONS ? operation_info[i].name : NULL;
	}
	return i < RULES ? rule_info[i].name : NULL;
}

/* The engine's number, or UINT16_MAX. */
static uint16_t number_of(enum trace_names list, const char *name, size_t size)
{
	for (unsigned int i = 0; name_of(list, i) != NULL; i++) {
		if (strlen(name_of(list, i)) == size &&
		    memcmp(name_of(list, i), name, size) == 0) {
			return (uint16_t)i;
		}
	}
	return UINT16_MAX;
}

static const char *take_names(struct check *c, const struct trace_record *r)
{
	const char *text = (const char *)r->word;
	size_t left = r->nr * sizeof(*r->word);
	struct trace *t = c->t;
	unsigned int nr = 0;

	if (r->detail >= TRACE_NAME_LISTS || t->number[r->detail] != NULL) {
		return "names of something else, or twice";
	}
	t->number[r->detail] = calloc(left + 1, sizeof(uint16_t));
	if (t->number[r->detail] == NULL) {
		return "out of memory";
	}
	while (left > 0 && text[0] != '\0') {
		const char *end = memchr(text, '\0', left);

		if (end == NULL) {
			return "a name that does not end";
		}
		t->number[r->detail][nr++] =
			number_of((enum trace_names)r->detail, text,
				  (size_t)(end - text));
		left -= (size_t)(end - text) + 1;
		text = end + 1;
	}
	t->nr_numbers[r->detail] = nr;
	return NULL;
}

/* The engine's number becomes the record's. */
static bool translate(struct check *c, struct trace_record *r,
		      enum trace_names list)
{
	uint64_t *head = &c->t->word[r->at];

	if (c->t->number[list] == NULL || r->detail >= c->t->nr_numbers[list] ||
	    c->t->number[list][r->detail] == UINT16_MAX) {
		return false;
	}
	r->detail = c->t->number[list][r->detail];
	*head = (*head & ~(UINT64_C(0xffff) << 48)) | (uint64_t)r->detail << 48;
	return true;
}

static bool frames_ok(const struct check *c, uint64_t first, uint64_t nr)
{
	return nr != 0 && first < c->t->nr_frames &&
	       nr <= c->t->nr_frames - first;
}

static const char *take_machine(struct check *c, const struct trace_record *r)
{
	uint64_t frames = r->nr == TRACE_MACHINE_WORDS ? r->word[0] : 0;
	uint64_t m2p = frames == 0 ? 0 : r->word[1];

	if (c->machine || frames == 0 || frames > TRACE_FRAMES_MAX) {
		return "no machine, or a second one";
	}
	if ((m2p != TRACE_ELSEWHERE &&
	     (m2p % PAGE_SIZE != 0 || m2p > frames << PAGE_SHIFT ||
	      frames * sizeof(uint64_t) > (frames << PAGE_SHIFT) - m2p)) ||
	    r->word[3] >= frames || (r->word[2] & ~PTE_NX) != 0) {
		return "a machine that cannot be";
	}
	c->machine = true;
	c->t->nr_frames = frames;
	return NULL;
}

static int domain_index(const struct check *c, uint16_t tag)
{
	for (unsigned int i = 0; i < c->nr_domains; i++) {
		if (c->tag[i] == tag) {
			return (int)i;
		}
	}
	return -1;
}

_Static_assert(TRACE_NARROW_MAX == MMU_MAX_DOMAINS, "each of them");

static const char *take_domain(struct check *c, const struct trace_record *r)
{
	if (r->nr > 1 || r->domain == 0 || r->domain >= OWNER_FREED ||
	    domain_index(c, r->domain) >= 0 ||
	    c->nr_domains == MMU_MAX_DOMAINS) {
		return "a domain too many";
	}
	/* There are narrow requests of those with tables of 32 bits alone. */
	if (r->nr == 1 &&
	    (!c->machine_32 ||
	     (r->word[0] | TRACE_NARROW) != (TRACE_PAE | TRACE_NARROW))) {
		return "a domain of no width";
	}
	c->tag[c->nr_domains++] = r->domain;
	if (r->nr == 1 && (r->word[0] & TRACE_NARROW) != 0) {
		c->t->narrow[c->t->nr_narrow++] = r->domain;
	}
	return NULL;
}

/* The M2P of 4-byte entries lies in the machine, where there is one. */
static const char *take_machine_32(struct check *c,
				   const struct trace_record *r)
{
	const uint64_t frames = c->t->nr_frames;
	const uint64_t m2p = r->nr == TRACE_MACHINE_32_WORDS ? r->word[0] : 0;

	if (r->nr != TRACE_MACHINE_32_WORDS || c->machine_32) {
		return "no machine of 32 bits, or a second one";
	}
	if (m2p % PAGE_SIZE != 0 || m2p > frames << PAGE_SHIFT ||
	    frames * sizeof(uint32_t) > (frames << PAGE_SHIFT) - m2p) {
		return "an M2P of 32 bits beyond the machine";
	}
	c->machine_32 = true;
	return NULL;
}

static const char *take_vcpu(struct check *c, const struct trace_record *r)
{
	int i = domain_index(c, r->domain);

	if (r->nr != 0 || i < 0 || r->vcpu >= MMU_MAX_VCPUS ||
	    (c->vcpus[i] >> r->vcpu & 1) != 0) {
		return "a vCPU too many, or of no domain";
	}
	c->vcpus[i] |= UINT32_C(1) << r->vcpu;
	return NULL;
}

/* What is told of frames outside operations. */
static const char *take_frames(const struct check *c,
			       const struct trace_record *r)
{
	bool of_domain = r->kind == TRACE_ASSIGN || r->kind == TRACE_LEND;
	unsigned int words = r->kind == TRACE_ASSIGN ? 3
			     : r->kind == TRACE_LEND ? 1
						     : 2;

	if (r->nr != words ||
	    !frames_ok(c, r->word[0],
		       r->kind == TRACE_LEND ? 1 : r->word[words - 1])) {
		return "frames that are not there";
	}
	if (r->kind == TRACE_ASSIGN && r->word[1] > c->t->nr_frames) {
		return "pseudo-physical frames beyond the machine's size";
	}
	if (of_domain && domain_index(c, r->domain) < 0) {
		return "frames of no domain";
	}
	return NULL;
}

static bool vcpu_ok(const struct check *c, uint16_t domain, uint64_t vcpu)
{
	int i = domain_index(c, domain);

	return i >= 0 && vcpu < MMU_MAX_VCPUS && (c->vcpus[i] >> vcpu & 1) != 0;
}

/* Operands that are not the guest's. */
static bool operands_ok(const struct check *c, const struct trace_record *r)
{
	const uint64_t *w = r->word + TRACE_BEGIN_WORDS;
	uint64_t owner;

	switch ((enum mmu_operation)r->detail) {
	case MMU_OP_DIRECT_WRITE:
		return w[DIRECT_OPERAND_KIND] <= DIRECT_CMPXCHG &&
		       w[DIRECT_OPERAND_WHERE] >> PAGE_SHIFT < c->t->nr_frames;
	case MMU_OP_GRANT_MAP:
	case MMU_OP_GRANT_UNMAP:
	case MMU_OP_GRANT_REPLACE:
		owner = w[GRANT_OPERAND_OWNER];
		return owner <= UINT16_MAX &&
		       (owner == 0 || domain_index(c, (uint16_t)owner) >= 0);
	case MMU_OP_LOAN:
		return w[LOAN_OPERAND_TO] <= UINT16_MAX &&
		       vcpu_ok(c, (uint16_t)w[LOAN_OPERAND_TO],
			       w[LOAN_OPERAND_VCPU]);
	case MMU_OP_LEND:
		return frames_ok(c, w[0], w[1]);
	case MMU_OP_BORROW:
	case MMU_OP_RETURN:
		return frames_ok(c, w[0], 1);
	case MMU_OP_START_VCPU:
		return vcpu_ok(c, r->domain, w[START_OPERAND_VCPU]);
	case MMU_OP_LDT_FAULT:
		return w[1] < LDT_FRAMES;
	default:
		return true;
	}
}

/* Whether it is one that the hypervisor asks for itself. */
static bool asked_by_us(enum mmu_operation op)
{
	return op == MMU_OP_HOLD || op == MMU_OP_LEND || op == MMU_OP_LOAN ||
	       op == MMU_OP_BORROW || op == MMU_OP_RETURN || op == MMU_OP_DEATH;
}

static const char *take_begin(struct check *c, struct trace_record *r)
{
	if (c->inside) {
		return "an operation within another";
	}
	if (!translate(c, r, TRACE_NAMES_OPERATIONS) ||
	    r->detail == MMU_OP_NONE) {
		return "an operation that is not known here";
	}
	if (r->nr != TRACE_BEGIN_WORDS + operation_info[r->detail].nr_words) {
		return "an operation with more or fewer operands than it has";
	}
	if (domain_index(c, r->domain) < 0 ||
	    asked_by_us((enum mmu_operation)r->detail) !=
		    (r->vcpu == TRACE_NO_VCPU) ||
	    (r->vcpu != TRACE_NO_VCPU && !vcpu_ok(c, r->domain, r->vcpu))) {
		return "an operation of nobody";
	}
	if (!operands_ok(c, r)) {
		return "operands that the hypervisor never has";
	}
	c->inside = true;
	c->begun = r->at;
	c->vcpu = r->vcpu;
	c->domain = r->domain;
	c->t->operations++;
	return NULL;
}

static const char *take_copied(const struct trace_record *r)
{
	unsigned int bytes = r->detail & (TRACE_FAULT - 1);
	bool fault = (r->detail & TRACE_FAULT) != 0;

	return bytes > TRACE_BYTES_MAX || r->nr != (fault ? 0 : (bytes + 7) / 8)
		       ? "bytes that do not fit their number"
		       : NULL;
}

static const char *take_table(struct check *c, const struct trace_record *r)
{
	unsigned int nr = 1 + TRACE_BITMAP_WORDS;

	if (r->nr < nr || r->word[0] >= c->t->nr_frames ||
	    !(frame_is_table((enum frame_type)r->detail) ||
	      r->detail == FRAME_DESC)) {
		return "a table that cannot be";
	}
	for (unsigned int i = 1; i <= TRACE_BITMAP_WORDS; i++) {
		nr += (unsigned int)__builtin_popcountll(r->word[i]);
	}
	c->t->tables++;
	return r->nr == nr ? NULL : "a table with more or fewer entries";
}

static const char *take_refused(struct check *c, struct trace_record *r)
{
	c->t->refusals++;
	return r->nr == 2 && translate(c, r, TRACE_NAMES_RULES)
		       ? NULL
		       : "a refusal by a rule that is not known here";
}

static const char *take_inside(struct check *c, struct trace_record *r)
{
	if (!c->inside || r->vcpu != c->vcpu || r->domain != c->domain) {
		return "a part of no operation";
	}
	switch (r->kind) {
	case TRACE_COPIED_IN:
	case TRACE_COPIED_OUT:
		return take_copied(r);
	case TRACE_PREEMPTED:
		return r->nr == 1 && r->word[0] != 0 ? NULL : "no question";
	case TRACE_TABLE:
		return take_table(c, r);
	case TRACE_REFUSED:
		return take_refused(c, r);
	default:
		c->inside = false;
		return r->nr == 2 || r->nr == 3 ? NULL : "no result";
	}
}

/* Came with version 3. */
static bool is_of_32(const struct trace_record *r)
{
	return r->kind == TRACE_MACHINE_32 || r->kind == TRACE_EXTENDED_CR3 ||
	       (r->kind == TRACE_DOMAIN && r->nr != 0);
}

static const char *take(struct check *c, struct trace_record *r)
{
	if (r->kind == TRACE_NAMES) {
		return c->machine ? "names that come late" : take_names(c, r);
	}
	if (r->kind == TRACE_MACHINE) {
		return take_machine(c, r);
	}
	if (!c->machine) {
		return "something before the machine";
	}
	if (c->t->version < 3 && is_of_32(r)) {
		return "a domain of 32 bits in a version that has none";
	}
	if (r->kind >= TRACE_COPIED_IN && r->kind <= TRACE_END) {
		return take_inside(c, r);
	}
	if (r->kind == TRACE_BEGIN) {
		return take_begin(c, r);
	}
	if (c->inside) {
		return "an operation that does not end";
	}
	switch (r->kind) {
	case TRACE_OWN:
	case TRACE_POOL:
	case TRACE_ASSIGN:
	case TRACE_LEND:
		return take_frames(c, r);
	case TRACE_MACHINE_32:
		return take_machine_32(c, r);
	case TRACE_DOMAIN:
		return take_domain(c, r);
	case TRACE_EXTENDED_CR3:
		return r->nr == 0 && domain_index(c, r->domain) >= 0
			       ? NULL
			       : "the roots of no domain";
	case TRACE_VCPU:
		return take_vcpu(c, r);
	case TRACE_STOPPED:
		return domain_index(c, r->domain) < 0 ? "the end of no domain"
						      : NULL;
	case TRACE_CLOCK:
		return r->nr == 1 && r->word[0] != 0 ? NULL : "no clock";
	case TRACE_LIMIT:
		return r->nr == 1 && domain_index(c, r->domain) >= 0
			       ? NULL
			       : "the limit of no domain";
	case TRACE_CACHED:
	case TRACE_PAGE_FAULT:
		return r->nr == (r->kind == TRACE_CACHED ? 1 : 3) &&
				       vcpu_ok(c, r->domain, r->vcpu)
			       ? NULL
			       : "an address of no vCPU's";
	default:
		return "a kind of record that is not known here";
	}
}

const char *trace_check(struct trace *t, uint64_t *ret_at)
{
	struct check c = {.t = t};
	struct trace_record r;
	uint64_t at = 0;

	while (trace_next(t, &at, &r)) {
		const char *wrong =
			at > t->nr ? "the stream ends within it" : take(&c, &r);

		if (wrong != NULL) {
			*ret_at = r.at;
			return wrong;
		}
	}
	*ret_at = t->nr;
	t->whole = c.inside ? c.begun : t->nr;
	return c.machine ? NULL : "there is no machine in it";
}
