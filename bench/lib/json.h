/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LIB_JSON_H
#define BENCH_LIB_JSON_H

#include <stdio.h>

/* Writes @text as a JSON string, quotes included. Bytes that are no UTF-8 become U+FFFD. */
void json_string(FILE *out, const char *text);

/* Writes a finite number with up to ten digits; JSON has no other numbers, so anything else is a bug. */
void json_number(FILE *out, double value);

#endif
