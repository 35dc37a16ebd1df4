/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A datagram of netlink: any bytes; what is told about links makes sense. */
#include <stdlib.h>
#include <string.h>

#include "kernel/rtnl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void *ctx, const struct rtnl_message *message)
{
	bool sane = true;

	(void)ctx;
	switch (message->kind) {
	case RTNL_LINK:
		sane = message->link.index > 0 && message->link.name[0] &&
		       memchr(message->link.name, '\0', IFNAME_SIZE);
		break;
	case RTNL_LINK_GONE:
		sane = message->link.index > 0;
		break;
	case RTNL_DONE:
		sane = message->error >= 0 && message->error < 4096;
		break;
	}
	if (!sane)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rtnl_parse(data, size, check, NULL);
	return 0;
}
