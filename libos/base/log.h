/* SPDX-License-Identifier: MIT */
/*
 * Messages for the operator, one line each on standard error: "tern: warning: ...". Never on the data path:
 * events there are counters. The configuration (tern.log_level) says what is shown.
 */
#ifndef LIBOS_BASE_LOG_H
#define LIBOS_BASE_LOG_H

#include "libos/base/compiler.h"

enum log_level {
	LOG_ERROR,
	LOG_WARNING,
	LOG_INFO,
	LOG_DEBUG,
};

/* Default: LOG_WARNING. */
void log_set_level(enum log_level level);

/* 0, or -EINVAL when @name is no level. */
int log_level_parse(const char *name, enum log_level *out) must_check;

void log_write(enum log_level level, const char *fmt, ...) cold_path printf_like(2, 3);

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

#endif
