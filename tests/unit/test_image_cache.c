/* SPDX-License-Identifier: MIT */
/*
 * The cache of unpacked kernels: what is found is what was kept for just that
 * file, whatever has become of the folder and whoever writes to it at once.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "cli/image_cache.h"

#define ELF_SIZE 70000

static uint8_t elf[ELF_SIZE];
static char base[64];   /* XDG_CACHE_HOME */
static char folder[96]; /* of the entries */

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int set_up(void **state)
{
	static const uint8_t magic[] = {0x7f, 'E', 'L', 'F'};

	(void)state;
	strcpy(base, "/tmp/pagewarden-cache-XXXXXX");
	assert_non_null(mkdtemp(base));
	snprintf(folder, sizeof(folder), "%s/pagewarden/kernels", base);
	setenv("XDG_CACHE_HOME", base, 1);
	for (unsigned int i = 0; i < ELF_SIZE; i++) {
		elf[i] = i < sizeof(magic) ? magic[i] : (uint8_t)(i * 7 >> 3);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	chmod(folder, 0700);
	return nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The key of a packed file that holds one number. */
static struct image_key key_of(unsigned int n)
{
	return image_key_of((const uint8_t *)&n, sizeof(n));
}

static void keep(unsigned int n)
{
	struct image_key key = key_of(n);
	struct image image = {.elf = elf, .size = ELF_SIZE, .kind = "a test's"};

	elf[4] = (uint8_t)n;
	image_cache_keep(&key, &image);
}

static bool is_found(unsigned int n)
{
	struct image_key key = key_of(n);
	struct image image;

	if (!image_cache_find(&key, &image)) {
		assert_null(image.elf);
		return false;
	}
	elf[4] = (uint8_t)n;
	assert_int_equal(image.size, ELF_SIZE);
	assert_memory_equal(image.elf, elf, ELF_SIZE);
	assert_string_equal(image.kind, "a test's");
	assert_int_equal(image.file_size, sizeof(n));
	assert_true(image.was_kept);
	image_free(&image);
	return true;
}

static void text_of(const struct image_key *key,
		    char text[SHA256_DIGEST_STRING_LENGTH])
{
	for (unsigned int i = 0; i < sizeof(key->digest); i++) {
		snprintf(text + (size_t)2 * i, 3, "%02x", key->digest[i]);
	}
}

static void path_of(unsigned int n, char path[256])
{
	struct image_key key = key_of(n);
	char text[SHA256_DIGEST_STRING_LENGTH];

	text_of(&key, text);
	snprintf(path, 256, "%s/%s.kernel", folder, text);
}

static unsigned int nr_files(void)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	unsigned int nr = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		nr += e->d_name[0] != '.';
	}
	closedir(d);
	return nr;
}

static void a_digest_is_sha_256(void **state)
{
	static const struct {
		const char *data, *text;
	} rows[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb924"
		     "27ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223"
			"b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 "248d6a61d20638b8e5c026930c3e6039"
		 "a33ce45964ff2167f6ecedd419db06c1"},
		{"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		 "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		 "cf5b16a778af8380036ce59e7b049237"
		 "0b249b11e8f07a51afac45037afee9d1"},
	};
	char text[SHA256_DIGEST_STRING_LENGTH];

	(void)state;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct image_key key =
			image_key_of((const uint8_t *)rows[i].data,
				     strlen(rows[i].data));

		text_of(&key, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void what_is_kept_is_found_for_that_file_alone(void **state)
{
	(void)state;
	assert_false(is_found(1));
	keep(1);
	assert_true(is_found(1));
	assert_false(is_found(2));
	keep(2);
	assert_true(is_found(2));
	assert_true(is_found(1));
	assert_int_equal(nr_files(), 2);
}

static void damage(const char *path, long at, bool cut)
{
	FILE *f = fopen(path, "r+");
	int c;

	assert_non_null(f);
	if (cut) {
		assert_int_equal(ftruncate(fileno(f), at), 0);
	} else {
		fseek(f, at, SEEK_SET);
		c = fgetc(f);
		fseek(f, at, SEEK_SET);
		fputc(c == EOF ? 0 : ~c, f);
	}
	fclose(f);
}

static void a_damaged_entry_is_noticed_and_removed(void **state)
{
	char path[256], other[256];
	struct stat st;

	(void)state;
	path_of(1, path);
	path_of(2, other);
	keep(1);
	assert_int_equal(stat(path, &st), 0);
	/* Each byte of the head, some of the ELF, and one too many. */
	for (long at = 0; at <= st.st_size; at += at < 128 ? 1 : 997) {
		keep(1);
		damage(path, at < st.st_size ? at : st.st_size, false);
		assert_false(is_found(1));
		assert_int_equal(access(path, F_OK), -1);
	}
	for (long at = 0; at < st.st_size; at += at < 128 ? 1 : 997) {
		keep(1);
		damage(path, at, true);
		assert_false(is_found(1));
	}
	/* Another's, sound as it is. */
	keep(2);
	assert_int_equal(rename(other, path), 0);
	assert_false(is_found(1));
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_false(is_found(1));
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(is_found(1));
	keep(1);
	assert_true(is_found(1));
}

/* Each finds what is right, or nothing, whatever the others do. */
static void many_runs_may_use_it_at_once(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		if (fork() != 0) {
			continue;
		}
		for (unsigned int n = 0; n < 60; n++) {
			struct image_key key = key_of(n % 3);
			struct image image;

			keep(n % 3);
			if (image_cache_find(&key, &image) &&
			    (image.size != ELF_SIZE ||
			     memcmp(image.elf, elf, ELF_SIZE) != 0)) {
				_exit(1);
			}
			image_free(&image);
		}
		_exit(0);
	}
	for (unsigned int i = 0; i < 4; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(nr_files(), 3);
}

static void the_last_used_are_kept_and_litter_goes(void **state)
{
	const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	char path[256];
	int fd;

	(void)state;
	keep(0);
	snprintf(path, sizeof(path), "%s/new.1.1", folder);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(futimens(fd, old), 0);
	close(fd);
	for (unsigned int n = 0; n < IMAGE_CACHE_MOST; n++) {
		const struct timespec then[2] = {{.tv_sec = 100 + n},
						 {.tv_sec = 100 + n}};

		keep(n);
		path_of(n, path);
		assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
	}
	assert_true(is_found(0)); /* used now */
	keep(IMAGE_CACHE_MOST);
	assert_int_equal(nr_files(), IMAGE_CACHE_MOST);
	assert_true(is_found(0));
	assert_false(is_found(1));
	assert_true(is_found(IMAGE_CACHE_MOST));
}

static void without_a_folder_nothing_is_kept(void **state)
{
	char home[128];

	(void)state;
	/* Not absolute: to be ignored. */
	setenv("XDG_CACHE_HOME", "cache", 1);
	snprintf(home, sizeof(home), "%s/home", base);
	setenv("HOME", home, 1);
	keep(1); /* no such home */
	assert_false(is_found(1));
	assert_int_equal(mkdir(home, 0700), 0);
	keep(1);
	assert_true(is_found(1));
	strcat(home, "/.cache/pagewarden/kernels");
	assert_int_equal(access(home, X_OK), 0);
	unsetenv("XDG_CACHE_HOME");
	assert_true(is_found(1));
	unsetenv("HOME");
	keep(1);
	assert_false(is_found(1));
	/* A file where the folder should be. */
	setenv("XDG_CACHE_HOME", "/dev/null", 1);
	keep(1);
	assert_false(is_found(1));
}

static void a_packed_kernel_is_unpacked_once(void **state)
{
	char path[128], error[IMAGE_ERROR_SIZE];
	struct image image;
	gzFile f;

	(void)state;
	snprintf(path, sizeof(path), "%s/kernel.gz", base);
	for (unsigned int content = 1; content < 3; content++) {
		f = gzopen(path, "w");
		elf[4] = (uint8_t)content;
		assert_int_equal(gzwrite(f, elf, ELF_SIZE), ELF_SIZE);
		assert_int_equal(gzclose(f), Z_OK);
		for (unsigned int i = 0; i < 2; i++) {
			assert_int_equal(image_load_cached(path, &image, error),
					 0);
			assert_int_equal(image.was_kept, i == 1);
			assert_string_equal(image.kind, "ELF in gzip");
			assert_int_equal(image.size, ELF_SIZE);
			assert_memory_equal(image.elf, elf, ELF_SIZE);
			image_free(&image);
		}
		assert_int_equal(image_load(path, &image, error), 0);
		assert_false(image.was_kept);
		image_free(&image);
	}
	assert_int_equal(nr_files(), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_digest_is_sha_256),
		TEST(what_is_kept_is_found_for_that_file_alone),
		TEST(a_damaged_entry_is_noticed_and_removed),
		TEST(many_runs_may_use_it_at_once),
		TEST(the_last_used_are_kept_and_litter_goes),
		TEST(without_a_folder_nothing_is_kept),
		TEST(a_packed_kernel_is_unpacked_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
