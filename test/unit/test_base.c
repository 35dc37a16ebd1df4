/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base: hash map, ordered sequence, list, buffer, levels of the log. */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "base/seq.h"

/* hmap */

struct number {
	struct hnode node;
	struct seq_link order;
	struct list link;
	uint32_t value;
	bool seen;
};

/* How many elements share a hash decides how long the chains are: 1 is the ideal, all the worst. */
static const struct crowd {
	const char *name;
	uint32_t elements, hashes;
} crowds[] = {
	{"nothing at all", 0, 1},
	{"one element", 1, 1},
	{"as many as the first buckets", 16, 16},
	{"one more than the first buckets", 17, 17},
	{"many with a hash each", 5000, 5000},
	{"many with few hashes", 3000, 7},
	{"all with one hash", 1000, 1},
};

static uint32_t find_all(const struct hmap *map, uint32_t hash, uint32_t value)
{
	uint32_t found = 0;

	for (struct hnode *node = hmap_first(map, hash); node; node = hmap_next(node)) {
		assert_int_equal(node->hash, hash);
		found += container_of(node, struct number, node)->value == value;
	}
	return found;
}

static uint32_t walk_all(const struct hmap *map)
{
	struct hnode *node = NULL;
	size_t bucket = 0;
	uint32_t n = 0;

	while ((node = hmap_walk(map, &bucket, node))) {
		struct number *number = container_of(node, struct number, node);

		assert_false(number->seen);
		number->seen = true;
		n++;
	}
	return n;
}

static void hmap_keeps(void **row)
{
	const struct crowd *crowd = *row;
	struct number *numbers = calloc(crowd->elements + 1, sizeof(*numbers));
	struct hmap map = {0};

	for (uint32_t i = 0; i < crowd->elements; i++) {
		numbers[i].value = i;
		hmap_insert(&map, &numbers[i].node, i % crowd->hashes);
		assert_true(map.count <= map.mask + 1);
	}
	assert_int_equal(map.count, crowd->elements);
	assert_int_equal(walk_all(&map), crowd->elements);
	for (uint32_t i = 0; i < crowd->elements; i += 2)
		hmap_remove(&map, &numbers[i].node);
	for (uint32_t i = 0; i < crowd->elements; i++)
		assert_int_equal(find_all(&map, i % crowd->hashes, i), i % 2);
	for (uint32_t i = 1; i < crowd->elements; i += 2)
		hmap_remove(&map, &numbers[i].node);
	assert_int_equal(map.count, 0);
	assert_int_equal(walk_all(&map), 0);
	assert_true(map.mask < 64); /* it shrank */
	hmap_free(&map);
	free(numbers);
}

static void hmap_empty_is_usable(void **state)
{
	struct hmap map = {0};
	struct number number = {.value = 1};

	(void)state;
	assert_null(hmap_first(&map, 1));
	hmap_free(&map);
	hmap_insert(&map, &number.node, 5);
	hmap_free(&map);
	assert_int_equal(map.count, 0);
	assert_null(hmap_first(&map, 5));
}

/* Hashes depend on each byte, on the length and on the key. */
static void hmap_hash_differs(void **state)
{
	const struct hkey key = {1, 2}, other = {1, 3};
	uint8_t data[33] = {0};
	uint32_t base;

	(void)state;
	for (size_t len = 0; len <= 33; len++) {
		base = hmap_hash(&key, data, len);
		assert_int_equal(base, hmap_hash(&key, data, len));
		assert_int_not_equal(base, hmap_hash(&other, data, len));
		if (len)
			assert_int_not_equal(base, hmap_hash(&key, data, len - 1));
		for (size_t i = 0; i < len; i++) {
			data[i] = 1;
			assert_int_not_equal(base, hmap_hash(&key, data, len));
			data[i] = 0;
		}
	}
}

/* seq */

static uint32_t next_value(const struct seq *seq, uint32_t *cursor)
{
	struct seq_link *link = seq_next(seq, cursor);

	return link ? seq_entry(link, struct number, order)->value : UINT32_MAX;
}

static void fill(struct seq *seq, struct number *numbers, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		numbers[i].value = i;
		seq_append(seq, &numbers[i].order);
	}
}

static void seq_keeps_order_over_holes(void **state)
{
	struct number numbers[64];
	struct seq seq = {0};
	uint32_t cursor = 0;

	(void)state;
	fill(&seq, numbers, 0, 64);
	for (uint32_t i = 0; i < 64; i += 3)
		seq_remove(&seq, &numbers[i].order);
	for (uint32_t i = 0; i < 64; i++)
		if (i % 3)
			assert_int_equal(next_value(&seq, &cursor), i);
	assert_null(seq_next(&seq, &cursor));
	assert_null(seq_next(&seq, &cursor));
	seq_free(&seq);
}

static void seq_packs_when_half_is_holes(void **state)
{
	struct number numbers[1000];
	struct seq seq = {0};
	uint32_t cursor = 0;

	(void)state;
	fill(&seq, numbers, 0, 8);
	for (uint32_t i = 8; i < 1000; i++) {
		fill(&seq, numbers, i, i + 1);
		seq_remove(&seq, &numbers[i - 8].order);
	}
	assert_int_equal(seq.count, 8);
	assert_true(seq.room <= 32);
	for (uint32_t i = 992; i < 1000; i++)
		assert_int_equal(next_value(&seq, &cursor), i);
	seq_free(&seq);
}

static void seq_held_keeps_cursors(void **state)
{
	struct number numbers[200];
	struct seq seq = {0};
	uint32_t cursor = 0;

	(void)state;
	fill(&seq, numbers, 0, 16);
	seq_hold(&seq);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(next_value(&seq, &cursor), i);
	for (uint32_t i = 0; i < 12; i++)
		seq_remove(&seq, &numbers[i].order);
	fill(&seq, numbers, 16, 200); /* would pack if nobody read */
	for (uint32_t i = 12; i < 200; i++)
		assert_int_equal(next_value(&seq, &cursor), i);
	assert_null(seq_next(&seq, &cursor));
	seq_release(&seq);
	seq_free(&seq);
}

static void seq_emptied_while_held(void **state)
{
	struct number numbers[20];
	struct seq seq = {0};
	uint32_t cursor = 0;

	(void)state;
	fill(&seq, numbers, 0, 5);
	seq_hold(&seq);
	seq_hold(&seq);
	assert_int_equal(next_value(&seq, &cursor), 0);
	for (uint32_t i = 0; i < 5; i++)
		seq_remove(&seq, &numbers[i].order);
	fill(&seq, numbers, 5, 6);
	assert_int_equal(next_value(&seq, &cursor), 5);
	seq_remove(&seq, &numbers[5].order);
	seq_release(&seq);
	assert_non_null(seq.slot);
	seq_release(&seq);
	assert_null(seq.slot); /* nothing in it, nobody reads: no memory */
}

/* One by one, those of a thousand numbers whose turn it is from @from to @to go and come back. */
static void churn(struct seq *seq, struct number *numbers, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		seq_remove(seq, &numbers[i % 1000].order);
		fill(seq, numbers, i % 1000, i % 1000 + 1);
	}
}

/* Fault: the slots of all that came and went stayed for as long as anybody was still reading. */
static void seq_watched_stays_small(void **state)
{
	struct number numbers[1000];
	struct seq seq = {0};

	(void)state;
	fill(&seq, numbers, 0, 1000);
	seq_watch(&seq);
	churn(&seq, numbers, 0, 1000000);
	assert_int_equal(seq.count, 1000);
	assert_true(seq.room <= 8192);
	seq_unwatch(&seq);
	seq_free(&seq);
}

static void seq_watched_keeps_cursors_or_tells(void **state)
{
	struct number numbers[1000];
	struct seq seq = {0};
	uint32_t cursor = 0, times = 0;

	(void)state;
	fill(&seq, numbers, 0, 1000);
	seq_watch(&seq);
	assert_int_equal(next_value(&seq, &cursor), 0);
	for (; seq.moves == 0 && times < 10000; times++) {
		uint32_t at = cursor;

		assert_int_equal(next_value(&seq, &at), times ? times % 1000 : 1);
		churn(&seq, numbers, times, times + 1);
	}
	assert_true(times > 2000 && times < 10000);
	seq_hold(&seq); /* now it must stay */
	churn(&seq, numbers, times, times + 20000);
	assert_int_equal(seq.moves, 1);
	seq_release(&seq);
	seq_unwatch(&seq);
	seq_free(&seq);
}

static void seq_for_each_may_remove(void **state)
{
	struct number numbers[50];
	struct seq seq = {0};
	struct seq_link *link;
	uint32_t cursor, n = 0;

	(void)state;
	fill(&seq, numbers, 0, 50);
	seq_for_each(link, cursor, &seq) {
		seq_remove(&seq, link);
		n++;
	}
	assert_int_equal(n, 50);
	assert_int_equal(seq.count, 0);
}

/* list */

static void list_body_may_remove(void **state)
{
	struct number numbers[4];
	struct list list, *pos, *tmp;
	uint32_t sum = 0;

	(void)state;
	list_init(&list);
	assert_true(list_empty(&list));
	for (uint32_t i = 0; i < 4; i++) {
		numbers[i].value = i;
		list_append(&list, &numbers[i].link);
	}
	list_for_each(pos, tmp, &list) {
		sum = sum * 10 + list_entry(pos, struct number, link)->value;
		list_remove(pos);
		list_remove(pos); /* in no list: nothing happens */
	}
	assert_int_equal(sum, 123);
	assert_true(list_empty(&list));
}

/* buf */

static void buf_grows_and_consumes(void **state)
{
	struct buf buf = {0};
	char block[1000];

	(void)state;
	assert_string_equal(buf_text(&buf), "");
	buf_add(&buf, NULL, 0);
	buf_consume(&buf, 10);
	assert_string_equal(buf_text(&buf), "");
	buf_puts(&buf, "abc");
	buf_putc(&buf, 'd');
	buf_printf(&buf, "%d-%s", 42, "e");
	buf_printf(&buf, "%s", "");
	assert_string_equal(buf_text(&buf), "abcd42-e");
	assert_int_equal(buf.len, 8);
	buf_consume(&buf, 4);
	assert_string_equal(buf_text(&buf), "42-e");
	buf_consume(&buf, 100);
	assert_int_equal(buf.len, 0);
	assert_string_equal(buf_text(&buf), "");
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 100; i++)
		buf_add(&buf, block, sizeof(block));
	assert_int_equal(strlen(buf_text(&buf)), 100000);
	memcpy(buf_reserve(&buf, 3), "yz", 3);
	buf.len += 2;
	assert_string_equal(buf_text(&buf) + 99999, "xyz");
	buf_printf(&buf, "%5000d", 7);
	assert_int_equal(strlen(buf_text(&buf)), 105002);
	buf_free(&buf);
	assert_string_equal(buf_text(&buf), "");
}

/* log */

#define REFUSED 99

static const struct level {
	const char *text;
	int level; /* or REFUSED */
} levels[] = {
	{"none", LOG_NOTHING},	{"emerg", LOG_EMERG},
	{"alert", LOG_ALERT},	{"crit", LOG_CRIT},
	{"err", LOG_ERR},	{"error", LOG_ERR},
	{"warn", LOG_WARNING},	{"warning", LOG_WARNING},
	{"notice", LOG_NOTICE}, {"info", LOG_INFO},
	{"debug", LOG_DEBUG},	{"NONE", LOG_NOTHING},
	{"Debug", LOG_DEBUG},	{"NoTiCe", LOG_NOTICE},
	{"non", LOG_NOTHING},	{"not", LOG_NOTICE},
	{"em", LOG_EMERG},	{"er", LOG_ERR},
	{"erro", LOG_ERR},	{"a", LOG_ALERT},
	{"c", LOG_CRIT},	{"w", LOG_WARNING},
	{"warni", LOG_WARNING}, {"i", LOG_INFO},
	{"D", LOG_DEBUG},	{"0", LOG_EMERG},
	{"3", LOG_ERR},		{"7", LOG_DEBUG},
	{"8", REFUSED},		{"-1", REFUSED},
	{"07", REFUSED},	{"", REFUSED},
	{"e", REFUSED},		{"n", REFUSED},
	{"no", REFUSED},	{"nothing", REFUSED},
	{"errors", REFUSED},	{"verbose", REFUSED},
	{" info", REFUSED},	{"info ", REFUSED},
	{"3x", REFUSED},
};

static void log_level(void **row)
{
	const struct level *want = *row;
	int level = 55;

	if (want->level == REFUSED) {
		assert_true(log_parse_level(want->text, &level) < 0);
		assert_int_equal(level, 55);
	} else {
		assert_int_equal(log_parse_level(want->text, &level), 0);
		assert_int_equal(level, want->level);
	}
}

/* Fault: "-l none" logged everything. */
static void log_none_wants_nothing(void **state)
{
	(void)state;
	log_open("test", LOG_TO_STDERR, LOG_NOTHING);
	for (int priority = LOG_EMERG; priority <= LOG_DEBUG; priority++)
		assert_false(log_wants(priority));
	log_open("test", LOG_TO_STDERR, LOG_WARNING);
	assert_true(log_wants(LOG_WARNING));
	assert_false(log_wants(LOG_NOTICE));
	log_open("test", 0, LOG_DEBUG);
	assert_false(log_wants(LOG_EMERG));
}

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

/* Leaves no room in a pipe; then a line is written; then a reader takes all that is there. */
static void line_for_slow_reader(const int pipe[2])
{
	char text[4096] = "";

	while (write(pipe[1], text, sizeof(text)) > 0)
		;
	log_err("a line");
	while (read(pipe[0], text, sizeof(text)) > 0)
		;
	log_err("a line that tells how many were dropped first");
}

/* Fault: each time that its pipe was full a slow reader cost 20 ms. */
static void log_waits_little_in_all(void **state)
{
	int pipe[2], saved = dup(STDERR_FILENO);
	struct timespec begin;
	long ms;

	(void)state;
	assert_int_equal(pipe2(pipe, O_NONBLOCK), 0);
	assert_int_equal(dup2(pipe[1], STDERR_FILENO), STDERR_FILENO);
	log_open("test", LOG_TO_STDERR, LOG_ERR);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int n = 0; n < 50; n++)
		line_for_slow_reader(pipe);
	ms = elapsed_ms(&begin);
	log_open("test", 0, LOG_ERR);
	dup2(saved, STDERR_FILENO);
	assert_in_range(ms, 15, 500);
	close(saved);
	close(pipe[0]);
	close(pipe[1]);
}

int main(void)
{
	struct unit unit = {0};

	UNIT_TABLE(&unit, hmap_keeps, crowds);
	UNIT_TEST(&unit, hmap_empty_is_usable);
	UNIT_TEST(&unit, hmap_hash_differs);
	UNIT_TEST(&unit, seq_keeps_order_over_holes);
	UNIT_TEST(&unit, seq_packs_when_half_is_holes);
	UNIT_TEST(&unit, seq_held_keeps_cursors);
	UNIT_TEST(&unit, seq_emptied_while_held);
	UNIT_TEST(&unit, seq_watched_stays_small);
	UNIT_TEST(&unit, seq_watched_keeps_cursors_or_tells);
	UNIT_TEST(&unit, seq_for_each_may_remove);
	UNIT_TEST(&unit, list_body_may_remove);
	UNIT_TEST(&unit, buf_grows_and_consumes);
	UNIT_TABLE(&unit, log_level, levels);
	UNIT_TEST(&unit, log_none_wants_nothing);
	UNIT_TEST(&unit, log_waits_little_in_all);
	return unit_run(&unit, "base");
}
