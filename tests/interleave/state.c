/* SPDX-License-Identifier: MIT */
/*
 * The state: memory as far as anything is ever written to it, the engine's
 * structures, what the CPUs have cached, and what the threads are in the midst
 * of. Saved as one block; a page as those of its words that are not 0.
 *
 * Two states are the same if their hashes are (64 bits). What cannot have an
 * effect is left out: statistics, the record of the last refusal, and of
 * epochs whether they are the one that runs.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/interleave/world.h"

struct world_state {
	struct world_state *next; /* of those that were forgotten */
	size_t room;
	uint8_t at[];
};

static struct world_state *forgotten;

static struct world_state *room_of(size_t bytes)
{
	struct world_state *s = forgotten;

	if (s != NULL) {
		forgotten = s->next;
		if (s->room >= bytes) {
			return s;
		}
		free(s);
	}
	s = malloc(sizeof(*s) + bytes * 2);
	if (s == NULL) {
		abort();
	}
	s->room = bytes * 2;
	return s;
}

static uint8_t *block;
static size_t block_size, block_room;

static void put(const void *what, size_t bytes)
{
	while (block_size + bytes > block_room) {
		block_room = block_room == 0 ? 1u << 17 : block_room * 2;
		block = realloc(block, block_room);
		if (block == NULL) {
			abort();
		}
	}
	memcpy(block + block_size, what, bytes);
	block_size += bytes;
}

static const uint8_t *get(const uint8_t *from, void *to, size_t bytes)
{
	memcpy(to, from, bytes);
	return from + bytes;
}

/* All of a world_cpu but its thread. */
#define CPU_REST offsetof(struct world_cpu, loaded)

static void put_page(mfn_t f)
{
	const uint64_t *word = frame_data(&world.m->mmu, f);
	uint16_t nr = 0;
	size_t at = block_size;

	put(&nr, sizeof(nr));
	for (uint16_t i = 0; i < PT_ENTRIES; i++) {
		if (word[i] != 0) {
			put(&i, sizeof(i));
			put(&word[i], sizeof(word[i]));
			nr++;
		}
	}
	memcpy(block + at, &nr, sizeof(nr));
}

static const uint8_t *get_page(const uint8_t *from, mfn_t f)
{
	uint64_t *word = frame_data(&world.m->mmu, f);
	uint16_t nr;

	from = get(from, &nr, sizeof(nr));
	memset(word, 0, PAGE_SIZE);
	while (nr-- > 0) {
		uint16_t i;

		from = get(from, &i, sizeof(i));
		from = get(from, &word[i], sizeof(word[i]));
	}
	return from;
}

struct world_state *world_save(void)
{
	struct metal_state metal = metal_save();
	struct world_state *s;

	block_size = 0;
	put(&metal, sizeof(metal));
	put(world.m, offsetof(struct machine, tally));
	put(world.m->guest, sizeof(world.m->guest));
	for (unsigned int i = 0; i < WORLD_CPUS; i++) {
		const struct world_cpu *c = &world.cpu[i];
		const struct cached_list *l =
			&world.m->cpu[world_place(i)].cache;
		size_t used = thread_used(&c->thread);

		put((const uint8_t *)c + CPU_REST, sizeof(*c) - CPU_REST);
		put(&used, sizeof(used));
		put(c->thread.sp, used);
		put(l->at, l->nr * sizeof(*l->at));
	}
	for (unsigned int i = 0; i < world.nr_hot; i++) {
		put_page(world.hot[i]);
	}
	s = room_of(block_size);
	memcpy(s->at, block, block_size);
	return s;
}

/* The lists stay where they are, and only grow. */
static void keep_lists(const struct worst_cpu *kept)
{
	for (unsigned int i = 0; i < MACHINE_CPUS; i++) {
		unsigned int nr = world.m->cpu[i].cache.nr;

		world.m->cpu[i].cache = kept[i].cache;
		world.m->cpu[i].spare = kept[i].spare;
		world.m->cpu[i].seen = kept[i].seen;
		world.m->cpu[i].cache.nr = nr;
		if (world.m->cpu[i].cache.room < nr) {
			abort(); /* it has been that large */
		}
	}
}

/* Both are as large as the larger one, whichever is the cache's later. */
static void room_for(struct cached_list *l, unsigned int nr)
{
	if (l->room < nr) {
		l->at = realloc(l->at, nr * sizeof(*l->at));
		if (l->at == NULL) {
			abort();
		}
		l->room = nr;
	}
}

void world_restore(const struct world_state *s)
{
	struct worst_cpu kept[MACHINE_CPUS];
	struct metal_state metal;
	const uint8_t *from = get(s->at, &metal, sizeof(metal));
	const struct machine *saved = (const void *)from;

	metal_restore(&metal);
	for (unsigned int i = 0; i < MACHINE_CPUS; i++) {
		struct cached_list list;

		memcpy(&list, &saved->cpu[i].cache, sizeof(list));
		room_for(&world.m->cpu[i].cache, list.nr);
	}
	memcpy(kept, world.m->cpu, sizeof(kept));
	from = get(from, world.m, offsetof(struct machine, tally));
	keep_lists(kept);
	from = get(from, world.m->guest, sizeof(world.m->guest));
	for (unsigned int i = 0; i < WORLD_CPUS; i++) {
		struct world_cpu *c = &world.cpu[i];
		struct cached_list *l = &world.m->cpu[world_place(i)].cache;
		size_t used;

		from = get(from, (uint8_t *)c + CPU_REST,
			   sizeof(*c) - CPU_REST);
		from = get(from, &used, sizeof(used));
		c->thread.sp = c->thread.stack + THREAD_STACK - used;
		from = get(from, c->thread.sp, used);
		from = get(from, l->at, l->nr * sizeof(*l->at));
	}
	for (unsigned int i = 0; i < world.nr_hot; i++) {
		from = get_page(from, world.hot[i]);
	}
	world.broken = false;
}

void world_forget(struct world_state *s)
{
	if (s != NULL) {
		s->next = forgotten;
		forgotten = s;
	}
}

/* --- the hash --------------------------------------------------------------
 */

static uint64_t mix(uint64_t h, uint64_t w)
{
	h = (h ^ w) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ (h >> 29);
}

/* Words that are 0 cost a look. Tails are taken as bytes. */
static uint64_t mix_bytes(uint64_t h, const void *what, size_t bytes)
{
	const uint8_t *p = what;
	size_t i;

	for (i = 0; i + 8 <= bytes; i += 8) {
		uint64_t w;

		memcpy(&w, p + i, sizeof(w));
		if (w != 0) {
			h = mix(mix(h, i), w);
		}
	}
	for (; i < bytes; i++) {
		h = mix(h, p[i]);
	}
	return h;
}

static uint64_t mix_domain(uint64_t h, const struct mmu_domain *d)
{
	const uint64_t word[] = {
		d->nr_pages, d->lock.word,           d->dying_head,
		d->owed,     d->freed_head,          d->nr_freed,
		d->nr_held,  d->stats.scrubbed % 16, d->op.index,
	};

	return d->m == NULL ? h : mix_bytes(h, word, sizeof(word));
}

/* A frame remembers an epoch: only "now" means anything. */
static uint64_t mix_frames(uint64_t h)
{
	const struct machine *m = world.m;

	for (unsigned int i = 0; i < MACHINE_FRAMES; i++) {
		struct frame fr = m->frames[i];
		bool in_use = frame_is_table(fr.type) && frame_type_refs(&fr);

		uint32_t now =
			fr.owner == m->dom.tag ? m->dom.epoch : m->other.epoch;

		if (fr.owner < OWNER_FREED && in_use) {
			fr.table.walked = frame_was_walked(&fr, now);
			fr.flags &= (uint8_t)~FRAME_WALKED;
		} else if (fr.owner < OWNER_FREED) {
			fr.epoch = fr.epoch == now;
		}
		h = mix_bytes(mix(h, i), &fr, sizeof(fr));
	}
	return mix_bytes(h, m->m2p, sizeof(m->m2p));
}

static uint64_t mix_machine(uint64_t h)
{
	const struct machine *m = world.m;

	h = mix_frames(h);
	h = mix_domain(mix_domain(h, &m->dom), &m->other);
	h = mix_bytes(h, &m->vcpu, sizeof(m->vcpu));
	h = mix_bytes(h, &m->second, sizeof(m->second));
	h = mix_bytes(h, &m->other_vcpu, sizeof(m->other_vcpu));
	h = mix_bytes(h, m->mmu.free_run, sizeof(m->mmu.free_run));
	h = mix(h, m->mmu.nr_free + ((uint64_t)m->mmu.pool_lock.word << 32));
	h = mix_bytes(h, m->guest, sizeof(m->guest));
	for (unsigned int i = 0; i < world.nr_hot; i++) {
		h = mix_bytes(mix(h, i), frame_data(&m->mmu, world.hot[i]),
			      PAGE_SIZE);
	}
	return h;
}

uint64_t world_hash(void)
{
	struct metal_state metal = metal_save();
	uint64_t h = mix_bytes(1, &metal, sizeof(metal));

	h = mix_machine(h);
	for (unsigned int i = 0; i < WORLD_CPUS; i++) {
		const struct world_cpu *c = &world.cpu[i];
		const struct worst_cpu *cpu = &world.m->cpu[world_place(i)];
		const uint64_t word[] = {
			c->op,
			c->done,
			c->inside,
			c->question,
			c->interrupted,
			c->stops,
			cpu->cache.nr,
			c->loaded.kernel_root.v,
			cpu->current,
			tags_owes(&cpu->tags, TAG_USER),
			tags_owes(&cpu->tags, TAG_KERNEL),
		};

		h = mix_bytes(mix(h, i), word, sizeof(word));
		h = mix_bytes(h, c->thread.sp, thread_used(&c->thread));
		h = mix_bytes(h, cpu->window, sizeof(cpu->window));
		for (unsigned int e = 0; e < cpu->cache.nr; e++) {
			const struct cached *l = &cpu->cache.at[e];

			h = mix(mix(h, l->va),
				l->frame * 128 + l->level * 16 + l->tag * 4u +
					l->global * 2u + l->writable);
		}
	}
	return h;
}
