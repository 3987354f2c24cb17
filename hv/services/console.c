/* SPDX-License-Identifier: MIT */
/*
 * The console.
 *
 * Ring indices in the shared page are the guest's to spoil, so the
 * hypervisor's own are kept here and only published there; the guest's are
 * read once and used as a distance, and one that is larger than the ring means
 * that there is nothing to be had. Output of the ring that finds no room in
 * the port's buffer stays in the ring, where the guest can see it, and goes on
 * when the port has room; the guest alone decides whether to wait. console_io
 * has no such place: what finds no room is dropped, and told (serial.c).
 *
 * Input that the guest is slow to take is left in the serial port, whose other
 * end then waits, rather than dropped. Meanwhile the port does not interrupt
 * for it, or it could not for room.
 */
#include "hv/services/console.h"

#include <xen/io/console.h>

#include "engine/port.h"
#include "hv/cpu/alone.h"
#include "hv/cpu/output.h"
#include "hv/domain/domain.h"
#include "hv/services/deliver.h"
#include "hv/services/timer.h"
#include "hv/report/lines.h"
#include "hv/report/reader.h"
#include "hv/report/serial.h"
#include "hv/cpu/pic.h"
#include "hv/vcpu/vcpu.h"

#define SERIAL_IRQ 4
#define CONTROL_IRQ 3
_Static_assert(CONSOLE_VECTOR == PIC_VECTOR + SERIAL_IRQ, "COM1 is IRQ 4");
_Static_assert(CONTROL_VECTOR == PIC_VECTOR + CONTROL_IRQ, "COM2 is IRQ 3");

#define OUT_SIZE ((uint32_t)sizeof(((struct xencons_interface *)0)->out))
#define IN_SIZE ((uint32_t)sizeof(((struct xencons_interface *)0)->in))

int console_domain_init(struct domain *d, struct xencons_interface *ring,
			evtchn_port_t port)
{
	struct console *c = &d->console;
	uint64_t at = (uint64_t)((uint8_t *)ring - d->mmu.m->ram);
	int rc = mmu_hold(&d->mmu, maddr_to_mfn(maddr(at)));

	if (rc == 0) {
		c->ring = ring;
		c->port = port;
	}
	return rc;
}

/* The domain that what is typed goes to; its place in the table. */
static unsigned int terminal;

void console_choose(const struct domain *d)
{
	terminal = d->slot;
}

/* Its own way to the port, or its queue among those of others. */
static size_t room_for(const struct domain *d)
{
	return lines_many() ? lines_room(d->slot) : serial_room(SERIAL_CONSOLE);
}

/* What waits for its time does so on this CPU, whose guest wrote. */
#define LATER UINT64_C(1000000)

static void come_back(void)
{
	if (lines_wait()) {
		timer_come_back(LATER);
	}
}

static void write_out(const struct domain *d, const void *bytes, size_t size)
{
	if (lines_many()) {
		(void)lines_put(d->slot, bytes, size);
		come_back();
	} else {
		serial_write(SERIAL_CONSOLE, bytes, size);
	}
}

/* Sends the guest's output on its way; returns how much there was. */
static uint32_t drain_output(struct domain *d)
{
	struct console *c = &d->console;
	struct xencons_interface *ring = c->ring;
	uint32_t prod, nr;
	size_t room;

	if (ring == NULL) {
		return 0;
	}
	prod = __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE);
	nr = prod - c->out_cons;
	if (nr > OUT_SIZE) {
		c->out_cons = prod; /* absurd: nothing to be had */
		nr = 0;
	}
	/* Asked once: the port goes on sending, and nobody else writes. */
	output_lock();
	room = room_for(d);
	if (nr > room) {
		nr = (uint32_t)room;
	}
	for (uint32_t left = nr; left != 0;) {
		uint32_t at = c->out_cons & (OUT_SIZE - 1);
		uint32_t piece = OUT_SIZE - at < left ? OUT_SIZE - at : left;

		write_out(d, ring->out + at, piece);
		c->out_cons += piece;
		left -= piece;
	}
	output_unlock();
	__atomic_store_n(&ring->out_cons, c->out_cons, __ATOMIC_RELEASE);
	return nr;
}

/* Reads COM1 as far as there is room. */
static void read_serial(struct console *c)
{
	if (c->stalled) {
		c->stalled = false;
		serial_enable_interrupt(SERIAL_CONSOLE, true);
	}
	while (c->input_in - c->input_out < CONSOLE_INPUT) {
		int byte = serial_read(SERIAL_CONSOLE);

		if (byte < 0) {
			return;
		}
		c->input[c->input_in++ % CONSOLE_INPUT] = (uint8_t)byte;
	}
	c->stalled = true;
	serial_enable_interrupt(SERIAL_CONSOLE, false);
}

/* Fills the guest's ring; true if anything went in. */
static bool push_input(struct console *c)
{
	struct xencons_interface *ring = c->ring;
	uint32_t cons, room;
	bool pushed = false;

	if (ring == NULL || c->input_in == c->input_out) {
		return false;
	}
	cons = __atomic_load_n(&ring->in_cons, __ATOMIC_ACQUIRE);
	room = IN_SIZE - (c->in_prod - cons);
	if (room > IN_SIZE) {
		return false;
	}
	while (room-- != 0 && c->input_in != c->input_out) {
		ring->in[c->in_prod++ & (IN_SIZE - 1)] =
			(char)c->input[c->input_out++ % CONSOLE_INPUT];
		pushed = true;
	}
	__atomic_store_n(&ring->in_prod, c->in_prod, __ATOMIC_RELEASE);
	return pushed;
}

void console_domain_end(struct domain *d)
{
	if (d->console.stalled) {
		serial_enable_interrupt(SERIAL_CONSOLE, true);
	}
	(void)drain_output(d);
	d->console = (struct console){.ring = NULL};
	if (lines_many()) {
		lines_end(d->slot);
		come_back();
	}
}

static bool pass_input(struct console *c)
{
	bool pushed = push_input(c);

	if (c->stalled) {
		read_serial(c);
		pushed |= push_input(c);
	}
	return pushed;
}

void console_kick(struct domain *d)
{
	struct console *c = &d->console;
	/*
	 * A writer that found the ring full waits to be told of room. One
	 * that did not is spared the interrupt.
	 */
	bool tell = drain_output(d) >= OUT_SIZE / 2;

	if (pass_input(c) || tell) {
		event_notify(d, c->port);
	}
}

void console_irq_init(void)
{
	serial_enable_interrupt(SERIAL_CONSOLE, true);
	serial_enable_interrupt(SERIAL_CONTROL, true);
	pic_unmask(SERIAL_IRQ);
	pic_unmask(CONTROL_IRQ);
}

int control_interrupt(void)
{
	int last = -1;
	int word;

	serial_interrupt(SERIAL_CONTROL);
	while (reader_word(&word)) {
		last = word >= 0 ? word : last;
	}
	pic_end(CONTROL_IRQ);
	return last;
}

void console_go_on(void)
{
	lines_pump();
	come_back();
	for (unsigned int i = 0; i < DOMAINS; i++) {
		if (domain_at(i) != NULL) {
			console_kick(domain_at(i));
		}
	}
}

void console_interrupt(void)
{
	struct domain *d = domain_at(terminal);

	serial_interrupt(SERIAL_CONSOLE);
	if (d == NULL) {
		while (serial_read(SERIAL_CONSOLE) >= 0) {
		}
	} else {
		read_serial(&d->console);
	}
	console_go_on();
	pic_end(SERIAL_IRQ);
}

/* --- console_io -------------------------------------------------------------
 */

#define PIECE 128
/* Between two questions whether something else is due. */
#define STRETCH 512

static int64_t console_write(struct vcpu *v, uint64_t arg[6])
{
	uint8_t piece[PIECE];
	uint32_t size = (uint32_t)arg[1];
	uint32_t done = 0;

	while (done != size) {
		uint32_t nr = size - done < PIECE ? size - done : PIECE;

		if (port_copy_in(&v->mmu, piece, arg[2] + done, nr) != 0) {
			return -XEN_EFAULT;
		}
		write_out(v->domain, piece, nr);
		done += nr;
		if (done % STRETCH == 0 && done != size &&
		    port_preempt(&v->domain->mmu)) {
			arg[1] = size - done;
			arg[2] += done;
			return -XEN_ERESTART;
		}
	}
	return 0;
}

static int64_t console_read(struct vcpu *v, uint32_t size, uint64_t to)
{
	struct console *c = &v->domain->console;
	uint8_t typed[CONSOLE_INPUT];
	uint32_t nr = 0;

	while (nr < size && c->input_out + nr != c->input_in) {
		typed[nr] = c->input[(c->input_out + nr) % CONSOLE_INPUT];
		nr++;
	}
	if (nr != 0 && port_copy_out(&v->mmu, to, typed, nr) != 0) {
		return -XEN_EFAULT;
	}
	c->input_out += nr;
	if (c->stalled) {
		read_serial(c);
	}
	return nr;
}

/* What was typed comes in with the machine's lock. */
static int64_t read_shared(struct vcpu *v, uint32_t size, uint64_t to)
{
	int64_t rc;

	alone_share();
	rc = console_read(v, size, to);
	alone_share_end();
	return rc;
}

int64_t hc_console_io(struct vcpu *v, uint64_t arg[6])
{
	switch ((uint32_t)arg[0]) {
	case CONSOLEIO_write:
		return console_write(v, arg);
	case CONSOLEIO_read:
		return read_shared(v, (uint32_t)arg[1], arg[2]);
	default:
		return -XEN_ENOSYS;
	}
}
