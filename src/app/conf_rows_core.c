/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_rows_core: the directives of the processes, of the mail block, of its protocols, of the
 * authentication service and of the mail servers behind, but for TLS.
 */
#include "app/conf_rows.h"

#include "app/affinity.h"
#include "app/conf_auth.h"
#include "app/conf_bind.h"
#include "app/conf_listen.h"
#include "app/conf_log.h"
#include "app/conf_process.h"
#include "app/conf_real_ip.h"
#include "app/conf_resolver.h"
#include "app/conf_value.h"

static const struct conf_choice protocols[] = {
	{"smtp", PROTOCOL_SMTP},
	{"pop3", PROTOCOL_POP3},
	{"imap", PROTOCOL_IMAP},
	{NULL, 0},
};

static const struct conf_choice smtp_methods[] = {
	{"plain", 1u << SASL_PLAIN},       {"login", 1u << SASL_LOGIN},
	{"cram-md5", 1u << SASL_CRAM_MD5}, {"external", 1u << SASL_EXTERNAL},
	{"xoauth2", 1u << SASL_XOAUTH2},   {"oauthbearer", 1u << SASL_OAUTHBEARER},
	{"none", 1u << FRONT_METHOD_NONE}, {NULL, 0},
};

static const struct conf_choice proxy_headers[] = {
	{"off", PROXY_OUT_OFF},
	{"on", PROXY_OUT_V1},
	{"v2", PROXY_OUT_V2},
	{NULL, 0},
};

/* USER and PASS, AUTH PLAIN and AUTH LOGIN come together, as in NGINX. */
static const struct conf_choice pop3_methods[] = {
	{"plain", 1u << SASL_PLAIN | 1u << SASL_LOGIN},
	{"apop", 1u << FRONT_METHOD_APOP},
	{"cram-md5", 1u << SASL_CRAM_MD5},
	{"external", 1u << SASL_EXTERNAL},
	{"xoauth2", 1u << SASL_XOAUTH2},
	{"oauthbearer", 1u << SASL_OAUTHBEARER},
	{NULL, 0},
};

/* plain stands for LOGIN and AUTHENTICATE PLAIN, login for AUTHENTICATE LOGIN alone. */
static const struct conf_choice imap_methods[] = {
	{"plain", 1u << SASL_PLAIN},
	{"login", 1u << SASL_LOGIN},
	{"cram-md5", 1u << SASL_CRAM_MD5},
	{"external", 1u << SASL_EXTERNAL},
	{"xoauth2", 1u << SASL_XOAUTH2},
	{"oauthbearer", 1u << SASL_OAUTHBEARER},
	{NULL, 0},
};

enum { BUFFER_MIN = 64, BUFFER_MAX = 16 << 20, PER_THREAD_MAX = 1 << 20 };

#define TIME_MAX ((uint64_t)INT64_MAX)

/* In the order of the manual: processes, the mail block, listening, authentication, SMTP, proxy. */
static const struct conf_row rows[] = {
	{SETTING("user", MAIN), ARGS(1, 2), AT(user), .set = conf_value_user,
	 .syntax = "user [group]",
	 .help = "Whom the worker process becomes after the listening sockets are open. Without a "
		 "group, the user's own. Has an effect only when started as root; the default is "
		 "then nobody."},
	{SETTING("worker_processes", MAIN), ARGS(1, 1), AT(threads), .set = conf_value_threads,
	 LIMIT(1, 256), .fallback = "1", .syntax = "number | auto",
	 .help = "How many threads serve connections, each on a ring of its own, all in one worker "
		 "process. auto: one for each processor that the process may run on."},
	{SETTING("worker_connections", EVENT), ARGS(1, 1), AT(connections),
	 .set = conf_value_connections, LIMIT(1, PER_THREAD_MAX), .fallback = "512",
	 .syntax = "number",
	 .help = "How many client sessions each thread serves at the same time. Only clients "
		 "count, not the connections to mail servers and authentication services. One more "
		 "client is turned away (SMTP: 421) and counted."},
	{SETTING("ring_entries", EVENT), ARGS(2, 2), .set = conf_value_ring_entries,
	 LIMIT(8, 32768), .fallback = "1024 8192", .syntax = "submissions completions",
	 .help = "The sizes of the queues between each thread and the kernel, powers of two. Both "
		 "may run full: more is handed over in parts. Small queues need less locked "
		 "memory. Not known to NGINX."},
	{SETTING("ring_buffers", EVENT), ARGS(2, 2), .set = conf_value_ring_buffers,
	 LIMIT(2, 32768), .fallback = "128 16k", .syntax = "number size",
	 .help = "How many buffers of this size each thread has for what it receives; the number "
		 "is a power of two. All its connections share them, and one that finds none "
		 "waits for the next. Not known to NGINX."},
	{SETTING("worker_rlimit_nofile", MAIN), ARGS(1, 1), AT(nofile_max),
	 .set = conf_value_number, LIMIT(1, INT32_MAX), .syntax = "number",
	 .help = "The limit of open files (RLIMIT_NOFILE) of the worker process. Without it, as "
		 "many as the hard limit at start allows."},
	{SETTING("worker_rlimit_core", MAIN), ARGS(1, 1), AT(core_max), .set = conf_value_size,
	 LIMIT(0, TIME_MAX), .syntax = "size",
	 .help = "The limit of the size of core files (RLIMIT_CORE) of the worker process. Without "
		 "it, there are none."},
	{SETTING("worker_cpu_affinity", MAIN), ARGS(1, CONF_ARGS_ANY), AT(affinity),
	 .set = affinity_set, .syntax = "mask ... | auto [mask]",
	 .help = "Which processors each thread may run on: a mask for each, the last digit being "
		 "processor 0. The last mask counts for all threads that follow. auto: one "
		 "processor for each thread, of those that the mask allows."},
	{SETTING("worker_priority", MAIN), ARGS(1, 1), AT(priority), .set = conf_process_priority,
	 .syntax = "number",
	 .help = "The priority of the worker process as nice(1) has it, from -20, the highest, to "
		 "20."},
	{SETTING("env", MAIN), ARGS(1, 1), .repeats = true, AT(env), .set = conf_process_env,
	 .syntax = "name[=value]",
	 .help = "A variable that the worker process, and a new binary after USR2, has in its "
		 "environment: with the value of the master's, or with this one. Besides these, "
		 "they have TZ only."},
	{SETTING("worker_shutdown_timeout", MAIN), ARGS(1, 1), AT(shutdown_timeout_ms),
	 .set = conf_value_ms, LIMIT(0, TIME_MAX), .syntax = "time",
	 .help = "How long a worker process that was told to quit waits for its sessions. "
		 "Without it, as long as they last."},
	{SETTING("daemon", MAIN), ARGS(1, 1), AT(daemon), .set = conf_value_flag, .fallback = "on",
	 .syntax = "on | off", .help = "Whether to go into the background."},
	{SETTING("master_process", MAIN), ARGS(1, 1), AT(master_process), .set = conf_value_flag,
	 .fallback = "on", .syntax = "on | off",
	 .help = "Whether a master watches over the worker process. Off is for debugging."},
	{SETTING("pid", MAIN), ARGS(1, 1), AT(pid), .set = conf_value_path,
	 .fallback = RINGPOST_PID, .syntax = "file",
	 .help = "The file that holds the process id of the master."},
	{SETTING("working_directory", MAIN), ARGS(1, 1), AT(working_directory),
	 .set = conf_value_path, .syntax = "directory",
	 .help = "The current directory of the worker process: where core files go."},
	{SETTING("error_log", MAIN | M_S), ARGS(1, CONF_ARGS_ANY), .repeats = true, AT(logs),
	 .set = conf_log_set,
	 .syntax = "file | stderr | syslog:server=address[:port]|unix:path[,facility=name]"
		   "[,tag=name][,severity=level][,nohostname] [level]",
	 .help = "Where messages of this level and of more severe ones go: debug, info, notice, "
		 "warn, error, crit, alert or emerg; without one, error. May be given several "
		 "times; those of a server replace those of the mail block, and those replace the "
		 "ones outside. Without any, " RINGPOST_ERROR_LOG ", or the file of -e. At info, "
		 "every connection, login and end of session is logged; at debug also each step on "
		 "the way, but never a password. syslog: sends every line in a datagram of its "
		 "own, "
		 "to a unix socket or over UDP (port 514 unless given; a host name is looked up at "
		 "start), as NGINX does: facility local7, tag ringpost, and the name of this "
		 "machine "
		 "unless told otherwise; the severity is each line's own level, whatever severity "
		 "says. Nothing waits for a log: lines that a full disk or pipe or an absent "
		 "server "
		 "does not take are lost, and their number is logged when it takes lines again. "
		 "memory: is accepted and keeps nothing."},
	{INCLUDE("include", MAIN | EVENT | M_S | CONF_IN_NAME), ARGS(1, 1), .repeats = true,
	 .syntax = "file | pattern",
	 .help = "Reads another file, or all files that the pattern (as of a shell) matches, in "
		 "its place. Relative names start at the folder of the main file."},
	{BLOCK("events", MAIN, CONF_IN_EVENTS), .syntax = "{ ... }",
	 .help = "Holds worker_connections, ring_entries and ring_buffers."},

	{SETTING("debug_connection", EVENT), ARGS(1, 1), .repeats = true, AT(debug_from),
	 .set = conf_real_ip_set, .syntax = "address | CIDR | host | unix:",
	 .help = "Clients whose sessions are logged in full, as at level debug, to every log that "
		 "their server has, whatever its level. May be given several times. The address is "
		 "that of the connection, behind a balancer the balancer's."},

	{BLOCK("mail", MAIN, CONF_IN_MAIL), .syntax = "{ ... }",
	 .help = "Holds the servers, and what they have in common."},
	{BLOCK("server", CONF_IN_MAIL, CONF_IN_SERVER), .repeats = true, .syntax = "{ ... }",
	 .help = "One server: the addresses that it listens on, and how it treats clients. What it "
		 "does not say is as the mail block says."},
	{SETTING("listen", CONF_IN_SERVER), ARGS(1, CONF_ARGS_ANY), .repeats = true,
	 .set = conf_listen_set,
	 .syntax = "address:port | port | unix:path [ssl] [proxy_protocol] "
		   "[backlog=number] "
		   "[rcvbuf=size] [sndbuf=size] [bind] [ipv6only=on | off] [so_keepalive=on | off "
		   "| [idle]:[interval]:[count]] [multipath]",
	 .help = "An address to listen on: 25, 192.0.2.1:25, *:25, [2001:db8::1]:25, [::]:25, a "
		 "host name with a port, or a unix socket. A range of ports is written "
		 "192.0.2.1:2500-2509. The backlog is 511 unless given; ipv6only is on. Each "
		 "address and port belongs to one server. With ssl, TLS begins with the first "
		 "byte, "
		 "which needs an ssl_certificate. With proxy_protocol, every connection "
		 "has "
		 "to begin with a header of the PROXY protocol, version 1 or 2, as balancers send "
		 "it; its addresses go to the authentication service, and see set_real_ip_from."},
	{SETTING("protocol", CONF_IN_SERVER), ARGS(1, 1), .last_counts = true, AT(protocol),
	 .set = conf_value_choice, .choices = protocols, .syntax = "smtp | pop3 | imap",
	 .help = "The protocol of the server. Without it, a listen on port 25, 465 or 587 "
		 "makes it SMTP, on port 110 or 995 POP3, on port 143 or 993 IMAP."},
	{SETTING("server_name", M_S), ARGS(1, 1), AT(server_name), .set = conf_value_word,
	 .syntax = "name",
	 .help = "What the server calls itself in its greeting, in replies to HELO and EHLO, in "
		 "challenges, and towards the mail servers behind it. Without it, the name of the "
		 "machine."},
	{SETTING("timeout", M_S), ARGS(1, 1), AT(timeout_ms), .set = conf_value_ms,
	 LIMIT(1, TIME_MAX), .fallback = "60s", .syntax = "time",
	 .help = "How long a client may take from the greeting to its login, all commands "
		 "together, and how long reaching and preparing the mail server may take after "
		 "that."},
	{SETTING("max_errors", M_S), ARGS(1, 1), AT(errors_max), .set = conf_value_number,
	 LIMIT(0, UINT32_MAX), .fallback = "5", .syntax = "number",
	 .help = "With this many invalid commands, a session ends."},
	{SETTING("max_commands", M_S), ARGS(1, 1), AT(commands_max), .set = conf_value_number,
	 LIMIT(0, UINT32_MAX), .fallback = "1000", .syntax = "number",
	 .help = "With more commands than this before the login, a session ends. 0: no limit."},
	{SETTING("strict_line_ends", M_S), ARGS(1, 1), AT(strict_lines), .set = conf_value_flag,
	 .fallback = "off", .syntax = "on | off",
	 .help = "Whether a command before the login that ends with a bare LF, not with CR LF, "
		 "ends "
		 "the session: bytes that one program takes for two lines and another for one have "
		 "been used to smuggle mail. What comes behind the login is passed on unchanged in "
		 "any case. Not known to NGINX, which takes both."},

	{SETTING("resolver", M_S), ARGS(1, CONF_ARGS_ANY), AT(resolver), .set = conf_resolver_set,
	 .fallback = "off",
	 .syntax = "address[:port] ... [valid=time] [ipv4=on | off] [ipv6=on | off] | off",
	 .help = "The name servers that are asked for names, one after the other; port 53 unless "
		 "given. With it, an SMTP client's address is looked up, and the name confirmed by "
		 "looking that up in turn, before the greeting: the authentication service is told "
		 "in Client-Host, mail servers by XCLIENT. A host name in auth_http is looked up "
		 "again whenever its time is over, and the authentication service may say a "
		 "host name in Auth-Server: its addresses are tried in turn. Answers are kept as "
		 "long as they say themselves, or "
		 "for the time of valid. ipv4=off and ipv6=off leave out addresses of that kind. "
		 "The system's own resolver, and its list of hosts, are not asked."},
	{SETTING("resolver_timeout", M_S), ARGS(1, 1), AT(resolver_timeout_ms),
	 .set = conf_value_ms, LIMIT(0, TIME_MAX), .fallback = "30s", .syntax = "time",
	 .help = "How long the name servers may take to answer, for one name; 0: for ever."},

	{SETTING("auth_http", M_S), ARGS(1, 1), .last_counts = true, AT(auth_url),
	 .set = conf_auth_set_url,
	 .syntax = "[http:// | https://]host[:port][/uri] | unix:path[:/uri]",
	 .help = "The service that is asked about every login, over HTTP, or over TLS with "
		 "https:// "
		 "(see auth_http_ssl_verify). A host name is looked up at start; with a resolver, "
		 "it "
		 "is looked up again, without any login waiting for that, whenever its time is "
		 "over, and its last known addresses stay when that fails. When it has "
		 "several addresses, the next is tried when one cannot be reached. Every server "
		 "needs one."},
	{SETTING("auth_http_header", M_S), ARGS(2, 2), .repeats = true, AT(auth_headers),
	 .set = conf_auth_set_header, .syntax = "name value",
	 .help = "A header that is added to every request. May be given several times; those of a "
		 "server replace those of the mail block."},
	{SETTING("auth_http_timeout", M_S), ARGS(1, 1), AT(auth_timeout_ms), .set = conf_value_ms,
	 LIMIT(1, TIME_MAX), .fallback = "60s", .syntax = "time",
	 .help = "How long the service may take to answer one request."},
	{SETTING("auth_http_keepalive", M_S), ARGS(1, 1), AT(auth_keepalive),
	 .set = conf_value_number, LIMIT(0, 65536), .fallback = "32", .syntax = "number",
	 .help = "How many idle connections to the service each thread keeps for the next request, "
		 "if the service agrees. 0: a new connection for every request, as NGINX does it. "
		 "Not known to NGINX."},
	{SETTING("auth_http_connections", M_S), ARGS(1, 1), AT(auth_connections),
	 .set = conf_value_number, LIMIT(1, 65536), .fallback = "256", .syntax = "number",
	 .help = "How many connections to the service each thread has open at most. Further "
		 "requests wait for one. Not known to NGINX."},
	{SETTING("auth_http_queue", M_S), ARGS(1, 1), AT(auth_queue), .set = conf_value_number,
	 LIMIT(0, PER_THREAD_MAX), .fallback = "4096", .syntax = "number",
	 .help = "How many requests of each thread may wait for a connection. One more is an "
		 "internal server error to the client (SMTP: 451) and logged. Not known to NGINX."},

	{SETTING("smtp_auth", M_S), ARGS(1, CONF_ARGS_ANY), .repeats = true,
	 AT(methods[PROTOCOL_SMTP]), .set = conf_value_choices, .choices = smtp_methods,
	 .fallback = "plain login",
	 .syntax = "plain | login | cram-md5 | external | xoauth2 | oauthbearer | none ...",
	 .help = "How SMTP clients may log in; what is not listed is neither announced nor "
		 "accepted. With xoauth2 and oauthbearer, the service is given the token as the "
		 "password. With none, a client that does not log in is asked about at its first "
		 "RCPT."},
	{SETTING("smtp_capabilities", M_S), ARGS(1, CONF_ARGS_ANY), .repeats = true,
	 AT(capabilities[PROTOCOL_SMTP]), .set = conf_value_words, .syntax = "extension ...",
	 .help = "What the reply to EHLO announces, a line each; with parameters in quotes: \"SIZE "
		 "52428800\". Name what the mail servers behind support. Those of a server replace "
		 "those of the mail block. What clients may use before they log in and cannot here "
		 "is named in a warning at start: STARTTLS, AUTH, VRFY and the like."},
	{SETTING("smtp_client_buffer", M_S), ARGS(1, 1), AT(client_buffer[PROTOCOL_SMTP]),
	 .set = conf_value_size, LIMIT(BUFFER_MIN, BUFFER_MAX), .fallback = "4k", .syntax = "size",
	 .help = "The longest command line that an SMTP client may send."},
	{SETTING("smtp_greeting_delay", M_S), ARGS(1, 1), AT(greeting_delay_ms),
	 .set = conf_value_ms, LIMIT(0, TIME_MAX), .fallback = "0", .syntax = "time",
	 .help = "How long the greeting is withheld. A client that speaks before it is refused."},
	{SETTING("smtp_starttls_required", M_S), ARGS(1, 1), AT(starttls_required),
	 .set = conf_value_flag, .fallback = "off", .syntax = "on | off",
	 .help = "Whether \"starttls only\" also demands TLS before MAIL and RCPT, which are then "
		 "refused with \"530 5.7.0 Must issue a STARTTLS command first\" (RFC 3207). "
		 "Without it, as in NGINX, it is only logins that have to wait for TLS, not mail "
		 "of "
		 "clients that need none, see none of smtp_auth. Not known to NGINX."},

	{SETTING("pop3_auth", M_S), ARGS(1, CONF_ARGS_ANY), .repeats = true,
	 AT(methods[PROTOCOL_POP3]), .set = conf_value_choices, .choices = pop3_methods,
	 .fallback = "plain",
	 .syntax = "plain | apop | cram-md5 | external | xoauth2 | oauthbearer ...",
	 .help = "How POP3 clients may log in; what is not listed is neither announced nor "
		 "accepted. plain stands for USER and PASS, AUTH PLAIN and AUTH LOGIN. With the "
		 "others the authentication service has to say the password for the mail server, "
		 "in Auth-Pass."},
	{SETTING("pop3_capabilities", M_S), ARGS(1, CONF_ARGS_ANY), .repeats = true,
	 AT(capabilities[PROTOCOL_POP3]), .set = conf_value_words, .fallback = "TOP USER UIDL",
	 .syntax = "extension ...",
	 .help = "What the reply to CAPA announces, a line each, beside SASL; with parameters in "
		 "quotes: \"EXPIRE 60\". Name what the mail servers behind support. Those of a "
		 "server replace those of the mail block. What clients may use before they log in "
		 "and cannot here is named in a warning at start: STLS, SASL, UTF8, LANG, and USER "
		 "where pop3_auth does not have plain."},
	{SETTING("pop3_client_buffer", M_S), ARGS(1, 1), AT(client_buffer[PROTOCOL_POP3]),
	 .set = conf_value_size, LIMIT(BUFFER_MIN, BUFFER_MAX), .fallback = "4k", .syntax = "size",
	 .help = "The longest command line that a POP3 client may send. NGINX has 128 bytes, too "
		 "few for tokens."},

	{SETTING("imap_auth", M_S), ARGS(1, CONF_ARGS_ANY), .repeats = true,
	 AT(methods[PROTOCOL_IMAP]), .set = conf_value_choices, .choices = imap_methods,
	 .fallback = "plain",
	 .syntax = "plain | login | cram-md5 | external | xoauth2 | oauthbearer ...",
	 .help = "How IMAP clients may log in; what is not listed is neither announced nor "
		 "accepted. plain stands for the command LOGIN as well. With the others but login "
		 "the authentication service has to say the password for the mail server, in "
		 "Auth-Pass."},
	{SETTING("imap_capabilities", M_S), ARGS(1, CONF_ARGS_ANY), .repeats = true,
	 AT(capabilities[PROTOCOL_IMAP]), .set = conf_value_words,
	 .fallback = "IMAP4 IMAP4rev1 UIDPLUS", .syntax = "extension ...",
	 .help = "What the reply to CAPABILITY announces beside AUTH= and STARTTLS. Name what the "
		 "mail servers behind support. Those of a server replace those of the mail block. "
		 "What clients may use before they log in and cannot here is named in a warning at "
		 "start: STARTTLS, AUTH=, COMPRESS=, LANGUAGE, ID without imap_id, LOGINDISABLED "
		 "where imap_auth has plain."},
	{SETTING("imap_client_buffer", M_S), ARGS(1, 1), AT(client_buffer[PROTOCOL_IMAP]),
	 .set = conf_value_size, LIMIT(BUFFER_MIN, BUFFER_MAX), .fallback = "4k", .syntax = "size",
	 .help = "The longest command that an IMAP client may send, its literals included."},
	{SETTING("imap_id", M_S), ARGS(1, 1), AT(imap_id), .set = conf_value_flag,
	 .fallback = "off", .syntax = "on | off",
	 .help = "Whether the command ID (RFC 2971) is answered before the login. NGINX refuses "
		 "it, which some clients take for a broken server. Name ID in imap_capabilities, "
		 "too. "
		 "Not known to NGINX."},

	{SETTING("proxy", M_S), ARGS(1, 1), AT(proxy), .set = conf_value_proxy,
	 .syntax = "on | off",
	 .help = "Accepted with a warning, and without effect, as in NGINX: mail is always "
		 "proxied."},
	{SETTING("proxy_buffer", M_S), ARGS(1, 1), AT(proxy_buffer), .set = conf_value_size,
	 LIMIT(BUFFER_MIN, BUFFER_MAX), .fallback = "4k", .syntax = "size",
	 .help = "The longest reply that a mail server may give before a session is handed to "
		 "it."},
	{SETTING("proxy_timeout", M_S), ARGS(1, 1), AT(proxy_timeout_ms), .set = conf_value_ms,
	 LIMIT(1, TIME_MAX), .fallback = "24h", .syntax = "time",
	 .help = "After the login, a session in which nothing happens for this long ends."},
	{SETTING("proxy_pass_error_message", M_S), ARGS(1, 1), AT(pass_error_message),
	 .set = conf_value_flag, .fallback = "off", .syntax = "on | off",
	 .help = "Whether the client is told the mail server's own words when that refuses a "
		 "session; otherwise \"internal server error\" (SMTP: 451)."},
	{SETTING("proxy_smtp_auth", M_S), ARGS(1, 1), AT(proxy_smtp_auth), .set = conf_value_flag,
	 .fallback = "off", .syntax = "on | off",
	 .help = "Whether to log in at the mail server, with AUTH PLAIN and the credentials of the "
		 "client or those that the authentication service gives instead."},
	{SETTING("proxy_identity", M_S), ARGS(1, 1), AT(identity), .set = conf_value_flag,
	 .fallback = "off", .syntax = "on | off",
	 .help = "Whether to tell POP3 and IMAP servers that ask for it who the client is: with "
		 "XCLIENT if a POP3 server greets with [XCLIENT], with ID if an IMAP server greets "
		 "with that capability. Dovecot does so to those in its login_trusted_networks. "
		 "Clients that are proxies themselves may then tell us how many more may follow, "
		 "so that a circle ends: for them, our own greetings have [XCLIENT] and "
		 "[CAPABILITY], and ID is announced and answered. Not known to NGINX."},
	{SETTING("xclient", M_S), ARGS(1, 1), AT(xclient), .set = conf_value_flag, .fallback = "on",
	 .syntax = "on | off",
	 .help = "Whether to tell the mail server about the client with XCLIENT, as Postfix "
		 "understands it: ADDR, LOGIN and NAME, and, unlike NGINX, also PORT, PROTO, "
		 "DESTADDR, DESTPORT and HELO if its reply to EHLO offers to hear them."},

	{SETTING("proxy_bind", M_S), ARGS(1, CONF_ARGS_ANY), AT(sources), .set = conf_bind_set,
	 .syntax = "address ... | off",
	 .help = "The addresses of this machine that connections to mail servers come from, each "
		 "in "
		 "its turn, as far as they are of the server's family, IPv4 or IPv6; for the other "
		 "family, and with off, the system chooses. From one address there can be as many "
		 "connections to one port of a mail server as net.ipv4.ip_local_port_range has "
		 "ports, 28232 unless it was changed: for more of them, name more addresses. One "
		 "that has no port left is passed over. Not known to NGINX for mail."},
	{SETTING("proxy_protocol", M_S), ARGS(1, 1), AT(proxy_out), .set = conf_value_choices,
	 .choices = proxy_headers, .fallback = "off", .syntax = "on | off | v2",
	 .help = "Whether the mail server gets a header of the PROXY protocol before anything "
		 "else, "
		 "with the address of the client and the one that it connected to. on: version 1, "
		 "which is text; v2: version 2, which is binary. The mail server must expect it."},
	{SETTING("set_real_ip_from", M_S), ARGS(1, 1), .repeats = true, AT(real_ip_from),
	 .set = conf_real_ip_set, .syntax = "address | CIDR | host | unix:",
	 .help = "A balancer that is trusted to say who the client is: the address in its PROXY "
		 "header (see proxy_protocol of listen) counts as the client's, in the log, for "
		 "the authentication service and for the mail server. May be given several times; "
		 "those of a server replace those of the mail block. A host name is looked up "
		 "once, at start."},
};

const struct conf_rows conf_rows_core = {rows, sizeof(rows) / sizeof(rows[0])};
