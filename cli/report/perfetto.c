/* SPDX-License-Identifier: MIT */
/*
 * Protocol buffers are tags and varints, so the few messages that are needed
 * are put together here: TracePacket with a TrackDescriptor or a TrackEvent
 * (perfetto/trace/track_event/track_event.proto). A track for each vCPU with
 * its requests, one for the phases of the boot, one for each domain's frames
 * by type.
 *
 * Packets go out in the order of the records; the readers sort by time.
 */
#include "cli/report/perfetto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/report/pack.h"
#include "engine/mmu.h"

enum {
	TRACE_PACKET = 1,
	PACKET_TIMESTAMP = 8,
	PACKET_SEQUENCE = 10,
	PACKET_TRACK_EVENT = 11,
	PACKET_TRACK_DESCRIPTOR = 60,
	DESCRIPTOR_UUID = 1,
	DESCRIPTOR_NAME = 2,
	DESCRIPTOR_COUNTER = 8,
	EVENT_TYPE = 9,
	EVENT_TRACK = 11,
	EVENT_CATEGORY = 22,
	EVENT_NAME = 23,
	EVENT_VALUE = 30,
};
enum event_type { SLICE_BEGIN = 1, SLICE_END, INSTANT, COUNTER };

#define WIRE_BYTES 2
#define PHASES 1 /* tracks by number */
#define COUNTERS 16
#define VCPUS 1024
#define COUNT_EVERY 64 /* operations */

struct perfetto {
	const struct trace *t;
	struct replay *r;
	FILE *to;
	uint64_t khz;
	uint64_t time; /* ticks, of the last record that has one */
	uint64_t operations;
	unsigned int phase; /* in force */
	uint64_t track;     /* of the request under way */
	unsigned int op;
	uint8_t known[VCPUS / 8]; /* tracks of vCPUs that have been told */
	uint64_t counted[FRAME_TYPES];
	bool counters;
	bool failed;
};

static void put_varint(struct pack *p, unsigned int field, uint64_t n)
{
	pack_number(p, (uint64_t)field << 3);
	pack_number(p, n);
}

static void put_bytes(struct pack *p, unsigned int field, const void *bytes,
		      size_t nr)
{
	pack_number(p, (uint64_t)field << 3 | WIRE_BYTES);
	pack_number(p, nr);
	for (size_t i = 0; i < nr; i++) {
		pack_byte(p, ((const uint8_t *)bytes)[i]);
	}
}

static void put_string(struct pack *p, unsigned int field, const char *s)
{
	put_bytes(p, field, s, strlen(s));
}

/* One packet, with what is in `inner` as its field. */
static void packet(struct perfetto *f, unsigned int field, struct pack *inner)
{
	struct pack body = {0};
	struct pack whole = {0};
	uint64_t khz = f->khz == 0 ? 1000000 : f->khz;

	put_varint(&body, PACKET_TIMESTAMP,
		   (uint64_t)((double)f->time * 1e6 / (double)khz));
	put_varint(&body, PACKET_SEQUENCE, 1);
	put_bytes(&body, field, inner->at, inner->nr);
	put_bytes(&whole, TRACE_PACKET, body.at, body.nr);
	f->failed = f->failed || inner->failed || body.failed || whole.failed ||
		    fwrite(whole.at, 1, whole.nr, f->to) != whole.nr;
	pack_fini(inner);
	pack_fini(&body);
	pack_fini(&whole);
}

static void track(struct perfetto *f, uint64_t uuid, const char *name,
		  bool counter)
{
	struct pack p = {0};

	put_varint(&p, DESCRIPTOR_UUID, uuid);
	put_string(&p, DESCRIPTOR_NAME, name);
	if (counter) {
		put_bytes(&p, DESCRIPTOR_COUNTER, "", 0);
	}
	packet(f, PACKET_TRACK_DESCRIPTOR, &p);
}

static void event(struct perfetto *f, enum event_type type, uint64_t uuid,
		  const char *category, const char *name)
{
	struct pack p = {0};

	put_varint(&p, EVENT_TYPE, type);
	put_varint(&p, EVENT_TRACK, uuid);
	if (name != NULL) {
		put_string(&p, EVENT_CATEGORY, category);
		put_string(&p, EVENT_NAME, name);
	}
	packet(f, PACKET_TRACK_EVENT, &p);
}

static void count(struct perfetto *f)
{
	static const char *const names[FRAME_TYPES] = {
		[FRAME_L1] = "L1 frames",
		[FRAME_L2] = "L2 frames",
		[FRAME_L3] = "L3 frames",
		[FRAME_L4] = "L4 frames",
		[FRAME_DESC] = "descriptor frames",
		[FRAME_WRITABLE] = "writable frames",
	};
	const struct mmu_domain *d;

	for (unsigned int type = 0; type < FRAME_TYPES; type++) {
		uint64_t now = 0;
		struct pack p = {0};

		for (unsigned int i = 0; (d = replay_domain(f->r, i)) != NULL;
		     i++) {
			now += d->stats.typed[type];
		}
		if (names[type] != NULL && !f->counters) {
			track(f, COUNTERS + type, names[type], true);
		}
		if (names[type] == NULL ||
		    (f->counters && now == f->counted[type])) {
			continue;
		}
		f->counted[type] = now;
		put_varint(&p, EVENT_TYPE, COUNTER);
		put_varint(&p, EVENT_TRACK, COUNTERS + type);
		put_varint(&p, EVENT_VALUE, now);
		packet(f, PACKET_TRACK_EVENT, &p);
	}
	f->counters = true;
}

/* The next phase, if it is one that comes after that in force. */
static void phase(struct perfetto *f, unsigned int number)
{
	static const char *const names[] = {"", "start of day", "own tables",
					    "user space", "death"};

	if (number <= f->phase) {
		return;
	}
	if (f->phase == 0) {
		track(f, PHASES, "phases", false);
	} else {
		event(f, SLICE_END, PHASES, NULL, NULL);
	}
	f->phase = number;
	event(f, SLICE_BEGIN, PHASES, "phase", names[number]);
}

/* The vCPU's track; the hypervisor's own, for a domain, is one, too. */
static uint64_t track_of(struct perfetto *f, const struct trace_record *r)
{
	unsigned int vcpu = r->vcpu == TRACE_NO_VCPU ? 31 : r->vcpu % 31;
	unsigned int i = (r->domain % 32) * 32 + vcpu;
	char name[32];

	if ((f->known[i / 8] >> i % 8 & 1) == 0) {
		f->known[i / 8] |= (uint8_t)(1 << i % 8);
		if (vcpu == 31) {
			snprintf(name, sizeof(name), "d%u, for it", r->domain);
		} else {
			snprintf(name, sizeof(name), "d%uv%u", r->domain, vcpu);
		}
		track(f, VCPUS + i, name, false);
	}
	return VCPUS + i;
}

static void begins(struct perfetto *f, const struct trace_record *r)
{
	f->time = r->word[0];
	f->op = r->detail;
	f->operations++;
	if (r->detail == MMU_OP_START) {
		phase(f, 1);
	} else if (r->detail == MMU_OP_DEATH) {
		phase(f, 4);
	}
	f->track = track_of(f, r);
	event(f, SLICE_BEGIN, f->track, "request",
	      operation_info[r->detail].name);
}

static void copied(struct perfetto *f, const struct trace_record *r)
{
	uint32_t cmd;

	if (f->op != MMU_OP_MMUEXT || r->nr != 3) {
		return;
	}
	cmd = (uint32_t)r->word[0];
	if (cmd == MMUEXT_NEW_BASEPTR) {
		phase(f, 2);
	} else if (cmd == MMUEXT_NEW_USER_BASEPTR && r->word[1] != 0) {
		phase(f, 3);
	}
}

static void take(struct perfetto *f, const struct trace_record *r)
{
	switch (r->kind) {
	case TRACE_CLOCK:
		f->khz = r->word[0];
		break;
	case TRACE_BEGIN:
		begins(f, r);
		break;
	case TRACE_COPIED_IN:
		copied(f, r);
		break;
	case TRACE_REFUSED:
		event(f, INSTANT, f->track, "refusal",
		      rule_info[r->detail].name);
		break;
	case TRACE_END:
		f->time = r->word[1];
		event(f, SLICE_END, f->track, NULL, NULL);
		break;
	case TRACE_PAGE_FAULT:
		f->time = r->word[2];
		event(f, INSTANT, track_of(f, r), "fault", "page fault");
		break;
	default:
		break;
	}
}

static void step(void *state, uint64_t from, uint64_t to)
{
	struct perfetto *f = state;
	struct trace_record r = {.kind = TRACE_NAMES};

	while (from < to && trace_next(f->t, &from, &r)) {
		take(f, &r);
	}
	if (r.kind == TRACE_END && f->operations % COUNT_EVERY == 1) {
		count(f);
	}
}

/* The engine's flushes; their time is that of the last record. */
static void heard(void *state, struct mmu_domain *d, const struct mmu_event *e)
{
	struct perfetto *f = state;

	(void)d;
	if (e->kind == MMU_EVENT_FLUSHED) {
		event(f, INSTANT, f->track != 0 ? f->track : PHASES, "flush",
		      "TLB flush");
	}
}

static enum exit_status run(struct perfetto *f, char error[TRACE_ERROR_SIZE])
{
	static const struct replay_watcher watcher = {heard, step};
	const struct replay_options o = {.watcher = &watcher,
					 .watcher_state = f};
	struct replay_result result;

	replay_run(f->r, &o, &result);
	count(f);
	if (f->phase != 0) {
		event(f, SLICE_END, PHASES, NULL, NULL);
	}
	if (result.differs) {
		snprintf(error, TRACE_ERROR_SIZE, "it does not replay: %.200s",
			 result.line);
		return STATUS_USAGE;
	}
	if (f->failed) {
		snprintf(error, TRACE_ERROR_SIZE, "not all could be written");
	}
	return f->failed ? STATUS_OURS : STATUS_OK;
}

static enum exit_status run_to_file(struct perfetto *f, const char *out,
				    char error[TRACE_ERROR_SIZE])
{
	enum exit_status status;

	f->to = fopen(out, "we");
	if (f->to == NULL) {
		snprintf(error, TRACE_ERROR_SIZE, "%s", strerror(errno));
		return STATUS_USAGE;
	}
	status = run(f, error);
	if (fclose(f->to) != 0 && status == STATUS_OK) {
		snprintf(error, TRACE_ERROR_SIZE, "%s", strerror(errno));
		status = STATUS_OURS;
	}
	if (status != STATUS_OK) {
		output_forget(out);
	}
	return status;
}

enum exit_status perfetto_write(const struct trace *t, const char *out,
				char error[TRACE_ERROR_SIZE])
{
	struct perfetto *f = calloc(1, sizeof(*f));
	enum exit_status status = STATUS_OURS;

	snprintf(error, TRACE_ERROR_SIZE, "no memory");
	if (f == NULL) {
		return status;
	}
	f->t = t;
	f->r = replay_new(t);
	if (f->r != NULL) {
		status = run_to_file(f, out, error);
		replay_free(f->r);
	}
	free(f);
	return status;
}
