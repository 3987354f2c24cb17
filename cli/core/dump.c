/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor tells that the domain has stopped, and waits some seconds for
 * an answer; writing a large domain's memory may take longer. So QEMU's process
 * is stopped meanwhile: nothing of the machine changes, its clock included if
 * instructions are counted.
 *
 * The file is opened before the run begins: that it cannot be written is not
 * found out at its end.
 */
#include "cli/core/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/say.h"
#include "cli/size.h"

bool dump_open(struct dump *d, const char *path)
{
	*d = (struct dump){
		.path = path,
		.fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666),
	};
	return d->fd >= 0;
}

static void tell(const struct dump *d, const struct core_result *r,
		 bool wanted_bare)
{
	char size[SIZE_TEXT];
	char written[SIZE_TEXT];

	say("dumped %s: %s, of it %s not zero, %" PRIu64 " virtual ranges%s",
	    d->path, size_format(r->size, size),
	    size_format(r->written, written), r->mappings,
	    !r->info       ? ", no VMCOREINFO"
	    : r->info_ours ? ", VMCOREINFO from the kernel's names"
			   : "");
	if (wanted_bare && !r->bare) {
		say("dumped %s: no xen_start_info was found in it", d->path);
	}
	if (r->unplaced != 0) {
		say("dumped %s: without %" PRIu64
		    " frames that have no pfn of their own",
		    d->path, r->unplaced);
	}
	if (r->cut) {
		say("dumped %s: the guest maps more ranges than are told",
		    d->path);
	}
}

void dump_take(struct dump *d, pid_t qemu, const struct core_source *source)
{
	struct core_result result;

	if (ftruncate(d->fd, 0) != 0) {
		snprintf(d->error, sizeof(d->error), "%s", strerror(errno));
		return;
	}
	kill(qemu, SIGSTOP);
	d->written = core_write(d->fd, source, &result);
	kill(qemu, SIGCONT);
	if (d->written) {
		tell(d, &result, source->bare);
	} else {
		memcpy(d->error, result.error, sizeof(d->error));
	}
}

static void remove_file(const struct dump *d)
{
	struct stat st;

	if (fstat(d->fd, &st) == 0 && S_ISREG(st.st_mode)) {
		unlink(d->path);
	}
}

bool dump_close(struct dump *d)
{
	if (!d->written) {
		remove_file(d);
		if (d->error[0] == '\0') {
			snprintf(d->error, sizeof(d->error),
				 "the domain did not come to its end");
		}
	}
	if (close(d->fd) != 0 && d->written) {
		d->written = false;
		snprintf(d->error, sizeof(d->error), "%s", strerror(errno));
	}
	d->fd = -1;
	return d->written;
}
