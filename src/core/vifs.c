/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/vifs.h"

int vifs_pick(const struct vifs *vifs, enum family family, uint32_t taken)
{
	int best = -1;

	for (int n = 0; n < MAX_VIFS; n++) {
		const struct vif *slot = &vifs->slot[family][n];

		if (slot->ifindex || slot->uses || taken & 1u << n)
			continue;
		if (best < 0 || slot->freed < vifs->slot[family][best].freed)
			best = n;
	}
	return best;
}

bool vifs_haunted(const struct vifs *vifs, enum family family)
{
	for (int n = 0; n < MAX_VIFS; n++)
		if (!vifs->slot[family][n].ifindex && vifs->slot[family][n].uses)
			return true;
	return false;
}

void vifs_take(struct vifs *vifs, enum family family, unsigned int number, int ifindex)
{
	vifs->slot[family][number].ifindex = ifindex;
}

void vifs_free(struct vifs *vifs, enum family family, unsigned int number)
{
	vifs->slot[family][number].ifindex = 0;
	vifs->slot[family][number].freed = ++vifs->freed;
}

void vifs_count(struct vifs *vifs, const struct mfc *mfc, int by)
{
	struct vif *slot = vifs->slot[mfc->group.family];

	for (unsigned int n = 0; n < MAX_VIFS; n++)
		if (n == mfc->iif || mfc->ttls[n])
			slot[n].uses += (uint32_t)by;
}
