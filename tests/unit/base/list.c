/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "libos/base/list.h"

struct item {
	int value;
	struct list link;
};

static void expect(struct list *head, const char *want)
{
	char got[16];
	size_t n = 0;
	struct list *pos;

	list_for_each (pos, head)
		got[n++] = (char)list_entry(pos, struct item, link)->value;
	got[n] = 0;
	cr_assert_str_eq(got, want);
}

Test(list, add_remove_splice)
{
	struct list a, b;
	struct item x = { .value = 'x' }, y = { .value = 'y' }, z = { .value = 'z' };

	list_init(&a);
	list_init(&b);
	cr_assert(list_is_empty(&a));
	list_add_tail(&a, &x.link);
	list_add_tail(&a, &y.link);
	list_add_head(&a, &z.link);
	expect(&a, "zxy");
	list_del(&x.link);
	list_del(&x.link);
	expect(&a, "zy");
	list_add_tail(&b, &x.link);
	list_splice_tail(&b, &a);
	expect(&b, "xzy");
	cr_assert(list_is_empty(&a));
	list_splice_tail(&b, &a);
	expect(&b, "xzy");
}
