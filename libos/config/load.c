/* SPDX-License-Identifier: MIT */
/* The order in which a configuration comes together, and how its errors read. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "libos/config/keys.h"

#define MAX_FILE_BYTES (1u << 20)

int cfg_fail(struct cfg_loader *l, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(l->err, l->errlen, fmt, args);
	va_end(args);
	return -EINVAL;
}

int cfg_fail_key(struct cfg_loader *l, const struct cfg_key *key, const char *fmt, ...)
{
	const struct cfg_origin *o = &l->origin[key - cfg_keys];
	char sentence[CFG_ERR_LEN / 2];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	if (o->is_env)
		return cfg_fail(l, "environment variable %s (%s): %s", key->env, key->path,
				sentence);
	return cfg_fail(l, "%s:%u:%u: %s: %s", l->file, o->line, o->column, key->path, sentence);
}

static int fail_errno(struct cfg_loader *l, int err)
{
	cfg_fail(l, "%s: %s", l->file, strerror(err));
	return -err;
}

static int read_all(struct cfg_loader *l, int fd, char *buf, size_t *len)
{
	*len = 0;
	for (;;) {
		ssize_t n = read(fd, buf + *len, MAX_FILE_BYTES + 1 - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(l, errno);
		if (n == 0)
			return 0;
		*len += (size_t)n;
		if (*len > MAX_FILE_BYTES) {
			cfg_fail(l, "%s: more than %u bytes", l->file, MAX_FILE_BYTES);
			return -EFBIG;
		}
	}
}

static int read_file(struct cfg_loader *l)
{
	int fd = open(l->file, O_RDONLY | O_CLOEXEC);
	size_t len;
	char *buf;
	int rc;

	if (fd < 0)
		return fail_errno(l, errno);
	buf = malloc(MAX_FILE_BYTES + 1);
	if (!buf) {
		rc = fail_errno(l, ENOMEM);
		goto out_close;
	}
	rc = read_all(l, fd, buf, &len);
	if (rc == 0)
		rc = cfg_read_yaml(l, buf, len);
	free(buf);
out_close:
	close(fd);
	return rc;
}

static void loader_init(struct cfg_loader *l, struct cfg *cfg, const char *file, char *err,
			size_t errlen)
{
	*l = (struct cfg_loader){ .cfg = cfg, .file = file, .err = err, .errlen = errlen };
	if (errlen)
		err[0] = '\0';
	cfg_defaults(cfg);
}

int cfg_load(struct cfg *cfg, const char *path_or_null, char *err, size_t errlen)
{
	struct cfg_loader l;
	int rc;

	loader_init(&l, cfg, path_or_null, err, errlen);
	if (path_or_null) {
		rc = read_file(&l);
		if (rc)
			return rc;
	}
	rc = cfg_read_env(&l);
	return rc ? rc : cfg_check(&l);
}

int cfg_from_text(struct cfg *cfg, const char *name, const char *text, size_t len, char *err,
		  size_t errlen)
{
	struct cfg_loader l;
	int rc;

	loader_init(&l, cfg, name, err, errlen);
	if (len > MAX_FILE_BYTES) {
		cfg_fail(&l, "%s: more than %u bytes", name, MAX_FILE_BYTES);
		return -EFBIG;
	}
	rc = cfg_read_yaml(&l, text, len);
	return rc ? rc : cfg_check(&l);
}
