/* SPDX-License-Identifier: MIT */
/*
 * QEMU's messages, line by line. As long as the machine has shown no life the
 * last line may be QEMU's reason to end, and is held back for the verdict.
 */
#include "cli/messages.h"

#include <string.h>

#include "cli/say.h"

/* QEMU's remarks on CPU features that TCG lacks are of no use to anyone. */
static bool is_noise(const char *line)
{
	return strstr(line, "TCG doesn't support requested feature") != NULL;
}

/*
 * KVM cannot carry out what the machine does next. QEMU stops the machine for
 * good, writes its registers, and waits for somebody to look at it.
 */
static bool is_end_of_kvm(const char *line)
{
	return strstr(line, "KVM internal error") != NULL ||
	       strstr(line, "kvm run failed") != NULL;
}

void messages_release(struct messages *m)
{
	if (m->held) {
		say("%s", m->last);
		m->held = false;
	}
}

static void end_line(struct messages *m)
{
	m->line[m->length] = '\0';
	m->length = 0;
	if (m->given_up) {
		return;
	}
	if (m->line[0] != '\0' && !is_noise(m->line)) {
		messages_release(m);
		memcpy(m->last, m->line, sizeof(m->line));
		m->held = true;
	}
	m->given_up = is_end_of_kvm(m->line);
	if (m->given_up) {
		m->held = false;
	} else if (m->alive) {
		messages_release(m);
	}
}

void messages_feed(struct messages *m, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n') {
			end_line(m);
		} else if (m->length < sizeof(m->line) - 1) {
			m->line[m->length++] = data[i];
		}
	}
}

void messages_alive(struct messages *m)
{
	m->alive = true;
	messages_release(m);
}

void messages_end(struct messages *m)
{
	if (m->length > 0) {
		end_line(m);
	}
}
