/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/utf8.h"

/* The forms of RFC 3629: first byte, range of the second one, length. */
static const struct {
	uint8_t first, last, second_min, second_max, length;
} forms[] = {
	{0x01, 0x7f, 0, 0, 1},	     {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
	{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t utf8_length(const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;
	size_t form = 0, length;

	while (form < ARRAY_SIZE(forms) &&
	       (byte[0] < forms[form].first || byte[0] > forms[form].last))
		form++;
	if (form == ARRAY_SIZE(forms))
		return 0;
	length = forms[form].length;
	if (length > 1 && (byte[1] < forms[form].second_min || byte[1] > forms[form].second_max))
		return 0;
	for (size_t i = 2; i < length; i++)
		if (byte[i] < 0x80 || byte[i] > 0xbf)
			return 0;
	return length;
}

/* C0, DEL and C1, which is U+0080 to U+009F. */
static bool is_control(const char *text, size_t length)
{
	const unsigned char *byte = (const unsigned char *)text;

	return (length == 1 && (byte[0] < 0x20 || byte[0] == 0x7f)) ||
	       (length == 2 && byte[0] == 0xc2 && byte[1] < 0xa0);
}

size_t utf8_add_printable(struct buf *out, const char *text)
{
	size_t columns = 0;

	while (*text) {
		size_t plain = 0, length;

		while (text[plain] >= 0x20 && text[plain] < 0x7f)
			plain++;
		buf_add(out, text, plain);
		columns += plain;
		text += plain;
		if (!*text)
			break;
		length = utf8_length(text);
		if (!length || is_control(text, length))
			buf_putc(out, '?');
		else
			buf_add(out, text, length);
		columns++;
		text += length ? length : 1;
	}
	return columns;
}
