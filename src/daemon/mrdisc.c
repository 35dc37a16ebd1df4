/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An interface that takes part in a family is a port, found under its VIF number.  A port has one
 * deadline, its next advertisement: some early ones when it starts, then one an interval, and
 * sooner when somebody asks.  One timer serves all ports, which are no more than the kernel has
 * VIFs.
 */
#include "daemon/mrdisc.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "kernel/discover.h"
#include "kernel/ifaddr.h"

#define NEVER UINT64_MAX

/* RFC 4286, 3.2 and 8, in milliseconds where they are times. */
#define DEFAULT_INTERVAL 20 /* seconds */
#define JITTER_PER_S	 25
#define INITIAL		 3 /* early advertisements */
#define INITIAL_MS	 2000
#define RESPONSE_MS	 2000
#define MESSAGE_MS	 100 /* at most 10 messages a second */

struct port {
	int ifindex;	/* 0 = there is none */
	uint64_t born;	/* of the link */
	uint64_t due;	/* when to advertise */
	uint64_t after; /* and not before */
	int initial;	/* early advertisements still to come */
	bool answering; /* the next one is an answer */
	bool announced; /* the neighbours believe that we are here */
	int membership; /* < 0 = solicitations do not reach us */
	int error;	/* errno of the last attempt */
	uint64_t sent, received, ignored;
};

/* One family. */
struct side {
	struct mrdisc *mrdisc;
	enum family family;
	struct discover *discover; /* NULL = not to be had */
	struct loop_fd *source;	   /* NULL while there is no port */
	uint64_t look;		   /* when to read from the socket again; NEVER = any time */
	struct port ports[MAX_VIFS];
};

struct mrdisc {
	struct loop *loop;
	const struct engine *engine;
	struct loop_timer *timer;
	uint64_t topology; /* of the engine, that the ports follow */
	unsigned int interval;
	struct side sides[FAMILIES];
};

bool mrdisc_available(void)
{
	return true;
}

/* A number below @limit, so that routers that start together do not speak together. */
static uint64_t random_below(const struct mrdisc *mrdisc, uint32_t limit)
{
	uint32_t number = (uint32_t)loop_now(mrdisc->loop); /* early at boot there is no better */

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number *= 2654435761u;
	return number % limit;
}

static const char *family_name(const struct side *side)
{
	return families[side->family].name;
}

static const char *port_name(const struct side *side, const struct port *port)
{
	const struct state *state = engine_state(side->mrdisc->engine);
	const struct link *link = links_find(&state->links, port->ifindex);

	return link ? link->info.name : "interface";
}

/* Sending */

static int send_message(struct side *side, const struct port *port, enum mrdisc_type type)
{
	const struct mrdisc_family *info = &mrdisc_families[side->family];
	uint8_t message[MRDISC_SIZE];
	struct addr source;
	size_t len;
	int err = ifaddr_source(port->ifindex, &info->sources, &source);

	if (err < 0)
		return err;
	len = mrdisc_encode(type, (uint8_t)side->mrdisc->interval, &source, &info->snoopers,
			    message);
	return discover_send(side->discover, port->ifindex, &source, &info->snoopers, message, len);
}

/* One that fails is tried again each time that we advertise. */
static void join(struct side *side, struct port *port)
{
	int result;

	if (port->membership >= 0)
		return;
	result = discover_join(side->discover, port->ifindex);
	if (result < 0 && port->membership != result)
		log_info("%s: can't listen for %s router solicitations (%s); will try again",
			 port_name(side, port), family_name(side), strerror(-result));
	port->membership = result;
}

static const char *reason_of(int error)
{
	return error == EADDRNOTAVAIL ? "no address" : strerror(error);
}

/* When an interface can send at last, it is as if it had just come. */
static void judge_attempt(struct side *side, struct port *port, int result)
{
	if (result == 0) {
		port->sent++;
		port->announced = true;
		if (port->error)
			port->initial = INITIAL - 1;
	} else if (port->error != -result) {
		log_info("%s: no %s router advertisement (%s); will try again",
			 port_name(side, port), family_name(side), reason_of(-result));
	}
	port->error = -result;
}

static void advertise(struct side *side, struct port *port)
{
	struct mrdisc *mrdisc = side->mrdisc;
	uint64_t now = loop_now(mrdisc->loop), jitter = mrdisc->interval * JITTER_PER_S;

	join(side, port);
	if (port->initial)
		port->initial--;
	judge_attempt(side, port, send_message(side, port, MRDISC_ADVERTISEMENT));
	port->answering = false;
	port->after = now + MESSAGE_MS;
	if (port->initial)
		port->due = now + random_below(mrdisc, INITIAL_MS);
	else
		port->due = now + mrdisc->interval * UINT64_C(1000) - jitter +
			    random_below(mrdisc, (uint32_t)(2 * jitter + 1));
}

static uint64_t due(const struct port *port)
{
	if (!port->ifindex)
		return NEVER;
	return port->due > port->after ? port->due : port->after;
}

/* Time */

static void set_timer(struct mrdisc *mrdisc)
{
	uint64_t first = NEVER;

	for (int f = 0; f < FAMILIES; f++) {
		const struct side *side = &mrdisc->sides[f];

		first = side->look < first ? side->look : first;
		for (unsigned int n = 0; n < MAX_VIFS; n++)
			first = due(&side->ports[n]) < first ? due(&side->ports[n]) : first;
	}
	loop_set_timer(mrdisc->timer, first);
}

static void on_timer(void *ctx)
{
	struct mrdisc *mrdisc = ctx;
	uint64_t now = loop_now(mrdisc->loop);

	for (int f = 0; f < FAMILIES; f++) {
		struct side *side = &mrdisc->sides[f];

		for (unsigned int n = 0; n < MAX_VIFS; n++)
			if (due(&side->ports[n]) <= now)
				advertise(side, &side->ports[n]);
		if (side->look <= now) {
			loop_set_events(side->source, POLLIN);
			side->look = NEVER;
		}
	}
	set_timer(mrdisc);
}

/* Listening */

static struct port *port_of(struct side *side, int ifindex)
{
	for (unsigned int n = 0; n < MAX_VIFS; n++)
		if (ifindex && side->ports[n].ifindex == ifindex)
			return &side->ports[n];
	return NULL;
}

/* A switch may ask before it has an address (0.0.0.0). */
static const char *flaw_of(const struct mrdisc_packet *packet, int ifindex)
{
	const char *flaw = mrdisc_flaw(packet);

	if (!flaw && !addr_is_any(&packet->source) && !ifaddr_on_link(ifindex, &packet->source))
		flaw = "its source is in no subnet of the interface";
	return flaw;
}

static void on_packet(void *ctx, int ifindex, const struct mrdisc_packet *packet)
{
	struct side *side = ctx;
	struct mrdisc *mrdisc = side->mrdisc;
	struct port *port = port_of(side, ifindex);
	const char *flaw = port ? flaw_of(packet, ifindex) : NULL;
	char source[ADDR_TEXT];
	uint64_t answer;

	if (!port)
		return;
	if (flaw) {
		port->ignored++;
		log_debug("%s: ignored a router solicitation from %s: %s", port_name(side, port),
			  addr_format(&packet->source, source), flaw);
		return;
	}
	port->received++;
	if (port->answering)
		return;
	port->answering = true;
	answer = loop_now(mrdisc->loop) + random_below(mrdisc, RESPONSE_MS);
	if (answer < port->due)
		port->due = answer;
}

/* Whoever sends floods of them gets a look ten times a second, and everybody else the rest. */
static void on_readable(void *ctx, short revents)
{
	struct side *side = ctx;

	(void)revents;
	discover_read(side->discover, on_packet, side);
	loop_set_events(side->source, 0);
	side->look = loop_now(side->mrdisc->loop) + MESSAGE_MS;
	set_timer(side->mrdisc);
}

/* Ports come and go */

static void start_port(struct side *side, struct port *port, const struct link *link)
{
	struct mrdisc *mrdisc = side->mrdisc;

	if (port->born != link->born)
		*port = (struct port){.born = link->born};
	port->ifindex = link->info.index;
	port->due = loop_now(mrdisc->loop) + random_below(mrdisc, INITIAL_MS);
	port->initial = INITIAL;
	port->answering = port->announced = false;
	port->membership = -1;
	port->error = 0;
	join(side, port);
	log_info("%s: %s router discovery begins", link->info.name, family_name(side));
}

/* True as long as something can be sent there. */
static bool is_there(const struct side *side, const struct port *port)
{
	const struct state *state = engine_state(side->mrdisc->engine);
	const struct link *link = links_find(&state->links, port->ifindex);

	return link && link->born == port->born && link->info.up;
}

static void stop_port(struct side *side, struct port *port)
{
	if (port->announced && is_there(side, port))
		send_message(side, port, MRDISC_TERMINATION);
	if (port->membership >= 0)
		discover_leave(side->discover, port->ifindex, port->membership);
	log_info("%s: %s router discovery ends", port_name(side, port), family_name(side));
	port->ifindex = 0;
}

/* The link that should be the port of this VIF, or NULL. */
static const struct link *wanted(const struct side *side, unsigned int vif)
{
	const struct state *state = engine_state(side->mrdisc->engine);
	int ifindex = state->vifs.slot[side->family][vif].ifindex;
	const struct link *link = ifindex ? links_find(&state->links, ifindex) : NULL;

	if (!link || !link->info.up || !plan_link_usable(state->rules, link) ||
	    !rules_phyint(state->rules, link->info.name).mrdisc)
		return NULL;
	return link;
}

/* True when there is a port afterwards. */
static bool follow_port(struct side *side, unsigned int vif)
{
	const struct link *link = wanted(side, vif);
	struct port *port = &side->ports[vif];

	if (port->ifindex && (!link || link->born != port->born))
		stop_port(side, port);
	if (link && !port->ifindex)
		start_port(side, port, link);
	return port->ifindex;
}

static void follow_side(struct side *side)
{
	bool any = false;

	for (unsigned int n = 0; n < MAX_VIFS; n++)
		any |= follow_port(side, n);
	if (any && !side->source) {
		side->source = loop_add_fd(side->mrdisc->loop, discover_fd(side->discover), POLLIN,
					   false, on_readable, side);
	} else if (!any && side->source) {
		loop_remove_fd(side->source);
		side->source = NULL;
		side->look = NEVER;
	}
}

void mrdisc_update(struct mrdisc *mrdisc)
{
	if (!mrdisc || mrdisc->topology == engine_topology(mrdisc->engine))
		return;
	mrdisc->topology = engine_topology(mrdisc->engine);
	for (int f = 0; f < FAMILIES; f++)
		if (mrdisc->sides[f].discover)
			follow_side(&mrdisc->sides[f]);
	set_timer(mrdisc);
}

/* Begin and end */

static void open_side(struct mrdisc *mrdisc, enum family family)
{
	struct side *side = &mrdisc->sides[family];
	int err;

	side->mrdisc = mrdisc;
	side->family = family;
	side->look = NEVER;
	if (!engine_state(mrdisc->engine)->present[family])
		return;
	err = discover_open(&side->discover, family);
	if (err < 0)
		log_warn("no %s router discovery: can't open a raw socket (%s); this needs "
			 "CAP_NET_RAW",
			 families[family].name, strerror(-err));
}

struct mrdisc *mrdisc_open(struct loop *loop, const struct engine *engine, unsigned long interval)
{
	struct mrdisc *mrdisc = mem_alloc(sizeof(*mrdisc));

	mrdisc->loop = loop;
	mrdisc->engine = engine;
	mrdisc->interval = interval ? (unsigned int)interval : DEFAULT_INTERVAL;
	mrdisc->topology = NEVER;
	mrdisc->timer = loop_add_timer(loop, on_timer, mrdisc);
	for (int f = 0; f < FAMILIES; f++)
		open_side(mrdisc, (enum family)f);
	return mrdisc;
}

void mrdisc_close(struct mrdisc *mrdisc)
{
	if (!mrdisc)
		return;
	for (int f = 0; f < FAMILIES; f++) {
		struct side *side = &mrdisc->sides[f];

		for (unsigned int n = 0; n < MAX_VIFS; n++)
			if (side->ports[n].ifindex)
				stop_port(side, &side->ports[n]);
		if (side->source)
			loop_remove_fd(side->source);
		discover_close(side->discover);
	}
	loop_remove_timer(mrdisc->timer);
	free(mrdisc);
}

bool mrdisc_status(const struct mrdisc *mrdisc, enum family family, int vif,
		   struct mrdisc_status *status)
{
	const struct port *port =
		mrdisc && vif != NO_VIF ? &mrdisc->sides[family].ports[vif] : NULL;

	if (!port || !port->ifindex)
		return false;
	*status = (struct mrdisc_status){
		.state = port->sent ? MRDISC_ACTIVE : MRDISC_STARTING,
		.sent = port->sent,
		.received = port->received,
		.ignored = port->ignored,
	};
	if (port->error) {
		status->state = MRDISC_WAITING;
		status->reason = reason_of(port->error);
	}
	return true;
}
