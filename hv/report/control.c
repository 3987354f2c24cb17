/* SPDX-License-Identifier: MIT */
/*
 * JSON on COM2. Lines are put together piece by piece and sent at once; the
 * nesting is one bit of memory: whether the next element needs a comma.
 */
#include "hv/report/control.h"

#include <stddef.h>

#include "abi/control.h"
#include "abi/text.h"
#include "hv/report/serial.h"

static bool comma;

static void out(const char *text)
{
	size_t n = 0;

	while (text[n] != '\0') {
		n++;
	}
	serial_append(SERIAL_CONTROL, text, n);
}

static void out_string(const char *text)
{
	char c[2] = {0};

	out("\"");
	for (; *text != '\0'; text++) {
		char escaped[8];

		c[0] = *text;
		if (*text == '"' || *text == '\\') {
			out("\\");
			out(c);
		} else if ((unsigned char)*text < 0x20 ||
			   (unsigned char)*text >= 0x7f) {
			struct text t = text_in(escaped, sizeof(escaped));

			text_format(&t, "\\u%04x", (unsigned char)*text);
			out(escaped);
		} else {
			out(c);
		}
	}
	out("\"");
}

static void key_before(const char *key)
{
	if (comma) {
		out(",");
	}
	comma = true;
	if (key != NULL) {
		out_string(key);
		out(":");
	}
}

void control_begin(const char *event)
{
	serial_begin(SERIAL_CONTROL); /* until control_end(), nobody else */
	comma = false;
	out("{");
	control_text(CONTROL_EVENT, event);
}

void control_text(const char *key, const char *value)
{
	key_before(key);
	out_string(value);
}

void control_number(const char *key, uint64_t value)
{
	char number[24];
	struct text t = text_in(number, sizeof(number));

	key_before(key);
	text_decimal(&t, value);
	out(number);
}

void control_hex(const char *key, uint64_t value)
{
	char number[24];
	struct text t = text_in(number, sizeof(number));

	text_format(&t, "0x%lx", value);
	control_text(key, number);
}

void control_flag(const char *key, bool value)
{
	key_before(key);
	out(value ? "true" : "false");
}

void control_open(const char *key, char bracket)
{
	char text[2] = {bracket, '\0'};

	key_before(key);
	out(text);
	comma = false;
}

void control_close(char bracket)
{
	char text[2] = {bracket, '\0'};

	out(text);
	comma = true;
}

void control_end(void)
{
	out("}\n");
	serial_end(SERIAL_CONTROL);
}
