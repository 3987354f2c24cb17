/* SPDX-License-Identifier: MIT */
/*
 * What belongs to one CPU. It stands at the top of the CPU's stack, right
 * above the registers of the guest that was interrupted, so that it is found
 * from the stack pointer alone, in C and in assembly.
 */
#ifndef PW_HV_CPU_CPU_H
#define PW_HV_CPU_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/pte.h"
#include "engine/table/tags.h"
#include "hv/cpu/regs.h"

#define CPU_STACK_SIZE 0x8000

struct vcpu;

#define CPUS_MAX 8
#define CPU_VCPUS 128 /* at most, all of the machine on one CPU */

/* Task state, as the CPU reads it. */
struct tss {
	uint32_t spare0;
	uint64_t rsp[3];
	uint64_t spare1;
	uint64_t ist[7];
	uint64_t spare2;
	uint16_t spare3;
	uint16_t iomap; /* past the limit: no port is the guest's */
} __attribute__((packed));

enum cpu_ist { IST_DF, IST_NMI, IST_DB, IST_MC, ISTS };
#define IST_STACK 0x2000

struct ist_stack {
	_Alignas(PAGE_SIZE) uint8_t guard[PAGE_SIZE]; /* not mapped */
	uint8_t stack[IST_STACK];
};

/* What the CPU itself looks at. */
struct cpu_tables {
	/* The GDT's reserved page, mapped into each vCPU's window. */
	_Alignas(PAGE_SIZE) uint64_t gdt_page[PT_ENTRIES];
	/* And that of 32-bit vCPUs, in which there is no 64-bit code to
	 * jump to but ours. */
	_Alignas(PAGE_SIZE) uint64_t gdt_page_32[PT_ENTRIES];
	struct ist_stack ist[ISTS];
	struct tss tss;
};

/* How long the guest is kept waiting; see slice.c. */
struct slice {
	uint64_t end; /* of the quantum, by the TSC; 0: it has not begun */
	uint64_t end_wanted; /* where another CPU waits for the lock */
	/* Kept while slice_measured is set: */
	uint64_t asked;           /* the last question */
	uint64_t began;           /* and what began with it */
	uint64_t longest_stretch; /* between two questions */
	uint64_t longest_at;      /* our code that ended it */
	uint64_t longest_stay;    /* from begin to leave */
};

/* The CPU pushes right below it, where it aligns the stack to 16. */
struct cpu {
	_Alignas(16) struct vcpu *vcpu; /* runs here; NULL before the first */
	struct cpu_tables *tables;
	unsigned int id;
	unsigned int ldt_entries; /* that its LDTR knows of */
	struct slice slice;
	struct tags tags;     /* flush.c */
	uint64_t own_root;    /* CR3 without a guest */
	uint64_t protections; /* of CR4: cpu_protect() */
	unsigned int apic_id;
	unsigned int lock_depth; /* machine_lock() */
	unsigned int alone_depth;
	unsigned int output_depth;
	unsigned int locks; /* held: engine/request/lock_order.h */
	bool online;
	bool alone; /* inside a request of the domain's own (alone.c) */
	/* Flushes (ipi.c), CPUs as bits: */
	uint32_t asked_by;      /* who waits for this one's answer */
	uint32_t unanswered;    /* of this one's own question: by whom */
	uint64_t flush_address; /* and what it is about */
	bool watching;          /* its debug registers are ours (debugreg.h) */
	/* The vCPUs that live here (schedule/schedule.c). */
	struct vcpu *run[CPU_VCPUS];
	unsigned int nr_run;
	unsigned int last;  /* of run, that had the CPU */
	uint64_t turn_ends; /* system time; CLOCK_NEVER: nobody waits */
	uint64_t again;     /* system time: timer_come_back(); 0: not */
	uint64_t since;     /* system time, when it was given the CPU */
	uint64_t floor;     /* what whoever had it last had used by then */
};

/* The stack, from its low end; a page that faults comes first. */
struct cpu_area {
	uint8_t stack[CPU_STACK_SIZE - sizeof(struct regs) -
		      sizeof(struct cpu)];
	struct regs regs;
	struct cpu cpu;
} __attribute__((aligned(CPU_STACK_SIZE)));
_Static_assert(sizeof(struct cpu_area) == CPU_STACK_SIZE, "cpu_here");

/* The CPU that boots is the first. */
extern struct cpu_area cpu_areas[CPUS_MAX];
extern struct cpu_tables cpu_tables[CPUS_MAX];
/* Those that run; the others' places are empty. */
extern unsigned int nr_cpus;

static inline struct cpu *cpu_at(unsigned int id)
{
	return &cpu_areas[id].cpu;
}

/* Is it a page below a stack, where nothing is mapped? */
bool cpu_is_guard(uint64_t va);

static inline struct cpu_area *cpu_area_here(void)
{
	uint64_t sp;

	__asm__("mov %%rsp, %0" : "=r"(sp));
	return (struct cpu_area *)(sp & ~(uint64_t)(CPU_STACK_SIZE - 1));
}

static inline struct cpu *cpu_here(void)
{
	return &cpu_area_here()->cpu;
}

/* The vCPU that runs on this CPU. */
#define current (cpu_here()->vcpu)

/* The registers of the guest that this CPU came from. */
static inline struct regs *cpu_guest_regs(void)
{
	return &cpu_area_here()->regs;
}

/*
 * SMEP and SMAP, where the CPU has them. Not for a 32-bit vCPU: its kernel is a
 * supervisor to the CPU as we are, and uses pages of its users'.
 */
void cpu_protect(bool on);
/* GDT, TSS and control registers of the CPU that calls it. */
void cpu_init(unsigned int id, struct cpu_tables *t);

#endif
