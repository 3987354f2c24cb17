/* SPDX-License-Identifier: MIT */
/*
 * The engine on any stream of operations (support/requests.h), each done to its
 * end. Properties, after every operation and every interruption: the audit
 * finds nothing, no protected frame is behind a cached writable mapping,
 * nothing loops for ever; at the end the domain dies and leaves nothing. What
 * is left of an input says how wide the domain is.
 */
#include "tests/fuzz/support/requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine *m = machine_of_width(data, size);
	struct op o;

	if (size > 0 && (data[0] & 0x80)) {
		standard_space(m);
	}
	for (unsigned int i = 0; i < MAX_OPS && next_op(&data, &size, &o);
	     i++) {
		m->preempt_after = o.e & 3;
		request(m, &o);
	}
	die(m);
	machine_free(m);
	return 0;
}
