/* SPDX-License-Identifier: MIT */
/*
 * A domain that wants its neighbour to suffer: it never waits, masks its
 * events, and asks for what costs the hypervisor most. "deed=NAME" on the
 * command line is the one thing that it does; without, it does one after the
 * other. "victim=DOMID" says who the neighbour is: when that has ended, so does
 * this, and tells how often it did each. What it asks for is allowed: what is
 * not is what kernels/bad-hypercalls asks for.
 */
#include "kernels/hostile/hostile.h"

void kernel_main(uint64_t start_info);

static struct {
	const char *name;
	void (*act)(const struct pv *s);
	uint64_t times;
} deeds[] = {
	{"spin", spin, 0},
	{"flush", flush, 0},
	{"tables", thrash_tables, 0},
	{"frames", move_frames, 0},
	{"events", flood_events, 0},
	{"grants", flood_grants, 0},
	{"console", flood_console, 0},
	{"store", flood_store, 0},
	{"timers", set_timers, 0},
};

#define DEEDS (sizeof(deeds) / sizeof(deeds[0]))

/* Ports of another's cannot be had, but of nobody's for another reason. */
static bool lives(domid_t domid)
{
	evtchn_alloc_unbound_t op = {.dom = domid, .remote_dom = DOMID_SELF};

	return event_op(EVTCHNOP_alloc_unbound, &op) == -XEN_EPERM;
}

void kernel_main(uint64_t start_info)
{
	static struct pv s;
	const char *line;
	const char *deed;
	domid_t victim;

	pv_start(&s, start_info);
	s.shared->vcpu_info[0].evtchn_upcall_mask = 1;
	line = (const char *)s.start->cmd_line;
	deed = cmdline_text(line, "deed");
	victim = (domid_t)cmdline_number(line, "victim", NOBODY);
	while (lives(victim)) {
		for (unsigned int i = 0; i < DEEDS; i++) {
			if (deed == NULL || word_is(deed, deeds[i].name)) {
				deeds[i].act(&s);
				deeds[i].times++;
			}
		}
	}
	for (unsigned int i = 0; i < DEEDS; i++) {
		say("%s: %lu times", deeds[i].name, deeds[i].times);
	}
	shut_down(SHUTDOWN_poweroff);
}
