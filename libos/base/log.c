/* SPDX-License-Identifier: MIT */
#include "libos/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

/* The one thing that threads share: the last to say so wins. */
static _Atomic(enum log_level) shown = LOG_WARNING;

void log_set_level(enum log_level level)
{
	shown = level;
}

int log_level_parse(const char *name, enum log_level *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*out = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	char line[512];
	va_list args;

	if (level > shown)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	/* One call, so that lines of several threads do not mix. */
	fprintf(stderr, "tern: %s: %s\n", level_names[level], line);
}
