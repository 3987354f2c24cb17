/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4), of bytes in memory. */
#ifndef PW_CLI_SHA256_H
#define PW_CLI_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
/* In hexadecimal, with its NUL. */
#define SHA256_TEXT (2 * SHA256_SIZE + 1)

void sha256(const void *data, size_t size, uint8_t ret_digest[SHA256_SIZE]);
void sha256_text(const uint8_t digest[SHA256_SIZE], char ret_text[SHA256_TEXT]);

#endif
