/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dialog: play every transcript on the engines and the session alone: whole, the client's bytes
 * one by one, and all bytes one by one; always at the edge of an unmapped page.
 *
 *     dialog-tests [transcript ...]
 *
 * Then every peer leaves at every byte of what it has to say, once politely and once with a reset.
 * All transcripts are played by several processes side by side, those that are named by one.
 *
 * Stricter than a player over sockets can be: whenever a peer speaks, everything that the proxy
 * said before must have been expected. At the end no memory of the session holds a password.
 */
#include "tests/dialog/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 /* virtual */, CUTS_MAX = 400, SHARES = 4 /* side by side */ };

/* A peer leaves behind so many bytes of all that it says. */
struct cut {
	bool on;
	enum script_wire wire;
	size_t after;
	enum script_kind how;
};

struct play {
	const struct script *script;
	struct world *world;
	size_t step;
	struct cut cut;
	size_t said[SCRIPT_WIRES];
};

static const char *const steps_names[] = {
	[WORLD_WHOLE] = "whole",
	[WORLD_CLIENT_ONES] = "client's bytes one by one",
	[WORLD_ALL_ONES] = "all bytes one by one",
};

static int dialog_fail(const struct play *p, const char *what, struct str want, struct str have)
{
	const struct script *s = p->script;
	int line = p->step < s->n ? s->steps[p->step].line : 0;

	fprintf(stderr, "[FAIL] %s.txt:%d: %s: %s\n", s->name, line, steps_names[p->world->steps],
		what);
	if (want.n) {
		fprintf(stderr, "    expected \"");
		script_print(want);
		fprintf(stderr, "\"\n");
	}
	fprintf(stderr, "    received \"");
	script_print(have);
	fprintf(stderr, "\"\n");
	return -1;
}

/* All that was said so far has been expected. */
static int dialog_silent(const struct play *p)
{
	for (int i = 0; i < SCRIPT_WIRES; i++) {
		struct str have = world_unread(p->world, (enum script_wire)i);

		if (have.n)
			return dialog_fail(p, "said too early", str_none(), have);
	}
	return 0;
}

/* Learn the salt from the line that waits, if this step has one to learn. */
static int dialog_learn(struct play *p, const struct script_step *step)
{
	struct str have = world_unread(p->world, step->wire);
	size_t n = str_find(have, '\r');

	if (step->wire != SCRIPT_CLIENT || !script_wants_salt(step->text, &p->world->vars))
		return 0;
	if (n == have.n || script_learn_salt(step->text, str_first(have, n), &p->world->vars))
		return dialog_fail(p, "not a salt", step->text, have);
	return 0;
}

/* Let time pass until `n` bytes wait on the wire, or nothing is due soon. */
static void dialog_wait(struct play *p, enum script_wire wire, size_t n)
{
	uint64_t end = p->world->env.now_ms + PATIENCE_MS, next;

	while (world_unread(p->world, wire).n < n && (next = world_next_ms(p->world)) <= end)
		world_pass(p->world, next);
}

static int dialog_expect(struct play *p, const struct script_step *step)
{
	struct str text, have;
	int result = 0;

	dialog_wait(p, step->wire, 1);
	if (dialog_learn(p, step))
		return -1;
	text = script_expand(step->text, &p->world->vars);
	dialog_wait(p, step->wire, text.n);
	have = world_unread(p->world, step->wire);
	if (str_eq(str_first(have, text.n), text))
		p->world->wires[step->wire].used += text.n;
	else
		result = dialog_fail(p, "something else came", text, have);
	free((void *)(uintptr_t)text.p);
	return result;
}

static int dialog_expect_close(struct play *p, const struct script_step *step)
{
	struct world_wire *wire = &p->world->wires[step->wire];
	uint64_t end = p->world->env.now_ms + PATIENCE_MS, next;
	struct str have;

	while (!wire->closed && (next = world_next_ms(p->world)) <= end)
		world_pass(p->world, next);
	have = world_unread(p->world, step->wire);
	if (step->kind == SCRIPT_EXPECT_END)
		wire->used = wire->from_n;
	else if (have.n)
		return dialog_fail(p, "bytes came before the close", str_none(), have);
	return wire->closed ? 0 : dialog_fail(p, "it does not close", str_none(), str_none());
}

static int dialog_quiet(struct play *p, const struct script_step *step)
{
	world_pass(p->world, p->world->env.now_ms + step->ms);
	return dialog_silent(p);
}

/* 1: the peer has left instead. */
static int dialog_say(struct play *p, enum script_wire wire, struct str text)
{
	size_t before = p->said[wire];

	p->said[wire] += text.n;
	if (!p->cut.on || p->cut.wire != wire || p->said[wire] <= p->cut.after) {
		world_send(p->world, wire, text);
		return 0;
	}
	world_send(p->world, wire, str_first(text, p->cut.after - before));
	world_hang_up(p->world, wire, p->cut.how);
	return 1;
}

static int dialog_send(struct play *p, const struct script_step *step)
{
	struct str text;
	int result;

	if (p->step > 0 && dialog_silent(p)) /* a client may speak before it hears the greeting */
		return -1;
	if (!p->world->wires[step->wire].open)
		return dialog_fail(p, "nobody is there to talk to", str_none(), str_none());
	text = script_expand(step->text, &p->world->vars);
	result = dialog_say(p, step->wire, text);
	free((void *)(uintptr_t)text.p);
	return result;
}

/* What went before it in plaintext has been expected. */
static int dialog_handshake(const struct play *p, const struct script_step *step)
{
	struct world *w = p->world;

	if (dialog_silent(p))
		return -1;
	world_shake_hands(w, step->wire);
	return w->wires[step->wire].shakes
		       ? dialog_fail(p, "no handshake is wanted", str_none(), str_none())
		       : 0;
}

static int dialog_step(struct play *p, const struct script_step *step)
{
	switch (step->kind) {
	case SCRIPT_SEND:
		return dialog_send(p, step);
	case SCRIPT_EXPECT:
		return dialog_expect(p, step);
	case SCRIPT_EXPECT_CLOSE:
	case SCRIPT_EXPECT_END:
		return dialog_expect_close(p, step);
	case SCRIPT_QUIET:
		return dialog_quiet(p, step);
	case SCRIPT_CLOSE:
	case SCRIPT_SHUT:
	case SCRIPT_RESET:
		world_hang_up(p->world, step->wire, step->kind);
		return 0;
	case SCRIPT_STOP:
	case SCRIPT_GO:
	case SCRIPT_QUIT: /* of a real process */
		abort();
	case SCRIPT_TLS:
		return dialog_handshake(p, step);
	case SCRIPT_LOG:
		return 0;
	}
	abort();
}

/* The log has the L: lines, in their order. */
static int dialog_log(struct play *p)
{
	const char *line = p->world->log.lines ? p->world->log.lines : "";

	for (p->step = 0; p->step < p->script->n; p->step++) {
		struct script_step *step = &p->script->steps[p->step];
		struct str want;

		if (step->kind != SCRIPT_LOG)
			continue;
		want = script_expand(step->text, &p->world->vars);
		while (*line && strncmp(line, (const char *)want.p, want.n) != 0)
			line += strcspn(line, "\n") + 1;
		if (!*line)
			return dialog_fail(p, "not in the log", want,
					   str_of(p->world->log.lines, p->world->log.n));
		line += strcspn(line, "\n") + 1;
		free((void *)(uintptr_t)want.p);
	}
	return 0;
}

static int dialog_forgot(struct play *p)
{
	static const struct str secrets[] = {STR_INIT("secret"),   STR_INIT("tanstaaf"),
					     STR_INIT("better"),   STR_INIT("c2VjcmV0"),
					     STR_INIT("zZWNyZXQ"), STR_INIT("key to the city")};

	if (world_remembers(p->world, secrets, sizeof(secrets) / sizeof(secrets[0])))
		return dialog_fail(p, "memory holds a password", str_none(), str_none());
	if (p->world->env.desks.used)
		return dialog_fail(p, "a desk is lost", str_none(), str_none());
	return 0;
}

/* Every peer leaves; the session has to end, silently if nobody left early, and to forget. */
static int dialog_end(struct play *p)
{
	struct world *w = p->world;
	uint64_t end = w->env.now_ms + PATIENCE_MS, next;

	world_hang_up(w, SCRIPT_CLIENT, SCRIPT_SHUT);
	world_hang_up(w, SCRIPT_AUTH, SCRIPT_CLOSE);
	if (w->wires[SCRIPT_BACK].closed || p->cut.on)
		world_hang_up(w, SCRIPT_BACK, SCRIPT_CLOSE);
	while (!w->over && (next = world_next_ms(w)) <= end)
		world_pass(w, next);
	if (!w->over)
		return dialog_fail(p, "it does not end", str_none(), str_none());
	if (!p->cut.on && dialog_silent(p))
		return -1;
	return dialog_forgot(p);
}

static int dialog_play(struct play *p, enum world_steps steps)
{
	const struct script *s = p->script;
	int result = 0;

	p->step = 0;
	memset(p->said, 0, sizeof(p->said));
	world_start(p->world, steps);
	while (!result && p->step < s->n) {
		result = dialog_step(p, &s->steps[p->step]);
		p->step += !result;
	}
	if (result >= 0)
		result = dialog_end(p);
	if (!result && !p->cut.on)
		result = dialog_log(p);
	world_stop(p->world);
	if (result && p->cut.on)
		fprintf(stderr, "    when the %s leaves behind byte %zu\n",
			p->cut.wire == SCRIPT_CLIENT ? "client"
			: p->cut.wire == SCRIPT_AUTH ? "auth service"
						     : "backend",
			p->cut.after);
	return result;
}

/* One peer leaves at every byte of the `total` that it says; long talks are sampled. */
static int dialog_leave(struct play *p, enum script_kind how, size_t total)
{
	size_t stride = total / CUTS_MAX + 1;
	int result = 0;

	p->cut.on = true;
	p->cut.how = how;
	for (p->cut.after = 0; !result && p->cut.after < total; p->cut.after += stride)
		result = dialog_play(p, WORLD_WHOLE);
	p->cut.on = false;
	return result;
}

static void dialog_count(int result, unsigned *passed, unsigned *failed)
{
	++*(result ? failed : passed);
}

static void dialog_script(const struct script *s, unsigned *passed, unsigned *failed)
{
	static struct world world;
	struct play p = {.script = s, .world = &world};
	size_t said[SCRIPT_WIRES];

	if (world_init(&world, s)) {
		fprintf(stderr, "[FAIL] %s.txt: its configuration is wrong\n", s->name);
		++*failed;
		return;
	}
	for (int steps = WORLD_WHOLE; steps <= WORLD_ALL_ONES; steps++)
		if (steps == WORLD_WHOLE || !s->whole_only)
			dialog_count(dialog_play(&p, (enum world_steps)steps), passed, failed);
	memcpy(said, p.said, sizeof(said));
	for (int wire = 0; wire < SCRIPT_WIRES; wire++) {
		p.cut.wire = (enum script_wire)wire;
		dialog_count(dialog_leave(&p, SCRIPT_CLOSE, said[wire]), passed, failed);
		dialog_count(dialog_leave(&p, SCRIPT_RESET, said[wire]), passed, failed);
	}
	world_done(&world);
}

static void dialog_file(const char *path, unsigned *passed, unsigned *failed)
{
	struct script *s = script_load(path, SCRIPT_RINGPOST);

	if (!s)
		++*failed;
	else if (!s->twin)
		dialog_script(s, passed, failed);
	script_free(s);
}

/* Every SHARES-th transcript, in a process of its own; its sums go through the pipe. */
static _Noreturn void dialog_share(char **paths, size_t share, int pipe_fd)
{
	unsigned sums[2] = {0, 0};

	for (size_t i = 0; paths[i]; i++)
		if (i % SHARES == share)
			dialog_file(paths[i], &sums[0], &sums[1]);
	exit(write(pipe_fd, sums, sizeof(sums)) != sizeof(sums));
}

/* Play them all, by shares. Who does not come to its end has failed. */
static void dialog_all(char **paths, unsigned *passed, unsigned *failed)
{
	unsigned sums[2];
	int fds[2], status;

	if (pipe(fds))
		abort();
	for (size_t share = 0; share < SHARES; share++)
		if (fork() == 0)
			dialog_share(paths, share, fds[1]);
	for (int i = 0; i < SHARES; i++)
		*failed += wait(&status) < 0 || status != 0;
	close(fds[1]);
	while (read(fds[0], sums, sizeof(sums)) == sizeof(sums)) {
		*passed += sums[0];
		*failed += sums[1];
	}
	close(fds[0]);
}

int main(int argc, char **argv)
{
	char **paths = script_list(argv + 1);
	unsigned passed = 0, failed = 0;

	if (paths && argc == 1)
		dialog_all(paths, &passed, &failed);
	for (size_t i = 0; paths && paths[i]; i++) {
		if (argc > 1) /* a few: here, where a debugger sees them */
			dialog_file(paths[i], &passed, &failed);
		free(paths[i]);
	}
	free(paths);
	printf("dialog: %u passed, %u failed\n", passed, failed);
	return failed != 0 || passed == 0;
}
