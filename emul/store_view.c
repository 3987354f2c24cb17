/* SPDX-License-Identifier: MIT */
/*
 * A transaction copies nothing. It notes what it would change, and what it has
 * looked at; a look goes to the tree and then along the notes, in their order.
 * So an open transaction costs what it has said, however large the tree is.
 */
#include "emul/store_view.h"

#include "abi/xen.h"
#include "emul/store_path.h"
#include "emul/store_string.h"
#include "emul/store_tree.h"

static int note_look(struct store_transaction *t, uint16_t node)
{
	for (unsigned int i = 0; i < t->nr_touched; i++) {
		if (t->touched[i] == node) {
			return 0;
		}
	}
	if (t->nr_touched == STORE_TOUCHED) {
		return -XEN_ENOSPC;
	}
	t->touched[t->nr_touched++] = node;
	return 0;
}

static bool makes(const struct store_change *ch)
{
	return ch->kind == STORE_MAKE || ch->kind == STORE_SET;
}

/* How much of the path exists when that change has been made, too. */
static size_t existing(const struct view *v, const char *path, size_t length,
		       const struct store_change *ch, size_t before)
{
	if (makes(ch)) {
		const size_t n = path_shared(v->s, path, length, &ch->path);

		return n > before ? n : before;
	}
	if (ch->kind == STORE_REMOVE &&
	    path_is_under(v->s, path, before, &ch->path)) {
		return path_above(path, ch->path.length);
	}
	return before;
}

static size_t existing_at_last(const struct view *v, const char *path,
			       size_t length, size_t in_tree)
{
	size_t n = in_tree;

	for (unsigned int i = 0; v->t != NULL && i < v->t->nr_changes; i++) {
		n = existing(v, path, length, &v->t->change[i], n);
	}
	return n;
}

/* Permissions and value of one that exists at last. */
static void follow(const struct view *v, const char *path, size_t length,
		   size_t in_tree, struct seen *seen)
{
	static const struct store_string nothing;
	size_t n = in_tree;

	for (unsigned int i = 0; v->t != NULL && i < v->t->nr_changes; i++) {
		const struct store_change *ch = &v->t->change[i];
		const size_t before = n;

		n = existing(v, path, length, ch, n);
		if (n == length && before != length) {
			seen->perms = &ch->perms;
			seen->value = &nothing;
		}
		if (n != length || ch->path.length != length ||
		    !string_is(v->s, &ch->path, path, length)) {
			continue;
		}
		if (ch->kind == STORE_ALLOW) {
			seen->perms = &ch->perms;
		} else if (ch->kind == STORE_SET) {
			seen->value = &ch->value;
		}
	}
}

int view_look(const struct view *v, const char *path, size_t length,
	      struct seen *ret_seen)
{
	size_t in_tree;
	const uint16_t number = tree_find(v->s, path, length, &in_tree);
	int rc = v->t != NULL ? note_look(v->t, number) : 0;

	if (rc != 0) {
		return rc;
	}
	ret_seen->length = existing_at_last(v, path, length, in_tree);
	ret_seen->exists = ret_seen->length == length;
	ret_seen->perms = &tree_node(v->s, number)->perms;
	ret_seen->value = &tree_node(v->s, number)->value;
	if (ret_seen->length < in_tree) {
		/* The one above what the transaction has removed. */
		const uint16_t above =
			tree_find(v->s, path, ret_seen->length, &in_tree);

		ret_seen->perms = &tree_node(v->s, above)->perms;
		ret_seen->value = &tree_node(v->s, above)->value;
		in_tree = ret_seen->length;
	}
	follow(v, path, ret_seen->length,
	       in_tree < ret_seen->length ? in_tree : ret_seen->length,
	       ret_seen);
	return 0;
}

/* --- children ------------------------------------------------------------- */

/* Where the name stands in the list, or its end. */
static size_t find_name(const char *names, size_t size, const char *name,
			size_t length)
{
	size_t at = 0;

	while (at < size) {
		const size_t n = string_length(names + at);

		if (n == length && __builtin_memcmp(names + at, name, n) == 0) {
			return at;
		}
		at += n + 1;
	}
	return size;
}

/* It was not there before. */
static size_t add_name(char *names, size_t size, const char *name,
		       size_t length)
{
	if (size + length + 1 > STORE_NODE_SIZE) {
		return size;
	}
	__builtin_memcpy(names + size, name, length);
	names[size + length] = '\0';
	return size + length + 1;
}

static size_t drop_name(char *names, size_t size, const char *name,
			size_t length)
{
	const size_t at = find_name(names, size, name, length);

	if (at == size) {
		return size;
	}
	__builtin_memmove(names + at, names + at + length + 1,
			  size - at - length - 1);
	return size - length - 1;
}

/* What a change does to the list. */
static size_t apply_to_names(const struct view *v, const char *path,
			     size_t length, const struct store_change *ch,
			     char *names, size_t size)
{
	char *of_change = v->s->event; /* nobody hears of it meanwhile */
	size_t end;

	if (ch->kind == STORE_REMOVE &&
	    path_is_under(v->s, path, length, &ch->path)) {
		return 0;
	}
	if (ch->path.length <= length || (makes(ch) && ch->from > length) ||
	    !path_holds(v->s, path, length, &ch->path)) {
		return size;
	}
	string_copy(v->s, &ch->path, of_change);
	end = path_element(of_change, ch->path.length, length);
	if (makes(ch)) {
		return add_name(names, size, of_change + length + 1,
				end - length - 1);
	}
	if (ch->kind == STORE_REMOVE && end == ch->path.length) {
		return drop_name(names, size, of_change + length + 1,
				 end - length - 1);
	}
	return size;
}

size_t view_children(const struct view *v, const char *path, size_t length,
		     char ret_names[STORE_NODE_SIZE])
{
	size_t in_tree;
	const uint16_t number = tree_find(v->s, path, length, &in_tree);
	const struct store_node *n = tree_node(v->s, number);
	size_t size = 0;

	for (uint16_t i = in_tree == length ? n->child : 0; i != 0;
	     i = tree_node(v->s, i)->sibling) {
		const struct store_string *name = &tree_node(v->s, i)->name;

		string_copy(v->s, name, ret_names + size);
		size += name->length;
		ret_names[size++] = '\0';
	}
	for (unsigned int i = 0; v->t != NULL && i < v->t->nr_changes; i++) {
		size = apply_to_names(v, path, length, &v->t->change[i],
				      ret_names, size);
	}
	return size;
}
