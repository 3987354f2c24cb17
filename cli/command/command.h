/* SPDX-License-Identifier: MIT */
/* A command that runs in the guest: its input, its output, its end. */
#ifndef PW_CLI_COMMAND_COMMAND_H
#define PW_CLI_COMMAND_COMMAND_H

#include "cli/command/ring.h"
#include "cli/command/unpack.h"
#include "cli/command/wish.h"
#include "cli/summary.h"

#define COMMAND_TAIL 16384

struct command {
	const struct command_wish *wish;
	int memory;   /* the machine's RAM, as a file */
	uint64_t ram; /* its size */
	struct ring ring;
	struct unpack unpack;
	int log;                 /* of the kernel; -1: nowhere */
	char tail[COMMAND_TAIL]; /* its last bytes */
	uint64_t logged;
	bool input_ended;
	bool ended; /* by its own status: */
	int32_t status;
	bool failed; /* a line in error */
	char error[512];
};

/* False: with a line in error. */
bool command_init(struct command *c, const struct command_wish *wish);
void command_fini(struct command *c);

/* The machine has told where its rings are. */
void command_open(struct command *c, uint64_t at);
/* Takes what there is. False: it cannot be written. */
bool command_pump(struct command *c);

/* Is there room for input, and is it wanted? */
bool command_wants(const struct command *c);
/* Reads some of it and passes it on. True: of a terminal, the quit key. */
bool command_input(struct command *c, int fd);
/* The terminal has another size, maybe. */
void command_resize(struct command *c);

/* The kernel's log. False: it cannot be written. */
bool command_log(struct command *c, const char *bytes, size_t size);

/* The exit status, `machine` being the run's; what is wrong is said. */
int command_end(struct command *c, enum run_result result,
		enum exit_status machine);

#endif
