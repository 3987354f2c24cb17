/* SPDX-License-Identifier: MIT */
/*
 * SHA-256. What is kept under a file's digest must be of that file and of no
 * other, whoever made the files: a checksum would not do. The constants are
 * the first 32 bits of the fractions of the square and cube roots of the first
 * primes, as FIPS 180-4 lists them.
 */
#include "cli/sha256.h"

#include <stdio.h>
#include <string.h>

#define BLOCK 64
#define ROUNDS 64

static const uint32_t roots[ROUNDS] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turn(uint32_t x, unsigned int by)
{
	return x >> by | x << (32 - by);
}

static void schedule(const uint8_t *block, uint32_t w[ROUNDS])
{
	for (unsigned int i = 0; i < 16; i++) {
		const uint8_t *p = block + 4 * i;

		w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		       (uint32_t)p[2] << 8 | p[3];
	}
	for (unsigned int i = 16; i < ROUNDS; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) +
		       w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
	}
}

static void compress(uint32_t h[8], const uint8_t *block)
{
	uint32_t w[ROUNDS];
	uint32_t s[8];

	schedule(block, w);
	memcpy(s, h, sizeof(s));
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint32_t e = s[4], a = s[0];
		uint32_t one = s[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
			       ((e & s[5]) ^ (~e & s[6])) + roots[i] + w[i];
		uint32_t two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) +
			       ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));

		memmove(s + 1, s, 7 * sizeof(s[0]));
		s[4] += one;
		s[0] = one + two;
	}
	for (unsigned int i = 0; i < 8; i++) {
		h[i] += s[i];
	}
}

/* What is left of the data, a one bit, and the length in bits at the end. */
static void finish(uint32_t h[8], const uint8_t *rest, size_t size)
{
	uint8_t last[2 * BLOCK] = {0};
	size_t left = size % BLOCK;
	size_t all = left < BLOCK - 8 ? BLOCK : 2 * BLOCK;
	uint64_t bits = (uint64_t)size * 8;

	memcpy(last, rest, left);
	last[left] = 0x80;
	for (unsigned int i = 0; i < 8; i++) {
		last[all - 1 - i] = (uint8_t)(bits >> 8 * i);
	}
	for (size_t i = 0; i < all; i += BLOCK) {
		compress(h, last + i);
	}
}

void sha256(const void *data, size_t size, uint8_t ret_digest[SHA256_SIZE])
{
	uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
	const uint8_t *p = data;
	size_t whole = size - size % BLOCK;

	for (size_t i = 0; i < whole; i += BLOCK) {
		compress(h, p + i);
	}
	finish(h, p + whole, size);
	for (unsigned int i = 0; i < SHA256_SIZE; i++) {
		ret_digest[i] = (uint8_t)(h[i / 4] >> (24 - i % 4 * 8));
	}
}

void sha256_text(const uint8_t digest[SHA256_SIZE], char ret_text[SHA256_TEXT])
{
	for (unsigned int i = 0; i < SHA256_SIZE; i++) {
		sprintf(ret_text + 2 * i, "%02x", digest[i]);
	}
}
