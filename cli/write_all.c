/* SPDX-License-Identifier: MIT */
/* All of it: a write may take a part, be interrupted, or have to wait. */
#include "cli/write_all.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

bool write_all(int fd, const void *bytes, size_t size)
{
	const char *data = bytes;

	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = {.fd = fd, .events = POLLOUT};

			poll(&p, 1, -1);
		} else if (n < 0 && errno != EINTR) {
			return false;
		} else if (n > 0) {
			data += n;
			size -= (size_t)n;
		}
	}
	return true;
}
