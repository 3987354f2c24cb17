/* SPDX-License-Identifier: MIT */
/* The socket below the protocol of gdbstub.h. */
#include "cli/debugger.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

void debugger_close(struct debugger *d)
{
	if (d->fd >= 0) {
		close(d->fd);
		d->fd = -1;
	}
}

/* The packets are few and short: a loopback socket always takes them. */
static void send_out(struct debugger *d)
{
	char data[GDBSTUB_OUT_SIZE];
	size_t n = gdbstub_take(&d->stub, data, sizeof(data));

	if (n > 0 && send(d->fd, data, n, MSG_NOSIGNAL) != (ssize_t)n) {
		debugger_close(d);
	}
}

static int connect_port(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

bool debugger_open(struct debugger *d, const struct qemu *qemu,
		   const struct run_options *o, uint64_t entry)
{
	d->fd = -1;
	if (!o->gdb) {
		return true;
	}
	d->fd = connect_port(qemu->gdb_port);
	if (d->fd < 0) {
		return false;
	}
	if (qemu_stops(o)) {
		gdbstub_watch(&d->stub);
	} else {
		gdbstub_init(&d->stub, entry);
	}
	d->to_mark = o->replay_machine != NULL && o->stop_at != 0;
	send_out(d);
	return true;
}

enum debugger_news debugger_feed(struct debugger *d, const char *data,
				 size_t size)
{
	gdbstub_feed(&d->stub, data, size);
	if (d->fd >= 0) {
		send_out(d);
	}
	switch (d->stub.state) {
	case GDBSTUB_PAUSED:
		return DEBUGGER_PAUSED;
	case GDBSTUB_DONE:
		if (d->to_mark) {
			d->to_mark = false;
			return DEBUGGER_ENTERED;
		}
		debugger_close(d);
		return DEBUGGER_READY;
	case GDBSTUB_FAILED:
		debugger_close(d);
		return DEBUGGER_FAILED;
	case GDBSTUB_WATCH:
	case GDBSTUB_MARK:
	case GDBSTUB_MARKED:
	case GDBSTUB_LOOK:
	case GDBSTUB_UNMARK:
	case GDBSTUB_INSERT:
	case GDBSTUB_RUN:
	case GDBSTUB_READ:
	case GDBSTUB_LIFT:
	case GDBSTUB_STEP:
	case GDBSTUB_REMOVE:
	case GDBSTUB_ENDED:
		break;
	}
	return DEBUGGER_NOTHING;
}

void debugger_go_to(struct debugger *d, uint64_t rip, uint64_t rsp)
{
	gdbstub_stop_at(&d->stub, rip, rsp);
	send_out(d);
}

void debugger_go_to_mark(struct debugger *d, uint64_t mark)
{
	gdbstub_run_to_mark(&d->stub, mark);
	send_out(d);
}
