/* SPDX-License-Identifier: MIT */
/* Between the files of the P2M. */
#ifndef PW_GUEST_P2M_INTERNAL_H
#define PW_GUEST_P2M_INTERNAL_H

#include "guest/internal.h"

/* Where the entry of a frame is in the tree, and where its leaf is noted. */
vaddr_t p2m_tree_entry(struct guest *g, pfn_t frame, vaddr_t *ret_mid);

/*
 * Makes sure that the entry of a frame is in a leaf of its own, so that it can
 * be stored. 0, -XEN_EINVAL outside, -XEN_ENOMEM.
 */
int p2m_own_leaf(struct guest *g, pfn_t frame);

#endif
