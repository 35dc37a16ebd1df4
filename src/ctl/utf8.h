/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * utf8: text of unknown origin made fit to be shown.
 *
 * The kernel takes nearly any bytes as the name of an interface.  What we print is always UTF-8,
 * and never a control character that a terminal would obey.
 */
#ifndef CTL_UTF8_H
#define CTL_UTF8_H

#include "base/buf.h"

/* Bytes of the character at the start of @text, 0 when what stands there is no UTF-8 (or the end).
 */
size_t utf8_length(const char *text);

/* Adds @text with '?' for control characters and stray bytes; returns the columns it takes. */
size_t utf8_add_printable(struct buf *out, const char *text);

#endif
