/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * postfix: writes main.cf and master.cf and runs the master in the foreground.
 */
#include "tests/it/lib/postfix.h"

#include "tests/it/lib/talk.h"
#include "tests/lib/certs.h"
#include "tests/lib/port.h"

#include <criterion/criterion.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t master;

static const char main_cf[] = "compatibility_level = 3.6\n"
			      "queue_directory = %s/queue\n"
			      "data_directory = %s/data\n"
			      "maillog_file_prefixes = %s\n"
			      "maillog_file = %s/maillog\n"
			      "myhostname = postfix.test\n"
			      "mydestination = sink.test\n"
			      "alias_maps =\n"
			      "local_recipient_maps =\n"
			      "local_transport = discard:\n"
			      "default_transport = discard:\n"
			      "inet_interfaces = 127.0.0.1\n"
			      "inet_protocols = ipv4\n"
			      "mynetworks = 127.0.0.0/8\n"
			      "smtpd_authorized_xclient_hosts = 127.0.0.0/8\n"
			      "smtpd_tls_security_level = encrypt\n"
			      "smtpd_tls_loglevel = 1\n"
			      "smtpd_tls_cert_file = %s/%s.pem\n"
			      "smtpd_tls_key_file = %s/%s.key\n"
			      "%s\n";

static const char master_cf[] = "127.0.0.1:%u inet n - n - - smtpd\n"
				"cleanup unix n - n - 0 cleanup\n"
				"qmgr unix n - n 300 1 qmgr\n"
				"tlsmgr unix - - n 1000? 1 tlsmgr\n"
				"rewrite unix - - n - - trivial-rewrite\n"
				"bounce unix - - n - 0 bounce\n"
				"defer unix - - n - 0 bounce\n"
				"discard unix - - n - - discard\n"
				"anvil unix - - n - 1 anvil\n"
				"postlog unix-dgram n - n - 1 postlogd\n";

bool postfix_is_possible(void)
{
	return geteuid() == 0 && access("/usr/sbin/postfix", X_OK) == 0 && getpwnam("postfix");
}

static FILE *create(const char *dir, const char *name)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	cr_assert(f, "%s", path);
	return f;
}

static void make_folder(const char *dir, const char *name, bool its_own)
{
	char path[300];

	snprintf(path, sizeof(path), "%s%s%s", dir, *name ? "/" : "", name);
	cr_assert_eq(mkdir(path, 0755), 0, "%s", path);
	if (its_own)
		cr_assert_eq(chown(path, getpwnam("postfix")->pw_uid, (gid_t)-1), 0);
}

uint16_t postfix_start(struct place *p, const char *identity, const char *more)
{
	uint16_t port = port_free();
	uint64_t began = place_now_ms();
	char dir[256], etc[300];
	const char *argv[] = {"/usr/sbin/postfix", "-c", etc, "start-fg", NULL};
	struct talk t;
	FILE *f;

	snprintf(dir, sizeof(dir), "%s/postfix", p->dir);
	snprintf(etc, sizeof(etc), "%s/etc", dir);
	make_folder(dir, "", false);
	make_folder(dir, "queue", false);
	make_folder(dir, "data", true);
	make_folder(dir, "etc", false);
	f = create(etc, "main.cf");
	fprintf(f, main_cf, dir, dir, dir, dir, certs_folder(), identity, certs_folder(), identity,
		more ? more : "");
	fclose(f);
	f = create(etc, "master.cf");
	fprintf(f, master_cf, port);
	fclose(f);
	setenv("PATH", "/usr/sbin:/usr/bin:/bin:/sbin:/usr/local/bin", 1);
	master = place_start(p, "postfix", argv);
	while (talk_try(&t, port) < 0) {
		cr_assert(waitpid(master, NULL, WNOHANG) == 0 && place_now_ms() - began < 20000,
			  "postfix does not start:\n%s", place_read(p, "postfix.err"));
		place_pause();
	}
	talk_expect_code(&t, "220");
	talk_close(&t);
	return port;
}

void postfix_stop(struct place *p)
{
	(void)p;
	kill(master, SIGTERM);
	place_wait(master);
}

void postfix_await_log(struct place *p, const char *text)
{
	uint64_t began = place_now_ms();

	while (!strstr(place_read(p, POSTFIX_LOG), text)) {
		cr_assert(place_now_ms() - began < 10000, "no \"%s\" in Postfix's log:\n%s", text,
			  place_read(p, POSTFIX_LOG));
		place_pause();
	}
}
