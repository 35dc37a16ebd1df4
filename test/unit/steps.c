/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "steps.h"

#include <stdio.h>
#include <string.h>

#define NAMES  7
#define CROWD  38 /* further names of a crowded world */
#define ENOUGH 20 /* rules or lines: rather remove some than add more */

static const char *const names[NAMES] = {"eth0", "eth1", "eth2", "eth10", "wg0", "wg1", "lan"};
static const char *const patterns[] = {"eth0", "eth1", "eth2",	"eth10", "wg0", "wg1",
				       "lan",  "eth+", "eth1+", "wg+",	 "+"};

static const struct {
	const char *word;
	enum step_kind kind;
} words_of[] = {
	{"cache", STEP_CACHE},	  {"new", STEP_NEW},	     {"gone", STEP_GONE_LINK},
	{"bounce", STEP_BOUNCE},  {"away", STEP_AWAY},	     {"home", STEP_HOME},
	{"rename", STEP_RENAME},  {"swap", STEP_SWAP},	     {"multicast", STEP_MULTICAST},
	{"touch", STEP_TOUCH},	  {"state", STEP_STATE},     {"drop", STEP_DROP},
	{"reload", STEP_RELOAD},  {"restate", STEP_RESTATE}, {"add", STEP_COMMAND},
	{"remove", STEP_COMMAND}, {"join", STEP_COMMAND},    {"leave", STEP_COMMAND},
	{"packet", STEP_PACKET},  {"late", STEP_LATE},	     {"wait", STEP_WAIT},
	{"flush", STEP_FLUSH},	  {"hold", STEP_HOLD},	     {"go", STEP_GO},
	{"deaf", STEP_DEAF},	  {"hear", STEP_HEAR},	     {"resync", STEP_RESYNC},
	{"refuse", STEP_REFUSE},  {"obey", STEP_OBEY},	     {"master", STEP_MASTER},
	{"sync", STEP_SYNC},
};

bool step_parse(struct step *step, const char *text)
{
	size_t len = strcspn(text, " ");

	memset(step, 0, sizeof(*step));
	for (size_t i = 0; i < ARRAY_SIZE(words_of); i++) {
		if (strlen(words_of[i].word) != len || strncmp(text, words_of[i].word, len) != 0)
			continue;
		step->kind = words_of[i].kind;
		step->rest = text + len + strspn(text + len, " ");
		sscanf(step->rest, "%15s %15s", step->name, step->other);
		if (step->kind == STEP_COMMAND)
			step->rest = text;
		return true;
	}
	return false;
}

bool step_edit(const struct step *step, struct model *model)
{
	if (step->kind == STEP_STATE && !model_file_add(model, step->rest))
		return false;
	if (step->kind == STEP_DROP && !model_file_drop(model, step->rest))
		return false;
	model_reload(model);
	return true;
}

/* splitmix64 */
unsigned int roll(struct generator *gen, unsigned int n)
{
	uint64_t z = (gen->dice += 0x9e3779b97f4a7c15U);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return (unsigned int)((z ^ (z >> 31)) % n);
}

static const char *any_name(struct generator *gen, char text[IFNAME_SIZE])
{
	if (gen->crowded && roll(gen, 6))
		snprintf(text, IFNAME_SIZE, "many%u", roll(gen, CROWD));
	else
		snprintf(text, IFNAME_SIZE, "%s", names[roll(gen, NAMES)]);
	return text;
}

static const char *any_pattern(struct generator *gen)
{
	if (gen->crowded && roll(gen, 4) == 0)
		return roll(gen, 2) ? "many+" : "many3";
	return patterns[roll(gen, ARRAY_SIZE(patterns))];
}

/* One that no interface has, if that is easily found. */
static const char *free_name(struct generator *gen, const struct model *model,
			     char text[IFNAME_SIZE])
{
	for (int tries = 0; tries < 8; tries++)
		if (!model_link(model, any_name(gen, text)))
			break;
	return text;
}

/* An interface that is there; any name when none is. */
static const char *some_link(struct generator *gen, const struct model *model,
			     char text[IFNAME_SIZE])
{
	if (!model->n_links)
		return any_name(gen, text);
	memcpy(text, model->links[roll(gen, (unsigned int)model->n_links)].info.name, IFNAME_SIZE);
	return text;
}

/* Statements and commands.  A command has the same words in the same order, without keywords. */

struct phrase {
	const char *from, *source, *group, *to;
};

static const struct phrase in_file = {" from ", " source ", " group ", " to"};
static const struct phrase in_command = {" ", " ", " ", ""};

static void say_except(struct generator *gen, unsigned int family, struct buf *out)
{
	unsigned int source = roll(gen, MODEL_SOURCES);

	buf_printf(out, " except %s", model_sources[family][source]);
	if (roll(gen, 3) == 0)
		buf_printf(out, ",%s", model_sources[family][!source]);
}

static void say_flow(struct generator *gen, const struct phrase *say, bool ranges, struct buf *out)
{
	static const char *const wide[FAMILIES][4] = {{"", "/24", "/8", "/0"},
						      {"", "/126", "/16", "/0"}};
	static const char *const of_sources[FAMILIES] = {"/16", "/32"};
	unsigned int f = roll(gen, FAMILIES);

	if (roll(gen, 2)) {
		buf_printf(out, "%s%s", say->source, model_sources[f][roll(gen, MODEL_SOURCES)]);
		if (ranges && roll(gen, 3) == 0)
			buf_puts(out, of_sources[f]);
	}
	buf_printf(out, "%s%s", say->group, model_groups[f][roll(gen, MODEL_GROUPS)]);
	if (ranges)
		buf_puts(out, wide[f][roll(gen, 4)]);
	else if (roll(gen, 3) == 0)
		buf_puts(out, f ? "/126" : "/30");
	if (ranges && say == &in_file && roll(gen, 6) == 0)
		say_except(gen, f, out);
}

static void say_oifs(struct generator *gen, struct buf *out)
{
	for (unsigned int n = roll(gen, 4); n; n--)
		buf_printf(out, " %s", any_pattern(gen));
}

static void say_route(struct generator *gen, const struct phrase *say, struct buf *out)
{
	buf_printf(out, "%s%s", say->from, any_pattern(gen));
	if (roll(gen, 8) == 0) {
		/* scopes of the groups in use, and others */
		unsigned int mask = 1u << roll(gen, 16) | (roll(gen, 2) ? 0x4020u : 0x0120u);

		buf_printf(out, "%s::%s::%s %u", say->source, say->group, say->to, mask);
	} else {
		say_flow(gen, say, true, out);
		buf_puts(out, say->to);
	}
	say_oifs(gen, out);
}

static void say_membership(struct generator *gen, const struct phrase *say, struct buf *out)
{
	buf_printf(out, "%s%s", say->from, any_pattern(gen));
	say_flow(gen, say, false, out);
}

static void gen_statement(struct generator *gen, struct buf *out)
{
	unsigned int kind = roll(gen, 10);

	if (kind == 0) {
		buf_printf(out, "state phyint %s %s ttl-threshold %u", any_pattern(gen),
			   roll(gen, 4) ? "enable" : "disable", 1 + roll(gen, 3));
	} else if (kind < 3) {
		buf_puts(out, "state mgroup");
		say_membership(gen, &in_file, out);
	} else {
		buf_puts(out, "state mroute");
		say_route(gen, &in_file, out);
	}
}

static void gen_new_rule(struct generator *gen, struct buf *out)
{
	if (roll(gen, 2)) {
		gen_statement(gen, out);
	} else if (roll(gen, 4)) {
		buf_puts(out, "add");
		say_route(gen, &in_command, out);
	} else {
		buf_puts(out, "join");
		say_membership(gen, &in_command, out);
	}
}

/* The words of a command that names the rule, perhaps for another IIF. */
static void say_rule(const struct stmt *st, const char *iif, struct buf *out)
{
	char text[PREFIX_TEXT];

	buf_printf(out, " %s", iif);
	if (!prefix_is_any(&st->source))
		buf_printf(out, " %s", prefix_format(&st->source, text));
	if (st->scopes != ALL_SCOPES)
		buf_printf(out, " :: %u", st->scopes);
	else
		buf_printf(out, " %s", prefix_format(&st->group, text));
}

/* A command against a rule there is: whole, some OIFs, or an IIF out of a wildcard. */
static void gen_unrule(struct generator *gen, const struct stmt *st, struct buf *out)
{
	char name[IFNAME_SIZE];

	if (st->kind == STMT_PHYINT)
		return;
	buf_puts(out, st->kind == STMT_MGROUP ? "leave" : "remove");
	if (st->kind == STMT_MROUTE && ifpat_is_wild(st->iif) && roll(gen, 2)) {
		say_rule(st, any_name(gen, name), out);
		return;
	}
	say_rule(st, st->iif, out);
	if (st->kind == STMT_MROUTE && st->n_oifs && roll(gen, 2))
		buf_printf(out, " %s", st->oifs[roll(gen, (unsigned int)st->n_oifs)]);
	if (st->kind == STMT_MROUTE && roll(gen, 8) == 0)
		buf_printf(out, " %s", any_pattern(gen));
}

static void gen_old_rule(struct generator *gen, const struct model *model, struct buf *out)
{
	if (model->n_rules && roll(gen, 2))
		gen_unrule(gen, &model->rules[roll(gen, (unsigned int)model->n_rules)].stmt, out);
	else if (model->n_file && roll(gen, 3))
		buf_printf(out, "drop %s", model->file[roll(gen, (unsigned int)model->n_file)]);
	else
		buf_puts(out, "reload");
}

static void gen_rule(struct generator *gen, const struct model *model, struct buf *out)
{
	bool many = model->n_rules > ENOUGH || model->n_file > ENOUGH;

	if (roll(gen, many ? 8 : 3))
		many ? gen_old_rule(gen, model, out) : gen_new_rule(gen, out);
	else
		many ? gen_new_rule(gen, out) : gen_old_rule(gen, model, out);
}

/* Links */

static void gen_link(struct generator *gen, const struct model *model, struct buf *out)
{
	static const char *const kinds[] = {"veth", "veth", "veth", "bridge", "macvlan"};
	unsigned int present = (unsigned int)model->n_links, most = gen->crowded ? 40 : NAMES;
	char a[IFNAME_SIZE], b[IFNAME_SIZE];

	if (roll(gen, most) >= present || (gen->crowded && present < 35)) {
		buf_printf(out, "%s %s %s", roll(gen, 4) ? "new" : "home", free_name(gen, model, a),
			   kinds[roll(gen, ARRAY_SIZE(kinds))]);
		return;
	}
	some_link(gen, model, a);
	switch (roll(gen, gen->crowded ? 20 : 10)) {
	case 0:
	case 1:
		buf_printf(out, "multicast %s %s", a, roll(gen, 2) ? "on" : "off");
		break;
	case 2:
	case 3:
		buf_printf(out, "rename %s %s", a, any_name(gen, b));
		break;
	case 4:
		buf_printf(out, "swap %s %s", a, some_link(gen, model, b));
		break;
	case 5:
		buf_printf(out, "bounce %s %s", a, roll(gen, 2) ? a : any_name(gen, b));
		break;
	case 6:
		buf_printf(out, "away %s", a);
		break;
	case 7:
		if (roll(gen, 2))
			buf_printf(out, "touch %s", a);
		else
			buf_printf(out, "master %s %s", a, some_link(gen, model, b));
		break;
	default:
		buf_printf(out, "gone %s", a);
	}
}

static void gen_packet(struct generator *gen, const struct model *model, struct buf *out)
{
	unsigned int f = roll(gen, FAMILIES);
	char name[IFNAME_SIZE];

	buf_printf(out, "%s %s %s %s", roll(gen, 8) ? "packet" : "late",
		   some_link(gen, model, name), model_sources[f][roll(gen, MODEL_SOURCES)],
		   model_groups[f][roll(gen, MODEL_GROUPS)]);
}

static void gen_time(struct generator *gen, struct buf *out)
{
	static const unsigned int spans[] = {1, 100, 1000, 2000, 2500, 10000};

	if (roll(gen, 8) == 0 || gen->live)
		buf_puts(out, "flush");
	else
		buf_printf(out, "wait %u", spans[roll(gen, ARRAY_SIZE(spans))]);
}

/* Times in which something is different begin now and then, and are over soon. */
static bool gen_mood(struct generator *gen, struct buf *out)
{
	unsigned int mood = roll(gen, 60);

	if (mood == 0 && !gen->live)
		buf_puts(out, "hold");
	else if (mood == 1)
		buf_puts(out, "deaf");
	else if (mood == 2 && !gen->live)
		buf_printf(out, "refuse %u", 10 + roll(gen, 30));
	else if (gen->holding && roll(gen, 4) == 0)
		buf_puts(out, "go");
	else if (gen->deaf && roll(gen, 5) == 0)
		buf_puts(out, roll(gen, 2) ? "hear" : "resync");
	else if (gen->refusing && roll(gen, 6) == 0)
		buf_puts(out, "obey");
	return out->len > 0;
}

static void gen_any(struct generator *gen, const struct model *model, struct buf *out)
{
	unsigned int kind = roll(gen, 16);

	if (gen->live && gen->deaf) /* it can't answer */
		gen_link(gen, model, out);
	else if (gen->live && roll(gen, 4) == 0)
		buf_puts(out, "sync");
	else if (gen->crowded && model->n_links < 30) /* the crowd is there soon */
		gen_link(gen, model, out);
	else if (kind < 3)
		gen_rule(gen, model, out);
	else if (kind < 8)
		gen_link(gen, model, out);
	else if (kind == 8)
		gen_time(gen, out);
	else if (kind == 9)
		buf_printf(out, "restate %u", roll(gen, 1000000));
	else if (kind == 10 && !gen->live)
		buf_puts(out, "resync");
	else
		gen_packet(gen, model, out);
}

void step_generate(struct generator *gen, const struct model *model, char text[STEP_TEXT])
{
	struct buf out = {0};
	struct step step;

	while (!out.len)
		if (!gen_mood(gen, &out))
			gen_any(gen, model, &out);
	snprintf(text, STEP_TEXT, "%s", buf_text(&out));
	buf_free(&out);
	step_parse(&step, text);
	gen->holding = step.kind == STEP_HOLD || (gen->holding && step.kind != STEP_GO);
	gen->deaf = step.kind == STEP_DEAF ||
		    (gen->deaf && step.kind != STEP_HEAR && step.kind != STEP_RESYNC);
	gen->refusing = step.kind == STEP_REFUSE || (gen->refusing && step.kind != STEP_OBEY);
}
