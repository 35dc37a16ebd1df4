/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mcast: sends numbered multicast packets and counts them where they arrive.
 *
 * Packets are made whole, headers included, and go out by a packet socket: any source address, any
 * TTL, both families, no route and no address of our own needed.  They are counted by a packet
 * socket too, so that what a router forwards is seen whether or not anybody joined; with -j the
 * groups are joined on ordinary sockets and counted there.  The payload carries a number for each
 * packet of a flow, from 0: that is how loss in the middle and duplicates show.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <ifaddrs.h>
#include <limits.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAGIC	   0x6d636173u
#define UDP_HEADER 8
#define PACKET_MAX 1500

struct payload {
	uint32_t magic, number; /* network byte order */
};

/* An address of either family, as in base/core, but this tool stands alone. */
struct ip {
	int family;
	uint8_t b[16];
};

struct options {
	const char *ifname;
	struct ip source; /* family 0: none given */
	long count, first, rate, ttl, flows, size, expected, wait_ms, quiet_ms, update_ms;
	uint16_t port;
	bool join;
	char **groups;
	int n_groups;
};

struct flow {
	struct ip source, group;
	uint8_t *seen; /* a bit for each number */
	uint32_t room; /* in bits */
	uint32_t next; /* highest number seen, plus 1 */
	unsigned long packets, distinct;
	struct flow *next_in_bucket;
};

#define BUCKETS 4096

struct counter {
	struct flow *bucket[BUCKETS];
	struct flow **list; /* in the order of the first packet */
	size_t n, room;
	unsigned long packets;
	uint64_t last_ms;
};

static volatile sig_atomic_t stopping;

static void die(const char *what)
{
	fprintf(stderr, "mcast: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void usage(const char *why)
{
	fprintf(stderr,
		"mcast: %s\n"
		"usage: mcast send -i IF [-s SOURCE] [-n COUNT] [-b FIRST] [-r PPS] [-t TTL] [-f "
		"FLOWS] [-l "
		"BYTES] "
		"[-p PORT] GROUP...\n"
		"       mcast recv -i IF [-j] [-s SOURCE] [-n EXPECTED] [-w SECONDS] [-q QUIET_MS] "
		"[-u UPDATE_MS] [-p PORT] [GROUP...]\n",
		why);
	exit(64);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static size_t ip_bytes(const struct ip *ip)
{
	return ip->family == AF_INET ? 4 : 16;
}

static struct ip ip_parse(const char *text)
{
	struct ip ip = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

	if (inet_pton(ip.family, text, ip.b) != 1)
		usage("not an address");
	return ip;
}

static void ip_next(struct ip *ip)
{
	for (size_t n = ip_bytes(ip); n-- > 0;)
		if (++ip->b[n])
			return;
}

static bool ip_equal(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static const char *ip_text(const struct ip *ip, char text[INET6_ADDRSTRLEN])
{
	return inet_ntop(ip->family, ip->b, text, INET6_ADDRSTRLEN);
}

/* As a socket address; returns its length. */
static socklen_t ip_sockaddr(const struct ip *ip, uint16_t port, int ifindex,
			     struct sockaddr_storage *ss)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = (sa_family_t)ip->family;
	if (ip->family == AF_INET) {
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, ip->b, 4);
		return sizeof(*v4);
	}
	v6->sin6_port = htons(port);
	v6->sin6_scope_id = (uint32_t)ifindex;
	memcpy(&v6->sin6_addr, ip->b, 16);
	return sizeof(*v6);
}

static struct ip ip_of_sockaddr(const struct sockaddr_storage *ss)
{
	struct ip ip = {.family = ss->ss_family};

	if (ip.family == AF_INET)
		memcpy(ip.b, &((const struct sockaddr_in *)ss)->sin_addr, 4);
	else
		memcpy(ip.b, &((const struct sockaddr_in6 *)ss)->sin6_addr, 16);
	return ip;
}

/* The first address of the interface in this family, global ones preferred. */
static struct ip own_address(const char *ifname, int family)
{
	struct ip found = {.family = 0};
	struct ifaddrs *all, *a;

	if (getifaddrs(&all))
		die("addresses of this host");
	for (a = all; a; a = a->ifa_next) {
		struct ip ip;

		if (!a->ifa_addr || a->ifa_addr->sa_family != family || strcmp(a->ifa_name, ifname))
			continue;
		ip = ip_of_sockaddr((struct sockaddr_storage *)a->ifa_addr);
		if (!found.family || (found.b[0] == 0xfe && family == AF_INET6))
			found = ip;
	}
	freeifaddrs(all);
	if (!found.family)
		usage("the interface has no address of this family; say -s SOURCE");
	return found;
}

/* ---- sending ---- */

static void put16(uint8_t *to, size_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static uint32_t sum16(const uint8_t *data, size_t len, uint32_t sum)
{
	for (size_t n = 0; n < len; n++)
		sum += n % 2 ? data[n] : (uint32_t)data[n] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t header_v4(uint8_t *p, const struct options *o, const struct ip *group, size_t udp)
{
	p[0] = 0x45;
	put16(p + 2, 20 + udp);
	p[8] = (uint8_t)o->ttl;
	p[9] = IPPROTO_UDP;
	memcpy(p + 12, o->source.b, 4);
	memcpy(p + 16, group->b, 4);
	put16(p + 10, fold(sum16(p, 20, 0)));
	return 20;
}

static size_t header_v6(uint8_t *p, const struct options *o, const struct ip *group, size_t udp)
{
	p[0] = 0x60;
	put16(p + 4, udp);
	p[6] = IPPROTO_UDP;
	p[7] = (uint8_t)o->ttl;
	memcpy(p + 8, o->source.b, 16);
	memcpy(p + 24, group->b, 16);
	return 40;
}

/* Fills @p with packet @number of the flow; returns its length. */
static size_t build(uint8_t *p, const struct options *o, const struct ip *group, uint32_t number)
{
	size_t udp = UDP_HEADER + (size_t)o->size;
	struct payload payload = {.magic = htonl(MAGIC), .number = htonl(number)};
	size_t at, n = ip_bytes(group);
	uint16_t check;
	uint8_t *u;

	memset(p, 0, PACKET_MAX);
	at = group->family == AF_INET ? header_v4(p, o, group, udp) : header_v6(p, o, group, udp);
	u = p + at;
	put16(u, o->port);
	put16(u + 2, o->port);
	put16(u + 4, udp);
	memcpy(u + UDP_HEADER, &payload, sizeof(payload));
	check = fold(sum16(u, udp,
			   sum16(o->source.b, n, sum16(group->b, n, IPPROTO_UDP + (uint32_t)udp))));
	put16(u + 6, check ? check : 0xffff);
	return at + udp;
}

static struct sockaddr_ll link_address(const struct ip *group, int ifindex)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = ifindex, .sll_halen = 6};

	if (group->family == AF_INET) {
		to.sll_protocol = htons(ETHERTYPE_IP);
		memcpy(to.sll_addr, "\x01\x00\x5e", 3);
		to.sll_addr[3] = group->b[1] & 0x7f;
		memcpy(to.sll_addr + 4, group->b + 2, 2);
	} else {
		to.sll_protocol = htons(ETHERTYPE_IPV6);
		memcpy(to.sll_addr, "\x33\x33", 2);
		memcpy(to.sll_addr + 2, group->b + 12, 4);
	}
	return to;
}

static void send_packet(int fd, const struct options *o, const struct ip *group, uint32_t number)
{
	struct sockaddr_ll to = link_address(group, (int)if_nametoindex(o->ifname));
	uint8_t packet[PACKET_MAX];
	size_t len = build(packet, o, group, number);

	while (sendto(fd, packet, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0) {
		if (errno != ENOBUFS && errno != EINTR)
			die("send");
		usleep(200);
	}
}

/* Sleeps until packet @n of @rate a second is due. */
static void pace(const struct timespec *start, uint64_t n, long rate)
{
	struct timespec at = *start;
	uint64_t ns;

	if (!rate)
		return;
	ns = (uint64_t)at.tv_nsec + n % (uint64_t)rate * 1000000000u / (uint64_t)rate;
	at.tv_sec += (time_t)(n / (uint64_t)rate + ns / 1000000000u);
	at.tv_nsec = (long)(ns % 1000000000u);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR && !stopping)
		;
}

static int run_send(struct options *o)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	size_t total = (size_t)o->n_groups * (size_t)o->flows;
	struct ip *groups = calloc(total, sizeof(*groups));
	struct timespec start;
	uint64_t sent = 0;

	if (fd < 0 || !groups)
		die("packet socket");
	for (int g = 0; g < o->n_groups; g++) {
		struct ip ip = ip_parse(o->groups[g]);

		for (long f = 0; f < o->flows; f++, ip_next(&ip))
			groups[g * o->flows + f] = ip;
	}
	if (!o->source.family)
		o->source = own_address(o->ifname, groups[0].family);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (long n = 0; (n < o->count || !o->count) && !stopping; n++) {
		for (size_t g = 0; g < total && !stopping; g++) {
			if (groups[g].family != o->source.family)
				usage("source and group are of two families");
			pace(&start, sent++, o->rate);
			send_packet(fd, o, &groups[g], (uint32_t)(o->first + n));
		}
	}
	printf("sent %llu\n", (unsigned long long)sent);
	free(groups);
	return 0;
}

/* ---- counting ---- */

static struct flow *counter_flow(struct counter *c, const struct ip *source, const struct ip *group)
{
	uint32_t hash = (uint32_t)source->family;
	struct flow *flow, **bucket;

	for (size_t n = 0; n < 16; n++)
		hash = (hash * 31 + source->b[n]) * 31 + group->b[n];
	bucket = &c->bucket[hash % BUCKETS];
	for (flow = *bucket; flow; flow = flow->next_in_bucket)
		if (ip_equal(&flow->source, source) && ip_equal(&flow->group, group))
			return flow;

	flow = calloc(1, sizeof(*flow));
	if (c->n == c->room) {
		c->room = c->room ? c->room * 2 : 64;
		c->list = realloc(c->list, c->room * sizeof(*c->list));
	}
	if (!flow || !c->list)
		die("memory");
	flow->source = *source;
	flow->group = *group;
	flow->next_in_bucket = *bucket;
	*bucket = flow;
	c->list[c->n++] = flow;
	return flow;
}

static void counter_add(struct counter *c, const struct ip *source, const struct ip *group,
			const uint8_t *data, size_t len)
{
	struct payload payload;
	struct flow *flow;
	uint32_t number;

	if (len < sizeof(payload))
		return;
	memcpy(&payload, data, sizeof(payload));
	number = ntohl(payload.number);
	if (ntohl(payload.magic) != MAGIC || number >= UINT32_MAX / 2)
		return;
	flow = counter_flow(c, source, group);
	if (number >= flow->room) {
		uint32_t room = (number + 1024) * 2 / 8 * 8;

		flow->seen = realloc(flow->seen, room / 8);
		if (!flow->seen)
			die("memory");
		memset(flow->seen + flow->room / 8, 0, (room - flow->room) / 8);
		flow->room = room;
	}
	flow->packets++;
	flow->distinct += !(flow->seen[number / 8] & 1u << number % 8);
	flow->seen[number / 8] |= (uint8_t)(1u << number % 8);
	if (number >= flow->next)
		flow->next = number + 1;
	c->packets++;
	c->last_ms = now_ms();
}

/* One line a flow: source, group, packets, lost before the last one, duplicates; and the total. */
static void counter_print(const struct counter *c)
{
	unsigned long lost = 0, twice = 0;
	char s[INET6_ADDRSTRLEN], g[INET6_ADDRSTRLEN];

	for (size_t n = 0; n < c->n; n++) {
		const struct flow *f = c->list[n];

		printf("%s %s %lu %lu %lu\n", ip_text(&f->source, s), ip_text(&f->group, g),
		       f->packets, f->next - f->distinct, f->packets - f->distinct);
		lost += f->next - f->distinct;
		twice += f->packets - f->distinct;
	}
	printf("total %zu %lu %lu %lu\n", c->n, c->packets, lost, twice);
	fflush(stdout);
}

/* A whole IP packet from the wire. */
static void count_packet(struct counter *c, const struct options *o, const uint8_t *p, size_t len)
{
	struct ip source = {.family = AF_INET}, group = {.family = AF_INET};
	size_t at;

	if (len >= 20 && p[0] >> 4 == 4 && p[9] == IPPROTO_UDP) {
		at = (size_t)(p[0] & 15) * 4;
		memcpy(source.b, p + 12, 4);
		memcpy(group.b, p + 16, 4);
	} else if (len >= 40 && p[0] >> 4 == 6 && p[6] == IPPROTO_UDP) {
		at = 40;
		source.family = group.family = AF_INET6;
		memcpy(source.b, p + 8, 16);
		memcpy(group.b, p + 24, 16);
	} else {
		return;
	}
	if (len < at + UDP_HEADER || p[at + 2] != o->port >> 8 || p[at + 3] != (o->port & 255))
		return;
	counter_add(c, &source, &group, p + at + UDP_HEADER, len - at - UDP_HEADER);
}

/* Reads all there is; false when the socket was empty. */
static bool drain(struct counter *c, const struct options *o, int fd, const struct ip *joined)
{
	struct sockaddr_storage from;
	uint8_t data[PACKET_MAX];
	bool any = false;
	ssize_t len;

	for (;;) {
		socklen_t size = sizeof(from);
		struct ip source;

		len = recvfrom(fd, data, sizeof(data), MSG_DONTWAIT, (struct sockaddr *)&from,
			       &size);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return any;
		any = true;
		if (joined) {
			source = ip_of_sockaddr(&from);
			counter_add(c, &source, joined, data, (size_t)len);
		} else if (((struct sockaddr_ll *)&from)->sll_pkttype != PACKET_OUTGOING) {
			count_packet(c, o, data, (size_t)len);
		}
	}
}

static void big_buffer(int fd)
{
	int size = 64 << 20;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

static int open_wire(const struct options *o)
{
	struct sockaddr_ll any = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd = socket(AF_PACKET, SOCK_DGRAM, 0);

	if (fd < 0)
		die("packet socket");
	big_buffer(fd);
	any.sll_ifindex = (int)if_nametoindex(o->ifname);
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)))
		die("bind to the interface");
	return fd;
}

/* A socket that gets packets of this group only, joined on the interface. */
static int open_joined(const struct options *o, const struct ip *group)
{
	int level = group->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	int ifindex = (int)if_nametoindex(o->ifname), one = 1, result;
	int fd = socket(group->family, SOCK_DGRAM, 0);
	struct group_source_req req = {.gsr_interface = (uint32_t)ifindex};
	struct sockaddr_storage ss;
	socklen_t len = ip_sockaddr(group, o->port, ifindex, &ss);

	if (fd < 0)
		die("socket");
	big_buffer(fd);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&ss, len))
		die("bind to the group");
	req.gsr_group = ss;
	if (o->source.family) {
		ip_sockaddr(&o->source, 0, 0, &req.gsr_source);
		result = setsockopt(fd, level, MCAST_JOIN_SOURCE_GROUP, &req, sizeof(req));
	} else {
		struct group_req asm_req = {.gr_interface = (uint32_t)ifindex, .gr_group = ss};

		result = setsockopt(fd, level, MCAST_JOIN_GROUP, &asm_req, sizeof(asm_req));
	}
	if (result)
		die("join");
	return fd;
}

/* Packets that the socket of a wire counter had no room for: a count that can't be trusted. */
static unsigned int dropped(int fd)
{
	struct tpacket_stats stats = {.tp_drops = 0};
	socklen_t len = sizeof(stats);

	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len);
	return stats.tp_drops;
}

/*
 * Stops when told (SIGTERM, SIGINT) or when all that is expected is there, and then QUIET_MS passed
 * without another packet; but at most SECONDS after being told.
 */
static bool finished(const struct counter *c, const struct options *o, uint64_t *told_ms)
{
	uint64_t now = now_ms(), since;

	if (stopping && !*told_ms)
		*told_ms = now;
	if (*told_ms && now >= *told_ms + (uint64_t)o->wait_ms)
		return true;
	since = c->last_ms > *told_ms ? c->last_ms : *told_ms;
	return (*told_ms || o->expected) && c->packets >= (unsigned long)o->expected &&
	       now >= since + (uint64_t)o->quiet_ms;
}

static int run_recv(struct options *o)
{
	static struct counter counter;
	int n = o->join ? o->n_groups : 1;
	struct pollfd *fds = calloc((size_t)n, sizeof(*fds));
	struct ip *joined = calloc((size_t)n, sizeof(*joined));
	uint64_t told_ms = 0, next_ms = now_ms();

	if (!fds || !joined)
		die("memory");
	for (int i = 0; i < n; i++) {
		if (o->join)
			joined[i] = ip_parse(o->groups[i]);
		fds[i].fd = o->join ? open_joined(o, &joined[i]) : open_wire(o);
		fds[i].events = POLLIN;
	}
	printf("ready\n");
	fflush(stdout);
	while (!finished(&counter, o, &told_ms)) {
		poll(fds, (nfds_t)n, 20);
		for (int i = 0; i < n; i++)
			drain(&counter, o, fds[i].fd, o->join ? &joined[i] : NULL);
		if (o->update_ms && now_ms() >= next_ms) {
			counter_print(&counter);
			next_ms = now_ms() + (uint64_t)o->update_ms;
		}
	}
	counter_print(&counter);
	if (!o->join && dropped(fds[0].fd))
		printf("dropped by the counter itself\n");
	free(fds);
	free(joined);
	return counter.packets >= (unsigned long)o->expected ? 0 : 2;
}

static void on_signal(int signal)
{
	(void)signal;
	stopping = 1;
}

static long number(const char *text, long min, long max)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || end == text || value < min || value > max)
		usage("number out of range");
	return value;
}

static void parse_options(struct options *o, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "i:s:n:b:r:t:f:l:p:w:q:u:j")) != -1) {
		switch (c) {
		case 'i':
			o->ifname = optarg;
			break;
		case 's':
			o->source = ip_parse(optarg);
			break;
		case 'n':
			o->count = o->expected = number(optarg, 0, LONG_MAX);
			break;
		case 'b':
			o->first = number(optarg, 0, INT_MAX);
			break;
		case 'r':
			o->rate = number(optarg, 0, 1000000);
			break;
		case 't':
			o->ttl = number(optarg, 0, 255);
			break;
		case 'f':
			o->flows = number(optarg, 1, 1000000);
			break;
		case 'l':
			o->size = number(optarg, sizeof(struct payload), 1400);
			break;
		case 'p':
			o->port = (uint16_t)number(optarg, 1, 65535);
			break;
		case 'w':
			o->wait_ms = number(optarg, 0, 3600) * 1000;
			break;
		case 'q':
			o->quiet_ms = number(optarg, 0, 3600000);
			break;
		case 'u':
			o->update_ms = number(optarg, 0, 3600000);
			break;
		case 'j':
			o->join = true;
			break;
		default:
			usage("unknown option");
		}
	}
	o->groups = argv + optind;
	o->n_groups = argc - optind;
	if (!o->ifname || !if_nametoindex(o->ifname))
		usage("-i IF must name an interface");
}

int main(int argc, char **argv)
{
	struct options o = {.count = 1,
			    .ttl = 16,
			    .flows = 1,
			    .size = 100,
			    .port = 5000,
			    .wait_ms = 5000,
			    .quiet_ms = 100};
	struct sigaction stop = {.sa_handler = on_signal};
	bool sending = argc > 1 && strcmp(argv[1], "send") == 0;

	if (argc < 2 || (!sending && strcmp(argv[1], "recv")))
		usage("say send or recv");
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	parse_options(&o, argc - 1, argv + 1);
	if ((sending || o.join) && !o.n_groups)
		usage("say which GROUP");
	return sending ? run_send(&o) : run_recv(&o);
}
