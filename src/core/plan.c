/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/plan.h"

#include <stdlib.h>
#include <string.h>

#include "core/match.h"

static struct kop *add_op(struct plan *plan, enum plan_step step, enum kop_type type,
			  enum family family)
{
	struct kop *op = mem_append(&plan->step[step].list, plan->step[step].count,
				    &plan->step[step].room, sizeof(*op));

	plan->step[step].count++;
	*op = (struct kop){.type = type, .family = family};
	return op;
}

void plan_free(struct plan *plan)
{
	for (int step = 0; step < PLAN_STEPS; step++)
		free(plan->step[step].list);
	memset(plan, 0, sizeof(*plan));
}

bool plan_link_usable(const struct rules *rules, const struct link *link)
{
	return link->info.multicast && rules_phyint(rules, link->info.name).enable;
}

/* VIFs */

static bool named(const struct rules *rules, const struct link *link)
{
	struct ifpat *pats[MAX_PATS_OF_LINK];

	return rules_pats_of(rules, link->info.name, pats) > 0;
}

/* Which of the VIFs there are stay, and with which threshold. */
static bool keep_vifs(struct plan *plan, struct state *state, enum family family)
{
	bool changed = false;

	for (unsigned int n = 0; n < MAX_VIFS; n++) {
		struct vif *slot = &state->vifs.slot[family][n];
		struct link *link = slot->ifindex ? links_find(&state->links, slot->ifindex) : NULL;
		uint8_t threshold;

		if (!slot->ifindex)
			continue;
		if (link && named(state->rules, link) && plan_link_usable(state->rules, link)) {
			threshold = rules_phyint(state->rules, link->info.name).threshold;
			changed |= threshold != slot->threshold || link->vif[family] != (int)n;
			slot->threshold = threshold;
			link->vif[family] = (int)n;
			continue;
		}
		add_op(plan, STEP_DEL_VIF, KOP_DEL_VIF, family)->vif.number = (uint8_t)n;
		plan->dying[family] |= 1u << n;
		if (link)
			link->vif[family] = NO_VIF;
		changed = true;
	}
	return changed;
}

static bool add_vif(struct plan *plan, struct state *state, enum family family, struct link *link,
		    uint32_t *taken)
{
	int n = vifs_pick(&state->vifs, family, *taken);
	struct kop *op;

	if (n < 0) {
		plan->starved |= plan->dying[family] || vifs_haunted(&state->vifs, family);
		return false;
	}
	*taken |= 1u << n;
	link->vif[family] = n;
	state->vifs.slot[family][n].threshold =
		rules_phyint(state->rules, link->info.name).threshold;
	op = add_op(plan, STEP_ADD_VIF, KOP_ADD_VIF, family);
	op->vif.number = (uint8_t)n;
	op->vif.threshold = state->vifs.slot[family][n].threshold;
	op->vif.ifindex = link->info.index;
	return true;
}

/* Links that have no VIF yet and should, in the order in which the rules name them. */
static bool new_vifs(struct plan *plan, struct state *state, enum family family)
{
	struct list *pos, *tmp;
	uint32_t taken = 0;
	bool changed = false;

	list_for_each(pos, tmp, &state->rules->pat_order) {
		struct ifpat *pat = list_entry(pos, struct ifpat, order);

		for (size_t i = 0; i < pat->n_links; i++) {
			struct link *link = pat->links[i];

			if (link->vif[family] == NO_VIF && !link->vif_error[family] &&
			    plan_link_usable(state->rules, link))
				changed |= add_vif(plan, state, family, link, &taken);
		}
	}
	return changed;
}

static bool update_masks(struct rules *rules)
{
	struct list *pos, *tmp;
	bool changed = false;

	list_for_each(pos, tmp, &rules->pat_order) {
		struct ifpat *pat = list_entry(pos, struct ifpat, order);
		uint32_t mask[FAMILIES] = {0};

		for (size_t i = 0; i < pat->n_links; i++)
			for (int f = 0; f < FAMILIES; f++)
				if (pat->links[i]->vif[f] != NO_VIF)
					mask[f] |= 1u << pat->links[i]->vif[f];
		changed |= memcmp(mask, pat->vif_mask, sizeof(mask)) != 0;
		memcpy(pat->vif_mask, mask, sizeof(mask));
	}
	return changed;
}

bool plan_vifs(struct plan *plan, struct state *state)
{
	bool changed = false;

	for (int f = 0; f < FAMILIES; f++) {
		if (!state->present[f])
			continue;
		changed |= keep_vifs(plan, state, (enum family)f);
		changed |= new_vifs(plan, state, (enum family)f);
	}
	return update_masks(state->rules) || changed;
}

/* MFC entries */

static void fill(struct mfc *want, const struct state *state, const struct flow *flow,
		 const struct link *iif)
{
	const struct addr *source = &flow->mfc.source, *group = &flow->mfc.group;
	bool covered;
	uint32_t mask = match_oifs(state->rules, iif, source, group, &covered);

	memset(want, 0, sizeof(*want));
	want->source = *source;
	want->group = *group;
	want->iif = (uint8_t)iif->vif[group->family];
	for (unsigned int n = 0; n < MAX_VIFS; n++)
		if (mask & 1u << n)
			want->ttls[n] = state->vifs.slot[group->family][n].threshold;
}

/* The entry that the flow should have; false when it should have none. */
static bool desire(struct mfc *want, const struct state *state, const struct flow *flow)
{
	struct link *iif = NULL;

	if (flow->exact && match_exact(state->rules, &flow->mfc.source, &flow->mfc.group, &iif)) {
		fill(want, state, flow, iif);
		return true;
	}
	if (flow->learned)
		iif = links_find(&state->links, flow->learned_on);
	if (!iif || iif->vif[flow->mfc.group.family] == NO_VIF)
		return false;
	fill(want, state, flow, iif);
	return true;
}

static bool same_entry(const struct mfc *a, const struct mfc *b)
{
	return a->iif == b->iif && memcmp(a->ttls, b->ttls, sizeof(a->ttls)) == 0;
}

static void set_mfc(struct plan *plan, enum plan_step step, struct flow *flow,
		    const struct mfc *mfc)
{
	enum kop_type type = step == STEP_SET_MFC && flow->doubted ? KOP_RENEW_MFC : KOP_SET_MFC;
	struct kop *op = add_op(plan, step, type, (enum family)mfc->group.family);

	op->mfc = *mfc;
	op->subject = flow;
}

/*
 * Takes the VIFs that this plan deletes out of the entry that is there; without its inbound VIF it
 * forwards nothing.  *@now becomes what the kernel holds then.  An entry whose inbound VIF is gone
 * already can't forward and is left as it is.
 */
static void shrink(struct plan *plan, const struct state *state, struct flow *flow, struct mfc *now)
{
	enum family family = (enum family)now->group.family;
	const struct vif *slot = state->vifs.slot[family];
	uint32_t dying = plan->dying[family];
	bool deaf = dying & 1u << now->iif, dies = false;

	if (!slot[now->iif].ifindex)
		return;
	for (unsigned int n = 0; n < MAX_VIFS; n++)
		dies |= now->ttls[n] && (deaf || dying & 1u << n);
	if (!dies)
		return;
	for (unsigned int n = 0; n < MAX_VIFS; n++)
		if (deaf || dying & 1u << n || !slot[n].ifindex)
			now->ttls[n] = 0;
	set_mfc(plan, STEP_SHRINK_MFC, flow, now);
}

void plan_flow(struct plan *plan, const struct state *state, struct flow *flow)
{
	enum family family = (enum family)flow->mfc.group.family;
	struct mfc want, now = flow->mfc;
	struct kop *op;

	if (!state->present[family])
		return;
	if (desire(&want, state, flow)) {
		if (flow->installed)
			shrink(plan, state, flow, &now);
		if (!flow->installed || flow->doubted || !same_entry(&now, &want))
			set_mfc(plan, STEP_SET_MFC, flow, &want);
	} else if (flow->installed) {
		op = add_op(plan, STEP_DEL_MFC, KOP_DEL_MFC, family);
		op->mfc = flow->mfc;
		op->subject = flow;
	}
}

void plan_stop(struct plan *plan, struct flow *flow, uint8_t iif)
{
	const struct mfc stop = {.source = flow->mfc.source, .group = flow->mfc.group, .iif = iif};

	set_mfc(plan, STEP_SET_MFC, flow, &stop);
}

void plan_flows(struct plan *plan, const struct state *state)
{
	struct seq_link *link;
	uint32_t cursor;

	seq_for_each(link, cursor, &state->fib.order)
		plan_flow(plan, state, seq_entry(link, struct flow, order));
}

/* Memberships */

static bool wanted(const struct state *state, const struct member *member)
{
	const struct link *link = links_find(&state->links, member->ifindex);

	return link && plan_link_usable(state->rules, link) &&
	       match_member(state->rules, link, &member->source, &member->group);
}

/* Joined on a link that was deleted: dead, even when the index is in use again. */
static bool is_dead(const struct state *state, const struct membership *held)
{
	const struct link *link = links_find(&state->links, held->member.ifindex);

	return held->joined && (!link || link->born != held->born);
}

static void plan_leave(struct plan *plan, struct membership *held)
{
	struct kop *op =
		add_op(plan, STEP_LEAVE, KOP_LEAVE, (enum family)held->member.group.family);

	op->member = held->member;
	op->socket = held->socket;
	op->subject = held;
}

static void plan_member(struct plan *plan, const struct state *state, const struct member *member)
{
	struct membership *held = groups_find(&state->groups, member);

	if (!wanted(state, member)) {
		if (held)
			plan_leave(plan, held);
	} else if (!held || !held->joined || is_dead(state, held)) {
		add_op(plan, STEP_JOIN, KOP_JOIN, (enum family)member->group.family)->member =
			*member;
	}
}

void plan_members_of(struct plan *plan, const struct state *state, int ifindex,
		     const struct prefix *source, const struct prefix *group)
{
	uint64_t sources = prefix_is_any(source) ? 1 : prefix_size(source);
	uint64_t groups = prefix_size(group);
	struct member member = {.ifindex = ifindex, .group = group->addr};

	for (uint64_t g = 0; g < groups; g++, addr_next(&member.group)) {
		member.source = source->addr;
		for (uint64_t s = 0; s < sources; s++, addr_next(&member.source))
			plan_member(plan, state, &member);
	}
}

static void plan_joins(struct plan *plan, const struct state *state, const struct rule *rule)
{
	if (rule->kind != RULE_MGROUP)
		return;
	for (size_t i = 0; i < rule->iif->n_links; i++)
		if (plan_link_usable(state->rules, rule->iif->links[i]))
			plan_members_of(plan, state, rule->iif->links[i]->info.index, &rule->source,
					&rule->group);
}

void plan_members(struct plan *plan, const struct state *state)
{
	struct seq_link *pos;
	uint32_t cursor;

	seq_for_each(pos, cursor, &state->groups.order) {
		struct membership *held = seq_entry(pos, struct membership, order);

		if (!wanted(state, &held->member) || is_dead(state, held))
			plan_leave(plan, held);
	}
	seq_for_each(pos, cursor, &state->rules->order)
		plan_joins(plan, state, seq_entry(pos, struct rule, order));
}
