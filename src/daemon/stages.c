/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The half of report that makes records of rules, flows, memberships, interfaces and problems. */
#include <string.h>

#include "daemon/proto.h"
#include "daemon/report_impl.h"

#define LOOKS_A_STEP 256 /* in the tables, that cost about as much as a record */

/* Pieces of records */

static void put_prefix(struct buf *out, const char *key, const struct prefix *prefix)
{
	char text[PREFIX_TEXT];

	record_text(out, key, prefix_format(prefix, text));
}

static void put_addr(struct buf *out, const char *key, const struct addr *addr)
{
	char text[ADDR_TEXT];

	record_text(out, key, addr_format(addr, text));
}

/* The IPv6 kernel API has no TTL of an outbound interface. */
static void put_ttl(struct buf *out, enum family family, unsigned int ttl)
{
	if (family == FAMILY_IPV4)
		record_number(out, "ttl", ttl);
}

static void put_origin(struct report *report, struct buf *out, const struct rule *rule)
{
	const char *file = rules_file_name(report->rules, rule->origin);
	struct buf *text = &report->scratch;

	if (!file) {
		record_text(out, "origin", "control");
		return;
	}
	text->len = 0;
	buf_printf(text, "%s:%u", file, rule->origin.line);
	record_text(out, "origin", buf_text(text));
}

static void put_source_and_group(struct buf *out, const struct rule *rule)
{
	if (!prefix_is_any(&rule->source))
		put_prefix(out, "source", &rule->source);
	put_prefix(out, "group", &rule->group);
	if (rule->kind == RULE_MROUTE && rule->scopes != ALL_SCOPES)
		record_number(out, "scopes", rule->scopes);
	for (size_t i = 0; rule->extra && i < rule->extra->n_except; i++)
		put_prefix(out, "except", &rule->extra->except[i]);
}

static void put_state(struct report *report, struct buf *out, const struct rule *rule,
		      const struct link *link)
{
	static const char *const names[] = {
		[RULE_ACTIVE] = "active",
		[RULE_PENDING] = "pending",
		[RULE_SHADOWED] = "shadowed",
		[RULE_REFUSED] = "refused",
	};

	report->scratch.len = 0;
	record_text(out, "state",
		    names[engine_rule_state(report->engine, rule, link, &report->scratch)]);
	if (report->scratch.len)
		record_text(out, "reason", buf_text(&report->scratch));
	put_origin(report, out, rule);
}

/* Rules */

/* The outbound interfaces that the rule has for packets from @iif, each once. */
static void put_oifs(struct report *report, struct buf *out, const struct rule *rule,
		     const struct link *iif)
{
	enum family family = (enum family)rule->group.addr.family;
	uint32_t done = 0;

	for (uint32_t i = 0; i < rule->n_oifs; i++) {
		const struct ifpat *pat = rule_oif(rule, i);

		for (size_t j = 0; j < pat->n_links; j++) {
			const struct link *link = pat->links[j];
			int vif = link->vif[family];

			if (vif == NO_VIF || (pat->wild && link == iif) || done & 1u << vif)
				continue;
			done |= 1u << vif;
			record_text(out, "oif", link->info.name);
			put_ttl(out, family,
				rules_phyint(report->rules, link->info.name).threshold);
		}
	}
}

static void rule_on_link(struct report *report, struct buf *out, const struct rule *rule,
			 const struct link *iif)
{
	bool route = rule->kind == RULE_MROUTE;
	const char *set = "conf";

	if (route)
		set = prefix_is_full(&rule->source) && prefix_is_full(&rule->group) ? "ssm" : "asm";
	record_begin(out, route ? "route" : "group");
	record_text(out, "set", set);
	record_text(out, "iif", iif->info.name);
	record_text(out, "rule", rule->iif->text);
	put_source_and_group(out, rule);
	if (route)
		put_oifs(report, out, rule, iif);
	put_state(report, out, rule, iif);
	record_end(out);
}

static bool takes_from(const struct report *report, const struct rule *rule,
		       const struct link *link)
{
	return plan_link_usable(report->rules, link) && !rule_excludes(rule, link->info.name);
}

/* Where a membership was refused, each of the range is looked up to find it. */
static uint64_t cost_of(const struct report *report, const struct rule *rule)
{
	if (rule->kind != RULE_MGROUP || !report->state->groups.refused)
		return 0;
	return prefix_size(&rule->group) *
	       (prefix_is_any(&rule->source) ? 1 : prefix_size(&rule->source));
}

/* One record for each interface that the rule takes packets from; none is left to "pending". */
static void rule_records(struct report *report, struct buf *out, const struct rule *rule)
{
	for (size_t i = 0; i < rule->iif->n_links; i++) {
		if (!takes_from(report, rule, rule->iif->links[i]))
			continue;
		rule_on_link(report, out, rule, rule->iif->links[i]);
		report->steps += cost_of(report, rule) / LOOKS_A_STEP;
	}
}

static const struct rule *next_rule(struct report *report)
{
	struct seq_link *link = seq_next(&report->rules->order, &report->cursor);

	return link ? seq_entry(link, struct rule, order) : NULL;
}

static bool routes(struct report *report, struct buf *out, bool full)
{
	const struct rule *rule = next_rule(report);

	if (rule && rule->kind == RULE_MROUTE &&
	    full == (prefix_is_full(&rule->source) && prefix_is_full(&rule->group)))
		rule_records(report, out, rule);
	return rule;
}

static bool asm_routes(struct report *report, struct buf *out)
{
	return routes(report, out, false);
}

static bool ssm_routes(struct report *report, struct buf *out)
{
	return routes(report, out, true);
}

static bool groups_asked_for(struct report *report, struct buf *out)
{
	const struct rule *rule = next_rule(report);

	if (rule && rule->kind == RULE_MGROUP)
		rule_records(report, out, rule);
	return rule;
}

static bool pending_rules(struct report *report, struct buf *out)
{
	const struct rule *rule = next_rule(report);

	report->scratch.len = 0;
	if (!rule || !engine_rule_is_pending(report->engine, rule, &report->scratch))
		return rule;
	record_begin(out, "pending");
	record_text(out, "kind", rule->kind == RULE_MROUTE ? "mroute" : "mgroup");
	record_text(out, "iif", rule->iif->text);
	put_source_and_group(out, rule);
	for (uint32_t i = 0; i < rule->n_oifs; i++)
		record_text(out, "oif", rule_oif(rule, i)->text);
	record_text(out, "state", "pending");
	record_text(out, "reason", buf_text(&report->scratch));
	put_origin(report, out, rule);
	record_end(out);
	return true;
}

/* What the kernel holds */

static void put_vifs(struct report *report, struct buf *out, const struct mfc *mfc)
{
	enum family family = (enum family)mfc->group.family;
	const struct link *link = report_vif_link(report->state, family, mfc->iif);

	if (link)
		record_text(out, "iif", link->info.name);
	for (unsigned int i = 0; i < MAX_VIFS; i++) {
		link = mfc->ttls[i] ? report_vif_link(report->state, family, i) : NULL;
		if (!link)
			continue;
		record_text(out, "oif", link->info.name);
		put_ttl(out, family, mfc->ttls[i]);
	}
}

static void put_counters(struct report *report, struct buf *out, const struct mfc *mfc)
{
	struct kern *kern = engine_kern(report->engine);
	struct mfc_count count;

	if (kern->count(kern, &mfc->source, &mfc->group, &count) < 0)
		return;
	record_number(out, "packets", count.packets);
	record_number(out, "bytes", count.bytes);
	record_number(out, "wrong_if", count.wrong_if);
}

static void put_flow(struct report *report, struct buf *out, const struct flow *flow)
{
	record_begin(out, "kernel");
	if (!addr_is_any(&flow->mfc.source))
		put_addr(out, "source", &flow->mfc.source);
	put_addr(out, "group", &flow->mfc.group);
	put_vifs(report, out, &flow->mfc);
	record_text(out, "state", flow_forwards(flow) ? "forward" : "stop");
	record_text(out, "kind", flow->exact ? "configured" : "learned");
	record_number(out, "table", report->table);
	if (!flow->exact)
		record_number(out, "age",
			      report->now > flow->changed_ms
				      ? (report->now - flow->changed_ms) / 1000
				      : 0);
	if (report->detail)
		put_counters(report, out, &flow->mfc);
	record_end(out);
}

static bool flows(struct report *report, struct buf *out, bool forwarding)
{
	struct seq_link *link = seq_next(&report->state->fib.order, &report->cursor);
	const struct flow *flow = link ? seq_entry(link, struct flow, order) : NULL;

	if (flow && flow->installed && flow_forwards(flow) == forwarding)
		put_flow(report, out, flow);
	return flow;
}

static bool forwarding_flows(struct report *report, struct buf *out)
{
	return flows(report, out, true);
}

static bool stopped_flows(struct report *report, struct buf *out)
{
	return flows(report, out, false);
}

static bool memberships(struct report *report, struct buf *out)
{
	struct seq_link *next = seq_next(&report->state->groups.order, &report->cursor);
	const struct membership *membership;
	const struct link *link;

	if (!next)
		return false;
	membership = seq_entry(next, struct membership, order);
	if (!membership->joined)
		return true;
	link = links_find(&report->state->links, membership->member.ifindex);
	record_begin(out, "group");
	record_text(out, "set", "kernel");
	if (link)
		record_text(out, "iif", link->info.name);
	if (!addr_is_any(&membership->member.source))
		put_addr(out, "source", &membership->member.source);
	put_addr(out, "group", &membership->member.group);
	record_text(out, "state", "active");
	record_end(out);
	return true;
}

/* Interfaces */

static const char *link_reason(const struct report *report, const struct link *link)
{
	struct ifpat *pats[MAX_PATS_OF_LINK];
	bool named = rules_pats_of(report->rules, link->info.name, pats) > 0;

	if (!link->info.multicast)
		return "no MULTICAST flag";
	if (!plan_link_usable(report->rules, link))
		return "disabled by phyint";
	for (int family = 0; family < FAMILIES; family++)
		if (link->vif_error[family])
			return strerror(link->vif_error[family]);
	for (int family = 0; family < FAMILIES; family++)
		if (report->state->present[family] && link->vif[family] == NO_VIF && named)
			return "all 32 VIFs are in use";
	return NULL;
}

/* Router discovery, one family after the other: each key belongs to the "mrdisc" before it. */
static void put_mrdisc(const struct report *report, struct buf *out, const struct link *link)
{
	static const char *const names[FAMILIES] = {"ipv4", "ipv6"};
	static const char *const states[] = {
		[MRDISC_STARTING] = "starting",
		[MRDISC_ACTIVE] = "active",
		[MRDISC_WAITING] = "waiting",
	};
	struct mrdisc_status status;

	for (int family = 0; family < FAMILIES; family++) {
		if (!mrdisc_status(report->mrdisc, (enum family)family, link->vif[family], &status))
			continue;
		record_text(out, "mrdisc", names[family]);
		record_text(out, "mrdisc_state", states[status.state]);
		if (status.reason)
			record_text(out, "mrdisc_reason", status.reason);
		record_number(out, "sent", status.sent);
		record_number(out, "received", status.received);
		record_number(out, "ignored", status.ignored);
	}
}

static bool interfaces(struct report *report, struct buf *out)
{
	static const char *const keys[FAMILIES] = {"vif", "mif"};
	const struct link *link;
	const char *reason;

	if (report->cursor == report->n_indexes)
		return false;
	link = links_find(&report->state->links, report->indexes[report->cursor++]);
	if (!link)
		return true;
	record_begin(out, "interface");
	record_number(out, "index", (uint64_t)link->info.index);
	record_text(out, "name", link->info.name);
	for (int family = 0; family < FAMILIES; family++)
		if (link->vif[family] != NO_VIF)
			record_number(out, keys[family], (uint64_t)link->vif[family]);
	record_text(out, "state", link->info.up ? "up" : "down");
	record_text(out, "multicast", link->info.multicast ? "yes" : "no");
	reason = link_reason(report, link);
	if (reason)
		record_text(out, "reason", reason);
	put_mrdisc(report, out, link);
	record_end(out);
	return true;
}

static bool problem_list(struct report *report, struct buf *out)
{
	const struct diag *diag;

	if (report->cursor >= report->problems->diags.count)
		return false;
	diag = &report->problems->diags.list[report->cursor++];
	record_begin(out, "problem");
	record_text(out, "level", diag->warning ? "warning" : "error");
	if (diag->file)
		record_text(out, "file", diag->file);
	if (diag->line) {
		record_number(out, "line", diag->line);
		record_number(out, "column", diag->column);
	}
	record_text(out, "text", diag->text);
	record_end(out);
	return true;
}

const stage_fn report_problems[] = {problem_list, NULL};

const stage_fn *report_stages(enum topic topic)
{
	static const stage_fn stages[][6] = {
		[TOPIC_ROUTES] = {asm_routes, ssm_routes, forwarding_flows, stopped_flows,
				  problem_list},
		[TOPIC_GROUPS] = {groups_asked_for, memberships, problem_list},
		[TOPIC_INTERFACES] = {interfaces, problem_list},
		[TOPIC_PENDING] = {pending_rules, problem_list},
	};

	return stages[topic];
}
