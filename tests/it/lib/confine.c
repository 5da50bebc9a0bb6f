/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confine: the profile is read as Docker reads it (names, action, errnoRet, args), and becomes a
 * filter by libseccomp, which is what Docker's runtime uses.
 */
#include "tests/it/lib/confine.h"

#include <errno.h>
#include <jansson.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PROFILE "tools/seccomp-ringpost.json"

enum { ARGS_MAX = 6 };

_Noreturn static void give_up(const char *what)
{
	dprintf(2, "confine: %s\n", what);
	_exit(126);
}

static void deny(const char *call)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (!filter ||
	    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), seccomp_syscall_resolve_name(call),
			     0) != 0 ||
	    seccomp_load(filter) != 0)
		give_up(call);
	seccomp_release(filter);
}

void confine_no_setup(void)
{
	deny("io_uring_setup");
}

void confine_no_enter(void)
{
	deny("io_uring_enter");
}

/* ---- the profile ---- */

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static int read_arg(const json_t *a, struct scmp_arg_cmp *to)
{
	const char *op = text_of(a, "op");

	to->arg = (unsigned)json_integer_value(json_object_get(a, "index"));
	to->datum_a = (scmp_datum_t)json_integer_value(json_object_get(a, "value"));
	to->datum_b = (scmp_datum_t)json_integer_value(json_object_get(a, "valueTwo"));
	to->op = SCMP_CMP_EQ;
	if (!strcmp(op, "SCMP_CMP_MASKED_EQ"))
		to->op = SCMP_CMP_MASKED_EQ;
	else if (strcmp(op, "SCMP_CMP_EQ") != 0)
		return -1;
	return 0;
}

/* NULL, or what is wrong. A name that this machine does not have is none of its calls. */
static const char *add_name(scmp_filter_ctx filter, const json_t *rule, const char *name)
{
	struct scmp_arg_cmp args[ARGS_MAX];
	const json_t *list = json_object_get(rule, "args");
	size_t n = json_array_size(list);
	int call = seccomp_syscall_resolve_name(name);
	uint32_t action = SCMP_ACT_ALLOW;

	if (call == __NR_SCMP_ERROR)
		return name;
	if (!strcmp(text_of(rule, "action"), "SCMP_ACT_ERRNO"))
		action = SCMP_ACT_ERRNO(
			(uint16_t)json_integer_value(json_object_get(rule, "errnoRet")));
	else if (strcmp(text_of(rule, "action"), "SCMP_ACT_ALLOW") != 0)
		return "an action that is neither ALLOW nor ERRNO";
	for (size_t i = 0; i < n && i < ARGS_MAX; i++)
		if (read_arg(json_array_get(list, i), &args[i]))
			return "an operator";
	if (call < 0)
		return NULL;
	return seccomp_rule_add_array(filter, action, call, (unsigned)n, args) ? name : NULL;
}

static const char *add_rules(scmp_filter_ctx filter, const json_t *profile)
{
	const char *wrong = NULL;
	size_t i, k;
	json_t *rule, *name;

	if (strcmp(text_of(profile, "defaultAction"), "SCMP_ACT_ERRNO") != 0)
		return "defaultAction";
	if (!json_array_size(json_object_get(profile, "syscalls")))
		return "no syscalls";
	json_array_foreach(json_object_get(profile, "syscalls"), i, rule)
	{
		if (!json_array_size(json_object_get(rule, "names")))
			return "a rule without names";
		json_array_foreach(json_object_get(rule, "names"), k, name)
		{
			wrong = wrong ? wrong : add_name(filter, rule, json_string_value(name));
		}
	}
	return wrong;
}

/* NULL with *filter, or what is wrong. */
static const char *make_filter(scmp_filter_ctx *filter)
{
	json_t *profile = json_load_file(PROFILE, JSON_REJECT_DUPLICATES, NULL);
	const char *wrong;

	*filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (!profile || !*filter)
		return PROFILE " is no JSON";
	wrong = add_rules(*filter, profile);
	json_decref(profile);
	return wrong;
}

void confine_profile(void)
{
	scmp_filter_ctx filter;
	const char *wrong = make_filter(&filter);

	if (wrong || seccomp_load(filter) != 0)
		give_up(wrong ? wrong : "seccomp_load");
	seccomp_release(filter);
}

const char *confine_check_profile(void)
{
	scmp_filter_ctx filter;
	const char *wrong = make_filter(&filter);

	seccomp_release(filter);
	return wrong;
}

/* ---- resource limits ---- */

static void limit(int resource, rlim_t value)
{
	struct rlimit l = {value, value};

	if (setrlimit((__rlimit_resource_t)resource, &l) != 0)
		give_up("setrlimit");
}

void confine_few_files(void)
{
	limit(RLIMIT_NOFILE, 64);
}

void confine_no_files(void)
{
	limit(RLIMIT_NOFILE, 16);
}

void confine_little_locked(void)
{
	limit(RLIMIT_MEMLOCK, 64 << 10);
}

void confine_no_locked(void)
{
	limit(RLIMIT_MEMLOCK, 0);
}

void confine_little_space(void)
{
	limit(RLIMIT_AS, 100 * 1000 * 1000);
}
