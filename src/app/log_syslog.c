/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log_syslog: framing after RFC 3164 section 4.1, and non-blocking datagrams over UDP and unix
 * sockets.
 *
 * Sockets are connected, so that a server that is not there is noticed. One that was restarted
 * has a new unix socket behind the same path, which only another connect() finds: it is tried with
 * the next line, but not more often than every tenth of a second.
 */
#include "app/log_syslog.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { AGAIN_MS = 100 };

void log_syslog_time(struct out *o, const struct tm *tm)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	out_str(o, str_of(months + (tm->tm_mon * 3), 3));
	out_byte(o, ' ');
	if (tm->tm_mday < 10)
		out_byte(o, ' ');
	out_u64(o, (uint64_t)tm->tm_mday);
	out_byte(o, ' ');
	out_u64_pad(o, (uint64_t)tm->tm_hour, 2);
	out_byte(o, ':');
	out_u64_pad(o, (uint64_t)tm->tm_min, 2);
	out_byte(o, ':');
	out_u64_pad(o, (uint64_t)tm->tm_sec, 2);
}

void log_syslog_head(struct out *o, const struct log_syslog *to, enum log_level level,
		     struct str time)
{
	out_byte(o, '<');
	out_u64(o, to->facility * 8 + (unsigned)level - LEVEL_EMERG);
	out_byte(o, '>');
	out_str(o, time);
	out_byte(o, ' ');
	if (to->host.n) {
		out_str(o, to->host);
		out_byte(o, ' ');
	}
	out_str(o, to->tag);
	out_lit(o, ": ");
}

static socklen_t address_length(const union socket_address *a)
{
	switch (a->any.sa_family) {
	case AF_INET:
		return sizeof(a->ip4);
	case AF_INET6:
		return sizeof(a->ip6);
	default:
		return sizeof(a->un);
	}
}

/* Of a datagram socket: that waits for nobody. */
static int join(int fd, const struct log_syslog *to)
{
	return connect(fd, &to->address.any, address_length(&to->address));
}

int log_syslog_open(const struct log_syslog *to)
{
	int fd = socket(to->address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0)
		(void)!join(fd, to);
	return fd;
}

static int send_once(int fd, struct str line)
{
	ssize_t n;

	do
		n = send(fd, line.p, line.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? errno : 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool is_unconnected(int error)
{
	return error == ENOTCONN || error == EDESTADDRREQ || error == ECONNREFUSED ||
	       error == ECONNRESET;
}

/* Connects anew and sends; an errno. */
static int send_anew(struct log_output *o, struct str line, int error)
{
	int64_t now = now_ms();

	if (now < atomic_load_explicit(&o->again_ms, memory_order_relaxed))
		return error;
	atomic_store_explicit(&o->again_ms, now + AGAIN_MS, memory_order_relaxed);
	return join(o->fd, o->syslog) == 0 ? send_once(o->fd, line) : errno;
}

static bool is_passing(int error)
{
	return error == EAGAIN || error == ENOBUFS || error == ENOMEM || error == ENOENT ||
	       error == EACCES || is_unconnected(error);
}

enum log_syslog_fate log_syslog_send(struct log_output *o, struct str line, int *why)
{
	bool udp = o->syslog->address.any.sa_family != AF_UNIX;

	*why = send_once(o->fd, line);
	if (*why == ECONNREFUSED && udp)
		return LOG_SYSLOG_REFUSED;
	if (is_unconnected(*why))
		*why = send_anew(o, line, *why);
	if (*why == 0)
		return LOG_SYSLOG_SENT;
	return is_passing(*why) ? LOG_SYSLOG_LATER : LOG_SYSLOG_LOST;
}
