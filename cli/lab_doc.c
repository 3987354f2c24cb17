/* SPDX-License-Identifier: MIT */
/*
 * `pagewarden lab doc` prints docs/histories.md; a test compares the two. What
 * is told there of a history stands in its file of lab/histories/ and nowhere
 * else, so that text, policies and outcomes are changed together.
 */
#include "cli/lab_doc.h"

#include <string.h>

#include "lab/lab.h"

#define WIDTH 79

static const char introduction[] =
	"Failures of page-table code, from the public record of the Linux "
	"Xen port, as experiments. `pagewarden lab` lists them, "
	"`pagewarden lab run HISTORY` runs every policy side by side, and "
	"`pagewarden lab show HISTORY POLICY` prints the log of one run up to "
	"the crash report, and then why it failed: what was asked and by "
	"whom, what holds the frame, who made it so, and what happened to it "
	"before. A run whose outcome is not the recorded one makes "
	"the command exit with 1.\n\n"
	"A *policy* is what the kernel does; a *world* is the machine that it "
	"does it on. The kernel is the same in all runs (lab/kernel.c, on the "
	"library in guest/); only its policy differs, and that is a value. "
	"Each history is one file of lab/histories/, and this page is made "
	"of them by `pagewarden lab doc`. The simulator runs everything. What "
	"a real CPU and a real hypervisor can show as well runs with `--on "
	"hv` and `--on xen`, in QEMU; it is marked *everywhere* below. There "
	"the kernel looks at its own direct map when it has booted, page by "
	"page (kernels/lab/check.c): a run is `right` if it finds no mistake. "
	"The outcomes are the simulator's; so are the hypercalls for the same "
	"memory, but for a few (5 to 7 of 3159) that give back what of the "
	"initial mapping the kernel's image leaves over. `--on all` prints "
	"them together.";

/* One paragraph, in lines. */
static const char *put_paragraph(FILE *to, const char *text)
{
	size_t column = 0;

	while (*text != '\0' && *text != '\n') {
		size_t n = strcspn(text, " \n");

		if (column != 0 && column + 1 + n > WIDTH) {
			fputc('\n', to);
			column = 0;
		}
		if (n != 0) {
			fprintf(to, "%s%.*s", column == 0 ? "" : " ", (int)n,
				text);
			column += n + (column != 0);
		}
		text += n + (text[n] == ' ');
	}
	fputs("\n\n", to);
	return text + strspn(text, "\n");
}

/* Paragraphs are apart by an empty line. */
static void put_text(FILE *to, const char *text)
{
	while (*text != '\0') {
		text = put_paragraph(to, text);
	}
}

static const char *places_of(const struct lab_case *c)
{
	if (!c->world->on_metal || c->policy->sim_only) {
		return "simulator";
	}
	/* The stock hypervisor has no 32-bit guests. */
	return c->world->tables == LAB_PAE ? "simulator, hv" : "everywhere";
}

static void put_outcome(FILE *to, const struct lab_case *c)
{
	fprintf(to, "| `%s` | %s | %s |", c->policy->name, c->world->name,
		lab_outcome_name[c->expected]);
	if (c->expected != LAB_RIGHT) {
		fprintf(to, " %s: `%s`", lab_step_name[c->step],
			c->says == NULL ? "" : c->says);
	}
	fprintf(to, " | %s |\n", places_of(c));
}

static void put_history(FILE *to, const struct lab_history *h)
{
	char source[256];

	fprintf(to, "## %s\n\n", h->name);
	(void)snprintf(source, sizeof(source), "*%s.*", h->source);
	put_text(to, source);
	put_text(to, h->story);
	fputs("| policy | what it does |\n|---|---|\n", to);
	for (unsigned int i = 0; i < h->nr_policies; i++) {
		fprintf(to, "| `%s` | %s |\n", h->policies[i].name,
			h->policies[i].title);
	}
	fputs("\n| policy | world | outcome | where, and what is said | runs "
	      "on |\n|---|---|---|---|---|\n",
	      to);
	for (unsigned int i = 0; i < h->nr_cases; i++) {
		put_outcome(to, &h->cases[i]);
	}
}

void lab_doc(FILE *to)
{
	fputs("# The histories\n\n", to);
	put_text(to, introduction);
	for (unsigned int i = 0; i < lab_nr_histories; i++) {
		put_history(to, lab_histories[i]);
		if (i + 1 < lab_nr_histories) {
			fputc('\n', to);
		}
	}
}
