/* SPDX-License-Identifier: MIT */
/* Scalars: text to field, and the sentence that says what would have been legal. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "libos/base/bug.h"
#include "libos/base/clock.h"
#include "libos/config/keys.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* From small to large. */
static const struct unit time_units[] = {
	{ "ns", 1 }, { "us", NS_PER_US }, { "ms", NS_PER_MS }, { "s", NS_PER_SEC }, { NULL, 0 },
};

static const struct unit byte_units[] = {
	{ "B", 1 },  { "KiB", 1ull << 10 }, { "MiB", 1ull << 20 }, { "GiB", 1ull << 30 },
	{ NULL, 0 },
};

/* What Demikernel's template files hold where a value of this machine belongs. */
static bool is_placeholder(const struct cfg_key *key, const char *text)
{
	static const char *const words[] = { "XX.XX.XX.XX", "YY.YY.YY.YY", "ZZ.ZZ.ZZ.ZZ",
					     "WW:WW.W",     "abcde",       "ff:ff:ff:ff:ff:ff" };

	if (strncmp(key->path, "tern.", 5) == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(text, words[i]) == 0)
			return true;
	}
	return strstr(text, "iface=abcde") != NULL;
}

/*
 * Decimal, or hexadecimal after 0x. Signs, blanks, 1_000 and leading zeros (octal to some readers of YAML, decimal to
 * others) are no numbers. @end_or_null receives what follows; without it nothing may follow.
 */
static int parse_u64(const char *text, uint64_t *out, const char **end_or_null)
{
	bool is_hex = text[0] == '0' && text[1] == 'x';
	const char *digits = is_hex ? text + 2 : text;
	char *end;

	if (is_hex ? !isxdigit((unsigned char)digits[0]) : !isdigit((unsigned char)digits[0]))
		return -EINVAL;
	if (!is_hex && digits[0] == '0' && isdigit((unsigned char)digits[1]))
		return -EINVAL;
	errno = 0;
	*out = strtoull(digits, &end, is_hex ? 16 : 10);
	if (errno || (!end_or_null && *end))
		return -EINVAL;
	if (end_or_null)
		*end_or_null = end;
	return 0;
}

static int parse_number(const struct cfg_key *key, const char *text, void *field)
{
	uint64_t v;

	if (parse_u64(text, &v, NULL) || v < key->low || v > key->high)
		return -EINVAL;
	switch (key->size) {
	case 1:
		*(uint8_t *)field = (uint8_t)v;
		return 0;
	case 2:
		*(uint16_t *)field = (uint16_t)v;
		return 0;
	case 4:
		*(uint32_t *)field = (uint32_t)v;
		return 0;
	default:
		BUG_ON(key->size != 8);
		*(uint64_t *)field = v;
		return 0;
	}
}

/* "500ms", "500 ms", or a number of the key's own unit. */
static int parse_scaled(const struct cfg_key *key, const char *text, const struct unit *units,
			uint64_t *field)
{
	uint64_t v, factor = key->unit;
	const char *rest;

	if (parse_u64(text, &v, &rest))
		return -EINVAL;
	if (*rest) {
		rest += *rest == ' ';
		while (units->name && strcmp(units->name, rest) != 0)
			units++;
		if (!units->name)
			return -EINVAL;
		factor = units->factor;
	}
	if (__builtin_mul_overflow(v, factor, &v) || v < key->low || v > key->high)
		return -EINVAL;
	*field = v;
	return 0;
}

static int parse_string(const struct cfg_key *key, const char *text, char *field)
{
	size_t len = strlen(text);

	/* DPDK's argument lists may begin with an empty program name. */
	if (len >= key->size || (len == 0 && key->shape != CFG_LIST))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (iscntrl((unsigned char)text[i]))
			return -EINVAL;
	}
	memset(field, 0, key->size);
	memcpy(field, text, len + 1);
	return 0;
}

static int parse_bool(const char *text, bool *field)
{
	static const char *const yes[] = { "true", "True", "TRUE" };
	static const char *const no[] = { "false", "False", "FALSE" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*field = strcmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_word(const struct cfg_key *key, const char *text, void *field)
{
	for (const struct cfg_word *w = key->words; w->word; w++) {
		if (strcmp(text, w->word) == 0) {
			*(int *)field = w->value;
			if (key->word)
				*(const char **)((char *)field - key->offset + key->word) = w->word;
			return 0;
		}
	}
	return -EINVAL;
}

/* An address that one host can have. IPv4's loopback is one: kernel transports serve it. */
static bool is_unicast(const struct ipaddr *a)
{
	if (ipaddr_is_v4(a))
		return a->b[12] != 0 && a->b[12] < 224;
	return !ipaddr_is_any(a) && !ipaddr_is_multicast(a) && !ipaddr_is_loopback(a);
}

static int parse_ip(const char *text, enum cfg_type type, struct ipaddr *field)
{
	struct ipaddr a;
	bool is_v4;

	if (ipaddr_parse(text, &a))
		return -EINVAL;
	is_v4 = ipaddr_is_v4(&a);
	if (is_v4 && strchr(text, ':'))
		return -EINVAL; /* ::ffff:10.0.0.1 leaves open which family is meant */
	if ((type == CFG_IPV4 && !is_v4) || (type == CFG_IPV6 && is_v4) || !is_unicast(&a))
		return -EINVAL;
	*field = a;
	return 0;
}

static int parse_netmask(const char *text, uint8_t *field)
{
	struct ipaddr a;
	uint32_t mask;

	if (strchr(text, ':') || ipaddr_parse(text, &a))
		return -EINVAL;
	mask = load_be32(&a.b[12]);
	if (~mask & (~mask + 1))
		return -EINVAL;
	*field = (uint8_t)__builtin_popcount(mask);
	return 0;
}

static bool has_bits_behind(const struct cfg_prefix *p)
{
	for (unsigned bit = p->bits; bit < 128; bit++) {
		if (p->addr.b[bit / 8] & (0x80 >> bit % 8))
			return true;
	}
	return false;
}

static int parse_prefix(const struct cfg_key *key, const char *text, struct cfg_prefix *field)
{
	const char *slash = strchr(text, '/');
	struct cfg_prefix p = { .bits = 0 };
	char addr[IPADDR_STRLEN];
	uint64_t len;
	bool is_v4;

	if (!slash || (size_t)(slash - text) >= sizeof(addr) || parse_u64(slash + 1, &len, NULL))
		return -EINVAL;
	memcpy(addr, text, (size_t)(slash - text));
	addr[slash - text] = '\0';
	if (ipaddr_parse(addr, &p.addr))
		return -EINVAL;
	is_v4 = ipaddr_is_v4(&p.addr);
	if ((is_v4 && strchr(addr, ':')) || len > (is_v4 ? 32 : 128))
		return -EINVAL;
	p.bits = (uint8_t)(len + (is_v4 ? 96 : 0));
	if (key->type == CFG_IFADDR6 && (is_v4 || len == 0 || !is_unicast(&p.addr)))
		return -EINVAL;
	if (key->type == CFG_NETWORK && (has_bits_behind(&p) || ipaddr_is_multicast(&p.addr)))
		return -EINVAL;
	field->addr = p.addr;
	field->bits = p.bits;
	return 0;
}

static int parse_mac(const char *text, struct cfg_mac *field)
{
	struct cfg_mac mac;
	unsigned any = 0;

	if (strlen(text) != 17)
		return -EINVAL;
	for (unsigned i = 0; i < 6; i++) {
		const char pair[3] = { text[3 * i], text[3 * i + 1], '\0' };

		if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1]) ||
		    (i < 5 && text[3 * i + 2] != ':'))
			return -EINVAL;
		mac.b[i] = (uint8_t)strtoul(pair, NULL, 16);
		any |= mac.b[i];
	}
	if (!any || mac.b[0] & 1)
		return -EINVAL;
	*field = mac;
	return 0;
}

int cfg_value_parse(const struct cfg_key *key, const char *text, void *field)
{
	if (is_placeholder(key, text))
		return -EINVAL;
	switch (key->type) {
	case CFG_STRING:
		return parse_string(key, text, field);
	case CFG_BOOL:
		return parse_bool(text, field);
	case CFG_NUMBER:
		return parse_number(key, text, field);
	case CFG_BYTES:
		return parse_scaled(key, text, byte_units, field);
	case CFG_DURATION:
		return parse_scaled(key, text, time_units, field);
	case CFG_WORD:
		return parse_word(key, text, field);
	case CFG_IPV4:
	case CFG_IPV6:
	case CFG_IP:
		return parse_ip(text, key->type, field);
	case CFG_NETMASK:
		return parse_netmask(text, field);
	case CFG_IFADDR6:
	case CFG_NETWORK:
		return parse_prefix(key, text, field);
	case CFG_MAC:
		return parse_mac(text, field);
	case CFG_TYPE_NUM:
		break;
	}
	BUG_ON(true);
}

/* @v in the largest unit that leaves it whole. */
static const char *format_scaled(uint64_t v, const struct unit *units, char *out, size_t len)
{
	while (units[1].name && v && v % units[1].factor == 0)
		units++;
	snprintf(out, len, "%llu%s", (unsigned long long)(v / units->factor), v ? units->name : "");
	return out;
}

static void legal_scaled(const struct cfg_key *key, const char *noun, const struct unit *units,
			 char *out, size_t len)
{
	const struct unit *own = units;
	char low[32], high[32];

	while (own->factor != key->unit)
		own++;
	snprintf(out, len, "a %s from %s to %s; a number without unit is in %s", noun,
		 format_scaled(key->low, units, low, sizeof(low)),
		 format_scaled(key->high, units, high, sizeof(high)), own->name);
}

static void legal_words(const struct cfg_word *w, char *out, size_t len)
{
	size_t at = (size_t)snprintf(out, len, "one of");

	for (const char *comma = ""; w->word && at < len; w++, comma = ",")
		at += (size_t)snprintf(out + at, len - at, "%s %s", comma, w->word);
}

void cfg_value_legal(const struct cfg_key *key, char *out, size_t len)
{
	static const char *const fixed[CFG_TYPE_NUM] = {
		[CFG_BOOL] = "true or false",
		[CFG_IPV4] = "an IPv4 unicast address",
		[CFG_IPV6] = "an IPv6 unicast address",
		[CFG_IP] = "an IPv4 or IPv6 unicast address",
		[CFG_NETMASK] = "a netmask such as 255.255.255.0",
		[CFG_IFADDR6] =
			"an IPv6 unicast address with prefix length, such as 2001:db8::1/64",
		[CFG_NETWORK] =
			"a prefix such as 10.1.0.0/16 or 2001:db8::/32, all zero behind its length",
		[CFG_MAC] = "an Ethernet unicast address such as 02:00:00:00:00:01",
	};

	switch (key->type) {
	case CFG_STRING:
		snprintf(out, len, "a string of %u to %u printable bytes", key->shape != CFG_LIST,
			 key->size - 1);
		return;
	case CFG_NUMBER:
		snprintf(out, len, "a number from %llu to %llu", (unsigned long long)key->low,
			 (unsigned long long)key->high);
		return;
	case CFG_BYTES:
		legal_scaled(key, "size", byte_units, out, len);
		return;
	case CFG_DURATION:
		legal_scaled(key, "time", time_units, out, len);
		return;
	case CFG_WORD:
		legal_words(key->words, out, len);
		return;
	default:
		snprintf(out, len, "%s", fixed[key->type]);
	}
}

void cfg_value_complain(const struct cfg_key *key, const char *text, char *out, size_t len)
{
	char legal[CFG_COMPLAINT_LEN - CFG_QUOTE_LEN - 64];
	char quoted[CFG_QUOTE_LEN];

	cfg_value_legal(key, legal, sizeof(legal));
	snprintf(out, len, "'%s' is %s %s", cfg_quote(text, quoted),
		 is_placeholder(key, text) ? "a placeholder of Demikernel's template, not" : "not",
		 legal);
}

const char *cfg_quote(const char *text, char out[CFG_QUOTE_LEN])
{
	size_t room = CFG_QUOTE_LEN - sizeof("...");
	size_t len = strlen(text);
	bool is_cut = len > room;

	if (is_cut) {
		len = room;
		/* Not through the middle of a UTF-8 sequence. */
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	for (size_t i = 0; i < len; i++)
		out[i] = (char)(iscntrl((unsigned char)text[i]) ? '?' : text[i]);
	snprintf(out + len, CFG_QUOTE_LEN - len, "%s", is_cut ? "..." : "");
	return out;
}
