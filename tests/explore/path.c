/* SPDX-License-Identifier: MIT */
/*
 * A state is kept under names that make it the least of its kind, so from step
 * to step the same frame has different ones. The way is walked again from the
 * start, with a note of what each frame was called there.
 */
#include "tests/explore/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/explore/state.h"

#define MAX_STEPS 200

/* The steps in order; the last one is the one that went wrong. */
static unsigned int collect(const struct path *p, struct step *steps)
{
	unsigned int nr = 0;
	uint32_t at = p->last.from;

	steps[nr++] = p->last;
	while (at != NO_STATE && nr < MAX_STEPS) {
		struct step s = p->visited->step[at];

		if (s.from != NO_STATE) {
			steps[nr++] = s;
		}
		at = s.from;
	}
	for (unsigned int i = 0; i < nr / 2; i++) {
		struct step s = steps[i];

		steps[i] = steps[nr - 1 - i];
		steps[nr - 1 - i] = s;
	}
	return p->last.from == NO_STATE ? 0 : nr;
}

struct line {
	char text[192];
	char c[1024];
	int64_t rc;
	uint32_t answers;
};

/* One step more; `at` is what the frames were called at the start. */
static void walk(struct path *p, struct step s, uint8_t *at, struct line *line,
		 bool last)
{
	const struct request *r = &p->requests[s.request];
	uint8_t before[MAX_NAMED];
	struct state state;
	struct naming names;

	request_print(p->w, r, at, line->text, sizeof(line->text));
	request_print_c(p->w, r, at, line->c, sizeof(line->c));
	line->answers = s.answers;
	line->rc = 1;
	if (last) {
		return; /* it may not come back */
	}
	p->w->answers = s.answers;
	(void)request_make(p->w, r, &line->rc);
	state_canonical(p->w, &state, &names);
	state_write(p->w, &state);
	memcpy(before, at, sizeof(before));
	for (unsigned int i = 0; i < p->w->nr_named; i++) {
		at[i] = before[names.at[i]];
	}
}

static void start_again(struct path *p)
{
	const struct scope *scope = p->w->scope;
	jmp_buf out;
	struct state state;
	struct naming names;

	memcpy(&out, &p->w->out, sizeof(out));
	world_fini(p->w);
	world_init(p->w, scope);
	memcpy(&p->w->out, &out, sizeof(out));
	state_canonical(p->w, &state, &names);
	state_write(p->w, &state);
}

static void print_answers(const struct line *l)
{
	if (l->answers == UINT32_MAX) {
		printf(", stopped wherever it asks");
		return;
	}
	for (unsigned int i = 0; i < 32; i++) {
		if ((l->answers >> i & 1) != 0) {
			printf(", stopped at question %u", i + 1);
		}
	}
}

static void print_list(const struct line *lines, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		printf("#  %2u. %s", i + 1, lines[i].text);
		print_answers(&lines[i]);
		if (i + 1 < nr) {
			printf(" -> %ld", lines[i].rc);
		}
		printf("\n");
	}
}

/* The fixed frames follow the free ones: the start of a test. */
static void print_start(const struct world *w)
{
	const struct scope *s = w->scope;
	unsigned int fixed = w->nr_named - s->nr_free - (s->nr_doms > 1);

	printf("#\tstruct machine *m = *state;\n#\n");
	for (unsigned int i = 0; i + 1 < fixed; i++) {
		printf("#\traw_entry(m, dom_frame(%u), %u, "
		       "pte_make(dom_frame(%u), TABLE_FLAGS));\n",
		       s->nr_free + i, s->slot[0], s->nr_free + i + 1);
	}
	printf("#\tassert_int_equal(mmu_start(&m->vcpu, dom_frame(%u)), 0);\n",
	       s->nr_free);
	if (s->nr_vcpus > 1) {
		printf("#\tmachine_second_vcpu(m);\n");
	}
	if (s->nr_doms > 1) {
		printf("#\tmachine_second_domain(m);\n");
	}
	printf("#\tm->once = true;\n");
}

static void print_c(const struct path *p, const struct line *lines,
		    unsigned int nr)
{
	printf("#static void explored(void **state)\n#{\n");
	print_start(p->w);
	for (unsigned int i = 0; i < nr; i++) {
		uint32_t a = lines[i].answers;

		if (a != 0 && a != UINT32_MAX) {
			printf("#\tm->preempt_at = m->preempt_asked + %d;\n",
			       __builtin_ctz(a) + 1);
		}
		printf("#\t%s\n", lines[i].c);
	}
	printf("#}\n");
}

void path_print(struct path *p, const char *fault)
{
	static struct step steps[MAX_STEPS];
	static struct line lines[MAX_STEPS];
	uint8_t at[MAX_NAMED];
	unsigned int nr = collect(p, steps);

	printf("# %s\n# after %u steps:\n", fault, nr);
	fflush(stdout);
	for (unsigned int i = 0; i < MAX_NAMED; i++) {
		at[i] = (uint8_t)i;
	}
	start_again(p);
	for (unsigned int i = 0; i < nr; i++) {
		walk(p, steps[i], at, &lines[i], i + 1 == nr);
	}
	print_list(lines, nr);
	print_c(p, lines, nr);
	fflush(stdout);
}
