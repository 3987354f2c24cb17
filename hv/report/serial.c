/* SPDX-License-Identifier: MIT */
/*
 * Two 16550s. Output never waits: it goes into a buffer, and from there to the
 * port as fast as the other end takes it, at every write and whenever the port
 * interrupts for room. A message that finds no room is dropped as a whole, so
 * that what arrives can be read, and counted; how many there were is said as
 * soon as there is room again. A port that is not there reads as all ones,
 * which says "ready".
 *
 * Only when the machine ends, and nobody is kept from anything, is the other
 * end waited for.
 *
 * From a message's begin to its end its writer holds the lock of what is
 * written (hv/cpu/output.c).
 */
#include "hv/report/serial.h"

#include "abi/control.h"
#include "abi/text.h"
#include "hv/cpu/output.h"
#include "hv/cpu/x86.h"

enum {
	REG_DATA = 0,
	REG_INTERRUPT = 1,
	REG_FIFO = 2,
	REG_LINE = 3,
	REG_MODEM = 4,
	REG_STATUS = 5,
};
#define INTERRUPT_INPUT 0x01
#define INTERRUPT_ROOM 0x02
#define STATUS_INPUT 0x01
#define STATUS_ROOM 0x20 /* the FIFO is empty */
#define STATUS_SENT 0x40
#define LINE_8N1 0x03
#define LINE_DIVISOR 0x80
#define FIFO_ON 0xc7
#define FIFO_SIZE 16
#define MODEM_READY 0x0b /* DTR, RTS, and OUT2: interrupts reach the PIC */
#define BUFFER_SIZE (UINT32_C(1) << 17)
#define NOTICE_SIZE 128
/* What one call sends at most; an interrupt asks for the rest. */
#define SEND_MAX 8192
#define SPINS 1000000

static struct output {
	uint8_t buffer[BUFFER_SIZE];
	uint32_t in;   /* indices that only grow; [out, in) is to be sent */
	uint32_t next; /* [in, next) belongs to a message that has not ended */
	uint32_t out;
	size_t size;  /* of that message, as it should be */
	bool open;    /* there is one */
	bool enabled; /* interrupts */
	uint8_t interrupts;
	struct serial_lost lost, told;
} outputs[SERIAL_PORTS];

static uint16_t reg(enum serial_port port, unsigned int number)
{
	static const uint16_t base[SERIAL_PORTS] = {0x3f8, 0x2f8};

	return (uint16_t)(base[port] + number);
}

static void init_port(enum serial_port port)
{
	x86_out8(reg(port, REG_INTERRUPT), 0);
	x86_out8(reg(port, REG_LINE), LINE_DIVISOR | LINE_8N1);
	x86_out8(reg(port, REG_DATA), 1); /* 115200 baud */
	x86_out8(reg(port, REG_INTERRUPT), 0);
	x86_out8(reg(port, REG_LINE), LINE_8N1);
	x86_out8(reg(port, REG_FIFO), FIFO_ON);
	x86_out8(reg(port, REG_MODEM), MODEM_READY);
}

void serial_init(void)
{
	init_port(SERIAL_CONSOLE);
	init_port(SERIAL_CONTROL);
}

static bool is_ready(enum serial_port port)
{
	return (x86_in8(reg(port, REG_STATUS)) & STATUS_ROOM) != 0;
}

static void send(enum serial_port port, uint32_t most)
{
	struct output *o = &outputs[port];
	const uint32_t end = o->in - o->out < most ? o->in : o->out + most;

	while (o->out != end && is_ready(port)) {
		for (unsigned int i = 0; i < FIFO_SIZE && o->out != end; i++) {
			x86_out8(reg(port, REG_DATA),
				 o->buffer[o->out++ % BUFFER_SIZE]);
		}
	}
}

/* Asks for an interrupt when there is room: again, if there is some now. */
static void ask_for_room(enum serial_port port)
{
	struct output *o = &outputs[port];
	uint8_t wanted = o->interrupts;

	if (o->in != o->out) {
		x86_out8(reg(port, REG_INTERRUPT), wanted);
		wanted |= INTERRUPT_ROOM;
	}
	x86_out8(reg(port, REG_INTERRUPT), wanted);
}

void serial_drain(enum serial_port port)
{
	struct output *o = &outputs[port];
	bool waits;

	output_lock();
	waits = o->in != o->out;
	send(port, SEND_MAX);
	if (o->enabled && (waits || o->in != o->out)) {
		ask_for_room(port);
	}
	output_unlock();
}

size_t serial_room(enum serial_port port)
{
	const struct output *o = &outputs[port];

	return BUFFER_SIZE - NOTICE_SIZE - (o->in - o->out);
}

size_t serial_queued(enum serial_port port)
{
	const struct output *o = &outputs[port];

	return o->in - o->out;
}

static void append(struct output *o, const uint8_t *bytes, size_t size)
{
	o->size += size;
	if (size > BUFFER_SIZE - NOTICE_SIZE - (o->next - o->out) ||
	    o->next - o->in + size < o->size) {
		return; /* it is lost, and what follows of it too */
	}
	for (size_t i = 0; i < size; i++) {
		o->buffer[o->next++ % BUFFER_SIZE] = bytes[i];
	}
}

static void append_number(struct output *o, uint64_t n)
{
	char digits[24];
	struct text t = text_in(digits, sizeof(digits));

	text_decimal(&t, n);
	append(o, (const uint8_t *)digits, t.used);
}

static void append_text(struct output *o, const char *text)
{
	size_t n = 0;

	while (text[n] != '\0') {
		n++;
	}
	append(o, (const uint8_t *)text, n);
}

/* Says what was lost since this was last said: room is kept for it. */
static void tell_lost(enum serial_port port)
{
	struct output *o = &outputs[port];

	if (o->lost.messages == o->told.messages ||
	    serial_room(port) < BUFFER_SIZE / 2) {
		return;
	}
	if (port == SERIAL_CONTROL) {
		append_text(o, "{\"" CONTROL_EVENT "\":\"" EVENT_LOST
			       "\",\"" LOST_REPORTS "\":");
		append_number(o, o->lost.messages - o->told.messages);
		append_text(o, "}\n");
	} else {
		append_text(o, "\r\n(pw) output lost: ");
		append_number(o, o->lost.bytes - o->told.bytes);
		append_text(o, " bytes, the console's reader was too slow\r\n");
	}
	o->told = o->lost;
}

void serial_begin(enum serial_port port)
{
	struct output *o = &outputs[port];

	output_lock();
	o->open = true;
	o->next = o->in;
	o->size = 0;
	tell_lost(port);
}

void serial_end(enum serial_port port)
{
	struct output *o = &outputs[port];

	if (o->next - o->in == o->size) {
		o->in = o->next;
	} else {
		o->lost.messages++;
		o->lost.bytes += o->size;
	}
	o->open = false;
	serial_drain(port);
	output_unlock();
}

void serial_append(enum serial_port port, const void *bytes, size_t size)
{
	append(&outputs[port], bytes, size);
}

void serial_write(enum serial_port port, const void *bytes, size_t size)
{
	struct output *o = &outputs[port];

	output_lock();
	if (o->open) {
		append(o, bytes, size);
	} else {
		serial_begin(port);
		append(o, bytes, size);
		serial_end(port);
	}
	output_unlock();
}

struct serial_lost serial_lost(enum serial_port port)
{
	return outputs[port].lost;
}

static void flush(enum serial_port port)
{
	struct output *o = &outputs[port];
	const uint8_t sent = STATUS_SENT;

	for (unsigned int i = 0; i < SPINS; i++) {
		uint32_t before = o->out;

		send(port, BUFFER_SIZE);
		if (o->in == o->out &&
		    (x86_in8(reg(port, REG_STATUS)) & sent) != 0) {
			return;
		}
		i = o->out != before ? 0 : i;
		x86_pause();
	}
}

void serial_flush(enum serial_port port)
{
	output_lock();
	flush(port);
	output_unlock();
}

int serial_read(enum serial_port port)
{
	uint8_t status = x86_in8(reg(port, REG_STATUS));

	if (status == 0xff || (status & STATUS_INPUT) == 0) {
		return -1;
	}
	return x86_in8(reg(port, REG_DATA));
}

void serial_enable_interrupt(enum serial_port port, bool input)
{
	struct output *o = &outputs[port];

	output_lock();
	o->enabled = true;
	o->interrupts = input ? INTERRUPT_INPUT : 0;
	ask_for_room(port);
	output_unlock();
}

void serial_interrupt(enum serial_port port)
{
	/* Reading says that it was noticed. */
	(void)x86_in8(reg(port, REG_FIFO));
	serial_drain(port);
}
