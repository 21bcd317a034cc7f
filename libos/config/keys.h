/* SPDX-License-Identifier: MIT */
/* The table of keys, and the loader's state that its readers share. Internal to config and its tests. */
#ifndef LIBOS_CONFIG_KEYS_H
#define LIBOS_CONFIG_KEYS_H

#include "libos/config/cfg.h"

/* What one scalar is. The comment names the field it is stored in. */
enum cfg_type {
	CFG_STRING,   /* char[size] */
	CFG_BOOL,     /* bool */
	CFG_NUMBER,   /* unsigned of @size bytes */
	CFG_BYTES,    /* uint64_t bytes; a plain number counts in @unit */
	CFG_DURATION, /* uint64_t ns; a plain number counts in @unit */
	CFG_WORD,     /* an enum of 4 bytes, one of @words */
	CFG_IPV4,     /* struct ipaddr, a unicast address */
	CFG_IPV6,     /* struct ipaddr, a unicast address */
	CFG_IP,       /* struct ipaddr, unicast of either family */
	CFG_NETMASK,  /* uint8_t prefix length */
	CFG_IFADDR6,  /* struct cfg_prefix: an interface's address and its prefix length */
	CFG_NETWORK,  /* struct cfg_prefix: no bits set behind the prefix */
	CFG_MAC,      /* struct cfg_mac, a station's address */
	CFG_TYPE_NUM,
};

enum cfg_shape {
	CFG_SCALAR,
	CFG_LIST,    /* of scalars of @type */
	CFG_MAP,     /* scalar: scalar, each pair one element with the fields sub[0] and sub[1] */
	CFG_RECORDS, /* list of mappings, each with exactly the keys sub[0] and sub[1] */
};

struct cfg_word {
	const char *word; /* NULL ends the list */
	int value;
};

struct cfg_key {
	const char *path;
	const char *env;      /* NULL: no variable */
	const char *fallback; /* the default, as one would write it; NULL: unset */
	const char *help;
	enum cfg_type type;
	enum cfg_shape shape;
	uint32_t offset; /* of the field, in struct cfg or (sub-keys) in the element */
	uint32_t size;   /* of the field, for lists of one element */
	uint32_t count;  /* lists: offset of the uint32_t that counts */
	uint32_t max;    /* lists: elements that fit */
	uint32_t word;   /* CFG_WORD: offset of a const char * that gets the word itself, or 0 */
	uint64_t low;    /* numbers: the legal range; of bytes or ns where the type is that */
	uint64_t high;
	uint64_t unit; /* CFG_BYTES, CFG_DURATION: what a number without a unit counts */
	const struct cfg_word *words;
	const struct cfg_key *sub;
};

extern const struct cfg_key cfg_keys[];
extern const unsigned cfg_num_keys;

#define CFG_MAX_KEYS 96

/* Where the value of a key came from. All zero: the default. */
struct cfg_origin {
	unsigned line;
	unsigned column;
	bool is_env;
};

struct cfg_loader {
	struct cfg *cfg;
	const char *file;
	char *err;
	size_t errlen;
	struct cfg_origin origin[CFG_MAX_KEYS];
};

/* NULL when no key has this path. */
const struct cfg_key *cfg_key_find_or_null(const char *path);

/* value.c: @text into the field at @field. 0, or -EINVAL when it is not legal. */
int cfg_value_parse(const struct cfg_key *key, const char *text, void *field) must_check;

/* value.c: what is legal, as the end of "'x' is not ...": "a number from 68 to 65535". */
void cfg_value_legal(const struct cfg_key *key, char *out, size_t len);

/* value.c: why @text is not legal, as a sentence: "'70000' is not a number from 68 to 65535". */
void cfg_value_complain(const struct cfg_key *key, const char *text, char *out, size_t len);

/* value.c: @text fit for a message: without control characters, and shortened when very long. */
#define CFG_QUOTE_LEN 80
const char *cfg_quote(const char *text, char out[CFG_QUOTE_LEN]);

/* The longest sentence about one value: all legal words fit. */
#define CFG_COMPLAINT_LEN 384

/* yaml.c: reads the text over what @l->cfg holds. */
int cfg_read_yaml(struct cfg_loader *l, const char *text, size_t len) must_check;

/* env.c */
int cfg_read_env(struct cfg_loader *l) must_check;

/* check.c: what one key's value means for another's; also derives the mss. */
int cfg_check(struct cfg_loader *l) must_check;

/* load.c: puts a sentence into l->err and returns -EINVAL; the second begins it with where @key was set. */
int cfg_fail(struct cfg_loader *l, const char *fmt, ...) cold_path printf_like(2, 3);
int cfg_fail_key(struct cfg_loader *l, const struct cfg_key *key, const char *fmt, ...) cold_path
	printf_like(3, 4);

#endif
