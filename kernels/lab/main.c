/* SPDX-License-Identifier: MIT */
/*
 * The lab's kernel (lab/kernel.c) on a machine. Its command line names the
 * policy, as `lab run --on hv` and `--on xen` set it:
 *
 *   policy=HISTORY/NAME two-ranges high-tables limit=FRAMES
 *   direct=virt: the direct map is built over the initial mapping
 *
 * It says what the work took and how many pages came out wrong (check.c), and
 * powers off; or it fails as its policy makes it fail: crashed by a page fault
 * that nobody handles, or by its own BUG().
 */
#include "kernels/common/kernel.h"
#include "kernels/lab/check.h"
#include "lab/history.h"

/* As in the simulator: frames at the top that an initrd would have. */
#define TOP_TAKEN 1024

extern const char image_start[], image_end[], text_start[], text_end[];
extern const char virt_base[] __asm__("KERNEL_VIRT_BASE");
void kernel_main(uint64_t start_info);

static uint8_t windows[GUEST_WINDOWS * PAGE_SIZE]
	__attribute__((aligned(PAGE_SIZE)));
static struct guest the_guest;

static pfn_t image_pfn(const char *at)
{
	return pfn(((uintptr_t)at - (uintptr_t)virt_base) >> PAGE_SHIFT);
}

static bool cpu_has_nx(void)
{
	return cpuid(0x80000000).eax > 0x80000000 &&
	       (cpuid(0x80000001).edx & 1u << 20) != 0;
}

static const struct lab_policy *policy(const char *cmdline)
{
	const char *name = cmdline_text(cmdline, "policy");

	return lab_find_policy(name == NULL ? "table-high/publish-free" : name);
}

static vaddr_t direct_base(const char *cmdline)
{
	return vaddr(word_is(cmdline_text(cmdline, "direct"), "virt")
			     ? (uintptr_t)virt_base
			     : KERNEL_DIRECT_BASE);
}

static struct lab_kernel kernel_of(uint64_t start_info,
				   const struct lab_policy *p)
{
	const struct start_info *si =
		(const struct start_info *)(uintptr_t)start_info;
	const char *cmdline = (const char *)si->cmd_line;

	return (struct lab_kernel){
		.config =
			{
				.geometry = &KERNEL_GEOMETRY,
				.cpu = {.nx = cpu_has_nx()},
				.virt_base = vaddr((uintptr_t)virt_base),
				.kernel_start = image_pfn(image_start),
				.kernel_end = image_pfn(image_end),
				.text_start = image_pfn(text_start),
				.text_end = image_pfn(text_end),
				.direct_base = direct_base(cmdline),
				.windows = vaddr((uintptr_t)windows),
				.memory_limit = pfn(
					cmdline_number(cmdline, "limit", 0)),
				.policy = p->map,
			},
		.deed = p->deed,
		.start_info = vaddr(start_info),
		.split = pfn(cmdline_has(cmdline, "two-ranges")
				     ? si->nr_pages / 2
				     : 0),
		.low_end = pfn(cmdline_has(cmdline, "high-tables")
				       ? si->nr_pages / 2
				       : 0),
		.top_taken = TOP_TAKEN,
	};
}

static void say_cost(const struct guest_stats *s)
{
	say("lab: hypercalls %lu writes %lu flushes %lu walked %lu",
	    s->hypercalls, s->entry_writes, s->flushes, s->pages_walked);
}

void kernel_main(uint64_t start_info)
{
	const struct start_info *si =
		(const struct start_info *)(uintptr_t)start_info;
	const struct lab_policy *p = policy((const char *)si->cmd_line);
	struct lab_kernel k;
	int error;

	if (p == NULL) {
		say("lab: there is no such policy");
		shut_down(SHUTDOWN_crash);
	}
	k = kernel_of(start_info, p);
	error = lab_boot(&the_guest, &k);
	say_cost(&the_guest.stats);
	if (error != 0) {
		/* BUG(): an early kernel has no handler for it. */
		__asm__ volatile("ud2");
	}
	say("lab: mistakes %lu", lab_mistakes(&the_guest, &k));
	shut_down(SHUTDOWN_poweroff);
}
