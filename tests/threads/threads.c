/* SPDX-License-Identifier: MIT */
/*
 * Several threads, each with a library OS of its own, at the same time: nothing may be shared. A plain program, since
 * Criterion cannot run under ThreadSanitizer (its memory arena lies where the sanitizer keeps its own); built with the
 * tsan preset, this is what looks for races.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demi/libos.h"
#include "demi/sga.h"
#include "demi/wait.h"
#include "tern/socket.h"

#define THREADS 4
#define DATAGRAMS 2000

static void must(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "threads: %s\n", what);
		exit(1);
	}
}

static void *talk_to_oneself(void *arg)
{
	struct sockaddr_in self = { .sin_family = AF_INET, .sin_port = htons(5000) };
	const struct demi_args args = { 0 };
	unsigned char name = *(unsigned char *)arg;
	int qd;

	inet_pton(AF_INET, "10.0.0.1", &self.sin_addr);
	must(demi_init(&args) == 0, "init");
	must(demi_socket(&qd, AF_INET, SOCK_DGRAM, 0) == 0, "socket");
	must(demi_bind(qd, (struct sockaddr *)&self, sizeof(self)) == 0, "bind");
	for (int i = 0; i < DATAGRAMS; i++) {
		demi_sgarray_t sga = demi_sgaalloc(1000);
		demi_qtoken_t push, pop;
		demi_qresult_t qr;

		must(sga.sga_numsegs == 1, "array");
		memset(sga.sga_segs[0].sgaseg_buf, name, 1000);
		must(demi_pop(&pop, qd) == 0, "pop");
		must(demi_pushto(&push, qd, &sga, (struct sockaddr *)&self, sizeof(self)) == 0,
		     "push");
		must(demi_wait(&qr, push, NULL) == 0, "wait for the push");
		must(demi_sgafree(&sga) == 0, "free");
		must(demi_wait(&qr, pop, NULL) == 0, "wait for the pop");
		must(*(unsigned char *)qr.qr_value.sga.sga_segs[0].sgaseg_buf == name,
		     "whose datagram is this");
		must(demi_sgafree(&qr.qr_value.sga) == 0, "free what came");
	}
	must(tern_fini() == 0, "fini");
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	unsigned char names[THREADS];

	setenv("LIBOS", "sim", 1);
	for (int i = 0; i < THREADS; i++) {
		names[i] = (unsigned char)('a' + i);
		must(pthread_create(&threads[i], NULL, talk_to_oneself, &names[i]) == 0, "thread");
	}
	for (int i = 0; i < THREADS; i++)
		must(pthread_join(threads[i], NULL) == 0, "join");
	return 0;
}
