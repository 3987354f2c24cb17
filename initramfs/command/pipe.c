/* SPDX-License-Identifier: MIT */
/*
 * The pipe's instruction, and messages in what it carries. When the pipe is
 * full the command is busy with what is in it: we sleep a little. A page of
 * ours that the hypervisor cannot reach (the kernel has it shared since a fork,
 * or has not yet given it) is touched, and then it can.
 */
#include "initramfs/command/pipe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PAGE 4096
#define NAP_NS 1000000

static long pipe_once(long op, void *at, size_t size)
{
	long result = op;

	/* ud2, and the name by which the hypervisor knows it */
	__asm__ volatile(".byte 0x0f, 0x0b, 0x70, 0x69, 0x70, 0x65"
			 : "+a"(result)
			 : "D"(at), "S"(size)
			 : "memory");
	return result;
}

static void write_again(volatile unsigned char *byte)
{
	const unsigned char value = *byte;

	*byte = value;
}

static void touch(unsigned char *at, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE) {
		write_again(at + i);
	}
	if (size != 0) {
		write_again(at + size - 1);
	}
}

static void nap(void)
{
	const struct timespec t = {.tv_nsec = NAP_NS};

	nanosleep(&t, NULL);
}

static void write_all(void *data, size_t size)
{
	unsigned char *at = data;

	while (size != 0) {
		long n = pipe_once(PIPE_WRITE, at, size);

		if (n > 0) {
			at += n;
			size -= (size_t)n;
		} else if (n == 0) {
			nap();
		} else {
			touch(at, size);
		}
	}
}

void pipe_send(enum pipe_out kind, const void *data, size_t size)
{
	static unsigned char copy[PIPE_MESSAGE_MAX + sizeof(struct pipe_head)];
	const unsigned char *at = data;

	do {
		size_t part = size < PIPE_MESSAGE_MAX ? size : PIPE_MESSAGE_MAX;
		struct pipe_head head = {kind, (uint32_t)part};

		memcpy(copy, &head, sizeof(head));
		if (part != 0) {
			memcpy(copy + sizeof(head), at, part);
		}
		write_all(copy, sizeof(head) + part);
		at += part;
		size -= part;
	} while (size != 0);
}

void pipe_text(enum pipe_out kind, const char *format, ...)
{
	char text[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	pipe_send(kind, text,
		  n < 0                      ? 0
		  : (size_t)n < sizeof(text) ? (size_t)n
					     : sizeof(text) - 1);
}

/* Up to `size` bytes at an address; how many came. */
static size_t read_some(unsigned char *at, size_t size)
{
	long n = pipe_once(PIPE_READ, at, size);

	if (n < 0) {
		touch(at, size);
		n = pipe_once(PIPE_READ, at, size);
	}
	return n > 0 ? (size_t)n : 0;
}

bool pipe_receive(struct pipe_message *m)
{
	const size_t head = sizeof(m->head);

	while (m->got < head) {
		size_t n = read_some((unsigned char *)&m->head + m->got,
				     head - m->got);

		m->got += n;
		if (n == 0) {
			return false;
		}
	}
	if (m->head.size > PIPE_MESSAGE_MAX) {
		m->head.size = PIPE_MESSAGE_MAX;
	}
	while (m->got < head + m->head.size) {
		size_t n = read_some(m->data + (m->got - head),
				     head + m->head.size - m->got);

		m->got += n;
		if (n == 0) {
			return false;
		}
	}
	return true;
}

void pipe_done(struct pipe_message *m)
{
	m->got = 0;
}
