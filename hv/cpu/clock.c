/* SPDX-License-Identifier: MIT */
/*
 * System time is the TSC since boot, scaled. Guests scale it with the same
 * numbers, so what they read is what is compared here. The local APIC's timer
 * is set one shot; it fires early where the counter cannot hold the whole way.
 */
#include "hv/cpu/clock.h"

#include "emul/clock.h"
#include "hv/cpu/lapic.h"
#include "hv/cpu/x86.h"

/* Written at boot only. */
uint64_t clock_began;
static struct {
	uint64_t tsc_base;
	uint64_t tsc_hz;
	struct clock_scale tsc_to_ns;
	struct clock_scale ns_to_lapic;
	bool unstable;
	uint64_t wallclock; /* s since 1970 at tsc_base */
} clock;

struct frequencies clock_init(void)
{
	struct frequencies f;

	f = calibrate(lapic_registers());
	clock.tsc_hz = f.tsc;
	clock.tsc_to_ns = clock_scale_make(f.tsc, UINT64_C(1000000000));
	clock.ns_to_lapic = clock_scale_make(UINT64_C(1000000000), f.lapic);
	clock.wallclock = calibrate_read_rtc();
	clock.tsc_base = x86_rdtsc();
	return f;
}

static uint64_t time_at(uint64_t tsc)
{
	return clock_scale_apply(clock.tsc_to_ns, tsc - clock.tsc_base);
}

uint64_t clock_now(void)
{
	return time_at(x86_rdtsc());
}

uint64_t clock_tsc_khz(void)
{
	return clock.tsc_hz / 1000;
}

uint64_t clock_us_since(uint64_t tsc)
{
	return tsc == 0 ? 0 : (x86_rdtsc() - tsc) / (clock_tsc_khz() / 1000);
}

uint64_t clock_wallclock_base(void)
{
	return clock.wallclock;
}

void clock_guest(struct vcpu_time_info *ret_clock)
{
	*ret_clock = (struct vcpu_time_info){
		.tsc_timestamp = clock.tsc_base,
		.system_time = 0,
		.tsc_to_system_mul = clock.tsc_to_ns.mul,
		.tsc_shift = clock.tsc_to_ns.shift,
		/* One clock for all CPUs: what is read never goes back. */
		.flags = clock.unstable ? 0 : XEN_PVCLOCK_TSC_STABLE_BIT,
	};
}

void clock_guest_moved(struct vcpu_time_info *ret_clock)
{
	uint64_t tsc = x86_rdtsc();

	clock_guest(ret_clock);
	ret_clock->tsc_timestamp = tsc;
	ret_clock->system_time = time_at(tsc);
	ret_clock->flags = 0;
}

void clock_unstable(void)
{
	clock.unstable = true;
}

void clock_set_timer(uint64_t when, uint64_t now)
{
	uint64_t ticks = 0; /* off */

	if (when != CLOCK_NEVER) {
		uint64_t away = when > now ? when - now : 0;

		ticks = UINT32_MAX;
		if (away < UINT64_C(1) << 40) {
			ticks = clock_scale_apply(clock.ns_to_lapic, away) + 1;
		}
		if (ticks > UINT32_MAX) {
			ticks = UINT32_MAX;
		}
	}
	lapic_registers()[LAPIC_TIMER_INITIAL] = (uint32_t)ticks;
}
