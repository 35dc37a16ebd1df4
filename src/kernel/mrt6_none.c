/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The variant for a build without IPv6: no socket of this family can be opened (EAFNOSUPPORT), just
 * as with a kernel that lacks it.
 */
#include "kernel/mrt.h"

#include <sys/socket.h>

const struct mrt_ops mrt6_ops = {.af = AF_UNSPEC};
