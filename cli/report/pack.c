/* SPDX-License-Identifier: MIT */
/* What the report's page unpacks again: see page.js. */
#include "cli/report/pack.h"

#include <stdlib.h>

void pack_byte(struct pack *p, uint8_t b)
{
	if (p->nr == p->room) {
		size_t room = 2 * p->room + 4096;
		uint8_t *more = realloc(p->at, room);

		if (more == NULL) {
			p->failed = true;
			return;
		}
		p->at = more;
		p->room = room;
	}
	p->at[p->nr++] = b;
}

void pack_number(struct pack *p, uint64_t n)
{
	while (n >= 0x80) {
		pack_byte(p, (uint8_t)(n | 0x80));
		n >>= 7;
	}
	pack_byte(p, (uint8_t)n);
}

void pack_signed(struct pack *p, int64_t n)
{
	pack_number(p, (uint64_t)n << 1 ^ (n < 0 ? UINT64_MAX : 0));
}

void pack_base64(const struct pack *p, FILE *to)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < p->nr; i += 3) {
		size_t left = p->nr - i;
		uint32_t w = (uint32_t)p->at[i] << 16 |
			     (left > 1 ? (uint32_t)p->at[i + 1] << 8 : 0) |
			     (left > 2 ? (uint32_t)p->at[i + 2] : 0);

		fputc(digit[w >> 18], to);
		fputc(digit[w >> 12 & 63], to);
		fputc(left > 1 ? digit[w >> 6 & 63] : '=', to);
		fputc(left > 2 ? digit[w & 63] : '=', to);
	}
}

void pack_fini(struct pack *p)
{
	free(p->at);
	*p = (struct pack){0};
}
