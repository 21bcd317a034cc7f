/* SPDX-License-Identifier: MIT */
/*
 * The file, as a stream of libyaml events.
 *
 * Reading follows the table of keys: a mapping is entered only when keys lie below it, a list only where one
 * belongs. So the recursion is as deep as the table and no deeper, however the file nests, and the reader stops at
 * the first thing it does not know. Aliases (with which a few lines can stand for gigabytes), anchors and tags
 * are refused where they appear. Each scalar is text, quoted or not: the key decides what it must be.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <yaml.h>

#include "libos/base/bug.h"
#include "libos/config/keys.h"

#define MAX_PATH 128

/* A section is named by the first key in it and how much of that key's path it is. */
struct section {
	const struct cfg_key *first;
	size_t len;
	unsigned line;
};

struct reader {
	struct cfg_loader *l;
	const char *text;
	size_t len;
	yaml_parser_t parser;
	yaml_event_t ev; /* the current event; all zero: none */
	char path[MAX_PATH];
	struct section seen[CFG_MAX_KEYS];
	unsigned num_seen;
};

static int fail_at(struct reader *r, const yaml_mark_t *mark, const char *fmt, ...) cold_path
	printf_like(3, 4);

static int fail_at(struct reader *r, const yaml_mark_t *mark, const char *fmt, ...)
{
	char sentence[CFG_ERR_LEN / 2 + MAX_PATH];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	return cfg_fail(r->l, "%s:%zu:%zu: %s", r->l->file, mark->line + 1, mark->column + 1,
			sentence);
}

/* libyaml's words for a tab are about tokens. */
static bool is_tab_indented(const struct reader *r, size_t line)
{
	const char *p = r->text, *end = r->text + r->len;

	for (; line > 0 && p < end; p++)
		line -= *p == '\n';
	while (p < end && *p == ' ')
		p++;
	return p < end && *p == '\t';
}

/* Bytes that are no text have an offset instead of a mark. */
static yaml_mark_t mark_of_offset(const struct reader *r, size_t offset)
{
	yaml_mark_t mark = { .line = 0 };

	for (size_t i = 0; i < offset && i < r->len; i++) {
		mark.column++;
		if (r->text[i] == '\n') {
			mark.line++;
			mark.column = 0;
		}
	}
	return mark;
}

static int fail_syntax(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	yaml_mark_t mark = p->problem_mark;

	switch (p->error) {
	case YAML_MEMORY_ERROR:
		cfg_fail(r->l, "%s: %s", r->l->file, strerror(ENOMEM));
		return -ENOMEM;
	case YAML_READER_ERROR:
		mark = mark_of_offset(r, p->problem_offset);
		return fail_at(r, &mark, "not text: %s", p->problem);
	default:
		if (is_tab_indented(r, mark.line))
			return fail_at(r, &mark, "a tab; YAML indents with spaces");
		return fail_at(r, &mark, "not YAML: %s", p->problem);
	}
}

/* Moves on to the next event. */
static int next(struct reader *r)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;
	yaml_event_t *ev = &r->ev;

	yaml_event_delete(ev);
	if (!yaml_parser_parse(&r->parser, ev))
		return fail_syntax(r);
	switch (ev->type) {
	case YAML_ALIAS_EVENT:
		anchor = ev->data.alias.anchor;
		break;
	case YAML_SCALAR_EVENT:
		anchor = ev->data.scalar.anchor;
		tag = ev->data.scalar.tag;
		if (strlen((const char *)ev->data.scalar.value) != ev->data.scalar.length)
			return fail_at(r, &ev->start_mark, "a NUL byte in a string");
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = ev->data.sequence_start.anchor;
		tag = ev->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = ev->data.mapping_start.anchor;
		tag = ev->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor)
		return fail_at(r, &ev->start_mark, "anchors and aliases are not allowed here");
	if (tag)
		return fail_at(r, &ev->start_mark, "tags are not allowed here");
	return 0;
}

static bool is_scalar(const struct reader *r)
{
	return r->ev.type == YAML_SCALAR_EVENT;
}

static const char *scalar(const struct reader *r)
{
	return (const char *)r->ev.data.scalar.value;
}

/* "key:" with nothing behind it, as when all that was below it is commented out. */
static bool is_nothing(const struct reader *r)
{
	return is_scalar(r) && r->ev.data.scalar.length == 0 &&
	       r->ev.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static const char *name_of_kind(const struct reader *r)
{
	switch (r->ev.type) {
	case YAML_SEQUENCE_START_EVENT:
		return "a list";
	case YAML_MAPPING_START_EVENT:
		return "a mapping";
	default:
		return "a single value";
	}
}

static int fail_kind(struct reader *r, const char *path, const char *expected)
{
	return fail_at(r, &r->ev.start_mark, "%s: expected %s, found %s", path, expected,
		       name_of_kind(r));
}

/* The current event, which must be a scalar, as the value of @key into @field; messages call it @path. */
static int store(struct reader *r, const struct cfg_key *key, const char *path, void *field)
{
	char complaint[CFG_COMPLAINT_LEN];

	if (!is_scalar(r))
		return fail_kind(r, path, "a single value");
	if (cfg_value_parse(key, scalar(r), field) == 0)
		return 0;
	cfg_value_complain(key, scalar(r), complaint, sizeof(complaint));
	return fail_at(r, &r->ev.start_mark, "%s: %s", path, complaint);
}

/* Room for one more element of a list, or NULL after having failed. */
static char *new_element_or_null(struct reader *r, const struct cfg_key *key)
{
	char *cfg = (char *)r->l->cfg;
	uint32_t *count = (uint32_t *)(cfg + key->count);

	if (*count == key->max) {
		fail_at(r, &r->ev.start_mark, "%s: more than %u entries", key->path, key->max);
		return NULL;
	}
	return cfg + key->offset + (size_t)key->size * (*count)++;
}

static uint32_t last_index(const struct reader *r, const struct cfg_key *key)
{
	return *(uint32_t *)((char *)r->l->cfg + key->count) - 1;
}

static int read_record(struct reader *r, const struct cfg_key *key, char *element)
{
	const yaml_mark_t start = r->ev.start_mark;
	char path[MAX_PATH];
	unsigned have = 0;
	int rc;

	snprintf(path, sizeof(path), "%s[%u]", key->path, last_index(r, key));
	if (r->ev.type != YAML_MAPPING_START_EVENT)
		return fail_kind(r, path, "a mapping");
	for (rc = next(r); rc == 0 && r->ev.type != YAML_MAPPING_END_EVENT; rc = next(r)) {
		unsigned i = 0;

		if (!is_scalar(r))
			return fail_kind(r, path, "a key");
		while (i < 2 && strcmp(scalar(r), key->sub[i].path) != 0)
			i++;
		if (i == 2) {
			char quoted[CFG_QUOTE_LEN];

			return fail_at(r, &r->ev.start_mark,
				       "unknown key '%s.%s'; legal here: %s, %s", path,
				       cfg_quote(scalar(r), quoted), key->sub[0].path,
				       key->sub[1].path);
		}
		if (have & 1u << i)
			return fail_at(r, &r->ev.start_mark, "%s.%s is there twice", path,
				       key->sub[i].path);
		have |= 1u << i;
		rc = next(r);
		if (rc == 0) {
			char sub_path[MAX_PATH + 8];

			snprintf(sub_path, sizeof(sub_path), "%s.%s", path, key->sub[i].path);
			rc = store(r, &key->sub[i], sub_path, element + key->sub[i].offset);
		}
		if (rc)
			return rc;
	}
	if (rc == 0 && have != 3)
		return fail_at(r, &start, "%s: '%s' is missing", path, key->sub[have & 1].path);
	return rc;
}

static int read_list(struct reader *r, const struct cfg_key *key)
{
	int rc;

	if (is_nothing(r))
		return 0;
	if (r->ev.type != YAML_SEQUENCE_START_EVENT)
		return fail_kind(r, key->path, "a list");
	for (rc = next(r); rc == 0 && r->ev.type != YAML_SEQUENCE_END_EVENT; rc = next(r)) {
		char *element = new_element_or_null(r, key);
		char path[MAX_PATH];

		if (!element)
			return -EINVAL;
		snprintf(path, sizeof(path), "%s[%u]", key->path, last_index(r, key));
		rc = key->shape == CFG_RECORDS ? read_record(r, key, element)
					       : store(r, key, path, element);
		if (rc)
			return rc;
	}
	return rc;
}

/* Is the first field of @element the same as in one before it? */
static bool is_repeated(const struct cfg_loader *l, const struct cfg_key *key, const char *element)
{
	const struct cfg_key *sub = &key->sub[0];

	for (const char *e = (char *)l->cfg + key->offset; e < element; e += key->size) {
		if (memcmp(e + sub->offset, element + sub->offset, sub->size) == 0)
			return true;
	}
	return false;
}

static int read_map(struct reader *r, const struct cfg_key *key)
{
	int rc;

	if (is_nothing(r))
		return 0;
	if (r->ev.type != YAML_MAPPING_START_EVENT)
		return fail_kind(r, key->path, "a mapping");
	for (rc = next(r); rc == 0 && r->ev.type != YAML_MAPPING_END_EVENT; rc = next(r)) {
		char *element = new_element_or_null(r, key);

		if (!element)
			return -EINVAL;
		rc = store(r, &key->sub[0], key->path, element + key->sub[0].offset);
		if (rc)
			return rc;
		if (is_repeated(r->l, key, element))
			return fail_at(r, &r->ev.start_mark, "%s: '%s' is there twice", key->path,
				       scalar(r));
		rc = next(r);
		if (rc == 0)
			rc = store(r, &key->sub[1], key->path, element + key->sub[1].offset);
		if (rc)
			return rc;
	}
	return rc;
}

static int read_value(struct reader *r, const struct cfg_key *key)
{
	struct cfg_origin *o = &r->l->origin[key - cfg_keys];

	o->line = (unsigned)r->ev.start_mark.line + 1;
	o->column = (unsigned)r->ev.start_mark.column + 1;
	switch (key->shape) {
	case CFG_LIST:
	case CFG_RECORDS:
		return read_list(r, key);
	case CFG_MAP:
		return read_map(r, key);
	case CFG_SCALAR:
		break;
	}
	return store(r, key, key->path, (char *)r->l->cfg + key->offset);
}

/* Is @key below the section that the first @len bytes of @path name? Length 0: the file. */
static bool is_below(const struct cfg_key *key, const char *path, size_t len)
{
	return len == 0 || (strncmp(key->path, path, len) == 0 && key->path[len] == '.');
}

static const struct cfg_key *section_find_or_null(const char *path, size_t len)
{
	for (unsigned i = 0; i < cfg_num_keys; i++) {
		if (is_below(&cfg_keys[i], path, len))
			return &cfg_keys[i];
	}
	return NULL;
}

static int fail_unknown(struct reader *r, size_t len)
{
	char quoted[CFG_QUOTE_LEN], legal[CFG_ERR_LEN / 3] = "";
	const char *last = "";
	size_t at = 0, last_len = 0;

	for (unsigned i = 0; i < cfg_num_keys; i++) {
		const char *word = cfg_keys[i].path + (len ? len + 1 : 0);
		size_t n;

		if (!is_below(&cfg_keys[i], r->path, len))
			continue;
		n = strcspn(word, ".");
		if (n == last_len && memcmp(word, last, n) == 0)
			continue;
		if (at < sizeof(legal))
			at += (size_t)snprintf(legal + at, sizeof(legal) - at, "%s%.*s",
					       at ? ", " : "", (int)n, word);
		last = word;
		last_len = n;
	}
	return fail_at(r, &r->ev.start_mark, "unknown key '%.*s%s%s'; legal here: %s", (int)len,
		       r->path, len ? "." : "", cfg_quote(scalar(r), quoted), legal);
}

static int note_section(struct reader *r, const struct cfg_key *first, size_t len)
{
	for (unsigned i = 0; i < r->num_seen; i++) {
		const struct section *s = &r->seen[i];

		if (s->first == first && s->len == len)
			return fail_at(r, &r->ev.start_mark,
				       "'%s' is there twice; the first is in line %u", r->path,
				       s->line);
	}
	BUG_ON(r->num_seen == ARRAY_SIZE(r->seen));
	r->seen[r->num_seen++] = (struct section){ .first = first,
						   .len = len,
						   .line = (unsigned)r->ev.start_mark.line + 1 };
	return 0;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the table of keys, see above */
static int read_section(struct reader *r, size_t len);

/* A key of the section that the first @len bytes of the path name; the current event is the key. */
static int read_entry(struct reader *r, size_t len)
{
	const struct cfg_key *key, *below;
	size_t new_len;
	int rc;

	if (!is_scalar(r))
		return fail_at(r, &r->ev.start_mark, "expected a key, found %s", name_of_kind(r));
	new_len =
		(size_t)snprintf(r->path + len, MAX_PATH - len, "%s%s", len ? "." : "", scalar(r)) +
		len;
	/* A dot would make one key of two levels. */
	if (new_len >= MAX_PATH || strchr(scalar(r), '.') || !*scalar(r))
		return fail_unknown(r, len);
	key = cfg_key_find_or_null(r->path);
	below = section_find_or_null(r->path, new_len);
	if (!key && !below)
		return fail_unknown(r, len);
	if (key && r->l->origin[key - cfg_keys].line)
		return fail_at(r, &r->ev.start_mark, "'%s' is there twice; the first is in line %u",
			       key->path, r->l->origin[key - cfg_keys].line);
	rc = key ? 0 : note_section(r, below, new_len);
	rc = rc ? rc : next(r);
	if (rc)
		return rc;
	return key ? read_value(r, key) : read_section(r, new_len);
}

static int read_section(struct reader *r, size_t len)
{
	int rc;

	if (is_nothing(r))
		return 0;
	if (r->ev.type != YAML_MAPPING_START_EVENT)
		return fail_kind(r, len ? r->path : "the file", "a mapping");
	for (rc = next(r); rc == 0 && r->ev.type != YAML_MAPPING_END_EVENT; rc = next(r)) {
		rc = read_entry(r, len);
		if (rc)
			return rc;
		r->path[len] = '\0';
	}
	return rc;
}
/* NOLINTEND(misc-no-recursion) */

static int read_stream(struct reader *r)
{
	int rc = next(r);

	rc = rc ? rc : next(r);
	if (rc || r->ev.type == YAML_STREAM_END_EVENT)
		return rc;
	rc = next(r);
	rc = rc ? rc : read_section(r, 0);
	rc = rc ? rc : next(r);
	rc = rc ? rc : next(r);
	if (rc == 0 && r->ev.type != YAML_STREAM_END_EVENT)
		return fail_at(r, &r->ev.start_mark, "a second document; a file holds one");
	return rc;
}

int cfg_read_yaml(struct cfg_loader *l, const char *text, size_t len)
{
	struct reader r = { .l = l, .text = text, .len = len };
	int rc;

	if (!yaml_parser_initialize(&r.parser)) {
		cfg_fail(l, "%s: %s", l->file, strerror(ENOMEM));
		return -ENOMEM;
	}
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	rc = read_stream(&r);
	yaml_event_delete(&r.ev);
	yaml_parser_delete(&r.parser);
	return rc;
}
