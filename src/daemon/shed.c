/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/shed.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/mrdisc.h"
#include "daemon/privs.h"
#include "kernel/discover.h"
#include "kernel/inherit.h"
#include "kernel/mrt.h"

static int open_mrt(enum family family, uint32_t table)
{
	struct mrt *mrt;
	int err = mrt_open(&mrt, family, table);

	return err < 0 ? err : mrt_fd(mrt);
}

static int open_discover(enum family family)
{
	struct discover *discover;
	int err;

	if (!mrdisc_available())
		return 0;
	err = discover_open(&discover, family);
	return err < 0 ? err : discover_fd(discover);
}

/* In a family that is not routed nobody would take the other socket, or close it. */
static void open_family(enum family family, uint32_t table, int sockets[INHERIT_KINDS])
{
	int mrt = open_mrt(family, table);

	sockets[INHERIT_MRT] = mrt;
	sockets[INHERIT_DISCOVER] = mrt < 0 ? mrt : open_discover(family);
}

/* Begins this program anew; or returns -errno. */
static int restart(char *argv[])
{
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	execv("/proc/self/exe", argv);
	return -errno;
}

void shed_early(uint32_t table, char *argv[])
{
	int sockets[FAMILIES][INHERIT_KINDS], err;

	if (inherit_begin() || geteuid() == 0 || privs_droppable())
		return;
	/* Those of the program file would come back, and our variables not be trusted. */
	if (getauxval(AT_SECURE))
		return;
	for (int f = 0; f < FAMILIES; f++)
		open_family((enum family)f, table, sockets[f]);
	inherit_give(sockets);
	err = restart(argv);
	inherit_begin();
	log_warn("can't begin anew without capabilities: %s; going on with them", strerror(-err));
}
