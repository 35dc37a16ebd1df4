/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interfaces of the world. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

struct device *device_find(struct world *w, const char *name, bool away)
{
	for (size_t i = 0; i < w->n_devices; i++)
		if (w->devices[i].away == away && strcmp(w->devices[i].name, name) == 0)
			return &w->devices[i];
	return NULL;
}

/* Tells the model how a device is now. */
static void tell(struct world *w, const struct device *dev)
{
	struct link_info info = {.index = dev->index, .multicast = dev->multicast, .up = dev->up};

	memcpy(info.name, dev->name, sizeof(info.name));
	model_set_link(&w->model, &info);
	if (w->model.fuzzy)
		model_stepped(&w->model, true);
}

static void set_up(struct world *w, struct device *dev, bool up)
{
	if (dev->peer && up)
		nl_set_flags(&w->far, dev->peer, IFF_UP, IFF_UP);
	nl_set_flags(&w->router, dev->index, up ? IFF_UP : 0, IFF_UP);
	dev->up = up;
}

static int add_device(struct world *w, struct device *dev, const char *kind)
{
	char peer[IFNAME_SIZE];
	int r, index;

	if (strcmp(kind, "bridge") == 0) {
		dev->bridge = true;
		return nl_add_bridge(&w->router, dev->name);
	}
	if (strcmp(kind, "macvlan") == 0) {
		/* its lower device must not be one of the router's */
		r = nl_add_macvlan(&w->far, dev->name, w->lower);
		index = nl_index(&w->far, dev->name);
		return r < 0 ? r : nl_move(&w->far, index, w->router_ns);
	}
	snprintf(peer, sizeof(peer), "p%u", w->n_peers++);
	r = nl_add_veth(&w->router, dev->name, peer, w->far_ns);
	dev->peer = r < 0 ? 0 : nl_index(&w->far, peer);
	return r;
}

static void do_new(struct world *w, const struct step *step)
{
	struct device dev = {.multicast = true};
	int r;

	if (device_find(w, step->name, false) || device_find(w, step->name, true) ||
	    w->n_devices == DEVICES || w->model.n_links >= MODEL_LINKS - 1)
		return;
	memcpy(dev.name, step->name, sizeof(dev.name));
	r = add_device(w, &dev, step->other);
	dev.index = nl_index(&w->router, dev.name);
	if (r < 0 || !dev.index)
		world_fail(w, "can't make %s: %s", dev.name, strerror(-r));
	set_up(w, &dev, true);
	w->devices[w->n_devices++] = dev;
	tell(w, &dev);
}

static void forget_master(struct world *w, const char *name)
{
	for (size_t i = 0; i < w->n_devices; i++)
		if (strcmp(w->devices[i].master, name) == 0)
			w->devices[i].master[0] = '\0';
}

static void do_gone(struct world *w, struct device *dev)
{
	if (nl_delete(&w->router, dev->index) < 0)
		world_fail(w, "can't delete %s", dev->name);
	model_link_gone(&w->model, dev->index);
	forget_master(w, dev->name);
	*dev = w->devices[--w->n_devices];
}

static void do_away(struct world *w, struct device *dev)
{
	if (nl_move(&w->router, dev->index, w->away_ns) < 0)
		return; /* a bridge */
	model_link_gone(&w->model, dev->index);
	forget_master(w, dev->name);
	dev->master[0] = '\0';
	dev->away = true;
}

static void do_home(struct world *w, struct device *dev)
{
	if (device_find(w, dev->name, false))
		return;
	if (nl_move(&w->away, nl_index(&w->away, dev->name), w->router_ns) < 0)
		world_fail(w, "%s does not come home", dev->name);
	dev->away = false;
	dev->index = nl_index(&w->router, dev->name);
	set_up(w, dev, true);
	tell(w, dev);
}

/* Deleted and made again, as far as anybody in the router's namespace can tell. */
static void do_bounce(struct world *w, struct device *dev, const char *name)
{
	w->model.fuzzy = true;
	do_away(w, dev);
	if (!dev->away)
		return;
	if (name[0] && !device_find(w, name, false) && !device_find(w, name, true)) {
		if (nl_rename(&w->away, dev->index, name) < 0)
			world_fail(w, "can't rename %s", dev->name);
		snprintf(dev->name, sizeof(dev->name), "%s", name);
	}
	do_home(w, dev);
}

static void rename_device(struct world *w, struct device *dev, const char *name)
{
	char old[IFNAME_SIZE];

	memcpy(old, dev->name, sizeof(old));
	if (nl_rename(&w->router, dev->index, name) == -EBUSY) {
		/* before Linux 6.2 only what is down can be renamed */
		nl_set_flags(&w->router, dev->index, 0, IFF_UP);
		if (nl_rename(&w->router, dev->index, name) < 0)
			world_fail(w, "can't rename %s", dev->name);
		nl_set_flags(&w->router, dev->index, IFF_UP, IFF_UP);
	}
	snprintf(dev->name, sizeof(dev->name), "%s", name);
	for (size_t i = 0; i < w->n_devices; i++)
		if (strcmp(w->devices[i].master, old) == 0)
			snprintf(w->devices[i].master, IFNAME_SIZE, "%s", name);
	tell(w, dev);
}

static void do_swap(struct world *w, struct device *a, const struct step *step)
{
	struct device *b = device_find(w, step->other, false);

	if (!b || a == b)
		return;
	rename_device(w, a, "swapping");
	rename_device(w, b, step->name);
	rename_device(w, a, step->other);
}

static void do_master(struct world *w, struct device *dev, const struct step *step)
{
	struct device *bridge = device_find(w, step->other, false);
	bool release = dev->master[0];

	if (!bridge || !bridge->bridge || dev->bridge)
		return;
	if (nl_set_master(&w->router, dev->index, release ? 0 : bridge->index) < 0)
		return;
	snprintf(dev->master, sizeof(dev->master), "%s", release ? "" : bridge->name);
}

/* Things that change nothing for the rules. */
static void do_touch(struct world *w, struct device *dev)
{
	unsigned int n = 100 + dev->index % 100;
	char alias[IFNAME_SIZE];

	if (!dev->up) {
		set_up(w, dev, true);
		tell(w, dev);
		return;
	}
	switch (w->touches++ % 5) {
	case 0:
		nl_add_address(&w->router, dev->index, n);
		break;
	case 1:
		nl_del_address(&w->router, dev->index, n);
		break;
	case 2:
		snprintf(alias, sizeof(alias), "alias%u", w->touches);
		nl_set_alias(&w->router, dev->index, alias);
		break;
	case 3:
		nl_set_flags(&w->router, dev->index, w->touches & 1 ? IFF_PROMISC : 0, IFF_PROMISC);
		break;
	default:
		set_up(w, dev, false);
		tell(w, dev);
	}
}

static void do_device(struct world *w, struct device *dev, const struct step *step)
{
	switch (step->kind) {
	case STEP_GONE_LINK:
		do_gone(w, dev);
		break;
	case STEP_AWAY:
		do_away(w, dev);
		break;
	case STEP_BOUNCE:
		do_bounce(w, dev, step->other);
		break;
	case STEP_RENAME:
		if (!device_find(w, step->other, false) && !device_find(w, step->other, true))
			rename_device(w, dev, step->other);
		break;
	case STEP_SWAP:
		w->model.fuzzy = true;
		do_swap(w, dev, step);
		break;
	case STEP_MULTICAST:
		dev->multicast = strcmp(step->other, "on") == 0;
		nl_set_flags(&w->router, dev->index, dev->multicast ? IFF_MULTICAST : 0,
			     IFF_MULTICAST);
		tell(w, dev);
		break;
	case STEP_MASTER:
		do_master(w, dev, step);
		break;
	default:
		do_touch(w, dev);
	}
}

void device_step(struct world *w, const struct step *step)
{
	struct device *dev = device_find(w, step->name, step->kind == STEP_HOME);

	if (step->kind == STEP_NEW)
		do_new(w, step);
	else if (dev && step->kind == STEP_HOME)
		do_home(w, dev);
	else if (dev)
		do_device(w, dev, step);
}
