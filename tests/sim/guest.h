/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest: one client session with all that will happen to it: what the client says and when it
 * leaves, what the auth service answers, what its own backend (its port names the guest) does.
 * Drawn from the seed before the program starts; the peers keep here how far they are.
 */
#ifndef SIM_GUEST_H
#define SIM_GUEST_H

#include "session/conf.h"
#include "tests/sim/dns_sim.h"
#include "tests/sim/payload.h"
#include "tests/sim/replies.h"
#include "tests/sim/wire.h"

enum {
	GUEST_STEPS = 24,
	GUEST_LINES = 6144, /* bytes of a client's script */
	GUEST_ATTEMPTS = 3,
};

#define SECONDS(n) ((uint64_t)(n)*1000000)
#define MILLIS(n)  ((uint64_t)(n)*1000)

enum login_kind {
	LOGIN_PLAIN,
	LOGIN_PLAIN_ASKED,
	LOGIN_LOGIN,
	LOGIN_LOGIN_INITIAL,
	LOGIN_CRAM_MD5,
	LOGIN_EXTERNAL,
	LOGIN_EXTERNAL_ASKED,
	LOGIN_NONE, /* MAIL and RCPT */
	LOGIN_KINDS
};

enum pace { PACE_POLITE, PACE_PIPELINING, PACE_BYTES };

/* What a client does instead of a login. */
enum client_trick {
	CLIENT_LOGS_IN,
	CLIENT_QUITS, /* before it logs in */
	CLIENT_EARLY, /* talks before the greeting */
	CLIENT_GARBAGE,
	CLIENT_ENDLESS, /* a line without end */
	CLIENT_ERRORS,  /* one bad command after another */
	CLIENT_INJECTS, /* STARTTLS, and commands behind it in plain text */
	CLIENT_HTTP,
	CLIENT_HANGS, /* says QUIT and keeps its socket open */
	CLIENT_TRICKS
};

enum guest_tls { GUEST_PLAIN, GUEST_IMPLICIT, GUEST_STARTTLS };

enum leave { LEAVE_CLOSE, LEAVE_RESET, LEAVE_SHUT, LEAVE_SILENT };

enum auth_trick {
	AUTH_CORRECT,
	AUTH_SLOW,
	AUTH_BYTES,
	AUTH_CLOSES_AFTER,
	AUTH_CLOSES_IDLE,
	AUTH_EARLY, /* answers before it has read the whole request */
	AUTH_WAITS, /* WAIT a few times, then OK */
	AUTH_FAIR_TRICKS,
	AUTH_CLOSES_BEFORE = AUTH_FAIR_TRICKS,
	AUTH_CLOSES_WITHIN,
	AUTH_RESETS,
	AUTH_NO_HEADERS, /* 302 and 502 pages */
	AUTH_ENDLESS,
	AUTH_GARBAGE,
	AUTH_BAD_SERVER,
	AUTH_WAITS_ON, /* WAIT without end */
	AUTH_NEVER,
	AUTH_TRICKS
};

enum back_trick {
	BACK_CORRECT,
	BACK_SLOW,
	BACK_BYTES,
	BACK_FAIR_TRICKS,
	BACK_SURPLUS = BACK_FAIR_TRICKS, /* more than it was asked */
	BACK_HASTY,                      /* all replies at once, before it is asked */
	BACK_REFUSES,
	BACK_LIES, /* codes that mean something else */
	BACK_ENDLESS,
	BACK_GARBAGE,
	BACK_CLOSES,
	BACK_RESETS,
	BACK_SILENT,
	BACK_REFUSES_CONNECT,
	BACK_SILENT_CONNECT,
	BACK_STOPS_WITH_WORDS, /* in the relay: a last 452 and close, whatever is still coming */
	BACK_STOPS_RESET,
	BACK_TALKS_ON, /* in the relay: never stops sending */
	/* where STARTTLS is due: */
	BACK_NO_STARTTLS, /* does not offer it */
	BACK_REFUSES_STARTTLS,
	BACK_INJECTS, /* its reply has a reply to the next command behind it, in plain text */
	BACK_TRICKS
};

/* How a relay of a fair guest comes to its end. */
enum ending { END_QUIT, END_SHUT, END_BACK_CLOSES, END_BACK_SHUTS, END_CLIENT_CLOSES, ENDINGS };

struct step {
	uint16_t at, n;  /* in guest.lines */
	uint16_t code;   /* of its reply */
	uint8_t attempt; /* from 1: this step ends a login attempt */
	bool last;       /* nothing is answered behind it */
	bool tls;        /* STARTTLS: behind its reply TLS begins */
};

struct pause {
	uint32_t at; /* bytes of payload read */
	uint32_t for_us;
};

struct talk {                      /* one peer's relay */
	uint32_t say, said, heard; /* bytes of payload; what it hears is the other's */
	uint32_t chunk;            /* bytes of a write */
	struct pause pause;        /* of its reading */
	bool paused, closing_said;
	uint8_t tail;   /* bytes of the other's last line that came */
	uint8_t parted; /* of the client's QUIT that are written */
};

struct client {
	struct wire wire;
	struct alarm *alarm;
	struct replies replies;
	struct talk talk;
	uint32_t wrote; /* bytes in all */
	uint32_t lines; /* line ends among them, before the relay */
	uint32_t step_at, answered;
	uint32_t tls_at;  /* in guest.lines: what is behind it goes under TLS; 0: nothing does */
	uint64_t hush_us; /* says nothing before then */
	bool relay, shut, over, mute, final, left, saw_end;
	uint16_t last_code;
};

struct backend {
	struct wire wire;
	struct alarm *alarm;
	struct talk talk;
	char line[4096]; /* the command that is coming */
	uint32_t line_n;
	char out[8192]; /* replies that wait */
	uint32_t out_n, out_at;
	uint8_t step, steps;
	bool tls_due; /* when its reply to STARTTLS has left */
	bool relay, over, mute, done, close_when_sent, reset_when_sent, saw_end, ready;
};

struct guest {
	struct world *world;
	uint32_t id, listen;
	const struct server_conf *conf;
	struct addr from;
	/* plan */
	uint64_t start_us;
	enum login_kind login;
	enum pace pace;
	enum client_trick client_trick;
	enum auth_trick auth_trick;
	enum back_trick back_trick;
	enum guest_tls tls;
	enum back_tls back_tls, back_tls_said; /* as it is to be; as the auth service says */
	struct wire_plan wire, back_wire;
	struct dns_plan dns;
	uint32_t split; /* CLIENT_INJECTS: bytes of the step that leave at first */
	enum ending ending;
	enum leave leave;
	uint32_t leave_at;    /* bytes written by then; UINT32_MAX: never */
	uint8_t back_step;    /* where back_trick happens */
	uint8_t attempts;     /* the last one is right, if `admitted` */
	uint8_t waits;        /* AUTH_WAITS */
	bool admitted, stays; /* refused: may try again */
	bool esmtp, eager;    /* eager: payload follows the login in the same breath */
	bool fair;            /* nothing but the weather can keep it from its goal */
	bool helo_said, esmtp_said;
	bool exact; /* exact: every reply is known */
	/* the client's script */
	struct step steps[GUEST_STEPS];
	uint32_t n_steps, lines_n;
	uint8_t lines[GUEST_LINES];
	/* as it went */
	struct client client;
	struct backend back;
	uint32_t asked, asks_max, attempt_asked; /* attempt_asked: Auth-Login-Attempt last seen */
	bool over, logged_in, full, last_guest, steady; /* steady: writes a little all the time */
	bool barred;        /* by its certificate, or its backend's: it must not get in */
	uint64_t heard_us;  /* steady: when its backend heard of it last */
	bool struck_before; /* the fault of a sweep had struck when it came */
	uint64_t over_us, back_over_us, wait_us;
	uint64_t key, since_us, active_us, login_us; /* the monitor's */
};

#endif
