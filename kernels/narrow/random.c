/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls of a 32-bit kernel by chance (random=SEED ops=N on the command
 * line; the same seed, the same calls). Numbers, addresses, frames and entries
 * are drawn from what has a meaning or a border: the guest's end, 4 GiB, the
 * frames of a box of pages that nothing but this uses. What would end the
 * kernel, stop it or take its own code away is not drawn; all else it must
 * live through, and the hypervisor's counts must be right (--audit).
 */
#include "kernels/narrow/narrow.h"

#define BOX 8
#define END 0xf5800000u
#define WORDS 64
#define CALLS 4

static uint8_t box[BOX][PAGE] __attribute__((aligned(4096)));
static uint32_t buffer[WORDS] __attribute__((aligned(64)));
static multicall_entry_t list[CALLS];
static uint64_t state;
static uint32_t done, refused;

struct call {
	uint32_t nr;
	uint32_t arg[5];
};
static struct call drawn;
static int32_t result;

static uint32_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

static uint32_t below(uint32_t n)
{
	return next() % n;
}

static uint32_t box_frame(void)
{
	return (uint32_t)mfn_of(box[below(BOX)]);
}

static uint32_t address(void)
{
	static const uint32_t odd[] = {
		0,           4,           END - 8,     END - 4,
		END,         END + PAGE,  0xffe00000u, 0xfffff000u,
		0xfffffff8u, 0xfffffffcu, 0xffffffffu, 0x80000000u,
	};

	switch (below(4)) {
	case 0:
		return odd[below(sizeof(odd) / sizeof(odd[0]))];
	case 1:
		return (uint32_t)box[below(BOX)] + below(2) * (PAGE - 4);
	default:
		return (uint32_t)&buffer[below(8) * 4];
	}
}

/* A page table's entry, or what looks like one: its lower half. */
static uint32_t entry(void)
{
	static const uint32_t flags[] = {
		0x63, 0x61, 0x67, 0x65, 0x1, 0, 0x1e3, 0x7f, 0x163, 0x3,
	};
	const uint32_t frame = below(6) == 0 ? next() : box_frame();

	return frame << 12 | flags[below(sizeof(flags) / sizeof(flags[0]))];
}

static uint32_t word(void)
{
	static const uint32_t odd[] = {
		0,           1,          2,           0x7ff0, 0x7ff1, 0x7ff2,
		0xffffffffu, 0x7fffffff, 0x80000000u, 512,    4096,   0xffff,
	};

	switch (below(6)) {
	case 0:
		return address();
	case 1:
		return box_frame();
	case 2:
		return entry();
	case 3:
		return below(16);
	case 4:
		return next();
	default:
		return odd[below(sizeof(odd) / sizeof(odd[0]))];
	}
}

static void fill(void)
{
	for (unsigned int i = 0; i < WORDS; i++) {
		buffer[i] = word();
	}
}

/* Requests of lists, where chance alone would never come to one. */
static void fill_updates(void)
{
	for (unsigned int i = 0; i + 4 <= WORDS; i += 4) {
		const uint64_t at =
			(uint64_t)box_frame() * PAGE + below(512) * 8;

		buffer[i] = (uint32_t)at | below(4);
		buffer[i + 1] = (uint32_t)(at >> 32);
		buffer[i + 2] = entry();
		buffer[i + 3] = below(3) == 0 ? 0x80000000u : 0;
	}
}

static void fill_operations(void)
{
	for (unsigned int i = 0; i + 3 <= WORDS; i += 3) {
		buffer[i] = below(22);
		buffer[i + 1] = below(3) == 0 ? word() : box_frame();
		buffer[i + 2] = below(3) == 0 ? word() : box_frame();
	}
}

/* extent_start, nr_extents, order, flags, domid; the extents behind it. */
static void fill_reservation(void)
{
	fill();
	buffer[0] = below(3) == 0 ? address() : (uint32_t)&buffer[16];
	buffer[1] = below(4) == 0 ? word() : below(4);
	buffer[2] = below(4) == 0 ? word() : 0;
	buffer[3] = 0;
	buffer[4] = DOMID_SELF;
	for (unsigned int i = 16; i < 24; i++) {
		buffer[i] = box_frame();
	}
}

/* What stops the kernel, takes its entries or fills the console. */
static bool is_left_out(uint32_t nr, uint32_t command)
{
	switch (nr) {
	case __HYPERVISOR_set_trap_table:
	case __HYPERVISOR_stack_switch:
	case __HYPERVISOR_set_callbacks:
	case __HYPERVISOR_fpu_taskswitch:
	case __HYPERVISOR_sched_op_compat:
	case __HYPERVISOR_set_debugreg:
	case __HYPERVISOR_console_io:
	case __HYPERVISOR_iret:
	case __HYPERVISOR_nmi_op:
	case __HYPERVISOR_sched_op:
	case __HYPERVISOR_callback_op:
	case __HYPERVISOR_multicall:
		return true;
	case __HYPERVISOR_vcpu_op:
		return command < VCPUOP_is_up ||
		       command == VCPUOP_register_vcpu_info ||
		       command == VCPUOP_send_nmi;
	default:
		return false;
	}
}

static void draw_list(struct call *c)
{
	c->arg[0] = below(4) == 0 ? address() : (uint32_t)buffer;
	c->arg[1] = below(8) == 0 ? word() : below(12);
	c->arg[2] = below(2) == 0 ? 0 : address();
	c->arg[3] = below(8) == 0 ? word() : DOMID_SELF;
}

/* Of an address that is not the box's nothing must change. */
static void draw_mapping(struct call *c)
{
	static const uint32_t others[] = {END, END - PAGE, 0xfffff000u,
					  0x40000000u};

	c->arg[0] =
		below(4) == 0 ? others[below(4)] : (uint32_t)box[below(BOX)];
	c->arg[1] = entry();
	c->arg[2] = below(3) == 0 ? 0x80000000u : 0;
	c->arg[3] = below(8) == 0 ? word() : below(8);
	c->arg[4] = DOMID_SELF;
}

static struct call draw_one(void)
{
	struct call c = {.nr = below(4) == 0 ? below(70) : below(40)};

	for (unsigned int i = 0; i < 5; i++) {
		c.arg[i] = word();
	}
	switch (below(8)) {
	case 0:
		c.nr = __HYPERVISOR_mmu_update;
		fill_updates();
		draw_list(&c);
		break;
	case 1:
		c.nr = __HYPERVISOR_mmuext_op;
		fill_operations();
		draw_list(&c);
		break;
	case 2:
		c.nr = __HYPERVISOR_memory_op;
		fill_reservation();
		c.arg[0] = below(4) == 0 ? word() : below(2) * 5 + 1;
		c.arg[1] = (uint32_t)buffer;
		break;
	default:
		fill();
	}
	if (c.nr == __HYPERVISOR_update_va_mapping ||
	    c.nr == __HYPERVISOR_update_va_mapping_otherdomain) {
		draw_mapping(&c);
	}
	return c;
}

static struct call draw(void)
{
	struct call c;

	do {
		c = draw_one();
	} while (is_left_out(c.nr, c.arg[0]));
	return c;
}

/* Its calls share the buffer: what the last one has put there counts. */
static void draw_multicall(void)
{
	for (unsigned int i = 0; i < CALLS; i++) {
		const struct call c = draw();

		list[i].op = c.nr;
		for (unsigned int j = 0; j < 5; j++) {
			list[i].args[j] = c.arg[j];
		}
	}
	drawn = (struct call){
		.nr = __HYPERVISOR_multicall,
		.arg = {below(8) == 0 ? address() : (uint32_t)list,
			below(8) == 0 ? word() % 8 : below(CALLS + 1)}};
	/* From elsewhere it could name what is left out. */
	if (drawn.arg[0] != (uint32_t)list && drawn.arg[0] < END - 8) {
		drawn.arg[1] = 0;
	} else if (drawn.arg[1] > CALLS) {
		drawn.arg[1] = CALLS;
	}
}

static void issue(void)
{
	result = (int32_t)hypercall(drawn.nr, drawn.arg[0], drawn.arg[1],
				    drawn.arg[2], drawn.arg[3], drawn.arg[4]);
}

/* What the guest may do by itself, where its page is writable. */
static void store(void)
{
	volatile uint32_t *at = (volatile uint32_t *)(uint32_t)box[below(BOX)];

	at[below(1024)] = entry();
}

bool random_wanted(const char *cmdline)
{
	return cmdline_text(cmdline, "random") != NULL;
}

void random_calls(const char *cmdline)
{
	const uint64_t seed = cmdline_number(cmdline, "random", 1);
	const uint64_t ops = cmdline_number(cmdline, "ops", 1000);
	int trapped_by = -1;

	state = UINT64_C(0x9e3779b97f4a7c15) ^ seed;
	for (uint32_t i = 0; i < ops && trapped_by < 0; i++) {
		(void)try_it(store);
		if (below(8) == 0) {
			draw_multicall();
		} else {
			drawn = draw();
		}
		trapped_by = try_it(issue);
		done++;
		refused += result < 0;
	}
	expect("no hypercall ends in a trap", trapped_by, -1);
	expect("random: all of them were made", (int64_t)done, (int64_t)ops);
	expect("random: some were not refused", refused < done, 1);
	expect("random: and some were", refused > 0, 1);
}
