/* SPDX-License-Identifier: MIT */
/*
 * What a run of the command says of a failure is text for people, in parts that
 * begin with their names: the rule, "asked by", "held by", "history". Each fact
 * that the history knows is looked for in its own part. With --explain the
 * report comes last as a whole, so it is the last that is read.
 */
#define _GNU_SOURCE /* memmem */
#include "cli/lab_metal_why.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADLINE "PAGEWARDEN "

struct part {
	const char *at;
	size_t length;
};

bool lab_metal_explains(const struct lab_case *c)
{
	return c->blame != NULL && !c->policy->metal_forgives &&
	       (c->expected == LAB_REFUSED || c->expected == LAB_FAULT);
}

static const char *find_in(struct part p, const char *text)
{
	return p.at == NULL ? NULL : memmem(p.at, p.length, text, strlen(text));
}

/* From a text on, up to another, or to the end. */
static struct part cut(struct part whole, const char *from, const char *to)
{
	struct part p = {find_in(whole, from), 0};
	const char *end;

	if (p.at == NULL) {
		return p;
	}
	p.length = whole.length - (size_t)(p.at - whole.at);
	end = to == NULL ? NULL : find_in(p, to);
	if (end != NULL) {
		p.length = (size_t)(end - p.at);
	}
	return p;
}

/* The last report and all that follows it. */
static struct part last_report(const char *log)
{
	struct part found = {NULL, 0};
	struct part rest = {log, strlen(log)};
	const char *at;

	while ((at = find_in(rest, HEADLINE)) != NULL) {
		rest.length -= (size_t)(at - rest.at);
		rest.at = at;
		found = rest;
		rest.at++;
		rest.length--;
	}
	return found;
}

/* "name+0x1c", or a compiler's copy of it: "name.isra.0+0x1c". */
static bool names(struct part p, const char *function)
{
	size_t n = strlen(function);
	const char *at;

	while ((at = find_in(p, function)) != NULL) {
		const char *end = p.at + p.length;
		bool begins = at == p.at || (!isalnum((unsigned char)at[-1]) &&
					     at[-1] != '_');

		if (begins && at + n < end && (at[n] == '+' || at[n] == '.')) {
			return true;
		}
		p.length -= (size_t)(at + 1 - p.at);
		p.at = at + 1;
	}
	return false;
}

static bool holder_told(struct part held, enum lab_holder holder)
{
	static const char *const words[] = {
		[LAB_HELD_BY_NOTHING] = "",
		[LAB_HELD_WRITABLE] = "writable mapping",
		[LAB_HELD_READONLY] = "read-only mapping",
		[LAB_HELD_AS_TABLE] = "as a table",
		[LAB_HELD_BY_PIN] = "a pin",
	};
	struct part line = held;
	const char *end = find_in(held, "\n");

	if (end != NULL) {
		line.length = (size_t)(end - held.at);
	}
	return holder == LAB_HELD_BY_NOTHING ||
	       find_in(line, words[holder]) != NULL;
}

/* The frame that the kernel has said it is about, if it has. */
static bool same_frame(const char *log, struct part report)
{
	static const char said[] = "lab: about pfn ";
	const char *at = strstr(log, said);
	char frame[48];

	if (at == NULL) {
		return true;
	}
	(void)snprintf(frame, sizeof(frame), "(pfn %llx)",
		       strtoull(at + sizeof(said) - 1, NULL, 16));
	return find_in(cut(report, HEADLINE, "\n"), frame) != NULL;
}

/* asks: how the part begins that says who did it. */
static const char *report_differs(const struct lab_blame *b, const char *log,
				  const char *asks)
{
	struct part report = last_report(log);
	struct part asked = cut(report, asks, "  held by");
	struct part held = cut(report, "  held by", NULL);
	char headline[64];

	(void)snprintf(headline, sizeof(headline), HEADLINE "%s:", b->title);
	if (report.at == NULL) {
		return "nothing is explained";
	}
	if (find_in(report, headline) != report.at) {
		return "it is another failure";
	}
	if (!same_frame(log, report)) {
		return "it is about another frame";
	}
	if (b->asker != NULL && !names(asked, b->asker)) {
		return "another asked for it";
	}
	return holder_told(held, b->holder) ? NULL : "no holder of the kind";
}

static const char *refusal_differs(const struct lab_blame *b, const char *log)
{
	const char *differs = report_differs(b, log, "  asked by");
	struct part held = cut(last_report(log), "  held by", NULL);

	if (differs != NULL) {
		return differs;
	}
	return b->maker != NULL && !names(held, b->maker)
		       ? "another made the holder"
		       : NULL;
}

const char *lab_metal_differs(const struct lab_case *c, const char *log)
{
	struct part whole = {log, strlen(log)};

	if (c->expected == LAB_REFUSED) {
		return refusal_differs(c->blame, log);
	}
	if (strcmp(c->blame->title, "TABLE_WRITTEN") == 0) {
		return report_differs(c->blame, log, "  written at");
	}
	return names(cut(whole, "crashed at", NULL), c->blame->asker)
		       ? NULL
		       : "another was at fault";
}
