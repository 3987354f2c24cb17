/* SPDX-License-Identifier: MIT */
/*
 * The words of the command line. A word that is not known, or that makes no
 * sense where it stands, stops the machine: a mistyped size must not start
 * something else.
 *
 * `domain=` begins a domain, and the words about domains that follow are about
 * that one. Without it there is one domain, whose initrd is the second module
 * if there is one.
 */
#include "hv/boot/options.h"

#include "hv/boot/multiboot.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/slice.h"
#include "hv/cpu/smap.h"
#include "hv/emul/pipe.h"
#include "hv/domain/stop.h"
#include "hv/mm/machine_frames.h"
#include "hv/record/record.h"
#include "hv/report/audit.h"
#include "hv/report/dump.h"
#include "hv/report/history.h"
#include "hv/report/lint.h"
#include "hv/report/log.h"
#include "hv/report/machine.h"
#include "hv/report/mark.h"
#include "hv/report/panic.h"
#include "hv/report/queued.h"
#include "hv/report/reader.h"

#define MIB_PAGES 256
#define RECORD_MIB_MAX 64
#define WORD_SIZE 64

/* What follows the key, or NULL. */
static const char *value_of(const char *word, const char *key)
{
	while (*key != '\0' && *word == *key) {
		word++;
		key++;
	}
	return *key == '\0' ? word : NULL;
}

static bool is_level(const char *text, enum log_level *ret_level)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};

	for (unsigned int i = 0; i < 4; i++) {
		const char *rest = value_of(text, names[i]);

		if (rest != NULL && *rest == '\0') {
			*ret_level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

static bool parse_mib(const char *text, uint64_t *ret_pages)
{
	uint64_t mib = 0;

	for (; *text >= '0' && *text <= '9' && mib < UINT32_MAX; text++) {
		mib = mib * 10 + (uint64_t)(*text - '0');
	}
	*ret_pages = mib * MIB_PAGES;
	return *text == '\0' && mib != 0;
}

/* From 1 to 2^53, which JSON's numbers hold. */
static bool parse_number(const char *text, uint64_t *ret_number)
{
	uint64_t n = 0;

	for (; *text >= '0' && *text <= '9' && n < UINT64_C(1) << 53; text++) {
		n = n * 10 + (uint64_t)(*text - '0');
	}
	*ret_number = n;
	return *text == '\0' && n != 0;
}

/* Up to 16 digits to that character: what follows it, or NULL. */
static const char *parse_hex_to(const char *text, char end, uint64_t *ret)
{
	uint64_t n = 0;
	unsigned int digits = 0;

	for (; digits < 16 && *text != end; text++, digits++) {
		if (*text >= '0' && *text <= '9') {
			n = n << 4 | (uint64_t)(*text - '0');
		} else if (*text >= 'a' && *text <= 'f') {
			n = n << 4 | (uint64_t)(*text - 'a' + 10);
		} else {
			return NULL;
		}
	}
	*ret = n;
	return *text == end && digits != 0 ? text + 1 : NULL;
}

/* The same, all of the text. */
static bool parse_hex(const char *text, uint64_t *ret_number)
{
	return parse_hex_to(text, '\0', ret_number) != NULL;
}

static bool parse_frame(const char *text, mfn_t *ret_frame)
{
	uint64_t frame;

	if (!parse_hex(text, &frame)) {
		return false;
	}
	*ret_frame = mfn(frame);
	return frame >> (64 - PAGE_SHIFT) == 0;
}

/* REQUEST:ADDRESS, decimal and hexadecimal. */
static bool parse_slot(const char *text)
{
	char request[WORD_SIZE];
	uint64_t number, address;
	unsigned int n = 0;

	while (text[n] != '\0' && text[n] != ':') {
		request[n] = text[n];
		n++;
	}
	request[n] = '\0';
	return text[n] == ':' && parse_number(request, &number) &&
	       parse_hex(text + n + 1, &address) && queued_add(number, address);
}

static bool same(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static bool is_word(const char *word, const char *name, bool *ret)
{
	if (!same(word, name)) {
		return false;
	}
	*ret = true;
	return true;
}

/* Letters, digits, '-', '_' and '.': a name is shown before lines. */
static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static bool copy_name(char to[DOMAIN_NAME], const char *from)
{
	char *const last = to + DOMAIN_NAME - 1;
	char *at = to;

	while (at < last && is_name_character(*from)) {
		*at++ = *from++;
	}
	*at = '\0';
	return at != to && *from == '\0';
}

/* The domain that the words are about now. */
static struct domain_config *the_domain(struct options *o)
{
	if (o->nr_domains == 0) {
		o->nr_domains = 1;
	}
	return &o->domain[o->nr_domains - 1];
}

static bool begin_domain(struct options *o, const char *name)
{
	struct domain_config *c = &o->domain[o->nr_domains];

	/* Words about a domain that came before have no other. */
	if (o->nr_domains == DOMAINS || (o->nr_domains != 0 && !o->named) ||
	    !copy_name(c->name, name)) {
		return false;
	}
	for (unsigned int i = 0; i < o->nr_domains; i++) {
		if (same(o->domain[i].name, c->name)) {
			return false;
		}
	}
	o->nr_domains++;
	o->named = true;
	return true;
}

/* ADDRESS:SIZE:TYPE, the next piece of the domain's memory map. */
static bool parse_map(struct domain_config *c, const char *text)
{
	struct mmu_map_entry *entry = &c->map[c->nr_map];
	uint64_t addr = 0;
	uint64_t size = 0;
	uint64_t type = 0;

	if (c->nr_map == DOMAIN_MAP_ENTRIES ||
	    (text = parse_hex_to(text, ':', &addr)) == NULL ||
	    (text = parse_hex_to(text, ':', &size)) == NULL ||
	    !parse_hex(text, &type) || type > UINT32_MAX) {
		return false;
	}
	*entry = (struct mmu_map_entry){addr, size, (uint32_t)type};
	c->nr_map++;
	return true;
}

/* What is said of a domain. */
static bool parse_domain(struct options *o, const char *word)
{
	uint64_t n = 0;
	const char *v;

	if ((v = value_of(word, "domain=")) != NULL) {
		return begin_domain(o, v);
	}
	if ((v = value_of(word, "dom-memory=")) != NULL) {
		return parse_mib(v, &the_domain(o)->pages);
	}
	if ((v = value_of(word, "maxmem=")) != NULL) {
		return parse_mib(v, &the_domain(o)->max_pages);
	}
	if ((v = value_of(word, "e820=")) != NULL) {
		return parse_map(the_domain(o), v);
	}
	if ((v = value_of(word, "vcpus=")) != NULL) {
		if (!parse_number(v, &n) || n > MMU_MAX_VCPUS) {
			return false;
		}
		the_domain(o)->vcpus = (unsigned int)n;
		return true;
	}
	if ((v = value_of(word, "online=")) != NULL) {
		if (!parse_number(v, &n) || n > the_domain(o)->vcpus) {
			return false;
		}
		the_domain(o)->online = (unsigned int)n;
		return true;
	}
	if ((v = value_of(word, "restart=")) != NULL) {
		if (!parse_number(v, &n) || n > UINT32_MAX) {
			return false;
		}
		the_domain(o)->restarts = (uint32_t)n;
		return true;
	}
	if ((v = value_of(word, "privileged=")) != NULL) {
		if (!parse_number(v, &n) || n > DOMAINS) {
			return false;
		}
		the_domain(o)->may_map |= UINT32_C(1) << (n - 1);
		return true;
	}
	if (same(word, "privileged")) {
		the_domain(o)->may_map = (UINT32_C(1) << DOMAINS) - 1;
		return true;
	}
	return is_word(word, "initrd", &the_domain(o)->wants_initrd) ||
	       is_word(word, "root-first", &the_domain(o)->root_first);
}

/* What is said of the machine. */
static bool parse_option(struct options *o, const char *word)
{
	uint64_t n = 0;
	const char *v;

	if ((v = value_of(word, "loglevel=")) != NULL) {
		return is_level(v, &log_level);
	}
	if ((v = value_of(word, "audit=")) != NULL) {
		return audit_configure(v);
	}
	if ((v = value_of(word, "cpus=")) != NULL) {
		if (!parse_number(v, &n) || n > CPUS_MAX) {
			return false;
		}
		o->cpus = (unsigned int)n;
		return true;
	}
	if ((v = value_of(word, "console=")) != NULL) {
		o->console_named = true;
		return copy_name(o->console_name, v);
	}
	if ((v = value_of(word, "stop-at=")) != NULL) {
		return parse_number(v, &stop_at_request);
	}
	if ((v = value_of(word, "mark-at=")) != NULL) {
		return parse_number(v, &mark_at);
	}
	if ((v = value_of(word, "watch-mfn=")) != NULL) {
		return parse_frame(v, &history_frame);
	}
	if ((v = value_of(word, "record=")) != NULL) {
		return parse_number(v, &record_mib) &&
		       record_mib <= RECORD_MIB_MAX &&
		       (record_mib & (record_mib - 1)) == 0;
	}
	if ((v = value_of(word, "watch-slot=")) != NULL) {
		return parse_slot(v);
	}
	return is_word(word, "debug-exit", &machine_debug_exit) ||
	       is_word(word, "fresh", &frames_fresh) ||
	       is_word(word, "stop-at-refusal", &stop_at_refusal) ||
	       is_word(word, "smap", &smap_forced) ||
	       is_word(word, "stop-in-guest", &stop_in_guest) ||
	       is_word(word, "wait", &reader_waits) ||
	       is_word(word, "lint", &lint_wanted) ||
	       is_word(word, "dump", &dump_wanted) ||
	       is_word(word, "pause", &machine_pauses) ||
	       is_word(word, "stretch", &slice_measured) ||
	       is_word(word, "pipe", &pipe_wanted) || parse_domain(o, word);
}

/* The first word is our own file's name. */
void options_parse(struct options *o, const char *text)
{
	char word[WORD_SIZE];
	bool first = true;

	while (*text != '\0') {
		unsigned int n = 0;

		while (*text == ' ') {
			text++;
		}
		for (; *text != '\0' && *text != ' '; text++) {
			if (n < WORD_SIZE - 1) {
				word[n++] = *text;
			}
		}
		word[n] = '\0';
		if (n != 0 && !first && !parse_option(o, word)) {
			panic("option not understood: %s", word);
		}
		first = false;
	}
}

static void choose_console(struct options *o)
{
	if (!o->console_named) {
		return; /* the first has it */
	}
	for (unsigned int i = 0; i < o->nr_domains; i++) {
		if (same(o->domain[i].name, o->console_name)) {
			o->console = i;
			return;
		}
	}
	panic("console=%s: there is no such domain", o->console_name);
}

void options_modules(struct options *o, const struct boot_info *boot)
{
	unsigned int next = 0;

	if (!o->named) {
		(void)copy_name(the_domain(o)->name, DOMAIN_NAME_DEFAULT);
		o->domain[0].wants_initrd |= boot->nr_modules > 1;
	}
	for (unsigned int i = 0; i < o->nr_domains; i++) {
		struct domain_config *c = &o->domain[i];

		c->vcpus = c->vcpus == 0 ? 1 : c->vcpus;
		c->online = c->online == 0 ? c->vcpus : c->online;
		if (c->nr_map == 0 && c->max_pages != 0) {
			/* As the toolstack has it: RAM up to the most. */
			c->map[c->nr_map++] = (struct mmu_map_entry){
				.size = c->max_pages << PAGE_SHIFT,
				.type = MMU_MAP_RAM,
			};
		}
		if (next + (c->wants_initrd ? 2 : 1) > boot->nr_modules) {
			panic("domain %s: its modules are missing", c->name);
		}
		c->kernel = &boot->module[next++];
		if (c->wants_initrd) {
			c->initrd = &boot->module[next++];
		}
	}
	if (next != boot->nr_modules) {
		panic("there are modules that no domain wants");
	}
	choose_console(o);
}

uint64_t options_pages(const struct options *o)
{
	uint64_t pages = 0;

	for (unsigned int i = 0; i < o->nr_domains; i++) {
		pages += o->domain[i].pages;
	}
	return pages;
}
