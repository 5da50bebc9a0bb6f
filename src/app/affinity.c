/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * affinity: reads masks like 0101, the last digit being processor 0, and hands them out: one for
 * each thread, the last one for all that follow; with auto, one processor of the mask for each.
 */
#include "app/affinity.h"

#include "base/out.h"
#include "app/conf_error.h"
#include "app/conf_pool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int read_mask(struct conf_build *b, const struct conf_call *c, struct str text,
		     cpu_set_t *to)
{
	unsigned cpu = 0;

	if (text.n > CPU_SETSIZE)
		return conf_error_at(b->error, c->where, "\"%s\" supports up to %d CPUs only",
				     c->row->name, CPU_SETSIZE);
	CPU_ZERO(to);
	for (size_t i = text.n; i-- > 0;) {
		if (text.p[i] == ' ')
			continue;
		if (text.p[i] != '0' && text.p[i] != '1')
			return conf_error_at(b->error, c->where,
					     "invalid character \"%c\" in \"%s\"", text.p[i],
					     c->row->name);
		if (text.p[i] == '1')
			CPU_SET(cpu, to);
		cpu++;
	}
	return 0;
}

static void all_processors(cpu_set_t *to)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	CPU_ZERO(to);
	for (long i = 0; i < n && i < CPU_SETSIZE; i++)
		CPU_SET((size_t)i, to);
}

int affinity_set(struct conf_build *b, const struct conf_call *c)
{
	struct conf_affinity *a = conf_table_field(c);
	bool choose = str_eq(c->args[0].text, STR("auto"));
	cpu_set_t *masks = conf_pool_take(b->pool, c->n * sizeof(*masks));

	if (choose && c->n > 2)
		return conf_error_at(b->error, c->where,
				     "invalid number of arguments in \"%s\" directive",
				     c->row->name);
	if (choose)
		all_processors(&masks[0]);
	for (uint32_t i = choose; i < c->n; i++)
		if (read_mask(b, c, c->args[i].text, &masks[i]))
			return -1;
	*a = choose ? (struct conf_affinity){&masks[c->n - 1], 1, true}
		    : (struct conf_affinity){masks, c->n, false};
	return 0;
}

bool affinity_of(const struct conf_affinity *a, uint32_t index, cpu_set_t *to)
{
	size_t cpu = 0;

	if (a->n == 0)
		return false;
	if (!a->choose) {
		*to = a->masks[index < a->n ? index : a->n - 1];
		return true;
	}
	if (CPU_COUNT(&a->masks[0]) == 0)
		return false;
	for (index %= (uint32_t)CPU_COUNT(&a->masks[0]);; cpu++) {
		if (CPU_ISSET(cpu, &a->masks[0]) && index-- == 0)
			break;
	}
	CPU_ZERO(to);
	CPU_SET(cpu, to);
	return true;
}

static void note(struct logger *logger, enum log_level level, struct out *text)
{
	logger->write(logger, &(struct log_line){.level = level, .message = out_data(text)});
	out_reset(text);
}

void affinity_apply(const struct conf_affinity *a, uint32_t index, struct logger *logger)
{
	char room[160];
	struct out o;
	cpu_set_t set;

	if (!affinity_of(a, index, &set))
		return;
	out_init(&o, room, sizeof(room));
	for (size_t i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &set))
			continue;
		out_lit(&o, "sched_setaffinity(): using cpu #");
		out_u64(&o, i);
		note(logger, LEVEL_NOTICE, &o);
	}
	if (sched_setaffinity(0, sizeof(set), &set) == 0)
		return;
	out_lit(&o, "sched_setaffinity() failed (");
	out_u64(&o, (uint64_t)errno);
	out_lit(&o, ": ");
	out_str(&o, str_cstr(strerrordesc_np(errno)));
	out_lit(&o, ")");
	note(logger, LEVEL_ALERT, &o);
}
