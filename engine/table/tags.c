/* SPDX-License-Identifier: MIT */
/*
 * Tags: how a CPU with process-context identifiers changes between the kernel's
 * root and the user's without losing what it has cached, and keeps the promises
 * of the port all the same (I9). Which CR3 is loaded and which flush is made is
 * decided here and nowhere else; metal, the simulator and the tests carry it
 * out. Without identifiers every load of CR3 drops everything: both tags are in
 * debt for ever, and what is decided here comes to just that.
 *
 * A CPU uses two tags for its vCPU, whichever that is, so that nothing has to
 * be remembered for vCPUs that are elsewhere; another vCPU finds both in debt,
 * as does the hypervisor without one. For each tag one word says what CR3 takes
 * beside the root. While bit 63 is clear in it, a flush is owed: what the CPU
 * holds with that tag may be stale, and cannot be used, because the only way to
 * use it is to load CR3 with the tag, and that load, by the same word, drops it
 * first. So
 *
 *   a translation is gone, or its tag is not in CR3 and owes a flush.
 *
 * A debt is made where the CPU could not be told otherwise: INVLPG and a load
 * of CR3 reach the tag that is in CR3 and no other. With INVPCID an address is
 * dropped from the other tag at once.
 *
 * Global entries have no tag: they are used with each, and no load of CR3 drops
 * them. The hypervisor's own mappings are global, which never change, and what
 * Xen's ABI makes so: pages of the guest's user, of which its kernel has the
 * same mappings. Its kernel's own pages never are (pte_adjust()), or the user
 * could reach what its root does not map. As their flush is one of all tags, a
 * tag that is in debt has nothing global either; INVPCID makes it, and so they
 * are used only where that is. The tag of a guest that shares one root, a
 * 32-bit one, is the kernel's.
 */
#include "engine/table/tags.h"

uint32_t tags_usable(uint32_t features)
{
	if ((features & TAGS_PCID) == 0) {
		return 0;
	}
	if ((features & TAGS_INVPCID) == 0) {
		return TAGS_PCID;
	}
	return features;
}

static bool has(const struct tags *t, enum tags_features feature)
{
	return (t->features & feature) != 0;
}

static void owe(struct tags *t, enum tag tag)
{
	t->load[tag] &= ~CR3_KEEP;
}

static void owe_all(struct tags *t)
{
	owe(t, TAG_USER);
	owe(t, TAG_KERNEL);
}

void tags_init(struct tags *t, uint32_t features)
{
	*t = (struct tags){.features = tags_usable(features)};
	if (!has(t, TAGS_PCID)) {
		return;
	}
	for (enum tag tag = TAG_USER; tag < TAGS; tag++) {
		t->load[tag] = tag;
		t->kept[tag] = tag | CR3_KEEP;
	}
}

uint32_t tags_switch(struct tags *t, enum tag tag, uint64_t root,
		     uint64_t *ret_cr3)
{
	owe_all(t);
	*ret_cr3 = tags_cr3(t, tag, root);
	/* Not before: the old root would give them again. */
	return has(t, TAGS_GLOBAL) ? TAGS_INVPCID_ALL : 0;
}

uint32_t tags_flush_all(struct tags *t, enum tag current)
{
	/* That of CR3 is dropped now. With INVPCID the others are, too: what
	 * is empty is dropped once more, and known to be empty until then. */
	for (enum tag tag = TAG_USER; tag < TAGS; tag++) {
		if (tag != current) {
			owe(t, tag);
		}
	}
	return has(t, TAGS_INVPCID) ? TAGS_INVPCID_ALL : TAGS_RELOAD;
}

uint32_t tags_flush_page(struct tags *t, enum tag current)
{
	const enum tag other = current == TAG_USER ? TAG_KERNEL : TAG_USER;

	if (tags_owes(t, other)) {
		return TAGS_INVLPG;
	}
	if (has(t, TAGS_INVPCID)) {
		return TAGS_INVLPG | TAGS_INVPCID_PAGE;
	}
	owe(t, other);
	return TAGS_INVLPG;
}

/*
 * Who comes from user mode has loaded the kernel's root since. A user's tag
 * that is in debt has not been used since everything was dropped; without
 * identifiers that load itself has done it.
 */
uint32_t tags_leave_user(struct tags *t, enum tag current)
{
	if (current == TAG_USER) {
		return tags_flush_all(t, current);
	}
	if (tags_owes(t, TAG_USER)) {
		return 0;
	}
	owe(t, TAG_USER);
	return has(t, TAGS_GLOBAL) ? TAGS_INVPCID_ALL : 0;
}
