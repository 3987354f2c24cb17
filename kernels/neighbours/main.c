/* SPDX-License-Identifier: MIT */
/*
 * Two of these run side by side: they share events and frames, and each tries
 * to get from the other what it may not have. "offers=DOMID" or "takes=DOMID"
 * on the command line say which is which, and who the other is; "rules=DOMID",
 * that the first may map what the other owns. They go step by step together, so
 * that each knows what the other has just done. "watches=TIMES" and
 * "dies=TIMES" are another play, of domains 1 and 2: the second dies so often
 * while the first uses what it has granted.
 */
#include "kernels/neighbours/neighbours.h"

void kernel_main(uint64_t start_info);

void yield(void)
{
	sched_op(SCHEDOP_yield, NULL);
}

void hear(const struct neighbour *n)
{
	struct sched_poll poll = {.nr_ports = 1};
	evtchn_port_t port = n->port;

	set_xen_guest_handle(poll.ports, &port);
	while (!is_pending(&n->pv, port)) {
		sched_op(SCHEDOP_poll, &poll);
	}
	clear_pending(&n->pv, port);
}

/* The first speaks when it has come, the second when it has heard that. */
void step(const struct neighbour *n)
{
	if (n->first) {
		send(n->port);
		hear(n);
	} else {
		hear(n);
		send(n->port);
	}
}

void kernel_main(uint64_t start_info)
{
	static struct neighbour n;
	const char *line;
	unsigned int lives;

	pv_start(&n.pv, start_info);
	line = (const char *)n.pv.start->cmd_line;
	n.rules = cmdline_text(line, "rules") != NULL;
	n.first = n.rules || cmdline_text(line, "offers") != NULL;
	n.peer = (domid_t)cmdline_number(line,
					 n.rules   ? "rules"
					 : n.first ? "offers"
						   : "takes",
					 NOBODY);
	n.self = own_number();
	n.first |= cmdline_text(line, "watches") != NULL;
	lives = (unsigned int)cmdline_number(line, n.first ? "watches" : "dies",
					     0);
	if (lives != 0) {
		n.peer = n.first ? 2 : 1;
		check_dying(&n, lives);
		expect_end();
	}
	meet(&n);
	check_events(&n);
	check_grants(&n);
	check_copies(&n);
	check_store(&n);
	check_moved(&n);
	check_stale(&n);
	leave_grants(&n);
	check_foreign(&n);
	step(&n);
	if (n.first) {
		check_end(&n);
		check_grants_end(&n);
		check_store_end(&n);
	}
	expect_end();
}
