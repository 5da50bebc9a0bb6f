/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * certs: certificates and keys for tests of TLS, made by make_certs (which says what there is) when
 * the first test of a build folder asks for them.
 */
#ifndef TESTS_LIB_CERTS_H
#define TESTS_LIB_CERTS_H

/* Their folder, an absolute path; NULL with the reason on stderr when they cannot be made. */
const char *certs_folder(void);

#endif
