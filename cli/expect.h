/* SPDX-License-Identifier: MIT */
/* Looks for one string in a stream that arrives in pieces. */
#ifndef PW_CLI_EXPECT_H
#define PW_CLI_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

struct expect {
	const char *text; /* the caller's; NULL: nothing is looked for */
	size_t length;
	/* border[i]: longest proper prefix of text that ends text[0..i]. */
	size_t *border;
	size_t matched; /* this many of text's bytes end the stream so far */
	bool seen;
};

/* Returns false if memory is short. */
bool expect_init(struct expect *expect, const char *text);
void expect_fini(struct expect *expect);
void expect_feed(struct expect *expect, const char *data, size_t size);

#endif
