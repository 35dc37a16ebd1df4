#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Random interfaces, rules and packets: the kernel's tables are what a naive model says.
#
#	SMCROUTE_MODEL=3000	how many steps
#	SMCROUTE_SEED=N		where to begin
. "${0%/*}/lib.sh"

export SMCROUTED SLOW
"${MCAST%/*}/model" "${SMCROUTE_SEED:-20010911}" "${SMCROUTE_MODEL:-3000}" ||
	fail "the steps above"
