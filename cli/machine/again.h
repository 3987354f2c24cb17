/* SPDX-License-Identifier: MIT */
#ifndef PW_CLI_MACHINE_AGAIN_H
#define PW_CLI_MACHINE_AGAIN_H

#include <stdbool.h>
#include <stdint.h>

struct machine_wish {
	const char *folder; /* of the recording */
	uint64_t stop_at;   /* behind that request; 0: not */
	bool gdb;
};

/* `pagewarden replay --machine DIR`. Returns the status. */
int machine_again(const struct machine_wish *wish);

#endif
