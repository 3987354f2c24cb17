/* SPDX-License-Identifier: MIT */
/*
 * The control channel between the hypervisor, which writes it on COM2, and the
 * command, which reads it: one JSON object a line. Here are its events, their
 * members, and the values with which the machine is ended.
 *
 * docs/control.schema.json is made of this file by scripts/control-schema, so
 * a line has one form and no other:
 *
 *   #define EVENT_NAME "name"       then, for its members,
 *   #define NAME_MEMBER "member"    and a comment: type, "?" if it may be
 *                                   absent, ": " and what it says
 *
 * Types: number (unsigned), hex (a string with 0x), text, flag; hexes and texts
 * (lists of them), counts (an object of numbers by name), list (of objects),
 * object. A member of what is in a list or object of the same event says so
 * before its type: "hypercalls/number". What is in more than one event is a
 * record, #define RECORD_NAME "name" and members as of an event; its name is a
 * type, and with an s a list of them.
 *
 * To tell of something new, add its line, run scripts/control-schema, and use
 * the name: no other place has a list.
 */
#ifndef PW_ABI_CONTROL_H
#define PW_ABI_CONTROL_H

/* What is written to the debug-exit port 0xf4. */
#define CONTROL_EXIT_PORT 0xf4
enum control_exit {
	CONTROL_EXIT_POWEROFF = 0x10,
	CONTROL_EXIT_CRASH = 0x11,
	CONTROL_EXIT_FAILED = 0x12, /* the hypervisor itself */
	CONTROL_EXIT_REBOOT = 0x13,
	CONTROL_EXIT_BROKEN = 0x14, /* as CONTROL_BREAK asked, or an option */
};

/* What the command writes to the channel: end the run, and tell of it. */
#define CONTROL_BREAK '!' /* with a report of what the guest was doing */
#define CONTROL_END '.'   /* without */
/*
 * With the word "wait" on its command line the hypervisor waits for this byte
 * on COM2 after each refusal that it tells, so that its memory can be looked at
 * meanwhile; not for ever.
 */
#define CONTROL_GO 'g'
/*
 * With the word "pause" it writes a byte to a port instead, to this and the
 * next in turn, and the write returns when the command has looked: the whole
 * machine stands, its clock too, and no instruction more is executed for it.
 */
#define CONTROL_PAUSE_PORT 0xf8
/*
 * With the word "stop-in-guest": QEMU's pvpanic device, which stops the
 * machine, not to the instruction, so that a debugger can have it.
 */
#define CONTROL_STOP_PORT 0x505
#define CONTROL_STOP 1
/*
 * With the word "mark-at=N" the hypervisor leaves, each time that it goes back
 * to a guest behind request N, what it went back to in these words, the last of
 * them last. N has MARK_DIGITS digits: whatever it is, as many instructions are
 * executed.
 */
enum {
	MARK_REQUEST, /* the latest so far */
	MARK_RIP,     /* the guest goes on there */
	MARK_RSP,     /* with that stack pointer */
	MARK_WORDS,
};
#define MARK_DIGITS 16
#define MARK_NEVER (UINT64_C(1) << 53)
/*
 * So many of a domain's vCPUs are to be online, the first ones: followed by the
 * domain's place among those of the run and the number, each added to the base.
 */
#define CONTROL_VCPUS 'v'
#define CONTROL_VCPUS_BASE 0x40

/* What an event "lint" is an example of. */
#define LINT_NAME_NO_FLUSH "no flush"
#define LINT_NAME_BITS_LOST "bits lost"
#define LINT_NAME_DIRECT "direct write"

/* scripts/control-schema reads these lines. */
/* clang-format off */
#define CONTROL_EVENT "event"
/* Of a domain: its number, in each event that is about one. */
#define CONTROL_DOMAIN "domain"

#define EVENT_BOOT "boot"
#define BOOT_RAM_KIB "ram_kib" /* number: RAM that can be used */
#define BOOT_FRAMES "frames" /* number: records in the frame table */
#define BOOT_CPU "cpu" /* text: the CPU's brand string */

#define EVENT_GUEST_START "guest-start"
#define GUEST_START_DOMAIN "domain" /* number: the domain's */
#define GUEST_START_NAME "name" /* text: as it was configured */
#define GUEST_START_ENTRY "entry" /* hex: address of the first instruction */
#define GUEST_START_PAGES "pages" /* number: frames of the domain */
#define GUEST_START_TAG "tag" /* number: its owner tag in frame records */
#define GUEST_START_FRAME_TABLE "frame_table" /* hex: machine address */
#define GUEST_START_FRAMES "frames" /* number: of its records */
#define GUEST_START_M2P "m2p" /* hex: machine address */
#define GUEST_START_PT_PFN "pt_pfn" /* hex: of the builder's first table */
#define GUEST_START_PT_FRAMES "pt_frames" /* number: how many there are */
#define GUEST_START_US "us" /* number: since the hypervisor began */

#define EVENT_RECORDING "recording"
#define RECORDING_RING "ring" /* hex: its machine address */
#define RECORDING_WORDS "words" /* number: of 8 bytes that it holds */

#define EVENT_PIPE "pipe"
#define PIPE_RINGS "rings" /* hex: machine address of struct pipe_rings */

/* Who keeps a frame, beside the entries that name it and its pin. */
#define RECORD_USE "use"
#define USE_BY "by" /* text: kernel root, user root, GDT, LDT, ... */
#define USE_VCPU "vcpu" /* number?: whose root, table or page that is */
#define USE_INDEX "index" /* number?: page of the GDT or LDT; reference */
#define USE_DOMAIN "domain" /* number?: that maps it, or may by a grant */
#define USE_ENTRIES "entries" /* number?: of that domain's, that do */
#define USE_HANDLE "handle" /* number?: of a mapping of a grant */
#define USE_WRITABLE "writable" /* flag?: so mapped, lent or granted */
#define USE_ACTIVE "active" /* flag?: the grant is in use */

#define EVENT_REFUSAL "refusal"
#define REFUSAL_DOMAIN "domain" /* number: the domain's */
#define REFUSAL_OP "op" /* text: operation */
#define REFUSAL_INDEX "index" /* number: of the request in its list */
#define REFUSAL_RULE "rule" /* text: identifier in docs/rules.md */
#define REFUSAL_SENTENCE "sentence" /* text: the rule's */
#define REFUSAL_INVARIANT "invariant" /* text: I1 to I10, or ABI */
#define REFUSAL_ERRNO "errno" /* number: positive, Xen's */
#define REFUSAL_MFN "mfn" /* hex?: frame it is about */
#define REFUSAL_PFN "pfn" /* hex?: its M2P entry */
#define REFUSAL_SEEN "seen" /* hex?: type_info of the frame */
#define REFUSAL_EXPECTED "expected" /* hex?: type that was asked for */
#define REFUSAL_LEVEL "level" /* number?: of the entry refused */
#define REFUSAL_ENTRY "entry" /* hex?: that entry */
#define REFUSAL_BITS "bits" /* hex?: its bits that may not be set */
#define REFUSAL_OLD "old" /* hex?: what it was to replace */
#define REFUSAL_WHERE "where" /* hex?: its machine address */
#define REFUSAL_TABLE "table" /* hex?: mfn of its table */
#define REFUSAL_SLOT "slot" /* number?: index in the table */
#define REFUSAL_ASKED_TABLE "asked_table" /* hex?: table asked for */
#define REFUSAL_OPERAND0 "operand0" /* hex?: first word of the operands */
#define REFUSAL_OPERAND1 "operand1" /* hex?: second */
#define REFUSAL_OPERAND2 "operand2" /* hex?: third */
#define REFUSAL_REQUEST "request" /* number: serial number of the operation */
#define REFUSAL_US "us" /* number: microseconds since the guest began */
#define REFUSAL_OF "of" /* number?: requests in its list */
#define REFUSAL_SOURCE "source" /* hex?: guest address of its operands */
#define REFUSAL_CALL "call" /* number?: index in the multicall */
#define REFUSAL_RIP "rip" /* hex: the guest's */
#define REFUSAL_STACK "stack" /* hexes: words that may be return addresses */
#define REFUSAL_VCPU "vcpu" /* number?: who asked; absent: we ourselves */
#define REFUSAL_SERIAL "serial" /* number: refusals so far */
#define REFUSAL_USES "uses" /* uses: of the frame, but for entries and pins */
#define REFUSAL_MORE_USES "more_uses" /* number?: that are not in the list */

#define EVENT_HISTORY "history"
#define HISTORY_DOMAIN "domain" /* number: the domain's */
#define HISTORY_REQUEST "request" /* number: serial number of the operation */
#define HISTORY_OP "op" /* text: operation */
#define HISTORY_INDEX "index" /* number: of the request in its list */
#define HISTORY_US "us" /* number: microseconds since the guest began */
#define HISTORY_OF "of" /* number?: requests in its list */
#define HISTORY_SOURCE "source" /* hex?: guest address of its operands */
#define HISTORY_CALL "call" /* number?: index in the multicall */
#define HISTORY_WHAT "what" /* text: what happened to the frame */
#define HISTORY_LEVEL "level" /* number?: of the table */
#define HISTORY_TABLE "table" /* hex?: mfn of the table */
#define HISTORY_SLOT "slot" /* number?: index in it */
#define HISTORY_OLD "old" /* hex?: the entry before */
#define HISTORY_ENTRY "entry" /* hex?: and after */
#define HISTORY_STACK "stack" /* hexes: words that may be return addresses */

#define EVENT_QUEUED "queued"
#define QUEUED_DOMAIN "domain" /* number: the domain's */
#define QUEUED_REQUEST "request" /* number: serial number of the operation */
#define QUEUED_OP "op" /* text: operation */
#define QUEUED_ADDRESS "address" /* hex: where its operands stood */
#define QUEUED_WRITES "writes" /* number: seen there */
#define QUEUED_VCPU "vcpu" /* number?: that wrote last */
#define QUEUED_RIP "rip" /* hex?: behind the instruction that did */
#define QUEUED_DEAF "deaf" /* flag?: the guest's own breakpoints did not work */
#define QUEUED_STACK "stack" /* hexes: words that may be return addresses */

#define EVENT_TABLE_WRITE "table_write"
#define TABLE_WRITE_DOMAIN "domain" /* number: the domain's */
#define TABLE_WRITE_VA "va" /* hex: where the guest's kernel wrote */
#define TABLE_WRITE_MFN "mfn" /* hex: the frame there, a table */
#define TABLE_WRITE_PFN "pfn" /* hex?: its M2P entry */
#define TABLE_WRITE_SEEN "seen" /* hex: its type_info */
#define TABLE_WRITE_TABLE "table" /* hex: mfn of the L1 that maps it */
#define TABLE_WRITE_SLOT "slot" /* number: index in that */
#define TABLE_WRITE_ENTRY "entry" /* hex: the entry there */
#define TABLE_WRITE_REQUEST "request" /* number: operations so far */
#define TABLE_WRITE_US "us" /* number: microseconds since the guest began */
#define TABLE_WRITE_VCPU "vcpu" /* number: which */
#define TABLE_WRITE_RIP "rip" /* hex: of the instruction */
#define TABLE_WRITE_STACK "stack" /* hexes: may be return addresses */
#define TABLE_WRITE_NR "nr" /* number: how many so far; the first are told */
#define TABLE_WRITE_USES "uses" /* uses: of the frame, as of a refusal's */
#define TABLE_WRITE_MORE_USES "more_uses" /* number?: not in the list */

#define EVENT_STALE "stale_translation"
#define STALE_DOMAIN "domain" /* number: the domain's */
#define STALE_VA "va" /* hex: the tables allow what faulted there */
#define STALE_MFN "mfn" /* hex: the frame there */
#define STALE_PFN "pfn" /* hex?: its M2P entry */
#define STALE_SEEN "seen" /* hex: its type_info */
#define STALE_TABLE "table" /* hex: mfn of the L1 that maps it */
#define STALE_SLOT "slot" /* number: index in that */
#define STALE_ENTRY "entry" /* hex: the entry there */
#define STALE_REQUEST "request" /* number: operations so far */
#define STALE_US "us" /* number: microseconds since the guest began */
#define STALE_VCPU "vcpu" /* number: which */
#define STALE_RIP "rip" /* hex: of the instruction */
#define STALE_STACK "stack" /* hexes: may be return addresses */
#define STALE_NR "nr" /* number: how many so far; the first are told */
#define STALE_USES "uses" /* uses: of the frame, as of a refusal's */
#define STALE_MORE_USES "more_uses" /* number?: not in the list */

#define EVENT_LINT "lint"
#define LINT_DOMAIN "domain" /* number: the domain's */
#define LINT_WHAT "what" /* text: no flush, bits lost, direct write */
#define LINT_REQUEST "request" /* number: serial number of the operation */
#define LINT_OP "op" /* text: operation */
#define LINT_TABLE "table" /* hex: mfn of the table */
#define LINT_SLOT "slot" /* number: index in it */
#define LINT_OLD "old" /* hex: the entry before */
#define LINT_ENTRY "entry" /* hex: and after */
#define LINT_STACK "stack" /* hexes: words that may be return addresses */

#define EVENT_ENDING "ending"
#define ENDING_DOMAIN "domain" /* number: the domain's, it has stopped */
#define ENDING_NO_FLUSH "no_flush" /* number: made writable without a flush */
#define ENDING_NO_FLUSH_FIRST "no_flush_first" /* number: request of one */
#define ENDING_BITS_LOST "bits_lost" /* number: of accessed or dirty bits */
#define ENDING_DIRECT "direct" /* number: direct writes to tables */
#define ENDING_WRITES "writes" /* number: entries written in all */
#define ENDING_UNTYPED "untyped" /* hex: where frames are that were tables */
#define ENDING_NR_UNTYPED "nr_untyped" /* number: of them, 8 bytes each */
#define ENDING_ROOTS "roots" /* hexes: mfns of the vCPUs' roots */

#define EVENT_REGISTERS "registers"
#define REGISTERS_DOMAIN "domain" /* number: the domain's, it has stopped */
#define REGISTERS_VCPU "vcpu" /* number: which; one event for each */
#define REGISTERS_VALUES "values" /* hexes: as Linux's user_regs_struct */
#define REGISTERS_ROOT "root" /* hex: mfn of the kernel's root */

#define EVENT_DUMP "dump"
#define DUMP_DOMAIN "domain" /* number: whose memory is to be read now */

/* With the option mark-at=N: three words, written in this order. */
#define EVENT_MARK "mark"
#define MARK_AT "at" /* hex: their virtual address */

#define EVENT_STOPPED "stopped"
#define STOPPED_DOMAIN "domain" /* number: the domain's */
#define STOPPED_REQUEST "request" /* number: operations so far */
#define STOPPED_VCPU "vcpu" /* number: that goes on when the machine does */
#define STOPPED_RIP "rip" /* hex: from there */
#define STOPPED_RSP "rsp" /* hex: with this stack pointer */

#define EVENT_AUDIT "audit"
#define AUDIT_DOMAIN "domain" /* number: at whose doing */
#define AUDIT_WHEN "when" /* text: exit, periodic, destroyed */
#define AUDIT_DIFFERENCES "differences" /* number: found by this run */

#define EVENT_CRASH "crash"
#define CRASH_DOMAIN "domain" /* number: the domain's */
#define CRASH_REASON "reason" /* text: what made the domain end */
#define CRASH_RIP "rip" /* hex: the guest's */
#define CRASH_VCPU "vcpu" /* number: which */
#define CRASH_STACK "stack" /* hexes: words that may be return addresses */

#define EVENT_PLACE "place"
#define PLACE_DOMAIN "domain" /* number: the domain's */
#define PLACE_VCPU "vcpu" /* number: which; one event for each */
#define PLACE_STATE "state" /* text: running, waiting, down */
#define PLACE_MODE "mode" /* text: kernel or user, whose code it was in */
#define PLACE_RIP "rip" /* hex?: unless it never ran */
#define PLACE_PENDING "pending" /* flag: events wait for it */
#define PLACE_MASKED "masked" /* flag: and it does not take any */
#define PLACE_EXCEPTIONS "exceptions" /* list: given to it, the last first */
#define EXCEPTION_VECTOR "vector" /* exceptions/number: of the exception */
#define EXCEPTION_NAME "name" /* exceptions/text: its name */
#define EXCEPTION_ERROR "error" /* exceptions/number: error code */
#define EXCEPTION_RIP "rip" /* exceptions/hex: where it happened */
#define EXCEPTION_CR2 "cr2" /* exceptions/hex: address of a page fault */
#define EXCEPTION_TIMES "times" /* exceptions/number: in a row */
#define PLACE_CALLS "calls" /* texts: its hypercalls, the last first */
#define PLACE_STACK "stack" /* hexes?: words that may be return addresses */

#define EVENT_PHASE "phase"
#define PHASE_DOMAIN "domain" /* number: the domain's */
#define PHASE_NAME "name" /* text: start of day, own tables, ... */
#define PHASE_US "us" /* number: microseconds since the guest began */

#define EVENT_SHUTDOWN "shutdown"
#define SHUTDOWN_DOMAIN "domain" /* number: the domain's */
#define SHUTDOWN_REASON "reason" /* text: poweroff, reboot, crash, halted, ... */

#define EVENT_PANIC "panic"
#define PANIC_REASON "reason" /* text: our own failure */

#define EVENT_UNFIT "unfit"
#define UNFIT_LACKS "lacks" /* text: what the CPU does not have */

#define EVENT_LOST "lost"
#define LOST_REPORTS "reports" /* number: events that had no room */

#define EVENT_SUMMARY "summary"
#define SUMMARY_DOMAIN "domain" /* number: the domain's */
#define SUMMARY_HYPERCALLS "hypercalls" /* list: those that were called */
#define CALL_NAME "name" /* hypercalls/text: its name */
#define CALL_CALLS "calls" /* hypercalls/number: how often */
#define CALL_REFUSED "refused" /* hypercalls/number: of them with an error */
#define SUMMARY_PTE_WRITES "pte_writes" /* number: entries written */
#define SUMMARY_PTWR "ptwr" /* number: of them, direct writes */
#define SUMMARY_VALIDATED "validated" /* number: tables */
#define SUMMARY_TLB_FLUSHES "tlb_flushes" /* object: of the guest's */
#define FLUSHES_ALL "all" /* tlb_flushes/number: of everything */
#define FLUSHES_ONE "one" /* tlb_flushes/number: of one address */
#define FLUSHES_CAUSES "causes" /* tlb_flushes/counts: of all, by cause */
#define SUMMARY_PEAK "peak" /* object: frames by type, at most */
#define PEAK_L1 "l1" /* peak/number: tables of level 1 */
#define PEAK_L2 "l2" /* peak/number: tables of level 2 */
#define PEAK_L3 "l3" /* peak/number: tables of level 3 */
#define PEAK_L4 "l4" /* peak/number: tables of level 4 */
#define PEAK_DESC "desc" /* peak/number: descriptor pages */
#define PEAK_WRITABLE "writable" /* peak/number: writable */
#define SUMMARY_TRAPS "traps" /* counts: exceptions by name */
#define SUMMARY_AUDIT "audit" /* object?: of all audits */
#define AUDITS_RUNS "runs" /* audit/number: how many */
#define AUDITS_DIFFERENCES "differences" /* audit/number: found by all */
#define SUMMARY_INSTRUCTIONS "instructions" /* number: TSC of the run */
#define SUMMARY_LONGEST_STRETCH "longest_stretch" /* number?: TSC, no stop */
#define SUMMARY_LONGEST_STRETCH_AT "longest_stretch_at" /* hex?: where */
#define SUMMARY_LONGEST_STAY "longest_stay" /* number?: TSC within one entry */
#define SUMMARY_LOST "lost" /* object: what had no room */
#define SUMMARY_LOST_BYTES "console_bytes" /* lost/number: of the console */
#define SUMMARY_LOST_REPORTS "reports" /* lost/number: events not sent */
#define SUMMARY_REFUSED_TOTAL "refused_total" /* number: all refusals */
#define SUMMARY_REFUSED_UNTOLD "refused_untold" /* number: not told of */

/* clang-format on */

#endif
