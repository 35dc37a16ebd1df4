/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model: random interfaces, rules and packets for the daemon and a real kernel.
 *
 * For each list of steps the program makes a network namespace, starts the daemon in it and does
 * what the steps say: links by rtnetlink, rules by the control socket and the file, packets from
 * the far ends.  At each "sync" (and before each packet) the kernel's own tables must become what
 * the naive model says.  Steps in between hit a daemon that has not yet heard of the earlier ones.
 * A list that fails is shrunk.
 *
 *     model [SEED [STEPS]]     SMCROUTED is the daemon; files are left in the present folder
 *     model - <FILE            the steps in the file
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kview.h"
#include "nl.h"
#include "packet.h"
#include "../unit/trial.h"

#define STEPS	   3000
#define STEPS_EACH 300
#define SECONDS	   240	/* for shrinking */
#define PATIENCE   4000 /* ms until the kernel must hold what it should; less when shrinking */
#define DEVICES	   64
#define CONF	   "model.conf"
#define SOCKET	   "model.sock"
#define LOG	   "model.log"

struct device {
	char name[IFNAME_SIZE];
	int index, peer; /* peer: in the far namespace, 0 = none */
	bool bridge, away, up, multicast;
	char master[IFNAME_SIZE];
};

struct world {
	struct trial *trial;
	struct model model;
	struct generator gen;
	struct view view;
	struct device devices[DEVICES];
	size_t n_devices;
	int router_ns;
	struct nl router, far, away;
	int far_ns, away_ns;
	int lower;  /* in the far namespace, below the macvlans */
	int packet; /* socket there */
	unsigned int n_peers, touches;
	pid_t daemon;
	FILE *ctl;
	unsigned int unheard; /* steps since the last sync */
	int slow;	      /* factor for PATIENCE, from the environment */
};

static void tail_log(struct buf *text)
{
	FILE *log = fopen(LOG, "re");
	char line[512];

	if (!log)
		return;
	fseek(log, 0, SEEK_END);
	fseek(log, ftell(log) > 1500 ? -1500 : -ftell(log), SEEK_END);
	while (fgets(line, sizeof(line), log))
		buf_printf(text, "# log: %s", line);
	fclose(log);
}

static void PRINTF_LIKE(2, 3) fail(struct world *w, const char *format, ...)
{
	struct buf text = {0};
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	buf_puts(&text, "\n");
	model_print(&w->model, &w->view, &text);
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\n' && text.data[i + 1] == ' ')
			text.data[++i] = '#';
	tail_log(&text);
	trial_fail(w->trial, buf_text(&text));
}

/* The daemon */

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
}

static void write_conf(const struct model *model)
{
	struct buf text = {0};

	for (size_t i = 0; i < model->n_file; i++)
		buf_printf(&text, "%s\n", model->file[i]);
	write_file(CONF, buf_text(&text));
	buf_free(&text);
}

static bool open_ctl(struct world *w)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = SOCKET};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char line[256];

	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0) {
		close(fd);
		return false;
	}
	w->ctl = fdopen(fd, "r+");
	return fgets(line, sizeof(line), w->ctl) != NULL;
}

static void start_daemon(struct world *w)
{
	struct timespec pause = {.tv_nsec = 2000000};

	unlink(SOCKET);
	write_file(LOG, "");
	write_conf(&w->model);
	w->daemon = fork();
	if (w->daemon == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl("/bin/sh", "sh", "-c",
		      "exec $SMCROUTED -n -i model -c 0 -l info -f " CONF " -u $PWD/" SOCKET
		      " -P $PWD/model.pid >>" LOG " 2>&1 </dev/null",
		      (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 5000; i++) {
		if (open_ctl(w))
			return;
		nanosleep(&pause, NULL);
	}
	fail(w, "the daemon does not answer");
}

static void stop_daemon(struct world *w)
{
	int status;

	fclose(w->ctl);
	kill(w->daemon, SIGTERM);
	if (waitpid(w->daemon, &status, 0) != w->daemon || status != 0)
		fail(w, "the daemon ended with wait status 0x%x", status);
}

/* Sends a request; 0, or the code of the error with its text in @line. */
static int ask(struct world *w, const char *request, char line[STEP_TEXT])
{
	int code;

	fprintf(w->ctl, "%s\n", request);
	fflush(w->ctl);
	for (;;) {
		if (!fgets(line, STEP_TEXT, w->ctl))
			fail(w, "the daemon is gone at: %s", request);
		if (strcmp(line, "ok\n") == 0)
			return 0;
		if (sscanf(line, "error %d", &code) == 1)
			return code;
	}
}

/* Comparing */

/*
 * The daemon reads upcalls before anything else and links before requests: with the second answer
 * it has heard all that happened before, and what is allowed for now is no longer in question.
 */
static void sync_now(struct world *w)
{
	struct timespec pause = {.tv_nsec = 500000};
	char why[MODEL_WHY], line[STEP_TEXT];

	ask(w, "version", line);
	ask(w, "version", line);
	if (w->model.fuzzy)
		model_forget_vifs(&w->model);
	for (int i = 0;; i++) {
		kview_read(&w->view, &w->model);
		if (!model_differs(&w->model, &w->view, why))
			break;
		if (i >= PATIENCE * 2 * w->slow / (w->trial->replay ? 6 : 1))
			fail(w, "%s", why);
		nanosleep(&pause, NULL);
	}
	model_observe(&w->model, &w->view);
	w->model.fuzzy = false;
	w->unheard = 0;
}

/* Links */

static struct device *device(struct world *w, const char *name, bool away)
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

	if (device(w, step->name, false) || device(w, step->name, true) ||
	    w->n_devices == DEVICES || w->model.n_links >= MODEL_LINKS - 1)
		return;
	memcpy(dev.name, step->name, sizeof(dev.name));
	r = add_device(w, &dev, step->other);
	dev.index = nl_index(&w->router, dev.name);
	if (r < 0 || !dev.index)
		fail(w, "can't make %s: %s", dev.name, strerror(-r));
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
		fail(w, "can't delete %s", dev->name);
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
	if (!dev || device(w, dev->name, false))
		return;
	if (nl_move(&w->away, nl_index(&w->away, dev->name), w->router_ns) < 0)
		fail(w, "%s does not come home", dev->name);
	dev->away = false;
	dev->index = nl_index(&w->router, dev->name);
	set_up(w, dev, true);
	tell(w, dev);
}

static void rename_device(struct world *w, struct device *dev, const char *name)
{
	char old[IFNAME_SIZE];

	memcpy(old, dev->name, sizeof(old));
	if (nl_rename(&w->router, dev->index, name) == -EBUSY) {
		/* before Linux 6.2 only what is down can be renamed */
		nl_set_flags(&w->router, dev->index, 0, IFF_UP);
		if (nl_rename(&w->router, dev->index, name) < 0)
			fail(w, "can't rename %s", dev->name);
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
	struct device *b = device(w, step->other, false);

	if (!b || a == b)
		return;
	rename_device(w, a, "swapping");
	rename_device(w, b, step->name);
	rename_device(w, a, step->other);
}

static void do_master(struct world *w, struct device *dev, const struct step *step)
{
	struct device *bridge = device(w, step->other, false);
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

static void do_link(struct world *w, const struct step *step)
{
	struct device *dev = device(w, step->name, false);

	if (!dev)
		return;
	switch (step->kind) {
	case STEP_GONE_LINK:
		do_gone(w, dev);
		break;
	case STEP_AWAY:
		do_away(w, dev);
		break;
	case STEP_BOUNCE:
		w->model.fuzzy = true;
		do_away(w, dev);
		do_home(w, dev->away ? dev : NULL);
		break;
	case STEP_RENAME:
		if (!device(w, step->other, false) && !device(w, step->other, true))
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

/* Rules */

static void load(struct world *w)
{
	char line[STEP_TEXT];

	write_conf(&w->model);
	if (ask(w, "reload", line) != 0)
		fail(w, "reload: %s", line);
}

static void do_file(struct world *w, const struct step *step)
{
	bool changed = true;

	if (step->kind == STEP_STATE)
		changed = model_file_add(&w->model, step->rest);
	else if (step->kind == STEP_DROP)
		changed = model_file_drop(&w->model, step->rest);
	if (!changed)
		return;
	model_reload(&w->model);
	load(w);
}

static void do_command(struct world *w, const struct step *step)
{
	struct request request = {0};
	struct words words = {0};
	struct diags diags = {0};
	char line[STEP_TEXT];
	int want, got;

	words_split(&words, step->rest, strlen(step->rest), false);
	if (request_parse(&request, &words, &diags) == 0 && !model_full(&w->model)) {
		want = model_command(&w->model, &request);
		got = ask(w, step->rest, line);
		/* a link may be gone that the daemon still knows */
		if (got && want == 0 && !(w->unheard && strstr(line, "for now")))
			fail(w, "%s: %s", step->rest, line);
		if (got == 0 && want < 0)
			fail(w, "should be refused: %s", step->rest);
	}
	request_free(&request);
	words_free(&words);
	diags_free(&diags);
}

/* Packets */

/* The kernel takes no IPv6 multicast from a link before it has this route. */
static bool has_multicast_route(const char *name)
{
	FILE *file = fopen("/proc/net/ipv6_route", "re");
	char line[256], last[64];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = strncmp(line, "ff000000000000000000000000000000 08", 35) == 0 &&
			sscanf(line, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %63s", last) == 1 &&
			strcmp(last, name) == 0;
	if (file)
		fclose(file);
	return found;
}

static bool can_receive(const struct device *dev, const struct model_flow *flow)
{
	struct timespec pause = {.tv_nsec = 2000000};

	if (!dev->peer || !dev->up || dev->master[0])
		return false;
	for (int i = 0; flow->group.family == FAMILY_IPV6; i++) {
		if (has_multicast_route(dev->name))
			break;
		if (i == 1000)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

static struct model_flow *flow_of(struct world *w, const char *text)
{
	char source[64] = "", group[64] = "";
	struct addr s, g;

	if (sscanf(text, "%*s %63s %63s", source, group) != 2 ||
	    addr_parse(&s, source, strlen(source)) < 0 || addr_parse(&g, group, strlen(group)) < 0)
		return NULL;
	return model_flow(&w->model, &s, &g);
}

static void do_packet(struct world *w, const struct step *step)
{
	struct device *dev = device(w, step->name, false);
	struct model_flow *flow = flow_of(w, step->rest);
	const struct mfc *entry;
	int vif;

	if (!dev || !flow || !can_receive(dev, flow))
		return;
	sync_now(w);
	entry = view_entry(&w->view, &flow->source, &flow->group);
	vif = view_vif_of(&w->view, (enum family)flow->group.family, dev->index);
	if (packet_send(w->packet, dev->peer, &flow->source, &flow->group) < 0)
		fail(w, "can't send to %s", dev->name);
	if (vif < 0 || (entry && entry->iif == vif))
		return;
	if (!entry) {
		model_no_entry(&w->model, flow, dev->index);
		return;
	}
	w->model.fuzzy = true; /* the kernel reports a wrong interface only now and then */
	model_wrong(&w->model, flow, dev->index, &w->view, &w->view);
}

static void do_flush(struct world *w)
{
	char line[STEP_TEXT];

	sync_now(w);
	if (ask(w, "flush", line) != 0)
		fail(w, "flush: %s", line);
	model_flush(&w->model);
}

static void do_step(struct world *w, const struct step *step)
{
	if (step->kind == STEP_SYNC) {
		sync_now(w);
		return;
	}
	w->model.fuzzy |= w->unheard++ > 0;
	switch (step->kind) {
	case STEP_NEW:
		do_new(w, step);
		break;
	case STEP_HOME:
		do_home(w, device(w, step->name, true));
		break;
	case STEP_STATE:
	case STEP_DROP:
	case STEP_RELOAD:
		do_file(w, step);
		break;
	case STEP_RESTATE:
		model_restate(&w->model, strtoull(step->rest, NULL, 10));
		load(w);
		break;
	case STEP_COMMAND:
		do_command(w, step);
		break;
	case STEP_PACKET:
		do_packet(w, step);
		break;
	case STEP_FLUSH:
		do_flush(w);
		break;
	default:
		if (step->kind < STEP_STATE)
			do_link(w, step);
	}
	model_stepped(&w->model, w->model.fuzzy);
}

static void make_namespaces(struct world *w)
{
	static const char *const zero[] = {"ipv4/conf/all/rp_filter", "ipv4/conf/default/rp_filter",
					   "ipv6/conf/default/accept_dad"};
	char path[128];

	w->router_ns = nl_new_namespace();
	w->far_ns = nl_new_namespace();
	w->away_ns = nl_new_namespace();
	if (w->router_ns < 0 || w->far_ns < 0 || w->away_ns < 0 ||
	    nl_open(&w->router, w->router_ns) < 0 || nl_open(&w->far, w->far_ns) < 0 ||
	    nl_open(&w->away, w->away_ns) < 0)
		fail(w, "can't make network namespaces");
	nl_add_veth(&w->far, "lower", "upper", w->far_ns);
	w->lower = nl_index(&w->far, "lower");
	nl_set_flags(&w->far, nl_index(&w->far, "upper"), IFF_UP, IFF_UP);
	nl_set_flags(&w->far, w->lower, IFF_UP, IFF_UP);
	w->packet = packet_socket(w->far_ns, 0);
	setns(w->router_ns, CLONE_NEWNET);
	for (size_t i = 0; i < ARRAY_SIZE(zero); i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/%s", zero[i]);
		write_file(path, "0");
	}
}

static void run(struct trial *trial)
{
	static struct world w;
	unsigned int most = trial->replay ? trial->n : trial->limit;
	const char *slow = getenv("SLOW");

	w.trial = trial;
	w.slow = slow ? atoi(slow) : 1;
	w.gen = (struct generator){.dice = trial->seed, .live = true};
	w.gen.crowded = roll(&w.gen, 6) == 0;
	model_init(&w.model, 0);
	make_namespaces(&w);
	start_daemon(&w);
	for (unsigned int i = 0; i < most; i++) {
		struct step step;

		if (!trial->replay) {
			step_generate(&w.gen, &w.model, trial->step[i]);
			trial->n = i + 1;
		}
		if (!step_parse(&step, trial->step[i]))
			fail(&w, "no step: %s", trial->step[i]);
		do_step(&w, &step);
	}
	sync_now(&w);
	stop_daemon(&w);
	model_free(&w.model);
	view_free(&w.view);
}

int main(int argc, char **argv)
{
	return trial_main(argc, argv, run, STEPS, STEPS_EACH, SECONDS);
}
