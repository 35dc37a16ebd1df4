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
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kview.h"
#include "packet.h"
#include "world.h"

#define STEPS	   3000
#define STEPS_EACH 300
#define SECONDS	   240	 /* for shrinking */
#define PATIENCE   4000	 /* ms until the kernel must hold what it should; less when shrinking */
#define LOOPBACK   1	 /* its index in any namespace */
#define FLOOD	   50000 /* messages, of which a receive buffer does not hold all */

/* Comparing */

/*
 * The daemon reads upcalls before anything else and links before requests: once nothing waits for
 * it, it has with the second answer heard all that happened before, with the third also the list of
 * all links if events were lost.  Then what is allowed for now is no longer in question.
 */
static void sync_now(struct world *w)
{
	struct timespec pause = {.tv_nsec = 500000};
	char why[MODEL_WHY], line[STEP_TEXT];
	int waiting, lost;

	while (daemon_backlog(w, &waiting, &lost), waiting)
		nanosleep(&pause, NULL);
	for (int i = 0; i < 3; i++)
		daemon_ask(w, "version", line);
	if (w->model.fuzzy)
		model_forget_vifs(&w->model);
	for (int i = 0;; i++) {
		kview_read(&w->view, &w->model);
		if (!model_differs(&w->model, &w->view, why))
			break;
		if (i >= PATIENCE * 2 * w->slow / (w->trial->replay ? 6 : 1))
			world_fail(w, "%s", why);
		nanosleep(&pause, NULL);
	}
	model_observe(&w->model, &w->view);
	w->model.fuzzy = false;
	w->unheard = 0;
}

/* Rules */

static void do_file(struct world *w, const struct step *step)
{
	if (step_edit(step, &w->model))
		daemon_reload(w);
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
		got = daemon_ask(w, step->rest, line);
		/* a link may be gone that the daemon still knows */
		if (got && want == 0 && !(w->unheard && strstr(line, "for now")))
			world_fail(w, "%s: %s", step->rest, line);
		if (got == 0 && want < 0)
			world_fail(w, "should be refused: %s", step->rest);
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
	struct device *dev = device_find(w, step->name, false);
	struct model_flow *flow = flow_of(w, step->rest);
	const struct mfc *entry;
	int vif;

	if (!dev || !flow || !can_receive(dev, flow))
		return;
	sync_now(w);
	entry = view_entry(&w->view, &flow->source, &flow->group);
	vif = view_vif_of(&w->view, (enum family)flow->group.family, dev->index);
	if (packet_send(w->packet, dev->peer, &flow->source, &flow->group) < 0)
		world_fail(w, "can't send to %s", dev->name);
	if (vif < 0 || (entry && entry->iif == vif))
		return;
	if (!entry) {
		model_no_entry(&w->model, &w->view, flow, dev->index);
		return;
	}
	w->model.fuzzy = true; /* the kernel reports a wrong interface only now and then */
	model_wrong(&w->model, flow, dev->index, &w->view, &w->view);
}

static void do_flush(struct world *w)
{
	char line[STEP_TEXT];

	sync_now(w);
	if (daemon_ask(w, "flush", line) != 0)
		world_fail(w, "flush: %s", line);
	model_flush(&w->model);
}

/* Makes the kernel tell more than the daemon's buffer holds. */
static void overrun(struct world *w)
{
	int waiting, before, lost;
	char alias[IFNAME_SIZE];

	daemon_backlog(w, &waiting, &before);
	for (unsigned int i = 0; i < FLOOD; i++) {
		snprintf(alias, sizeof(alias), "flood%u", i);
		nl_set_alias(&w->router, LOOPBACK, alias);
		if (i % 500 == 0 && (daemon_backlog(w, &waiting, &lost), lost > before))
			return;
	}
	world_fail(w, "%d messages do not overrun the daemon", FLOOD);
}

/* Times in which the daemon does not run. */
static void do_mood(struct world *w, const struct step *step)
{
	if (w->deaf == (step->kind == STEP_DEAF))
		return;
	if (step->kind == STEP_RESYNC)
		overrun(w);
	w->deaf = step->kind == STEP_DEAF;
	kill(w->daemon, w->deaf ? SIGSTOP : SIGCONT);
	w->model.fuzzy = true;
}

static void do_step(struct world *w, const struct step *step)
{
	if (w->deaf &&
	    ((step->kind >= STEP_STATE && step->kind < STEP_DEAF) || step->kind == STEP_SYNC))
		return; /* it would not answer */
	if (step->kind == STEP_SYNC) {
		sync_now(w);
		return;
	}
	w->model.fuzzy |= w->unheard++ > 0;
	switch (step->kind) {
	case STEP_STATE:
	case STEP_DROP:
	case STEP_RELOAD:
		do_file(w, step);
		break;
	case STEP_RESTATE:
		model_restate(&w->model, strtoull(step->rest, NULL, 10));
		daemon_reload(w);
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
			device_step(w, step);
		else if (step->kind >= STEP_DEAF && step->kind <= STEP_RESYNC)
			do_mood(w, step);
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
		world_fail(w, "can't make network namespaces");
	nl_add_veth(&w->far, "lower", "upper", w->far_ns);
	w->lower = nl_index(&w->far, "lower");
	nl_set_flags(&w->far, nl_index(&w->far, "upper"), IFF_UP, IFF_UP);
	nl_set_flags(&w->far, w->lower, IFF_UP, IFF_UP);
	w->packet = packet_socket(w->far_ns, 0);
	setns(w->router_ns, CLONE_NEWNET);
	for (size_t i = 0; i < ARRAY_SIZE(zero); i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/%s", zero[i]);
		world_write(path, "0");
	}
}

static void run(struct trial *trial)
{
	static struct world w;
	unsigned int most = trial->replay ? trial->n : trial->limit;
	const char *slow = getenv("SLOW");
	struct step hear;

	w.trial = trial;
	w.slow = slow ? atoi(slow) : 1;
	w.gen = (struct generator){.dice = trial->seed, .live = true};
	w.gen.crowded = roll(&w.gen, 6) == 0;
	model_init(&w.model, 0);
	make_namespaces(&w);
	daemon_start(&w);
	for (unsigned int i = 0; i < most; i++) {
		struct step step;

		if (!trial->replay) {
			step_generate(&w.gen, &w.model, trial->step[i]);
			trial->n = i + 1;
		}
		if (!step_parse(&step, trial->step[i]))
			world_fail(&w, "no step: %s", trial->step[i]);
		do_step(&w, &step);
	}
	step_parse(&hear, "hear");
	do_step(&w, &hear);
	sync_now(&w);
	daemon_stop(&w);
	model_free(&w.model);
	view_free(&w.view);
}

int main(int argc, char **argv)
{
	return trial_main(argc, argv, run, STEPS, STEPS_EACH, SECONDS);
}
