/* SPDX-License-Identifier: MIT */
/*
 * The pipe between the command and a program in the guest, by which
 * `pagewarden run -- CMD` has its standard input, output and exit status. It
 * needs nothing of the guest's kernel: no driver, no device node, no right.
 *
 * The program executes the five bytes below (ud2, and a name behind it), which
 * the hypervisor carries out where it was started with the word "pipe"; to any
 * other machine they are an invalid opcode. %rax says what is wanted, %rdi and
 * %rsi are an address and a length; %rax is how many bytes were moved, which
 * may be none, or -EFAULT. Nothing waits: who finds the pipe full or empty asks
 * again later.
 *
 * Behind it are two rings in the hypervisor's memory, which the command has
 * from QEMU; after a write the hypervisor rings, by a byte to a port. The bytes
 * are messages: a head, then so many bytes. Neither side believes the other's
 * numbers.
 */
#ifndef PW_ABI_PIPE_H
#define PW_ABI_PIPE_H

#include <stdint.h>

#define PIPE_CODE 0x0f, 0x0b, 'p', 'i', 'p', 'e'
#define PIPE_CODE_SIZE 6
#define PIPE_WRITE 1
#define PIPE_READ 2
/* So many bytes by one instruction. */
#define PIPE_MOST UINT64_C(0x10000)

#define PIPE_RING_PORT 0xfa

#define PIPE_MAGIC UINT64_C(0x3165706970777067)
#define PIPE_BYTES UINT64_C(0x40000) /* of a ring: a power of 2 */

/* Heads and tails count bytes, and never wrap; each has one writer. */
struct pipe_ring {
	uint64_t head;
	uint64_t spare0[7];
	uint64_t tail;
	uint64_t spare1[7];
	uint8_t data[PIPE_BYTES];
};

struct pipe_rings {
	uint64_t magic;
	uint64_t spare[7];
	struct pipe_ring out; /* from the guest */
	struct pipe_ring in;  /* to it */
};

struct pipe_head {
	uint32_t kind;
	uint32_t size; /* of what follows */
};
#define PIPE_MESSAGE_MAX UINT32_C(0x8000)

/* From the guest: */
enum pipe_out {
	PIPE_STDOUT = 1,
	PIPE_STDERR,
	PIPE_EXIT,  /* int32_t: the exit status, the last message */
	PIPE_FILES, /* of a cpio archive: what --copy-out asks for */
	PIPE_ERROR, /* text: why the command cannot be run, or a file copied */
};

/* To the guest: */
enum pipe_in {
	PIPE_STDIN = 1,
	PIPE_STDIN_END,
	PIPE_WINDOW, /* uint16_t rows, columns: the terminal's size */
};

#endif
