/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * validity: finds the certificate in its PEM (RFC 7468) and reads the two times in it.
 */
#include "tls/validity.h"

#include "tls/pem.h"
#include "tls/x509.h"

#include <stdlib.h>

static int read_der(struct str der, struct validity *v)
{
	struct x509 x;

	return x509_read(der, &x) != 0 || der_time(&x.not_before, &v->from_s) != 0 ||
			       der_time(&x.not_after, &v->to_s) != 0
		       ? -1
		       : 0;
}

int validity_read(struct str text, struct validity *v)
{
	size_t n = 0;
	uint8_t *der = pem_first_certificate(text, &n);
	int rc = der == NULL ? -1 : read_der(str_of(der, n), v);

	free(der);
	return rc;
}
