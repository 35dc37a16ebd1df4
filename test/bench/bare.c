/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bare: the least that the kernel lets anybody pay, as the measure for the daemon.
 *
 *     bare FAMILY loop IN OUT N     adds N entries in a loop, deletes them in a loop, prints the
 *                                   microseconds of each
 *     bare FAMILY answer IN OUT     answers each NOCACHE upcall with an entry, until killed; prints
 *                                   "ready" first
 *     bare spawn N COMMAND... -- COMMAND...
 *                                   runs both commands N times in turn; prints the medians of their
 *                                   microseconds; "%" in an argument becomes the number of the run
 *
 * FAMILY is 4 or 6.  Both families are one path over two constant tables.  Entry number k is
 * (10.1.0.0 + k mod 65536, 225.0.0.0 + k), with IPv6 (fd00:1:: + k mod 65536, ff3e:: + k): bench.sh
 * writes the same into its files and probe sends the same.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/mroute.h>
#include <linux/mroute6.h>

#define BUFFER	 (256 << 20)
#define MAX_ARGS 32

extern char **environ;

/* Of libc's net/if.h, which the kernel's headers do not suffer beside them. */
unsigned int if_nametoindex(const char *name);

union request {
	struct vifctl vif4;
	struct mif6ctl vif6;
	struct mfcctl mfc4;
	struct mf6cctl mfc6;
};

struct flow {
	uint8_t source[16], group[16];
	unsigned int iif;
};

struct family {
	int af, protocol, level, init, add_vif, add_mfc, del_mfc;
	size_t bytes, vif_size, mfc_size;
	uint8_t source[16], group[16]; /* of entry 0 */
	void (*put_vif)(union request *request, unsigned int number, unsigned int ifindex);
	void (*put_mfc)(union request *request, const struct flow *flow);
	bool (*get_nocache)(const void *message, ssize_t len, struct flow *flow);
};

static void die(const char *what)
{
	fprintf(stderr, "bare: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void put_vif4(union request *request, unsigned int number, unsigned int ifindex)
{
	request->vif4 = (struct vifctl){.vifc_vifi = (vifi_t)number,
					.vifc_flags = VIFF_USE_IFINDEX,
					.vifc_threshold = 1,
					.vifc_lcl_ifindex = (int)ifindex};
}

static void put_vif6(union request *request, unsigned int number, unsigned int ifindex)
{
	request->vif6 = (struct mif6ctl){
		.mif6c_mifi = (mifi_t)number, .vifc_threshold = 1, .mif6c_pifi = (__u16)ifindex};
}

static void put_mfc4(union request *request, const struct flow *flow)
{
	request->mfc4 = (struct mfcctl){.mfcc_parent = (vifi_t)flow->iif, .mfcc_ttls[1] = 1};
	memcpy(&request->mfc4.mfcc_origin, flow->source, 4);
	memcpy(&request->mfc4.mfcc_mcastgrp, flow->group, 4);
}

static void put_mfc6(union request *request, const struct flow *flow)
{
	request->mfc6 = (struct mf6cctl){.mf6cc_parent = (mifi_t)flow->iif};
	request->mfc6.mf6cc_ifset.ifs_bits[0] = 1u << 1;
	memcpy(&request->mfc6.mf6cc_origin.sin6_addr, flow->source, 16);
	memcpy(&request->mfc6.mf6cc_mcastgrp.sin6_addr, flow->group, 16);
}

static bool get_nocache4(const void *message, ssize_t len, struct flow *flow)
{
	struct igmpmsg msg;

	if (len < (ssize_t)sizeof(msg))
		return false;
	memcpy(&msg, message, sizeof(msg));
	if (msg.im_mbz || msg.im_msgtype != IGMPMSG_NOCACHE)
		return false;
	flow->iif = msg.im_vif;
	memcpy(flow->source, &msg.im_src, 4);
	memcpy(flow->group, &msg.im_dst, 4);
	return true;
}

static bool get_nocache6(const void *message, ssize_t len, struct flow *flow)
{
	struct mrt6msg msg;

	if (len < (ssize_t)sizeof(msg))
		return false;
	memcpy(&msg, message, sizeof(msg));
	if (msg.im6_mbz || msg.im6_msgtype != MRT6MSG_NOCACHE)
		return false;
	flow->iif = msg.im6_mif;
	memcpy(flow->source, &msg.im6_src, 16);
	memcpy(flow->group, &msg.im6_dst, 16);
	return true;
}

static const struct family families[] = {
	{.af = AF_INET,
	 .protocol = IPPROTO_IGMP,
	 .level = IPPROTO_IP,
	 .init = MRT_INIT,
	 .add_vif = MRT_ADD_VIF,
	 .add_mfc = MRT_ADD_MFC,
	 .del_mfc = MRT_DEL_MFC,
	 .bytes = 4,
	 .vif_size = sizeof(struct vifctl),
	 .mfc_size = sizeof(struct mfcctl),
	 .source = {10, 1},
	 .group = {225},
	 .put_vif = put_vif4,
	 .put_mfc = put_mfc4,
	 .get_nocache = get_nocache4},
	{.af = AF_INET6,
	 .protocol = IPPROTO_ICMPV6,
	 .level = IPPROTO_IPV6,
	 .init = MRT6_INIT,
	 .add_vif = MRT6_ADD_MIF,
	 .add_mfc = MRT6_ADD_MFC,
	 .del_mfc = MRT6_DEL_MFC,
	 .bytes = 16,
	 .vif_size = sizeof(struct mif6ctl),
	 .mfc_size = sizeof(struct mf6cctl),
	 .source = {0xfd, 0, 0, 1},
	 .group = {0xff, 0x3e},
	 .put_vif = put_vif6,
	 .put_mfc = put_mfc6,
	 .get_nocache = get_nocache6},
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Adds @k to the last bytes of an address. */
static void count_up(uint8_t *address, size_t bytes, uint32_t k)
{
	for (size_t n = bytes; n-- > 0 && k;) {
		k += address[n];
		address[n] = (uint8_t)k;
		k >>= 8;
	}
}

static void nth(const struct family *family, uint32_t k, struct flow *flow)
{
	memset(flow, 0, sizeof(*flow));
	memcpy(flow->source, family->source, 16);
	memcpy(flow->group, family->group, 16);
	count_up(flow->source, family->bytes, k & 0xffff);
	count_up(flow->group, family->bytes, k);
}

static void set(const struct family *family, int fd, int option, const void *value, size_t size)
{
	if (setsockopt(fd, family->level, option, value, (socklen_t)size) < 0)
		die("the kernel refused");
}

/* A socket that routes, with IN as VIF 0 and OUT as VIF 1. */
static int router(const struct family *family, char *names[2])
{
	int fd = socket(family->af, SOCK_RAW, family->protocol), one = 1;
	union request request;

	if (fd < 0)
		die("socket");
	set(family, fd, family->init, &one, sizeof(one));
	for (unsigned int n = 0; n < 2; n++) {
		unsigned int index = if_nametoindex(names[n]);

		if (!index)
			die(names[n]);
		family->put_vif(&request, n, index);
		set(family, fd, family->add_vif, &request, family->vif_size);
	}
	return fd;
}

static uint64_t run_loop(const struct family *family, int fd, int option, uint32_t n)
{
	uint64_t start = now_us();

	for (uint32_t k = 0; k < n; k++) {
		union request request;
		struct flow flow;

		nth(family, k, &flow);
		family->put_mfc(&request, &flow);
		set(family, fd, option, &request, family->mfc_size);
	}
	return now_us() - start;
}

static int loop(const struct family *family, char *names[2], uint32_t n)
{
	int fd = router(family, names);
	uint64_t add = run_loop(family, fd, family->add_mfc, n);
	uint64_t del = run_loop(family, fd, family->del_mfc, n);

	printf("%llu %llu\n", (unsigned long long)add, (unsigned long long)del);
	return 0;
}

static void big_buffer(int fd)
{
	int size = BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

/* What is no upcall must not wake us up. */
static void ignore_packets(const struct family *family, int fd)
{
	struct icmp6_filter all;

	if (family->af != AF_INET6)
		return;
	memset(&all, 0xff, sizeof(all));
	if (setsockopt(fd, IPPROTO_ICMPV6, ICMPV6_FILTER, &all, sizeof(all)) < 0)
		die("filter");
}

static void answer(const struct family *family, char *names[2])
{
	int fd = router(family, names);
	uint8_t message[128];

	big_buffer(fd);
	ignore_packets(family, fd);
	puts("ready");
	fflush(stdout);
	for (;;) {
		ssize_t len = recv(fd, message, sizeof(message), 0);
		union request request;
		struct flow flow = {0};

		if (!family->get_nocache(message, len, &flow))
			continue;
		family->put_mfc(&request, &flow);
		set(family, fd, family->add_mfc, &request, family->mfc_size);
	}
}

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* A copy of the argument with the number in place of "%". */
static char *fill_in(const char *text, unsigned int number)
{
	const char *mark = strchr(text, '%');
	char *copy;

	if (!mark)
		copy = strdup(text);
	else if (asprintf(&copy, "%.*s%u%s", (int)(mark - text), text, number, mark + 1) < 0)
		copy = NULL;
	if (!copy)
		die("memory");
	return copy;
}

static uint64_t spawn_once(char *argv[], unsigned int run)
{
	char *args[MAX_ARGS + 1] = {NULL};
	uint64_t start;
	int status;
	pid_t pid;

	for (size_t i = 0; argv[i] && i < MAX_ARGS; i++)
		args[i] = fill_in(argv[i], run);
	start = now_us();
	if (posix_spawnp(&pid, args[0], NULL, NULL, args, environ) != 0 ||
	    waitpid(pid, &status, 0) < 0 || status)
		die(args[0]);
	start = now_us() - start;
	for (size_t i = 0; args[i]; i++)
		free(args[i]);
	return start;
}

static uint64_t median(uint64_t *values, unsigned int n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

static int spawn(unsigned int n, char *argv[])
{
	uint64_t *us[2] = {calloc(n, sizeof(**us)), calloc(n, sizeof(**us))};
	char **second = argv;

	while (*second && strcmp(*second, "--"))
		second++;
	if (!*second || !us[0] || !us[1])
		die("spawn takes two commands");
	*second++ = NULL;
	for (unsigned int i = 0; i < n; i++) {
		us[0][i] = spawn_once(argv, i);
		us[1][i] = spawn_once(second, i);
	}
	printf("%llu %llu\n", (unsigned long long)median(us[0], n),
	       (unsigned long long)median(us[1], n));
	free(us[0]);
	free(us[1]);
	return 0;
}

static int usage(void)
{
	fputs("usage: bare 4|6 loop IN OUT N | bare 4|6 answer IN OUT | bare spawn N CMD... -- "
	      "CMD...\n",
	      stderr);
	return 64;
}

int main(int argc, char *argv[])
{
	if (argc > 3 && strcmp(argv[1], "spawn") == 0 && atoi(argv[2]) > 0)
		return spawn((unsigned int)atoi(argv[2]), argv + 3);
	if (argc < 5 || (strcmp(argv[1], "4") && strcmp(argv[1], "6")))
		return usage();
	if (argc == 6 && strcmp(argv[2], "loop") == 0)
		return loop(&families[argv[1][0] == '6'], argv + 3, (uint32_t)atol(argv[5]));
	if (argc == 5 && strcmp(argv[2], "answer") == 0)
		answer(&families[argv[1][0] == '6'], argv + 3);
	return usage();
}
