/* SPDX-License-Identifier: MIT */
/*
 * Who called whom: of the words of a stack those that are return addresses,
 * by name. A return address may be the first byte of another function, when
 * the call never returns; so the names are those of the byte before it.
 */
#include "cli/why/callers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/why/members.h"

#define COLUMNS 80
#define MAX_CALLERS 12

static bool next_word(const cJSON **item, uint64_t *ret_word)
{
	while (*item != NULL) {
		const cJSON *i = *item;

		*item = i->next;
		if (cJSON_IsString(i)) {
			*ret_word = strtoull(i->valuestring, NULL, 16);
			return true;
		}
	}
	return false;
}

/* The next that is a return address; *item goes on behind it. */
static bool next_caller(const cJSON **item, const struct why_kernel *kernel,
			uint64_t *ret_word)
{
	while (next_word(item, ret_word)) {
		if (why_is_return(kernel, *ret_word)) {
			return true;
		}
	}
	return false;
}

static const cJSON *first_item(const cJSON *stack)
{
	return cJSON_IsArray(stack) ? stack->child : NULL;
}

/* Of whatever file it comes: nothing in it is for the terminal. */
static void make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~') {
			*text = '?';
		}
	}
}

/* The call, not what follows it, is in the caller. */
static void format_caller(const struct why_kernel *k, uint64_t word, char *text)
{
	uint64_t offset = 0;
	unsigned int line;
	const char *name = symbols_find(&k->symbols, word - 1, &offset);
	const char *file;
	int n = snprintf(text, WHY_NAME, "%s+%#llx", name == NULL ? "?" : name,
			 (unsigned long long)offset + 1);

	if (n < WHY_NAME && lines_find(k->lines, word - 1, &file, &line)) {
		(void)snprintf(text + n, (size_t)(WHY_NAME - n), " (%s:%u)",
			       file, line);
	}
	make_printable(text);
}

static bool add_number(cJSON *to, const char *name, uint64_t value)
{
	return cJSON_AddNumberToObject(to, name, (double)value) != NULL;
}

static bool add_text(cJSON *to, const char *name, const char *value)
{
	char text[WHY_NAME];

	(void)snprintf(text, sizeof(text), "%s", value);
	make_printable(text);
	return cJSON_AddStringToObject(to, name, text) != NULL;
}

static void add_record(cJSON *list, const struct why_kernel *k, uint64_t word)
{
	cJSON *r = cJSON_CreateObject();
	char address[24];
	uint64_t offset = 0;
	unsigned int line;
	const char *name = symbols_find(&k->symbols, word - 1, &offset);
	const char *file;

	(void)snprintf(address, sizeof(address), "%#llx",
		       (unsigned long long)word);
	(void)add_text(r, CALLER_ADDRESS, address);
	if (name != NULL) {
		(void)add_text(r, CALLER_FUNCTION, name);
		(void)add_number(r, CALLER_OFFSET, offset + 1);
	}
	if (lines_find(k->lines, word - 1, &file, &line)) {
		(void)add_text(r, CALLER_FILE, file);
		(void)add_number(r, CALLER_LINE, line);
	}
	(void)cJSON_AddItemToArray(list, r);
}

struct line {
	struct text *t;
	const char *head;
	size_t column;
	unsigned int nr;
};

/* Names with " < " between them, broken into lines. */
static void add(struct line *l, const struct why_kernel *kernel, uint64_t word)
{
	char name[WHY_NAME];
	size_t length;

	format_caller(kernel, word, name);
	length = strlen(name);
	if (l->nr == 0) {
		text_string(l->t, WHY_INDENT);
		text_string(l->t, l->head);
		l->column = sizeof(WHY_INDENT) + strlen(l->head);
	} else if (l->column + length + 3 > COLUMNS) {
		text_string(l->t, "\n" WHY_INDENT "< ");
		l->column = sizeof(WHY_INDENT) + 2;
	} else {
		text_string(l->t, " < ");
		l->column += 3;
	}
	text_string(l->t, name);
	l->column += length;
	l->nr++;
}

void callers_tell(struct text *t, const char *head, uint64_t rip,
		  const cJSON *stack, const struct why_kernel *kernel)
{
	struct line l = {.t = t, .head = head};
	const cJSON *item = first_item(stack);
	uint64_t word;

	if (kernel == NULL) {
		return;
	}
	if (rip != 0) {
		add(&l, kernel, rip);
	}
	while (l.nr < MAX_CALLERS && next_caller(&item, kernel, &word)) {
		add(&l, kernel, word);
	}
	if (l.nr != 0) {
		text_char(t, '\n');
	}
}

cJSON *callers_list(uint64_t rip, const cJSON *stack,
		    const struct why_kernel *kernel)
{
	cJSON *list = cJSON_CreateArray();
	const cJSON *item = first_item(stack);
	uint64_t word;

	if (kernel == NULL) {
		return list;
	}
	if (rip != 0) {
		add_record(list, kernel, rip);
	}
	while (cJSON_GetArraySize(list) < MAX_CALLERS &&
	       next_caller(&item, kernel, &word)) {
		add_record(list, kernel, word);
	}
	return list;
}

bool callers_first(const cJSON *stack, const struct why_kernel *kernel,
		   char name[WHY_NAME])
{
	const cJSON *item = first_item(stack);
	uint64_t word;

	name[0] = '\0';
	if (kernel == NULL || !next_caller(&item, kernel, &word)) {
		return false;
	}
	format_caller(kernel, word, name);
	return true;
}

const char *callers_function(const struct why_kernel *kernel, uint64_t rip)
{
	uint64_t offset;

	return kernel == NULL || rip == 0
		       ? NULL
		       : symbols_find(&kernel->symbols, rip - 1, &offset);
}
