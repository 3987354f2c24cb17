/* SPDX-License-Identifier: MIT */
/* Bytes that grow: numbers of seven bits a byte, small ones in one. */
#ifndef PW_CLI_REPORT_PACK_H
#define PW_CLI_REPORT_PACK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct pack {
	uint8_t *at;
	size_t nr;
	size_t room;
	bool failed; /* memory is short */
};

void pack_byte(struct pack *p, uint8_t b);
/* LEB128. */
void pack_number(struct pack *p, uint64_t n);
/* Of either sign: zigzag. */
void pack_signed(struct pack *p, int64_t n);
void pack_base64(const struct pack *p, FILE *to);
void pack_fini(struct pack *p);

#endif
