/* SPDX-License-Identifier: MIT */
/*
 * The start of day, step by step, each announced in the log before it begins,
 * so that the last line before a crash says where it was. The last two steps
 * are the reason that a boot counts as good: permissions can be changed both
 * ways, and every frame that the table buffers gave back is memory again.
 */
#include "lab/kernel.h"

#include "abi/xen.h"
#include "pagewarden/port.h"

/* More frames than the buffers' tails, from the allocator. */
#define REUSED_FRAMES 64

const char *const lab_step_name[LAB_STEPS] = {
	[LAB_START] = "start of day",
	[LAB_MEMORY_MAP] = "memory map",
	[LAB_OWN_TABLES] = "own tables",
	[LAB_DIRECT_MAP] = "direct map",
	[LAB_RUN_TIME] = "switch to run time",
	[LAB_P2M] = "own P2M",
	[LAB_DROP_P2M] = "drop the builder's P2M",
	[LAB_DROP_SURPLUS] = "drop the initial mapping",
	[LAB_DEED] = "deed",
	[LAB_PROTECT] = "change a permission",
	[LAB_REUSE] = "reuse freed frames",
	[LAB_DONE] = "done",
};

static int start(struct guest *g, const struct lab_kernel *k)
{
	return k->native != NULL ? guest_start_native(g, &k->config, k->native)
				 : guest_start(g, &k->config, k->start_info);
}

static int memory_map(struct guest *g, const struct lab_kernel *k)
{
	int error = guest_memory_map(g);
	pfn_t end = guest_memblock_end(&g->memblock);

	if (error != 0 || k->top_taken == 0) {
		return error;
	}
	if (k->top_taken >= end.v) {
		return guest_fail(g, XEN_EINVAL,
				  "memory of %lu frames is too "
				  "small for the lab",
				  end.v);
	}
	return guest_memblock_reserve(&g->memblock, pfn(end.v - k->top_taken),
				      end);
}

static int direct_map(struct guest *g, const struct lab_kernel *k)
{
	pfn_t end = guest_memblock_end(&g->memblock);
	int error;

	if (k->low_end.v != 0 && k->low_end.v < end.v) {
		error = guest_map_range(g, pfn(0), k->low_end, end);
		return error == 0 ? guest_memblock_remove(&g->memblock,
							  k->low_end, end)
				  : error;
	}
	if (k->split.v == 0 || k->split.v >= end.v) {
		return guest_direct_map(g);
	}
	error = guest_map_range(g, pfn(0), k->split, k->split);
	return error == 0 ? guest_map_range(g, k->split, end, end) : error;
}

/* A page of free memory: read-only, writable again, and written. */
static int change_permission(struct guest *g)
{
	vaddr_t va;
	pfn_t frame;
	int error = guest_alloc_frames(g, 1, &frame);

	if (error != 0) {
		return error;
	}
	va = guest_direct_va(g, frame);
	error = guest_make_readonly(g, frame);
	if (error == 0) {
		error = guest_flush(g);
	}
	if (error == 0) {
		error = guest_make_readwrite(g, frame, GUEST_FLUSH);
	}
	if (error == 0) {
		error = guest_flush(g);
	}
	if (error != 0) {
		return error;
	}
	guest_port_store64(g, va, ~frame.v);
	if (guest_port_load64(g, va) != ~frame.v) {
		return guest_fail(g, XEN_EFAULT,
				  "pfn %lx does not keep what "
				  "is written to it",
				  frame.v);
	}
	return guest_free_frames(g, frame, 1);
}

static void write_free_frames(struct guest *g, pfn_t start, pfn_t end)
{
	for (; start.v < end.v; start = pfn_add(start, 1)) {
		if (guest_memblock_is_memory(&g->memblock, start) &&
		    !guest_memblock_is_reserved(&g->memblock, start)) {
			guest_port_store64(g, guest_direct_va(g, start),
					   start.v);
		}
	}
}

/* All of what held the builder's P2M must be memory like any other. */
static int write_old_p2m(struct guest *g, const struct lab_kernel *k)
{
	for (pfn_t at = k->old_p2m; at.v < k->old_p2m_end.v;
	     at = pfn_add(at, 1)) {
		if (guest_memblock_is_reserved(&g->memblock, at)) {
			return guest_fail(
				g, XEN_EBUSY,
				"pfn %lx of the builder's P2M is lost", at.v);
		}
		guest_port_store64(g, guest_direct_va(g, at), at.v);
	}
	return 0;
}

/* What the table buffers did not use, and whatever comes next. */
static int reuse(struct guest *g, const struct lab_kernel *k)
{
	const struct guest_directmap *d = &g->directmap;
	pfn_t frame[REUSED_FRAMES];
	int error = write_old_p2m(g, k);

	for (unsigned int i = 0; i < d->nr_buffers; i++) {
		write_free_frames(g, d->buffer[i].start, d->buffer[i].top);
	}
	for (unsigned int i = 0; error == 0 && i < REUSED_FRAMES; i++) {
		error = guest_alloc_frames(g, 1, &frame[i]);
	}
	for (unsigned int i = 0; error == 0 && i < REUSED_FRAMES; i++) {
		error = guest_free_frames(g, frame[i], 1);
	}
	return error;
}

int lab_do_step(struct guest *g, struct lab_kernel *k)
{
	switch (k->step) {
	case LAB_START:
		return start(g, k);
	case LAB_MEMORY_MAP:
		return memory_map(g, k);
	case LAB_OWN_TABLES:
		return guest_own_tables(g);
	case LAB_DIRECT_MAP:
		return direct_map(g, k);
	case LAB_P2M:
		return k->native != NULL
			       ? 0
			       : guest_p2m_build(g, GUEST_P2M_TREE, vaddr(0));
	case LAB_RUN_TIME:
		return guest_run_time(g);
	case LAB_DROP_P2M:
		k->old_p2m = g->boot.p2m_start;
		k->old_p2m_end = g->boot.p2m_end;
		return guest_drop_p2m(g);
	case LAB_DROP_SURPLUS:
		return guest_drop_surplus(g);
	case LAB_DEED:
		return 0;
	case LAB_PROTECT:
		return change_permission(g);
	case LAB_REUSE:
		return reuse(g, k);
	case LAB_DONE:
	case LAB_STEPS:
		break;
	}
	return 0;
}

static bool has_deed(const struct lab_kernel *k)
{
	return k->deed != NULL && k->deed->step == k->step;
}

static int do_step(struct guest *g, struct lab_kernel *k)
{
	if (k->step != LAB_DEED || has_deed(k)) {
		lab_say(g, lab_step_name[k->step]);
	}
	return has_deed(k) ? k->deed->run(g, k) : lab_do_step(g, k);
}

void lab_say(struct guest *g, const char *what)
{
	static const char head[] = "lab: ";
	char line[GUEST_MESSAGE_SIZE + sizeof(head)];
	unsigned int n = 0;

	for (const char *c = head; *c != '\0'; c++) {
		line[n++] = *c;
	}
	for (const char *c = what; *c != '\0' && n < sizeof(line) - 1; c++) {
		line[n++] = *c;
	}
	line[n] = '\0';
	guest_port_log(g, line);
}

void lab_about(struct guest *g, pfn_t frame)
{
	struct lab_notes *n = lab_notes(g);

	n->about_frame = true;
	n->about = frame;
	if (guest_fail(g, 0, "about pfn %lx", frame.v) == 0) {
		lab_say(g, g->message);
	}
}

int lab_boot(struct guest *g, struct lab_kernel *k)
{
	int error = 0;

	k->notes = (struct lab_notes){.about_frame = false};
	k->config.policy_state = &k->notes;
	for (k->step = LAB_START; error == 0 && k->step < LAB_DONE;) {
		error = do_step(g, k);
		if (error == 0) {
			k->step++;
		}
	}
	lab_say(g, error == 0 ? lab_step_name[LAB_DONE] : g->message);
	return error;
}
