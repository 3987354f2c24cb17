/* SPDX-License-Identifier: MIT */
/*
 * Recording on metal. The ring lies in the hypervisor's memory, and that is the
 * command's, too: QEMU has it from there. So a record costs its stores and
 * nothing else, as long as the command takes them away fast enough; when it
 * does not, we wait, for a trace with a gap cannot be replayed. Everything is
 * recorded under the machine's lock.
 *
 * While the ring is full the control channel must move on: the command learns
 * from it where the ring is.
 */
#include "hv/record/record.h"

#include "abi/control.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/ipi.h"
#include "hv/cpu/x86.h"
#include "hv/domain/domain.h"
#include "hv/report/control.h"
#include "hv/report/history.h"
#include "hv/report/serial.h"
#include "hv/vcpu/vcpu.h"

#include "engine/port.h"

#define MIB (UINT64_C(1) << 20)

uint64_t record_mib;
struct recorder record_machine;

uint64_t record_ring_size(void)
{
	return record_mib * MIB + sizeof(struct trace_ring);
}

void record_init(void *ring, uint64_t machine_address)
{
	recorder_init(&record_machine, ring, record_mib * MIB / 8);
	control_begin(EVENT_RECORDING);
	control_hex(RECORDING_RING, machine_address);
	control_number(RECORDING_WORDS, record_mib * MIB / 8);
	control_end();
}

uint64_t recorder_time(struct recorder *r)
{
	(void)r;
	return x86_rdtsc();
}

uint64_t recorder_rip(struct recorder *r, const struct mmu_vcpu *v)
{
	(void)r;
	return current == vcpu_of((struct mmu_vcpu *)(uintptr_t)v)
		       ? cpu_guest_regs()->rip
		       : 0;
}

void recorder_wait(struct recorder *r)
{
	(void)r;
	serial_drain(SERIAL_CONTROL);
	ipi_answer();
	x86_pause();
}

void record_clock(uint64_t tsc_khz)
{
	if (record_wanted()) {
		recorder_clock(&record_machine, tsc_khz);
	}
}

void record_frames(enum trace_kind kind, mfn_t first, uint64_t nr)
{
	if (record_wanted()) {
		recorder_frames(&record_machine, kind, first, nr);
	}
}

void record_domain(struct mmu_domain *d)
{
	if (record_wanted()) {
		recorder_domain(&record_machine, d);
		if (d->max_pages != 0) {
			recorder_limit(&record_machine, d);
		}
	}
}

void record_extended_cr3(const struct mmu_domain *d)
{
	if (record_wanted() && d->narrow) {
		recorder_extended_cr3(&record_machine, d);
	}
}

void record_vcpu(const struct mmu_vcpu *v)
{
	if (record_wanted()) {
		recorder_vcpu(&record_machine, v);
	}
}

void record_stopped(const struct mmu_domain *d, unsigned int reason,
		    const char *words)
{
	if (record_wanted()) {
		recorder_stopped(&record_machine, d, reason, words);
	}
}

/* The sink of the engine's events: who listens is told here. */
void port_event(struct mmu_domain *d, const struct mmu_event *e)
{
	if (record_wanted()) {
		recorder_event(&record_machine, d, e);
	}
	history_event(d, e);
	lint_event(domain_of(d), e);
}
