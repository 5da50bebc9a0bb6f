/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/conf: what is wrong with a configuration is said in NGINX's words, with the
 * file, the line and what to do about it. One row for every sentence there is.
 */
#include "app/conf.h"
#include "tests/lib/conf_try.h"

#include <criterion/criterion.h>

#define BIND_HELP                                                                                  \
	"(addresses of this machine are wanted, like 192.0.2.1 or 2001:db8::1, without a port, "   \
	"or \"off\")"

/* Where the text stands: before a good mail block (its line 1), in it (2), in its server (4). */
enum place { WHOLE, MAIN, MAIL, SERVER };

#define SYSLOG_HELP " (it can be: server=, facility=, tag=, severity=, nohostname)"

static const struct refused {
	enum place place;
	const char *text, *error;
} refused[] = {
	{MAIN, "}", "unexpected \"}\" in c:1"},
	{MAIN, "foo bar;", "unknown directive \"foo\" in c:1"},
	{MAIL, "proxy_passs 25;",
	 "unknown directive \"proxy_passs\" in c:2 (did you mean \"proxy_ssl\"?)"},
	{MAIN, "listn 25;", "unknown directive \"listn\" in c:1 (did you mean \"listen\"?)"},
	{MAIN, "woker_processes 2;",
	 "unknown directive \"woker_processes\" in c:1 (did you mean \"worker_processes\"?)"},
	{MAIN, "worker_processes;",
	 "invalid number of arguments in \"worker_processes\" directive in c:1 (syntax: "
	 "worker_processes number | auto;)"},
	{MAIN, "worker_processes 1 2;",
	 "invalid number of arguments in \"worker_processes\" directive in c:1 (syntax: "
	 "worker_processes number | auto;)"},
	{MAIN, "worker_processes 1;\nworker_processes 1;",
	 "\"worker_processes\" directive is duplicate in c:2"},
	{MAIN, "worker_processes x;",
	 "\"worker_processes\" directive invalid value in c:1 (it is a number, or auto)"},
	{MAIN, "worker_processes 0;",
	 "\"worker_processes\" directive invalid value in c:1 (\"0\" is too small)"},
	{MAIN, "worker_processes 257;",
	 "\"worker_processes\" directive invalid value in c:1 (\"257\" is more than 256)"},
	{MAIN, "user;",
	 "invalid number of arguments in \"user\" directive in c:1 (syntax: user user [group];)"},
	{MAIN, "user a b c;",
	 "invalid number of arguments in \"user\" directive in c:1 (syntax: user user [group];)"},
	{MAIN, "worker_cpu_affinity;",
	 "invalid number of arguments in \"worker_cpu_affinity\" directive in c:1 (syntax: "
	 "worker_cpu_affinity mask ... | auto [mask];)"},
	{MAIN, "worker_cpu_affinity 01 012;",
	 "invalid character \"2\" in \"worker_cpu_affinity\" in c:1"},
	{MAIN, "worker_cpu_affinity auto 1 1;",
	 "invalid number of arguments in \"worker_cpu_affinity\" directive in c:1"},
	{MAIN, "worker_cpu_affinity 1; worker_cpu_affinity 1;",
	 "\"worker_cpu_affinity\" directive is duplicate in c:1"},
	{MAIN, "worker_priority high;",
	 "\"worker_priority\" directive invalid number in c:1 (\"high\" is not a number like -5 or "
	 "10)"},
	{MAIN, "worker_priority 1 2;",
	 "invalid number of arguments in \"worker_priority\" directive in c:1 (syntax: "
	 "worker_priority number;)"},
	{MAIN, "env;",
	 "invalid number of arguments in \"env\" directive in c:1 (syntax: env name[=value];)"},
	{SERVER, "protocol SMTP;",
	 "unknown protocol \"SMTP\" in c:4 (it can be: smtp, pop3, imap)"},
	{MAIN, "listen 25;",
	 "\"listen\" directive is not allowed here in c:1 (this is main, it belongs in server)"},
	{MAIN, "server { }",
	 "\"server\" directive is not allowed here in c:1 (this is main, it belongs in mail)"},
	{MAIN, "events { } events { }", "\"events\" directive is duplicate in c:1"},
	{MAIN, "events x { }",
	 "invalid number of arguments in \"events\" directive in c:1 (syntax: events { ... })"},
	{MAIN, "events;", "directive \"events\" has no opening \"{\" in c:1"},
	{MAIN, "worker_processes 1 { }",
	 "directive \"worker_processes\" is not terminated by \";\" in c:1"},
	{MAIN, ";", "unexpected \";\" in c:1"},
	{MAIN, "{ }", "unexpected \"{\" in c:1"},
	{MAIN, "pid a b;",
	 "invalid number of arguments in \"pid\" directive in c:1 (syntax: pid file;)"},
	{MAIN, "pid \"\";", "no file name in \"pid\" directive in c:1"},
	{MAIN, "pid \"a\\tb\";",
	 "\"pid\" directive invalid value in c:1 (\"a?b\" has a control character in it)"},
	{MAIN, "daemon maybe;",
	 "invalid value \"maybe\" in \"daemon\" directive, it must be \"on\" or \"off\" in c:1"},
	{MAIN, "master_process 1;",
	 "invalid value \"1\" in \"master_process\" directive, it must be \"on\" or \"off\" in "
	 "c:1"},
	{MAIN, "working_directory;",
	 "invalid number of arguments in \"working_directory\" directive in c:1 (syntax: "
	 "working_directory directory;)"},
	{MAIN, "error_log;",
	 "invalid number of arguments in \"error_log\" directive in c:1 (syntax: error_log file | "
	 "stderr | syslog:server=address[:port]|unix:path[,facility=name][,tag=name]"
	 "[,severity=level][,nohostname] [level];)"},
	{MAIN, "error_log stderr foo;",
	 "invalid log level \"foo\" in c:1 (it can be: debug, info, notice, warn, error, crit, "
	 "alert, emerg)"},
	{MAIN, "error_log stderr info x;",
	 "invalid log level \"x\" in c:1 (it can be: debug, info, notice, warn, error, crit, "
	 "alert, "
	 "emerg)"},
	{MAIN, "error_log stderr info debug;", "duplicate log level \"debug\" in c:1"},
	{MAIN, "error_log stderr debug_mail info;", "duplicate log level \"info\" in c:1"},
	{MAIN, "error_log stderr info debug_mail;",
	 "invalid log level \"debug_mail\" in c:1 (it can be: debug, info, notice, warn, error, "
	 "crit, alert, emerg)"},
	{MAIN, "error_log \"\";", "no file name in \"error_log\" directive in c:1"},
	{MAIN, "error_log memory:x;", "invalid buffer size \"x\" in c:1"},
	{MAIN, "error_log memory:1;", "invalid buffer size \"1\" in c:1"},
	{MAIN, "error_log syslog:;", "unknown syslog parameter \"\" in c:1" SYSLOG_HELP},
	{MAIN, "error_log syslog:server=127.0.0.1,;",
	 "unknown syslog parameter \"\" in c:1" SYSLOG_HELP},
	{MAIN, "error_log syslog:server=127.0.0.1,foo=1;",
	 "unknown syslog parameter \"foo=1\" in c:1" SYSLOG_HELP},
	{MAIN, "error_log syslog:SERVER=127.0.0.1;",
	 "unknown syslog parameter \"SERVER=127.0.0.1\" in c:1" SYSLOG_HELP},
	{MAIN, "error_log syslog:tag;", "unknown syslog parameter \"tag\" in c:1" SYSLOG_HELP},
	{MAIN, "error_log syslog:facility=local1;", "no syslog server specified in c:1"},
	{MAIN, "error_log syslog:server=127.0.0.1,facility=foo;",
	 "unknown syslog facility \"foo\" in c:1 (it can be, for example: mail, daemon, local0 to "
	 "local7)"},
	{MAIN, "error_log syslog:server=127.0.0.1,severity=err;",
	 "unknown syslog severity \"err\" in c:1"},
	{MAIN, "error_log syslog:server=127.0.0.1,tag=012345678901234567890123456789012;",
	 "syslog tag length exceeds 32 in c:1"},
	{MAIN, "error_log syslog:server=127.0.0.1,tag=a-b;",
	 "syslog \"tag\" only allows alphanumeric characters and underscore in c:1"},
	{MAIN, "error_log syslog:server=127.0.0.1,server=127.0.0.2;",
	 "duplicate syslog \"server\" in c:1"},
	{MAIN, "error_log syslog:server=127.0.0.1,facility=mail,facility=mail;",
	 "duplicate syslog \"facility\" in c:1"},
	{MAIN, "error_log syslog:server=127.0.0.1,tag=a,tag=b;", "duplicate syslog \"tag\" in c:1"},
	{MAIN, "error_log syslog:severity=info,severity=info;",
	 "duplicate syslog \"severity\" in c:1"},
	{MAIN, "error_log syslog:server=nosuch.invalid;",
	 "host not found in syslog server \"nosuch.invalid\" in c:1"},
	{MAIN, "error_log syslog:server=*:514;",
	 "host not found in syslog server \"*:514\" in c:1"},
	{MAIN, "error_log syslog:server=127.0.0.1:0;",
	 "invalid port in syslog server \"127.0.0.1:0\" in c:1"},
	{MAIN, "error_log syslog:server=127.0.0.1:70000;",
	 "invalid port in syslog server \"127.0.0.1:70000\" in c:1"},
	{MAIN, "error_log syslog:server=127.0.0.1/x;",
	 "invalid host in syslog server \"127.0.0.1/x\" in c:1"},
	{MAIN, "error_log syslog:server=;", "no host in syslog server \"\" in c:1"},
	{MAIN, "error_log syslog:server=unix:;",
	 "no path in the unix domain socket in syslog server \"unix:\" in c:1"},
	{MAIN, "worker_rlimit_nofile -1;",
	 "\"worker_rlimit_nofile\" directive invalid number in c:1 (\"-1\" is not a number)"},
	{MAIN, "worker_rlimit_nofile 0;",
	 "\"worker_rlimit_nofile\" directive invalid value in c:1 (\"0\" is too small)"},
	{MAIN, "worker_rlimit_core x;",
	 "\"worker_rlimit_core\" directive invalid value in c:1 (\"x\" is not a size like 4096, "
	 "64k or 1m)"},
	{MAIN, "worker_shutdown_timeout 1x;",
	 "\"worker_shutdown_timeout\" directive invalid value in c:1 (\"1x\" is not a time like "
	 "500ms, 30s or 1h30m)"},
	{MAIN, "events { worker_connections x; }", "invalid number \"x\" in c:1"},
	{MAIN, "events { ring_entries 64; }",
	 "invalid number of arguments in \"ring_entries\" directive in c:1 (syntax: ring_entries "
	 "submissions completions;)"},
	{MAIN, "events { ring_entries 64 x; }",
	 "\"ring_entries\" directive invalid number in c:1 (\"x\" is not a number)"},
	{MAIN, "events { ring_entries 4 64; }",
	 "\"ring_entries\" directive invalid value in c:1 (\"4\" is not a power of two from 8 to "
	 "32768)"},
	{MAIN, "events { ring_entries 64 100; }",
	 "\"ring_entries\" directive invalid value in c:1 (\"100\" is not a power of two from 8 to "
	 "32768)"},
	{MAIN, "events { ring_entries 65536 65536; }",
	 "\"ring_entries\" directive invalid value in c:1 (\"65536\" is not a power of two from 8 "
	 "to 32768)"},
	{MAIN, "events { ring_entries 64 32; }",
	 "\"ring_entries\" directive invalid value in c:1 (fewer completions than submissions)"},
	{MAIN, "events { ring_buffers 0 16k; }",
	 "\"ring_buffers\" directive invalid value in c:1 (\"0\" is not a power of two from 2 to "
	 "32768)"},
	{MAIN, "events { ring_buffers x 16k; }",
	 "\"ring_buffers\" directive invalid number in c:1 (\"x\" is not a number)"},
	{MAIN, "events { ring_buffers 4 511; }",
	 "\"ring_buffers\" directive invalid value in c:1 (\"511\" is not a size from 512 to 64k)"},
	{MAIN, "events { ring_buffers 4 big; }",
	 "\"ring_buffers\" directive invalid value in c:1 (\"big\" is not a size from 512 to 64k)"},
	{MAIN, "events { ring_buffers 4 65k; }",
	 "\"ring_buffers\" directive invalid value in c:1 (\"65k\" is not a size from 512 to "
	 "64k)"},
	{MAIN, "events { ring_buffers 32768 64k; }",
	 "\"ring_buffers\" directive invalid value in c:1 (that is more than 1g for each thread)"},
	{MAIN, "events { worker_connections 0; }",
	 "\"worker_connections\" directive invalid value in c:1 (\"0\" is too small)"},
	{MAIN, "events { worker_connections 9999999; }",
	 "\"worker_connections\" directive invalid value in c:1 (\"9999999\" is more than "
	 "1048576)"},
	{MAIN, "events { worker_processes 2; }",
	 "\"worker_processes\" directive is not allowed here in c:1 (this is events, it belongs in "
	 "main)"},
	{MAIN, "timeout 1s;",
	 "\"timeout\" directive is not allowed here in c:1 (this is main, it belongs in mail or "
	 "server)"},
	{MAIN, "http;", "directive \"http\" has no opening \"{\" in c:1"},
	{MAIN, "user \"a\"b;",
	 "unexpected \"b\" in c:1 (a quote ends the word: quote all of it or nothing)"},
	{MAIN, "daemon \"on\"x;",
	 "unexpected \"x\" in c:1 (a quote ends the word: quote all of it or nothing)"},
	{MAIN, "include no-such-file;",
	 "open() \"no-such-file\" failed (2: No such file or directory) in c:1"},
	{MAIN, "include;",
	 "invalid number of arguments in \"include\" directive in c:1 (syntax: include file | "
	 "pattern;)"},
	{WHOLE, "", "no \"mail\" section in configuration (c)"},
	{WHOLE, "events {",
	 "unexpected end of file, expecting \"}\" in c:1 (the block opened in line 1 is not "
	 "closed)"},
	{WHOLE, "worker_processes 1", "unexpected end of file, expecting \";\" or \"}\" in c:1"},
	{WHOLE, "user \"a",
	 "unexpected end of file, expecting \";\" or \"}\" in c:1 (the quote opened in line 1 is "
	 "not closed)"},
	{WHOLE, "user \"a\nb\nc",
	 "unexpected end of file, expecting \";\" or \"}\" in c:3 (the quote opened in line 1 is "
	 "not closed)"},
	{WHOLE, "worker_processes 1\ndaemon off;",
	 "invalid number of arguments in \"worker_processes\" directive in c:2 (is a \";\" missing "
	 "before \"daemon\" in line 2?)"},
	{WHOLE, "mail {\nserver { listen 1; }\n",
	 "unexpected end of file, expecting \"}\" in c:3 (the block opened in line 1 is not "
	 "closed)"},
	{WHOLE, "mail { }", "no \"server\" is defined in \"mail\" in c:1"},
	{WHOLE, "mail { auth_http 127.0.0.1; server { } }",
	 "no \"listen\" is defined for server in c:1 (add \"listen 25;\", for example)"},
	{WHOLE, "mail {\n server { listen 25; }\n}",
	 "no \"auth_http\" is defined for server in c:2 (add \"auth_http 127.0.0.1:9000/auth;\" "
	 "here or in \"mail\", for example)"},
	{WHOLE, "mail { auth_http 127.0.0.1;\n server { listen 2525; } }",
	 "unknown mail protocol for server in c:2 (add \"protocol imap;\", \"protocol pop3;\" or "
	 "\"protocol smtp;\")"},
	{WHOLE, "mail { timeout 1s\nproxy_timeout 1s; }",
	 "invalid number of arguments in \"timeout\" directive in c:2 (is a \";\" missing before "
	 "\"proxy_timeout\" in line 2?)"},
	{WHOLE, "mail { auth_http 127.0.0.1; server { listen 25; } }\nmail { }",
	 "\"mail\" directive is duplicate in c:2"},
	{WHOLE, "mail { auth_http 127.0.0.1; server { listen 25; } }\nhttp {\n server {\n",
	 "unexpected end of file, expecting \"}\" in c:4 (the block opened in line 2 is not "
	 "closed)"},
	{WHOLE, "http {\n x \"a;\n}",
	 "unexpected end of file, expecting \";\" or \"}\" in c:3 (the quote opened in line 2 is "
	 "not closed)"},
	{WHOLE, "http { content_by_lua_block { \"}\" ",
	 "unexpected end of file, expecting \"}\" in c:1 (the block opened in line 1 is not "
	 "closed)"},
	{WHOLE, "mail { server { listen 25 } }",
	 "unexpected \"}\" in c:1 (is a \";\" missing in line 1?)"},
	{WHOLE,
	 "mail { auth_http 127.0.0.1; server { listen 127.0.0.1:25; }\nserver { listen "
	 "127.0.0.1:25; } }",
	 "duplicate \"127.0.0.1:25\" address and port pair in c:2 (the server in line 1 has it "
	 "already)"},
	{WHOLE, "mail ;", "directive \"mail\" has no opening \"{\" in c:1"},
	{WHOLE, "mail x { }",
	 "invalid number of arguments in \"mail\" directive in c:1 (syntax: mail { ... })"},
	{WHOLE, "mail { server x { } }",
	 "invalid number of arguments in \"server\" directive in c:1 (syntax: server { ... })"},
	{WHOLE, "mail { events { } }",
	 "\"events\" directive is not allowed here in c:1 (this is mail, it belongs in main)"},
	{MAIL, "nosuch 1;", "unknown directive \"nosuch\" in c:2"},
	{MAIL, "worker_processes 1;",
	 "\"worker_processes\" directive is not allowed here in c:2 (this is mail, it belongs in "
	 "main)"},
	{MAIL, "listen 25;",
	 "\"listen\" directive is not allowed here in c:2 (this is mail, it belongs in server)"},
	{MAIL, "protocol smtp;",
	 "\"protocol\" directive is not allowed here in c:2 (this is mail, it belongs in server)"},
	{MAIL, "server_name a b;",
	 "invalid number of arguments in \"server_name\" directive in c:2 (syntax: server_name "
	 "name;)"},
	{MAIL, "server_name;",
	 "invalid number of arguments in \"server_name\" directive in c:2 (syntax: server_name "
	 "name;)"},
	{MAIL, "server_name \"a\\nb\";",
	 "\"server_name\" directive invalid value in c:2 (\"a?b\" has a control character in it)"},
	{MAIL, "smtp_auth foo;",
	 "invalid value \"foo\" in c:2 (it can be: plain, login, cram-md5, external, "
	 "xoauth2, oauthbearer, none)"},
	{MAIL, "smtp_auth;",
	 "invalid number of arguments in \"smtp_auth\" directive in c:2 (syntax: smtp_auth plain | "
	 "login | cram-md5 | external | xoauth2 | oauthbearer | none ...;)"},
	{MAIL, "smtp_capabilities;",
	 "invalid number of arguments in \"smtp_capabilities\" directive in c:2 (syntax: "
	 "smtp_capabilities extension ...;)"},
	{MAIL, "smtp_capabilities \"A\\nB\";",
	 "\"smtp_capabilities\" directive invalid value in c:2 (\"A?B\" has a control character in "
	 "it)"},
	{MAIL, "smtp_client_buffer 1z;",
	 "\"smtp_client_buffer\" directive invalid value in c:2 (\"1z\" is not a size like 4096, "
	 "64k or 1m)"},
	{MAIL, "smtp_client_buffer 10;",
	 "\"smtp_client_buffer\" directive invalid value in c:2 (\"10\" is too small)"},
	{MAIL, "smtp_client_buffer 1g;",
	 "\"smtp_client_buffer\" directive invalid value in c:2 (\"1g\" is more than 16777216)"},
	{MAIL, "smtp_greeting_delay -1;",
	 "\"smtp_greeting_delay\" directive invalid value in c:2 (\"-1\" is not a time like 500ms, "
	 "30s or 1h30m)"},
	{MAIL, "proxy_buffer k;",
	 "\"proxy_buffer\" directive invalid value in c:2 (\"k\" is not a size like 4096, 64k or "
	 "1m)"},
	{MAIL, "proxy_buffer \"\";",
	 "\"proxy_buffer\" directive invalid value in c:2 (\"\" is not a size like 4096, 64k or "
	 "1m)"},
	{MAIL, "proxy_timeout 1z;",
	 "\"proxy_timeout\" directive invalid value in c:2 (\"1z\" is not a time like 500ms, 30s "
	 "or 1h30m)"},
	{MAIL, "proxy_timeout 0;",
	 "\"proxy_timeout\" directive invalid value in c:2 (\"0\" is too small)"},
	{MAIL, "proxy maybe;",
	 "invalid value \"maybe\" in \"proxy\" directive, it must be \"on\" or \"off\" in c:2"},
	{MAIL, "proxy_smtp_auth yes;",
	 "invalid value \"yes\" in \"proxy_smtp_auth\" directive, it must be \"on\" or \"off\" in "
	 "c:2"},
	{MAIL, "proxy_pass_error_message 1;",
	 "invalid value \"1\" in \"proxy_pass_error_message\" directive, it must be \"on\" or "
	 "\"off\" in c:2"},
	{MAIL, "xclient maybe;",
	 "invalid value \"maybe\" in \"xclient\" directive, it must be \"on\" or \"off\" in c:2"},
	{MAIL, "timeout 0;", "\"timeout\" directive invalid value in c:2 (\"0\" is too small)"},
	{MAIL, "timeout 1y;",
	 "\"timeout\" directive invalid value in c:2 (\"1y\" is not a time like 500ms, 30s or "
	 "1h30m)"},
	{MAIL, "timeout 5m1h;",
	 "\"timeout\" directive invalid value in c:2 (\"5m1h\" is not a time like 500ms, 30s or "
	 "1h30m)"},
	{MAIL, "timeout 99999999999999999999;",
	 "\"timeout\" directive invalid value in c:2 (\"99999999999999999999\" is not a time like "
	 "500ms, 30s or 1h30m)"},
	{MAIL, "timeout 1s;timeout 1s;", "\"timeout\" directive is duplicate in c:2"},
	{MAIL, "max_errors x;",
	 "\"max_errors\" directive invalid number in c:2 (\"x\" is not a number)"},
	{MAIL, "max_errors 99999999999;",
	 "\"max_errors\" directive invalid value in c:2 (\"99999999999\" is more than 4294967295)"},
	{MAIL, "max_commands;",
	 "invalid number of arguments in \"max_commands\" directive in c:2 (syntax: max_commands "
	 "number;)"},
	{MAIL, "auth_http;",
	 "invalid number of arguments in \"auth_http\" directive in c:2 (syntax: auth_http "
	 "[http:// | https://]host[:port][/uri] | unix:path[:/uri];)"},
	{MAIL, "auth_http a b;",
	 "invalid number of arguments in \"auth_http\" directive in c:2 (syntax: auth_http "
	 "[http:// | https://]host[:port][/uri] | unix:path[:/uri];)"},
	{MAIL, "auth_http \"\";", "no host in auth_http \"\" in c:2"},
	{MAIL, "auth_http :80;", "no host in auth_http \":80\" in c:2"},
	{MAIL, "auth_http /x;", "no host in auth_http \"/x\" in c:2"},
	{MAIL, "auth_http https://no..such/;",
	 "host not found in auth_http \"https://no..such/\" in c:2"},
	{MAIL, "auth_http 127.0.0.1:99999/;",
	 "invalid port in auth_http \"127.0.0.1:99999/\" in c:2"},
	{MAIL, "auth_http 127.0.0.1:0/;", "invalid port in auth_http \"127.0.0.1:0/\" in c:2"},
	{MAIL, "auth_http 127.0.0.1:x;", "invalid port in auth_http \"127.0.0.1:x\" in c:2"},
	{MAIL, "auth_http [::1/;", "invalid host in auth_http \"[::1/\" in c:2"},
	{MAIL, "auth_http [::1]x;", "invalid host in auth_http \"[::1]x\" in c:2"},
	{MAIL, "auth_http [zz]:80;", "invalid IPv6 address in auth_http \"[zz]:80\" in c:2"},
	{MAIL, "auth_http no..such;", "host not found in auth_http \"no..such\" in c:2"},
	{MAIL, "auth_http unix:;",
	 "no path in the unix domain socket in auth_http \"unix:\" in c:2"},
	{MAIL, "auth_http \"127.0.0.1/a b\";",
	 "invalid value in auth_http \"127.0.0.1/a b\" in c:2 (it has a space or a control "
	 "character in it, or is longer than 2048 bytes)"},
	{MAIL, "auth_http_header a;",
	 "invalid number of arguments in \"auth_http_header\" directive in c:2 (syntax: "
	 "auth_http_header name value;)"},
	{MAIL, "auth_http_header a b c;",
	 "invalid number of arguments in \"auth_http_header\" directive in c:2 (syntax: "
	 "auth_http_header name value;)"},
	{MAIL, "auth_http_header \"a b\" c;",
	 "\"auth_http_header\" directive invalid value in c:2 (\"a b: c\" is not a header line)"},
	{MAIL, "auth_http_header a \"b\\nc\";",
	 "\"auth_http_header\" directive invalid value in c:2 (\"a: b?c\" is not a header line)"},
	{MAIL, "auth_http_timeout 0;",
	 "\"auth_http_timeout\" directive invalid value in c:2 (\"0\" is too small)"},
	{MAIL, "auth_http_keepalive x;",
	 "\"auth_http_keepalive\" directive invalid number in c:2 (\"x\" is not a number)"},
	{MAIL, "auth_http_keepalive 100000;",
	 "\"auth_http_keepalive\" directive invalid value in c:2 (\"100000\" is more than 65536)"},
	{MAIL, "auth_http_connections 0;",
	 "\"auth_http_connections\" directive invalid value in c:2 (\"0\" is too small)"},
	{MAIL, "auth_http_queue -1;",
	 "\"auth_http_queue\" directive invalid number in c:2 (\"-1\" is not a number)"},
	{MAIL, "proxy_protocol v1;", "invalid value \"v1\" in c:2 (it can be: off, on, v2)"},
	{MAIL, "proxy_bind mx.test;", "invalid address \"mx.test\" in c:2 " BIND_HELP},
	{MAIL, "proxy_bind 127.0.0.1:25;", "invalid address \"127.0.0.1:25\" in c:2 " BIND_HELP},
	{MAIL, "proxy_bind [::1;", "invalid address \"[::1\" in c:2 " BIND_HELP},
	{MAIL, "proxy_bind 127.0.0.1 off;", "invalid address \"off\" in c:2 " BIND_HELP},
	{MAIL, "proxy_bind off transparent;", "invalid address \"off\" in c:2 " BIND_HELP},
	{MAIL, "proxy_bind ::1 127.0.0.1 0::1;", "duplicate address \"0::1\" in c:2"},
	{MAIL, "proxy_bind ::1; proxy_bind off;", "\"proxy_bind\" directive is duplicate in c:2"},
	{MAIL, "set_real_ip_from no..such;",
	 "host not found in set_real_ip_from \"no..such\" in c:2 (it can be an address, a block "
	 "like 192.0.2.0/24, a host name, or \"unix:\")"},
	{MAIL, "set_real_ip_from 192.0.2.0/33;",
	 "host not found in set_real_ip_from \"192.0.2.0/33\" in c:2 (it can be an address, a "
	 "block "
	 "like 192.0.2.0/24, a host name, or \"unix:\")"},
	{MAIL, "resolver 127.0.0.1 off;", "host not found in resolver \"off\" in c:2"},
	{MAIL, "resolver valid=3s ipv6=off;", "no name servers defined in c:2"},
	{MAIL, "resolver 127.0.0.1 valid=1.5;", "invalid parameter: valid=1.5 in c:2"},
	{MAIL, "resolver 127.0.0.1 valid=;", "invalid parameter: valid= in c:2"},
	{MAIL, "resolver 127.0.0.1 ipv6=ON;", "invalid parameter: ipv6=ON in c:2"},
	{MAIL, "resolver 127.0.0.1 ipv4=;", "invalid parameter: ipv4= in c:2"},
	{MAIL, "resolver 127.0.0.1 ipv4=off ipv6=off;",
	 "\"ipv4\" and \"ipv6\" cannot both be \"off\" in c:2"},
	{MAIL, "resolver 127.0.0.1:0;", "invalid port in resolver \"127.0.0.1:0\" in c:2"},
	{MAIL, "resolver ::1;", "invalid port in resolver \"::1\" in c:2"},
	{MAIL, "resolver [::1;", "invalid host in resolver \"[::1\" in c:2"},
	{MAIL, "resolver 127.0.0.1/x;", "invalid host in resolver \"127.0.0.1/x\" in c:2"},
	{MAIL, "resolver [x];", "invalid IPv6 address in resolver \"[x]\" in c:2"},
	{MAIL, "resolver :53;", "no host in resolver \":53\" in c:2"},
	{MAIL, "resolver *;", "host not found in resolver \"*\" in c:2"},
	{MAIL, "resolver unix:/x;", "no IP address in resolver \"unix:/x\" in c:2"},
	{MAIL, "resolver 127.0.0.1; resolver off;", "\"resolver\" directive is duplicate in c:2"},
	{MAIL, "resolver_timeout x;",
	 "\"resolver_timeout\" directive invalid value in c:2 (\"x\" is not a time like 500ms, "
	 "30s or 1h30m)"},
	{MAIL, "error_log x foo;",
	 "invalid log level \"foo\" in c:2 (it can be: debug, info, notice, warn, error, crit, "
	 "alert, emerg)"},
	{SERVER, "server { }",
	 "\"server\" directive is not allowed here in c:4 (this is server, it belongs in mail)"},
	{SERVER, "mail { }",
	 "\"mail\" directive is not allowed here in c:4 (this is server, it belongs in main)"},
	{MAIL, "pop3_auth foo;",
	 "invalid value \"foo\" in c:2 (it can be: plain, apop, cram-md5, external, xoauth2, "
	 "oauthbearer)"},
	{MAIL, "pop3_auth;",
	 "invalid number of arguments in \"pop3_auth\" directive in c:2 (syntax: pop3_auth plain | "
	 "apop | cram-md5 | external | xoauth2 | oauthbearer ...;)"},
	{MAIL, "pop3_capabilities;",
	 "invalid number of arguments in \"pop3_capabilities\" directive in c:2 (syntax: "
	 "pop3_capabilities extension ...;)"},
	{MAIL, "pop3_client_buffer 10;",
	 "\"pop3_client_buffer\" directive invalid value in c:2 (\"10\" is too small)"},
	{MAIL, "imap_auth apop;",
	 "invalid value \"apop\" in c:2 (it can be: plain, login, cram-md5, external, xoauth2, "
	 "oauthbearer)"},
	{MAIL, "imap_client_buffer 10;",
	 "\"imap_client_buffer\" directive invalid value in c:2 (\"10\" is too small)"},
	{SERVER, "protocol foo;", "unknown protocol \"foo\" in c:4 (it can be: smtp, pop3, imap)"},
	{SERVER, "worker_connections 5;",
	 "\"worker_connections\" directive is not allowed here in c:4 (this is server, it belongs "
	 "in events)"},
	{SERVER, "listen;",
	 "invalid number of arguments in \"listen\" directive in c:4 (syntax: listen address:port "
	 "| port | unix:path [ssl] [proxy_protocol] [backlog=number] [rcvbuf=size] [sndbuf=size] "
	 "[bind] "
	 "[ipv6only=on | off] [so_keepalive=on | off | [idle]:[interval]:[count]] [multipath];)"},
	{SERVER, "listen 127.0.0.1:2525;",
	 "duplicate \"127.0.0.1:2525\" address and port pair in c:4 (the server in line 3 has it "
	 "already)"},
	{SERVER, "listen 0;", "invalid port in \"0\" of the \"listen\" directive in c:4"},
	{SERVER, "listen 99999;", "invalid port in \"99999\" of the \"listen\" directive in c:4"},
	{SERVER, "listen 127.0.0.1:;",
	 "invalid port in \"127.0.0.1:\" of the \"listen\" directive in c:4"},
	{SERVER, "listen 127.0.0.1:2525x;",
	 "invalid port in \"127.0.0.1:2525x\" of the \"listen\" directive in c:4"},
	{SERVER, "listen 127.0.0.1;",
	 "no port in \"127.0.0.1\" of the \"listen\" directive in c:4 (write \"127.0.0.1:25\", for "
	 "example)"},
	{SERVER, "listen localhost;",
	 "no port in \"localhost\" of the \"listen\" directive in c:4 (write \"localhost:25\", for "
	 "example)"},
	{SERVER, "listen [::1];",
	 "no port in \"[::1]\" of the \"listen\" directive in c:4 (write \"[::1]:25\", for "
	 "example)"},
	{SERVER, "listen *;",
	 "no port in \"*\" of the \"listen\" directive in c:4 (write \"*:25\", for example)"},
	{SERVER, "listen \"\";", "no host in \"\" of the \"listen\" directive in c:4"},
	{SERVER, "listen :25;", "no host in \":25\" of the \"listen\" directive in c:4"},
	{SERVER, "listen ::1;",
	 "invalid port in \"::1\" of the \"listen\" directive in c:4 (IPv6 addresses are written "
	 "in brackets)"},
	{SERVER, "listen [::1;", "invalid host in \"[::1\" of the \"listen\" directive in c:4"},
	{SERVER, "listen [zz]:25;",
	 "invalid IPv6 address in \"[zz]:25\" of the \"listen\" directive in c:4"},
	{SERVER, "listen no..such:25;",
	 "host not found in \"no..such:25\" of the \"listen\" directive in c:4"},
	{SERVER, "listen 127.0.0.1:2602-2600;",
	 "invalid port range in \"127.0.0.1:2602-2600\" of the \"listen\" directive in c:4"},
	{SERVER, "listen 127.0.0.1:2524-2526;",
	 "duplicate \"127.0.0.1:2525\" address and port pair in c:4 (the server in line 3 has it "
	 "already)"},
	{SERVER, "listen 127.0.0.1:10001-65535;", "more than 4096 addresses to listen on in c:4"},
	{SERVER, "listen 2526-;", "invalid port in \"2526-\" of the \"listen\" directive in c:4"},
	{SERVER, "listen unix:;",
	 "no path in the unix domain socket in \"unix:\" of the \"listen\" directive in c:4"},
	{SERVER, "listen unix:/tmp/a; listen unix:/tmp/a;",
	 "duplicate \"unix:/tmp/a\" address and port pair in c:4 (the server in line 3 has it "
	 "already)"},
	{SERVER, "listen 127.0.0.1:2526 foo;",
	 "the invalid \"foo\" parameter in c:4 (known are: backlog= rcvbuf= sndbuf= so_keepalive= "
	 "ipv6only= bind ssl proxy_protocol multipath)"},
	{SERVER, "listen 127.0.0.1:2526 reuseport;",
	 "the invalid \"reuseport\" parameter in c:4 (known are: backlog= rcvbuf= sndbuf= "
	 "so_keepalive= ipv6only= bind ssl proxy_protocol multipath)"},
	{SERVER, "listen 127.0.0.1:2526 proxy_protocol=on;",
	 "the invalid \"proxy_protocol=on\" parameter in c:4 (known are: backlog= rcvbuf= "
	 "sndbuf= so_keepalive= ipv6only= bind ssl proxy_protocol multipath)"},
	{SERVER, "listen 127.0.0.1:2526 backlog=x;", "invalid backlog \"backlog=x\" in c:4"},
	{SERVER, "listen 127.0.0.1:2526 backlog=0;", "invalid backlog \"backlog=0\" in c:4"},
	{SERVER, "listen 127.0.0.1:2526 backlog=-1;", "invalid backlog \"backlog=-1\" in c:4"},
	{SERVER, "listen 127.0.0.1:2526 backlog;",
	 "the invalid \"backlog\" parameter in c:4 (known are: backlog= rcvbuf= sndbuf= "
	 "so_keepalive= ipv6only= bind ssl proxy_protocol multipath)"},
	{SERVER, "listen 127.0.0.1:2526 rcvbuf=x;", "invalid rcvbuf \"rcvbuf=x\" in c:4"},
	{SERVER, "listen 127.0.0.1:2526 sndbuf=4g;", "invalid sndbuf \"sndbuf=4g\" in c:4"},
	{SERVER, "listen 127.0.0.1:2526 so_keepalive=;", "invalid so_keepalive value: \"\" in c:4"},
	{SERVER, "listen 127.0.0.1:2526 so_keepalive=x;",
	 "invalid so_keepalive value: \"x\" in c:4"},
	{SERVER, "listen 127.0.0.1:2526 so_keepalive=::;",
	 "invalid so_keepalive value: \"::\" in c:4"},
	{SERVER, "listen 127.0.0.1:2526 so_keepalive=1:2:3:4;",
	 "invalid so_keepalive value: \"1:2:3:4\" in c:4"},
	{SERVER, "listen 127.0.0.1:2526 so_keepalive=1d;",
	 "invalid so_keepalive value: \"1d\" in c:4"},
	{SERVER, "listen 127.0.0.1:2526 so_keepalive=1::200;",
	 "invalid so_keepalive value: \"1::200\" in c:4"},
	{SERVER, "listen 127.0.0.1:2526 ipv6only=x;",
	 "the invalid \"ipv6only=x\" parameter in c:4"},
	{SERVER, "listen \"127.0.0.1:2526\\n\";",
	 "invalid host in \"127.0.0.1:2526?\" of the \"listen\" directive in c:4"},
};

static struct conf *load(enum place place, const char *text, struct conf_error *e)
{
	switch (place) {
	case WHOLE:
		return conf_try(text, e);
	case MAIN:
		return conf_try_main(text, e);
	case MAIL:
		return conf_try_mail(text, e);
	case SERVER:
		return conf_try_server(text, e);
	}
	return NULL;
}

Test(conf_errors, every_mistake_is_told_with_its_place_and_a_way_out)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct conf_error e;
		struct conf *c = load(refused[i].place, refused[i].text, &e);

		cr_expect_null(c, "accepted: %s", refused[i].text);
		if (!c)
			cr_expect_str_eq(e.text, refused[i].error, "%s\n  %s\n  %s",
					 refused[i].text, e.text, refused[i].error);
		conf_free(c);
	}
}
