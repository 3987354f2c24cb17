/* SPDX-License-Identifier: MIT */
/*
 * A refusal as one line of text. Freestanding: no printf, only appending of
 * strings and hexadecimal numbers to a buffer that never overflows.
 */
#include "engine/mmu.h"
#include "engine/report/refusal.h"

struct text {
	char *buf;
	size_t size;
	size_t len;
	bool cut;
};

static void put_char(struct text *t, char c)
{
	if (t->len + 1 < t->size) {
		t->buf[t->len++] = c;
	} else {
		t->cut = true;
	}
}

/* A text that had no room shows that it goes on. */
static void mark_cut(struct text *t)
{
	for (size_t i = 1; t->cut && i <= 3 && i <= t->len; i++) {
		t->buf[t->len - i] = '.';
	}
}

static void put_string(struct text *t, const char *s)
{
	while (*s != '\0') {
		put_char(t, *s++);
	}
}

static void put_hex(struct text *t, uint64_t v, unsigned int min_digits)
{
	unsigned int digits = 16;

	while (digits > min_digits && (v >> (4 * (digits - 1))) == 0) {
		digits--;
	}
	while (digits-- > 0) {
		put_char(t, "0123456789abcdef"[(v >> (4 * digits)) & 15]);
	}
}

static void put_decimal(struct text *t, uint64_t v)
{
	char digits[20];
	unsigned int n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	while (n-- > 0) {
		put_char(t, digits[n]);
	}
}

static void put_frame(struct text *t, const struct refusal *r)
{
	put_string(t, "mfn ");
	put_hex(t, r->frame.v, 1);
	put_string(t, " (pfn ");
	put_hex(t, r->pfn.v, 1);
	put_char(t, ')');
}

/* Xen's words come first, so that its public record can be searched. */
static void put_fact(struct text *t, const struct refusal *r)
{
	if (r->has_types) {
		put_string(t, "Bad type (saw ");
		put_hex(t, r->seen, 16);
		put_string(t, " != exp ");
		put_hex(t, r->expected, 16);
		put_string(t, ") for ");
		put_frame(t, r);
		put_string(t, ": ");
	}
	put_string(t, rule_info[r->rule].sentence);
	if (!r->has_types && r->frame.v != INVALID_FRAME) {
		put_string(t, ": ");
		put_frame(t, r);
	}
}

static void put_entry(struct text *t, const struct refusal *r)
{
	if (r->level == 0) {
		return;
	}
	put_string(t, "; L");
	put_decimal(t, r->level);
	put_string(t, " entry ");
	put_hex(t, r->entry.v, 16);
	if (r->nr_path != 0) {
		put_string(t, " at ");
		put_hex(t, refusal_where(r).v, 1);
	}
}

size_t refusal_format(const struct refusal *r, char *buf, size_t size)
{
	struct text t = {.buf = buf, .size = size};

	if (size == 0) {
		return 0;
	}
	put_fact(&t, r);
	put_entry(&t, r);
	put_string(&t, "; ");
	put_string(&t, operation_info[r->op.id].name);
	put_char(&t, '[');
	put_decimal(&t, r->op.index);
	put_string(&t, "] refused by ");
	put_string(&t, rule_info[r->rule].name);
	put_string(&t, " (");
	put_string(&t, rule_info[r->rule].invariant);
	put_string(&t, ") errno -");
	put_decimal(&t, (uint64_t)rule_info[r->rule].err);
	if (r->rip != 0) {
		put_string(&t, ", rip ");
		put_hex(&t, r->rip, 1);
	}
	mark_cut(&t);
	buf[t.len] = '\0';
	return t.len;
}
