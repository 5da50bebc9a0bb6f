/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel_sim: the channels of the program under test. Owns the toy behind each, which is all
 * there is of a connection, until channel_close(). Never looks at what plain bytes mean.
 */
#include "tests/sim/channel_sim.h"

#include "base/must.h"
#include "tests/sim/state.h"

#include <stdlib.h>
#include <string.h>

/* Of one turn: whatever the program's own budget is, a turn shall be over soon. */
enum { EXPENSIVE_CALLS_MAX = 16, COMPUTING_US = 400 };

struct wolf {
	struct toy toy;
	const struct channel *self; /* a channel that was moved is a stranger */
	struct wolf *next, **at;
	uint32_t room_min;    /* of channel_write() */
	enum channel_ev last; /* bad news that wait behind data */
	bool hasty;           /* may return after each record */
};

struct connector_sessions {
	uint32_t places, n, oldest;
	uint64_t peers[];
};

static struct {
	struct wolf *first;
	uint32_t open, stores;
	uint64_t handshakes;
	uint64_t turn;
	unsigned expensive; /* calls in this turn */
} all;

/* ---- a world's account ---- */

void channel_sim_clear(void)
{
	while (all.first) {
		struct wolf *w = all.first;

		all.first = w->next;
		toy_close(&w->toy);
		free(w);
	}
	memset(&all, 0, sizeof(all));
}

uint32_t channel_sim_open(void)
{
	return all.open;
}

uint32_t channel_sim_stores(void)
{
	return all.stores;
}

uint64_t channel_sim_handshakes(void)
{
	return all.handshakes;
}

static void count_expensive(void)
{
	if (all.turn != kernel_turns())
		all.expensive = 0;
	all.turn = kernel_turns();
	kernel_spend(COMPUTING_US);
	if (++all.expensive > EXPENSIVE_CALLS_MAX)
		kernel_violation("handshake-budget", "%u steps of handshakes in one turn",
				 all.expensive);
}

static void misuse(const char *what)
{
	kernel_violation("channel-misuse", "%s", what);
}

/* ---- what is resumed ---- */

/* A number of a peer may come from an address of this process: where it is kept must not depend on
 * it, or a seed would not tell all. */
static bool knows(const struct connector_sessions *s, uint64_t peer)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->peers[i] == peer)
			return true;
	return false;
}

static void learn(struct connector_sessions *s, uint64_t peer)
{
	if (knows(s, peer))
		return;
	s->peers[s->oldest] = peer;
	s->oldest = (s->oldest + 1) % s->places;
	s->n += s->n < s->places;
}

/* ---- opening and closing ---- */

static void join(struct channel *c, enum toy_role role, const struct toy_plan *plan)
{
	struct wolf *w = calloc(1, sizeof(*w));

	must(w != NULL);
	toy_open(&w->toy, role, plan);
	w->self = c;
	w->room_min = chance_of(5000) ? CHANNEL_OUT_MIN : 2048;
	w->hasty = chance_of(5000);
	w->next = all.first;
	w->at = &all.first;
	if (w->next)
		w->next->at = &w->next;
	all.first = w;
	all.open++;
	c->wolf = w;
}

void channel_accept(struct channel *c, const struct acceptor *a)
{
	struct toy_plan plan;

	if (!a)
		misuse("no acceptor");
	memset(c, 0, sizeof(*c));
	c->acceptor = a;
	toy_plan_any(&plan);
	plan.asks = a && a->verify != TLS_VERIFY_OFF;
	join(c, TOY_SERVER, &plan);
}

int channel_connect(struct channel *c, const struct connector *k,
		    struct connector_sessions *sessions, uint64_t peer)
{
	struct toy_plan plan;

	if (!k)
		misuse("no connector");
	memset(c, 0, sizeof(*c));
	if (fault_strikes(FAULT_CHANNEL))
		return -1;
	c->connector = k;
	c->sessions = sessions;
	c->peer = peer;
	toy_plan_any(&plan);
	plan.verifies = k && k->verify;
	plan.certificate = 0;
	plan.resumes = sessions && knows(sessions, peer);
	join(c, TOY_CLIENT, &plan);
	return 0;
}

void channel_close(struct channel *c)
{
	struct wolf *w = c->wolf;

	if (w) {
		if (w->self != c)
			misuse("closed after it was moved");
		if (w->next)
			w->next->at = w->at;
		*w->at = w->next;
		all.open--;
		toy_close(&w->toy);
		buf_wipe_memory(w, sizeof(*w));
		free(w);
	}
	memset(c, 0, sizeof(*c));
}

/* ---- the four sides ---- */

/* True: this call may go on. */
static bool is_proper(const struct channel *c, const char *call)
{
	struct wolf *w = c->wolf;

	if (!w)
		misuse(call);
	else if (w->self != c)
		misuse("a channel was moved");
	else if (c->error)
		misuse(call);
	else
		return true;
	return false;
}

static enum channel_ev fail(struct channel *c)
{
	c->error = -313;
	return CHANNEL_FAILED;
}

static enum channel_ev came_up(struct channel *c)
{
	struct wolf *w = c->wolf;

	all.handshakes++;
	c->resumed = w->toy.resumed;
	if (c->sessions)
		learn(c->sessions, c->peer);
	return CHANNEL_UP;
}

static enum channel_ev shake(struct channel *c, struct buf *in, struct out *out)
{
	struct toy *t = &c->wolf->toy;

	if (t->role == TOY_CLIENT && !t->greeted)
		toy_greet(t, out);
	for (;;) {
		enum toy_ev ev = toy_step(t, in, out);

		switch (ev) {
		case TOY_MORE:
			return CHANNEL_MORE;
		case TOY_IS_UP:
			return came_up(c);
		case TOY_FAILED:
			return fail(c);
		case TOY_IDLE:
			break;
		case TOY_DATA:
		case TOY_CLOSED:
			must(false);
		}
	}
}

/* The program got on if anything was taken or written. */
static enum channel_ev got_on(enum channel_ev ev, size_t moved)
{
	if (moved || ev == CHANNEL_UP || ev == CHANNEL_FAILED || ev == CHANNEL_CLOSED)
		kernel_progress();
	return ev;
}

enum channel_ev channel_handshake(struct channel *c, struct buf *in, struct out *out)
{
	size_t had = buf_len(in), wrote = out->n;
	unsigned steps = c->wolf ? c->wolf->toy.steps : 0;
	enum channel_ev ev;

	if (!is_proper(c, "a handshake of a channel that is not open, or has failed"))
		return CHANNEL_FAILED;
	if (toy_is_up(&c->wolf->toy)) {
		misuse("a handshake after the handshake");
		return CHANNEL_FAILED;
	}
	if (out_room(out) < CHANNEL_OUT_MIN)
		return CHANNEL_FULL;
	if (fault_strikes(FAULT_CHANNEL))
		return fail(c);
	ev = shake(c, in, out);
	if (c->wolf->toy.steps > steps)
		count_expensive();
	return got_on(ev, had - buf_len(in) + (out->n - wrote));
}

static void deliver(struct toy *t, struct channel_plain *plain)
{
	struct str s = str_first(toy_plain(t), plain->room - plain->n);

	if (!s.n)
		return;
	memcpy(plain->p + plain->n, s.p, s.n);
	plain->n += s.n;
	toy_take(t, s.n);
}

/* Until there is no more, no room, or it is as much as this channel gives at a time. */
static enum channel_ev read_some(struct channel *c, struct buf *in, struct out *out,
				 struct channel_plain *plain)
{
	struct wolf *w = c->wolf;

	deliver(&w->toy, plain);
	while (!w->last && plain->n < plain->room && !(plain->n && w->hasty) &&
	       out_room(out) >= CHANNEL_OUT_MIN) {
		enum toy_ev ev;

		/* Data first, bad news with the next call. */
		if (plain->n && !buf_len(in))
			break;
		ev = toy_step(&w->toy, in, out);
		if (ev == TOY_MORE)
			break;
		if (ev == TOY_DATA)
			deliver(&w->toy, plain);
		if (ev == TOY_FAILED || ev == TOY_CLOSED) {
			w->last = ev == TOY_FAILED ? CHANNEL_FAILED : CHANNEL_CLOSED;
			break;
		}
	}
	if (plain->n)
		return CHANNEL_PLAIN;
	if (w->last == CHANNEL_FAILED)
		return fail(c);
	return w->last ? w->last : buf_len(in) ? CHANNEL_FULL : CHANNEL_MORE;
}

static bool overlap(struct str a, const struct channel_plain *b)
{
	return a.n && a.p < b->p + b->room && b->p < a.p + a.n;
}

enum channel_ev channel_read(struct channel *c, struct buf *in, struct out *out,
			     struct channel_plain *plain)
{
	size_t had = buf_len(in), wrote = out->n;

	plain->n = 0;
	/* It says so again. */
	if (c->error)
		return CHANNEL_FAILED;
	if (!is_proper(c, "a read of a channel that is not open, or has failed"))
		return CHANNEL_FAILED;
	if (!toy_is_up(&c->wolf->toy) && c->wolf->last != CHANNEL_FAILED)
		misuse("a read before the handshake is over");
	else if (!plain->room)
		misuse("a read without room");
	else if (overlap(buf_data(in), plain) || overlap(str_of(out->base, out->size), plain))
		misuse("plain and cipher bytes overlap");
	else if (out_room(out) < CHANNEL_OUT_MIN)
		return CHANNEL_FULL;
	else if (!fault_strikes(FAULT_CHANNEL))
		return got_on(read_some(c, in, out, plain),
			      had - buf_len(in) + plain->n + (out->n - wrote));
	return fail(c);
}

size_t channel_write(struct channel *c, struct str plain, struct out *out)
{
	struct wolf *w = c->wolf;
	size_t done = 0, n;

	if (c->error)
		return 0;
	if (!is_proper(c, "a write to a channel that is not open, or has failed"))
		return 0;
	if (w->last == CHANNEL_FAILED)
		return 0;
	if (!toy_is_up(&w->toy) || w->toy.bye) {
		misuse(w->toy.bye ? "a write behind close_notify"
				  : "a write before the handshake is over");
		return 0;
	}
	if (plain.n && fault_strikes(FAULT_CHANNEL)) {
		(void)fail(c);
		return 0;
	}
	while (out_room(out) >= w->room_min &&
	       (n = toy_write(&w->toy, str_from(plain, done), out)) > 0)
		done += n;
	if (done)
		kernel_progress();
	return done;
}

void channel_bye(struct channel *c, struct out *out)
{
	if (channel_is_up(c))
		toy_bye(&c->wolf->toy, out);
}

bool channel_is_up(const struct channel *c)
{
	return channel_is_sound(c) && toy_is_up(&c->wolf->toy);
}

bool channel_is_sound(const struct channel *c)
{
	return c->wolf && !c->error && !toy_has_failed(&c->wolf->toy);
}

struct str channel_why(const struct channel *c)
{
	if (channel_is_sound(c))
		misuse("why, of a channel that has not failed");
	return c->wolf && c->wolf->toy.why ? str_cstr(c->wolf->toy.why) : STR("no memory");
}

/* ---- certificates ---- */

static const struct {
	int error;
	struct str text;
} verdicts[] = {
	{0, STR_INIT("ok")}, /* none */
	{0, STR_INIT("ok")},
	{10, STR_INIT("certificate has expired")},
	{18, STR_INIT("self-signed certificate")},
};

int channel_sim_error(uint8_t certificate)
{
	must(certificate < sizeof(verdicts) / sizeof(verdicts[0]));
	return verdicts[certificate].error;
}

struct channel_verified channel_verified(const struct channel *c)
{
	const struct toy *t = &c->wolf->toy;
	struct channel_verified v = {.asked = c->acceptor ? t->plan.asks : t->plan.verifies,
				     .came = t->peer_certificate != 0};

	if (!channel_is_up(c) && !c->connector)
		misuse("verified before the handshake is over");
	if (!v.asked)
		return v;
	v.error = channel_sim_error(t->peer_certificate);
	v.text = verdicts[t->peer_certificate].text;
	if (c->acceptor && c->acceptor->verify == TLS_VERIFY_OPTIONAL_NO_CA && v.error == 18)
		v.error = 0;
	return v;
}

enum channel_client channel_judge(const struct channel *c)
{
	enum tls_verify verify = c->acceptor ? c->acceptor->verify : TLS_VERIFY_OFF;
	struct channel_verified v = channel_verified(c);

	if (verify == TLS_VERIFY_ON && !v.came)
		return CHANNEL_CLIENT_NONE;
	return v.asked && v.came && v.error ? CHANNEL_CLIENT_BAD : CHANNEL_CLIENT_OK;
}

bool channel_is_resumed(const struct channel *c)
{
	return c->resumed;
}

void channel_facts(const struct channel *c, struct arena *a, struct auth_http_tls *facts)
{
	struct channel_verified v = channel_verified(c);

	(void)a;
	*facts = (struct auth_http_tls){
		.protocol = c->wolf->toy.two_trips ? STR("TLSv1.2") : STR("TLSv1.3"),
		.cipher = STR("TOY-WITH-NOTHING"),
	};
	if (v.asked)
		facts->verify = !v.came   ? STR("NONE")
				: v.error ? STR("FAILED:certificate has expired")
					  : STR("SUCCESS");
	if (v.came && v.asked)
		facts->subject = STR("CN=guest");
}

/* ---- stores of sessions ---- */

struct connector_sessions *connector_sessions_open(uint32_t places)
{
	struct connector_sessions *s = NULL;

	if (!places)
		misuse("a store of sessions without a place");
	else
		s = calloc(1, sizeof(*s) + places * sizeof(s->peers[0]));
	if (!s)
		return NULL;
	s->places = places;
	all.stores++;
	return s;
}

void connector_sessions_close(struct connector_sessions *s)
{
	all.stores -= s ? 1 : 0;
	free(s);
}
