/* SPDX-License-Identifier: MIT */
/*
 * The client's half of --gdb: brings QEMU, through its gdb stub, to a stop at
 * the guest's first instruction, or at the one where it goes on after the
 * machine has stopped itself, and leaves it stopped for a real gdb. A pure
 * state machine: bytes in, bytes out.
 */
#ifndef PW_CLI_GDBSTUB_H
#define PW_CLI_GDBSTUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* QEMU's own limit: all registers take about 1200. */
#define GDBSTUB_PACKET_SIZE 4096
#define GDBSTUB_OUT_SIZE 1024

enum gdbstub_state {
	GDBSTUB_WATCH,  /* the machine runs */
	GDBSTUB_PAUSED, /* it has stopped itself: go on to what address? */
	GDBSTUB_MARK,   /* watchpoint of a mark asked for */
	GDBSTUB_MARKED, /* running to it */
	GDBSTUB_LOOK,   /* stopped: what does it say? */
	GDBSTUB_UNMARK, /* watchpoint being removed, then to that address */
	GDBSTUB_INSERT, /* breakpoint asked for */
	GDBSTUB_RUN,    /* running to it */
	GDBSTUB_READ,   /* stopped: in which ring? */
	GDBSTUB_LIFT,   /* not the guest's: breakpoint being removed */
	GDBSTUB_STEP,   /* and being stepped over */
	GDBSTUB_REMOVE, /* the guest's: breakpoint being removed */
	GDBSTUB_DONE,
	GDBSTUB_ENDED,  /* there is no machine any more */
	GDBSTUB_FAILED, /* error says why */
};

enum gdbstub_framing {
	GDBSTUB_IDLE,
	GDBSTUB_BODY,
	GDBSTUB_SUM_HIGH,
	GDBSTUB_SUM_LOW,
};

struct gdbstub {
	enum gdbstub_state state;
	uint64_t entry;         /* to be reached in ring 3 */
	uint64_t stack;         /* with that stack pointer; 0: any */
	unsigned int nr_strays; /* stops there that are others */
	uint64_t mark;          /* the address of a mark (abi/control.h) */
	uint64_t request;       /* that it told */
	unsigned int nr_resent;
	const char *error;
	/* The packet that is arriving. */
	enum gdbstub_framing framing;
	char in[GDBSTUB_PACKET_SIZE];
	size_t in_length;
	unsigned int in_sum;     /* of the bytes as they came */
	unsigned int in_claimed; /* what the packet says */
	/* The last packet sent, if it must be sent again. */
	char last[64];
	/* To be sent: gdbstub_take. */
	char out[GDBSTUB_OUT_SIZE];
	size_t out_length;
};

/*
 * Begins, with the machine stopped: to an address of the guest's, or by letting
 * it run. There is output at once.
 */
void gdbstub_init(struct gdbstub *stub, uint64_t entry);
void gdbstub_watch(struct gdbstub *stub);
/* In GDBSTUB_PAUSED: on to that address with that stack pointer. */
void gdbstub_stop_at(struct gdbstub *stub, uint64_t entry, uint64_t stack);
/*
 * In GDBSTUB_DONE: on until the mark there has been set, then as far as it
 * tells.
 */
void gdbstub_run_to_mark(struct gdbstub *stub, uint64_t mark);
void gdbstub_feed(struct gdbstub *stub, const char *data, size_t size);
/* Moves pending output to buffer; returns how many bytes. */
size_t gdbstub_take(struct gdbstub *stub, char *buffer, size_t size);

/*
 * Frames a payload as `$payload#sum`, escaping what must be. Returns its
 * length (it is NUL-terminated, too), or 0 if it does not fit.
 */
size_t gdbstub_frame(const char *payload, size_t length, char *buffer,
		     size_t size);
/*
 * Undoes escapes (`}`) and run lengths (`*`) of a payload. Returns false if
 * it is malformed or does not fit; the result is NUL-terminated.
 */
bool gdbstub_unescape(const char *payload, size_t length, char *buffer,
		      size_t size);

#endif
