/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>

#include "bench/lib/json.h"

static void expect_string(const char *text, const char *want)
{
	char *got;
	size_t size;
	FILE *f = open_memstream(&got, &size);

	json_string(f, text);
	fclose(f);
	cr_assert_str_eq(got, want);
	free(got);
}

static void expect_number(double value, const char *want)
{
	char *got;
	size_t size;
	FILE *f = open_memstream(&got, &size);

	json_number(f, value);
	fclose(f);
	cr_assert_str_eq(got, want);
	free(got);
}

Test(json, strings_are_quoted_and_escaped)
{
	expect_string("", "\"\"");
	expect_string("armed=1000000", "\"armed=1000000\"");
	expect_string("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
	expect_string("\x01\t\n\r\x1f\x7f", "\"\\u0001\\u0009\\u000a\\u000d\\u001f\\u007f\"");
}

Test(json, utf8_passes_and_everything_else_is_replaced)
{
	expect_string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa6",
		      "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa6\"");
	expect_string("a\xff"
		      "b",
		      "\"a\\ufffdb\"");
	expect_string("cut \xe2\x82", "\"cut \\ufffd\\ufffd\"");
	expect_string("long \xc0\xaf", "\"long \\ufffd\\ufffd\"");
	expect_string("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");
	expect_string("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	expect_string("\xc3\"", "\"\\ufffd\\\"\"");
}

Test(json, numbers_keep_their_digits)
{
	expect_number(0, "0");
	expect_number(21, "21");
	expect_number(1000000000, "1000000000");
	expect_number(35.25, "35.25");
	expect_number(-0.001, "-0.001");
}

Test(json, what_json_cannot_say_is_a_bug, .signal = SIGABRT)
{
	json_number(stderr, NAN);
}
