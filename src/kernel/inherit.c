/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/inherit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FORMAT "%d %d %d %d"

static void set_close_on_exec(int fd, int flag)
{
	if (fd > STDERR_FILENO)
		fcntl(fd, F_SETFD, flag);
}

void inherit_give(const int result[FAMILIES][INHERIT_KINDS])
{
	const int *all = result[0];
	char text[64];

	for (int i = 0; i < FAMILIES * INHERIT_KINDS; i++)
		set_close_on_exec(all[i], 0);
	snprintf(text, sizeof(text), FORMAT, all[0], all[1], all[2], all[3]);
	setenv(INHERIT_VARIABLE, text, 1);
}

/* Not from whoever starts a program that has more power than himself. */
static bool read_all(int all[FAMILIES * INHERIT_KINDS])
{
	const char *text = secure_getenv(INHERIT_VARIABLE);

	return text && sscanf(text, FORMAT, &all[0], &all[1], &all[2], &all[3]) == 4;
}

bool inherit_begin(void)
{
	int all[FAMILIES * INHERIT_KINDS];

	if (!read_all(all))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		set_close_on_exec(all[i], FD_CLOEXEC);
	return true;
}

int inherit_take(enum inherit kind, enum family family)
{
	int all[FAMILIES * INHERIT_KINDS];

	return read_all(all) ? all[family * INHERIT_KINDS + kind] : 0;
}
