/* SPDX-License-Identifier: MIT */
/* Uses an installed library; the name below is also that of a function inside it. */
#include <demi/libos.h>
#include <errno.h>

int pool_init(void);

int pool_init(void)
{
	return 0;
}

int main(void)
{
	int qd;

	/* No library OS has been brought up in this thread. */
	return pool_init() || demi_socket(&qd, AF_INET, SOCK_DGRAM, 0) != ENOSYS;
}
