/* SPDX-License-Identifier: MIT */
#include "bench/lib/json.h"

#include <math.h>

#include "libos/base/bug.h"

/* Length of the well-formed UTF-8 sequence at @p (RFC 3629: shortest form, no surrogates), or 0. */
static size_t utf8_len(const unsigned char *p)
{
	uint32_t min, cp;
	size_t len;

	if (p[0] < 0x80)
		return 1;
	if ((p[0] & 0xe0) == 0xc0) {
		len = 2;
		min = 0x80;
		cp = p[0] & 0x1f;
	} else if ((p[0] & 0xf0) == 0xe0) {
		len = 3;
		min = 0x800;
		cp = p[0] & 0x0f;
	} else if ((p[0] & 0xf8) == 0xf0) {
		len = 4;
		min = 0x10000;
		cp = p[0] & 0x07;
	} else {
		return 0;
	}
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3f);
	}
	return cp < min || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000) ? 0 : len;
}

void json_string(FILE *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	fputc('"', out);
	while (*p) {
		size_t len = utf8_len(p);

		if (!len) {
			fputs("\\ufffd", out);
			len = 1;
		} else if (*p < 0x20 || *p == 0x7f) {
			fprintf(out, "\\u%04x", *p);
		} else {
			if (*p == '"' || *p == '\\')
				fputc('\\', out);
			fwrite(p, 1, len, out);
		}
		p += len;
	}
	fputc('"', out);
}

void json_number(FILE *out, double value)
{
	BUG_ON(!isfinite(value));
	fprintf(out, "%.10g", value);
}
