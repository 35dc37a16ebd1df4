/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* splitmix64 */
uint64_t fake_random(uint64_t *state, uint64_t n)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15U);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return (z ^ (z >> 31)) % n;
}

static void PRINTF_LIKE(2, 3) judge(struct fake *fake, const char *format, ...)
{
	va_list args;

	if (fake->verdict[0])
		return;
	va_start(args, format);
	vsnprintf(fake->verdict, sizeof(fake->verdict), format, args);
	va_end(args);
}

static struct link_info *find_link(const struct fake *fake, int index)
{
	for (size_t i = 0; i < fake->n_links; i++)
		if (fake->links[i].index == index)
			return &fake->links[i];
	return NULL;
}

static bool names(const struct mfc *mfc, unsigned int number)
{
	return mfc->iif == number || mfc->ttls[number];
}

static bool is_named(const struct fake *fake, enum family family, unsigned int number)
{
	for (size_t i = 0; i < fake->n_entries; i++)
		if (fake->entries[i].mfc.group.family == family &&
		    names(&fake->entries[i].mfc, number))
			return true;
	return false;
}

/* Some entry could still forward by this VIF. */
static bool is_used(const struct fake *fake, enum family family, unsigned int number)
{
	for (size_t i = 0; i < fake->n_entries; i++) {
		const struct mfc *mfc = &fake->entries[i].mfc;

		if (mfc->group.family == family && fake->vifs[family][mfc->iif] &&
		    mfc->ttls[number])
			return true;
	}
	return false;
}

int fake_vif_of(const struct fake *fake, enum family family, int ifindex)
{
	for (int n = 0; n < MAX_VIFS; n++)
		if (fake->vifs[family][n] == ifindex)
			return n;
	return -1;
}

/* What Linux says about a link that is gone; only a lax judge hears that. */
static int no_device(struct fake *fake)
{
	fake->refused++;
	return -ENODEV;
}

static int add_vif(struct fake *fake, const struct kop *op)
{
	if (fake->lax && !find_link(fake, op->vif.ifindex))
		return no_device(fake);
	if (op->vif.number >= MAX_VIFS)
		judge(fake, "VIF %u is out of range", op->vif.number);
	else if (fake->vifs[op->family][op->vif.number])
		judge(fake, "VIF %u is in use", op->vif.number);
	else if (is_named(fake, op->family, op->vif.number))
		judge(fake, "VIF %u given out while an entry names it", op->vif.number);
	else if (fake_vif_of(fake, op->family, op->vif.ifindex) >= 0)
		judge(fake, "link %d has a VIF already", op->vif.ifindex);
	else if (!find_link(fake, op->vif.ifindex))
		judge(fake, "link %d does not exist", op->vif.ifindex);
	else
		fake->vifs[op->family][op->vif.number] = op->vif.ifindex;
	return 0;
}

static int del_vif(struct fake *fake, const struct kop *op)
{
	if (!fake->vifs[op->family][op->vif.number] && !fake->lax)
		judge(fake, "VIF %u deleted, which is not there", op->vif.number);
	if (!fake->refused && is_used(fake, op->family, op->vif.number))
		judge(fake, "VIF %u deleted while an entry forwards by it", op->vif.number);
	fake->vifs[op->family][op->vif.number] = 0;
	return 0;
}

struct fake_entry *fake_find(struct fake *fake, const struct addr *source, const struct addr *group)
{
	for (size_t i = 0; i < fake->n_entries; i++)
		if (addr_equal(&fake->entries[i].mfc.source, source) &&
		    addr_equal(&fake->entries[i].mfc.group, group))
			return &fake->entries[i];
	return NULL;
}

/* Takes the flow out of the list; whether it was in it. */
static bool take_out(struct mfc *list, size_t *count, const struct mfc *mfc)
{
	for (size_t i = 0; i < *count; i++) {
		if (!addr_equal(&list[i].source, &mfc->source) ||
		    !addr_equal(&list[i].group, &mfc->group))
			continue;
		list[i] = list[--*count];
		return true;
	}
	return false;
}

/* Whether a refused renewal took the entry away, of which nobody can know; it is forgotten. */
static bool forget_half(struct fake *fake, const struct mfc *mfc)
{
	return take_out(fake->halves, &fake->n_halves, mfc);
}

bool fake_ask(struct fake *fake, const struct addr *source, const struct addr *group)
{
	const struct mfc flow = {.source = *source, .group = *group};
	bool asked = take_out(fake->asked, &fake->n_asked, &flow);

	*(struct mfc *)mem_append(&fake->asked, fake->n_asked, &fake->asked_room, sizeof(flow)) =
		flow;
	fake->n_asked++;
	return !asked;
}

static int set_mfc(struct fake *fake, const struct kop *op)
{
	struct fake_entry *entry = fake_find(fake, &op->mfc.source, &op->mfc.group);
	bool answer = !entry && take_out(fake->asked, &fake->n_asked, &op->mfc);

	forget_half(fake, &op->mfc);
	for (unsigned int n = 0; n < MAX_VIFS; n++)
		if ((answer ? op->mfc.ttls[n] : names(&op->mfc, n)) && !fake->vifs[op->family][n] &&
		    !fake->lax)
			judge(fake, "an entry names VIF %u, which does not exist", n);
	if (entry && memcmp(&entry->mfc, &op->mfc, sizeof(op->mfc)) == 0 && !fake->lax)
		judge(fake, "an entry set to what it is");
	if (!entry) {
		entry = mem_append(&fake->entries, fake->n_entries, &fake->entries_room,
				   sizeof(*entry));
		fake->n_entries++;
		memset(entry, 0, sizeof(*entry));
	}
	entry->mfc = op->mfc;
	return 0;
}

static int del_mfc(struct fake *fake, const struct kop *op)
{
	struct fake_entry *entry = fake_find(fake, &op->mfc.source, &op->mfc.group);

	if (entry)
		*entry = fake->entries[--fake->n_entries];
	else if (!forget_half(fake, &op->mfc))
		judge(fake, "an entry deleted that is not there");
	return 0;
}

static int renew_mfc(struct fake *fake, const struct kop *op)
{
	if (fake_find(fake, &op->mfc.source, &op->mfc.group))
		del_mfc(fake, op);
	return set_mfc(fake, op);
}

/* The second half is refused. */
static void renew_half(struct fake *fake, const struct kop *op)
{
	struct fake_entry *entry = fake_find(fake, &op->mfc.source, &op->mfc.group);

	if (!entry)
		return;
	*(struct mfc *)mem_append(&fake->halves, fake->n_halves, &fake->halves_room,
				  sizeof(struct mfc)) = entry->mfc;
	fake->n_halves++;
	del_mfc(fake, op);
}

static struct fake_member *find_member(const struct fake *fake, const struct member *member)
{
	for (size_t i = 0; i < fake->n_members; i++) {
		const struct member *found = &fake->members[i].member;

		if (found->ifindex == member->ifindex &&
		    addr_equal(&found->source, &member->source) &&
		    addr_equal(&found->group, &member->group))
			return &fake->members[i];
	}
	return NULL;
}

bool fake_has_member(const struct fake *fake, const struct member *member)
{
	const struct fake_member *found = find_member(fake, member);

	return found && !found->dead;
}

static int join(struct fake *fake, struct kop *op)
{
	if (fake->lax && !find_link(fake, op->member.ifindex))
		return no_device(fake);
	if (!find_link(fake, op->member.ifindex))
		judge(fake, "join on link %d, which does not exist", op->member.ifindex);
	if (find_member(fake, &op->member))
		judge(fake, "joined twice");
	*(struct fake_member *)mem_append(&fake->members, fake->n_members, &fake->members_room,
					  sizeof(struct fake_member)) =
		(struct fake_member){.member = op->member};
	fake->n_members++;
	op->socket = 7;
	return 0;
}

static int leave(struct fake *fake, const struct kop *op)
{
	struct fake_member *found = find_member(fake, &op->member);

	if (!found || op->socket != 7)
		judge(fake, "left what was not joined, or from another socket");
	else
		*found = fake->members[--fake->n_members];
	return 0;
}

static int apply(struct kern *kern, struct kop *op)
{
	static const int reasons[] = {-ENOMEM, -ENOBUFS, -EPERM, -ENODEV};
	struct fake *fake = container_of(kern, struct fake, kern);

	fake->operations++;
	if (fake_random(&fake->dice, 100) < fake->refuse) {
		fake->refused++;
		if (op->type == KOP_RENEW_MFC && fake_random(&fake->dice, 2))
			renew_half(fake, op);
		return reasons[fake_random(&fake->dice, ARRAY_SIZE(reasons))];
	}
	switch (op->type) {
	case KOP_LEAVE:
		return leave(fake, op);
	case KOP_DEL_MFC:
		return del_mfc(fake, op);
	case KOP_DEL_VIF:
		return del_vif(fake, op);
	case KOP_ADD_VIF:
		return add_vif(fake, op);
	case KOP_SET_MFC:
		return set_mfc(fake, op);
	case KOP_RENEW_MFC:
		return renew_mfc(fake, op);
	case KOP_JOIN:
		return join(fake, op);
	}
	return -EINVAL;
}

static int count(struct kern *kern, const struct addr *source, const struct addr *group,
		 struct mfc_count *result)
{
	struct fake *fake = container_of(kern, struct fake, kern);
	struct fake_entry *entry = fake_find(fake, source, group);

	if (!entry) {
		judge(fake, "counters of an entry that is not there");
		return -EADDRNOTAVAIL;
	}
	*result = entry->count;
	return 0;
}

static bool has_vif(struct kern *kern, enum family family, uint8_t number)
{
	return container_of(kern, struct fake, kern)->vifs[family][number] != 0;
}

void fake_init(struct fake *fake, uint64_t seed)
{
	memset(fake, 0, sizeof(*fake));
	fake->dice = seed;
	fake->kern = (struct kern){
		.present = {true, true}, .apply = apply, .count = count, .has_vif = has_vif};
}

void fake_free(struct fake *fake)
{
	free(fake->links);
	free(fake->entries);
	free(fake->halves);
	free(fake->asked);
	free(fake->members);
}

void fake_link(struct fake *fake, const struct link_info *info)
{
	struct link_info *link = find_link(fake, info->index);

	if (!link) {
		link = mem_append(&fake->links, fake->n_links, &fake->links_room, sizeof(*link));
		fake->n_links++;
	}
	*link = *info;
}

void fake_link_gone(struct fake *fake, int index)
{
	struct link_info *link = find_link(fake, index);

	if (!link)
		return;
	*link = fake->links[--fake->n_links];
	for (int f = 0; f < FAMILIES; f++)
		for (int n = 0; n < MAX_VIFS; n++)
			if (fake->vifs[f][n] == index)
				fake->vifs[f][n] = 0;
	for (size_t i = 0; i < fake->n_members; i++)
		if (fake->members[i].member.ifindex == index)
			fake->members[i].dead = true;
}

bool fake_packet(struct fake *fake, int ifindex, const struct addr *source,
		 const struct addr *group, struct upcall *upcall)
{
	struct fake_entry *entry = fake_find(fake, source, group);
	int vif = fake_vif_of(fake, (enum family)group->family, ifindex);

	if (vif < 0)
		return false;
	*upcall = (struct upcall){UPCALL_NOCACHE, (uint8_t)vif, *source, *group};
	if (!entry)
		return fake_ask(fake, source, group);
	entry->count.packets++;
	if (entry->mfc.iif == vif)
		return false;
	entry->count.wrong_if++;
	upcall->type = UPCALL_WRONGVIF;
	return true;
}
