/* SPDX-License-Identifier: MIT */
/* Sizes, as people write and read them. */
#include "cli/size.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char units[] = "BKMGT";

/* The power of 1024 that a unit stands for, or -1. */
static int unit_power(const char *unit)
{
	const char *at;

	if (*unit == '\0') {
		return 2;
	}
	at = strchr(units, toupper((unsigned char)*unit));
	if (at == NULL) {
		return -1;
	}
	unit++;
	if (*unit != '\0' && (at == units || (strcasecmp(unit, "iB") != 0 &&
					      strcasecmp(unit, "B") != 0))) {
		return -1;
	}
	return (int)(at - units);
}

bool size_parse(const char *text, uint64_t *ret_bytes)
{
	uint64_t value = 0;
	int power;

	if (!isdigit((unsigned char)*text)) {
		return false;
	}
	for (; isdigit((unsigned char)*text); text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (value > (UINT64_MAX - digit) / 10) {
			return false;
		}
		value = value * 10 + digit;
	}
	power = unit_power(text);
	if (power < 0 || value > UINT64_MAX >> (10 * power)) {
		return false;
	}
	*ret_bytes = value << (10 * power);
	return true;
}

static const char *unit_name(int power)
{
	static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB"};

	return names[power];
}

const char *size_format(uint64_t bytes, char buffer[SIZE_TEXT])
{
	int power = 0;

	while (power < 4 && bytes != 0 &&
	       bytes % (UINT64_C(1) << (10 * (power + 1))) == 0) {
		power++;
	}
	if (bytes >> (10 * power) < 100000) {
		snprintf(buffer, SIZE_TEXT, "%" PRIu64 " %s",
			 bytes >> (10 * power), unit_name(power));
		return buffer;
	}
	while (power < 4 && bytes >> (10 * power) >= 10240) {
		power++;
	}
	snprintf(buffer, SIZE_TEXT, "%.1f %s",
		 (double)bytes / (double)(UINT64_C(1) << (10 * power)),
		 unit_name(power));
	return buffer;
}
