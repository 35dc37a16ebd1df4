/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf: files, includes, and what is wrong with them; in a folder of its own for each case. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/conf.h"

#define MAX_FILES 5

/* main.conf is loaded.  In what is said and in contents, @ stands for the folder. */
static const struct tree {
	const char *name;
	struct {
		const char *name, *text;
	} files[MAX_FILES];
	const char *rules; /* the printed rules, a line each */
	const char *said;  /* the diagnostics, a line each */
} trees[] = {
	{"what would steer a terminal is not repeated",
	 {{"main.conf", "include \033cx\n"}},
	 "",
	 "@/main.conf:1:1: warning: there is no file @/?cx to include"},
	{"an empty file", {{"main.conf", ""}}, "", ""},
	{"comments and empty lines", {{"main.conf", "# one\n\n   \n\t# two\n#"}}, "", ""},
	{"no line end at the end",
	 {{"main.conf", "mgroup from eth0 group 225.1.2.3"}},
	 "mgroup from eth0 group 225.1.2.3\n",
	 ""},
	{"CRLF",
	 {{"main.conf", "mgroup from eth0 group 225.1.2.3\r\n\r\n# x\r\nmroute from eth0 group "
			"225.1.2.3 to eth1\r\n"}},
	 "mgroup from eth0 group 225.1.2.3\nmroute from eth0 group 225.1.2.3 to eth1\n",
	 ""},
	{"fault: half a broken file is applied: the caller decides, all errors are told",
	 {{"main.conf", "mgroup from eth0 group 225.1.2.3\nfoo\nmgroup from eth0 group 1.2.3.4\n"
			"  mgroup from eth1 group 225.1.2.3\n"}},
	 "mgroup from eth0 group 225.1.2.3\nmgroup from eth1 group 225.1.2.3\n",
	 "@/main.conf:2:1: unknown statement 'foo'\n"
	 "@/main.conf:3:24: '1.2.3.4' is no multicast group: IPv4 groups are 224.0.0.0 to "
	 "239.255.255.255"},
	{"a file without phyint is fine",
	 {{"main.conf", "mroute from eth0 group 225.1.2.3 to eth1\n"}},
	 "mroute from eth0 group 225.1.2.3 to eth1\n",
	 ""},
	{"an include by its path",
	 {{"main.conf", "include @/other\nmgroup from eth0 group 225.1.2.1\n"},
	  {"other", "mgroup from eth0 group 225.1.2.2\n"}},
	 "mgroup from eth0 group 225.1.2.2\nmgroup from eth0 group 225.1.2.1\n",
	 ""},
	{"an include is relative to the file that includes",
	 {{"main.conf", "include d/a.conf\n"},
	  {"d/a.conf", "include b.conf\n"},
	  {"d/b.conf", "mgroup from eth0 group 225.1.2.2\n"},
	  {"b.conf", "wrong one\n"}},
	 "mgroup from eth0 group 225.1.2.2\n",
	 ""},
	{"a glob, sorted",
	 {{"main.conf", "include d/*.conf\n"},
	  {"d/2.conf", "mgroup from eth0 group 225.1.2.2"},
	  {"d/1.conf", "mgroup from eth0 group 225.1.2.1"},
	  {"d/3.conf", "mgroup from eth0 group 225.1.2.3"},
	  {"d/4.other", "nonsense"}},
	 "mgroup from eth0 group 225.1.2.1\nmgroup from eth0 group 225.1.2.2\n"
	 "mgroup from eth0 group 225.1.2.3\n",
	 ""},
	{"a glob that matches nothing is silent",
	 {{"main.conf", "include d/*.conf\ninclude /nowhere/*.conf\ninclude x?\n"}},
	 "",
	 ""},
	{"a plain missing path warns",
	 {{"main.conf", "  include nowhere.conf\n"}},
	 "",
	 "@/main.conf:1:3: warning: there is no file @/nowhere.conf to include"},
	{"fault: the checker passes errors in included files",
	 {{"main.conf", "include a\n"}, {"a", "\nmroute from eth0 to eth1\n"}},
	 "",
	 "@/a:2:1: mroute without 'group' and a multicast group"},
	{"fault: include of itself recurses for ever",
	 {{"main.conf", "mgroup from eth0 group 225.1.2.1\ninclude main.conf\n"
			"mgroup from eth0 group 225.1.2.2\n"}},
	 "mgroup from eth0 group 225.1.2.1\nmgroup from eth0 group 225.1.2.2\n",
	 "@/main.conf:2:1: @/main.conf includes itself, by way of @/main.conf"},
	{"a longer circle, by another spelling",
	 {{"main.conf", "include a\n"},
	  {"a", "include ./b\n"},
	  {"b", "include d/../a\n"},
	  {"d/x", ""}},
	 "",
	 "@/./b:1:1: @/./d/../a includes itself, by way of @/./b"},
	{"a glob that matches its own file",
	 {{"main.conf", "include *.conf\nmgroup from eth0 group 225.1.2.1\n"}},
	 "mgroup from eth0 group 225.1.2.1\n",
	 "@/main.conf:1:1: @/main.conf includes itself, by way of @/main.conf"},
	{"the same file twice is no circle",
	 {{"main.conf", "include a\ninclude a\n"},
	  {"a", "mroute from eth0 group 225.1.2.1 to b\n"}},
	 "mroute from eth0 group 225.1.2.1 to b\n",
	 ""},
	{"a folder is no configuration",
	 {{"main.conf", "include d\n"}, {"d/a", ""}},
	 "",
	 "@/main.conf:1:1: @/d is a directory; a configuration must be a regular file"},
	{"/dev/null is fine", {{"main.conf", "include /dev/null\ninclude /dev/null\n"}}, "", ""},
	{"a device is not",
	 {{"main.conf", "include /dev/zero\n"}},
	 "",
	 "@/main.conf:1:1: /dev/zero is a device; a configuration must be a regular file"},
	{"special characters of a folder are no pattern",
	 {{"main.conf", "include [d]*/main\n"},
	  {"d*?/main", "include *.c\n"},
	  {"d*?/x.c", "mgroup from eth0 group 225.1.2.1\n"},
	  {"dab/x.c", "nonsense\n"}},
	 "mgroup from eth0 group 225.1.2.1\n",
	 ""},
	{"mrdisc is told once when it is not built in, and the statement counts",
	 {{"main.conf", "phyint eth0 mrdisc\nphyint eth1 mrdisc\n"}},
	 "",
	 NULL},
};

/* Text with @ as the folder. */
static void expand(const char *text, const char *folder, struct buf *out)
{
	for (; *text; text++)
		if (*text == '@')
			buf_puts(out, folder);
		else
			buf_putc(out, *text);
}

static void make_folder(char folder[32])
{
	strcpy(folder, "/tmp/smcroute.XXXXXX");
	assert_non_null(mkdtemp(folder));
}

static void remove_folder(const char *folder)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	assert_int_equal(system(command), 0);
}

static void path_of(const char *folder, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", folder, name);
}

static void write_file(const char *folder, const char *name, const char *text, size_t len)
{
	char path[128], *slash;
	FILE *file;

	path_of(folder, name, path);
	slash = strrchr(path, '/');
	*slash = '\0';
	mkdir(path, 0755);
	*slash = '/';
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
}

static void write_text(const char *folder, const char *name, const char *text)
{
	struct buf full = {0};

	expand(text, folder, &full);
	write_file(folder, name, buf_text(&full), full.len);
	buf_free(&full);
}

/* Loads main.conf of the folder; the result of conf_load(). */
static int load(const char *folder, struct rules **rules, struct diags *diags)
{
	const struct hkey key = {5, 6};
	char path[128];

	path_of(folder, "main.conf", path);
	*rules = rules_new(&key);
	return conf_load(path, *rules, diags);
}

static void print_rules(const struct rules *rules, struct buf *out)
{
	struct seq_link *link;
	struct stmt st = {0};
	uint32_t cursor;

	seq_for_each(link, cursor, &rules->order) {
		rule_to_stmt(seq_entry(link, struct rule, order), &st);
		stmt_print(&st, out);
		buf_putc(out, '\n');
	}
	stmt_free(&st);
}

static void loaded(void **row)
{
	const struct tree *want = *row;
	struct buf text = {0}, said = {0}, expected = {0};
	struct diags diags = {0};
	struct rules *rules;
	char folder[32];

	make_folder(folder);
	for (size_t i = 0; i < MAX_FILES && want->files[i].name; i++)
		write_text(folder, want->files[i].name, want->files[i].text);
	assert_int_equal(load(folder, &rules, &diags), 0);
	unit_diags(&diags, &said);
	if (want->said) {
		expand(want->said, folder, &expected);
		assert_string_equal(buf_text(&said), buf_text(&expected));
	} else {
		assert_true(diags.count <= 1 && diags.errors == 0);
	}
	print_rules(rules, &text);
	assert_string_equal(buf_text(&text), want->rules);
	rules_release(rules);
	diags_free(&diags);
	buf_free(&text);
	buf_free(&said);
	buf_free(&expected);
	remove_folder(folder);
}

static void missing_main_file_is_for_the_caller(void **state)
{
	struct diags diags = {0};
	struct rules *rules;
	char folder[32];

	(void)state;
	make_folder(folder);
	assert_int_equal(load(folder, &rules, &diags), -ENOENT);
	assert_int_equal(diags.count, 0);
	rules_release(rules);
	remove_folder(folder);
}

/* Fault: the tail of a long comment is executed; lines were cut. */
static void lines_of_any_length(void **state)
{
	struct buf file = {0}, text = {0};
	struct diags diags = {0};
	struct rules *rules;
	char folder[32];

	(void)state;
	make_folder(folder);
	for (size_t len = 65500; len < 65600; len++) { /* around the size of a block */
		buf_puts(&file, "#");
		for (size_t i = 0; i < len; i++)
			buf_putc(&file, 'x');
		buf_puts(&file, " mgroup from eth0 group 225.1.2.9\n");
	}
	buf_puts(&file, "mroute from eth0 group 225.1.2.3 to");
	for (int i = 0; i < 40000; i++)
		buf_printf(&file, " o%d", i);
	buf_puts(&file, "\nnonsense");
	write_file(folder, "main.conf", file.data, file.len);
	assert_int_equal(load(folder, &rules, &diags), 0);
	assert_int_equal(diags.count, 1);
	assert_int_equal(diags.list[0].line, 102);
	assert_int_equal(rules->order.count, 1);
	assert_int_equal(seq_entry(rules->order.slot[0], struct rule, order)->n_oifs, 40000);
	rules_release(rules);
	diags_free(&diags);
	buf_free(&file);
	buf_free(&text);
	remove_folder(folder);
}

static void nul_bytes_are_refused(void **state)
{
	static const char file[] =
		"mgroup from eth\0 group 225.1.2.3\n\0\nmgroup from a group 225.1.2.3";
	struct diags diags = {0};
	struct rules *rules;
	char folder[32];

	(void)state;
	make_folder(folder);
	write_file(folder, "main.conf", file, sizeof(file) - 1);
	assert_int_equal(load(folder, &rules, &diags), 0);
	assert_int_equal(diags.errors, 2);
	assert_int_equal(rules->order.count, 1);
	rules_release(rules);
	diags_free(&diags);
	remove_folder(folder);
}

/* A file of another sort: what is wrong with it fits on a thousand lines. */
static void errors_are_listed_up_to_a_limit(void **state)
{
	struct diags diags = {0};
	struct buf file = {0};
	struct rules *rules;
	char folder[32];

	(void)state;
	make_folder(folder);
	for (int i = 0; i < 50000; i++)
		buf_puts(&file, "nonsense\nmroute from eth0 group 224.0.0.1 to eth1\n");
	write_file(folder, "main.conf", file.data, file.len);
	assert_int_equal(load(folder, &rules, &diags), 0);
	assert_int_equal(diags.errors, 50000);
	assert_int_equal(diags.count, 2 * (MAX_DIAGS + 1)); /* warnings too */
	assert_string_equal(diags.list[diags.count - 1].text, "there is more, which is not listed");
	assert_int_equal(diags.list[diags.count - 1].line, 2 * (MAX_DIAGS + 1));
	rules_release(rules);
	diags_free(&diags);
	buf_free(&file);
	remove_folder(folder);
}

/* Sixteen files deep and no further, even where no file is twice in the chain. */
static void depth_has_a_limit(void **state)
{
	struct buf said = {0}, wanted = {0};
	struct diags diags = {0};
	struct rules *rules;
	char folder[32], name[16], text[80];

	(void)state;
	make_folder(folder);
	write_text(folder, "main.conf", "include 1\n");
	for (int i = 1; i < 20; i++) {
		snprintf(name, sizeof(name), "%d", i);
		snprintf(text, sizeof(text), "mgroup from e group 225.1.2.%d\ninclude %d\n", i,
			 i + 1);
		write_text(folder, name, text);
	}
	assert_int_equal(load(folder, &rules, &diags), 0);
	unit_diags(&diags, &said);
	expand("@/16:2:1: @/17 is not included: more than 16 files deep", folder, &wanted);
	assert_string_equal(buf_text(&said), buf_text(&wanted));
	assert_int_equal(rules->order.count, 16);
	rules_release(rules);
	diags_free(&diags);
	buf_free(&said);
	buf_free(&wanted);
	remove_folder(folder);
}

/* With one descriptor left for the file there is none for the folder. */
static void folder_that_cant_be_read_is_not_empty(void **state)
{
	struct buf said = {0}, wanted = {0};
	struct diags diags = {0};
	struct rlimit limit, low;
	struct rules *rules;
	char folder[32];

	(void)state;
	make_folder(folder);
	write_text(folder, "main.conf", "mgroup from e group 225.1.2.3\ninclude *.part\n");
	write_text(folder, "a.part", "mgroup from e group 225.1.2.4\n");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = limit;
	low.rlim_cur = (rlim_t)dup(STDIN_FILENO) + 1;
	close((int)low.rlim_cur - 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	assert_int_equal(load(folder, &rules, &diags), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	unit_diags(&diags, &said);
	expand("@/main.conf:2:1: can't look for @/*.part: a folder on the way can't be read",
	       folder, &wanted);
	assert_string_equal(buf_text(&said), buf_text(&wanted));
	rules_release(rules);
	diags_free(&diags);
	buf_free(&said);
	buf_free(&wanted);
	remove_folder(folder);
}

/* A pipe that nobody writes to would stop the daemon for good. */
static void pipe_and_socket_are_refused_at_once(void **state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct buf said = {0}, wanted = {0};
	struct diags diags = {0};
	struct rules *rules;
	char folder[32], path[128];

	(void)state;
	make_folder(folder);
	write_text(folder, "main.conf", "include fifo\n");
	path_of(folder, "fifo", path);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_int_equal(load(folder, &rules, &diags), 0);
	rules_release(rules);
	path_of(folder, "main.conf", path);
	unlink(path);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_int_equal(load(folder, &rules, &diags), 0);
	rules_release(rules);
	unlink(path);
	memcpy(addr.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(load(folder, &rules, &diags), 0);
	rules_release(rules);
	unit_diags(&diags, &said);
	expand("@/main.conf:1:1: @/fifo is a pipe; a configuration must be a regular file\n"
	       "@/main.conf: it is a pipe; a configuration must be a regular file\n"
	       "@/main.conf: it can't be opened: No such device or address",
	       folder, &wanted);
	assert_string_equal(buf_text(&said), buf_text(&wanted));
	close(fd);
	diags_free(&diags);
	buf_free(&said);
	buf_free(&wanted);
	remove_folder(folder);
}

static void origins_tell_file_and_line(void **state)
{
	const struct rule *rule;
	struct diags diags = {0};
	struct rules *rules;
	char folder[32], path[128];

	(void)state;
	make_folder(folder);
	write_text(folder, "main.conf", "\ninclude a\nmgroup from e group 225.1.2.1\n");
	write_text(folder, "a", "\n\n\nmgroup from e group 225.1.2.2\n");
	assert_int_equal(load(folder, &rules, &diags), 0);
	rule = seq_entry(rules->order.slot[0], struct rule, order);
	path_of(folder, "a", path);
	assert_string_equal(rules_file_name(rules, rule->origin), path);
	assert_int_equal(rule->origin.line, 4);
	rule = seq_entry(rules->order.slot[1], struct rule, order);
	path_of(folder, "main.conf", path);
	assert_string_equal(rules_file_name(rules, rule->origin), path);
	assert_int_equal(rule->origin.line, 3);
	rules_release(rules);
	diags_free(&diags);
	remove_folder(folder);
}

int main(void)
{
	struct unit unit = {0};

	UNIT_TABLE(&unit, loaded, trees);
	UNIT_TEST(&unit, missing_main_file_is_for_the_caller);
	UNIT_TEST(&unit, lines_of_any_length);
	UNIT_TEST(&unit, nul_bytes_are_refused);
	UNIT_TEST(&unit, errors_are_listed_up_to_a_limit);
	UNIT_TEST(&unit, depth_has_a_limit);
	UNIT_TEST(&unit, folder_that_cant_be_read_is_not_empty);
	UNIT_TEST(&unit, pipe_and_socket_are_refused_at_once);
	UNIT_TEST(&unit, origins_tell_file_and_line);
	return unit_run(&unit, "conf");
}
