/* SPDX-License-Identifier: MIT */
/*
 * One serial port, many writers. Each console has a queue of its own, from
 * which whole lines go to the port, in turn, with the console's name before
 * them; so nobody's flood takes more than its turn, and nobody's line is broken
 * by another's. The port's own queue is kept short: what waits, waits with its
 * writer.
 *
 * Where there are several CPUs, each console has its pace, too (pace.h):
 * whoever writes to a port that takes everything keeps others from what they
 * share with it, which is this hypervisor's locks and, under an emulator, the
 * emulator's. With one CPU it only takes its own time.
 *
 * Lines are ended here when they are too long or their writer has gone. Where
 * somebody types, the last line is shown before its end; if another comes
 * between it is begun again, whole.
 */
#include "hv/report/lines.h"

#include "abi/text.h"
#include "hv/cpu/clock.h"
#include "hv/cpu/output.h"
#include "hv/report/pace.h"
#include "hv/report/serial.h"

#define QUEUE 16384
#define LINE 512   /* longer ones are cut */
#define SHORT 4096 /* of the port's own queue */
/* Bytes for the port while other CPUs may wait for what this one holds. */
#define AT_ONCE 1024

static struct lines {
	const char *name; /* NULL: there is no such console */
	uint8_t bytes[QUEUE];
	uint32_t in, out; /* only grow */
	uint32_t shown;   /* of the line that begins at out */
	uint64_t lost, told;
	struct pace pace;
} all[LINES_MOST];

static unsigned int nr;   /* of them */
static unsigned int next; /* whose turn it is */
static unsigned int typed = LINES_MOST;
static bool mid_line; /* that console's, on the port */
static bool waits;    /* some line, for its time or for the port */

void lines_begin(unsigned int which, const char *name)
{
	nr += all[which].name == NULL ? 1 : 0;
	all[which].name = name;
}

bool lines_many(void)
{
	return nr > 1;
}

void lines_show_at_once(unsigned int which)
{
	typed = which;
}

size_t lines_room(unsigned int which)
{
	return QUEUE - (all[which].in - all[which].out);
}

static void queue(struct lines *l, const void *bytes, size_t size)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < size; i++) {
		l->bytes[l->in++ % QUEUE] = b[i];
	}
}

static void tell_lost(unsigned int which)
{
	struct lines *l = &all[which];
	char text[80];
	struct text t = text_in(text, sizeof(text));

	if (l->lost == l->told || lines_room(which) < QUEUE / 2) {
		return;
	}
	text_format(&t, "\n(pw) output lost: %lu bytes\n", l->lost - l->told);
	queue(l, text, t.used);
	l->told = l->lost;
}

size_t lines_put(unsigned int which, const void *bytes, size_t size)
{
	struct lines *l = &all[which];
	size_t taken = size;

	output_lock();
	if (taken > lines_room(which)) {
		taken = lines_room(which);
	}
	queue(l, bytes, taken);
	l->lost += size - taken;
	lines_pump();
	output_unlock();
	return taken;
}

void lines_end(unsigned int which)
{
	struct lines *l = &all[which];

	output_lock();
	if (l->in != l->out && l->bytes[(l->in - 1) % QUEUE] != '\n' &&
	    lines_room(which) != 0) {
		queue(l, "\n", 1);
	}
	lines_pump();
	output_unlock();
}

/* How much of the queue is a line, or a piece as long as one may be. */
static uint32_t line_length(const struct lines *l)
{
	uint32_t n = l->in - l->out;

	for (uint32_t i = 0; i < n; i++) {
		if (l->bytes[(l->out + i) % QUEUE] == '\n' || i == LINE - 1) {
			return i + 1;
		}
	}
	return 0;
}

static void write_bytes(const struct lines *l, uint32_t from, uint32_t n)
{
	while (n != 0) {
		uint32_t at = (l->out + from) % QUEUE;
		uint32_t piece = QUEUE - at < n ? QUEUE - at : n;

		serial_write(SERIAL_CONSOLE, l->bytes + at, piece);
		from += piece;
		n -= piece;
	}
}

static void write_name(const struct lines *l)
{
	size_t n = 0;

	while (l->name[n] != '\0') {
		n++;
	}
	serial_write(SERIAL_CONSOLE, "[", 1);
	serial_write(SERIAL_CONSOLE, l->name, n);
	serial_write(SERIAL_CONSOLE, "] ", 2);
}

void lines_break(void)
{
	if (mid_line) {
		serial_write(SERIAL_CONSOLE, "\r\n", 2);
		mid_line = false;
		all[typed].shown = 0;
	}
}

/* The line's first n bytes, or what of them has not been shown. */
static void show(struct lines *l, uint32_t n)
{
	serial_begin(SERIAL_CONSOLE);
	if (l->shown == 0) {
		lines_break();
		write_name(l);
	}
	write_bytes(l, l->shown, n - l->shown);
	mid_line = false;
	l->shown = n;
}

static bool show_line(struct lines *l)
{
	uint32_t n = line_length(l);

	if (n == 0) {
		return false;
	}
	show(l, n);
	if (l->bytes[(l->out + n - 1) % QUEUE] != '\n') {
		serial_write(SERIAL_CONSOLE, "\r\n", 2);
	}
	serial_end(SERIAL_CONSOLE);
	l->out += n;
	l->shown = 0;
	return true;
}

static bool port_takes(void)
{
	return serial_queued(SERIAL_CONSOLE) < SHORT;
}

static void show_typed(void)
{
	struct lines *l = typed < LINES_MOST ? &all[typed] : NULL;

	if (l != NULL && l->in - l->out > l->shown) {
		show(l, l->in - l->out);
		serial_end(SERIAL_CONSOLE);
		mid_line = true;
	}
}

/* Whose turn it is; and what it lost is told as soon as there is room. */
static struct lines *turn(void)
{
	struct lines *l = &all[next];

	tell_lost(next);
	next = (next + 1) % LINES_MOST;
	return l;
}

/* All lines that the port takes. */
static void pump_all(void)
{
	unsigned int idle = 0;

	while (idle < LINES_MOST && port_takes()) {
		idle = show_line(turn()) ? 0 : idle + 1;
	}
	if (idle == LINES_MOST) {
		show_typed();
	}
}

/* The next line of a console, if it is time for it; its bytes. */
static uint32_t show_in_time(struct lines *l, uint64_t now)
{
	const uint32_t began = l->out;

	if (l->in == l->out) {
		return 0;
	}
	if (!pace_allows(&l->pace, now)) {
		waits = true;
		return 0;
	}
	(void)show_line(l);
	pace_took(&l->pace, l->out - began, now);
	return l->out - began;
}

/* Of those lines, each console's at its pace, and few at once. */
static void pump_in_time(uint64_t now)
{
	unsigned int idle = 0;
	uint32_t shown = 0;

	waits = false;
	while (idle < LINES_MOST && shown < AT_ONCE && port_takes()) {
		const uint32_t n = show_in_time(turn(), now);

		idle = n != 0 ? 0 : idle + 1;
		shown += n;
	}
	/* A port says that it has room by an interrupt; some lose one. */
	waits = waits || shown >= AT_ONCE || !port_takes();
	if (!waits) {
		show_typed();
	}
}

void lines_pump(void)
{
	output_lock();
	if (nr_cpus > 1) {
		pump_in_time(clock_now());
	} else {
		pump_all();
	}
	output_unlock();
}

bool lines_wait(void)
{
	return waits;
}

void lines_flush(void)
{
	uint64_t left;

	output_lock();
	do {
		left = 0;
		pump_all();
		serial_flush(SERIAL_CONSOLE);
		for (unsigned int i = 0; i < LINES_MOST; i++) {
			left += line_length(&all[i]);
		}
	} while (left != 0 && port_takes());
	output_unlock();
}

uint64_t lines_lost(void)
{
	uint64_t lost = 0;

	for (unsigned int i = 0; i < LINES_MOST; i++) {
		lost += all[i].lost;
	}
	return lost;
}
