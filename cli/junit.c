/* SPDX-License-Identifier: MIT */
/*
 * JUnit's form has no standard; this is the part that all readers share: a
 * suite, its cases, and of one that failed a message in an attribute. Texts may
 * come from a guest: what XML 1.0 cannot hold becomes a question mark.
 */
#include "cli/junit.h"

#include <errno.h>
#include <string.h>

#include "cli/output.h"
#include "cli/say.h"

static void put_text(FILE *to, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", to);
			break;
		case '<':
			fputs("&lt;", to);
			break;
		case '>':
			fputs("&gt;", to);
			break;
		case '"':
			fputs("&quot;", to);
			break;
		default:
			fputc(*text >= ' ' && *text <= '~' ? *text : '?', to);
		}
	}
}

/* Of several lines, as consoles end them. */
static void put_lines(FILE *to, const char *text)
{
	char one[2] = "";

	for (; *text != '\0'; text++) {
		one[0] = *text;
		if (*text == '\n') {
			fputc('\n', to);
		} else if (*text == '\t') {
			fputc(' ', to);
		} else if (*text != '\r') {
			put_text(to, one);
		}
	}
}

static void put_attribute(FILE *to, const char *name, const char *text)
{
	fprintf(to, " %s=\"", name);
	put_text(to, text);
	fputc('"', to);
}

static unsigned int count(const struct junit_case *cases, unsigned int nr,
			  enum junit_outcome outcome)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < nr; i++) {
		n += cases[i].outcome == outcome;
	}
	return n;
}

static void put_case(FILE *to, const struct junit_case *c)
{
	static const char *const elements[] = {
		[JUNIT_FAILED] = "failure",
		[JUNIT_ERROR] = "error",
		[JUNIT_SKIPPED] = "skipped",
	};

	fputs("  <testcase", to);
	put_attribute(to, "classname", c->group);
	put_attribute(to, "name", c->name);
	fprintf(to, " time=\"%.3f\"", c->seconds);
	if (c->outcome == JUNIT_PASSED) {
		fputs("/>\n", to);
		return;
	}
	fprintf(to, ">\n    <%s", elements[c->outcome]);
	put_attribute(to, "message", c->title);
	fputs("/>\n", to);
	if (c->output != NULL) {
		fputs("    <system-out>", to);
		put_lines(to, c->output);
		fputs("</system-out>\n", to);
	}
	fputs("  </testcase>\n", to);
}

bool junit_write(FILE *to, const char *suite, const struct junit_case *cases,
		 unsigned int nr)
{
	double seconds = 0;

	for (unsigned int i = 0; i < nr; i++) {
		seconds += cases[i].seconds;
	}
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite", to);
	put_attribute(to, "name", suite);
	fprintf(to,
		" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" "
		"time=\"%.3f\">\n",
		nr, count(cases, nr, JUNIT_FAILED),
		count(cases, nr, JUNIT_ERROR), count(cases, nr, JUNIT_SKIPPED),
		seconds);
	for (unsigned int i = 0; i < nr; i++) {
		put_case(to, &cases[i]);
	}
	fputs("</testsuite>\n", to);
	return fflush(to) == 0 && !ferror(to);
}

static bool told; /* or said why not */

static bool complain(const char *path)
{
	told = true;
	say("--junit %s: %s", path, strerror(errno));
	return false;
}

bool junit_reserve(const char *path)
{
	FILE *f = fopen(path, "we");

	return f != NULL && fclose(f) == 0 ? true : complain(path);
}

bool junit_is_told(void)
{
	return told;
}

bool junit_file(const char *path, const char *suite,
		const struct junit_case *cases, unsigned int nr)
{
	FILE *f = fopen(path, "we");
	bool good = f != NULL && junit_write(f, suite, cases, nr);

	if (f != NULL && fclose(f) != 0) {
		good = false;
	}
	told = told || good;
	if (!good) {
		(void)complain(path);
		output_forget(path);
	}
	return good;
}

/* A number sign would be a directive. */
static void put_description(FILE *to, const char *text)
{
	for (; *text != '\0'; text++) {
		fputc(*text >= ' ' && *text <= '~' && *text != '#' ? *text
								   : '?',
		      to);
	}
}

static bool is_good(const struct junit_case *c)
{
	return c->outcome == JUNIT_PASSED || c->outcome == JUNIT_SKIPPED;
}

void tap_write(FILE *to, const struct junit_case *cases, unsigned int nr)
{
	fprintf(to, "TAP version 13\n1..%u\n", nr);
	for (unsigned int i = 0; i < nr; i++) {
		const struct junit_case *c = &cases[i];

		fprintf(to, "%sok %u - ", is_good(c) ? "" : "not ", i + 1);
		put_description(to, c->group);
		fputs(": ", to);
		put_description(to, c->name);
		fputs(c->outcome == JUNIT_SKIPPED ? " # SKIP\n" : "\n", to);
		if (!is_good(c)) {
			fputs("# ", to);
			put_description(to, c->title);
			fputc('\n', to);
		}
	}
}
