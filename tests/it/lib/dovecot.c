/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dovecot: writes the configuration and runs the server with it. Started by root, it becomes
 * nobody, since Dovecot serves no mail of root's.
 */
#include "tests/it/lib/dovecot.h"

#include "tests/it/lib/talk.h"
#include "tests/lib/certs.h"
#include "tests/lib/port.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "/usr/sbin/dovecot"

static const char configuration[] =
	"protocols = imap pop3\n"
	"listen = 127.0.0.1\n"
	"base_dir = %D/run\n"
	"state_dir = %D/state\n"
	"log_path = %D/dovecot.log\n"
	"default_internal_user = %U\n"
	"default_internal_group = %G\n"
	"default_login_user = %U\n"
	"first_valid_uid = 1\n"
	"first_valid_gid = 1\n"
	"mail_location = maildir:~/Maildir\n"
	"mail_fsync = never\n"
	"%S"
	"auth_mechanisms = plain login cram-md5 apop\n"
	"login_log_format_elements = user=<%%u> method=%%m rip=%%r rport=%%b lip=%%l lport=%%a "
	"session=<%%{session}> tls=<%%k>\n"
	"passdb {\n  driver = static\n  args = password=%W\n}\n"
	"userdb {\n  driver = static\n  args = uid=%U gid=%G home=%D/mail/%%u\n}\n"
	"service imap-login {\n  chroot =\n"
	"  inet_listener imap {\n    port = %I\n  }\n"
	"  inet_listener imaps {\n    port = %J\n    ssl = yes\n  }\n}\n"
	"service pop3-login {\n  chroot =\n"
	"  inet_listener pop3 {\n    port = %P\n  }\n"
	"  inet_listener pop3s {\n    port = %Q\n    ssl = yes\n  }\n}\n"
	"service anvil {\n  chroot =\n}\n"
	"service stats {\n  chroot =\n}\n";

static const char without_tls[] = "ssl = no\ndisable_plaintext_auth = no\n"
				  "login_trusted_networks = 127.0.0.1\n";
static const char with_tls[] = "ssl = required\ndisable_plaintext_auth = yes\n"
			       "ssl_cert = <%s/dovecot/tls.pem\nssl_key = <%s/dovecot/tls.key\n";

/* Whom it runs as. */
static char user[64], group[64];

static void choose_user(void)
{
	const struct passwd *who = geteuid() == 0 ? getpwnam("nobody") : getpwuid(geteuid());
	const struct group *its = who ? getgrgid(who->pw_gid) : NULL;

	cr_assert(its, "Dovecot needs a user and a group with names");
	snprintf(user, sizeof(user), "%s", who->pw_name);
	snprintf(group, sizeof(group), "%s", its->gr_name);
}

static void write_value(FILE *f, char name, const struct place *p, const struct dovecot *d)
{
	switch (name) {
	case 'D':
		fprintf(f, "%s/dovecot", p->dir);
		break;
	case 'U':
		fputs(user, f);
		break;
	case 'G':
		fputs(group, f);
		break;
	case 'W':
		fputs(DOVECOT_PASSWORD, f);
		break;
	case 'S':
		fprintf(f, d->identity ? with_tls : without_tls, p->dir, p->dir);
		break;
	case 'J':
		fprintf(f, "%u", d->imaps);
		break;
	case 'Q':
		fprintf(f, "%u", d->pop3s);
		break;
	case 'I':
		fprintf(f, "%u", d->imap);
		break;
	case 'P':
		fprintf(f, "%u", d->pop3);
		break;
	default:
		fputc(name, f);
		break;
	}
}

static void write_conf(const struct place *p, const struct dovecot *d, const char *path)
{
	FILE *f = fopen(path, "we");

	cr_assert(f, "%s: %s", path, strerror(errno));
	for (const char *c = configuration; *c; c++)
		if (*c == '%')
			write_value(f, *++c, p, d);
		else
			fputc(*c, f);
	fclose(f);
}

static bool greets(uint16_t port, const char *begins)
{
	struct talk t;
	bool good = talk_try(&t, port) == 0;

	if (good) {
		good = talk_is_line(&t, begins);
		talk_close(&t);
	}
	return good;
}

bool dovecot_is_known(void)
{
	FILE *f = popen(PROGRAM " --version", "re");
	char version[64] = "";

	cr_assert(f && fgets(version, sizeof(version), f), PROGRAM " does not run");
	pclose(f);
	return strncmp(version, "2.3.", 4) == 0;
}

void dovecot_own(struct place *p)
{
	char dir[256], owner[128];
	const char *argv[] = {"chown", "-R", owner, dir, NULL};

	snprintf(dir, sizeof(dir), "%s/dovecot", p->dir);
	snprintf(owner, sizeof(owner), "%s:%s", user, group);
	cr_assert_eq(place_run(p, "chown", argv), 0, "%s", place_read(p, "chown.err"));
}

/* Certificate and key where the user that the server runs as can read them. */
static void copy_identity(struct place *p, const struct dovecot *d)
{
	static const char *const kinds[] = {"pem", "key"};
	char from[PATH_MAX], to[256];
	const char *argv[] = {"cp", from, to, NULL};

	for (size_t i = 0; i < 2; i++) {
		snprintf(from, sizeof(from), "%s/%s.%s", certs_folder(), d->identity, kinds[i]);
		snprintf(to, sizeof(to), "%s/dovecot/tls.%s", p->dir, kinds[i]);
		cr_assert_eq(place_run(p, "cp", argv), 0, "%s", place_read(p, "cp.err"));
	}
}

static void choose_ports(struct dovecot *d)
{
	d->imap = port_free();
	d->pop3 = port_free();
	d->imaps = d->identity ? port_free() : 0;
	d->pop3s = d->identity ? port_free() : 0;
}

void dovecot_start(struct place *p, struct dovecot *d)
{
	char dir[256], conf[300];
	const char *argv[16] = {PROGRAM, "-F", "-c", conf, NULL};
	const char *const as_root[] = {"setpriv", "--reuid",        user,          "--regid",
				       group,     "--clear-groups", "--pdeathsig", "TERM"};
	size_t n = sizeof(as_root) / sizeof(as_root[0]);
	uint64_t began = place_now_ms();

	choose_user();
	choose_ports(d);
	snprintf(dir, sizeof(dir), "%s/dovecot", p->dir);
	snprintf(conf, sizeof(conf), "%s/dovecot.conf", dir);
	cr_assert_eq(mkdir(dir, 0755), 0, "%s: %s", dir, strerror(errno));
	if (d->identity)
		copy_identity(p, d);
	write_conf(p, d, conf);
	dovecot_own(p);
	if (geteuid() == 0) {
		memmove(argv + n, argv, 5 * sizeof(argv[0]));
		memcpy(argv, as_root, sizeof(as_root));
	}
	p->dovecot = place_start(p, "dovecot", argv);
	while (!greets(d->imap, "* OK") || !greets(d->pop3, "+OK")) {
		cr_assert(waitpid(p->dovecot, NULL, WNOHANG) == 0 && place_now_ms() - began < 10000,
			  "dovecot does not start:\n%s%s", place_read(p, "dovecot.err"),
			  place_read(p, DOVECOT_LOG));
		place_pause();
	}
}

void dovecot_maildir(struct place *p, const char *name, char path[256])
{
	snprintf(path, 256, "%s/dovecot/mail/%s/Maildir", p->dir, name);
}

void dovecot_await_log(struct place *p, const char *text)
{
	uint64_t began = place_now_ms();

	while (!strstr(place_read(p, DOVECOT_LOG), text)) {
		cr_assert(place_now_ms() - began < 10000, "no \"%s\" in Dovecot's log:\n%s", text,
			  place_read(p, DOVECOT_LOG));
		place_pause();
	}
}
