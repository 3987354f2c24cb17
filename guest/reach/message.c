/* SPDX-License-Identifier: MIT */
/*
 * One line of text for people, cut to the size of the message.
 */
#include "abi/text.h"
#include "guest/reach/reach.h"

int guest_fail(struct guest *g, int xen_errno, const char *format, ...)
{
	struct text t = text_in(g->message, sizeof(g->message));
	va_list args;

	va_start(args, format);
	text_format_args(&t, format, args);
	va_end(args);
	return -xen_errno;
}

void guest_note(struct guest *g, const char *format, ...)
{
	char text[GUEST_MESSAGE_SIZE];
	struct text t = text_in(text, sizeof(text));
	va_list args;

	va_start(args, format);
	text_format_args(&t, format, args);
	va_end(args);
	guest_port_log(g, text);
}
