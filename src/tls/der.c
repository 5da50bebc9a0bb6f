/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * der: reading ASN.1 in distinguished encoding (ITU-T X.690), one element after the other.
 *
 * Never allocates, never looks behind the end of what it is given.
 */
#include "tls/der.h"

int der_next(struct str *s, struct der *d)
{
	size_t n, head = 2;

	if (s->n < 2 || (s->p[0] & 0x1f) == 0x1f)
		return -1;
	n = s->p[1];
	if (n >= 0x80) {
		size_t digits = n & 0x7f;

		if (digits == 0 || digits > 3 || s->n < 2 + digits)
			return -1;
		for (n = 0; head < 2 + digits; head++)
			n = n << 8 | s->p[head];
	}
	if (n > s->n - head)
		return -1;
	d->tag = s->p[0];
	d->body = str_of(s->p + head, n);
	d->whole = str_of(s->p, head + n);
	*s = str_from(*s, head + n);
	return 0;
}

int der_take(struct str *s, uint8_t tag, struct der *d)
{
	return s->n == 0 || s->p[0] != tag ? -1 : der_next(s, d);
}

int der_may(struct str *s, uint8_t tag, struct der *d)
{
	*d = (struct der){.tag = tag};
	return der_take(s, tag, d) == 0;
}

/* Two digits. */
static int pair(struct str *s)
{
	int v;

	if (s->n < 2 || s->p[0] < '0' || s->p[0] > '9' || s->p[1] < '0' || s->p[1] > '9')
		return -1;
	v = (s->p[0] - '0') * 10 + s->p[1] - '0';
	*s = str_from(*s, 2);
	return v;
}

/* Days from 1970-01-01 to that day, of the proleptic Gregorian calendar. */
static int64_t days(int64_t year, int month, int day)
{
	static const uint16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	int64_t y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 - 719162 + before[month - 1] +
	       (leap && month > 2) + day - 1;
}

int der_time(const struct der *d, int64_t *seconds)
{
	struct str s = d->body;
	int field[5]; /* month, day, hour, minute, second */
	int64_t year;
	int first, second = 0;

	first = pair(&s);
	if (d->tag == DER_GENERALIZED_TIME)
		second = pair(&s);
	if (first < 0 || second < 0 || (d->tag != DER_GENERALIZED_TIME && d->tag != DER_UTC_TIME))
		return -1;
	if (d->tag == DER_GENERALIZED_TIME)
		year = first * 100 + second;
	else
		year = first < 50 ? 2000 + first : 1900 + first;
	for (size_t i = 0; i < 5; i++) {
		field[i] = pair(&s);
		if (field[i] < 0)
			return -1;
	}
	if (s.n != 1 || s.p[0] != 'Z' || year == 0 || field[0] < 1 || field[0] > 12 ||
	    field[1] < 1 || field[1] > 31 || field[2] > 23 || field[3] > 59 || field[4] > 60)
		return -1;
	*seconds =
		days(year, field[0], field[1]) * 86400 + field[2] * 3600 + field[3] * 60 + field[4];
	return 0;
}
