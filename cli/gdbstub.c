/* SPDX-License-Identifier: MIT */
/*
 * QEMU's gdb stub, spoken to by the remote protocol's few packets that a stop
 * at an address takes:
 *
 *   Z1 at the entry, c, wait for the stop, g: the guest by CS? then z1, done.
 *
 * For a request of the guest's that is where it will return to, told when the
 * machine has stopped itself; an interrupt handler may come by there before,
 * on another stack.
 *
 * Where the machine may not stop itself, because it is replayed, that is read
 * in a mark (abi/control.h), of which there is a watchpoint for a while:
 *
 *   Z2 at the mark's last word, c, wait for the stop, m, z2.
 *
 * A hardware breakpoint is used because the guest is not in memory yet. It is
 * at a virtual address in every address space, and a kernel linked low may
 * begin where the hypervisor's own boot code has run: a stop in ring 0 is
 * stepped over, a bounded number of times. Closing the connection without a
 * detach leaves the machine stopped.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "abi/control.h"
#include "cli/gdbstub.h"

#define MAX_STRAYS 10000
#define MAX_RESENT 16
/*
 * Of QEMU's x86-64 registers, in hexadecimal digits: 16 general ones and rip
 * of 8 bytes, eflags of 4, then cs. It does not tell cs alone (p) to a client
 * that has not read its description of them.
 */
#define READ_REGISTERS "g"
#define RSP_OFFSET (2 * 7 * 8)
#define CS_OFFSET (2 * (17 * 8 + 4))
#define CS_RPL 3

static unsigned int checksum(const char *data, size_t length)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < length; i++) {
		sum += (unsigned char)data[i];
	}
	return sum & 0xff;
}

static bool must_escape(char c)
{
	return c == '$' || c == '#' || c == '}' || c == '*';
}

size_t gdbstub_frame(const char *payload, size_t length, char *buffer,
		     size_t size)
{
	size_t n = 0;

	/* Worst case: every byte escaped, '$', '#', two digits, NUL. */
	if (length > size / 2 || 2 * length + 5 > size) {
		return 0;
	}
	buffer[n++] = '$';
	for (size_t i = 0; i < length; i++) {
		if (must_escape(payload[i])) {
			buffer[n++] = '}';
			buffer[n++] = (char)(payload[i] ^ 0x20);
		} else {
			buffer[n++] = payload[i];
		}
	}
	n += (size_t)snprintf(buffer + n, size - n, "#%02x",
			      checksum(buffer + 1, n - 1));
	return n;
}

/* `c*n` stands for c and n - 29 more of it. */
static bool repeat(char count, char *buffer, size_t size, size_t *n)
{
	int times = (unsigned char)count - 29;

	if (*n == 0 || times < 3 || (unsigned char)count > 126 ||
	    (size_t)times >= size - *n) {
		return false;
	}
	memset(buffer + *n, buffer[*n - 1], (size_t)times);
	*n += (size_t)times;
	return true;
}

bool gdbstub_unescape(const char *payload, size_t length, char *buffer,
		      size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		char c = payload[i];

		if ((c == '}' || c == '*') && ++i == length) {
			return false;
		}
		if (c == '*') {
			if (!repeat(payload[i], buffer, size, &n)) {
				return false;
			}
			continue;
		}
		if (n + 1 >= size) {
			return false;
		}
		buffer[n++] = c == '}' ? (char)(payload[i] ^ 0x20) : c;
	}
	buffer[n] = '\0';
	return true;
}

static void fail(struct gdbstub *g, const char *why)
{
	g->state = GDBSTUB_FAILED;
	g->error = why;
}

static void out(struct gdbstub *g, const char *data, size_t length)
{
	if (length > sizeof(g->out) - g->out_length) {
		fail(g, "gdb stub does not take what it is sent");
		return;
	}
	memcpy(g->out + g->out_length, data, length);
	g->out_length += length;
}

static void send_packet(struct gdbstub *g, const char *payload)
{
	size_t n = gdbstub_frame(payload, strlen(payload), g->last,
				 sizeof(g->last));

	out(g, g->last, n);
}

static void send_breakpoint(struct gdbstub *g, char insert)
{
	char payload[32];

	snprintf(payload, sizeof(payload), "%c1,%" PRIx64 ",1", insert,
		 g->entry);
	send_packet(g, payload);
}

void gdbstub_stop_at(struct gdbstub *g, uint64_t entry, uint64_t stack)
{
	g->state = GDBSTUB_INSERT;
	g->entry = entry;
	g->stack = stack;
	send_breakpoint(g, 'Z');
}

static void send_watchpoint(struct gdbstub *g, char insert)
{
	char payload[32];

	snprintf(payload, sizeof(payload), "%c2,%" PRIx64 ",8", insert,
		 g->mark + MARK_RSP * sizeof(uint64_t));
	send_packet(g, payload);
}

void gdbstub_run_to_mark(struct gdbstub *g, uint64_t mark)
{
	g->state = GDBSTUB_MARK;
	g->mark = mark;
	send_watchpoint(g, 'Z');
}

void gdbstub_init(struct gdbstub *g, uint64_t entry)
{
	*g = (struct gdbstub){.state = GDBSTUB_INSERT};
	gdbstub_stop_at(g, entry, 0);
}

void gdbstub_watch(struct gdbstub *g)
{
	*g = (struct gdbstub){.state = GDBSTUB_WATCH};
	send_packet(g, "c");
}

size_t gdbstub_take(struct gdbstub *g, char *buffer, size_t size)
{
	size_t n = g->out_length < size ? g->out_length : size;

	memcpy(buffer, g->out, n);
	g->out_length -= n;
	memmove(g->out, g->out + n, g->out_length);
	return n;
}

static bool is_stop(const char *reply)
{
	return reply[0] == 'T' || reply[0] == 'S';
}

/*
 * A register's bytes come least first: the ring is in the first. A 64-bit
 * guest's kernel is in ring 3, a 32-bit one's in ring 1; ring 0 is ours.
 */
static bool is_guests(const char *reply, bool *ret)
{
	unsigned int low;

	if (strlen(reply) < CS_OFFSET + 2 ||
	    sscanf(reply + CS_OFFSET, "%2x", &low) != 1) {
		return false;
	}
	*ret = (low & CS_RPL) != 0;
	return true;
}

/* Eight bytes, which come least first. */
static uint64_t read_word(const char *digits)
{
	uint64_t word = 0;

	for (unsigned int i = 8; i-- != 0;) {
		unsigned int byte = 0;

		(void)sscanf(digits + i * 2, "%2x", &byte);
		word = word << 8 | byte;
	}
	return word;
}

/* The registers are long enough to have CS behind it. */
static bool is_stack(const char *reply, uint64_t stack)
{
	return stack == 0 || read_word(reply + RSP_OFFSET) == stack;
}

static void send_look(struct gdbstub *g)
{
	char payload[40];

	snprintf(payload, sizeof(payload), "m%" PRIx64 ",%zx", g->mark,
		 MARK_WORDS * sizeof(uint64_t));
	send_packet(g, payload);
}

/* What a reply means on the way to the mark. */
static void take_mark_reply(struct gdbstub *g, const char *reply)
{
	const bool ok = strcmp(reply, "OK") == 0;

	if (g->state == GDBSTUB_MARKED) {
		if (is_stop(reply)) {
			g->state = GDBSTUB_LOOK;
			send_look(g);
		}
	} else if (g->state == GDBSTUB_LOOK) {
		if (strlen(reply) != MARK_WORDS * 16) {
			fail(g, "gdb stub does not read the mark");
			return;
		}
		g->request = read_word(reply + MARK_REQUEST * 16);
		g->entry = read_word(reply + MARK_RIP * 16);
		g->stack = read_word(reply + MARK_RSP * 16);
		g->state = GDBSTUB_UNMARK;
		send_watchpoint(g, 'z');
	} else if (!ok) {
		fail(g, "gdb stub refuses a watchpoint");
	} else if (g->state == GDBSTUB_MARK) {
		g->state = GDBSTUB_MARKED;
		send_packet(g, "c");
	} else {
		gdbstub_stop_at(g, g->entry, g->stack);
	}
}

static void stopped_at_entry(struct gdbstub *g, const char *reply)
{
	bool guests;
	bool there;

	if (!is_guests(reply, &guests)) {
		fail(g, "gdb stub does not tell the CS register");
		return;
	}
	there = guests && is_stack(reply, g->stack);
	if (!there && ++g->nr_strays > MAX_STRAYS) {
		fail(g, "the guest's instruction is executed by others");
		return;
	}
	g->state = there ? GDBSTUB_REMOVE : GDBSTUB_LIFT;
	send_breakpoint(g, 'z');
}

static void take_reply(struct gdbstub *g, const char *reply)
{
	bool ok = strcmp(reply, "OK") == 0;

	if ((reply[0] == 'W' || reply[0] == 'X') && g->state == GDBSTUB_WATCH) {
		g->state = GDBSTUB_ENDED;
		return;
	}
	if (reply[0] == 'W' || reply[0] == 'X') {
		fail(g, g->state == GDBSTUB_MARKED
				? "the machine ended before that request"
				: "QEMU ended before the guest's instruction");
		return;
	}
	switch (g->state) {
	case GDBSTUB_WATCH:
		if (is_stop(reply)) {
			g->state = GDBSTUB_PAUSED;
		}
		break;
	case GDBSTUB_INSERT:
		if (!ok) {
			fail(g, "gdb stub refuses a hardware breakpoint");
			return;
		}
		g->state = GDBSTUB_RUN;
		send_packet(g, "c");
		break;
	case GDBSTUB_RUN:
		if (is_stop(reply)) {
			g->state = GDBSTUB_READ;
			send_packet(g, READ_REGISTERS);
		}
		break;
	case GDBSTUB_READ:
		stopped_at_entry(g, reply);
		break;
	case GDBSTUB_LIFT:
		if (!ok) {
			fail(g, "gdb stub does not remove the breakpoint");
			return;
		}
		g->state = GDBSTUB_STEP;
		send_packet(g, "s");
		break;
	case GDBSTUB_STEP:
		if (is_stop(reply)) {
			g->state = GDBSTUB_INSERT;
			send_breakpoint(g, 'Z');
		}
		break;
	case GDBSTUB_REMOVE:
		if (!ok) {
			fail(g, "gdb stub does not remove the breakpoint");
			return;
		}
		g->state = GDBSTUB_DONE;
		break;
	case GDBSTUB_MARK:
	case GDBSTUB_MARKED:
	case GDBSTUB_LOOK:
	case GDBSTUB_UNMARK:
		take_mark_reply(g, reply);
		break;
	case GDBSTUB_PAUSED:
	case GDBSTUB_DONE:
	case GDBSTUB_ENDED:
	case GDBSTUB_FAILED:
		break;
	}
}

static void end_packet(struct gdbstub *g)
{
	char reply[GDBSTUB_PACKET_SIZE];

	g->framing = GDBSTUB_IDLE;
	if (g->in_sum != g->in_claimed) {
		if (++g->nr_resent > MAX_RESENT) {
			fail(g, "gdb stub sends garbage");
			return;
		}
		out(g, "-", 1);
		return;
	}
	out(g, "+", 1);
	if (!gdbstub_unescape(g->in, g->in_length, reply, sizeof(reply))) {
		fail(g, "gdb stub sends a malformed packet");
		return;
	}
	take_reply(g, reply);
}

static void idle_byte(struct gdbstub *g, char c)
{
	if (c == '$') {
		g->framing = GDBSTUB_BODY;
		g->in_length = 0;
		g->in_sum = 0;
		g->in_claimed = 0;
	} else if (c == '-') {
		if (++g->nr_resent > MAX_RESENT) {
			fail(g, "gdb stub does not understand");
			return;
		}
		out(g, g->last, strlen(g->last));
	}
	/* '+' needs nothing, and the rest is noise between packets. */
}

static void digit(struct gdbstub *g, char c)
{
	unsigned int value = 0x100; /* no sum: the packet is refused */

	if (c >= '0' && c <= '9') {
		value = (unsigned int)(c - '0');
	} else if (c >= 'a' && c <= 'f') {
		value = (unsigned int)(c - 'a' + 10);
	} else if (c >= 'A' && c <= 'F') {
		value = (unsigned int)(c - 'A' + 10);
	}
	g->in_claimed = g->in_claimed << 4 | value;
}

static void body_byte(struct gdbstub *g, char c)
{
	if (c == '#') {
		g->framing = GDBSTUB_SUM_HIGH;
		return;
	}
	if (g->in_length == sizeof(g->in)) {
		fail(g, "gdb stub sends a packet that is too long");
		return;
	}
	g->in[g->in_length++] = c;
	g->in_sum = (g->in_sum + (unsigned char)c) & 0xff;
}

void gdbstub_feed(struct gdbstub *g, const char *data, size_t size)
{
	for (size_t i = 0; i < size && g->state != GDBSTUB_FAILED; i++) {
		switch (g->framing) {
		case GDBSTUB_IDLE:
			idle_byte(g, data[i]);
			break;
		case GDBSTUB_BODY:
			body_byte(g, data[i]);
			break;
		case GDBSTUB_SUM_HIGH:
			digit(g, data[i]);
			g->framing = GDBSTUB_SUM_LOW;
			break;
		case GDBSTUB_SUM_LOW:
			digit(g, data[i]);
			end_packet(g);
			break;
		}
	}
}
