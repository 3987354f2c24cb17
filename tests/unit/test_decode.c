/* SPDX-License-Identifier: MIT */
/*
 * The instruction decoder, by encodings. Each row is a byte string with what
 * it means, written down from the processor's manual; that no byte beyond the
 * instruction is needed, and that every shorter prefix of it is reported as
 * truncated, is checked for every row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "emul/decode.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12 };

#define RIP UINT64_C(0xffffffff81000000)
#define FS_BASE UINT64_C(0x7f0000001000)
#define GS_BASE UINT64_C(0xffff888000002000)

struct row {
	const char *name;
	const char *bytes;
	size_t length;
	enum insn_op op;
	unsigned int size;
	int reg;          /* -1: none */
	uint64_t imm;     /* when reg is -1 */
	uint64_t address; /* 0: no memory */
	bool lock;
	bool rep;
};

#define BYTES(s) (s), sizeof(s) - 1

/* gpr[n] is 0x1000 * (n + 1). */
static const uint64_t gpr[16] = {
	0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000, 0x7000, 0x8000,
	0x9000, 0xa000, 0xb000, 0xc000, 0xd000, 0xe000, 0xf000, 0x10000,
};

static const struct row rows[] = {
	/* What Linux uses on its page tables. */
	{"xchg %rax,(%rdi)", BYTES("\x48\x87\x07"), INSN_XCHG, 8, RAX, 0,
	 0x8000, false, false},
	{"xchg %r12,0x8(%rbx)", BYTES("\x4c\x87\x63\x08"), INSN_XCHG, 8, R12, 0,
	 0x4008, false, false},
	{"lock andb $-3,(%rdi)", BYTES("\xf0\x80\x27\xfd"), INSN_AND, 1, -1,
	 (uint64_t)-3, 0x8000, true, false},
	{"lock andb $0xfd,(%r12)", BYTES("\xf0\x41\x80\x24\x24\xfd"), INSN_AND,
	 1, -1, (uint64_t)-3, 0xd000, true, false},
	{"mov %rsi,(%rdi)", BYTES("\x48\x89\x37"), INSN_MOV, 8, RSI, 0, 0x8000,
	 false, false},
	{"movq $0,(%rax)", BYTES("\x48\xc7\x00\x00\x00\x00\x00"), INSN_MOV, 8,
	 -1, 0, 0x1000, false, false},
	{"movq $-1,0x100(%rax)",
	 BYTES("\x48\xc7\x80\x00\x01\x00\x00\xff\xff\xff\xff"), INSN_MOV, 8, -1,
	 ~UINT64_C(0), 0x1100, false, false},
	{"lock cmpxchg %rcx,(%rdx)", BYTES("\xf0\x48\x0f\xb1\x0a"),
	 INSN_CMPXCHG, 8, RCX, 0, 0x3000, true, false},
	{"lock cmpxchg8b (%rdx)", BYTES("\xf0\x0f\xc7\x0a"), INSN_CMPXCHG8B, 8,
	 -1, 0, 0x3000, true, false},
	{"lock btrq $0x5,(%rdi)", BYTES("\xf0\x48\x0f\xba\x37\x05"), INSN_BTR,
	 8, -1, 5, 0x8000, true, false},
	{"lock btsq $0x3f,(%rdi)", BYTES("\xf0\x48\x0f\xba\x2f\x3f"), INSN_BTS,
	 8, -1, 0x3f, 0x8000, true, false},
	{"lock btcq $1,(%rdi)", BYTES("\xf0\x48\x0f\xba\x3f\x01"), INSN_BTC, 8,
	 -1, 1, 0x8000, true, false},
	/* gpr[RSI] = 0x7000 bits = 0xe00 bytes on. */
	{"lock bts %rsi,(%rdi)", BYTES("\xf0\x48\x0f\xab\x37"), INSN_BTS, 8,
	 RSI, 0, 0x8e00, true, false},
	{"btr %rsi,(%rdi)", BYTES("\x48\x0f\xb3\x37"), INSN_BTR, 8, RSI, 0,
	 0x8e00, false, false},
	{"btc %esi,(%rdi)", BYTES("\x0f\xbb\x37"), INSN_BTC, 4, RSI, 0, 0x8e00,
	 false, false},
	{"movnti %rdx,(%rdi)", BYTES("\x48\x0f\xc3\x17"), INSN_MOV, 8, RDX, 0,
	 0x8000, false, false},
	{"rep stos %rax,(%rdi)", BYTES("\xf3\x48\xab"), INSN_STOS, 8, -1, 0, 0,
	 false, true},
	{"movsq", BYTES("\x48\xa5"), INSN_MOVS, 8, -1, 0, 0, false, false},
	/* Other widths and operations. */
	{"mov %esi,0x4(%rdi)", BYTES("\x89\x77\x04"), INSN_MOV, 4, RSI, 0,
	 0x8004, false, false},
	{"mov %si,(%rdi)", BYTES("\x66\x89\x37"), INSN_MOV, 2, RSI, 0, 0x8000,
	 false, false},
	{"mov %sil,(%rdi)", BYTES("\x40\x88\x37"), INSN_MOV, 1, RSI, 0, 0x8000,
	 false, false},
	{"movw $0x1234,(%rdi)", BYTES("\x66\xc7\x07\x34\x12"), INSN_MOV, 2, -1,
	 0x1234, 0x8000, false, false},
	{"movb $0x80,(%rdi)", BYTES("\xc6\x07\x80"), INSN_MOV, 1, -1,
	 (uint64_t)-128, 0x8000, false, false},
	{"lock or %rax,(%rdi)", BYTES("\xf0\x48\x09\x07"), INSN_OR, 8, RAX, 0,
	 0x8000, true, false},
	{"and %rax,(%rdi)", BYTES("\x48\x21\x07"), INSN_AND, 8, RAX, 0, 0x8000,
	 false, false},
	{"xor %eax,(%rdi)", BYTES("\x31\x07"), INSN_XOR, 4, RAX, 0, 0x8000,
	 false, false},
	{"add %rax,(%rdi)", BYTES("\x48\x01\x07"), INSN_ADD, 8, RAX, 0, 0x8000,
	 false, false},
	{"sub %rax,(%rdi)", BYTES("\x48\x29\x07"), INSN_SUB, 8, RAX, 0, 0x8000,
	 false, false},
	{"adc %rax,(%rdi)", BYTES("\x48\x11\x07"), INSN_ADC, 8, RAX, 0, 0x8000,
	 false, false},
	{"sbb %rax,(%rdi)", BYTES("\x48\x19\x07"), INSN_SBB, 8, RAX, 0, 0x8000,
	 false, false},
	{"lock orq $0x40,(%rdi)", BYTES("\xf0\x48\x83\x0f\x40"), INSN_OR, 8, -1,
	 0x40, 0x8000, true, false},
	{"andq $0xfffff000,(%rdi)", BYTES("\x48\x81\x27\x00\xf0\xff\xff"),
	 INSN_AND, 8, -1, ~UINT64_C(0xfff), 0x8000, false, false},
	{"lock xadd %rax,(%rdi)", BYTES("\xf0\x48\x0f\xc1\x07"), INSN_XADD, 8,
	 RAX, 0, 0x8000, true, false},
	{"incq (%rdi)", BYTES("\x48\xff\x07"), INSN_INC, 8, -1, 0, 0x8000,
	 false, false},
	{"decl (%rdi)", BYTES("\xff\x0f"), INSN_DEC, 4, -1, 0, 0x8000, false,
	 false},
	{"notq (%rdi)", BYTES("\x48\xf7\x17"), INSN_NOT, 8, -1, 0, 0x8000,
	 false, false},
	{"negb (%rdi)", BYTES("\xf6\x1f"), INSN_NEG, 1, -1, 0, 0x8000, false,
	 false},
	/* Addresses. */
	{"mov %rax,0x10(%rip)", BYTES("\x48\x89\x05\x10\x00\x00\x00"), INSN_MOV,
	 8, RAX, 0, RIP + 7 + 0x10, false, false},
	{"movl $7,0x10(%rip)",
	 BYTES("\xc7\x05\x10\x00\x00\x00\x07\x00\x00\x00"), INSN_MOV, 4, -1, 7,
	 RIP + 10 + 0x10, false, false},
	{"mov %rax,(%rcx,%rdx,8)", BYTES("\x48\x89\x04\xd1"), INSN_MOV, 8, RAX,
	 0, 0x2000 + 8 * 0x3000, false, false},
	{"mov %rax,-8(%r13,%r12,2)", BYTES("\x4b\x89\x44\x65\xf8"), INSN_MOV, 8,
	 RAX, 0, 0xe000 + 2 * 0xd000 - 8, false, false},
	{"mov %rax,(%rsp)", BYTES("\x48\x89\x04\x24"), INSN_MOV, 8, RAX, 0,
	 0x5000, false, false},
	{"mov %rax,0x12345678", BYTES("\x48\x89\x04\x25\x78\x56\x34\x12"),
	 INSN_MOV, 8, RAX, 0, 0x12345678, false, false},
	{"mov %rax,-0x1000(,%rcx,4)", BYTES("\x48\x89\x04\x8d\x00\xf0\xff\xff"),
	 INSN_MOV, 8, RAX, 0, 4 * 0x2000 - 0x1000, false, false},
	{"mov %rax,(%rbp)", BYTES("\x48\x89\x45\x00"), INSN_MOV, 8, RAX, 0,
	 0x6000, false, false},
	{"mov %rax,0x80(%rbp)", BYTES("\x48\x89\x85\x80\x00\x00\x00"), INSN_MOV,
	 8, RAX, 0, 0x6080, false, false},
	{"mov %rax,%gs:0x8(%rdi)", BYTES("\x65\x48\x89\x47\x08"), INSN_MOV, 8,
	 RAX, 0, GS_BASE + 0x8008, false, false},
	{"mov %rax,%fs:(%rdi)", BYTES("\x64\x48\x89\x07"), INSN_MOV, 8, RAX, 0,
	 FS_BASE + 0x8000, false, false},
	{"mov %rax,-0x9000(%edi)", BYTES("\x67\x48\x89\x87\x00\x70\xff\xff"),
	 INSN_MOV, 8, RAX, 0, 0xfffff000, false, false},
	{"movabs %rax,moffs", BYTES("\x48\xa3\x78\x56\x34\x12\x00\x80\xff\xff"),
	 INSN_MOV, 8, RAX, 0, UINT64_C(0xffff800012345678), false, false},
	{"cs ds mov %rax,(%rdi)", BYTES("\x2e\x3e\x48\x89\x07"), INSN_MOV, 8,
	 RAX, 0, 0x8000, false, false},
	/* A REX that is not last does nothing. */
	{"rex.w data16 mov %ax,(%rdi)", BYTES("\x48\x66\x89\x07"), INSN_MOV, 2,
	 RAX, 0, 0x8000, false, false},
	/* Privileged. */
	{"cpuid", BYTES("\x0f\xa2"), INSN_CPUID, 4, -1, 0, 0, false, false},
	{"rdmsr", BYTES("\x0f\x32"), INSN_RDMSR, 4, -1, 0, 0, false, false},
	{"wrmsr", BYTES("\x0f\x30"), INSN_WRMSR, 4, -1, 0, 0, false, false},
	{"rdtsc", BYTES("\x0f\x31"), INSN_RDTSC, 4, -1, 0, 0, false, false},
	{"rdtscp", BYTES("\x0f\x01\xf9"), INSN_RDTSCP, 4, -1, 0, 0, false,
	 false},
	{"rdpmc", BYTES("\x0f\x33"), INSN_RDPMC, 4, -1, 0, 0, false, false},
	{"xsetbv", BYTES("\x0f\x01\xd1"), INSN_XSETBV, 4, -1, 0, 0, false,
	 false},
	{"swapgs", BYTES("\x0f\x01\xf8"), INSN_SWAPGS, 4, -1, 0, 0, false,
	 false},
	{"smsw (%rdi)", BYTES("\x0f\x01\x27"), INSN_SMSW, 2, -1, 0, 0x8000,
	 false, false},
	{"smsw %eax", BYTES("\x0f\x01\xe0"), INSN_SMSW, 4, RAX, 0, 0, false,
	 false},
	{"lmsw %cx", BYTES("\x0f\x01\xf1"), INSN_LMSW, 2, RCX, 0, 0, false,
	 false},
	{"clts", BYTES("\x0f\x06"), INSN_CLTS, 4, -1, 0, 0, false, false},
	{"invd", BYTES("\x0f\x08"), INSN_INVD, 4, -1, 0, 0, false, false},
	{"wbinvd", BYTES("\x0f\x09"), INSN_WBINVD, 4, -1, 0, 0, false, false},
	{"cli", BYTES("\xfa"), INSN_CLI, 4, -1, 0, 0, false, false},
	{"sti", BYTES("\xfb"), INSN_STI, 4, -1, 0, 0, false, false},
	{"hlt", BYTES("\xf4"), INSN_HLT, 4, -1, 0, 0, false, false},
	{"int $0x80", BYTES("\xcd\x80"), INSN_INT, 4, -1, 0x80, 0, false,
	 false},
	{"in $0x60,%al", BYTES("\xe4\x60"), INSN_IN, 1, -1, 0x60, 0, false,
	 false},
	{"in $0x60,%ax", BYTES("\x66\xe5\x60"), INSN_IN, 2, -1, 0x60, 0, false,
	 false},
	{"in (%dx),%eax", BYTES("\xed"), INSN_IN, 4, -1, 0, 0, false, false},
	{"rex.w in (%dx),%eax", BYTES("\x48\xed"), INSN_IN, 4, -1, 0, 0, false,
	 false},
	{"in (%dx),%al", BYTES("\xec"), INSN_IN, 1, -1, 0, 0, false, false},
	{"out %al,$0xf4", BYTES("\xe6\xf4"), INSN_OUT, 1, -1, 0xf4, 0, false,
	 false},
	{"out %al,(%dx)", BYTES("\xee"), INSN_OUT, 1, -1, 0, 0, false, false},
	{"out %ax,(%dx)", BYTES("\x66\xef"), INSN_OUT, 2, -1, 0, 0, false,
	 false},
	{"rep insb", BYTES("\xf3\x6c"), INSN_INS, 1, -1, 0, 0, false, true},
	{"rep outsl", BYTES("\xf3\x6f"), INSN_OUTS, 4, -1, 0, 0, false, true},
};

static void check_row(const struct row *r)
{
	struct insn in;
	uint8_t *exact = malloc(r->length);

	print_message("%s\n", r->name);
	assert_non_null(exact);
	memcpy(exact, r->bytes, r->length);
	/* An allocation of just this size: ASan sees a byte read too many. */
	assert_int_equal(decode_insn(&in, exact, r->length, true), DECODE_OK);
	assert_int_equal(in.op, r->op);
	assert_int_equal(in.length, r->length);
	assert_int_equal(in.size, r->size);
	assert_int_equal(in.lock, r->lock);
	assert_int_equal(in.rep, r->rep);
	assert_int_equal(in.memory, r->address != 0);
	if (in.operand == OPERAND_REG) {
		assert_int_equal(in.reg, r->reg);
	} else {
		assert_int_equal(-1, r->reg);
		assert_int_equal(in.imm, r->imm);
	}
	if (in.memory) {
		assert_int_equal(decode_address(&in, gpr, RIP, FS_BASE,
						GS_BASE),
				 r->address);
	}
	free(exact);
}

static void encodings_mean_what_the_manual_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i]);
	}
}

static void head_of_an_instruction_is_truncated(void **state)
{
	struct insn in;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t n = 0; n < rows[i].length; n++) {
			uint8_t *head = malloc(n + 1);

			assert_non_null(head);
			memcpy(head, rows[i].bytes, n);
			assert_int_equal(decode_insn(&in, head, n, true),
					 DECODE_TRUNCATED);
			free(head);
		}
	}
}

static void high_byte_registers_need_the_absence_of_rex(void **state)
{
	struct insn in;

	(void)state;
	assert_int_equal(decode_insn(&in, (const uint8_t *)"\x88\x27", 2, true),
			 DECODE_OK); /* mov %ah,(%rdi) */
	assert_true(in.reg_high);
	assert_int_equal(in.reg, RAX);
	assert_int_equal(decode_insn(&in, (const uint8_t *)"\x40\x88\x27", 3,
				     true),
			 DECODE_OK); /* mov %spl,(%rdi) */
	assert_false(in.reg_high);
	assert_int_equal(in.reg, RSP);
}

static void control_register_moves_name_both_registers(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		enum insn_op op;
		unsigned int special, reg;
	} moves[] = {
		{BYTES("\x0f\x20\xd8"), INSN_READ_CR, 3, RAX},
		{BYTES("\x0f\x20\xc1"), INSN_READ_CR, 0, RCX},
		{BYTES("\x0f\x22\xe2"), INSN_WRITE_CR, 4, RDX},
		{BYTES("\x44\x0f\x20\xc0"), INSN_READ_CR, 8, RAX},
		{BYTES("\x41\x0f\x22\xd8"), INSN_WRITE_CR, 3, R8},
		{BYTES("\x0f\x21\xf8"), INSN_READ_DR, 7, RAX},
		{BYTES("\x0f\x23\xc7"), INSN_WRITE_DR, 0, RDI},
	};
	struct insn in;

	(void)state;
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		assert_int_equal(decode_insn(&in,
					     (const uint8_t *)moves[i].bytes,
					     moves[i].length, true),
				 DECODE_OK);
		assert_int_equal(in.op, moves[i].op);
		assert_int_equal(in.special, moves[i].special);
		assert_int_equal(in.reg, moves[i].reg);
		assert_int_equal(in.length, moves[i].length);
		assert_int_equal(in.size, 8);
	}
}

static void what_cannot_have_trapped_is_unknown(void **state)
{
	static const struct {
		const char *name;
		const char *bytes;
		size_t length;
	} bad[] = {
		{"mov %rax,%rdi", BYTES("\x48\x89\xc7")},
		{"lock mov %rax,(%rdi)", BYTES("\xf0\x48\x89\x07")},
		{"lock and %eax,%ecx", BYTES("\xf0\x21\xc1")},
		{"cmp %rax,(%rdi)", BYTES("\x48\x39\x07")},
		{"cmpq $1,(%rdi)", BYTES("\x48\x83\x3f\x01")},
		{"btq $1,(%rdi)", BYTES("\x48\x0f\xba\x27\x01")},
		{"0f ba /0", BYTES("\x48\x0f\xba\x07\x01")},
		{"c7 /1", BYTES("\x48\xc7\x0f\x00\x00\x00\x00")},
		{"cmpxchg16b (%rdi)", BYTES("\x48\x0f\xc7\x0f")},
		{"cmpxchg8b %rdi", BYTES("\xf0\x0f\xc7\xcf")},
		{"0f c7 /2", BYTES("\x0f\xc7\x17")},
		{"66 0f c3", BYTES("\x66\x0f\xc3\x17")},
		{"mov (%rdi),%rax", BYTES("\x48\x8b\x07")},
		{"ret", BYTES("\xc3")},
		{"vmcall", BYTES("\x0f\x01\xc1")},
		{"sgdt (%rdi)", BYTES("\x0f\x01\x07")},
		{"invlpg (%rdi)", BYTES("\x0f\x01\x3f")},
		{"lock cpuid", BYTES("\xf0\x0f\xa2")},
		{"ud2", BYTES("\x0f\x0b")},
		{"fifteen prefixes",
		 BYTES("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66"
		       "\x66\x66\x89\x07")},
		{"sixteen bytes",
		 BYTES("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66"
		       "\x66\x89\x07")},
	};
	struct insn in;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		print_message("%s\n", bad[i].name);
		assert_int_equal(decode_insn(&in, (const uint8_t *)bad[i].bytes,
					     bad[i].length, true),
				 DECODE_UNKNOWN);
	}
}

static void longest_instruction_is_fifteen_bytes(void **state)
{
	static const char bytes[] = "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66"
				    "\x66\x66\x66\x89\x07";
	struct insn in;

	(void)state;
	assert_int_equal(decode_insn(&in, (const uint8_t *)bytes, 15, true),
			 DECODE_OK);
	assert_int_equal(in.length, 15);
}

static void code_of_32_bits_has_no_rex(void **state)
{
	struct insn in;

	(void)state;
	/* 48 is dec %eax there. */
	assert_int_equal(decode_insn(&in, (const uint8_t *)"\x48\x89\x07", 3,
				     false),
			 DECODE_UNKNOWN);
	assert_int_equal(decode_insn(&in, (const uint8_t *)"\x89\x07", 2,
				     false),
			 DECODE_OK);
	assert_int_equal(in.address_size, 4);
	assert_int_equal(
		decode_insn(&in, (const uint8_t *)"\x89\x05\x44\x33\x22\x11", 6,
			    false),
		DECODE_OK); /* mod 0, rm 5: absolute */
	assert_int_equal(decode_address(&in, gpr, RIP, FS_BASE, GS_BASE),
			 0x11223344);
	/* 16-bit addressing is not ours. */
	assert_int_equal(decode_insn(&in, (const uint8_t *)"\x67\x89\x07\x00",
				     4, false),
			 DECODE_UNKNOWN);
	assert_int_equal(decode_insn(&in, (const uint8_t *)"\xee", 1, false),
			 DECODE_OK);
	assert_int_equal(in.op, INSN_OUT);
	/* swapgs is of 64-bit code. */
	assert_int_equal(decode_insn(&in, (const uint8_t *)"\x0f\x01\xf8", 3,
				     true),
			 DECODE_OK);
	assert_int_equal(decode_insn(&in, (const uint8_t *)"\x0f\x01\xf8", 3,
				     false),
			 DECODE_UNKNOWN);
}

static void negative_bit_numbers_reach_backwards(void **state)
{
	uint64_t regs[16];
	struct insn in;

	(void)state;
	memcpy(regs, gpr, sizeof(regs));
	regs[RSI] = (uint64_t)-1;
	assert_int_equal(decode_insn(&in, (const uint8_t *)"\x48\x0f\xab\x37",
				     4, true),
			 DECODE_OK);
	assert_int_equal(decode_address(&in, regs, RIP, FS_BASE, GS_BASE),
			 0x8000 - 8);
	/* Only the operand's own width counts as the bit number. */
	regs[RSI] = UINT64_C(0xffffffff00000020);
	assert_int_equal(decode_insn(&in, (const uint8_t *)"\x0f\xab\x37", 3,
				     true),
			 DECODE_OK);
	assert_int_equal(decode_address(&in, regs, RIP, FS_BASE, GS_BASE),
			 0x8004);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodings_mean_what_the_manual_says),
		cmocka_unit_test(head_of_an_instruction_is_truncated),
		cmocka_unit_test(high_byte_registers_need_the_absence_of_rex),
		cmocka_unit_test(control_register_moves_name_both_registers),
		cmocka_unit_test(what_cannot_have_trapped_is_unknown),
		cmocka_unit_test(longest_instruction_is_fifteen_bytes),
		cmocka_unit_test(code_of_32_bits_has_no_rex),
		cmocka_unit_test(negative_bit_numbers_reach_backwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
