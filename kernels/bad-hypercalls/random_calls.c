/* SPDX-License-Identifier: MIT */
/*
 * Calls by chance: any number, with arguments of the form that the number
 * wants, or of none. Not drawn, and why:
 *
 *   iret                  takes its frame from the kernel's stack, where
 *                         none is
 *   sched_op, either      block and poll sleep for an event that never comes,
 *                         shutdown and the watchdog end the domain,
 *                         shutdown_code says how it will have ended
 *   vcpu_op down          the last vCPU going down ends the domain
 *   vcpu_op send_nmi      enters the kernel at an address drawn before
 *   vcpu_op register_     moves the mask of events into a page that chance
 *     vcpu_info           writes, and an event to an address drawn before
 *   new_baseptr           to any root but the kernel's own, as others do not
 *                         map it
 *   console_io write      of what can be read fills the log
 *
 * Trap handlers are drawn too, and put back after the call (random.c).
 */
#include "kernels/bad-hypercalls/random.h"

#define NUMBERS 64
#define SUB_COMMANDS 40

static void make_list(struct random_call *c, unsigned int which);

static uint64_t sub_command(void)
{
	return one_in(16) ? box_value() : chance(SUB_COMMANDS);
}

static uint64_t list_pointer(const void *list)
{
	return one_in(32) ? box_bad_pointer() : (uintptr_t)list;
}

static void mmu_update(struct random_call *c, unsigned int which)
{
	const unsigned int nr = 1 + (unsigned int)chance(LIST_ENTRIES);
	struct mmu_update *list = list_room(which, nr, sizeof(*list));

	for (unsigned int i = 0; i < nr; i++) {
		list[i].ptr = one_in(16) ? box_value() : box_entry();
		list[i].val = one_in(4) ? box_value() : box_pte();
	}
	c->arg[0] = list_pointer(list);
	c->arg[1] = list_count(nr);
	c->arg[2] = one_in(4) ? args_pointer() : 0;
	c->arg[3] = box_domid();
}

static void mmuext_op(struct random_call *c, unsigned int which)
{
	const unsigned int nr = 1 + (unsigned int)chance(LIST_ENTRIES);
	struct mmuext_op *list = list_room(which, nr, sizeof(*list));

	for (unsigned int i = 0; i < nr; i++) {
		list[i].cmd = (unsigned int)chance(24);
		list[i].arg1.linear_addr =
			one_in(3) ? args_pointer() : box_frame();
		list[i].arg2.src_mfn = one_in(2) ? box_value() : chance(600);
		if (one_in(4)) {
			list[i].arg1.linear_addr = box_window();
		}
		if (list[i].cmd == MMUEXT_NEW_BASEPTR) {
			list[i].arg1.mfn = one_in(2) ? box_l4() : UINT64_MAX;
		}
	}
	c->arg[0] = list_pointer(list);
	c->arg[1] = list_count(nr);
	c->arg[2] = one_in(4) ? args_pointer() : 0;
	c->arg[3] = box_domid();
}

static void multicall(struct random_call *c)
{
	const unsigned int nr = 1 + (unsigned int)chance(LIST_ENTRIES);
	struct multicall_entry *list = list_room(0, nr, sizeof(*list));

	for (unsigned int i = 0; i < nr; i++) {
		struct random_call call;

		make_list(&call, i + 1);
		list[i].op = call.nr;
		for (unsigned int a = 0; a < 5; a++) {
			list[i].args[a] = call.arg[a];
		}
		list[i].args[5] = box_value();
	}
	c->arg[0] = list_pointer(list);
	c->arg[1] = list_count(nr);
}

static void reservation(uint64_t *at)
{
	struct xen_memory_reservation *r = (void *)at;

	r->nr_extents = (unsigned int)chance(16);
	r->extent_order = one_in(8) ? (unsigned int)chance(64) : 0;
	r->mem_flags = one_in(8) ? (unsigned int)chance(1 << 16) : 0;
	r->domid = (domid_t)box_domid();
	set_xen_guest_handle_raw(r->extent_start,
				 (void *)(uintptr_t)args_pointer());
}

static void memory_op(struct random_call *c)
{
	uint64_t *at = args_words(sizeof(struct xen_memory_exchange) / 8);

	c->arg[0] =
		one_in(16) ? sub_command() | chance(1 << 12) << 6 : chance(32);
	c->arg[1] = (uintptr_t)at;
	if (one_in(8)) {
		c->arg[1] = args_pointer();
		return;
	}
	reservation(at);
	if (c->arg[0] == XENMEM_exchange) {
		struct xen_memory_exchange *x = (void *)at;

		reservation(at + sizeof(x->in) / 8);
		x->out.nr_extents = x->in.nr_extents;
		x->nr_exchanged = one_in(8) ? chance(16) : 0;
	}
}

static void va_mapping(struct random_call *c)
{
	c->arg[0] = one_in(8) ? box_value() : box_window();
	c->arg[1] = one_in(8) ? box_value() : box_pte();
	c->arg[2] = one_in(8) ? args_pointer() : chance(8);
	c->arg[3] = box_domid();
}

/* Map, unmap and copy have fields in common places; others take values. */
static void grants(struct random_call *c)
{
	const unsigned int nr = 1 + (unsigned int)chance(8);
	uint64_t *at = args_words(nr * 8);

	c->arg[0] = chance(16);
	c->arg[1] = one_in(8) ? args_pointer() : (uintptr_t)at;
	c->arg[2] = list_count(nr);
	for (unsigned int i = 0; i < nr && c->arg[0] == 0; i++) {
		struct gnttab_map_grant_ref *map = (void *)(at + i * 4);

		map->flags = (uint32_t)chance(32);
		map->host_addr = map->flags & GNTMAP_contains_pte
					 ? box_entry()
					 : box_window();
		map->ref = (uint32_t)chance(80);
		map->dom = (domid_t)box_domid();
	}
	for (unsigned int i = 0; i < nr && c->arg[0] == 1; i++) {
		struct gnttab_unmap_grant_ref *gone = (void *)(at + i * 3);

		gone->host_addr = one_in(4) ? box_entry() : box_window();
		gone->dev_bus_addr = 0;
		gone->handle = (uint32_t)chance(32);
	}
}

/* Commands of a call that the kernel does not live through. */
static bool is_end(const struct random_call *c)
{
	const uint32_t sub = (uint32_t)c->arg[0];

	switch (c->nr) {
	case __HYPERVISOR_iret:
		return true;
	case __HYPERVISOR_sched_op:
		return sub == SCHEDOP_block || sub == SCHEDOP_shutdown ||
		       sub == SCHEDOP_poll || sub == SCHEDOP_watchdog ||
		       sub == SCHEDOP_shutdown_code;
	case __HYPERVISOR_sched_op_compat:
		return sub == SCHEDOP_block || sub == SCHEDOP_shutdown;
	case __HYPERVISOR_vcpu_op:
		return sub == VCPUOP_down || sub == VCPUOP_send_nmi ||
		       sub == VCPUOP_register_vcpu_info;
	case __HYPERVISOR_console_io:
		return sub == CONSOLEIO_write;
	default:
		return false;
	}
}

/* Any number, the arguments as they come. */
static void anything(struct random_call *c)
{
	do {
		c->nr = (unsigned int)chance(NUMBERS);
		c->arg[0] = one_in(2) ? args_pointer() : sub_command();
		c->arg[1] = one_in(2) ? args_pointer() : box_value();
		c->arg[2] = one_in(2) ? args_pointer() : box_value();
		c->arg[3] = box_value();
		c->arg[4] = box_value();
		if (c->nr == __HYPERVISOR_vcpu_op) {
			c->arg[1] = one_in(8) ? box_value() : 0;
		}
	} while (is_end(c));
}

static void make_list(struct random_call *c, unsigned int which)
{
	anything(c);
	if (one_in(2)) {
		static const unsigned int often[] = {
			__HYPERVISOR_mmu_update,
			__HYPERVISOR_mmuext_op,
			__HYPERVISOR_memory_op,
			__HYPERVISOR_grant_table_op,
			__HYPERVISOR_update_va_mapping,
			__HYPERVISOR_update_va_mapping_otherdomain,
		};

		c->nr = often[chance(6)];
	}
	switch (c->nr) {
	case __HYPERVISOR_mmu_update:
		mmu_update(c, which);
		break;
	case __HYPERVISOR_mmuext_op:
		mmuext_op(c, which);
		break;
	case __HYPERVISOR_memory_op:
		memory_op(c);
		break;
	case __HYPERVISOR_grant_table_op:
		grants(c);
		break;
	case __HYPERVISOR_update_va_mapping:
	case __HYPERVISOR_update_va_mapping_otherdomain:
		va_mapping(c);
		break;
	case __HYPERVISOR_update_descriptor:
		c->arg[0] = box_entry() & ~UINT64_C(7);
		break;
	case __HYPERVISOR_multicall:
		/* In a multicall, one that is refused: no list is its own. */
		c->arg[0] = box_bad_pointer();
		break;
	default:
		break;
	}
}

struct random_call random_draw(void)
{
	struct random_call c;

	make_list(&c, 0);
	if (c.nr == __HYPERVISOR_multicall || one_in(12)) {
		c.nr = __HYPERVISOR_multicall;
		multicall(&c);
	}
	return c;
}
