/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_tls_build: from the settings of a server to what speaks TLS with its clients.
 */
#ifndef APP_CONF_TLS_BUILD_H
#define APP_CONF_TLS_BUILD_H

#include "app/conf_build.h"

/* Everything that *to says is the pool's or the files'. Certificates and keys are pairs already. */
NODISCARD int conf_tls_build_lay_out(struct conf_build *b, const struct conf_settings *s,
				     struct tls_acceptor_conf *to);

/*
 * The acceptor of a server whose settings are settled: *to stays NULL when nothing of it speaks
 * TLS. Servers of one protocol that say the same share one.
 */
NODISCARD int conf_tls_build_acceptor(struct conf_build *b, const struct conf_settings *s,
				      const struct acceptor **to);

#endif
