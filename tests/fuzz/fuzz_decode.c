/* SPDX-License-Identifier: MIT */
/*
 * The decoder on any bytes. Properties: it reads none beyond those given (the
 * copy ends where they end, so ASan sees it); an instruction is 1 to 15 bytes
 * and no longer than what was given; cutting the input behind it changes
 * nothing, and cutting it shorter is reported as truncated; what is decoded
 * can be executed.
 *
 * Input: byte 0 chooses 64- or 32-bit code, the rest is code.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "emul/execute.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum decode_status decode_copy(struct insn *in, const uint8_t *code,
				      size_t n, bool code64)
{
	uint8_t *copy = malloc(n + (n == 0));
	enum decode_status status;

	if (!copy) {
		abort();
	}
	if (n) {
		memcpy(copy, code, n);
	}
	status = decode_insn(in, copy, n, code64);
	free(copy);
	return status;
}

static void check_execution(const struct insn *in)
{
	uint64_t gpr[16];
	struct insn_outcome o;

	for (unsigned int i = 0; i < 16; i++) {
		gpr[i] = UINT64_C(0x0123456789abcdef) * (i + 1);
	}
	if (in->memory) {
		decode_address(in, gpr, gpr[3], gpr[4], gpr[5]);
	}
	if (in->op >= INSN_ADD && in->op <= INSN_STOS) {
		execute_insn(in, gpr, 2, gpr[6], &o);
		if ((o.rflags & ~RFLAGS_ARITH) != 2) {
			abort();
		}
		if (in->size < 8 && o.store >> (8 * in->size)) {
			abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct insn in, again;
	enum decode_status status;
	bool code64;

	if (size == 0) {
		return 0;
	}
	code64 = data[0] & 1;
	data++;
	size--;
	status = decode_copy(&in, data, size, code64);
	if (status == DECODE_TRUNCATED && size >= INSN_MAX_BYTES) {
		abort();
	}
	if (status != DECODE_OK) {
		return 0;
	}
	if (in.length == 0 || in.length > INSN_MAX_BYTES || in.length > size ||
	    (in.size != 1 && in.size != 2 && in.size != 4 && in.size != 8)) {
		abort();
	}
	if (decode_copy(&again, data, in.length, code64) != DECODE_OK ||
	    again.length != in.length || again.op != in.op) {
		abort();
	}
	if (decode_copy(&again, data, in.length - 1u, code64) !=
	    DECODE_TRUNCATED) {
		abort();
	}
	check_execution(&in);
	return 0;
}
