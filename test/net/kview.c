/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kview.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_JOINED 2048

/* A group on an interface: how many sockets have it, and for how many sources. */
struct joined {
	struct member asm_member;
	unsigned int users, sources;
};

struct reader {
	struct view *view;
	struct model *model;
	struct joined joined[MAX_JOINED];
	size_t n_joined;
	int index; /* of the interface whose groups come next in /proc/net/igmp */
};

typedef void (*line_fn)(struct reader *reader, const char *line);

static void each_line(struct reader *reader, const char *path, line_fn fn)
{
	FILE *file = fopen(path, "re");
	char line[1024];

	if (!file)
		return; /* a kernel without that family */
	while (fgets(line, sizeof(line), file))
		fn(reader, line);
	fclose(file);
}

/* As /proc shows it: IPv4 as a number, with 0x of host order and without of memory order; IPv6 as
 * hexadecimal digits, with or without colons. */
static bool parse_addr(struct addr *addr, enum family family, const char *text)
{
	*addr = (struct addr){.family = (uint8_t)family};
	if (family == FAMILY_IPV4) {
		uint32_t word = (uint32_t)strtoul(text, NULL, 16);

		word = strncmp(text, "0x", 2) == 0 ? htonl(word) : word;
		memcpy(addr->b, &word, sizeof(word));
		return true;
	}
	for (int i = 0; i < 16; i++) {
		unsigned int byte;

		text += *text == ':';
		if (sscanf(text, "%2x", &byte) != 1)
			return false;
		addr->b[i] = (uint8_t)byte;
		text += 2;
	}
	return true;
}

/* VIFs */

static void take_vif(struct reader *reader, const char *line, enum family family)
{
	const struct model_link *link;
	char name[32];
	int number;

	if (sscanf(line, "%d %31s", &number, name) != 2 || number < 0 || number >= MAX_VIFS)
		return;
	link = model_link(reader->model, name);
	reader->view->vifs[family][number] = link ? link->info.index : -1;
}

static void vif4(struct reader *reader, const char *line)
{
	take_vif(reader, line, FAMILY_IPV4);
}

static void vif6(struct reader *reader, const char *line)
{
	take_vif(reader, line, FAMILY_IPV6);
}

/* Entries: group, source, iif, counters, then NUMBER:TTL for each outbound VIF */

static void take_entry(struct reader *reader, const char *line, enum family family)
{
	char group[64], source[64];
	int iif, used = 0, more, number, ttl;
	struct mfc mfc = {0};

	if (sscanf(line, "%63s %63s %d %*u %*u %*u%n", group, source, &iif, &used) != 3 || !used)
		return;
	if (!parse_addr(&mfc.group, family, group) || !parse_addr(&mfc.source, family, source) ||
	    iif < 0 || iif >= MAX_VIFS)
		return;
	mfc.iif = (uint8_t)iif;
	while (sscanf(line + used, " %d:%d%n", &number, &ttl, &more) == 2) {
		mfc.ttls[number] = (uint8_t)ttl;
		used += more;
	}
	view_add_entry(reader->view, &mfc);
}

static void entry4(struct reader *reader, const char *line)
{
	take_entry(reader, line, FAMILY_IPV4);
}

static void entry6(struct reader *reader, const char *line)
{
	take_entry(reader, line, FAMILY_IPV6);
}

/* Memberships */

/*
 * /proc/net/mcfilter passes over every interface whose latest group has no sources.  So a group
 * that has some is joined on each for as long as we look.
 */
static const struct {
	int af, level;
	const char *group, *source;
} marks[FAMILIES] = {{AF_INET, IPPROTO_IP, "232.255.255.255", "10.255.255.255"},
		     {AF_INET6, IPPROTO_IPV6, "ff3e::ffff:ffff", "2001:db8::ffff"}};

static void put_sockaddr(struct sockaddr_storage *ss, const char *text)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ss;

	ss->ss_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	inet_pton(ss->ss_family, text,
		  ss->ss_family == AF_INET ? (void *)&v4->sin_addr : (void *)&v6->sin6_addr);
}

/* Returns the socket that holds the mark until it is closed. */
static int set_mark(int index, enum family family)
{
	int fd = socket(marks[family].af, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct group_source_req req = {.gsr_interface = (uint32_t)index};

	put_sockaddr(&req.gsr_group, marks[family].group);
	put_sockaddr(&req.gsr_source, marks[family].source);
	setsockopt(fd, marks[family].level, MCAST_JOIN_SOURCE_GROUP, &req, sizeof(req));
	return fd;
}

static bool is_mark(const struct addr *group)
{
	struct addr mark;

	addr_parse(&mark, marks[group->family].group, strlen(marks[group->family].group));
	return addr_equal(group, &mark);
}

/* Those that the kernel is in for itself, ff05::2 among them, and ours. */
static bool own_group(const struct addr *group)
{
	return addr_is_link_local_group(group) || is_mark(group) ||
	       (group->family == FAMILY_IPV6 && group->b[1] == 5 && group->b[15] == 2);
}

static void take_group(struct reader *reader, int index, const char *group, enum family family,
		       unsigned int users)
{
	struct joined joined = {.asm_member = {.ifindex = index}, .users = users};

	if (parse_addr(&joined.asm_member.group, family, group) &&
	    !own_group(&joined.asm_member.group) && reader->n_joined < MAX_JOINED) {
		joined.asm_member.source.family = (uint8_t)family;
		reader->joined[reader->n_joined++] = joined;
	}
}

/* "2 eth0 : 1 V3", then its groups: "<tabs>01010101 1 0:00000000 0" */
static void group4(struct reader *reader, const char *line)
{
	char group[64];
	unsigned int users;

	if (line[0] != '\t')
		reader->index = atoi(line);
	else if (sscanf(line, " %63s %u", group, &users) == 2)
		take_group(reader, reader->index, group, FAMILY_IPV4, users);
}

/* "2 eth0 ff020000000000000000000000000001 1 0000000C 0" */
static void group6(struct reader *reader, const char *line)
{
	char group[64];
	unsigned int users;
	int index;

	if (sscanf(line, "%d %*s %63s %u", &index, group, &users) == 3)
		take_group(reader, index, group, FAMILY_IPV6, users);
}

/* "2 eth0 GROUP SOURCE INCLUDES EXCLUDES" */
static void take_source(struct reader *reader, const char *line, enum family family)
{
	char group[64], source[64];
	unsigned int includes;
	struct member member = {0};

	if (sscanf(line, "%d %*s %63s %63s %u", &member.ifindex, group, source, &includes) != 4 ||
	    !includes)
		return;
	if (!parse_addr(&member.group, family, group) ||
	    !parse_addr(&member.source, family, source) || is_mark(&member.group))
		return;
	view_add_member(reader->view, &member);
	for (size_t i = 0; i < reader->n_joined; i++)
		if (reader->joined[i].asm_member.ifindex == member.ifindex &&
		    addr_equal(&reader->joined[i].asm_member.group, &member.group))
			reader->joined[i].sources++;
}

static void source4(struct reader *reader, const char *line)
{
	take_source(reader, line, FAMILY_IPV4);
}

static void source6(struct reader *reader, const char *line)
{
	take_source(reader, line, FAMILY_IPV6);
}

/* Several sources may share a socket or not; the ASM membership always has one of its own. */
static void take_asm(struct reader *reader, const struct joined *joined)
{
	bool sure = joined->users > joined->sources;
	bool possible = joined->users > (joined->sources ? 1 : 0);

	if (sure || (possible && model_wants(reader->model, &joined->asm_member)))
		view_add_member(reader->view, &joined->asm_member);
}

/* The kernel puts the sources of a link that is down where nobody sees them: only users tell. */
static bool take_hidden(struct reader *reader, const struct joined *joined)
{
	const struct model_link *link = model_link_at(reader->model, joined->asm_member.ifindex);
	struct member member = joined->asm_member;
	bool any = false;

	for (int i = 0; link && !link->info.up && i < MODEL_SOURCES; i++) {
		const char *source = model_sources[member.group.family][i];

		addr_parse(&member.source, source, strlen(source));
		if (!model_wants(reader->model, &member))
			continue;
		any = true;
		view_add_member(reader->view, &member);
	}
	if (any && joined->users > 1 && model_wants(reader->model, &joined->asm_member))
		view_add_member(reader->view, &joined->asm_member);
	return any;
}

void kview_read(struct view *view, struct model *model)
{
	struct reader reader = {.view = view, .model = model};
	int mark[FAMILIES][MODEL_LINKS];

	view_clear(view);
	each_line(&reader, "/proc/net/ip_mr_vif", vif4);
	each_line(&reader, "/proc/net/ip6_mr_vif", vif6);
	each_line(&reader, "/proc/net/ip_mr_cache", entry4);
	each_line(&reader, "/proc/net/ip6_mr_cache", entry6);
	for (int f = 0; f < FAMILIES; f++)
		for (size_t l = 0; l < model->n_links; l++)
			mark[f][l] = set_mark(model->links[l].info.index, (enum family)f);
	each_line(&reader, "/proc/net/igmp", group4);
	each_line(&reader, "/proc/net/igmp6", group6);
	each_line(&reader, "/proc/net/mcfilter", source4);
	each_line(&reader, "/proc/net/mcfilter6", source6);
	for (int f = 0; f < FAMILIES; f++)
		for (size_t l = 0; l < model->n_links; l++)
			close(mark[f][l]);
	for (size_t i = 0; i < reader.n_joined; i++)
		if (!take_hidden(&reader, &reader.joined[i]))
			take_asm(&reader, &reader.joined[i]);
}
