/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_tls_command: a table of the commands of SSL_CONF_cmd(3). Names are compared without case,
 * as OpenSSL does it in files.
 */
#include "app/conf_tls_command.h"

#include "tls/ciphers.h"

/* One command at work. */
struct work {
	struct conf_build *b;
	const struct conf_tls_command *command;
	struct tls_acceptor_conf *to;
};

static int bad_value(const struct work *w, struct str value, const char *help)
{
	conf_error_at(w->b->error, w->command->where,
		      "SSL_CONF_cmd(\"%.*s\", \"%.*s\") failed: \"%.*s\" %s",
		      CONF_STR(w->command->name), CONF_STR(w->command->value), CONF_STR(value),
		      "is not known, or cannot be used");
	return help ? conf_error_help(w->b->error, "%s", help) : -1;
}

static const struct version {
	const char *name;
	unsigned from, to; /* sets of versions: this one and later ones, this one and earlier */
} versions[] = {
	{"None", TLS_1_0 | TLS_1_1 | TLS_1_2 | TLS_1_3, TLS_1_0 | TLS_1_1 | TLS_1_2 | TLS_1_3},
	{"SSLv3", TLS_1_0 | TLS_1_1 | TLS_1_2 | TLS_1_3, 0},
	{"TLSv1", TLS_1_0 | TLS_1_1 | TLS_1_2 | TLS_1_3, TLS_1_0},
	{"TLSv1.1", TLS_1_1 | TLS_1_2 | TLS_1_3, TLS_1_0 | TLS_1_1},
	{"TLSv1.2", TLS_1_2 | TLS_1_3, TLS_1_0 | TLS_1_1 | TLS_1_2},
	{"TLSv1.3", TLS_1_3, TLS_1_0 | TLS_1_1 | TLS_1_2 | TLS_1_3},
};

static const struct version *find_version(struct str name)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (str_eq_nocase(name, str_cstr(versions[i].name)))
			return &versions[i];
	return NULL;
}

static int keep_versions(const struct work *w, unsigned kept)
{
	w->to->suites.versions &= kept;
	if (w->to->suites.versions)
		return 0;
	conf_error_at(w->b->error, w->command->where,
		      "\"ssl_conf_command %.*s %.*s\" leaves no protocol",
		      CONF_STR(w->command->name), CONF_STR(w->command->value));
	return conf_error_help(w->b->error, "of those in \"ssl_protocols\"");
}

static int set_min(const struct work *w, struct str value)
{
	const struct version *v = find_version(value);

	return v ? keep_versions(w, v->from)
		 : bad_value(w, value, "it can be: None, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3");
}

static int set_max(const struct work *w, struct str value)
{
	const struct version *v = find_version(value);

	return v ? keep_versions(w, v->to)
		 : bad_value(w, value, "it can be: None, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3");
}

static int set_ciphers(const struct work *w, struct str value)
{
	struct cipher_list list;

	if (ciphers_read(value, &list) || !list.n)
		return bad_value(w, value, NULL);
	w->to->suites.ciphers = value;
	return 0;
}

static int set_suites(const struct work *w, struct str value)
{
	struct cipher_list list;

	if (ciphers_read_tls13(value, &list) || !list.n)
		return bad_value(w, value, NULL);
	w->to->suites.ciphersuites = value;
	return 0;
}

static int set_curves(const struct work *w, struct str value)
{
	w->to->suites.curves = value;
	return 0;
}

/* What is never otherwise here, whether asked for or not. */
enum fixed { FREE, ALWAYS, NEVER };

static const struct option {
	const char *name;
	enum fixed fixed;
	size_t offset; /* FREE: of the bool in struct tls_acceptor_conf */
} options[] = {
	{"SessionTicket", FREE, offsetof(struct tls_acceptor_conf, tickets)},
	{"ServerPreference", FREE, offsetof(struct tls_acceptor_conf, prefer_server_ciphers)},
	{"EncryptThenMac", ALWAYS, 0},
	{"ECDHSingle", ALWAYS, 0},
	{"DHSingle", ALWAYS, 0},
	{"MiddleboxCompat", ALWAYS, 0},
	{"NoRenegotiation", ALWAYS, 0},
	{"NoResumptionOnRenegotiation", ALWAYS, 0},
	{"AntiReplay", ALWAYS, 0},
	{"Bugs", ALWAYS, 0},
	{"EmptyFragments", ALWAYS, 0},
	{"Compression", NEVER, 0},
	{"UnsafeRenegotiation", NEVER, 0},
	{"UnsafeLegacyRenegotiation", NEVER, 0},
	{"UnsafeLegacyServerConnect", NEVER, 0},
	{"AllowNoDHEKEX", NEVER, 0},
};

/* Clients that prefer ChaCha20 get it, unless our own order counts. */
static void note_chacha(const struct work *w)
{
	conf_build_warn(w->b, w->command->where,
			"\"PrioritizeChaCha\" has no effect: a client's own preference counts "
			"without \"ssl_prefer_server_ciphers on\"");
}

static int set_option(const struct work *w, struct str word)
{
	bool on = !str_starts(word, STR("-"));
	struct str name = str_from(word, str_starts(word, STR("-")) || str_starts(word, STR("+")));

	if (str_eq_nocase(name, STR("PrioritizeChaCha"))) {
		if (on)
			note_chacha(w);
		return 0;
	}
	if (str_eq_nocase(name, STR("KTLS"))) {
		if (on)
			conf_build_warn(w->b, w->command->where, "\"KTLS\" has no effect");
		return 0;
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const struct option *o = &options[i];

		if (!str_eq_nocase(name, str_cstr(o->name)))
			continue;
		if (o->fixed == FREE)
			*(bool *)((char *)w->to + o->offset) = on;
		else if (on != (o->fixed == ALWAYS))
			return bad_value(w, word, "it is always on, or always off");
		return 0;
	}
	return bad_value(w, word, NULL);
}

static int set_options(const struct work *w, struct str value)
{
	while (value.n) {
		size_t n = str_find(value, ',');

		if (set_option(w, str_trim_sp(str_first(value, n))))
			return -1;
		value = str_from(value, n + 1);
	}
	return 0;
}

static const struct known {
	const char *name;
	int (*set)(const struct work *w, struct str value);
	const char *instead; /* without set: the directive; NULL: there is none */
} known[] = {
	{"MinProtocol", set_min, NULL},
	{"MaxProtocol", set_max, NULL},
	{"CipherString", set_ciphers, NULL},
	{"Ciphersuites", set_suites, NULL},
	{"Curves", set_curves, NULL},
	{"Groups", set_curves, NULL},
	{"Options", set_options, NULL},
	{"Protocol", NULL, "ssl_protocols"},
	{"Certificate", NULL, "ssl_certificate"},
	{"PrivateKey", NULL, "ssl_certificate_key"},
	{"DHParameters", NULL, "ssl_dhparam"},
	{"ECDHParameters", NULL, "ssl_ecdh_curve"},
	{"VerifyMode", NULL, "ssl_verify_client"},
	{"ClientCAFile", NULL, "ssl_client_certificate"},
	{"RequestCAFile", NULL, "ssl_client_certificate"},
	{"VerifyCAFile", NULL, "ssl_trusted_certificate"},
	{"ChainCAFile", NULL, "ssl_certificate"},
	{"ServerInfoFile", NULL, NULL},
	{"ClientCAPath", NULL, "ssl_client_certificate"},
	{"RequestCAPath", NULL, "ssl_client_certificate"},
	{"VerifyCAPath", NULL, "ssl_trusted_certificate"},
	{"ChainCAPath", NULL, "ssl_certificate"},
	{"SignatureAlgorithms", NULL, NULL},
	{"ClientSignatureAlgorithms", NULL, NULL},
	{"NumTickets", NULL, NULL},
	{"RecordPadding", NULL, NULL},
	{"TxCertificateCompression", NULL, NULL},
	{"RxCertificateCompression", NULL, NULL},
};

int conf_tls_command_apply(struct conf_build *b, const struct conf_tls_command *command,
			   struct tls_acceptor_conf *to)
{
	struct work w = {b, command, to};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct known *k = &known[i];

		if (!str_eq_nocase(command->name, str_cstr(k->name)))
			continue;
		if (k->set)
			return k->set(&w, command->value);
		conf_error_at(b->error, command->where,
			      "\"ssl_conf_command %.*s\" is not supported",
			      CONF_STR(command->name));
		return k->instead ? conf_error_help(b->error, "use \"%s\"", k->instead)
				  : conf_error_help(b->error, "nothing here can be set so");
	}
	conf_error_at(b->error, command->where,
		      "SSL_CONF_cmd(\"%.*s\", \"%.*s\") failed: unknown command",
		      CONF_STR(command->name), CONF_STR(command->value));
	return conf_error_help(b->error, "known are: MinProtocol MaxProtocol CipherString "
					 "Ciphersuites Curves Groups Options");
}
