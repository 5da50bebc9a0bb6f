/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_imap_front: every input through the IMAP front engine under all laws. The first byte
 * chooses the configuration, the rest is what the client sends.
 */
#include "../lib/laws_front.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct str capabilities[] = {STR_INIT("IMAP4rev1"), STR_INIT("UIDPLUS")};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const verdicts[] = {"r", "sa", "q", "rsSa"};
	static const uint32_t methods[] = {
		UINT32_MAX,
		1U << SASL_PLAIN | 1U << SASL_LOGIN,
		1U << SASL_CRAM_MD5 | 1U << SASL_EXTERNAL,
		1U << SASL_PLAIN | 1U << SASL_OAUTHBEARER,
	};
	struct laws_front conf = {
		.front =
			{
				.protocol = PROTOCOL_IMAP,
				.server_name = STR_INIT("mx.example.org"),
				.capabilities = capabilities,
				.n_capabilities = 2,
				.line_max = 512,
				.errors_max = 5,
				.commands_max = 50,
			},
	};
	uint8_t choice = n ? data[0] : 0;

	conf.front.id = choice & 1;
	conf.front.identity = choice & 128;
	conf.front.methods = methods[choice >> 1 & 3];
	conf.front.starttls = choice & 8 ? STARTTLS_OFF : choice & 16 ? STARTTLS_ON : STARTTLS_ONLY;
	conf.verdicts = verdicts[choice >> 5 & 3];
	conf.store_max = choice & 128 ? 96 : 0;
	laws_check(&laws_front_engine, &conf, str_from(str_of(data, n), 1));
	return 0;
}
