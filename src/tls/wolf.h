/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wolf: wolfSSL's headers, in the order they want, and what all files of the floor call a thing.
 *
 * Only what both builds have is used: the tuned one (no OPENSSL_EXTRA, few features, little
 * memory) and the distribution's.
 */
#ifndef TLS_WOLF_H
#define TLS_WOLF_H

#include <wolfssl/options.h>
/* behind the options */
#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#endif
