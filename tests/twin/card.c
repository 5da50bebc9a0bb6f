/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * card: see card.h.
 */
#include "tests/twin/card.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* "sha1 Fingerprint=AB:CD..." without its colons, in small letters. */
static void card_fingerprint(struct script_vars *vars, const char *line)
{
	size_t n = 0;

	for (const char *p = strchr(line, '=') + 1; *p && n + 1 < sizeof(vars->fingerprint); p++)
		if (isxdigit((unsigned char)*p))
			vars->fingerprint[n++] = (char)tolower((unsigned char)*p);
	vars->fingerprint[n] = '\0';
}

static int card_pem(struct script_vars *vars, const char *line)
{
	size_t n = strlen(vars->pem);

	for (; *line; line++) {
		if (n + 4 > sizeof(vars->pem))
			return -1;
		if (*line == ' ' || *line == '\n')
			n += (size_t)snprintf(vars->pem + n, 4, "%%%02X", (unsigned)*line);
		else
			vars->pem[n++] = *line;
		vars->pem[n] = '\0';
	}
	return 0;
}

int card_learn(struct script_vars *vars, const char *identity)
{
	char command[600], line[256];
	FILE *f;
	int failed = 0;

	snprintf(command, sizeof(command), "openssl x509 -in %s/%s.pem -fingerprint -sha1",
		 vars->certs, identity);
	vars->pem[0] = vars->fingerprint[0] = '\0';
	f = popen(command, "r");
	while (f && !failed && fgets(line, sizeof(line), f)) {
		if (strstr(line, "Fingerprint="))
			card_fingerprint(vars, line);
		else
			failed = card_pem(vars, line);
	}
	if (f && !pclose(f) && !failed && vars->pem[0] && vars->fingerprint[0])
		return 0;
	fprintf(stderr, "no such certificate: %s/%s.pem\n", vars->certs, identity);
	return -1;
}
