/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real mail clients read, move and delete mail in a real Dovecot through the real program: mbsync,
 * Python's imaplib and poplib, curl. Every message comes out with the SHA-256 that it went in with;
 * Dovecot hears who the client is. mailbox.py makes the mail and is most of the clients.
 */
#include "tests/it/lib/dovecot.h"
#include "tests/it/lib/talk.h"
#include "tests/lib/port.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(it_mailbox, .timeout = 120, .fini = place_fini);

#define PROGRAM "tests/it/mailbox.py"
#define COUNT   "220"

/* Dovecot, an auth service that routes to it, and the proxy with a server of each protocol. */
struct mail {
	struct place *place;
	struct dovecot dovecot;
	uint16_t imap, pop3;
	char imap_text[8], pop3_text[8];
	char sums[200], made[200];
};

/* All but the proxy. */
static void mail_begin(struct mail *m)
{
	struct place *p;
	char users[512];

	if (!dovecot_is_known())
		cr_skip("Dovecot is not 2.3, which these tests configure");
	p = m->place = place_new();
	m->dovecot = (struct dovecot){0};
	dovecot_start(p, &m->dovecot);
	snprintf(users, sizeof(users),
		 "{\"imap\": {\"server\": \"127.0.0.1\", \"port\": %u},"
		 " \"pop3\": {\"server\": \"127.0.0.1\", \"port\": %u},"
		 " \"refusal\": {\"error\": \"No\", \"wait_s\": 1},"
		 " \"users\": {\"alice\": {\"password\": \"secret\", \"login\": \"alice@inside\","
		 " \"backend_password\": \"%s\"}}}",
		 m->dovecot.imap, m->dovecot.pop3, DOVECOT_PASSWORD);
	place_authd(p, users, NULL);
	m->imap = port_free();
	m->pop3 = port_free();
	snprintf(m->imap_text, sizeof(m->imap_text), "%u", m->imap);
	snprintf(m->pop3_text, sizeof(m->pop3_text), "%u", m->pop3);
	snprintf(m->sums, sizeof(m->sums), "%s/sums", p->dir);
	snprintf(m->made, sizeof(m->made), "%s/made", p->dir);
}

static void mail_open(struct mail *m, const char *directives)
{
	const char *tokens = place_is_nginx() ? "" : "xoauth2 oauthbearer";
	char mail[1024];

	mail_begin(m);
	snprintf(mail, sizeof(mail),
		 "%s\n"
		 "server { listen 127.0.0.1:%u; protocol imap;"
		 " imap_auth plain login cram-md5 %s; }\n"
		 "server { listen 127.0.0.1:%u; protocol pop3;"
		 " pop3_auth plain apop cram-md5 %s; }\n",
		 directives, m->imap, tokens, m->pop3, tokens);
	place_proxy(m->place, &(struct place_conf){.mail = mail});
}

static void python(struct mail *m, const char *const *arguments)
{
	const char *argv[16] = {"python3", PROGRAM};

	for (int i = 0; arguments[i]; i++)
		argv[i + 2] = arguments[i];
	cr_assert_eq(place_run(m->place, "python", argv), 0, "%s: %s%s", arguments[0],
		     place_read(m->place, "python.out"), place_read(m->place, "python.err"));
}

#define PYTHON(m, ...) python(m, (const char *const[]){__VA_ARGS__, NULL})

/* The mail is in Dovecot's inbox of alice without having passed the proxy. */
static void fill_inbox(struct mail *m)
{
	char path[256];

	dovecot_maildir(m->place, "alice@inside", path);
	PYTHON(m, "make", path, COUNT, m->sums);
	dovecot_own(m->place);
}

static void mbsync(struct mail *m, const char *folder, const char *direction)
{
	char conf[256];
	const char *argv[] = {"mbsync", "-c", conf, "all", NULL};
	FILE *f;

	snprintf(conf, sizeof(conf), "%s/mbsyncrc", m->place->dir);
	f = fopen(conf, "we");
	cr_assert(f);
	fprintf(f,
		"FSync no\n"
		"IMAPStore far\nHost 127.0.0.1\nPort %u\nUser alice\nPass secret\nSSLType None\n"
		"AuthMechs LOGIN\n\n"
		"MaildirStore near\nPath %s/\nInbox %s\n\n"
		"Channel all\nFar :far:\nNear :near:\nPatterns INBOX\nSync %s\nCreate Both\n"
		"SyncState %s/state-%s-\n",
		m->imap, m->place->dir, folder, direction, m->place->dir, direction);
	fclose(f);
	cr_assert_eq(place_run(m->place, "mbsync", argv), 0, "%s %s",
		     place_read(m->place, "mbsync.out"), place_read(m->place, "mbsync.err"));
}

Test(it_mailbox, mbsync_moves_a_mailbox_there_and_back)
{
	char back[256], there[256];
	struct mail m;

	mail_open(&m, "");
	PYTHON(&m, "make", m.made, COUNT, m.sums);
	mbsync(&m, m.made, "Push");
	dovecot_maildir(m.place, "alice@inside", there);
	PYTHON(&m, "maildir", there, m.sums);
	snprintf(back, sizeof(back), "%s/back", m.place->dir);
	mbsync(&m, back, "Pull");
	PYTHON(&m, "maildir", back, m.sums);
	place_await_log(m.place, "client logged in, client: .*login: \"alice@inside\", .*");
	place_end(m.place, false);
}

Test(it_mailbox, imaplib_fetches_and_appends)
{
	struct mail m;

	mail_open(&m, "");
	fill_inbox(&m);
	PYTHON(&m, "imap", m.imap_text, "alice", "secret", m.sums);
	place_end(m.place, false);
}

Test(it_mailbox, poplib_retrieves_and_deletes)
{
	struct mail m;

	mail_open(&m, "");
	fill_inbox(&m);
	PYTHON(&m, "pop3", m.pop3_text, "alice", "secret", m.sums);
	place_end(m.place, false);
}

static int curl(struct mail *m, const char *url, const char *const *options)
{
	const char *argv[24] = {"curl", "-sS", "--max-time", "20", url};

	for (int i = 0; options[i]; i++)
		argv[i + 5] = options[i];
	return place_run(m->place, "curl", argv);
}

static void fetch(struct mail *m, const char *url, const char *file)
{
	const char *const options[] = {"--user", "alice:secret", "-o", file, NULL};

	cr_assert_eq(curl(m, url, options), 0, "%s: %s", url, place_read(m->place, "curl.err"));
}

Test(it_mailbox, curl_reads_messages_of_all_sizes)
{
	/* 78 is the one over 10 MB */
	static const unsigned numbers[] = {1, 78, 220};
	char url[64], files[6][200];
	struct mail m;
	int n = 0;

	mail_open(&m, "");
	fill_inbox(&m);
	for (int i = 0; i < 6; i++)
		snprintf(files[i], sizeof(files[i]), "%s/message-%d", m.place->dir, i);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		snprintf(url, sizeof(url), "imap://127.0.0.1:%u/INBOX;UID=%u", m.imap, numbers[i]);
		fetch(&m, url, files[n++]);
		snprintf(url, sizeof(url), "pop3://127.0.0.1:%u/%u", m.pop3, numbers[i]);
		fetch(&m, url, files[n++]);
	}
	PYTHON(&m, "files", m.sums, files[0], files[1], files[2], files[3], files[4], files[5]);
	place_end(m.place, false);
}

/* --- logging in ----------------------------------------------------------------------------------
 */

static const char *const schemes[] = {"imap", "pop3"};

static void try_login(struct mail *m, const char *scheme, const char *const *options)
{
	char url[64];

	snprintf(url, sizeof(url), "%s://127.0.0.1:%u/", scheme,
		 strcmp(scheme, "imap") == 0 ? m->imap : m->pop3);
	cr_assert_eq(curl(m, url, options), 0, "%s %s %s: %s", scheme, options[2],
		     options[3] ? options[3] : "", place_read(m->place, "curl.err"));
}

Test(it_mailbox, passwords_and_hashes_log_in)
{
	static const char *const options[] = {"AUTH=PLAIN", "AUTH=LOGIN", "AUTH=CRAM-MD5"};
	struct mail m;

	mail_open(&m, "");
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < 3; k++) {
			const char *argv[] = {"--user",   "alice:secret", "--login-options",
					      options[k], NULL,           NULL};

			try_login(&m, schemes[i], argv);
			argv[4] = "--sasl-ir";
			try_login(&m, schemes[i], argv);
		}
	}
	try_login(&m, "pop3",
		  (const char *const[]){"--user", "alice:secret", "--login-options", "AUTH=+APOP",
					NULL});
	cr_assert_eq(place_auth_count(m.place, "cram_md5"), 4);
	cr_assert_eq(place_auth_count(m.place, "accepted"), 13);
	cr_assert_eq(place_auth_count(m.place, "refused"), 0);
	place_end(m.place, false);
}

Test(it_mailbox, tokens_log_in)
{
	struct mail m;

	if (place_is_nginx())
		cr_skip("nginx 1.22 knows no tokens");
	mail_open(&m, "");
	for (size_t i = 0; i < 2; i++) {
		try_login(&m, schemes[i],
			  (const char *const[]){"--user", "alice", "--oauth2-bearer", "secret",
						"--login-options", "AUTH=XOAUTH2", NULL});
		try_login(&m, schemes[i],
			  (const char *const[]){"--user", "alice", "--oauth2-bearer", "secret",
						"--login-options", "AUTH=OAUTHBEARER", "--sasl-ir",
						NULL});
	}
	cr_assert_eq(place_auth_count(m.place, "accepted"), 4);
	place_end(m.place, false);
}

/* Refused logins are followed by good ones of another kind; nothing of the first is left. */
Test(it_mailbox, wrong_passwords_then_right_ones)
{
	struct mail m;
	struct talk t;

	mail_open(&m, "");
	talk_open(&t, m.imap);
	talk_expect(&t, "* OK IMAP4 ready");
	talk_say(&t, "a LOGIN bob wrong", "a NO No");
	talk_say(&t, "b AUTHENTICATE PLAIN", "+ ");
	talk_say(&t, "AGFsaWNlAHNlY3JldA==", "b OK ");
	talk_say(&t, "c LOGOUT", "* BYE");
	talk_close(&t);
	talk_open(&t, m.pop3);
	talk_expect_code(&t, "+OK POP3 ready <");
	talk_say(&t, "AUTH PLAIN AGFsaWNlAHdyb25n", "-ERR No");
	talk_say(&t, "USER alice", "+OK");
	talk_say(&t, "PASS secret", "+OK Logged in.");
	talk_say(&t, "QUIT", "+OK Logging out");
	talk_close(&t);
	place_end(m.place, false);
}

/* --- whom Dovecot serves ------------------------------------------------------------------------
 */

/* Logs in from 127.0.0.2; the port that it came from. */
static int log_in(struct mail *m, const char *scheme)
{
	const char *port = strcmp(scheme, "imap") == 0 ? m->imap_text : m->pop3_text;

	PYTHON(m, "login", scheme, port, "127.0.0.2", "alice", "secret");
	return atoi(place_read(m->place, "python.out"));
}

/* Dovecot's line about a login has the client's own address and port, and where it connected to. */
static void expect_identity(struct mail *m, const char *scheme)
{
	bool imap = strcmp(scheme, "imap") == 0;
	char line[200];
	int port = log_in(m, scheme);

	if (imap)
		snprintf(line, sizeof(line), "rip=127.0.0.2, rport=%d, lip=127.0.0.1, lport=%u, ",
			 port, m->imap);
	else
		snprintf(line, sizeof(line), "rip=127.0.0.2, rport=%d, ", port);
	dovecot_await_log(m->place, line);
	snprintf(line, sizeof(line),
		 "%s-login: Info: Login: user=<alice@inside>, method=PLAIN, rip=127.0.0.2, ",
		 scheme);
	dovecot_await_log(m->place, line);
}

Test(it_mailbox, dovecot_hears_who_the_client_is)
{
	struct mail m;

	if (place_is_nginx())
		cr_skip("nginx does not tell");
	mail_open(&m, "proxy_identity on;");
	expect_identity(&m, "imap");
	expect_identity(&m, "pop3");
	place_end(m.place, false);
}

/* Without proxy_identity it is ringpost whom Dovecot sees. */
static void expect_anonymity(struct mail *m, const char *scheme)
{
	char line[128];

	log_in(m, scheme);
	snprintf(line, sizeof(line),
		 "%s-login: Info: Login: user=<alice@inside>, method=PLAIN, rip=127.0.0.1, ",
		 scheme);
	dovecot_await_log(m->place, line);
}

Test(it_mailbox, dovecot_hears_nothing_unless_told_to)
{
	struct mail m;

	mail_open(&m, "");
	expect_anonymity(&m, "imap");
	expect_anonymity(&m, "pop3");
	place_end(m.place, false);
}

/* The service sends everybody to where they come from. */
Test(it_mailbox, proxies_in_a_circle_end_by_themselves)
{
	uint16_t imap = port_free(), pop3 = port_free();
	struct place *p = place_new();
	char users[256], mail[512];
	struct talk t;

	if (place_is_nginx())
		cr_skip("nginx goes on until it has no more connections");
	snprintf(users, sizeof(users),
		 "{\"imap\": {\"server\": \"127.0.0.1\", \"port\": %u},"
		 " \"pop3\": {\"server\": \"127.0.0.1\", \"port\": %u},"
		 " \"users\": {\"alice\": {\"password\": \"secret\"}}}",
		 imap, pop3);
	place_authd(p, users, NULL);
	snprintf(mail, sizeof(mail),
		 "proxy_identity on;\n"
		 "server { listen 127.0.0.1:%u; protocol imap; }\n"
		 "server { listen 127.0.0.1:%u; protocol pop3; }\n",
		 imap, pop3);
	place_proxy(p, &(struct place_conf){.mail = mail});
	talk_open(&t, imap);
	talk_expect(&t, "* OK [CAPABILITY IMAP4 IMAP4rev1 UIDPLUS ID AUTH=PLAIN] IMAP4 ready");
	talk_say(&t, "a LOGIN alice secret", "* BAD internal server error");
	talk_expect_end(&t);
	talk_close(&t);
	cr_assert_eq(place_auth_count(p, "accepted"), 5);
	talk_open(&t, pop3);
	talk_expect(&t, "+OK [XCLIENT] POP3 ready");
	talk_say(&t, "USER alice", "+OK");
	talk_say(&t, "PASS secret", "-ERR internal server error");
	talk_expect_end(&t);
	talk_close(&t);
	cr_assert_eq(place_auth_count(p, "accepted"), 10);
	place_await_log(p, "proxies run in a circle, or too many in a row while in auth state, .*");
	place_end(p, false);
}

/* --- the example ---------------------------------------------------------------------------------
 */

static void await_port(struct place *p, uint16_t port)
{
	uint64_t began = place_now_ms();
	struct talk t;

	while (talk_try(&t, port) < 0) {
		cr_assert(place_now_ms() - began < 10000, "the example does not start:\n%s",
			  place_read(p, "proxy.err"));
		place_pause();
	}
	talk_close(&t);
}

/* conf.example/dovecot.conf as it stands, but for ports, files and whom it becomes. */
static void start_example(struct mail *m)
{
	struct place *p = m->place;
	char edit[768], conf[256], program[256];
	const char *sed[] = {"sed", "-e", edit, "conf.example/dovecot.conf", NULL};
	const char *argv[] = {program, "-p", p->dir, "-c", conf, "-g", "daemon off;", NULL};
	const char *build = getenv("BUILD");

	snprintf(
		edit, sizeof(edit),
		"/^user/d; /listen \\[/d; s|^pid.*|pid %s/proxy.pid;|; s|/var/log/ringpost.log|%s/"
		"proxy.log|; s|listen 143|listen 127.0.0.1:%u|; s|listen 110|listen 127.0.0.1:%u|; "
		"s|127.0.0.1:9000|%s|",
		p->dir, p->dir, m->imap, m->pop3, p->authd_at);
	cr_assert_eq(place_run(p, "example.conf", sed), 0, "%s", place_read(p, "example.conf.err"));
	snprintf(conf, sizeof(conf), "%s/example.conf.out", p->dir);
	snprintf(program, sizeof(program), "%s/ringpost", build ? build : "build/release");
	p->proxy = place_start(p, "proxy", argv);
	await_port(p, m->imap);
	await_port(p, m->pop3);
}

Test(it_mailbox, the_example_serves_a_mailbox)
{
	struct mail m;

	if (place_is_nginx())
		cr_skip("nginx does not know imap_id and proxy_identity");
	mail_begin(&m);
	start_example(&m);
	fill_inbox(&m);
	PYTHON(&m, "imap", m.imap_text, "alice", "secret", m.sums);
	PYTHON(&m, "pop3", m.pop3_text, "alice", "secret", m.sums);
	expect_identity(&m, "imap");
	expect_identity(&m, "pop3");
	cr_assert_not(strstr(place_read(m.place, "proxy.log"), "_capabilities"));
	place_end(m.place, false);
}
