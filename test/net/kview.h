/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kview: what Linux holds in the present network namespace, read from /proc/net.
 *
 * VIFs, MFC entries with their outbound VIFs, and memberships: an ASM one and one for each source
 * look different there only by how many sockets have the group; where that leaves it open, the
 * model is asked.  Groups that the kernel is a member of for itself are left out.
 */
#ifndef TEST_KVIEW_H
#define TEST_KVIEW_H

#include "../unit/model.h"

void kview_read(struct view *view, struct model *model);

#endif
