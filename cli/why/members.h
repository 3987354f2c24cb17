/* SPDX-License-Identifier: MIT */
/*
 * A report as programs read it: one object for each, in `reports` of the
 * document of `run --summary=json`, with all that a person is shown. Here are
 * its members; docs/report.schema.json is made of this file by
 * `scripts/control-schema report`, by the rules of abi/control.h.
 */
#ifndef PW_CLI_WHY_MEMBERS_H
#define PW_CLI_WHY_MEMBERS_H

/* scripts/control-schema reads these lines. */
/* clang-format off */
#define RECORD_CALLER "caller"
#define CALLER_ADDRESS "address" /* hex: to which it returns */
#define CALLER_FUNCTION "function" /* text?: that holds the call */
#define CALLER_OFFSET "offset" /* number?: of the address in it */
#define CALLER_FILE "file" /* text?: with --symbols of an ELF with DWARF */
#define CALLER_LINE "line" /* number?: in that file, of the call */

#define RECORD_REQUEST "request"
#define REQUEST_NUMBER "number" /* number: since the domain's start */
#define REQUEST_US "us" /* number?: microseconds since the guest began */
#define REQUEST_VCPU "vcpu" /* number?: who asked; absent: nobody, or unknown */
#define REQUEST_OP "op" /* text: operation */
#define REQUEST_INDEX "index" /* number: in its list */
#define REQUEST_OF "of" /* number?: requests in that */
#define REQUEST_CALL "call" /* number?: index in the multicall */
#define REQUEST_OPERANDS "operands" /* hexes?: its words */

#define RECORD_MAKER "maker"
#define MAKER_REQUEST "request" /* request?: absent: a store, or the builder */
#define MAKER_WHAT "what" /* text: what it did */
#define MAKER_CALLERS "callers" /* callers: of the hypercall, the store */
#define MAKER_QUEUED_BY "queued_by" /* callers?: if another wrote it down */

#define RECORD_ENTRY "entry"
#define ENTRY_LEVEL "level" /* number?: of the table, 1 to 4 */
#define ENTRY_TABLE "table" /* hex?: mfn of the table */
#define ENTRY_SLOT "slot" /* number?: index in it */
#define ENTRY_VA "va" /* hex?: address that was written to */
#define ENTRY_VALUE "value" /* hex: the entry */
#define ENTRY_FLAGS "flags" /* texts: those that it has */
#define ENTRY_NOT_ALLOWED "not_allowed" /* texts?: those that it may not */
#define ENTRY_OLD "old" /* hex?: what it was to replace */
#define ENTRY_OLD_FLAGS "old_flags" /* texts?: of that */
#define ENTRY_ASKED_TABLE "asked_table" /* hex?: table that was validated */

#define RECORD_HOLDER "holder"
#define HOLDER_LEVEL "level" /* number: of the table, 1 to 4 */
#define HOLDER_TABLE "table" /* hex: mfn of the table */
#define HOLDER_SLOT "slot" /* number: index in it */
#define HOLDER_VALUE "value" /* hex: the entry */
#define HOLDER_FLAGS "flags" /* texts: those that it has */
#define HOLDER_VA "va" /* hex?: address by which it is reached */
#define HOLDER_ROOT "root" /* hex?: mfn of the L4 by which that is */
#define HOLDER_HOOKED "hooked" /* flag: another table leads to its table */
#define HOLDER_OTHER "other_domain" /* flag: the table is another domain's */
#define HOLDER_MADE_BY "made_by" /* maker?: with --explain */

#define RECORD_USE "use"
#define WHY_USE_BY "by" /* text: kernel root, user root, GDT, LDT, ... */
#define WHY_USE_VCPU "vcpu" /* number?: whose that is */
#define WHY_USE_INDEX "index" /* number?: page of the GDT or LDT; reference */
#define WHY_USE_DOMAIN "domain" /* number?: that maps it, or may by a grant */
#define WHY_USE_ENTRIES "entries" /* number?: of that domain's, that do */
#define WHY_USE_HANDLE "handle" /* number?: of a mapping of a grant */
#define WHY_USE_WRITABLE "writable" /* flag?: so mapped, lent or granted */
#define WHY_USE_ACTIVE "active" /* flag?: the grant is in use */

#define RECORD_HOLDING "holding"
#define HOLDING_KNOWN "entries_known" /* flag: they were looked for */
#define HOLDING_WRITABLE "writable" /* number: writable mappings */
#define HOLDING_READ_ONLY "read_only" /* number: read-only ones */
#define HOLDING_UPPER "as_table" /* number: references as a table */
#define HOLDING_ENTRIES "entries" /* holders: the first of all these */
#define HOLDING_MORE "more_entries" /* number: that are not in the list */
#define HOLDING_PINNED "pinned" /* flag: by a pin */
#define HOLDING_PIN_BY "pinned_by" /* maker?: of the pin */
#define HOLDING_TYPED_BY "typed_by" /* maker?: who made it a table */
#define HOLDING_USES "uses" /* uses: whatever is in no table */
#define HOLDING_MORE_USES "more_uses" /* number: that are not in the list */

#define RECORD_PAST "past"
#define PAST_REQUEST "request" /* request?: absent: a store */
#define PAST_WHAT "what" /* text: what happened */
#define PAST_LEVEL "level" /* number?: of the table */
#define PAST_TABLE "table" /* hex?: mfn of the table */
#define PAST_SLOT "slot" /* number?: index in it */
#define PAST_CALLERS "callers" /* callers: who did */

#define RECORD_REPORT "report"
#define REPORT_TITLE "title" /* text: the rule, TABLE_WRITTEN, CRASH, PLACE, LINT, ... */
#define REPORT_SENTENCE "sentence" /* text: what is wrong */
#define REPORT_DOMAIN "domain" /* number?: whose */
#define REPORT_MFN "mfn" /* hex?: the frame */
#define REPORT_PFN "pfn" /* hex?: its pfn */
#define REPORT_SEEN "seen" /* text?: its type in words */
#define REPORT_WANTED "wanted" /* text?: the type that was asked for */
#define REPORT_INVARIANT "invariant" /* text?: that would be broken */
#define REPORT_ENTRY "entry" /* entry?: refused, or written through */
#define REPORT_REQUEST "request" /* request?: that was refused */
#define REPORT_AFTER "after" /* number?: of a fault, the last request before */
#define REPORT_US "us" /* number?: microseconds since the guest began */
#define REPORT_VCPU "vcpu" /* number?: of a fault or crash, which */
#define REPORT_RIP "rip" /* hex?: of the guest */
#define REPORT_CALLERS "callers" /* callers: the innermost first */
#define REPORT_QUEUED_BY "queued_by" /* callers?: if another wrote it down */
#define REPORT_HELD_BY "held_by" /* holding?: what keeps the frame */
#define REPORT_HISTORY "history" /* pasts?: of the frame */
#define REPORT_ACCEPTED_IF "accepted_if" /* text?: what would have been */
#define REPORT_HINTS "hints" /* texts: what the mistake is */
#define REPORT_AGAIN "again" /* text?: a command line that stops there */
/* clang-format on */

#endif
