/* SPDX-License-Identifier: MIT */
/*
 * From a kernel file to the ELF inside it. The file is read into memory (a
 * mapping would turn a file that shrinks meanwhile into a signal), and no
 * offset or size in it is used before it has been compared with the file's
 * size. The ELF's own headers are the builder's business.
 */
#include "cli/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/little_endian.h"
#include "cli/image_cache.h"
#include "cli/image_codec.h"
#include "cli/image_pe.h"

/* Offsets in Linux's setup header (Documentation/x86/boot.rst). */
enum {
	SETUP_SECTS = 0x1f1,
	BOOT_FLAG = 0x1fe,
	HEADER_MAGIC = 0x202,
	BOOT_VERSION = 0x206,
	PAYLOAD_OFFSET = 0x248,
	PAYLOAD_LENGTH = 0x24c,
	SETUP_HEADER_END = 0x250,
	SECTOR = 512,
	DEFAULT_SETUP_SECTS = 4,
	/* The first version that says where the payload is. */
	VERSION_WITH_PAYLOAD = 0x208,
};

struct bytes {
	const uint8_t *at;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static int fail(char *error,
						      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, IMAGE_ERROR_SIZE, format, args);
	va_end(args);
	return -1;
}

static bool is_elf(struct bytes b)
{
	return b.size >= 4 && memcmp(b.at, "\177ELF", 4) == 0;
}

static bool is_bzimage(struct bytes b)
{
	return b.size >= HEADER_MAGIC + 4 &&
	       little_endian(b.at + BOOT_FLAG, 2) == 0xaa55 &&
	       memcmp(b.at + HEADER_MAGIC, "HdrS", 4) == 0;
}

static int find_payload(struct bytes file, struct bytes *payload, char *error)
{
	size_t sects, base, offset, length;
	unsigned int version;

	if (file.size < SETUP_HEADER_END) {
		return fail(error,
			    "bzImage: %zu bytes are too short for the setup "
			    "header",
			    file.size);
	}
	version = (unsigned int)little_endian(file.at + BOOT_VERSION, 2);
	if (version < VERSION_WITH_PAYLOAD) {
		return fail(error,
			    "bzImage: boot protocol version 0x%x is below "
			    "0x%x, the first with a payload_offset",
			    version, VERSION_WITH_PAYLOAD);
	}
	sects = file.at[SETUP_SECTS] == 0 ? DEFAULT_SETUP_SECTS
					  : file.at[SETUP_SECTS];
	base = (sects + 1) * SECTOR;
	offset = little_endian(file.at + PAYLOAD_OFFSET, 4);
	length = little_endian(file.at + PAYLOAD_LENGTH, 4);
	if (base > file.size) {
		return fail(error,
			    "bzImage: setup_sects %zu is beyond the file's %zu "
			    "bytes",
			    sects, file.size);
	}
	if (offset > file.size - base || length > file.size - base - offset) {
		return fail(error,
			    "bzImage: payload_offset 0x%zx + payload_length "
			    "0x%zx is beyond the file's %zu bytes",
			    offset, length, file.size);
	}
	payload->at = file.at + base + offset;
	payload->size = length;
	return 0;
}

static int codec_error(enum codec_result result, const char *name,
		       const struct codec_job *job, char *error)
{
	switch (result) {
	case CODEC_DONE:
		return 0;
	case CODEC_TRUNCATED:
		return fail(error,
			    "%s data is truncated: it ends after %zu bytes, "
			    "unpacked to %zu",
			    name, job->in_size, job->out_size);
	case CODEC_CORRUPT:
		return fail(error,
			    "%s data is corrupt, after %zu bytes of output",
			    name, job->out_size);
	case CODEC_TOO_LARGE:
		return fail(error, "%s data unpacks to more than %zu MiB", name,
			    job->out_max >> 20);
	case CODEC_NO_MEMORY:
		return fail(error, "no memory to unpack %s data", name);
	case CODEC_DICTIONARY:
		return fail(error,
			    "%s data needs more memory to unpack than %zu MiB",
			    name, CODEC_DICTIONARY_MAX >> 20);
	}
	return -1;
}

/* The size that Linux appends must be what came out. */
static int check_appended(const struct codec_job *job, const char *name,
			  uint32_t appended, char *error)
{
	if ((uint32_t)job->out_size != appended) {
		return fail(error,
			    "bzImage: the payload's size field says %u bytes, "
			    "but its %s data unpacks to %zu",
			    appended, name, job->out_size);
	}
	return 0;
}

static int unpack(struct bytes packed, const struct codec *codec,
		  bool size_appended, struct codec_job *job, char *error)
{
	uint32_t appended = 0;
	int rc;

	if (size_appended) {
		if (packed.size < 4) {
			return fail(error,
				    "bzImage: payload_length %zu is too short",
				    packed.size);
		}
		packed.size -= 4;
		appended = (uint32_t)little_endian(packed.at + packed.size, 4);
	}
	job->in = packed.at;
	job->in_size = packed.size;
	rc = codec_error(codec->run(job), codec->name, job, error);
	if (rc == 0 && size_appended) {
		rc = check_appended(job, codec->name, appended, error);
	}
	if (rc == 0 && !is_elf((struct bytes){job->out, job->out_size})) {
		rc = fail(error,
			  "%s data unpacks to %zu bytes that are no ELF file",
			  codec->name, job->out_size);
	}
	return rc;
}

/* An ELF that is not packed is copied as it is. */
static int take_elf(struct bytes elf, size_t max_elf, struct codec_job *job,
		    char *error)
{
	if (elf.size > max_elf) {
		return fail(error, "ELF file is larger than %zu MiB",
			    max_elf >> 20);
	}
	job->out = malloc(elf.size);
	if (job->out == NULL) {
		return fail(error, "no memory for an ELF of %zu bytes",
			    elf.size);
	}
	memcpy(job->out, elf.at, elf.size);
	job->out_size = elf.size;
	return 0;
}

/* What the file is, beside how its ELF is packed. */
enum outside { OUTSIDE_NOTHING, OUTSIDE_BZIMAGE, OUTSIDE_UKI };

/* A unified kernel image holds a bzImage, which is then the file. */
static int open_uki(struct bytes *file, char *error)
{
	struct bytes linux_file;

	if (pe_find_section(file->at, file->size, ".linux", &linux_file.at,
			    &linux_file.size, error) != 0) {
		return -1;
	}
	if (!is_bzimage(linux_file)) {
		return fail(error, "PE file: its section .linux is no bzImage");
	}
	*file = linux_file;
	return 0;
}

static int find_inside(struct bytes file, struct bytes *payload,
		       enum outside *outside, char *error)
{
	*payload = file;
	*outside = OUTSIDE_NOTHING;
	/* Most bzImages are PE files, too. */
	if (!is_bzimage(file) && pe_is(file.at, file.size)) {
		if (open_uki(&file, error) != 0) {
			return -1;
		}
		*outside = OUTSIDE_UKI;
		return find_payload(file, payload, error);
	}
	if (is_bzimage(file)) {
		*outside = OUTSIDE_BZIMAGE;
		return find_payload(file, payload, error);
	}
	return 0;
}

int image_unpack(const uint8_t *file, size_t size, size_t max_elf,
		 struct image *image, char *error)
{
	static const char *const named[] = {"", "bzImage, ", "UKI, bzImage, "};
	struct codec_job job = {.out_max = max_elf};
	const struct codec *codec;
	enum outside outside;
	struct bytes payload;
	int rc;

	memset(image, 0, sizeof(*image));
	if (find_inside((struct bytes){file, size}, &payload, &outside,
			error) != 0) {
		return -1;
	}
	codec = codec_find(payload.at, payload.size);
	if (is_elf(payload)) {
		rc = take_elf(payload, max_elf, &job, error);
	} else if (codec != NULL) {
		rc = unpack(payload, codec,
			    outside != OUTSIDE_NOTHING && codec->size_appended,
			    &job, error);
	} else if (outside != OUTSIDE_NOTHING) {
		rc = fail(error,
			  "bzImage: payload at offset 0x%zx is neither "
			  "an ELF nor packed in a known way",
			  (size_t)(payload.at - file));
	} else {
		rc = fail(error, "neither an ELF, nor a bzImage, nor a packed "
				 "ELF");
	}
	if (rc != 0) {
		free(job.out);
		return rc;
	}
	image->elf = job.out;
	image->size = job.out_size;
	image->file_size = size;
	snprintf(image->kind, sizeof(image->kind), "%sELF%s%s", named[outside],
		 codec == NULL ? "" : " in ", codec == NULL ? "" : codec->name);
	return 0;
}

/* Reads until the end of the file, or the size is reached. */
static ssize_t read_all(int fd, uint8_t *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, to + done, size - done);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -1;
		}
		if (n == 0) {
			break;
		}
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* What is packed may be there unpacked; anything else is soon read. */
static int unpack_or_find(const uint8_t *file, size_t size, struct image *image,
			  char *error)
{
	struct image_key key = image_key_of(file, size);

	if (image_cache_find(&key, image)) {
		return 0;
	}
	if (image_unpack(file, size, IMAGE_MAX_ELF, image, error) != 0) {
		return -1;
	}
	if (!is_elf((struct bytes){file, size})) {
		image_cache_keep(&key, image);
	}
	return 0;
}

static int load_fd(int fd, bool cached, struct image *image, char *error)
{
	struct stat st;
	uint8_t *file;
	ssize_t n;
	int rc;

	if (fstat(fd, &st) != 0) {
		return fail(error, "%s", strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return fail(error, "not a regular file");
	}
	if (st.st_size == 0) {
		return fail(error, "file is empty");
	}
	if ((uintmax_t)st.st_size > IMAGE_MAX_FILE) {
		return fail(error, "file of %jd bytes is larger than %zu MiB",
			    (intmax_t)st.st_size, IMAGE_MAX_FILE >> 20);
	}
	file = malloc((size_t)st.st_size);
	if (file == NULL) {
		return fail(error, "no memory for a file of %jd bytes",
			    (intmax_t)st.st_size);
	}
	n = read_all(fd, file, (size_t)st.st_size);
	if (n < 0) {
		rc = fail(error, "%s", strerror(errno));
	} else if (cached) {
		rc = unpack_or_find(file, (size_t)n, image, error);
	} else {
		rc = image_unpack(file, (size_t)n, IMAGE_MAX_ELF, image, error);
	}
	free(file);
	return rc;
}

static int load(const char *path, bool cached, struct image *image, char *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	memset(image, 0, sizeof(*image));
	if (fd < 0) {
		return fail(error, "%s", strerror(errno));
	}
	rc = load_fd(fd, cached, image, error);
	close(fd);
	return rc;
}

int image_load(const char *path, struct image *image, char *error)
{
	return load(path, false, image, error);
}

int image_load_cached(const char *path, struct image *image, char *error)
{
	return load(path, true, image, error);
}

void image_free(struct image *image)
{
	free(image->elf);
	memset(image, 0, sizeof(*image));
}

int image_write_elf(const struct image *image, const char *path, char *error)
{
	FILE *f = fopen(path, "we");
	bool written;

	if (f == NULL) {
		return fail(error, "%s", strerror(errno));
	}
	written = fwrite(image->elf, 1, image->size, f) == image->size;
	if (fclose(f) != 0 || !written) {
		return fail(error, "%s", strerror(errno));
	}
	return 0;
}
