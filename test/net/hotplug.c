/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hotplug: makes and deletes an interface over and over, and measures how soon flows pass again.
 *
 *     hotplug NAME CYCLES OUT-NS OUT-IF IN-NS FAR-NS PID
 *
 * NAME is a veth from the present namespace, where rules use it in both directions, to FAR-NS; the
 * last one stays.  In each cycle packets for the flow OUT go in at OUT-IF of the namespace OUT-NS
 * until one comes out of NAME, and packets for the flow IN go in at NAME until one arrives in the
 * namespace IN-NS.  The times count from the moment at which NAME is up.  PID is the daemon, whose
 * memory is looked at.
 *
 * Prints "out MEDIAN P99 MAX" and "in MEDIAN P99 MAX" in microseconds, and "rss FIRST LAST" in KiB,
 * the first after a tenth of the cycles.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "nl.h"
#include "packet.h"

#define PATIENCE 5000000 /* us until a flow must have passed */
#define BETWEEN	 500	 /* us between packets */

static const struct {
	const char *source, *group;
} flows[2] = {{"10.0.0.10", "225.1.0.1"}, {"10.0.9.10", "225.2.0.1"}};

struct lane {
	struct addr source, group;
	int send, receive; /* sockets */
	int ifindex;	   /* where packets go in */
	long *times;	   /* us, one for each cycle */
	bool passed;
};

struct bench {
	const char *name;
	struct nl router, far;
	int far_ns;
	struct lane lanes[2]; /* out, in */
	long cycles;
};

static void die(const char *what)
{
	fprintf(stderr, "hotplug: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The descriptor of a namespace that ip(8) made. */
static int open_ns(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

static long rss_kib(const char *pid)
{
	char path[64], line[256];
	FILE *file;
	long kib = 0;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	file = fopen(path, "re");
	if (!file)
		die(path);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, "VmRSS:", 6) == 0)
			kib = atol(line + 6);
	fclose(file);
	return kib;
}

static void drain(struct lane *lane, bool *passed)
{
	uint8_t frame[2048];
	ssize_t len;

	while ((len = recv(lane->receive, frame, sizeof(frame), MSG_DONTWAIT)) >= 0)
		*passed |= packet_is_to(frame, (size_t)len, &lane->group);
}

/* Sends both flows until each has come through; false when one does not. */
static bool measure(struct bench *b, long cycle, long up)
{
	struct pollfd fds[2];
	long next = up, now = up;

	for (int i = 0; i < 2; i++) {
		fds[i] = (struct pollfd){.fd = b->lanes[i].receive, .events = POLLIN};
		drain(&b->lanes[i], &b->lanes[i].passed);
		b->lanes[i].passed = false;
	}
	while (!b->lanes[0].passed || !b->lanes[1].passed) {
		if (now - up > PATIENCE)
			return false;
		for (int i = 0; i < 2 && now >= next; i++)
			packet_send(b->lanes[i].send, b->lanes[i].ifindex, &b->lanes[i].source,
				    &b->lanes[i].group);
		next = now >= next ? now + BETWEEN : next;
		ppoll(fds, 2, &(struct timespec){.tv_nsec = BETWEEN * 1000 / 4}, NULL);
		now = now_us();
		for (int i = 0; i < 2; i++) {
			bool before = b->lanes[i].passed;

			drain(&b->lanes[i], &b->lanes[i].passed);
			if (b->lanes[i].passed && !before)
				b->lanes[i].times[cycle] = now - up;
		}
	}
	return true;
}

static void cycle(struct bench *b, long number)
{
	int index;

	if (nl_add_veth(&b->router, b->name, "peer", b->far_ns) < 0)
		die("can't make the interface");
	index = nl_index(&b->router, b->name);
	b->lanes[1].ifindex = nl_index(&b->far, "peer");
	nl_set_flags(&b->far, b->lanes[1].ifindex, IFF_UP, IFF_UP);
	nl_set_flags(&b->router, index, IFF_UP, IFF_UP);
	if (!measure(b, number, now_us())) {
		fprintf(stderr, "cycle %ld: flow %s does not pass\n", number,
			b->lanes[0].passed ? flows[1].group : flows[0].group);
		exit(1);
	}
	if (number + 1 < b->cycles && nl_delete(&b->router, index) < 0)
		die("can't delete the interface");
}

static int compare(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return x < y ? -1 : x > y;
}

static void print_times(const char *name, long *times, long n)
{
	qsort(times, (size_t)n, sizeof(*times), compare);
	printf("%s %ld %ld %ld\n", name, times[n / 2], times[n * 99 / 100], times[n - 1]);
}

static void set_up(struct bench *b, char **argv)
{
	int out_ns = open_ns(argv[3]), in_ns = open_ns(argv[5]);
	struct nl out;

	b->name = argv[1];
	b->cycles = atol(argv[2]);
	b->far_ns = open_ns(argv[6]);
	if (b->cycles < 1 || nl_open(&b->router, -1) < 0 || nl_open(&b->far, b->far_ns) < 0 ||
	    nl_open(&out, out_ns) < 0)
		die("setting up");
	for (int i = 0; i < 2; i++) {
		addr_parse(&b->lanes[i].source, flows[i].source, strlen(flows[i].source));
		addr_parse(&b->lanes[i].group, flows[i].group, strlen(flows[i].group));
		b->lanes[i].times = mem_alloc((size_t)b->cycles * sizeof(long));
	}
	b->lanes[0].send = packet_socket(out_ns, 0);
	b->lanes[0].receive = packet_socket(b->far_ns, ETH_P_IP);
	b->lanes[0].ifindex = nl_index(&out, argv[4]);
	b->lanes[1].send = packet_socket(b->far_ns, 0);
	b->lanes[1].receive = packet_socket(in_ns, ETH_P_IP);
	nl_close(&out);
}

int main(int argc, char **argv)
{
	struct bench b = {0};
	long first = 0;

	if (argc != 8) {
		fprintf(stderr, "usage: hotplug NAME CYCLES OUT-NS OUT-IF IN-NS FAR-NS PID\n");
		return EX_USAGE;
	}
	set_up(&b, argv);
	for (long i = 0; i < b.cycles; i++) {
		cycle(&b, i);
		if (i == b.cycles / 10)
			first = rss_kib(argv[7]);
	}
	print_times("out", b.lanes[0].times, b.cycles);
	print_times("in", b.lanes[1].times, b.cycles);
	printf("rss %ld %ld\n", first, rss_kib(argv[7]));
	free(b.lanes[0].times);
	free(b.lanes[1].times);
	return 0;
}
