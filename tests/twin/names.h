/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names: a name server for one transcript, which answers as its dns: lines say (RFC 1035). UDP on
 * a loopback socket of the caller's that never blocks.
 */
#ifndef TESTS_TWIN_NAMES_H
#define TESTS_TWIN_NAMES_H

/*
 * Answer what has come. `rules`: lines "TYPE what", TYPE being PTR, A or AAAA, what a name, an IPv4
 * address, or nxdomain, servfail, formerr, refused, notimp, nothing (no such record), silent (no
 * answer at all). Of several for one type all are in the answer; without any there is no such
 * record.
 */
void names_answer(int fd, const char *rules);

#endif
