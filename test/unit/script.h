/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * script: stories about the engine and the judging kernel, told as lines of text.
 *
 * A story is one case; it fails at the first line that does not come true.  After each line the
 * engine settles, the fake must have no objection, settling again must find nothing to do, and at
 * the end engine_clear() must leave nothing behind.
 *
 *   link INDEX NAME [nomc] [down]  the kernel has such a link now, and tells
 *   links FROM TO PREFIX           many of them: PREFIXFROM to PREFIXTO
 *   gone INDEX                     it has it no more, and tells
 *   unheard link ... | unheard gone ...   the same, but nobody tells
 *   resync                         the engine is told all links there are
 *   hold | go                      in between nothing settles
 *   file STATEMENT                 a line of the next configuration
 *   load                           that configuration replaces the present one
 *   add|remove|join|leave ...      a command that must succeed
 *   fail COMMAND => TEXT           one that must be refused with this text
 *   packet IF SOURCE GROUP         goes through the fake; an upcall is told
 *   upcall VIF SOURCE GROUP        an upcall out of the blue
 *   wait MS                        time goes by; engine_tick() is called now and when it said
 *   flush
 *   refuse OP ERRNO [AFTER [TIMES]]   that operation fails, after it worked so often, so often
 *   obey                           nothing fails any more
 *   mfc SOURCE GROUP IIF [OIF[:TTL] ...]   the kernel's entry; "#N" is a VIF that is not there
 *   nomfc SOURCE GROUP
 *   mfcs N | members N | learned N | flows N | vifs N   how many there are
 *   vif NAME N | mif NAME N        its number in the kernel; "-" = none
 *   member NAME [SOURCE] GROUP | nomember NAME [SOURCE] GROUP
 *   did [OP ...]                   operations since the last "did", refused ones too
 *   mark                           forget what was done, noted and told before
 *   rule STATEMENT => STATE [TEXT] how it fares; TEXT is part of the reason
 *   rule-on LINK STATEMENT => STATE [TEXT]   on one of the links that its wildcard names
 *   event [install|remove SOURCE GROUP]    the next one told to the listener; none
 *   noted TEXT | silent            a line for the log holds TEXT; there was none since
 */
#ifndef TEST_SCRIPT_H
#define TEST_SCRIPT_H

#define STORY_LINES 80

struct story {
	const char *name;
	const char *lines[STORY_LINES]; /* ends with NULL */
};

/* A case for unit_add_rows(): the row is a struct story. */
void script_run(void **row);

#endif
