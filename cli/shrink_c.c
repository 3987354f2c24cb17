/* SPDX-License-Identifier: MIT */
/*
 * A trace as C, for the test machine (tests/unit/support/machine.h). That is a
 * small one, so the frames are numbered anew, in the order in which they are
 * met: mfn f becomes dom_frame(n). Words are entries where they are known to
 * be, and get the new number of their frame.
 */
#include "cli/shrink_c.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/say.h"
#include "engine/mmu.h"
#include "trace/file/request.h"
#include "trace/shrink/plan.h"

#define FRAMES_MAX 100

struct names {
	uint64_t nr_frames; /* of the recorded machine */
	uint64_t mfn[FRAMES_MAX];
	unsigned int nr;
	bool too_many;
};

static unsigned int number(struct names *n, uint64_t mfn)
{
	for (unsigned int i = 0; i < n->nr; i++) {
		if (n->mfn[i] == mfn) {
			return i;
		}
	}
	if (n->nr == FRAMES_MAX) {
		n->too_many = true;
		return 0;
	}
	n->mfn[n->nr] = mfn;
	return n->nr++;
}

/* One that the recorded machine had not, this one has not, either. */
static void frame(struct names *n, uint64_t mfn)
{
	if (mfn < n->nr_frames) {
		printf("dom_frame(%u)", number(n, mfn));
	} else {
		printf("mfn(%#" PRIx64 ")", mfn);
	}
}

/* An entry: of a frame, or none. */
static void entry(struct names *n, uint64_t e)
{
	if ((e & PTE_P) == 0) {
		printf("pte(%#" PRIx64 ")", e);
	} else {
		printf("pte_make(");
		frame(n, pte_mfn(pte(e)).v);
		printf(", %#" PRIx64 ")", pte_flags(pte(e)));
	}
}

static void table(struct names *n, const struct trace_record *r)
{
	const uint64_t *word = r->word + 1 + TRACE_BITMAP_WORDS;

	for (unsigned int i = 0; i < TRACE_TABLE_WORDS; i++) {
		if ((r->word[1 + i / 64] >> i % 64 & 1) != 0) {
			printf("\traw_entry(m, dom_frame(%u), %u, ",
			       number(n, r->word[0]), i);
			entry(n, *word++);
			printf(");\n");
		}
	}
}

static const char *const pins[] = {
	[MMUEXT_PIN_L1_TABLE] = "MMUEXT_PIN_L1_TABLE",
	[MMUEXT_PIN_L2_TABLE] = "MMUEXT_PIN_L2_TABLE",
	[MMUEXT_PIN_L3_TABLE] = "MMUEXT_PIN_L3_TABLE",
	[MMUEXT_PIN_L4_TABLE] = "MMUEXT_PIN_L4_TABLE",
	[MMUEXT_UNPIN_TABLE] = "MMUEXT_UNPIN_TABLE",
	[MMUEXT_NEW_BASEPTR] = "MMUEXT_NEW_BASEPTR",
	[MMUEXT_NEW_USER_BASEPTR] = "MMUEXT_NEW_USER_BASEPTR",
	[MMUEXT_CLEAR_PAGE] = "MMUEXT_CLEAR_PAGE",
};

static bool mmuext(struct names *n, const struct trace_record *in)
{
	const struct mmuext_op op = trace_mmuext(in);

	if (op.cmd >= sizeof(pins) / sizeof(*pins) || pins[op.cmd] == NULL) {
		return false;
	}
	printf("call_mmuext(m, %s, ", pins[op.cmd]);
	frame(n, op.arg1.mfn);
	printf(".v, 0)");
	return true;
}

static void update(struct names *n, const uint64_t *request)
{
	printf("call_mmu_update(m, entry_at(");
	frame(n, request[0] >> PAGE_SHIFT);
	printf(", %u)%s, ", (unsigned int)(request[0] >> 3 & 511),
	       (request[0] & 7) == 2 ? " | MMU_PT_UPDATE_PRESERVE_AD" : "");
	entry(n, request[1]);
	printf(".v)");
}

/* The call, as an expression. False: there is none for it. */
static bool call(struct names *n, const struct trace_record *begin,
		 const struct trace_record *in)
{
	const uint64_t *w = begin->word + TRACE_BEGIN_WORDS;

	switch ((enum mmu_operation)begin->detail) {
	case MMU_OP_START:
		printf("mmu_start(&m->vcpu, dom_frame(%u))", number(n, w[0]));
		return true;
	case MMU_OP_LOAD_CR3:
		printf("mmu_load_cr3(&m->vcpu, dom_frame(%u))",
		       number(n, w[0]));
		return true;
	case MMU_OP_HOLD:
		printf("mmu_hold(&m->dom, dom_frame(%u))", number(n, w[0]));
		return true;
	case MMU_OP_UPDATE_VA_MAPPING:
		printf("call_va_mapping(m, %#" PRIx64 ", ", w[0]);
		entry(n, w[1]);
		printf(".v, %" PRIu64 ")", w[2]);
		return true;
	case MMU_OP_MMU_UPDATE:
		if (in == NULL || (in->word[0] & 7) == MMU_MACHPHYS_UPDATE) {
			return false;
		}
		update(n, in->word);
		return true;
	case MMU_OP_MMUEXT:
		return in != NULL && mmuext(n, in);
	default:
		return false;
	}
}

/* One operation: what it judges is there before, what it came to after. */
static bool operation(struct names *n, const struct trace *t,
		      const struct trace_record *begin, uint64_t *at)
{
	const struct trace_record *refused = NULL;
	struct trace_record keep, copied;
	bool has_in = false;
	struct trace_record r;
	bool ended = false;

	while (!ended && trace_next(t, at, &r)) {
		if (r.kind == TRACE_TABLE) {
			table(n, &r);
		} else if (r.kind == TRACE_COPIED_IN && !has_in) {
			copied = r;
			has_in = r.nr != 0;
		} else if (r.kind == TRACE_REFUSED) {
			keep = r;
			refused = &keep;
		}
		ended = r.kind == TRACE_END;
	}
	if (!ended) {
		return false;
	}
	printf("\tassert_int_equal(");
	if (!call(n, begin, has_in ? &copied : NULL)) {
		return false;
	}
	printf(", %" PRId64 ");\n", (int64_t)r.word[0]);
	if (refused != NULL) {
		printf("\tassert_int_equal(m->dom.refusal.rule, RULE_%s);\n",
		       rule_info[refused->detail].name);
	}
	printf("\tmachine_check(m);\n");
	return true;
}

/* The CPU of the tests caches all it may: nothing is to be done for that. */
static void page_fault(const struct trace_record *r)
{
	printf("\tassert_int_equal(cpu_write(&m->cpu[CPU_FIRST], vaddr(%#" PRIx64
	       ")), %s);\n",
	       r->word[0],
	       (r->detail & TRACE_STALE) != 0           ? "ACCESS_STALE"
	       : (r->word[1] & PAGE_FAULT_PRESENT) != 0 ? "ACCESS_READ_ONLY"
							: "ACCESS_NOT_PRESENT");
}

static const char before[] =
	"/* SPDX-License-Identifier: MIT */\n"
	"/* Made by `pagewarden shrink --as=c` from a recording. */\n"
	"#include <stdarg.h>\n"
	"#include <stddef.h>\n"
	"#include <setjmp.h>\n"
	"#include <stdint.h>\n"
	"\n"
	"#include <cmocka.h>\n"
	"\n"
	"#include \"tests/unit/support/machine.h\"\n"
	"\n"
	"static void what_was_recorded_happens(void **state)\n"
	"{\n"
	"\tstruct machine *m = *state;\n"
	"\n";

/* With the set-up of the domain's width in it. */
#define AFTER                                                              \
	"}\n"                                                              \
	"\n"                                                               \
	"int main(void)\n"                                                 \
	"{\n"                                                              \
	"\tconst struct CMUnitTest tests[] = {\n"                          \
	"\t\tcmocka_unit_test_setup_teardown(what_was_recorded_happens,\n" \
	"\t\t\t\t\t\t%s,\n"                                                \
	"\t\t\t\t\t\tmachine_tear_down),\n"                                \
	"\t};\n"                                                           \
	"\n"                                                               \
	"\treturn cmocka_run_group_tests(tests, NULL, NULL);\n"            \
	"}\n"

bool shrink_c(const struct trace *t)
{
	struct names n = {.nr_frames = t->nr_frames};
	struct trace_record r;
	bool pae = false;
	uint64_t at = 0;

	fputs(before, stdout);
	while (trace_next(t, &at, &r)) {
		if (r.kind == TRACE_BEGIN && !operation(&n, t, &r, &at)) {
			printf("\n");
			say("%s has no form in C here",
			    operation_info[r.detail].name);
			return false;
		}
		if (r.kind == TRACE_PAGE_FAULT) {
			page_fault(&r);
		}
		pae = pae || (r.kind == TRACE_DOMAIN && r.nr != 0);
	}
	printf(AFTER, pae ? "machine_set_up_pae" : "machine_set_up");
	if (n.too_many) {
		say("more frames than the test machine has");
	}
	return !n.too_many;
}
