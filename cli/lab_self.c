/* SPDX-License-Identifier: MIT */
/*
 * The guest of a simulated machine is code of this very program, so its names
 * are in our own file. A stack begins in the simulator and ends in the C
 * library; what belongs to the guest lies between the port's function that it
 * called last and lab_boot(); the queue's own functions, which everybody calls,
 * are left out, too.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/lab_why.h"

void lab_self_init(struct lab_self *self)
{
	struct stat st;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	*self = (struct lab_self){.file = NULL};
	if (fd < 0) {
		return;
	}
	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		self->size = (size_t)st.st_size;
		self->file =
			mmap(NULL, self->size, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	(void)close(fd);
	if (self->file == NULL || self->file == MAP_FAILED) {
		self->file = NULL;
		return;
	}
	self->kernel.unwound = true;
	(void)symbols_from_elf(&self->kernel.symbols, self->file, self->size);
}

void lab_self_fini(struct lab_self *self)
{
	why_kernel_fini(&self->kernel);
	if (self->file != NULL) {
		(void)munmap(self->file, self->size);
	}
}

static const char *name_of(const struct lab_self *self, uint64_t address)
{
	uint64_t offset;
	const char *name =
		symbols_find(&self->kernel.symbols, address - 1, &offset);

	return name == NULL ? "" : name;
}

static bool begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

void lab_stack_cut(const struct lab_self *self, struct lab_stack *s)
{
	unsigned int first = 0;
	unsigned int end = 0;

	for (; end < s->nr; end++) {
		const char *name = name_of(self, s->address[end]);

		if (strcmp(name, "lab_boot") == 0) {
			break;
		}
		if (begins(name, "guest_port_") ||
		    (first == end && (begins(name, "batch_next") ||
				      begins(name, "guest_hypercall") ||
				      begins(name, "guest_batch_")))) {
			first = end + 1;
		}
	}
	s->nr = 0;
	for (unsigned int i = first; i < end; i++) {
		s->address[s->nr++] = s->address[i];
	}
}

bool lab_stack_has(const struct lab_self *self, const struct lab_stack *s,
		   const char *function)
{
	size_t n = strlen(function);

	for (unsigned int i = 0; i < s->nr; i++) {
		const char *name = name_of(self, s->address[i]);

		/* A compiler's copy of it is called f.isra.0 or the like. */
		if (strncmp(name, function, n) == 0 &&
		    (name[n] == '\0' || name[n] == '.')) {
			return true;
		}
	}
	return false;
}
