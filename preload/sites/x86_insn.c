/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>
#include "sites/x86_insn.h"

#define LENGTH_MAX 15

/* What follows an opcode. */
enum {
	N = 0, /* nothing */
	M = 1, /* ModRM and what it asks for */
	B = 2, /* a byte */
	Z = 4, /* 4 bytes, or 2 behind a 66 prefix */
	MB = M | B,
	MZ = M | Z,
	W = 8,	 /* 2 bytes */
	J1 = 16, /* a displacement of 1 byte */
	J4 = 32, /* of 4 bytes */
	S = 64,	 /* see special() */
	X = 128, /* no instruction */
};

/* clang-format off */
static const uint8_t one_byte[256] = {
	/*       0   1   2   3   4   5   6   7   8   9   a   b   c   d   e   f */
	/* 0 */  M,  M,  M,  M,  B,  Z,  X,  X,  M,  M,  M,  M,  B,  Z,  X,  X,
	/* 1 */  M,  M,  M,  M,  B,  Z,  X,  X,  M,  M,  M,  M,  B,  Z,  X,  X,
	/* 2 */  M,  M,  M,  M,  B,  Z,  X,  X,  M,  M,  M,  M,  B,  Z,  X,  X,
	/* 3 */  M,  M,  M,  M,  B,  Z,  X,  X,  M,  M,  M,  M,  B,  Z,  X,  X,
	/* 4 */  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
	/* 5 */  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
	/* 6 */  X,  X,  X,  M,  X,  X,  X,  X,  Z,  MZ, B,  MB, X,  X,  X,  X,
	/* 7 */  J1, J1, J1, J1, J1, J1, J1, J1, J1, J1, J1, J1, J1, J1, J1, J1,
	/* 8 */  MB, MZ, X,  MB, M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,
	/* 9 */  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  X,  N,  N,  N,  N,  N,
	/* a */  S,  S,  S,  S,  N,  N,  N,  N,  B,  Z,  N,  N,  N,  N,  N,  N,
	/* b */  B,  B,  B,  B,  B,  B,  B,  B,  S,  S,  S,  S,  S,  S,  S,  S,
	/* c */  MB, MB, W,  N,  X,  X,  S,  S,  S,  N,  X,  X,  N,  B,  X,  X,
	/* d */  M,  M,  M,  M,  X,  X,  X,  N,  M,  M,  M,  M,  M,  M,  M,  M,
	/* e */  J1, J1, J1, J1, X,  X,  X,  X,  J4, J4, X,  J1, X,  X,  X,  X,
	/* f */  X,  X,  X,  X,  N,  N,  S,  S,  N,  N,  X,  X,  N,  N,  M,  M,
};

static const uint8_t two_byte[256] = { /* behind 0f */
	/*       0   1   2   3   4   5   6   7   8   9   a   b   c   d   e   f */
	/* 0 */  M,  M,  M,  M,  X,  N,  X,  X,  X,  X,  X,  N,  X,  M,  N,  MB,
	/* 1 */  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,
	/* 2 */  X,  X,  X,  X,  X,  X,  X,  X,  M,  M,  M,  M,  M,  M,  M,  M,
	/* 3 */  X,  N,  X,  N,  N,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
	/* 4 */  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,
	/* 5 */  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,
	/* 6 */  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,
	/* 7 */  MB, MB, MB, MB, M,  M,  M,  N,  M,  M,  X,  X,  M,  M,  M,  M,
	/* 8 */  J4, J4, J4, J4, J4, J4, J4, J4, J4, J4, J4, J4, J4, J4, J4, J4,
	/* 9 */  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,
	/* a */  N,  N,  N,  M,  MB, M,  X,  X,  N,  N,  X,  M,  MB, M,  M,  M,
	/* b */  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  MB, M,  M,  M,  M,  M,
	/* c */  M,  M,  MB, M,  MB, MB, MB, M,  N,  N,  N,  N,  N,  N,  N,  N,
	/* d */  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,
	/* e */  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,
	/* f */  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,  M,
};
/* clang-format on */

struct decoder {
	const unsigned char *code;
	size_t size;
	size_t at;
	bool bad;
	bool short_operand; /* 66 */
	bool short_address; /* 67 */
	bool rex_w;
};

static unsigned take(struct decoder *d)
{
	if (d->at >= d->size) {
		d->bad = true;
		return 0;
	}
	return d->code[d->at++];
}

static void skip(struct decoder *d, size_t n)
{
	if (n > d->size - d->at)
		d->bad = true;
	else
		d->at += n;
}

static unsigned peek(const struct decoder *d)
{
	return d->at < d->size ? d->code[d->at] : 0;
}

static bool is_prefix(struct decoder *d, unsigned byte)
{
	switch (byte) {
	case 0x66:
		d->short_operand = true;
		return true;
	case 0x67:
		d->short_address = true;
		return true;
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
	case 0xf0:
	case 0xf2:
	case 0xf3:
		return true;
	}
	return false;
}

static unsigned take_prefixes(struct decoder *d)
{
	unsigned byte = take(d);

	while (is_prefix(d, byte) && !d->bad)
		byte = take(d);
	if ((byte & 0xf0) == 0x40) {
		d->rex_w = byte & 8;
		byte = take(d);
	}
	return byte;
}

static void take_modrm(struct decoder *d, struct x86_insn *insn)
{
	unsigned modrm = take(d), mod = modrm >> 6, rm = modrm & 7;

	if (mod == 3)
		return;
	if (rm == 4 && (take(d) & 7) == 5 && mod == 0)
		skip(d, 4);
	if (mod == 0 && rm == 5) {
		insn->rip_at = (uint8_t)d->at;
		skip(d, 4);
	}
	skip(d, mod == 1 ? 1 : mod == 2 ? 4 : 0);
}

static void take_target(struct decoder *d, struct x86_insn *insn, unsigned size)
{
	int8_t near;

	skip(d, size);
	if (d->bad)
		return;
	if (size == 1) {
		memcpy(&near, d->code + d->at - 1, 1);
		insn->target = near;
	} else {
		memcpy(&insn->target, d->code + d->at - 4, 4);
	}
}

static void take_operands(struct decoder *d, struct x86_insn *insn, unsigned kind)
{
	if (kind & X)
		d->bad = true;
	if (kind & M)
		take_modrm(d, insn);
	if (kind & B)
		skip(d, 1);
	if (kind & W)
		skip(d, 2);
	if (kind & Z)
		skip(d, d->short_operand && !d->rex_w ? 2 : 4);
	if (kind & (J1 | J4))
		take_target(d, insn, kind & J1 ? 1 : 4);
}

static void transaction(struct decoder *d, struct x86_insn *insn)
{
	skip(d, 1);
	take_target(d, insn, 4);
	insn->flow = X86_BRANCH;
}

/* Whose operands depend on more than the opcode. */
static void special(struct decoder *d, struct x86_insn *insn, unsigned opcode)
{
	unsigned reg = peek(d) >> 3 & 7;

	if (opcode >= 0xa0 && opcode <= 0xa3)
		skip(d, d->short_address ? 4 : 8);
	else if (opcode >= 0xb8 && opcode <= 0xbf && d->rex_w)
		skip(d, 8);
	else if (opcode >= 0xb8 && opcode <= 0xbf)
		take_operands(d, insn, Z);
	else if (peek(d) == 0xf8 && opcode == 0xc7) /* xbegin */
		transaction(d, insn);
	else if (opcode == 0xc6 || opcode == 0xc7)
		take_operands(d, insn, reg != 0 && peek(d) != 0xf8 ? X : opcode == 0xc6 ? MB : MZ);
	else if (opcode == 0xc8)
		skip(d, 3);
	else /* f6, f7: test has an operand more than not, neg, mul ... */
		take_operands(d, insn, reg > 1 ? M : opcode == 0xf6 ? MB : MZ);
}

/* c4 and c5: AVX, 62: AVX-512, 8f: XOP. @map: which table the opcode is of. */
static void take_vector(struct decoder *d, struct x86_insn *insn, unsigned map)
{
	unsigned opcode = take(d);

	if (map == 1 && opcode == 0x77)
		return;
	take_modrm(d, insn);
	if (map == 3 || map == 8 || (map == 1 && (two_byte[opcode] & B)))
		skip(d, 1);
	else if (map == 10)
		skip(d, 4);
}

static bool vector(struct decoder *d, struct x86_insn *insn, unsigned opcode)
{
	unsigned map = 1;

	if (opcode == 0xc5) {
		skip(d, 1);
	} else if (opcode == 0xc4) {
		map = take(d) & 0x1f;
		skip(d, 1);
		d->bad |= map < 1 || map > 3;
	} else if (opcode == 0x62) {
		map = take(d) & 7;
		skip(d, 2);
		d->bad |= map < 1 || map == 4 || map == 7;
	} else if (opcode == 0x8f && (peek(d) & 0x1f) >= 8) {
		map = take(d) & 0x1f;
		skip(d, 1);
		d->bad |= map > 10;
	} else {
		return false;
	}
	take_vector(d, insn, map);
	return true;
}

static void take_two_byte(struct decoder *d, struct x86_insn *insn)
{
	unsigned opcode = take(d);

	if (opcode == 0x38) {
		take(d);
		take_modrm(d, insn);
	} else if (opcode == 0x3a) {
		take(d);
		take_modrm(d, insn);
		skip(d, 1);
	} else {
		take_operands(d, insn, two_byte[opcode]);
	}
	if (opcode == 0x05)
		insn->flow = X86_SYSCALL;
	else if (opcode == 0x0b)
		insn->flow = X86_STOP;
	else if ((opcode & 0xf0) == 0x80)
		insn->flow = X86_BRANCH;
}

static uint8_t flow_of(unsigned opcode, unsigned modrm)
{
	if ((opcode >= 0x70 && opcode <= 0x7f) || (opcode >= 0xe0 && opcode <= 0xe3))
		return X86_BRANCH;
	if (opcode == 0xe9 || opcode == 0xeb)
		return X86_JUMP;
	if (opcode == 0xe8 || (opcode == 0xff && (modrm >> 3 & 6) == 2))
		return X86_CALL;
	if (opcode == 0xff && (modrm >> 3 & 6) == 4)
		return X86_INDIRECT;
	if (opcode == 0xc3 || opcode == 0xc2 || opcode == 0xcc || opcode == 0xf4)
		return X86_STOP;
	return X86_NEXT;
}

void x86_decode(const unsigned char *code, size_t size, struct x86_insn *insn)
{
	struct decoder d = { .code = code, .size = size < LENGTH_MAX ? size : LENGTH_MAX };
	unsigned opcode = take_prefixes(&d);

	*insn = (struct x86_insn){ .flow = X86_NEXT };
	if (opcode == 0x0f) {
		take_two_byte(&d, insn);
	} else if (!vector(&d, insn, opcode)) {
		insn->flow = flow_of(opcode, peek(&d));
		if (one_byte[opcode] & S)
			special(&d, insn, opcode);
		else
			take_operands(&d, insn, one_byte[opcode]);
	}
	insn->len = d.bad ? 0 : (uint8_t)d.at;
}
