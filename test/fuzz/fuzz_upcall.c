/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message of the mroute socket; the first byte is the family, the rest any bytes. */
#include <stdlib.h>
#include <string.h>

#include "kernel/mrt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct upcall upcall;
	enum family family;
	uint8_t *copy;

	if (!size)
		return 0;
	family = data[0] & 1 ? FAMILY_IPV6 : FAMILY_IPV4;
	copy = malloc(size); /* of the exact size: reading beyond it is seen */
	memcpy(copy, data + 1, size - 1);
	if (mrt_decode(mrt_ops[family], copy, size - 1, &upcall) == 0) {
		bool sane = upcall.vif < MAX_VIFS && addr_is_multicast(&upcall.group) &&
			    upcall.group.family == family && upcall.source.family == family &&
			    !addr_is_any(&upcall.source);

		if (!sane)
			abort();
	}
	free(copy);
	return 0;
}
