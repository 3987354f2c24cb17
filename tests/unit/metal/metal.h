/* SPDX-License-Identifier: MIT */
/*
 * A domain of the hypervisor's in a process: its own sources of services/ and
 * emul/, above the engine and the test machine's memory
 * (tests/unit/support/machine.h).
 * What lies below them, CPUs, clock and serial port, is played by metal.c,
 * which keeps what it was asked. The headers in ring3/ stand in
 * for those that a process cannot use.
 */
#ifndef PW_TESTS_METAL_H
#define PW_TESTS_METAL_H

#include <setjmp.h>

#include "tests/unit/support/machine.h"

#include "hv/cpu/x86.h"
#include "hv/domain/domain.h"
#include "hv/vcpu/vcpu.h"

/* Frames: the first are the hypervisor's, the others the domain's. */
#define METAL_SHARED 3  /* shared info */
#define METAL_OTHERS 4  /* the second domain's */
#define METAL_GRANTS 16 /* GRANT_MAX_FRAMES of them */
#define METAL_OTHER_GRANTS 64
#define METAL_FIRST 104
#define METAL_OTHER_FIRST (MACHINE_FRAMES - 4) /* and the last */
#define METAL_VCPUS 2
#define METAL_MSRS 8
#define METAL_IMAGE UINT64_C(0x200000) /* the hypervisor itself */
#define METAL_IMAGE_END UINT64_C(0x300000)
#define METAL_NOTHING (-1)

struct metal {
	struct machine m; /* first: the engine's port finds it by that */
	struct domain d;
	struct domain_config config;
	struct vcpu v[METAL_VCPUS]; /* vCPU n lives on CPU n */
	struct domain other;        /* metal_second_domain() */
	struct vcpu other_vcpu;
	unsigned int here; /* the CPU that works */
	/* The clock, and what CPU `here` set its timer to. */
	uint64_t now;
	uint64_t timer;
	unsigned int nr_timers;
	uint32_t lapic[64];
	/* CPUs that were woken; bit n: CPU n. */
	uint32_t woken;
	/* What befell the guest, or METAL_NOTHING. */
	int shutdown;
	int exception;
	uint32_t error;
	uint64_t address;
	/* The serial port. */
	size_t room;
	size_t drains; /* so much more room whenever it is asked for */
	char sent[8192];
	size_t nr_sent;
	bool stalled;         /* it takes nothing, for now */
	unsigned int nr_rung; /* the pipe's bell */
	const char *typed;    /* comes in */
	bool input_enabled;
	/* Registers. */
	uint64_t cr4;
	uint64_t cr3;
	/* What has been told the CPU of its TLB, in order. */
	char told[256];
	/* Of cpuid: what leaf 0 says in ebx. All else is ones, all features but
	 * these: of leaf 1, ecx and edx; of leaf 7, ebx. */
	uint32_t vendor;
	uint32_t lacks_1c, lacks_1d, lacks_7b;
	/* Guest memory is not there when it is loaded, and is when copied. */
	bool loads_fail;
	/* Where a panic goes on; NULL: it fails the test. */
	jmp_buf *panics;
	struct {
		uint32_t number;
		uint64_t value;
	} msr[METAL_MSRS];
	unsigned int nr_msrs;
};

/* Fixtures of cmocka; the standard space of machine.h is vCPU 0's. */
int metal_set_up(void **state);
int metal_tear_down(void **state);

/* Of four frames and without tables; its vCPU lives on CPU 1. */
struct domain *metal_second_domain(struct metal *t);

/*
 * A root waits to be taken down, and the door that is entered next stops before
 * it has begun; preemption is on until m.preempt_after is 0.
 */
#define METAL_SPARE 70
void metal_leave_work(struct metal *t);

/* The n-th frame of the domain. */
static inline mfn_t metal_frame(unsigned int n)
{
	return mfn(METAL_FIRST + n);
}

/* A hypercall whose argument is a structure; it comes back as it is then. */
typedef int64_t metal_call(struct vcpu *v, uint64_t arg[6]);
int64_t metal_op(struct metal *t, metal_call *fn, unsigned int cmd, void *op,
		 size_t size);
/* vcpu_op's form, for vCPU `id`. */
int64_t metal_vcpu_op(struct metal *t, unsigned int cmd, unsigned int id,
		      void *op, size_t size);
/* An address that is the guest's, and not mapped. */
#define METAL_UNMAPPED UINT64_C(0x700000)

bool metal_pending(const struct metal *t, unsigned int port);
void metal_set_msr(struct metal *t, uint32_t number, uint64_t value);

#endif
