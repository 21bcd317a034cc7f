/* SPDX-License-Identifier: MIT */
/* docs/configuration.md holds exactly one row per key, as the table has it. When this fails, it prints the rows. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "libos/config/keys.h"

static void describe(const struct cfg_key *key, char *out, size_t len)
{
	char own[CFG_COMPLAINT_LEN], first[CFG_COMPLAINT_LEN], second[CFG_COMPLAINT_LEN];

	cfg_value_legal(key, own, sizeof(own));
	if (key->shape == CFG_MAP || key->shape == CFG_RECORDS) {
		cfg_value_legal(&key->sub[0], first, sizeof(first));
		cfg_value_legal(&key->sub[1], second, sizeof(second));
	}
	switch (key->shape) {
	case CFG_SCALAR:
		snprintf(out, len, "%s", own);
		return;
	case CFG_LIST:
		snprintf(out, len, "a list of up to %u, each %s", key->max, own);
		return;
	case CFG_MAP:
		snprintf(out, len, "a mapping of up to %u; key: %s; value: %s", key->max, first,
			 second);
		return;
	case CFG_RECORDS:
		snprintf(out, len, "a list of up to %u mappings; `%s`: %s; `%s`: %s", key->max,
			 key->sub[0].path, first, key->sub[1].path, second);
		return;
	}
}

static void format_row(const struct cfg_key *key, char *out, size_t len)
{
	char legal[3 * CFG_COMPLAINT_LEN];

	describe(key, legal, sizeof(legal));
	snprintf(out, len, "| `%s` | %s | %s%s%s | %s%s%s | %s |\n", key->path, legal,
		 key->fallback ? "`" : "", key->fallback ? key->fallback : "unset",
		 key->fallback ? "`" : "", key->env ? "`" : "", key->env ? key->env : "none",
		 key->env ? "`" : "", key->help);
}

static char *read_page(void)
{
	FILE *f = fopen(CFG_PAGE, "r");
	char *text = calloc(1, 1 << 20);

	cr_assert_not_null(f, "cannot open %s", CFG_PAGE);
	cr_assert_not_null(text);
	cr_assert_gt(fread(text, 1, (1 << 20) - 1, f), 0);
	fclose(f);
	return text;
}

Test(config_docs, the_page_lists_every_key_as_the_table_has_it)
{
	char *page = read_page(), row[4096];
	unsigned missing = 0, rows = 0;

	for (unsigned i = 0; i < cfg_num_keys; i++) {
		format_row(&cfg_keys[i], row, sizeof(row));
		missing += strstr(page, row) == NULL;
	}
	for (const char *p = page; (p = strstr(p, "\n| `")); p++)
		rows++;
	if (missing || rows != cfg_num_keys) {
		for (unsigned i = 0; i < cfg_num_keys; i++) {
			format_row(&cfg_keys[i], row, sizeof(row));
			fputs(row, stderr);
		}
	}
	free(page);
	cr_assert_eq(missing, 0, "%u rows of the above are not in %s", missing, CFG_PAGE);
	cr_assert_eq(rows, cfg_num_keys, "%s has %u rows, not %u", CFG_PAGE, rows, cfg_num_keys);
}
