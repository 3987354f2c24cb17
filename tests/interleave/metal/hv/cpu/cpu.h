/* SPDX-License-Identifier: MIT */
/* In the place of the hypervisor's: two CPUs, and of each what ipi.c needs. */
#ifndef PW_HV_CPU_CPU_H
#define PW_HV_CPU_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vcpu;

struct cpu {
	struct vcpu *vcpu;
	unsigned int id;
	uint64_t own_root;
	unsigned int apic_id;
	unsigned int lock_depth;
	unsigned int alone_depth;
	bool alone;
	unsigned int locks;
	uint32_t asked_by;
	uint32_t unanswered;
	uint64_t flush_address;
};

extern unsigned int nr_cpus;
struct cpu *cpu_at(unsigned int id);
struct cpu *cpu_here(void);

#endif
