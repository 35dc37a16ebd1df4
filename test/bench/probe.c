/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe: new flows, sent on one interface and awaited on another, with a clock.
 *
 *     probe FAMILY IN OUT burst FIRST FLOWS PACKETS
 *         all packets of all flows as fast as it goes, those of a flow back to back; prints
 *         "SENT_US LAST_US FLOWS MISSING": when the last was sent and arrived, how many flows
 *         arrived at all, how many packets did not
 *     probe FAMILY IN OUT window FIRST FLOWS OUTSTANDING
 *         one packet a flow, at most so many without arrival; prints "US LOST"
 *     probe FAMILY IN OUT latency FIRST FLOWS PAUSE_US
 *         one packet a flow, the next after the arrival of the one before and a pause; prints
 *         "P50 P99 MAX LOST" in microseconds
 *     probe FAMILY IN OUT rate FIRST FLOWS PACKETS GAP_NS
 *         one flow after the other, its packets so far apart; prints "P50 P90 MEAN MAX" of the
 *         packets lost at the start of a flow
 *
 * IN and OUT are our ends of the links to the router.  Flow number k is as in bare.c; packets go
 * out and are seen by packet sockets, so nothing else (neighbours, memberships, routes) takes part.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAGIC	 0x70726f62u
#define BUFFER	 (900 << 20)
#define QUIET_MS 300  /* after the last arrival nothing else is expected */
#define LOST_MS	 1000 /* a single packet that took so long is lost */
#define FRAME	 256

struct payload {
	uint32_t magic, flow, number;
};

struct family {
	uint16_t ethertype;
	size_t bytes, header, source_at, group_at;
	uint8_t source[16], group[16]; /* of flow 0 */
	uint8_t frame[54];	       /* Ethernet and IP headers, addresses left out */
};

static const struct family families[] = {
	{.ethertype = ETHERTYPE_IP,
	 .bytes = 4,
	 .header = 34,
	 .source_at = 26,
	 .group_at = 30,
	 .source = {10, 1},
	 .group = {225},
	 .frame = {0x01, 0, 0x5e, 0,	0,    0,    2, 0, 0,
		   0,	 0, 1,	  0x08, 0x00, 0x45, 0, 0, 20 + 8 + sizeof(struct payload),
		   0,	 0, 0,	  0,	64,   17}},
	{.ethertype = ETHERTYPE_IPV6,
	 .bytes = 16,
	 .header = 54,
	 .source_at = 22,
	 .group_at = 38,
	 .source = {0xfd, 0, 0, 1},
	 .group = {0xff, 0x3e},
	 .frame = {0x33, 0x33, 0,    0,	   0,	 0, 2, 0, 0, 0,
		   0,	 1,    0x86, 0xdd, 0x60, 0, 0, 0, 0, 8 + sizeof(struct payload),
		   17,	 64}},
};

struct probe {
	const struct family *family;
	int in, out; /* sockets */
	uint8_t frame[FRAME];
	size_t len;
};

/* What arrived last. */
struct arrival {
	uint32_t flow, number;
	uint64_t at_ns; /* CLOCK_REALTIME, from the kernel */
};

static void die(const char *what)
{
	fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int open_socket(const char *ifname, uint16_t ethertype)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ethertype),
				 .sll_ifindex = (int)if_nametoindex(ifname)};
	int fd = socket(AF_PACKET, SOCK_RAW, 0), size = BUFFER, on = 1;

	if (fd < 0)
		die("packet socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	if (!at.sll_ifindex || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		die(ifname);
	return fd;
}

static void probe_open(struct probe *probe, const struct family *family, char *names[2])
{
	probe->family = family;
	probe->in = open_socket(names[0], 0);
	probe->out = open_socket(names[1], family->ethertype);
	memcpy(probe->frame, family->frame, sizeof(family->frame));
	probe->len = family->header + 8 + sizeof(struct payload);
}

static void count_up(uint8_t *address, size_t bytes, uint32_t k)
{
	for (size_t n = bytes; n-- > 0 && k;) {
		k += address[n];
		address[n] = (uint8_t)k;
		k >>= 8;
	}
}

static uint32_t sum16(const uint8_t *data, size_t len, uint32_t sum)
{
	for (size_t n = 0; n < len; n += 2)
		sum += (uint32_t)data[n] << 8 | (n + 1 < len ? data[n + 1] : 0);
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put16(uint8_t *to, unsigned int value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static void put_addresses(struct probe *probe, uint32_t flow)
{
	const struct family *family = probe->family;
	uint8_t *source = probe->frame + family->source_at;
	uint8_t *group = probe->frame + family->group_at;

	memcpy(source, family->source, family->bytes);
	memcpy(group, family->group, family->bytes);
	count_up(source, family->bytes, flow & 0xffff);
	count_up(group, family->bytes, flow);
	if (family->bytes == 4) {
		memcpy(probe->frame + 3, group + 1, 3);
		probe->frame[3] &= 0x7f;
		put16(probe->frame + 24, 0);
		put16(probe->frame + 24, fold(sum16(probe->frame + 14, 20, 0)));
	} else {
		memcpy(probe->frame + 2, group + 12, 4);
	}
}

static void put_udp(struct probe *probe, const struct payload *payload)
{
	const struct family *family = probe->family;
	unsigned int len = 8 + sizeof(*payload);
	uint8_t *udp = probe->frame + family->header;
	uint32_t sum;

	put16(udp, 5000);
	put16(udp + 2, 5000);
	put16(udp + 4, len);
	put16(udp + 6, 0);
	memcpy(udp + 8, payload, sizeof(*payload));
	sum = sum16(probe->frame + family->source_at, 2 * family->bytes, 17 + len);
	put16(udp + 6, fold(sum16(udp, len, sum)));
}

static void transmit(struct probe *probe, uint32_t flow, uint32_t number)
{
	struct payload payload = {htonl(MAGIC), htonl(flow), htonl(number)};

	if (number == 0)
		put_addresses(probe, flow);
	put_udp(probe, &payload);
	while (send(probe->in, probe->frame, probe->len, 0) < 0)
		if (errno != ENOBUFS && errno != EINTR)
			die("send");
}

static uint64_t timestamp(struct msghdr *msg)
{
	struct timespec t = {0};

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&t, CMSG_DATA(c), sizeof(t));
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* The next packet of ours that has arrived; waits for it for @ms.  False when none came. */
static bool receive(struct probe *probe, struct arrival *arrival, int ms)
{
	_Alignas(struct cmsghdr) char control[128];
	uint8_t frame[FRAME];
	struct iovec iov = {frame, sizeof(frame)};
	struct pollfd ready = {.fd = probe->out, .events = POLLIN};

	for (;;) {
		struct msghdr msg = {.msg_iov = &iov,
				     .msg_iovlen = 1,
				     .msg_control = control,
				     .msg_controllen = sizeof(control)};
		ssize_t len = recvmsg(probe->out, &msg, MSG_DONTWAIT);
		struct payload payload;

		if (len < 0 && errno == EAGAIN && ms && poll(&ready, 1, ms) > 0)
			continue;
		if (len < 0)
			return false;
		if (len != (ssize_t)probe->len)
			continue;
		memcpy(&payload, frame + probe->family->header + 8, sizeof(payload));
		if (payload.magic != htonl(MAGIC))
			continue;
		arrival->flow = ntohl(payload.flow);
		arrival->number = ntohl(payload.number);
		arrival->at_ns = timestamp(&msg);
		return true;
	}
}

static void *allocate(size_t n, size_t size)
{
	void *memory = calloc(n, size);

	if (!memory)
		die("memory");
	return memory;
}

/* Counts of another run of the sender must not depend on the counter: say so when it lost some. */
static void check_counter(const struct probe *probe)
{
	struct tpacket_stats stats = {0};
	socklen_t len = sizeof(stats);

	getsockopt(probe->out, SOL_PACKET, PACKET_STATISTICS, &stats, &len);
	if (stats.tp_drops)
		fprintf(stderr, "probe: %u packets did not fit into the counter's own buffer\n",
			stats.tp_drops);
}

static void burst(struct probe *probe, uint32_t first, uint32_t flows, uint32_t packets)
{
	bool *seen = allocate(flows, sizeof(*seen));
	uint64_t start = now_ns(), sent, last = start;
	uint64_t arrived = 0, arrived_flows = 0;
	struct arrival arrival;

	for (uint32_t f = 0; f < flows; f++)
		for (uint32_t n = 0; n < packets; n++)
			transmit(probe, first + f, n);
	sent = now_ns();
	while (receive(probe, &arrival, QUIET_MS)) {
		if (arrival.flow - first >= flows)
			continue;
		arrived++;
		arrived_flows += !seen[arrival.flow - first];
		seen[arrival.flow - first] = true;
		last = arrival.at_ns > last ? arrival.at_ns : last;
	}
	printf("%llu %llu %llu %llu\n", (unsigned long long)(sent - start) / 1000,
	       (unsigned long long)(last - start) / 1000, (unsigned long long)arrived_flows,
	       (unsigned long long)flows * packets - arrived);
	free(seen);
}

static void window(struct probe *probe, uint32_t first, uint32_t flows, uint32_t outstanding)
{
	uint64_t start = now_ns();
	uint32_t sent = 0, done = 0, lost = 0;
	struct arrival arrival;

	while (done < flows) {
		while (sent < flows && sent - done < outstanding)
			transmit(probe, first + sent++, 0);
		if (receive(probe, &arrival, LOST_MS)) {
			done++;
		} else {
			lost += sent - done;
			done = sent;
		}
	}
	printf("%llu %u\n", (unsigned long long)(now_ns() - start) / 1000, lost);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void latency(struct probe *probe, uint32_t first, uint32_t flows, uint32_t pause_us)
{
	uint64_t *us = allocate(flows, sizeof(*us));
	struct arrival arrival = {0};
	uint32_t lost = 0, n = 0;

	for (uint32_t f = 0; f < flows; f++) {
		uint64_t start = now_ns();

		transmit(probe, first + f, 0);
		while (receive(probe, &arrival, LOST_MS) && arrival.flow != first + f)
			;
		if (arrival.flow == first + f)
			us[n++] = (arrival.at_ns - start) / 1000;
		else
			lost++;
		usleep(pause_us);
	}
	qsort(us, n, sizeof(*us), compare);
	printf("%llu %llu %llu %u\n", (unsigned long long)(n ? us[n / 2] : 0),
	       (unsigned long long)(n ? us[n * 99 / 100] : 0),
	       (unsigned long long)(n ? us[n - 1] : 0), lost);
	free(us);
}

static uint32_t lost_of(struct probe *probe, uint32_t flow, uint32_t packets, uint32_t gap_ns)
{
	uint64_t next = now_ns();
	uint32_t arrived = 0;
	struct arrival arrival;

	for (uint32_t n = 0; n < packets; n++, next += gap_ns) {
		while (now_ns() < next)
			;
		transmit(probe, flow, n);
	}
	while (arrived < packets && receive(probe, &arrival, 20))
		arrived += arrival.flow == flow;
	return packets - arrived;
}

static void rate(struct probe *probe, uint32_t first, uint32_t flows, uint32_t packets,
		 uint32_t gap_ns)
{
	uint64_t *lost = allocate(flows, sizeof(*lost)), sum = 0;

	for (uint32_t f = 0; f < flows; f++) {
		lost[f] = lost_of(probe, first + f, packets, gap_ns);
		sum += lost[f];
		usleep(2000);
	}
	qsort(lost, flows, sizeof(*lost), compare);
	printf("%llu %llu %.2f %llu\n", (unsigned long long)lost[flows / 2],
	       (unsigned long long)lost[flows * 9 / 10], (double)sum / flows,
	       (unsigned long long)lost[flows - 1]);
	free(lost);
}

int main(int argc, char *argv[])
{
	struct probe probe;
	uint32_t args[4] = {0};

	if (argc < 8 || argc > 9 || (strcmp(argv[1], "4") && strcmp(argv[1], "6"))) {
		fputs("usage: probe 4|6 IN OUT burst|window|latency|rate FIRST FLOWS N [GAP_NS]\n",
		      stderr);
		return 64;
	}
	for (int i = 5; i < argc; i++)
		args[i - 5] = (uint32_t)atol(argv[i]);
	probe_open(&probe, &families[argv[1][0] == '6'], argv + 2);
	if (strcmp(argv[4], "burst") == 0)
		burst(&probe, args[0], args[1], args[2]);
	else if (strcmp(argv[4], "window") == 0)
		window(&probe, args[0], args[1], args[2]);
	else if (strcmp(argv[4], "latency") == 0)
		latency(&probe, args[0], args[1], args[2]);
	else
		rate(&probe, args[0], args[1], args[2], args[3]);
	check_counter(&probe);
	return 0;
}
