/* SPDX-License-Identifier: MIT */
/* The binary interface of Demikernel 1.5, byte for byte: most of this fails at compile time. */
#include <criterion/criterion.h>
#include <stddef.h>

#include "demi/types.h"

_Static_assert(sizeof(demi_qtoken_t) == 8, "token");
_Static_assert(DEMI_SGARRAY_MAXSIZE == 1, "one segment");

_Static_assert(sizeof(demi_sgaseg_t) == 12, "sgaseg");
_Static_assert(offsetof(demi_sgaseg_t, sgaseg_buf) == 0, "sgaseg");
_Static_assert(offsetof(demi_sgaseg_t, sgaseg_len) == 8, "sgaseg");

_Static_assert(sizeof(demi_sgarray_t) == 40, "sgarray");
_Static_assert(offsetof(demi_sgarray_t, sga_buf) == 0, "sgarray");
_Static_assert(offsetof(demi_sgarray_t, sga_numsegs) == 8, "sgarray");
_Static_assert(offsetof(demi_sgarray_t, sga_segs) == 12, "sgarray");
_Static_assert(offsetof(demi_sgarray_t, sga_addr) == 24, "sgarray");

_Static_assert(sizeof(demi_accept_result_t) == 20, "accept_result");
_Static_assert(offsetof(demi_accept_result_t, addr) == 4, "accept_result");

_Static_assert(sizeof(demi_qresult_t) == 64, "qresult");
_Static_assert(offsetof(demi_qresult_t, qr_opcode) == 0, "qresult");
_Static_assert(offsetof(demi_qresult_t, qr_qd) == 4, "qresult");
_Static_assert(offsetof(demi_qresult_t, qr_qt) == 8, "qresult");
_Static_assert(offsetof(demi_qresult_t, qr_ret) == 16, "qresult");
_Static_assert(offsetof(demi_qresult_t, qr_value) == 24, "qresult");

_Static_assert(sizeof(struct demi_args) == 20, "args");
_Static_assert(offsetof(struct demi_args, argv) == 4, "args");
_Static_assert(offsetof(struct demi_args, callback) == 12, "args");

Test(layout, opcodes)
{
	cr_assert_eq(DEMI_OPC_INVALID, 0);
	cr_assert_eq(DEMI_OPC_PUSH, 1);
	cr_assert_eq(DEMI_OPC_POP, 2);
	cr_assert_eq(DEMI_OPC_ACCEPT, 3);
	cr_assert_eq(DEMI_OPC_CONNECT, 4);
	cr_assert_eq(DEMI_OPC_CLOSE, 5);
	cr_assert_eq(DEMI_OPC_FAILED, 6);
	cr_assert_eq(sizeof(demi_opcode_t), 4);
}
