/* SPDX-License-Identifier: MIT */
/*
 * A simulated x86 machine in this process: physical memory, page walk, TLB
 * and CR3, with either the engine on it as the hypervisor of one domain, or
 * nothing (native). The guest is C code of this process: it reaches the
 * machine's memory through pagewarden/port.h only, and so through page walk and
 * TLB, and makes hypercalls by calling them.
 *
 * A machine is one object; there is no other state, so many can live in one
 * process. All chance comes from config.seed: the same configuration and the
 * same guest give the same run.
 */
#ifndef PW_SIM_SIM_H
#define PW_SIM_SIM_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"
#include "abi/pte.h"
#include "builder/build.h"
#include "builder/layout.h"
#include "engine/report/audit.h"
#include "engine/report/event.h"
#include "engine/table/tags.h"
#include "engine/mmu.h"
#include "pagewarden/guest.h"
#include "sim/log.h"
#include "sim/random.h"
#include "sim/record.h"
#include "sim/tlb.h"
#include "sim/walk.h"

struct sim_config {
	uint64_t nr_frames; /* of the machine: see sim_frames_for() */
	uint64_t seed;
	bool hypervisor;
	/*
	 * Under the hypervisor 4-level or, for a 32-bit guest, PAE: of that one
	 * the CPU walks four levels, too, from an L4 of the hypervisor's.
	 */
	struct paging cpu;
	/* What the CPU has of identifiers, for the hypervisor (tags.h). */
	uint32_t tags;
	struct tlb_config tlb;
	/* After each hypercall, hold tables and TLB against I2 and the audit.
	 */
	bool check_always;
	/* Keep a record of the run (record.h), from its beginning. */
	bool record;
};

/* How a run of the guest came to its end. */
enum sim_end {
	SIM_RUNNING,
	SIM_RETURNED,  /* the guest's function returned: see guest_result */
	SIM_POWEROFF,  /* it shut the domain down */
	SIM_CRASHED,   /* the domain was crashed: a fault nobody handles */
	SIM_VIOLATION, /* the contract is broken: engine or simulator fault */
	SIM_NO_MEMORY, /* of the host */
};

extern const char *const sim_end_name[];

/* Registers, as far as a guest in C has any: for the crash report. */
struct sim_registers {
	const char *at; /* the port's function that was executing */
	uint64_t rax;
	uint64_t rcx;
	uint64_t rsi;
	uint64_t rdi;
	uint64_t cr2;
};

struct sim_stats {
	uint64_t hypercalls; /* traps; a multicall is one */
	uint64_t faults;     /* page faults, repaired or not */
	/*
	 * Translations used that the tables no longer say; of them, those that
	 * let an access through which the tables deny or lead elsewhere, and
	 * those that denied one which the tables allow.
	 */
	uint64_t stale_uses;
	uint64_t stale_allowed;
	uint64_t stale_denied;
	uint64_t stray; /* accesses to physical memory that is not there */
	uint64_t writes_cr3;
	uint64_t invlpg;
};

/* The use of a TLB entry that the tables no longer agree with. */
struct sim_stale {
	vaddr_t va;
	struct translation used;
	struct walk now;
};

/* A word that was written in a page which is otherwise as it was. */
struct lazy_word {
	uint64_t value;
	uint16_t index;
	bool written;
};

/* A page fault that nobody handled. */
struct sim_fault {
	bool happened;
	vaddr_t va;
	uint32_t code;
	/* The tables allow what was refused: the TLB did not know. */
	bool stale;
	uint32_t callers; /* of the record, if there is one */
};

struct sim;
struct sim_world;
/*
 * Who looks at the machine at moments when it stands still: at a refusal, the
 * engine's record of it being whole.
 */
struct sim_witness {
	void (*refused)(struct sim *s, const struct refusal *r);
};

/*
 * Who hears all that goes into the engine and all that the CPU does of its own:
 * a recorder.
 */
struct sim_ear {
	void (*begins)(struct sim *s); /* no frame has been given yet */
	void (*pool)(struct sim *s, mfn_t first, uint64_t nr);
	void (*event)(struct sim *s, const struct mmu_event *event);
	void (*asked)(struct sim *s, bool answer); /* whether to stop */
	void (*copied)(struct sim *s, bool in, const void *data, size_t bytes,
		       int rc);
	void (*cached)(struct sim *s, vaddr_t va); /* by the TLB */
	void (*flushed)(struct sim *s);
	void (*flushed_page)(struct sim *s, vaddr_t va);
	/* And nobody handles it. */
	void (*faulted)(struct sim *s, vaddr_t va, uint32_t code, bool stale);
};

/* The guest's page-fault handler: true if the access can be repeated. */
typedef bool sim_fault_handler(struct sim *s, vaddr_t va, uint32_t code);

struct sim {
	struct sim_config config;
	/* The engine; sim is found from it by container_of. */
	struct mmu mmu;
	struct mmu_domain dom;
	struct mmu_vcpu vcpu;
	unsigned int locks; /* held: engine/request/lock_order.h */
	pte_t desc_window[DESC_WINDOW_ENTRIES];
	struct guest guest; /* likewise */

	/* The CPU. */
	struct paging cpu;
	maddr_t cr3;
	bool user; /* privilege of accesses: a 64-bit PV guest has the user's */
	struct tlb tlb;
	struct tags tags; /* the hypervisor's */
	struct sim_registers regs;

	/* The guest's world. */
	sim_fault_handler *fault_handler;
	const struct sim_witness *witness; /* or NULL */
	void *witness_state;
	const struct sim_ear *ear; /* or NULL */
	void *ear_state;
	bool has_e820; /* else the engine's answer */
	struct guest_e820_map e820;
	uint64_t vm_assist;
	struct build_result built;
	struct layout layout;

	/* Faults to inject: an operation fails when the count comes to 0. */
	uint64_t preempt_after;   /* 0: never */
	uint64_t preempt_every;   /* the same again and again; 0: never */
	uint64_t preempt_asked;   /* since it came true last */
	uint64_t copy_fail_after; /* 0: never */

	/* The run. */
	bool in_run;
	jmp_buf out;
	enum sim_end end;
	int guest_result;
	char why[256]; /* one line, of the crash or the violation */
	struct sim_stats stats;
	struct sim_stale last_stale;
	struct sim_fault fault;
	struct sim_log log;
	const struct sim_world *world; /* NULL: the machine itself */
	struct sim_record *record;     /* if config.record */

	/* Memory of the host. */
	uint64_t ram_bytes;
	uint8_t *bounce; /* of a 32-bit guest (bounce.h); else NULL */
	struct audit_tally *tally;
	struct pfn_run *runs;
	unsigned int nr_runs;
	/* Of a domain started lazily (lazy.h), as bits; else NULL. */
	uint8_t *m2p_filled;         /* pages of the M2P */
	uint8_t *p2m_made;           /* pages of the P2M list that are in RAM */
	struct lazy_word *p2m_words; /* of those that are not: one each */
};

/*
 * A machine, nothing running on it. NULL with a line in *e: the host has not
 * even the addresses for it, or the configuration contradicts itself.
 */
struct sim *sim_create(const struct sim_config *config, struct build_error *e);
void sim_destroy(struct sim *s);

/* Frames that a machine needs for a domain of nr_pages. */
uint64_t sim_frames_for(uint64_t nr_pages);
/* A CPU with everything, in the mode; no hypervisor: as early boot has it. */
struct paging sim_cpu(enum paging_mode mode);

/*
 * Runs guest code until it returns or the machine ends it. A run that does
 * not end with SIM_RETURNED never comes back to the guest's code.
 */
typedef int sim_guest(struct sim *s, void *argument);
enum sim_end sim_run(struct sim *s, sim_guest *guest, void *argument);

/* Ends the run from inside it. */
_Noreturn void sim_stop(struct sim *s, enum sim_end end);
/* The contract is broken: says why, and ends the run. */
__attribute__((format(printf, 2, 3))) _Noreturn void sim_violation(
	struct sim *s, const char *format, ...);

/* One line on the machine's console, as the hypervisor's. */
__attribute__((format(printf, 2, 3))) void sim_say(struct sim *s,
						   const char *format, ...);

/* A 32-bit guest of the hypervisor? */
static inline bool sim_pae_guest(const struct sim *s)
{
	return s->config.hypervisor && s->config.cpu.mode == PAGING_PAE;
}
static inline struct walk_ram sim_ram(const struct sim *s)
{
	return (struct walk_ram){s->mmu.ram, s->ram_bytes};
}
static inline struct sim *sim_of_mmu(const struct mmu *m)
{
	return (struct sim *)((uintptr_t)m - offsetof(struct sim, mmu));
}
static inline struct sim *sim_of_guest(const struct guest *g)
{
	return (struct sim *)((uintptr_t)g - offsetof(struct sim, guest));
}

#endif
