/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * front_engine: what front.c and the protocols' front engines know of each other: each protocol is
 * a table of functions and texts, and says with a step what a line leads to. Private to proto/.
 */
#ifndef PROTO_FRONT_ENGINE_H
#define PROTO_FRONT_ENGINE_H

#include "base/machine.h"
#include "proto/front.h"

/* What every protocol has words for. */
enum front_word {
	FRONT_SAY_GREETING,
	FRONT_SAY_INVALID,       /* no command, or not now */
	FRONT_SAY_AUTH_TOO_LONG, /* a response does not fit the store */
	FRONT_SAY_TOO_MANY,      /* max_commands */
	FRONT_SAY_BARE_LF,       /* a line ends with LF alone, with strict_line_ends */
	FRONT_SAY_ACCEPTED,
};

enum { FRONT_WORDS_MAX = 11 };

/* The words of a line behind its verb. All borrowed from the input. */
struct front_words {
	uint32_t n;
	struct str v[FRONT_WORDS_MAX];
};

/* What a line leads to. */
struct front_step {
	struct str reply; /* with its line end; empty if already written or not due */
	enum front_state to;
	enum front_ev ev; /* FRONT_MORE: go on with the next line */
};

struct front_engine {
	const struct machine *machine; /* over enum front_state */
	struct str challenge;          /* what stands before a challenge: "334 ", "+ " */
	void (*say)(const struct front *f, enum front_word word, struct out *out);
	/* A line without its line end, or the bytes of a literal. */
	enum front_ev (*line)(struct front *f, struct str text, struct out *out);
	/* The refusal of a login, cut to the room in `out`. */
	void (*refuse)(const struct front *f, const struct front_answer *a, struct out *out);
	/* Drop what was said: of this login (f->store is reset to auth_mark afterwards) or, `all`,
	   ever (auth_mark becomes 0). */
	void (*forget)(struct front *f, bool all);
	/* A line that is too long begins so: note what its refusal needs. True if it could hold a
	   password: then it is not logged. */
	bool (*glance)(struct front *f, struct str line);
};

extern const struct front_engine smtp_front_engine, pop3_front_engine, imap_front_engine;

const struct front_engine *front_engine(const struct front *f);

/* TLS is on offer; it has to come before any login. Both end when it is up. */
static inline bool front_offers_tls(const struct front *f)
{
	return f->conf->starttls != STARTTLS_OFF && !f->secured;
}

static inline bool front_demands_tls(const struct front *f)
{
	return f->conf->starttls == STARTTLS_ONLY && !f->secured;
}

/* The one writer of f->state. On the way to START a login is forgotten, to DONE and TLS all. */
void front_enter(struct front *f, enum front_state to);

/* Drop the strings of this login, wiped; the state is the caller's. */
void front_forget_login(struct front *f);

/* Write the step's reply and go where it says. */
enum front_ev front_take(struct front *f, struct front_step step, struct out *out);

enum front_ev front_fail(struct front *f, enum reason reason);

/* The client is a proxy and says how many may still follow; `hops` is what it wrote. False: it is
 * no number. With 0 it must be refused, for we would be one too many: front_loops(). */
NODISCARD bool front_set_hops(struct front *f, struct str hops);

static inline bool front_loops(const struct front *f)
{
	return f->login.hops == 0;
}

/* A line that is no command at all: say so. Only these count as errors, as in NGINX. */
enum front_ev front_invalid(struct front *f, struct str text, struct out *out);

/* A known command, refused: the words of FRONT_SAY_INVALID, and back to START. */
struct front_step front_refused(const struct front *f, struct out *out);

static inline struct front_step front_reply(struct str text)
{
	return (struct front_step){.reply = text, .to = FRONT_IN_START};
}

/* "<nonce@server_name>" */
void front_write_salt(const struct front *f, struct out *out);

/* The same as login.salt, in the store. -1: no room. */
NODISCARD int front_make_salt(struct front *f);

/* Cut at spaces. -1: more than max words, or a CR that is not part of the line end. */
NODISCARD int front_split(struct str rest, uint32_t max, struct front_words *words);

#endif
