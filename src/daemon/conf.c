/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "daemon/mrdisc.h"

#define BLOCK	  65536 /* bytes read at once */
#define MAX_DEPTH 16	/* files that include each other */
#define MAX_FILES 16384 /* includes in all: files that include their whole folder multiply */

/* A file that is being read; its parent includes it. */
struct source {
	const struct source *parent;
	const char *name; /* owned by the rules */
	uint32_t file;	  /* its number there */
	unsigned int depth;
	dev_t dev;
	ino_t ino;
};

struct conf {
	struct rules *rules;
	struct diags *diags;
	struct words words; /* of the present line, whichever file that is in */
	struct stmt st;
	unsigned int files; /* included so far */
	bool warned_mrdisc;
};

static int load(struct conf *conf, const char *path, const struct source *parent, struct pos pos);

static void include_failed(struct conf *conf, const char *path, struct pos pos, int err)
{
	if (err == -ENOENT)
		diag_warn(conf->diags, pos, "there is no file %s to include", path);
}

/* The pattern as glob(3) wants it, relative to the folder of the file that includes. */
static void full_pattern(const struct source *source, const char *pattern, bool quote,
			 struct buf *out)
{
	const char *slash = strrchr(source->name, '/');

	if (pattern[0] != '/' && slash) {
		for (const char *c = source->name; c <= slash; c++) {
			if (quote && strchr("*?[]\\", *c))
				buf_putc(out, '\\');
			buf_putc(out, *c);
		}
	}
	buf_puts(out, pattern);
}

static void include_one(struct conf *conf, const char *path, const struct source *source,
			struct pos pos)
{
	if (conf->files == MAX_FILES)
		diag_error(conf->diags, pos, "%s is not included: there were %d includes before",
			   path, MAX_FILES);
	if (conf->files < MAX_FILES)
		include_failed(conf, path, pos, load(conf, path, source, pos));
	conf->files += conf->files <= MAX_FILES;
}

/* What a folder that can't be read holds nobody knows: not the same as nothing. */
static int is_unreadable(const char *folder, int err)
{
	(void)folder;
	return err != ENOENT && err != ENOTDIR;
}

static void include_all(struct conf *conf, const char *pattern, const struct source *source,
			struct pos pos)
{
	glob_t found = {0};
	int result = glob(pattern, 0, is_unreadable, &found);

	if (result != 0 && result != GLOB_NOMATCH)
		diag_error(conf->diags, pos, "can't look for %s: %s", pattern,
			   result == GLOB_NOSPACE ? strerror(ENOMEM)
						  : "a folder on the way can't be read");
	for (size_t i = 0; result == 0 && i < found.gl_pathc; i++)
		include_one(conf, found.gl_pathv[i], source, pos);
	globfree(&found);
}

static void include(struct conf *conf, const struct source *source, struct pos pos)
{
	const char *pattern = buf_text(&conf->st.path);
	bool wild = strpbrk(pattern, "*?[\\") != NULL;
	struct buf path = {0};

	full_pattern(source, pattern, wild, &path);
	if (wild)
		include_all(conf, buf_text(&path), source, pos);
	else
		include_one(conf, buf_text(&path), source, pos);
	buf_free(&path);
}

static void check_mrdisc(struct conf *conf, struct pos pos)
{
	if (!conf->st.mrdisc || mrdisc_available() || conf->warned_mrdisc)
		return;
	diag_warn(conf->diags, pos,
		  "mrdisc has no effect: this smcrouted was built without --enable-mrdisc");
	conf->warned_mrdisc = true;
}

static void take_line(struct conf *conf, const struct source *source, const char *line, size_t len,
		      uint32_t number)
{
	struct pos pos = {.file = source->name, .line = number, .column = 1};
	struct origin origin = {.file = source->file, .line = number};
	bool fresh;

	words_split(&conf->words, line, len, true);
	if (!conf->words.count)
		return;
	pos.column = conf->words.list[0].column;
	if (stmt_parse(&conf->st, &conf->words, pos, conf->diags) < 0)
		return;
	switch (conf->st.kind) {
	case STMT_INCLUDE:
		include(conf, source, pos);
		break;
	case STMT_PHYINT:
		check_mrdisc(conf, pos);
		rules_set_phyint(conf->rules, &conf->st);
		break;
	default:
		rules_add(conf->rules, &conf->st, origin, &fresh);
	}
}

/* Takes the whole lines in @text; returns how many bytes those are. */
static size_t take_lines(struct conf *conf, const struct source *source, const struct buf *text,
			 size_t scanned, uint32_t *number)
{
	size_t at = 0;
	const char *end;

	while ((end = memchr(text->data + scanned, '\n', text->len - scanned))) {
		size_t next = (size_t)(end - text->data) + 1;

		take_line(conf, source, text->data + at, next - 1 - at, ++*number);
		at = scanned = next;
	}
	return at;
}

static int read_lines(struct conf *conf, const struct source *source, int fd)
{
	struct buf text = {0};
	uint32_t number = 0;
	size_t scanned;
	ssize_t n;

	while ((n = read(fd, buf_reserve(&text, BLOCK), BLOCK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		scanned = text.len;
		text.len += (size_t)n;
		buf_consume(&text, take_lines(conf, source, &text, scanned, &number));
	}
	if (n == 0 && text.len)
		take_line(conf, source, text.data, text.len, number + 1);
	buf_free(&text);
	return n < 0 ? -errno : 0;
}

static bool is_dev_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

static const char *kind_of(const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a pipe";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device";
	}
}

/* What an error calls a file: the main one stands before the message already. */
static const char *title(const char *path, const struct source *parent)
{
	return parent ? path : "it";
}

/* Whether the open file may be read; its identity goes into @source. */
static bool acceptable(struct conf *conf, const char *path, int fd, struct source *source,
		       struct pos pos)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		diag_error(conf->diags, pos, "%s can't be examined: %s",
			   title(path, source->parent), strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode) && !is_dev_null(&st)) {
		diag_error(conf->diags, pos, "%s is %s; a configuration must be a regular file",
			   title(path, source->parent), kind_of(&st));
		return false;
	}
	source->dev = st.st_dev;
	source->ino = st.st_ino;
	for (const struct source *up = source->parent; up; up = up->parent) {
		if (up->dev != st.st_dev || up->ino != st.st_ino || is_dev_null(&st))
			continue;
		diag_error(conf->diags, pos, "%s includes itself, by way of %s", path,
			   source->parent->name);
		return false;
	}
	return true;
}

static void open_failed(struct conf *conf, const char *path, const struct source *parent,
			struct pos pos, int error)
{
	if (error == EACCES)
		diag_error(conf->diags, pos,
			   "%s can't be opened: user %u, as whom this runs, may "
			   "not read it",
			   title(path, parent), geteuid());
	else
		diag_error(conf->diags, pos, "%s can't be opened: %s", title(path, parent),
			   strerror(error));
}

/* Errors stand at @pos, where the file is asked for. */
static int load(struct conf *conf, const char *path, const struct source *parent, struct pos pos)
{
	struct source source = {.parent = parent, .depth = parent ? parent->depth + 1 : 0};
	int fd, err;

	if (source.depth > MAX_DEPTH) {
		diag_error(conf->diags, pos, "%s is not included: more than %d files deep", path,
			   MAX_DEPTH);
		return 0;
	}
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return -ENOENT;
	if (fd < 0) {
		open_failed(conf, path, parent, pos, errno);
		return 0;
	}
	if (acceptable(conf, path, fd, &source, pos)) {
		source.file = rules_file(conf->rules, path);
		source.name = rules_file_name(conf->rules, (struct origin){.file = source.file});
		err = read_lines(conf, &source, fd);
		if (err < 0)
			diag_error(conf->diags, pos, "%s can't be read: %s", title(path, parent),
				   strerror(-err));
	}
	close(fd);
	return 0;
}

int conf_load(const char *path, struct rules *rules, struct diags *diags)
{
	struct conf conf = {.rules = rules, .diags = diags};
	int err = load(&conf, path, NULL, (struct pos){.file = path});

	words_free(&conf.words);
	stmt_free(&conf.st);
	return err;
}
