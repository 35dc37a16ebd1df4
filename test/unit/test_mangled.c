/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mangled: the example configuration, as it is and with all of its examples in force, cut off at
 * every place, and with every byte changed.
 *
 *	SMCROUTE_BYTES=all	into each of the 255 others, instead of eight
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/conf.h"

struct world {
	struct buf text;
	int fd; /* the file in memory */
	char path[32];
};

static void read_example(struct buf *text)
{
	FILE *file = fopen(EXAMPLE, "r");
	size_t n;

	assert_non_null(file);
	while ((n = fread(buf_reserve(text, 4096), 1, 4096, file)) > 0)
		text->len += n;
	text->data[text->len] = '\0';
	fclose(file);
}

/* Takes away the # of what is a statement, and adds what the example does not show. */
static void put_in_force(struct buf *text)
{
	static const char *const words[] = {"#mroute", "#mgroup", "#phyint", "#include"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		for (char *at = text->data; (at = strstr(at, words[i])); at++)
			*at = ' ';
	buf_puts(text, "ssmgroup from eth0 group 232.1.1.0/30 source 10.0.0.1\r\n"
		       "phyint tun+ enable mrdisc ttl-threshold 0x7f\n"
		       "mroute from eth0 group ff0e::/16 except fd00::1,fd00::/64 to eth1 eth2");
}

static void begin(struct world *w, bool in_force)
{
	memset(w, 0, sizeof(*w));
	read_example(&w->text);
	if (in_force)
		put_in_force(&w->text);
	w->fd = memfd_create("mangled", MFD_CLOEXEC);
	assert_true(w->fd >= 0);
	snprintf(w->path, sizeof(w->path), "/proc/self/fd/%d", w->fd);
}

static void end(struct world *w)
{
	close(w->fd);
	buf_free(&w->text);
}

static uint32_t count_lines(const struct buf *text)
{
	uint32_t lines = 1;

	for (size_t i = 0; i < text->len; i++)
		lines += text->data[i] == '\n';
	return lines;
}

/* Each diagnostic is one printable line and names a place that there is. */
static void check(const struct world *w)
{
	static const struct hkey key;
	struct rules *rules = rules_new(&key);
	struct diags diags = {0};
	uint32_t lines = count_lines(&w->text);

	assert_int_equal(conf_load(w->path, rules, &diags), 0);
	for (size_t i = 0; i < diags.count; i++) {
		const struct diag *diag = &diags.list[i];

		assert_string_equal(diag->file, w->path);
		assert_in_range(diag->line, 1, lines);
		assert_in_range(diag->column, 1, 200);
		assert_true(diag->text[0] != '\0');
		for (const char *c = diag->text; *c; c++)
			assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
	}
	rules_release(rules);
	diags_free(&diags);
}

static void write_all(const struct world *w)
{
	assert_int_equal(pwrite(w->fd, w->text.data, w->text.len, 0), w->text.len);
}

static void try_bytes(struct world *w, size_t at, bool all)
{
	static const char few[] = "\0\n #/.9\xff";
	char before = w->text.data[at];

	for (size_t i = 0; i < (all ? 256 : sizeof(few) - 1); i++) {
		w->text.data[at] = all ? (char)i : few[i];
		assert_int_equal(pwrite(w->fd, &w->text.data[at], 1, (off_t)at), 1);
		check(w);
	}
	w->text.data[at] = before;
	assert_int_equal(pwrite(w->fd, &before, 1, (off_t)at), 1);
}

static void change(bool in_force)
{
	const char *bytes = getenv("SMCROUTE_BYTES");
	struct world w;

	begin(&w, in_force);
	write_all(&w);
	check(&w);
	for (size_t at = 0; at < w.text.len; at++)
		try_bytes(&w, at, bytes != NULL);
	end(&w);
}

static void cut_off(bool in_force)
{
	struct world w;

	begin(&w, in_force);
	write_all(&w);
	while (w.text.len) {
		assert_int_equal(ftruncate(w.fd, (off_t)--w.text.len), 0);
		check(&w);
	}
	end(&w);
}

static void example_with_each_byte_changed(void **state)
{
	(void)state;
	change(false);
}

static void statements_with_each_byte_changed(void **state)
{
	(void)state;
	change(true);
}

static void cut_off_at_each_place(void **state)
{
	(void)state;
	cut_off(false);
	cut_off(true);
}

int main(void)
{
	struct unit unit = {0};

	UNIT_TEST(&unit, example_with_each_byte_changed);
	UNIT_TEST(&unit, statements_with_each_byte_changed);
	UNIT_TEST(&unit, cut_off_at_each_place);
	return unit_run(&unit, "mangled");
}
