/* SPDX-License-Identifier: MIT */
/*
 * A program that does nothing and is linked as most are: what it takes to start
 * it is the loader's, the C library's and the kernel's (bench/process.c).
 */
int main(void)
{
	return 0;
}
