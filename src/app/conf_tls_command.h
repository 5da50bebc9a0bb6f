/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_tls_command: ssl_conf_command: OpenSSL's configuration commands, as far as there is a
 * setting of ours that does the same. Others are errors that name the directive to use instead.
 */
#ifndef APP_CONF_TLS_COMMAND_H
#define APP_CONF_TLS_COMMAND_H

#include "app/conf_build.h"

/* Changes *to as the command says, which counts more than the directives. */
NODISCARD int conf_tls_command_apply(struct conf_build *b, const struct conf_tls_command *command,
				     struct tls_acceptor_conf *to);

#endif
