/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mrdisc: multicast router discovery (RFC 4286), an option of the build.
 */
#ifndef DAEMON_MRDISC_H
#define DAEMON_MRDISC_H

#include "base/util.h"

/* Whether this program was built with it. */
bool mrdisc_available(void);

#endif
